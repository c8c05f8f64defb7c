"""Checks the machine: packages, backend, model files, journal and disk, with advice."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from messages.errors import SaidError
from pairs.records import Reason

from ..embedding.load import bge_folder
from ..journal.replies import Journal
from ..llm.backends import Backend, choose
from ..llm.connection import check_reachable
from ..models.gguf import QWEN_CODER, cached_path, find
from ..settings import Resolved, secret, user_folder

NEEDED = ("langchain", "langchain-openai", "pypdfium2", "xllamacpp")
EXTRAS = {"sentence-transformers": "bge", "fastapi": "rest", "chainlit": "ui"}
LEAST_FREE = 2_000_000_000  # bytes: the embedded model, and room for a journal


class Finding(BaseModel):
    """The result of one check: ok, a note, or wrong; its sentence says what to do."""

    model_config = ConfigDict(frozen=True)

    state: Literal["ok", "note", "wrong"]
    reason: Reason


def _finding(state: Literal["ok", "note", "wrong"], code: str, **fields: str | int) -> Finding:
    return Finding(state=state, reason=Reason(code=code, fields=fields))


def examine(resolved: Resolved) -> Iterator[Finding]:
    """The results of all checks, one at a time.

    Args:
        resolved: The settings in force; their backend is tried.

    Raises:
        SettingsError: There is no such backend.
    """
    python = ".".join(str(part) for part in sys.version_info[:3])
    state: Literal["ok", "wrong"] = "ok" if sys.version_info >= (3, 10) else "wrong"
    yield _finding(state, "doctor.python" if state == "ok" else "doctor.old_python", version=python)
    yield from _packages()
    yield from _backend(choose(resolved))
    yield from _files(resolved)
    yield from _card()


def _packages() -> Iterator[Finding]:
    missing = [name for name in NEEDED if not _version(name)]
    if missing:
        yield _finding("wrong", "doctor.packages_missing", packages=", ".join(missing))
    else:
        yield _finding("ok", "doctor.packages")
    for name, extra in EXTRAS.items():
        if not _version(name):
            yield _finding("note", "doctor.extra_missing", package=name, extra=extra)


def _backend(backend: Backend) -> Iterator[Finding]:
    if backend.embedded:
        try:
            found = find(QWEN_CODER)
        except SaidError as error:
            yield Finding(state="wrong", reason=Reason.of(error))
            return
        if found:
            yield _finding("ok", "doctor.model", file=str(found))
        else:
            megabytes = round(QWEN_CODER.size / 1e6)
            file = str(cached_path(QWEN_CODER))
            yield _finding("note", "doctor.no_model", megabytes=megabytes, file=file)
        return
    key = secret(backend.api_key_env) if backend.api_key_env else None
    if backend.api_key_env and key is None:
        variable = backend.api_key_env
        yield _finding("wrong", "backend.no_key", backend=backend.name, variable=variable)
        return
    try:
        check_reachable(backend, key)
    except SaidError as error:
        yield Finding(state="wrong", reason=Reason.of(error))
    else:
        address = backend.base_url or backend.provider
        yield _finding("ok", "doctor.backend", backend=backend.name, address=address)


def _files(resolved: Resolved) -> Iterator[Finding]:
    folder = bge_folder()
    if folder:
        yield _finding("ok", "doctor.bge", folder=str(folder))
    else:
        yield _finding("note", "doctor.no_bge")
    try:
        with Journal(resolved.settings.journal) as journal:
            yield _finding("ok", "doctor.journal", file=str(journal.path))
    except SaidError as error:
        yield Finding(state="wrong", reason=Reason.of(error))
    place = _existing(user_folder("cache"))
    free = shutil.disk_usage(place).free
    code, state = ("doctor.disk", "ok") if free >= LEAST_FREE else ("doctor.disk_full", "wrong")
    yield _finding(
        "ok" if state == "ok" else "wrong", code, gigabytes=round(free / 1e9), folder=str(place)
    )


def _card() -> Iterator[Finding]:
    """A finding if there is an NVIDIA card and torch is built for CPUs only."""
    torch = _version("torch")
    if shutil.which("nvidia-smi") and torch and "+cpu" in torch:
        yield _finding("wrong", "doctor.cpu_torch", version=torch)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder
