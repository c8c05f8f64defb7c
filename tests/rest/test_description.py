"""Every request that the description allows or forbids is answered as the description says."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from bench.simulated import Simulated
from rest.config import Access, Limits

HERE = Path(__file__).resolve().parent
TOKEN = "an-example-token-of-some-length"
SECONDS = 20
Start = Callable[..., httpx.Client]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="schemathesis needs it")
def test_schemathesis_finds_nothing_with_every_check_on(
    start: Start, server: Simulated, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A backend that cannot answer is a 502 by design: here every one of them can.
    (home / "config").mkdir(parents=True)
    own = f'base_url = "{server.base_url}"\nmodel = "{server.model}"\nstream = false\n'
    settings = "\n".join(
        f"[backends.{name}]\n{own}" for name in ("embedded", "chatglm3", "'gpt-3.5'")
    )
    (home / "config" / "qa3.toml").write_text(settings, "utf-8")
    monkeypatch.setenv("OPENAI_API_KEY", "an-example-key")
    client = start(Limits(waiting=100_000, waiting_of_one=100_000), Access(token=SecretStr(TOKEN)))
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--no-color", "run"),
        f"{client.base_url}/openapi.json",
        *("--header", f"Authorization: Bearer {TOKEN}", "--checks", "all", "--no-shrink"),
        *("--max-time", str(SECONDS), "--max-examples", "10", "--generation-database", "none"),
        *("--seed", os.environ.get("SCHEMATHESIS_SEED", "1")),  # another one asks other things
    ]
    hooks = {"SCHEMATHESIS_HOOKS": "readable_files", "PYTHONPATH": str(HERE)}
    child = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, **hooks},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS + 120,
    )
    assert child.returncode == 0, child.stdout[-6000:] + child.stderr[-2000:]
    assert "Selected: 30/30" in child.stdout
    assert client.get("/health").json() == {"status": "ok"}


def test_the_description_names_every_answer_and_what_opens_the_door(start: Start) -> None:
    told = (
        start(access=Access(token=SecretStr(TOKEN)))
        .get("/openapi.json", headers={"Authorization": f"Bearer {TOKEN}"})
        .json()
    )
    assert told["security"] == [{"token": []}]
    for path, operations in told["paths"].items():
        for method, one in operations.items():
            assert one["description"], (path, method)
            assert {"401", "421"} <= one["responses"].keys()
            assert ("security" in one) == (path in ("/health", "/ready"))
            if method in ("post", "patch") and "requestBody" in one:
                assert {"400", "413", "422"} <= one["responses"].keys()
    assert "security" not in start().get("/openapi.json").json()
    backends = told["components"]["schemas"]["TextInput"]["properties"]["backend"]["anyOf"][0]
    assert set(backends["enum"]) == {"embedded", "chatglm3", "gpt-3.5"}
