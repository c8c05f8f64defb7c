"""The backends: the built-in ones, and those of the settings file.

Every backend is an OpenAI-compatible address, or another provider's package through LangChain's
``init_chat_model``; the embedded one is llama.cpp in a child process of ours.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..environment import address_from
from ..errors import JournalError, SettingsError, expected
from ..models.gguf import QWEN_CODER
from ..records import Job
from ..settings import Resolved
from .providers import PROVIDERS

OVERRIDES = {"base_url", "model", "concurrency", "max_tokens", "chunk_size"}
OVERRIDES |= {"requests_per_minute", "tokens_per_minute"}
"""Settings that take the place of a backend's field of the same name."""
_JUDGE = "judge"
"""Key of the judge's own backend beside the fields of the one that makes a job's pairs."""


class Backend(BaseModel):
    """A backend, with the fields of a table ``[backends.NAME]`` in the settings file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    provider: str = Field("openai", description="LangChain's name of the provider")
    base_url: str | None = Field(None, description="None: the provider's own")
    model: str
    api_key_env: str | None = Field(None, description="environment variable that holds the key")
    base_url_env: str | None = Field(None, description="environment variable for another address")
    prompt: str = "chatglm3"
    concurrency: int = Field(1, ge=1, le=256)
    context: int = Field(8192, ge=256, description="tokens of prompt and reply together")
    max_tokens: int = Field(1024, ge=16, description="tokens of one reply")
    chunk_size: int = Field(600, ge=20, description="tokens of one chunk")
    price: tuple[float, float] | None = Field(
        None, description="cost of a million prompt tokens and of a million reply tokens"
    )
    stream: bool = Field(
        False, description="read replies as they are written, to end those that only repeat"
    )
    requests_per_minute: int | None = Field(None, ge=1)
    tokens_per_minute: int | None = Field(None, ge=1)
    response_format: bool = Field(
        False, description="ask for JSON under a schema; given up where the address refuses it"
    )
    checks: Literal["lists", "answers"] = Field(
        "lists",
        description="how pairs are checked: judged as lists, or, by a model too small for that,"
        " each question answered again from its evidence",
    )
    extra_body: dict[str, Any] = Field(default_factory=dict)
    drop: tuple[str, ...] = Field((), description="fields of a request that are never sent")
    rename: dict[str, str] = Field(
        default_factory=dict, description="other names that the server has for fields of a request"
    )

    @property
    def embedded(self) -> bool:
        """Whether the model runs in a child process of qa3, not at an address."""
        return self.name == "embedded" and self.base_url is None

    @property
    def small(self) -> bool:
        """Whether it is an embedded model too small to judge what it made."""
        return self.embedded and self.checks == "answers"


BUILT_IN = {
    backend.name: backend
    for backend in (
        # A penalty on repetition keeps the small model out of its loops: 1.3 times the distinct
        # grounded pairs on the example documents.
        Backend(
            name="embedded",
            model=QWEN_CODER.name,
            context=3072,
            max_tokens=400,
            chunk_size=200,
            stream=True,
            checks="answers",
            extra_body={"frequency_penalty": 0.3},
        ),
        Backend(name="chatglm3", base_url="http://127.0.0.1:8000/v1", model="chatglm3-6b"),
        Backend(
            name="gpt-3.5",
            base_url="https://api.openai.com/v1",
            model="gpt-3.5-turbo",
            api_key_env="OPENAI_API_KEY",
            base_url_env="OPENAI_BASE_URL",
            prompt="gpt-3.5",
            concurrency=8,
            context=16_385,
            max_tokens=2048,
            chunk_size=1200,
        ),
    )
}


_NO_THOUGHT = {"chat_template_kwargs": {"enable_thinking": False}}
_ABLE = {"prompt": "gpt-3.5", "extra_body": _NO_THOUGHT}
FITTED: dict[str, dict[str, Any]] = {
    "qwen2.5-1.5b-instruct": {"context": 4096, "max_tokens": 600, "chunk_size": 300},
    "qwen3-4b": {**_ABLE, "context": 6144, "max_tokens": 1024, "chunk_size": 500},
    "qwen3-8b": {
        **_ABLE,
        "context": 8192,
        "max_tokens": 1536,
        "chunk_size": 700,
        "checks": "lists",
    },
    "qwen3-14b": {
        **_ABLE,
        "context": 8192,
        "max_tokens": 2048,
        "chunk_size": 900,
        "checks": "lists",
    },
}
"""What the embedded backend changes for a model of ``GGUF_MODELS``, so that the form and length of
requests fit its size; those that think by default are asked without."""


def choose(resolved: Resolved) -> Backend:
    """The backend that the settings name, with its fields that the settings override.

    Raises:
        SettingsError: There is no such backend, or its table in the settings file is invalid.
    """
    settings = resolved.settings
    overrides = settings.model_dump(include=OVERRIDES, exclude_none=True)
    model = None if settings.base_url else settings.model
    return _named(settings.backend, resolved, model).model_copy(update=overrides)


def choose_judge(resolved: Resolved) -> Backend | None:
    """The backend that the settings name to judge pairs; None for the one that makes them.

    Raises:
        SettingsError: There is no such backend, or its table in the settings file is invalid.
    """
    name = resolved.settings.judge
    return _named(name, resolved) if name and name != resolved.settings.backend else None


def _named(name: str, resolved: Resolved, model: str | None = None) -> Backend:
    table = resolved.backends.get(name)
    if table is None and name not in BUILT_IN:
        if name in PROVIDERS:
            raise SettingsError("settings.ready_backend", backend=name)
        known = ", ".join([*BUILT_IN, *resolved.backends])
        raise SettingsError("settings.unknown_backend", backend=name, known=known)
    backend = _from_table(name, table or {}, model)
    if backend.base_url_env and address_from(backend.base_url_env):
        backend = backend.model_copy(update={"base_url": address_from(backend.base_url_env)})
    return backend


def tables_of(job: Job) -> dict[str, dict[str, Any]]:
    """The tables of a job's backends by name: the one that makes its pairs, and its judge's own.

    Raises:
        JournalError: Another version wrote the job.
    """
    judge = job.backend.get(_JUDGE)
    own = backend_of(job)
    return {own.name: own.model_dump()} | ({judge["name"]: judge} if judge else {})


def table_for(backend: Backend, judge: Backend | None) -> dict[str, Any]:
    """A job's backend as its row keeps it, with its judge's own if it has one."""
    table = backend.model_dump(mode="json")
    return table if judge is None else {**table, _JUDGE: judge.model_dump(mode="json")}


def backend_of(job: Job) -> Backend:
    """The backend of a job.

    Raises:
        JournalError: Another version wrote the job.
    """
    try:
        return Backend.model_validate({k: v for k, v in job.backend.items() if k != _JUDGE})
    except ValidationError as error:
        raise JournalError("job.other_version", job=job.id) from error


def all_backends(resolved: Resolved) -> list[Backend]:
    """All backends, those of the settings file overriding built-in ones of the same name.

    Raises:
        SettingsError: A backend's table in the settings file is invalid.
    """
    return [_named(name, resolved) for name in {**BUILT_IN, **resolved.backends}]


def _from_table(name: str, table: dict[str, Any], model: str | None = None) -> Backend:
    """A backend of the settings file, of the built-in ones, or of both.

    Args:
        name: Its name.
        table: What the settings file says of it; empty for a built-in one.
        model: The model that takes the place of the table's.
    """
    base = BUILT_IN[name].model_dump() if name in BUILT_IN else {}
    if name == "embedded" and not table.get("base_url"):
        base |= FITTED.get(str(model or table.get("model")).lower(), {})
    try:
        return Backend.model_validate({**base, **table, "name": name})
    except ValidationError as error:
        # A field that there is not goes first: for its sake another one may be missing.
        fault = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
        where = ".".join(str(part) for part in fault["loc"])
        if fault["type"] == "extra_forbidden":
            raise SettingsError("settings.backend_field", backend=name, name=where) from error
        raise SettingsError(
            "settings.backend_table", backend=name, name=where, wanted=expected(fault)
        ) from error
