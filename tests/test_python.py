"""What a Python program relies on: settings as typed keywords, examples that run, events."""

from __future__ import annotations

import asyncio
import doctest
import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

import pytest

import qa3
from bench.simulated import Simulated
from chains.events import ChunkDone, Done, Event, Prepared, Verified
from chains.setting_values import SettingValues
from chains.settings import Settings
from qa3 import PairList, SettingsError, Text, aextract_pairs, build_pipeline, extract_pairs

ROOT = Path(__file__).resolve().parent.parent
TEXT = Text(
    text="赵州桥由李春设计建造，全长64.4米。福斯桥在1890年建成通车，全长2467米。", name="桥"
)
WORDS = {"kinds", "include"}
"""Settings that take a list of words as well."""


@pytest.fixture
def asking(server: Simulated, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Simulated:
    """A folder with the examples, in which settings of the environment name a simulated model."""
    given = {"BACKEND": "chatglm3", "BASE_URL": server.base_url, "MODEL": server.model}
    for name, value in {**given, "EMBEDDINGS": "lexical"}.items():
        monkeypatch.setenv(f"QA3_{name}", value)
    (tmp_path / "examples").symlink_to(ROOT / "examples", target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    return server


def test_the_keywords_are_the_settings() -> None:
    keywords, fields = get_type_hints(SettingValues), get_type_hints(Settings)
    assert list(keywords) == list(Settings.model_fields)
    for name, kind in fields.items():
        expected: Any = kind | None
        if name in WORDS:
            expected |= Sequence[str]
        if kind == Path | None:
            expected |= str
        assert keywords[name] == expected, name


@pytest.mark.parametrize("name", ["extract_pairs", "aextract_pairs", "build_pipeline"])
def test_settings_are_typed_keywords(name: str) -> None:
    taken = inspect.signature(getattr(qa3, name), eval_str=True).parameters
    keywords = next(one for one in taken.values() if one.kind is inspect.Parameter.VAR_KEYWORD)
    assert "SettingValues" in str(keywords.annotation)
    assert not set(taken) & set(Settings.model_fields)


@pytest.mark.parametrize("name", ["invoke", "ainvoke", "stream", "astream"])
def test_a_call_takes_settings_of_its_own(name: str) -> None:
    method = getattr(type(build_pipeline(Settings())), name)
    assert "SettingValues" in str(inspect.signature(method, eval_str=True).parameters["settings"])


EXAMPLES = [
    example
    for name in qa3.__all__
    for example in doctest.DocTestFinder().find(getattr(qa3, name), name)
    if example.examples
]


def test_every_public_function_has_an_example() -> None:
    shown = {example.name for example in EXAMPLES}
    classes = {"Deduper", "Jobs", "Journal", "PairList", "PairParser", "Settings", "Text", "Upload"}
    functions = {name for name in qa3.__all__ if inspect.isfunction(getattr(qa3, name))}
    assert classes | functions <= shown


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.name)
def test_an_example_runs_as_it_stands(
    example: doctest.DocTest, asking: Simulated, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asking.base_url
    example.globs = {name: getattr(qa3, name) for name in qa3.__all__}
    failed, _ = doctest.DocTestRunner().run(example)
    assert not failed, capsys.readouterr().out


if TYPE_CHECKING:
    # What a user writes, for mypy, which says so where one of the marks is not needed.
    from typing_extensions import assert_type

    assert_type(extract_pairs("a.pdf", kinds=["why"], journal="j.sqlite", threshold=1), PairList)
    assert_type(extract_pairs("a.pdf")[0].question, str)
    assert_type(build_pipeline(backend="embedded").invoke("a.pdf", passes=2), PairList)
    assert_type(next(build_pipeline(Settings()).stream("a.pdf", check="off")), Event)
    extract_pairs("a.pdf", colour="red")  # type: ignore[call-arg]
    extract_pairs("a.pdf", language="fr")  # type: ignore[arg-type]
    build_pipeline().stream("a.pdf", passes="two")  # type: ignore[arg-type]


def in_order(events: list[Event]) -> None:
    assert isinstance(events[0], Prepared)
    assert isinstance(events[-1], Done)
    assert {type(event) for event in events[1:-1]} == {ChunkDone, Verified}
    assert sum(isinstance(event, ChunkDone) for event in events) == events[0].chunks
    assert len(events[-1].result) == 2


def test_a_stream_gives_the_documented_events(asking: Simulated) -> None:
    assert asking.base_url
    pipeline = build_pipeline(chunk_size=20)
    in_order(list(pipeline.stream(TEXT)))

    async def collected() -> list[Event]:
        return [event async for event in pipeline.astream(TEXT, keep_reasoning=False)]

    in_order(asyncio.run(collected()))


def test_a_pipeline_takes_what_a_function_takes(
    asking: Simulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "qa3.toml"
    file.write_text(
        f'backend = "mine"\nchunk_size = 20\n[backends.mine]\nbase_url = "{asking.base_url}"\n'
        f'model = "{asking.model}"\n',
        encoding="utf-8",
    )
    for name in ("BACKEND", "BASE_URL", "MODEL"):
        monkeypatch.delenv(f"QA3_{name}")
    whole = extract_pairs(TEXT)
    assert len(whole.chunks) == 2
    for made in (
        build_pipeline().invoke(TEXT),
        build_pipeline(config=file, check="off").invoke(TEXT),
        build_pipeline(chunk_size=500).invoke(TEXT, chunk_size=20),
        build_pipeline().bind(check="off").invoke(TEXT),
        asyncio.run(aextract_pairs(TEXT, check="off")),
    ):
        assert [pair.id for pair in made] == [pair.id for pair in whole]
        assert len(made.chunks) == 2
    assert len(build_pipeline().invoke(TEXT, chunk_size=500).chunks) == 1
    with pytest.raises(TypeError, match="not both"):
        build_pipeline(Settings(), chunk_size=20)  # type: ignore[call-overload]
    with pytest.raises(SettingsError, match="overlap"):
        build_pipeline().stream(TEXT, overlap=99)
    with pytest.raises(SettingsError, match="colour"):
        build_pipeline(colour="red")  # type: ignore[call-overload]
