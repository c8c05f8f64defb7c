"""Checks the machine: packages, backend, model files, journal and disk, with advice."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from messages.errors import SaidError
from pairs.records import Reason

from ..embedding.load import bge_folder
from ..environment import secret, user_folder
from ..journal.replies import Journal
from ..llm.backends import Backend, choose
from ..llm.connection import check_reachable
from ..models.gguf import find_named
from ..settings import Resolved
from .probe import Finding, ask_once, lacking

NEEDED = ("langchain", "langchain-openai", "pypdfium2", "xllamacpp")
EXTRAS = {"sentence-transformers": "bge", "fastapi": "rest", "chainlit": "ui"}
LEAST_FREE = 2_000_000_000  # bytes: the embedded model, and room for a journal


def examine(resolved: Resolved) -> Iterator[Finding]:
    """The results of all checks, one at a time.

    Args:
        resolved: The settings in force; their backend is tried, and where it was named, not left
            to the settings, it is asked one small question.

    Raises:
        SettingsError: There is no such backend.
    """
    python = ".".join(str(part) for part in sys.version_info[:3])
    state: Literal["ok", "wrong"] = "ok" if sys.version_info >= (3, 10) else "wrong"
    yield Finding.of(
        state, "doctor.python" if state == "ok" else "doctor.old_python", version=python
    )
    yield from _packages()
    backend = choose(resolved)
    asked = resolved.origins["backend"] == "flag"
    for finding in _backend(backend):
        yield finding
        asked = asked and finding.state == "ok"
    if asked:
        yield from ask_once(backend, resolved.settings)
    yield from _files(resolved)
    yield from _card()


def _packages() -> Iterator[Finding]:
    missing = [name for name in NEEDED if not _version(name)]
    if missing:
        yield Finding.of("wrong", "doctor.packages_missing", packages=", ".join(missing))
    else:
        yield Finding.of("ok", "doctor.packages")
    for name, extra in EXTRAS.items():
        if not _version(name):
            yield Finding.of("note", "doctor.extra_missing", package=name, extra=extra)


def _backend(backend: Backend) -> Iterator[Finding]:
    lacks = lacking(backend)
    if lacks is not None:
        yield lacks
        return
    if backend.embedded:
        yield Finding.of("ok", "doctor.model", file=str(find_named(backend.model)))
        return
    try:
        check_reachable(backend, secret(backend.api_key_env) if backend.api_key_env else None)
    except SaidError as error:
        yield Finding(state="wrong", reason=Reason.of(error))
    else:
        address = backend.base_url or backend.provider
        yield Finding.of("ok", "doctor.backend", backend=backend.name, address=address)


def _files(resolved: Resolved) -> Iterator[Finding]:
    folder = bge_folder()
    if folder:
        yield Finding.of("ok", "doctor.bge", folder=str(folder))
    else:
        yield Finding.of("note", "doctor.no_bge")
    try:
        with Journal(resolved.settings.journal) as journal:
            yield Finding.of("ok", "doctor.journal", file=str(journal.path))
    except SaidError as error:
        yield Finding(state="wrong", reason=Reason.of(error))
    place = _existing(user_folder("cache"))
    free = shutil.disk_usage(place).free
    code, state = ("doctor.disk", "ok") if free >= LEAST_FREE else ("doctor.disk_full", "wrong")
    yield Finding.of(
        "ok" if state == "ok" else "wrong", code, gigabytes=round(free / 1e9), folder=str(place)
    )


def _card() -> Iterator[Finding]:
    """A finding if there is an NVIDIA card and torch is built for CPUs only."""
    torch = _version("torch")
    if shutil.which("nvidia-smi") and torch and "+cpu" in torch:
        yield Finding.of("wrong", "doctor.cpu_torch", version=torch)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder
