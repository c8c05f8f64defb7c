"""Every setting: where it comes from, what it may be, and what is said where it cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.simulated import Simulated
from chains.errors import SettingsError
from chains.llm.backends import choose
from chains.settings import Settings, resolve, setting_info
from cli.main import run
from qa3 import extract_pairs

LAYERS = st.lists(st.sampled_from(["file", "environment", "flag"]), unique=True)


@settings(deadline=None, max_examples=8)
@given(layers=LAYERS)
def test_the_nearest_origin_wins(
    layers: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("settings") / "qa3.toml"
    file.write_text("concurrency = 2\n" if "file" in layers else "", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        if "environment" in layers:
            patch.setenv("QA3_CONCURRENCY", "3")
        found = resolve({"concurrency": "4" if "flag" in layers else None}, file)
    values = {"file": 2, "environment": 3, "flag": 4}
    nearest = max(layers, key=lambda one: values[one], default=None)
    assert found.settings.concurrency == (values[nearest] if nearest else None)
    origins = {
        None: "default",
        "file": f"file {file}",
        "environment": "environment QA3_CONCURRENCY",
        "flag": "flag",
    }
    assert found.origins["concurrency"] == origins[nearest]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", "3"),
        ("temperature", "warm"),
        ("language", "fr"),
        ("max_calls", "-1"),
        ("max_tokens_total", "0"),
        ("requests_per_minute", "0"),
        ("tokens_per_minute", "many"),
        ("concurrency", "257"),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_value_out_of_range_names_itself_and_what_it_takes(
    name: str, value: str, language: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        resolve({name: value})
    said = caught.value.say(language)
    assert name in said
    assert value in said
    assert {"en": "flag", "zh": "选项"}[language] in said


def test_an_unknown_name_and_a_broken_file_are_named(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    for content, code in (
        ("colour = 1", "settings.unknown"),
        ("concurrency = ", "settings.broken_line"),
        ("backends = 3", "settings.backends_table"),
        ("concurrency = 1\n# 中文".encode("gbk").decode("latin-1"), ""),
    ):
        file.write_text(content, encoding="utf-8")
        if not code:
            assert resolve(config=file).settings.concurrency == 1
            continue
        with pytest.raises(SettingsError) as caught:
            resolve(config=file)
        assert caught.value.code == code
        assert str(file) in caught.value.say("zh")
    with pytest.raises(SettingsError) as caught:
        resolve(config=tmp_path / "none.toml")
    assert caught.value.code == "settings.no_file"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_setting_says_what_it_is_for_and_what_it_takes(language: str) -> None:
    for name in Settings.model_fields:
        info = setting_info(name)
        said = info.help(language)
        assert said
        assert "{" not in said
        if name in ("temperature", "max_tokens", "overlap", "timeout"):
            assert str(info.least) in said
            assert str(info.most) in said
    assert Settings.model_fields["passes"].description == setting_info("passes").help("en")


def test_what_a_setting_takes_is_told_apart() -> None:
    kinds = {"check": str, "journal": Path, "passes": int, "threshold": float, "model": str}
    for name, kind in kinds.items():
        assert setting_info(name).kind is kind
    assert setting_info("density").choices == ("few", "normal", "all")
    assert setting_info("density").kind is str
    assert setting_info("check").choices == ("all", "open", "off")
    optional = {name for name in Settings.model_fields if setting_info(name).optional}
    assert optional == {n for n, f in Settings.model_fields.items() if f.default is None}
    with pytest.raises(KeyError):
        setting_info("colour")


def test_words_about_settings_are_of_settings_that_there_are() -> None:
    told = Path(__file__).resolve().parents[2] / "messages" / "en.json"
    for code in json.loads(told.read_text(encoding="utf-8")):
        room, name, word = (*code.split("."), "")[:3]
        if room == "setting":
            assert word in ("", "label", *setting_info(name).choices)


def test_settings_survive_being_written_down() -> None:
    given = {"max_calls": 3, "journal": Path("a.sqlite"), "prompt_text": "问 {text}"}
    one = Settings.model_validate(given)
    assert Settings.model_validate(one.model_dump(mode="json")) == one


def test_an_empty_flag_counts_as_not_given() -> None:
    """An unset shell variable must not send a document to another address."""
    backend = choose(resolve({"backend": "chatglm3", "base_url": "", "model": ""}))
    assert backend.base_url == "http://127.0.0.1:8000/v1"
    assert backend.model


@pytest.mark.parametrize(
    ("verify", "check"),
    [(True, "all"), (False, "off"), ("true", "all"), ("0", "off"), ("yes", "all"), ("off", "off")],
)
def test_verify_of_earlier_versions_is_a_check(
    verify: bool | str, check: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Settings.model_validate({"verify": verify}).check == check
    file = tmp_path / "old.toml"
    file.write_text(f"verify = {json.dumps(verify)}\n", encoding="utf-8")
    assert resolve(config=file).settings.check == check
    assert resolve(config=file).origins["check"] == f"file {file}"
    assert resolve({"verify": verify}).settings.check == check
    assert resolve({"check": "open"}, file).settings.check == "open"
    monkeypatch.setenv("QA3_VERIFY", str(verify).lower())
    assert resolve().settings.check == check
    monkeypatch.setenv("QA3_CHECK", "open")
    assert resolve().settings.check == "open"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_verify_cannot_be_is_said(language: str) -> None:
    with pytest.raises(SettingsError) as caught:
        resolve({"verify": "perhaps"})
    assert caught.value.code == "settings.value"
    assert "perhaps" in caught.value.say(language)


def test_a_relative_path_in_a_file_is_relative_to_that_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever folder a run is started in, by whichever door."""
    place, elsewhere = tmp_path / "项目", tmp_path / "elsewhere"
    for folder in (elsewhere, place / "bge", place / "weights"):
        folder.mkdir(parents=True)
    (place / "own.txt").write_text("Ask about {text}", encoding="utf-8")
    (place / "small.gguf").write_bytes(b"GGUF")
    (place / "examples.jsonl").write_text(
        '{"question": "Who built it?", "answer": "Li Chun"}\n', encoding="utf-8"
    )
    file = place / "qa3.toml"
    file.write_text(
        """
        journal = "kept/journal.sqlite"
        examples = "./examples.jsonl"
        embeddings = "weights"
        prompt = "own.txt"
        model = "small.gguf"
        [backends.mine]
        base_url = "http://127.0.0.1:9000/v1"
        model = "Qwen/Qwen3-8B"
        prompt = "gpt-3.5"
        [backends.own]
        model = "../absent.gguf"
        prompt = "own.txt"
        """,
        encoding="utf-8",
    )
    monkeypatch.chdir(elsewhere)
    found = resolve(config=Path("../项目/qa3.toml"))
    assert found.settings.journal == elsewhere / "../项目/kept/journal.sqlite"
    lies_at = {
        "examples": "examples.jsonl",
        "prompt": "own.txt",
        "model": "small.gguf",
        "embeddings": "weights",
    }
    for name, value in lies_at.items():
        assert Path(getattr(found.settings, name)).samefile(place / value)
    assert found.backends["mine"]["model"] == "Qwen/Qwen3-8B"
    assert found.backends["mine"]["prompt"] == "gpt-3.5"
    # A path that is spelled as one stays one where nothing lies there: the sentence names it.
    place = elsewhere / "../项目"
    assert found.backends["own"] == {
        "model": str(place / "../absent.gguf"),
        "prompt": str(place / "own.txt"),
    }
    # What is given at a door is meant from where that stands.
    assert resolve({"journal": "here.sqlite"}, file).settings.journal == Path("here.sqlite")
    file.write_text('journal = "~/j.sqlite"\nembeddings = "bge"\n', encoding="utf-8")
    assert resolve(config=file).settings.journal == Path.home() / "j.sqlite"
    assert resolve(config=file).settings.embeddings == "bge"


def test_both_doors_take_paths_from_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Simulated
) -> None:
    place, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    place.mkdir()
    elsewhere.mkdir()
    (elsewhere / "text.txt").write_text("The bridge was opened in 1890.", encoding="utf-8")
    (place / "own.txt").write_text("OURS\nText:\n{text}", encoding="utf-8")
    (place / "qa3.toml").write_text(
        'backend = "mine"\nprompt = "own.txt"\njournal = "j.sqlite"\ncheck = "off"\n'
        'embeddings = "lexical"\n'
        f'[backends.mine]\nbase_url = "{server.base_url}"\nmodel = "{server.model}"\n',
        encoding="utf-8",
    )
    monkeypatch.chdir(elsewhere)
    pairs = extract_pairs("text.txt", config="../project/qa3.toml")
    asked = dict(server.asked)
    assert len(pairs) == 1
    assert run(["extract", "text.txt", "--config", "../project/qa3.toml", "--json"]) == 0
    assert server.asked == asked  # answered from the journal beside the file, under its prompt
    assert (place / "j.sqlite").is_file()
    assert not list(elsewhere.glob("*.sqlite"))
