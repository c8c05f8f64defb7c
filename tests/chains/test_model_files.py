"""Model files from hubs that answer, lie, break off, or keep silent; all on the loopback."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from loopback_hub import Hub

from chains.errors import WeightsError
from chains.models.folders import BGE, CHECKSUMS, download_folder, download_named, find_folder
from chains.models.gguf import ModelFile, cached_path, download, find
from cli.main import run

WEIGHTS = bytes(range(256)) * 20_000  # 5 MB: several blocks
FILES = {
    "config.json": b'{"model_type": "bert"}',
    "modules.json": b"[]",
    "1_Pooling/config.json": b'{"pooling_mode_cls_token": true}',
    "tokenizer.json": "{…}".encode(),
    "vocab.txt": "的\n了\n".encode(),
    "pytorch_model.bin": WEIGHTS,
    "README.md": b"# not needed",
    "onnx/model.onnx": b"not needed",
    "../outside.json": b"must never be written",
}


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both hubs are ports where nobody listens, until a test puts one there."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("MODELSCOPE_DOMAIN", "http://127.0.0.1:9")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with Hub(FILES) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.root)
        yield running


def gguf(content: bytes = WEIGHTS) -> ModelFile:
    return ModelFile(
        name="small",
        file="small.gguf",
        repository="owner/small",
        revision="abc",
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        parameters=0.1,
    )


def whole(folder: Path) -> bool:
    needed = [path for path in FILES if not path.startswith(("..", "README", "onnx"))]
    return all((folder / path).read_bytes() == FILES[path] for path in needed)


def test_a_model_of_many_files_arrives_whole_and_is_found(hub: Hub) -> None:
    told: list[tuple[str, int, int]] = []
    assert find_folder(BGE) is None
    folder = download_folder(BGE, lambda *progress: told.append(progress))
    assert whole(folder)
    assert find_folder(BGE) == folder
    assert not (folder / "README.md").exists()
    assert not (folder.parent / "outside.json").exists()
    assert told[-1] == ("pytorch_model.bin", len(WEIGHTS), len(WEIGHTS))  # the weights come last
    note = json.loads((folder / CHECKSUMS).read_text(encoding="utf-8"))
    sums = {one["path"]: one["digest"] for one in note["files"]}
    assert sums["pytorch_model.bin"] == hashlib.sha256(WEIGHTS).hexdigest()
    before = len(hub.asked)
    download_folder(BGE)
    assert len(hub.asked) == before  # what is there and right is left alone


def test_it_comes_from_modelscope_where_hugging_face_is_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Hub(FILES, listed_at="/api/v1/models/") as scope:
        monkeypatch.setenv("MODELSCOPE_DOMAIN", scope.root)
        assert whole(download_folder(BGE))


def test_a_safetensors_is_preferred_and_the_other_weights_are_not_fetched(hub: Hub) -> None:
    hub.files = {**FILES, "model.safetensors": b"weights"}
    folder = download_folder("owner/other")
    assert (folder / "model.safetensors").is_file()
    assert not (folder / "pytorch_model.bin").exists()


@pytest.mark.parametrize("ignores_range", [False, True])
def test_a_broken_connection_goes_on_where_it_stopped(hub: Hub, ignores_range: bool) -> None:
    hub.breaks_after, hub.ignores_range = 3_000_000, ignores_range
    folder = download_folder(BGE)
    assert whole(folder)
    first, second = hub.fetched("pytorch_model.bin")
    assert first == ""
    assert re.fullmatch(r"bytes=[1-9]\d*-", second)
    assert hub.sent > len(WEIGHTS) * 1.5 if ignores_range else hub.sent < len(WEIGHTS) * 1.1


def test_a_later_run_goes_on_where_an_earlier_one_gave_up(hub: Hub) -> None:
    hub.breaks_after, hub.breaks_always = 1_000_000, True
    with pytest.raises(WeightsError) as broken:
        download_folder(BGE)
    assert broken.value.code == "weights.broken_off"
    assert find_folder(BGE) is None  # half a model is none
    before = len(hub.fetched("pytorch_model.bin"))
    hub.breaks_after = None
    assert whole(download_folder(BGE))
    (span,) = hub.fetched("pytorch_model.bin")[before:]
    assert int(span.removeprefix("bytes=").rstrip("-")) >= 900_000


def test_what_is_not_the_published_file_is_thrown_away(hub: Hub) -> None:
    hub.corrupts = True
    with pytest.raises(WeightsError) as wrong:
        download_folder(BGE)
    assert wrong.value.code == "weights.wrong_download"
    assert find_folder(BGE) is None
    hub.corrupts = False
    assert whole(download_folder(BGE))


def test_a_file_changed_since_is_fetched_anew(hub: Hub) -> None:
    folder = download_folder(BGE)
    (folder / "vocab.txt").write_bytes(b"\0" * len(FILES["vocab.txt"]))
    assert whole(download_folder(BGE))
    assert len(hub.fetched("pytorch_model.bin")) == 1


def test_two_downloads_at_once_fetch_each_file_once(hub: Hub) -> None:
    with ThreadPoolExecutor(2) as pool:
        folders = list(pool.map(lambda _: download_folder(BGE), range(2)))
    assert folders[0] == folders[1]
    assert whole(folders[0])
    assert len(hub.fetched("pytorch_model.bin")) == 1


def test_a_model_no_hub_knows_is_said_with_the_hubs_asked(hub: Hub) -> None:
    with pytest.raises(WeightsError) as unknown:
        download_folder("owner/absent")
    assert unknown.value.code == "weights.not_published"
    assert hub.root in unknown.value.say("en")
    assert "owner/absent" in unknown.value.say("zh")


@pytest.mark.parametrize("listing", [b"[{}]", b"[1]", b"no json", b'{"Data": 3}', b"[" * 100_000])
def test_a_hub_that_lists_nonsense_counts_as_none(
    listing: bytes, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nonsense(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        request.wfile.write(listing)

    monkeypatch.setattr(hub, "answer", nonsense)
    with pytest.raises(WeightsError) as none:
        download_folder(BGE)
    assert none.value.code in ("weights.no_hub_folder", "weights.not_published")


def test_no_hub_answering_is_said_within_five_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    # It accepts a connection and never says a word, as a firewall does.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("HF_ENDPOINT", address)
        monkeypatch.setenv("MODELSCOPE_DOMAIN", address)
        started = time.monotonic()
        with pytest.raises(WeightsError) as none:
            download_folder(BGE)
        assert time.monotonic() - started < 5
        assert none.value.code == "weights.no_hub_folder"
        for way_out in ("HF_ENDPOINT", "bge-large-zh-v1.5", "--embeddings packaged"):
            assert way_out in none.value.say("en")
            assert way_out in none.value.say("zh")


def test_one_file_is_continued_verified_and_kept(hub: Hub) -> None:
    model = gguf()
    hub.files = {model.file: WEIGHTS}
    part = cached_path(model).with_name(model.file + ".part")
    part.parent.mkdir(parents=True)
    part.write_bytes(WEIGHTS[:4_000_000])
    assert download(model).read_bytes() == WEIGHTS
    assert hub.fetched(model.file) == ["bytes=4000000-"]
    assert find(model) == cached_path(model)


@pytest.mark.parametrize(
    ("left", "tries"), [(WEIGHTS + b"more", 1), (b"x" * len(WEIGHTS), 2), (b"x" * 9, 2)]
)
def test_what_an_earlier_try_left_is_never_trusted(hub: Hub, left: bytes, tries: int) -> None:
    model = gguf()
    hub.files = {model.file: WEIGHTS}
    part = cached_path(model).with_name(model.file + ".part")
    part.parent.mkdir(parents=True)
    part.write_bytes(left)
    for _ in range(tries - 1):
        with pytest.raises(WeightsError) as wrong:
            download(model)
        assert wrong.value.code == "weights.wrong_download"
    assert download(model).read_bytes() == WEIGHTS


def test_one_file_goes_where_it_is_wanted(hub: Hub, tmp_path: Path) -> None:
    model = gguf()
    hub.files = {model.file: WEIGHTS}
    assert download(model, folder=tmp_path / "mine") == tmp_path / "mine" / model.file
    assert find(model) is None


def test_one_file_that_no_hub_has_is_an_error(hub: Hub) -> None:
    hub.files = {}
    with pytest.raises(WeightsError) as none:
        download(gguf())
    assert none.value.code == "weights.no_hub"


def test_the_command_downloads_by_name_to_a_folder(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "bge"
    assert run(["model", "download", "bge-large-zh-v1.5", "--to", str(target)]) == 0
    assert whole(target)
    assert str(target) in capsys.readouterr().out
    assert hub.fetched("pytorch_model.bin") == [""]


@pytest.mark.parametrize("name", ["bert", "../x", "a/b/c", "-/x", ""])
def test_a_name_that_is_no_model_is_a_mistake(name: str) -> None:
    with pytest.raises(WeightsError) as unknown:
        download_named(name)
    assert unknown.value.code == "weights.unknown"
    assert "bge-large-zh-v1.5" in unknown.value.say("zh")
