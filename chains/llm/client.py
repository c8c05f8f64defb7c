"""Opens a backend: its chat model, created at the first request that needs it."""

from __future__ import annotations

import logging
import threading
import time
from functools import cache
from ssl import SSLContext
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from ..errors import BackendError
from ..models.gguf import DownloadProgress, find_or_download, identify
from ..settings import Settings, secret
from .backends import Backend
from .embedded_servers import EMBEDDED

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from endpoint.llamacpp import LlamaServer

log = logging.getLogger(__name__)
REACH_SECONDS = 5.0
PAIRS_SCHEMA = {
    "type": "object",
    "properties": {
        "pairs": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"question": {"type": "string"}, "answer": {"type": "string"}},
                "required": ["question", "answer"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["pairs"],
    "additionalProperties": False,
}


class OpenBackend:
    """A backend with its chat model, and its identity in the journal.

    Nothing is started, downloaded or connected before the first request, so a run whose
    replies are all in the journal costs nothing.

    Args:
        backend: From ``choose``.
        settings: Temperature and time limit.
        progress: Called with ``(file, bytes done, bytes in all)`` while model files are downloaded.

    Attributes:
        model: The model's name, as recorded in pairs.
        address: Its URL; for an embedded model its file's digest, since the port differs
            from run to run.
        parameters: The parameters sent with every request.

    Raises:
        WeightsError: The GGUF file named is not there.
    """

    def __init__(
        self, backend: Backend, settings: Settings, progress: DownloadProgress | None = None
    ) -> None:
        self.backend = backend
        self.parameters: dict[str, Any] = {
            "temperature": settings.temperature,
            "max_tokens": backend.max_tokens,
            **backend.extra_body,
        }
        if backend.response_format:
            schema = {"name": "pairs", "strict": True, "schema": PAIRS_SCHEMA}
            self.parameters["response_format"] = {"type": "json_schema", "json_schema": schema}
        self._settings = settings
        self._progress = progress
        self._lock = threading.Lock()
        self._server: LlamaServer | None = None
        self._llm: BaseChatModel | None = None
        self.model, self.address = backend.model, backend.base_url or backend.provider
        if backend.embedded:
            self.model, digest = identify(backend.model)
            self.address = f"embedded:{digest}"

    def llm(self) -> BaseChatModel:
        """The chat model, created at the first call.

        Raises:
            BackendError: The key or the provider's package is missing, or there is no response.
            WeightsError: The embedded model's file is missing and cannot be downloaded.
            EndpointError: llama.cpp does not start.
        """
        with self._lock:
            if self._llm is None:
                self._llm = self._start() if self.backend.embedded else self._connect()
            return self._llm

    def _start(self) -> BaseChatModel:
        path = find_or_download(self.backend.model, self._progress)
        slots, began = self.backend.concurrency, time.monotonic()
        self._server = EMBEDDED.take(path, context=self.backend.context, slots=slots)
        log.info("model %s ready in %.1f s", self.model, time.monotonic() - began)
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
            "max_retries": 0,  # retry.py retries, and knows which errors may pass
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

    def give_up_schema(self) -> None:
        """Drops the JSON schema from all further requests: the address does not accept one."""
        with self._lock:
            if "response_format" in self.parameters:
                # A new dictionary: requests under way keep the one they were sent with.
                rest = {n: v for n, v in self.parameters.items() if n != "response_format"}
                self.parameters, self._llm = rest, None
                log.info("%s does not take a JSON schema: asked without from now on", self.model)

    def alive(self) -> bool:
        """Whether it can still be called: the process of an embedded model may have died."""
        with self._lock:
            return self._server is None or self._server.alive()

    def close(self) -> None:
        """Stops an embedded model's process unless others use it; harmless if there is none."""
        with self._lock:
            if self._server is not None:
                EMBEDDED.give_back(self._server)
            self._server = self._llm = None


def check_reachable(backend: Backend, key: SecretStr | None) -> None:
    """Requests the list of models, so that a wrong address or key is reported at once.

    Raises:
        BackendError: There is no response within 5 s, or the key is refused.
    """
    import httpx

    address = f"{(backend.base_url or '').rstrip('/')}/models"
    headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
    try:
        answer = httpx.get(address, headers=headers, timeout=REACH_SECONDS, verify=_certificates())
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise BackendError(
            "backend.unreachable", backend=backend.name, address=backend.base_url
        ) from error
    if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise wrong_key(backend)


@cache
def _certificates() -> SSLContext:
    """The certificate authorities, read once: that takes 20 ms."""
    import httpx

    return httpx.create_ssl_context()


def wrong_key(backend: Backend) -> BackendError:
    """The error for a refused key, naming the variable and never the key."""
    return BackendError(
        "backend.wrong_key",
        backend=backend.name,
        address=backend.base_url or backend.provider,
        variable=backend.api_key_env or "api_key_env",
    )
