"""``qa3 endpoint`` before it serves: what it refuses, what it converts, which model it finds."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path

import pytest

from bench.embedding import build
from cli.embedder import bge_embedder, embedder_of, longest_of
from cli.endpoint import check_packages, find_model
from cli.main import run
from endpoint.errors import EndpointError
from messages import say

MODEL = Path(__file__).resolve().parent.parent / "data" / "chatglm3"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_open_address_without_a_key_is_refused_before_loading(
    language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    order = ["--lang", language, "endpoint", "--model", str(MODEL), "--host", "0.0.0.0"]  # noqa: S104 - refused
    assert run(order) == 2
    shown = capsys.readouterr().err
    assert shown == f"qa3: {say('endpoint.key_needed', language, host='0.0.0.0')}\n"  # noqa: S104


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_port_in_use_and_a_model_that_is_not_here(
    language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        order = ["--lang", language, "endpoint", "--model", str(MODEL), "--port", port]
        assert run(order) == 2
        assert port in capsys.readouterr().err
    assert run(["--lang", language, "endpoint"]) == 2
    shown = capsys.readouterr().err
    assert shown == f"qa3: {say('endpoint.no_model', language, model='chatglm3-6b')}\n"
    assert run(["--lang", language, "endpoint", "--quantize", "5"]) == 2


def test_a_model_is_found_by_its_path_and_by_its_name(home: Path) -> None:
    assert find_model(str(MODEL)) == MODEL
    place = home / "cache" / "models" / "chatglm3-6b"
    place.mkdir(parents=True)
    for file in MODEL.glob("*.json"):
        shutil.copy(file, place)
    assert find_model("chatglm3-6b") == place
    assert find_model("THUDM/chatglm3-6b") == place


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    there = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "uvicorn" else there(name)
    )
    with pytest.raises(EndpointError, match="uvicorn"):
        check_packages()


def test_convert_writes_what_others_serve(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    native, gguf = tmp_path / "native", tmp_path / "gguf"
    assert run(["endpoint", "convert", str(MODEL), str(native)]) == 0
    assert json.loads((native / "config.json").read_text())["model_type"] == "glm"
    assert (
        run(["endpoint", "convert", str(MODEL), str(gguf), "--to", "gguf", "--quantize", "8"]) == 0
    )
    written = Path(capsys.readouterr().out.splitlines()[-1])
    assert written.parent == gguf
    assert written.read_bytes().startswith(b"GGUF")
    order = ["endpoint", "convert", str(MODEL), str(tmp_path / "x"), "--quantize", "4"]
    assert run(order) == 2
    assert not (tmp_path / "x").exists()


def test_the_embedder_counts_as_its_model_reads(home: Path) -> None:
    assert bge_embedder() is None
    folder = home / "cache" / "models" / "bge-large-zh-v1.5"
    build(folder, layers=1, width=64, spread=0.1)
    embedder = bge_embedder()
    assert embedder is not None
    assert embedder.answers_to("BAAI/BGE-large-zh-v1.5")
    assert not embedder.answers_to("bge-small-zh-v1.5")
    vectors, tokens = embedder.embed(["什么是索引？", "索引"])
    assert tokens == 6 + 2 + 2 + 2  # with each text's [CLS] and [SEP]
    assert [len(row) for row in vectors] == [64, 64]
    assert longest_of(folder) == embedder.longest == 512
    assert embedder_of(folder, "other").embed(["长" * 510])[1] == 512
    for text in ("长" * 511, "长" * 100_000):
        with pytest.raises(EndpointError) as raised:
            embedder.embed(["好", text])
        assert raised.value.code == "endpoint.input_too_long"
        assert raised.value.fields["name"] == "input[1]"
