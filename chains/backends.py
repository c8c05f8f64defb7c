"""Who answers: the built-in backends, those of the settings file, and the chat model of each.

Every backend is an OpenAI-compatible address, or another provider's package through LangChain's
``init_chat_model``; the embedded one is llama.cpp in a child process of ours.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from .errors import BackendError, SettingsError
from .settings import Resolved, Settings, address_from, secret
from .weights import QWEN_CODER, Progress, find_or_download, identify

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from endpoint.llamacpp import LlamaServer

REACH_SECONDS = 5.0


class Backend(BaseModel):
    """One who answers, as a row of the settings file: ``[backends.NAME]``."""

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
    extra_body: dict[str, Any] = Field(default_factory=dict)


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


def choose(resolved: Resolved) -> Backend:
    """The backend the settings name, with what the settings say about it laid over.

    Raises:
        SettingsError: There is none of that name, or its table in the settings file is wrong.
    """
    settings = resolved.settings
    table = resolved.backends.get(settings.backend)
    if table is not None:
        backend = _from_table(settings.backend, table)
    elif settings.backend in BUILT_IN:
        backend = BUILT_IN[settings.backend]
    else:
        known = ", ".join([*BUILT_IN, *resolved.backends])
        raise SettingsError("settings.unknown_backend", backend=settings.backend, known=known)
    if backend.base_url_env and address_from(backend.base_url_env):
        backend = backend.model_copy(update={"base_url": address_from(backend.base_url_env)})
    said = settings.model_dump(
        include={"base_url", "model", "concurrency", "max_tokens", "chunk_size"}, exclude_none=True
    )
    return backend.model_copy(update=said)


def all_backends(resolved: Resolved) -> list[Backend]:
    """Every backend a user can name, the settings file's laid over the built-in ones.

    Raises:
        SettingsError: A backend's table in the settings file is wrong.
    """
    written = {name: _from_table(name, table) for name, table in resolved.backends.items()}
    return list({**BUILT_IN, **written}.values())


def _from_table(name: str, table: dict[str, Any]) -> Backend:
    base = BUILT_IN[name].model_dump() if name in BUILT_IN else {}
    try:
        return Backend.model_validate({**base, **table, "name": name})
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise SettingsError(
            "settings.backend_table", backend=name, name=where, reason=fault["msg"]
        ) from error


class OpenBackend:
    """A backend that can be asked, and what names it in the journal.

    Nothing is started, downloaded or connected before the first request needs it, so a run whose
    replies are all in the journal costs nothing.

    Args:
        backend: From ``choose``.
        settings: Temperature and time limit.
        progress: Told ``(file, bytes done, bytes in all)`` while model files are downloaded.

    Attributes:
        model: The model's name, as pairs carry it.
        address: Where it answers; for an embedded model its file's digest, since the port differs
            from run to run.
        parameters: What every request asks for beside its messages.

    Raises:
        WeightsError: The GGUF file named is not there.
    """

    def __init__(
        self, backend: Backend, settings: Settings, progress: Progress | None = None
    ) -> None:
        self.backend = backend
        self.parameters: dict[str, Any] = {
            "temperature": settings.temperature,
            "max_tokens": backend.max_tokens,
            **backend.extra_body,
        }
        self._settings = settings
        self._progress = progress
        self._lock = threading.Lock()
        self._server: LlamaServer | None = None
        self._llm: BaseChatModel | None = None
        self.embedded = backend.name == "embedded" and backend.base_url is None
        self.model, self.address = backend.model, backend.base_url or backend.provider
        if self.embedded:
            self.model, digest = identify(self._own_file())
            self.address = f"embedded:{digest}"

    def llm(self) -> BaseChatModel:
        """The chat model, made at the first call.

        Raises:
            BackendError: The key or the provider's package is missing, or nobody answers.
            WeightsError: The embedded model's file is missing and cannot be downloaded.
            EndpointError: llama.cpp does not start.
        """
        with self._lock:
            if self._llm is None:
                self._llm = self._start() if self.embedded else self._connect()
            return self._llm

    def _own_file(self) -> Path | None:
        """The GGUF the user names; None for the built-in model."""
        if self.backend.model == QWEN_CODER.name:
            return None
        return Path(self.backend.model).expanduser()

    def _start(self) -> BaseChatModel:
        from endpoint.llamacpp import LlamaServer

        path = find_or_download(self._own_file(), self._progress)
        slots = self.backend.concurrency
        self._server = LlamaServer(path, context=self.backend.context, slots=slots).start()
        return self._chat_model(self._server.base_url, SecretStr(self._server.api_key))

    def _connect(self) -> BaseChatModel:
        backend = self.backend
        key = secret(backend.api_key_env) if backend.api_key_env else SecretStr("none")
        if key is None:
            raise BackendError("backend.no_key", backend=backend.name, variable=backend.api_key_env)
        if backend.base_url:
            check_reachable(backend, key)
        return self._chat_model(backend.base_url, key)

    def _chat_model(self, base_url: str | None, key: SecretStr) -> BaseChatModel:
        from langchain.chat_models import init_chat_model

        backend, settings = self.backend, self._settings
        options: dict[str, Any] = {
            "temperature": settings.temperature,
            "timeout": settings.timeout,
            "max_retries": 0,  # asking.py retries, and knows what is worth it
            "api_key": key,
            "stream_usage": True,
        }
        if base_url:
            options["base_url"] = base_url
        if backend.provider == "openai":
            # As extra_body, because ChatOpenAI would rename max_tokens to a field that ChatGLM3
            # servers ignore.
            extra = dict(self.parameters)
            del extra["temperature"]
            options["extra_body"] = extra
        else:
            options["max_tokens"] = backend.max_tokens
        try:
            llm: BaseChatModel = init_chat_model(
                self.model, model_provider=backend.provider, **options
            )
        except ImportError as error:
            raise BackendError(
                "backend.no_package", backend=backend.name, provider=backend.provider
            ) from error
        except ValueError as error:
            reason = str(error).splitlines()[0]
            raise BackendError("backend.unusable", backend=backend.name, reason=reason) from error
        return llm

    def close(self) -> None:
        """Ends an embedded model's process; harmless where there is none."""
        with self._lock:
            if self._server is not None:
                self._server.stop()
            self._server = self._llm = None


def check_reachable(backend: Backend, key: SecretStr | None) -> None:
    """Asks for the list of models, so that a wrong address or key is said at once.

    Raises:
        BackendError: Nobody answers within 5 s, or the key is refused.
    """
    import httpx

    address = f"{(backend.base_url or '').rstrip('/')}/models"
    headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
    try:
        answer = httpx.get(
            address,
            headers=headers,
            timeout=REACH_SECONDS,
        )
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise BackendError(
            "backend.unreachable", backend=backend.name, address=backend.base_url
        ) from error
    if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise wrong_key(backend)


def wrong_key(backend: Backend) -> BackendError:
    """The error for a refused key, naming the variable and never the key."""
    return BackendError(
        "backend.wrong_key",
        backend=backend.name,
        address=backend.base_url or backend.provider,
        variable=backend.api_key_env or "api_key_env",
    )
