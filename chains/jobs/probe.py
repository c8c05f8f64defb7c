"""What a backend lacks before it can be asked, and what one small question to it shows."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from messages.errors import SaidError
from pairs.records import Reason

from ..environment import secret
from ..errors import UnansweredError
from ..journal.leases import Lease
from ..journal.replies import Journal
from ..llm.backends import Backend
from ..llm.cached_call import CachedModel
from ..llm.client import OpenBackend
from ..llm.providers import PLACEHOLDER
from ..models.gguf import cached_path, find_named, identify, named
from ..settings import Settings

QUESTION = "Write the numbers from one to twenty in words, in one line."
LISTED_SECONDS = 5.0
MOST_SHOWN = 12  # models of an address
_CONTEXT = ("max_model_len", "context_length", "context_window", "max_context_length")
"""What servers call the context of a model that they list: vLLM and SGLang, OpenRouter, others."""


class Finding(BaseModel):
    """The result of one check: ok, a note, or wrong; its sentence says what to do."""

    model_config = ConfigDict(frozen=True)

    state: Literal["ok", "note", "wrong"]
    reason: Reason

    @classmethod
    def of(cls, state: Literal["ok", "note", "wrong"], code: str, **fields: str | int) -> Finding:
        """A finding whose sentence is the message of a code."""
        return cls(state=state, reason=Reason(code=code, fields=fields))


def lacking(backend: Backend) -> Finding | None:
    """What a backend lacks on this machine, or None; nothing is asked or downloaded.

    A note is what qa3 gets by itself when it is needed: the file of the built-in model.

    Args:
        backend: From ``choose`` or ``all_backends``.
    """
    if backend.embedded:
        return _lacking_file(backend.model)
    for name, value in (("base_url", backend.base_url), ("model", backend.model)):
        if value and PLACEHOLDER in value:
            fields = {"backend": backend.name, "name": name, "value": value}
            return Finding.of("wrong", "backend.placeholder", **fields)
    if backend.provider != "openai" and _lacks_package(backend):
        fields = {"backend": backend.name, "provider": backend.provider}
        return Finding.of("wrong", "backend.no_package", **fields)
    variable = backend.api_key_env
    if variable and secret(variable) is None:
        return Finding.of("wrong", "backend.no_key", backend=backend.name, variable=variable)
    return None


def _lacking_file(model: str) -> Finding | None:
    known = named(model)
    try:
        identify(model)
        if find_named(model) or known is None or known.size is None:
            return None
    except SaidError as error:
        return Finding(state="wrong", reason=Reason.of(error))
    megabytes, file = round(known.size / 1e6), str(cached_path(known))
    return Finding.of("note", "doctor.no_model", megabytes=megabytes, file=file)


def _lacks_package(backend: Backend) -> bool:
    if find_spec(f"langchain_{backend.provider}"):
        return False
    from langchain.chat_models import init_chat_model

    try:
        init_chat_model(backend.model, model_provider=backend.provider)
    except ImportError:
        return True
    except Exception:  # noqa: BLE001 - a key, a region: the package is there, and says so itself
        return False
    return False


def ask_once(backend: Backend, settings: Settings) -> Iterator[Finding]:
    """What one small question to a backend shows: speed, context, and what it refused.

    The question is asked as those of a run are, but its reply is kept nowhere.

    Args:
        backend: One that lacks nothing.
        settings: Temperature and time limit; a failure is not retried.
    """
    listed = [] if backend.embedded else _listed(backend)
    names = [str(row.get("id")) for row in listed]
    if names and backend.model not in names:
        shown = ", ".join(names[:MOST_SHOWN]) + (" ..." if len(names) > MOST_SHOWN else "")
        yield Finding.of("note", "doctor.model_unlisted", model=backend.model, listed=shown)
    yield from _smaller_context(backend, listed)
    at_once = settings.model_copy(
        update={"retry_seconds": 0.0, "max_calls": None, "max_tokens_total": None}
    )
    try:
        opened = OpenBackend(backend, at_once)
        opened.llm()  # what it takes to load a model says nothing of its speed
    except SaidError as error:
        yield Finding(state="wrong", reason=Reason.of(error))
        return
    sent = set(opened.parameters)
    try:
        yield _answer(opened, at_once)
    finally:
        opened.close()
    refused = ", ".join(sorted(sent - set(opened.parameters)))
    if refused:
        yield Finding.of("note", "doctor.refused", backend=backend.name, names=refused)


def _answer(opened: OpenBackend, settings: Settings) -> Finding:
    with (
        TemporaryDirectory() as folder,
        Journal(Path(folder) / "journal.sqlite") as journal,
        Lease(journal, threading.Event()) as lease,
    ):
        try:
            reply = CachedModel(opened, journal, lease.id, settings).invoke(QUESTION)
        except UnansweredError as error:
            return Finding(state="wrong", reason=error.reason)
        saved = journal.reply(str(reply.response_metadata["journal_key"]))
    backend = opened.backend
    if not reply.text.strip():
        name, tokens = backend.name, backend.max_tokens
        return Finding.of("wrong", "doctor.no_text", backend=name, tokens=tokens)
    seconds, tokens = (saved.seconds, saved.completion_tokens) if saved else (0.0, 0)
    return Finding.of(
        "ok",
        "doctor.answered",
        backend=backend.name,
        address=opened.address,
        model=opened.model,
        context=backend.context,
        seconds=f"{seconds:.1f}",
        speed=f"{tokens / seconds:.1f}" if seconds and tokens else "?",
    )


def _smaller_context(backend: Backend, listed: list[dict[str, Any]]) -> Iterator[Finding]:
    for row in listed:
        sizes = [row[name] for name in _CONTEXT if isinstance(row.get(name), int)]
        if row.get("id") == backend.model and sizes and sizes[0] < backend.context:
            fields = {"listed": sizes[0], "context": backend.context}
            yield Finding.of("wrong", "doctor.smaller_context", backend=backend.name, **fields)


def _listed(backend: Backend) -> list[dict[str, Any]]:
    """The models that an address lists; none where it does not list any."""
    import httpx

    if not backend.base_url:
        return []
    key = secret(backend.api_key_env) if backend.api_key_env else None
    headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
    try:
        address = f"{backend.base_url.rstrip('/')}/models"
        rows = httpx.get(address, headers=headers, timeout=LISTED_SECONDS).json()["data"]
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
        return []
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
