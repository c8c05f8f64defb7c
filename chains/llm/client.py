"""Opens a backend: its chat model, created at the first request that needs it."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from ..environment import secret
from ..errors import BackendError
from ..models.gguf import DownloadProgress, find_or_download, identify
from ..settings import Settings
from .backends import Backend
from .connection import certificates, check_reachable, proxy_for, tidy_address
from .embedded_servers import EMBEDDED
from .request_form import RequestForm

if TYPE_CHECKING:
    from httpx import Client
    from langchain_core.language_models import BaseChatModel

    from endpoint.llamacpp import LlamaServer

log = logging.getLogger(__name__)
_OPENAI = "https://api.openai.com/v1"
ROOM = 4
"""How many times longer replies may be once a model has used up its tokens by thinking."""
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
        first_parameters: Those of the first one.
        form: The form in which the server takes requests.
        roomy: Whether replies may be longer than set, since a model thinks.

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
        self.first_parameters = self.parameters
        self.roomy = False
        self.form = RequestForm(backend.drop, backend.rename)
        self._settings = settings
        self._progress = progress
        self._lock = threading.Lock()
        self._server: LlamaServer | None = None
        self._llm: BaseChatModel | None = None
        self._http: Client | None = None
        self.model = backend.model
        self.address = tidy_address(backend.base_url or "") or backend.provider
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
        address = check_reachable(backend, key) if backend.base_url else None
        return self._chat_model(address, key)

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
            options |= self._clients(base_url)
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

    def _clients(self, address: str | None) -> dict[str, Any]:
        """The clients that the package for OpenAI's protocol calls the address with."""
        import httpx
        from langchain_openai import ChatOpenAI

        from .transport import http_client

        if self._http is None:
            self._http = http_client(
                self.form,
                timeout=self._settings.timeout,
                proxy=proxy_for(address or _OPENAI),
                certificates=certificates(),
                thoughts=self._settings.keep_reasoning,
            )
        # The other is never used, but made by the package, which stumbles over some proxies.
        unused = httpx.AsyncClient(verify=certificates(), trust_env=False)
        clients: dict[str, Any] = {"http_client": self._http, "http_async_client": unused}
        if "http_socket_options" in ChatOpenAI.model_fields:
            clients["http_socket_options"] = ()  # of clients of its own: else it warns of ours
        return clients

    def give_up_schema(self) -> None:
        """Drops the JSON schema from all further requests: the address does not accept one."""
        with self._lock:
            if "response_format" in self.parameters:
                # A new dictionary: requests under way keep the one they were sent with.
                rest = {n: v for n, v in self.parameters.items() if n != "response_format"}
                self.parameters, self._llm = rest, None
                log.info("%s does not take a JSON schema: asked without from now on", self.model)

    def give_more_room(self, asked: dict[str, Any]) -> bool:
        """Whether replies may be longer now than in a request whose tokens thoughts used up.

        Args:
            asked: The parameters of that request.
        """
        with self._lock:
            if self.parameters["max_tokens"] > asked["max_tokens"]:
                return True
            most = self._longest(asked)
            if self.roomy or most <= asked["max_tokens"]:
                return False
            self.roomy = True
            self.parameters, self._llm = {**self.parameters, "max_tokens": most}, None
        log.warning("%s used up its tokens by thinking: up to %d from now on", self.model, most)
        return True

    @property
    def roomy_parameters(self) -> dict[str, Any]:
        """The parameters of a first request whose reply may be longer, since the model thinks."""
        first = self.first_parameters
        return {**first, "max_tokens": max(self._longest(first), first["max_tokens"])}

    def _longest(self, asked: dict[str, Any]) -> int:
        return min(ROOM * int(asked["max_tokens"]), self.backend.context // 2)

    def alive(self) -> bool:
        """Whether it can still be called: the process of an embedded model may have died."""
        with self._lock:
            return self._server is None or self._server.alive()

    def close(self) -> None:
        """Stops an embedded model's process unless others use it; harmless if there is none."""
        with self._lock:
            if self._server is not None:
                EMBEDDED.give_back(self._server)
            if self._http is not None:
                self._http.close()
            self._server = self._llm = self._http = None
