"""Language models known by name: listed by a hub, checked by its checksum, fitted, measured."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from loopback_hub import Hub

from chains.errors import WeightsError
from chains.llm.backends import BUILT_IN, FITTED, Backend, choose
from chains.llm.client import OpenBackend
from chains.models import memory
from chains.models.folders import download_named
from chains.models.gguf import GGUF_MODELS, QWEN_CODER, cached_path, find_named, identify
from chains.models.header import read_header
from chains.settings import Settings, resolve
from cli.main import run
from messages import LANGUAGES, say

WEIGHTS = bytes(range(256)) * 2_000
MIDDLE = next(model for model in GGUF_MODELS if model.name == "qwen3-4b")
SUM = hashlib.sha256(WEIGHTS).hexdigest()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setenv("MODELSCOPE_DOMAIN", "http://127.0.0.1:9")
    with Hub({MIDDLE.file: WEIGHTS, "README.md": b"#", "Qwen3-4B-Q8_0.gguf": b"other"}) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.root)
        yield running


def header(**values: int | str) -> bytes:
    """The header of a GGUF file of the architecture ``test``."""
    entries = b""
    for key, value in {"general.architecture": "test", **values}.items():
        name = (key if "." in key else f"test.{key}").replace("__", ".").encode()
        entries += struct.pack("<Q", len(name)) + name
        if isinstance(value, str):
            entries += struct.pack("<IQ", 8, len(value)) + value.encode()
        else:
            entries += struct.pack("<II", 4, value)
    words = [b"one", b"two"]
    entries += struct.pack("<Q", 6) + b"tokens" + struct.pack("<IIQ", 9, 8, len(words))
    entries += b"".join(struct.pack("<Q", len(word)) + word for word in words)
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(values) + 2) + entries


SHAPE = {
    "block_count": 36,
    "embedding_length": 4096,
    "feed_forward_length": 12_288,
    "attention__head_count": 32,
    "attention__head_count_kv": 8,
    "attention__key_length": 128,
    "attention__value_length": 128,
}


@pytest.mark.parametrize("listed_at", ["/api/models/", "/api/v1/models/"])
def test_size_and_checksum_are_those_that_the_hub_lists(
    listed_at: str, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.listed_at = listed_at
    if "v1" in listed_at:
        monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
        monkeypatch.setenv("MODELSCOPE_DOMAIN", hub.root)
    path = download_named(MIDDLE.name)
    assert path == cached_path(MIDDLE)
    assert path.read_bytes() == WEIGHTS
    assert hub.fetched(MIDDLE.file) == [""]
    assert identify(MIDDLE.name) == (MIDDLE.name, SUM[:16])
    asked = len(hub.asked)
    assert find_named(MIDDLE.name) == path == download_named(MIDDLE.name.upper())
    assert len(hub.asked) == asked


def test_what_came_wrong_or_was_changed_since_is_never_used(hub: Hub) -> None:
    hub.corrupts = True
    with pytest.raises(WeightsError) as wrong:
        download_named(MIDDLE.name)
    assert wrong.value.code == "weights.wrong_download"
    assert find_named(MIDDLE.name) is None
    hub.corrupts = False
    path = download_named(MIDDLE.name)
    path.write_bytes(WEIGHTS[::-1])
    with pytest.raises(WeightsError) as changed:
        find_named(MIDDLE.name)
    assert changed.value.code == "weights.wrong_sum"


def test_a_file_put_there_by_hand_is_used_once_the_hub_has_vouched_for_it(hub: Hub) -> None:
    path = cached_path(MIDDLE)
    path.parent.mkdir(parents=True)
    path.write_bytes(WEIGHTS)
    assert find_named(MIDDLE.name) is None
    assert download_named(MIDDLE.name) == path == find_named(MIDDLE.name)
    assert hub.fetched(MIDDLE.file) == []


@pytest.mark.parametrize("files", [{}, {"Qwen3-4B-Q8_0.gguf": WEIGHTS}])
def test_a_file_that_the_hub_does_not_list_is_said(files: dict[str, bytes], hub: Hub) -> None:
    hub.files = files
    with pytest.raises(WeightsError) as none:
        download_named(MIDDLE.name)
    assert none.value.code == "weights.not_published"
    assert MIDDLE.repository in none.value.say("zh")


def test_no_room_on_the_disk_is_said_with_the_numbers(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=100_000))
    with pytest.raises(WeightsError) as full:
        download_named(MIDDLE.name)
    assert full.value.code == "weights.no_room"
    assert full.value.fields["megabytes"] == round(len(WEIGHTS) / 1e6)
    assert hub.fetched(MIDDLE.file) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_model_that_is_not_here_is_said_before_anything_is_asked(
    language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bridge.txt"
    file.write_text("The Forth Bridge was opened in 1890.", encoding="utf-8")
    assert run(["--lang", language, "extract", str(file), "--model", MIDDLE.name]) == 2
    assert say("weights.not_here", language, model=MIDDLE.name) in capsys.readouterr().err


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_list_says_which_are_here(
    language: str, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["model", "download", MIDDLE.name]) == 0
    capsys.readouterr()
    assert run(["--lang", language, "model", "list"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert list(lines) == [model.name for model in GGUF_MODELS]
    assert say("show.model_here", language, file=cached_path(MIDDLE)) in lines[MIDDLE.name]
    assert f"qa3 model download {QWEN_CODER.name}" in lines[QWEN_CODER.name]
    assert hub.fetched(MIDDLE.file) == [""]


def test_every_named_model_has_requests_that_fit_it() -> None:
    assert {QWEN_CODER.name, *FITTED} == {model.name for model in GGUF_MODELS}
    smallest = BUILT_IN["embedded"]
    before = smallest
    for model in GGUF_MODELS[1:]:
        fitted = choose(resolve({"model": model.name}))
        assert fitted.embedded
        assert fitted.model == model.name
        assert fitted.chunk_size > before.chunk_size
        assert fitted.max_tokens + 3 * fitted.chunk_size < fitted.context
        assert fitted.small is (model.parameters < 7)
        before = fitted


def test_what_the_user_says_goes_before_what_fits(tmp_path: Path) -> None:
    flagged = choose(resolve({"model": "qwen3-8b", "chunk_size": 111}))
    assert (flagged.chunk_size, flagged.max_tokens) == (111, 1536)
    file = tmp_path / "qa3.toml"
    file.write_text('[backends.embedded]\nmodel = "qwen3-8b"\ncontext = 5000\n', encoding="utf-8")
    written = choose(resolve({}, file))
    assert (written.context, written.checks, written.prompt) == (5000, "lists", "gpt-3.5")
    elsewhere = choose(resolve({"model": "qwen3-8b", "base_url": "http://127.0.0.1:1/v1"}))
    assert elsewhere.chunk_size == BUILT_IN["embedded"].chunk_size


def test_the_header_gives_the_memory_that_a_model_takes(tmp_path: Path) -> None:
    file = tmp_path / "m.gguf"
    file.write_bytes(header(**SHAPE) + b"\0" * 5_000_000)
    read = read_header(file)
    assert read["test.block_count"] == 36
    assert read["tokens"] is None
    small, large = memory.needed_memory(file, 1000), memory.needed_memory(file, 2000)
    # 36 layers of 8 heads that keep 128 numbers of a key and 128 of a value, of 2 bytes each
    cache = 36 * 8 * 256 * 2 * 1000
    assert large - small >= cache
    assert large - small < cache + 512 * 4 * 32 * 1000 + 1
    assert small > 5_000_000 + cache


@pytest.mark.parametrize("cut", range(0, len(header(**SHAPE)), 7))
def test_a_header_that_is_cut_off_is_no_header(cut: int, tmp_path: Path) -> None:
    file = tmp_path / "m.gguf"
    file.write_bytes(header(**SHAPE)[:cut])
    with pytest.raises(ValueError, match=r"m\.gguf|cut off"):
        read_header(file)


@pytest.mark.parametrize("language", LANGUAGES)
def test_short_memory_is_refused_with_the_numbers(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "large.gguf"
    file.write_bytes(header(**SHAPE))
    monkeypatch.setattr(memory, "free_memory", lambda: memory.GIB)
    backend = BUILT_IN["embedded"].model_copy(update={"model": str(file), "context": 32_768})
    opened = OpenBackend(backend, Settings())
    with pytest.raises(WeightsError) as short:
        opened.llm()
    assert short.value.code == "weights.no_memory"
    assert short.value.fields["free"] == "1.0"
    assert float(str(short.value.fields["needed"])) > 4.5  # its cache alone takes 4.5 GiB
    assert "large" in short.value.say(language)
    opened.close()


@pytest.mark.parametrize("free", [None, 1])
def test_what_cannot_be_measured_is_left_to_llamacpp(
    free: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "notes.gguf"
    file.write_bytes(b"notes" if free else header(**SHAPE))
    monkeypatch.setattr(memory, "free_memory", lambda: free)
    memory.refuse_if_short(file, 100)


def test_the_free_memory_of_this_machine_is_told() -> None:
    free = memory.free_memory()
    assert free is not None
    assert 50_000_000 < free < 1 << 50


@pytest.mark.model
def test_a_model_downloaded_by_name_makes_pairs(
    models: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The whole way, with the one model that the set-up has, under a name of its own."""
    mine = QWEN_CODER.model_copy(
        update={"name": "mine", "file": "mine.gguf", "size": None, "sha256": None}
    )
    monkeypatch.setattr("chains.models.gguf.GGUF_MODELS", (*GGUF_MODELS, mine))
    monkeypatch.setitem(FITTED, "mine", {"context": 2048, "chunk_size": 150})
    monkeypatch.setenv("MODELSCOPE_DOMAIN", "http://127.0.0.1:9")
    file = tmp_path / "bridge.txt"
    file.write_text("The Forth Bridge was opened on 4 March 1890. It crosses the Firth of Forth.")
    measured: list[int] = []

    def needed(path: Path, positions: int) -> int:
        measured.append(positions)
        return path.stat().st_size

    monkeypatch.setattr(memory, "needed_memory", needed)
    with Hub({"mine.gguf": (models / QWEN_CODER.file).read_bytes()}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.root)
        assert run(["model", "download", "mine"]) == 0
    assert run(["extract", str(file), "--model", "mine", "--check", "off", "--json"]) == 0
    assert '"model": "mine"' in capsys.readouterr().out
    assert measured == [2048]
    assert run(["doctor", "-b", "embedded", "--config", str(table(tmp_path))]) == 0
    assert "mine" in capsys.readouterr().out


def table(folder: Path) -> Path:
    file = folder / "mine.toml"
    file.write_text('[backends.embedded]\nmodel = "mine"\n', encoding="utf-8")
    assert isinstance(choose(resolve({}, file)), Backend)
    return file
