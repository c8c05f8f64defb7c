"""Who may answer: what each backend lacks, ready-made tables, and one small question."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from bench.simulated import Simulated
from chains.llm.backends import BUILT_IN, Backend, choose
from chains.llm.providers import PLACEHOLDER, PROVIDERS, as_toml
from chains.settings import resolve
from cli.main import run
from messages import LANGUAGES, say

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
NAMES = [*PROVIDERS, *BUILT_IN]


def settings_file(folder: Path, server: Simulated, more: str = "") -> Path:
    file = folder / "qa3.toml"
    file.write_text(
        f'[backends.up]\nbase_url = "{server.base_url}"\nmodel = "simulated"\n{more}'
        '[backends.keyed]\nbase_url = "http://127.0.0.1:9/v1"\nmodel = "m"\napi_key_env = "MINE"\n'
        '[backends.other]\nprovider = "cohere"\nmodel = "m"\n'
        '[backends.bare]\nbase_url = "http://127.0.0.1:9/v1"\nmodel = "YOUR-MODEL"\n',
        encoding="utf-8",
    )
    return file


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_backend_is_listed_with_what_it_lacks(
    language: str, server: Simulated, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["backends", "--config", str(settings_file(tmp_path, server))]
    assert run(["--lang", language, *command, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    lacks = {row["name"]: row["lacks"] for row in shown["backends"]}
    assert lacks["up"] is None
    assert lacks["chatglm3"] is None
    wanted = {
        "keyed": say("backend.no_key", language, backend="keyed", variable="MINE"),
        "other": say("backend.no_package", language, backend="other", provider="cohere"),
        "gpt-3.5": say("backend.no_key", language, backend="gpt-3.5", variable="OPENAI_API_KEY"),
    }
    assert {name: lacks[name] for name in wanted} == wanted
    assert "qa3 model download" in lacks["embedded"]
    assert "YOUR-MODEL" in lacks["bare"]
    assert shown["known"] == list(PROVIDERS)
    assert run(["--lang", language, *command]) == 0
    out = capsys.readouterr().out
    assert f"  {wanted['keyed']}\n" in out
    assert say("show.backends_known", language, names=", ".join(PROVIDERS)) in out
    assert not server.asked


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_named_model_that_is_not_here_is_what_the_embedded_backend_lacks(
    language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "qa3.toml"
    file.write_text('[backends.embedded]\nmodel = "qwen3-4b"\n', encoding="utf-8")
    assert run(["--lang", language, "backends", "--config", str(file)]) == 0
    assert say("weights.not_here", language, model="qwen3-4b") in capsys.readouterr().out


@pytest.mark.parametrize("name", NAMES)
def test_a_settings_file_is_written_for_every_known_backend(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["config", "--backend", name]) == 0
    written = capsys.readouterr().out
    assert written.isascii()
    file = tmp_path / "qa3.toml"
    file.write_text(written, encoding="ascii")
    chosen = choose(resolve({}, file))
    assert chosen.name == name
    if name in BUILT_IN:
        assert chosen == BUILT_IN[name]
        return
    known = PROVIDERS[name]
    assert (chosen.base_url, chosen.model) == (known.base_url, known.model)
    assert chosen.price == known.price
    assert chosen.extra_body == known.extra_body
    assert chosen.chunk_size + chosen.max_tokens < chosen.context


def test_the_users_own_table_is_written_rather_than_a_ready_made_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[backends.deepseek]\nbase_url = "http://127.0.0.1:1/v1"\nmodel = "mine"\n')
    assert run(["config", "--config", str(file), "-b", "deepseek"]) == 0
    written = tomllib.loads(capsys.readouterr().out)
    assert written["backends"]["deepseek"]["model"] == "mine"
    assert written["backend"] == "deepseek"


def test_keys_and_texts_of_any_kind_are_written_as_they_are() -> None:
    table = {"model": 'a"\\b\n模型', "extra_body": {"a b": {"on": True}, "list": [1, 2.5]}}
    written = as_toml("my server", table)
    assert written.isascii()
    assert tomllib.loads(written)["backends"]["my server"] == table


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_ready_made_backend_without_its_table_says_how_to_get_it(
    language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bridge.txt"
    file.write_text("The Forth Bridge was opened in 1890.", encoding="utf-8")
    assert run(["--lang", language, "extract", str(file), "-b", "deepseek"]) == 2
    assert "qa3 config --backend deepseek > qa3.toml" in capsys.readouterr().err
    assert run(["--lang", language, "config", "-b", "nobody"]) == 2


def row_of(name: str) -> str:
    """What the docs say of a provider, but for the words of the head of the table."""
    known = PROVIDERS[name]
    key = f"`{known.api_key_env}`" if known.api_key_env else "-"
    price = f"{known.price[0]:g} / {known.price[1]:g} {known.currency}" if known.price else "-"
    sources = " ".join(f"[{at}]({link})" for at, link in enumerate(known.sources, 1))
    sizes = [f"{size}" if size else "-" for size in (known.context, known.reply)]
    cells = [f"`{name}`", known.title, known.base_url, key, f"`{known.model}`", *sizes, price]
    return f"| {' | '.join(cells)} | {known.date} {sources} |"


@pytest.mark.parametrize("page", ["backends.md", "backends.zh.md"])
def test_the_docs_show_the_tables_that_the_command_writes(page: str) -> None:
    lines = (DOCS / page).read_text(encoding="utf-8").splitlines()
    shown = [line for line in lines if "](http" in line and line.startswith("| `")]
    assert shown == [row_of(name) for name in PROVIDERS]


@pytest.mark.parametrize("name", PROVIDERS)
def test_what_is_known_of_a_provider_makes_a_backend(name: str) -> None:
    known = PROVIDERS[name]
    Backend.model_validate({"name": name, **known.table()})
    assert known.base_url.startswith("http://127.0.0.1:" if known.local else "https://")
    assert all(source.startswith("https://") for source in known.sources)
    assert (known.price is None) == (known.currency is None)
    assert known.local or known.api_key_env or PLACEHOLDER in known.base_url


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_small_question_shows_speed_and_what_was_refused(
    language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Simulated(schema=False, reply=lambda _: "one, two, three", latency=0.2) as server:
        file = settings_file(tmp_path, server, "response_format = true\ncontext = 5000\n")
        doctor = ["--lang", language, "doctor", "--config", str(file)]
        assert run([*doctor, "-b", "up"]) == 0
        out = capsys.readouterr().out
        assert server.base_url in out
        assert "simulated" in out
        assert "5000" in out
        assert say("doctor.refused", language, backend="up", names="response_format") in out
        assert sum(server.calls.values()) == 1
        assert run([*doctor, "-b", "up"]) == 0
        assert sum(server.calls.values()) == 2  # the reply is kept nowhere


def test_a_backend_that_nobody_named_is_asked_nothing(server: Simulated, tmp_path: Path) -> None:
    file = settings_file(tmp_path, server)
    file.write_text('backend = "up"\n' + file.read_text(encoding="utf-8"), encoding="utf-8")
    assert run(["doctor", "--config", str(file)]) == 0
    assert not server.asked


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("reply", "code"), [("", "doctor.no_text"), (None, "backend.refused")], ids=["empty", "refused"]
)
def test_an_answer_without_a_text_and_a_refusal_are_wrong(
    reply: str | None,
    code: str,
    language: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from bench.simulated import Faults

    faults = Faults(refused_word="twenty") if reply is None else Faults()
    with Simulated(reply=lambda _: reply or "", faults=faults) as server:
        file = settings_file(tmp_path, server)
        assert run(["--lang", language, "doctor", "--config", str(file), "-b", "up"]) == 1
    out = capsys.readouterr().out
    fields = {"backend": "up", "tokens": 1024, "reason": "this text is not welcome"}
    mark = say("doctor.mark_wrong", language)
    assert f"{mark} {say(code, language, **fields)}" in out
