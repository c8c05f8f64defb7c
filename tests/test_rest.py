"""The doors that serve, as processes of their own; ``tests/rest`` looks at the service closely."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import httpx

from bench.serving import Served, free_port
from bench.simulated import Simulated

CHINESE = "赵州桥由隋朝工匠李春设计建造。赵州桥全长64.4米，跨度37.02米。"


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


def test_the_service_does_the_main_job_and_serves_the_page(
    server: Simulated, tmp_path: Path
) -> None:
    with Served(tmp_path, server, flags=()) as served, served.client() as client:
        answer = client.post("/pairs/invoke", json={"input": CHINESE})
        assert len(answer.json()["output"]["kept"]) == 2
        page = client.get("/ui/")
        assert page.status_code == 200
        assert "<html" in page.text
        assert client.get("/ui/", headers={"Host": "evil.example"}).status_code == 421


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
