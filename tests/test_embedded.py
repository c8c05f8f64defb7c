"""The real embedded model, through the command line; the set-up places its file in the cache."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chains.models.gguf import QWEN_CODER, find
from cli.main import run
from endpoint.errors import EndpointError
from endpoint.llamacpp import LlamaServer

CHINESE = """赵州桥由隋朝工匠李春设计建造，全长64.4米，跨度37.02米，距今已有1400多年的历史。"""
ENGLISH = (
    "The Forth Bridge was opened on 4 March 1890. It was designed by John Fowler and Benjamin "
    "Baker, and it crosses the Firth of Forth west of Edinburgh."
)


@pytest.fixture
def model(home: Path, models: Path) -> Path:
    (home / "cache").mkdir(parents=True)
    (home / "cache" / "models").symlink_to(models, target_is_directory=True)
    path = find(QWEN_CODER)
    assert path, "the embedded model is missing: run `make model`"
    return path


@pytest.mark.model
@pytest.mark.parametrize(("text", "number"), [(CHINESE, "64.4米"), (ENGLISH, "1890")])
def test_the_embedded_model_gives_pairs_that_stand_in_the_text(
    text: str, number: str, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / "bridge.txt"
    document.write_text(text, encoding="utf-8")
    assert model.is_file()
    assert run(["extract", str(document), "--json"]) == 0
    shown = capsys.readouterr()
    result = json.loads(shown.out)
    assert result["kept"], result["rejected"]
    for pair in result["kept"]:
        assert pair["evidence"]["quote"] in text
        assert pair["model"] == QWEN_CODER.name
    assert any(number in pair["answer"] for pair in result["kept"])
    parsed = sum(chunk["parsed"] for chunk in result["chunks"])
    assert parsed == sum(len(result[part]) for part in ("kept", "duplicates", "rejected"))
    assert "very small" in shown.err
    assert result["usage"]["calls"] == 1 + result["judge"]["asked"]
    assert run(["extract", str(document), "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["usage"]["calls"] == 0
    assert again["kept"] == result["kept"]


@pytest.mark.model
def test_the_server_ends_with_its_context_and_refuses_strangers(model: Path) -> None:
    import httpx

    with LlamaServer(model, context=512) as server:
        assert server.alive()
        address = f"{server.base_url}/chat/completions"
        body = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 1}
        assert httpx.post(address, json=body, timeout=60).status_code == 401
        headers = {"Authorization": f"Bearer {server.api_key}"}
        assert httpx.post(address, json=body, headers=headers, timeout=60).status_code == 200
        child = server
    assert not child.alive()
    with pytest.raises(httpx.ConnectError):
        httpx.post(address, json=body, timeout=5)


def test_a_file_that_is_no_model_is_refused_with_its_name(tmp_path: Path) -> None:
    file = tmp_path / "notes.gguf"
    file.write_text("not a model", encoding="utf-8")
    with pytest.raises(EndpointError, match=r"notes\.gguf"):
        LlamaServer(file).start()
