"""What every test starts from: a home of its own, no settings of the user's, loopback only."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from doubles import Gate, Planting
from hypothesis import settings

from bench.simulated import Simulated
from chains.environment import user_folder
from loaders.characters import whole

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MODELS = user_folder("cache") / "models"

LONG = (
    "test_cluster.py",
    "test_readme.py",
    "test_page_journeys.py",
    "test_embedded.py",
    "test_clients.py",
    "test_page_checks.py",
    "test_desk.py",
    "test_page_run.py",
    "test_examples.py",
    "test_documentation.py",
    "test_promises.py",
    "test_description.py",
    "test_endpoint_end_to_end.py",
    "test_page_list.py",
    "test_engines.py",
    "test_restart.py",
    "test_wheel.py",
    "test_hostile_documents.py",
    "test_kill.py",
    "test_page_talk.py",
    "test_page_settings.py",
    "test_page_bad_input.py",
    "test_page_doors.py",
    "test_page_languages.py",
)
"""Files that take some twenty seconds or more, the longest first: begun early, they leave no worker
idle at the end."""

_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<include ignore_missing="yes">/etc/fonts/fonts.conf</include><dir>{}</dir></fontconfig>"""

# A law is not a stopwatch: how long an example takes says more of the machine than of the code.
settings.register_profile("qa3", deadline=None)
# Whether a change is sound must not hang on what chance draws that day: .ci/run tries the same
# examples each time, a desk new ones.
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("qa3")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the long files first; each worker takes one after the other."""
    order = {name: at for at, name in enumerate(LONG)}
    items.sort(key=lambda item: order.get(item.path.name, len(LONG)))


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    """Reports that one process can send another: half a character in a log line is no UTF-8."""
    return whole((yield))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh home: no journal, no settings, no keys."""
    for name in list(os.environ):
        if name.startswith(("QA3_", "OPENAI_", "HF_", "MODELSCOPE_")) or name == "LANG":
            monkeypatch.delenv(name)
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    place = tmp_path / "home"
    monkeypatch.setenv("QA3_HOME", str(place))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return place


@pytest.fixture(autouse=True)
def weights(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights are unpacked once for all tests of this process."""
    shared = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setattr("chains.embedding.mapped_weights.user_folder", lambda _: shared)


@pytest.fixture(autouse=True)
def planting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Planting]:
    """Notes every pair planted for a judge: none may stand in a list or in a file."""
    noted = Planting(monkeypatch)
    yield noted
    assert noted.leaked == []


@pytest.fixture
def server() -> Iterator[Simulated]:
    """A simulated model that answers at once."""
    with Simulated() as running:
        yield running


@pytest.fixture
def gate(server: Simulated) -> Iterator[Gate]:
    """Holds that model's replies back until it is opened."""
    made = Gate()
    server.reply = made
    yield made
    made.open.set()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Debian's Chromium, or whatever of its kind is on the path.

    A module's and no longer: as long as it is open an event loop runs in this process, and in one
    process the files come in any order. Without a single font it dies: pip brings it one.
    """
    import reportlab
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    assert found, "these tests need a browser: sudo apt-get install chromium"
    fonts = tmp_path_factory.mktemp("fonts") / "fonts.conf"
    fonts.write_text(_FONTS.format(Path(reportlab.__file__).parent / "fonts"), "utf-8")
    with sync_playwright() as driver:
        running = driver.chromium.launch(
            executable_path=found,
            args=["--no-sandbox"],
            env={**os.environ, "FONTCONFIG_FILE": str(fonts)},
        )
        yield running
        running.close()


@pytest.fixture(scope="session")
def models() -> Path:
    """Where the set-up placed the model files."""
    return MODELS
