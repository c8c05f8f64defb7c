"""The clients that people really use, on a served endpoint with a scripted model.

``bench/endpoint_clients.py`` runs those that cannot be installed beside the others.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.scripted_endpoint import ScriptedEngine, Served
from endpoint.protocol.embedder import Embedder

pytestmark = pytest.mark.clients
CLIENTS = Path(__file__).parent / "clients"
JOKE = json.dumps({"setup": "Why?", "punchline": "因为。"}, ensure_ascii=False)
# The tools of langchain-tests, with arguments that its tests expect.
CALLS = {
    "magic_function_no_args": "",
    "magic_function": "input=3",
    "my_adder_tool": "a=1, b=2",
    "get_weather": "location='SF'",
    "weather_of": "city='北京'",
}


def acted(asked: str) -> str:
    """Calls the first tool that it knows, once; says something after that."""
    last = asked.rsplit("\n", 1)[-1]
    if "punchline" in asked and "JSON" in asked:
        return JOKE
    if last.startswith("user:"):
        for name, arguments in CALLS.items():
            if f'"name": "{name}"' in asked:
                return f"{name}\n ```python\ntool_call({arguments})\n```"
    return "Hello, there. 1 2 3"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    embedder = Embedder(
        "bge-large-zh-v1.5",
        512,
        lambda texts: [[float(len(text)), 0.5] for text in texts],
        lambda texts: [len(text) for text in texts],
    )
    engine = ScriptedEngine(acted, context=8192, guided=True, seeded=True)
    with Served(engine, embedder=embedder) as running:
        yield running


def test_the_clients_of_others(served: Served) -> None:
    """In a process of their own: they bring plugins of pytest, and leave connections open."""
    order = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--durations=6"]
    order += ["-p", "pytest_asyncio.plugin", "-m", "not benchmark"]
    order += ["-c", str(CLIENTS / "pytest.ini"), str(CLIENTS)]
    # Of the plugins only one: the others are slow to load and have nothing to do here.
    environment = {
        **os.environ,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "QA3_CLIENTS_URL": served.base_url,
    }
    done = subprocess.run(
        order, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:]
    passed = re.search(r"(\d+) passed", done.stdout.splitlines()[-1])
    assert passed is not None
    assert int(passed[1]) >= 48, done.stdout[-400:]
