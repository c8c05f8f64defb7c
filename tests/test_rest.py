"""The REST door as a real server process, spoken to over HTTP."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bench.simulated import Simulated

CHINESE = "赵州桥由隋朝工匠李春设计建造。赵州桥全长64.4米，跨度37.02米。"
ENGLISH = "The Forth Bridge was opened in 1890. It crosses the Firth of Forth near Edinburgh."


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@pytest.fixture
def address(server: Simulated) -> Iterator[str]:
    port = free_port()
    ours = {
        "QA3_BACKEND": "chatglm3",
        "QA3_BASE_URL": server.base_url,
        "QA3_MODEL": server.model,
    }
    command = [sys.executable, "-m", "app_cli", "serve", "--port", str(port)]
    with subprocess.Popen(command, env={**os.environ, **ours}) as child:
        base = f"http://127.0.0.1:{port}"
        try:
            wait_for(f"{base}/health", child)
            yield base
        finally:
            child.terminate()


def wait_for(url: str, child: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until:
        assert child.poll() is None
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(url)


def test_it_does_the_main_job_and_says_what_is_wrong(address: str, server: Simulated) -> None:
    with httpx.Client(base_url=address, timeout=60) as client:
        for text in (CHINESE, ENGLISH):
            answer = client.post("/pairs/invoke", json={"input": {"text": text}})
            assert answer.status_code == 200
            output = answer.json()["output"]
            assert len(output["kept"]) == 2
            for pair in output["kept"]:
                span = pair["evidence"]["span"]
                assert text[span["start"] : span["end"]] == pair["evidence"]["quote"]
            assert answer.json()["metadata"]["run_id"]

        with client.stream("POST", "/pairs/stream", json={"input": {"text": CHINESE}}) as stream:
            events = [line[7:] for line in stream.iter_lines() if line.startswith("event: ")]
        assert events == ["metadata", "data", "data", "data", "end"]
        assert sum(server.calls.values()) == 2  # the third was in the journal

        for body, status in (
            ({"input": {"text": ""}}, 422),
            ({"input": {"text": "x", "base_url": "http://127.0.0.1:1"}}, 422),
            ({"input": {"text": CHINESE, "threshold": 7}}, 422),
            ({"input": {"text": CHINESE, "backend": "oracle"}}, 422),
            ({}, 422),
        ):
            refused = client.post("/pairs/invoke", json=body)
            assert refused.status_code == status
            assert "Traceback" not in refused.text
            assert json.loads(refused.text)["detail"]


def test_the_page_starts_and_serves_itself(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "app_cli", "ui", "--port", str(port)]
    with subprocess.Popen(command, cwd=tmp_path) as child:
        try:
            wait_for(f"http://127.0.0.1:{port}/", child)
            assert "<html" in httpx.get(f"http://127.0.0.1:{port}/", timeout=10).text
        finally:
            child.terminate()
    assert list(tmp_path.glob(".chainlit*")) == []
