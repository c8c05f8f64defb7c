"""The FastAPI application: chat completions, embeddings, models, health.

Handlers never block the event loop: parsing, tokenizing and generating run in threads.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Hashable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.middleware.cors import CORSMiddleware

from serving import language_of

from ..errors import EndpointError
from ..model.engine import Engine
from .auth import LOOPBACK_ORIGIN, check_caller, usable_key, usable_origins
from .detokenize import Piece, Tokenizer, generate_text
from .embedder import Embedder
from .errors import answer_errors
from .fair_queue import Turns
from .json_body import parse_body, plain, read_body
from .messages import refuse_far_too_long
from .requests import ChatRequest, read_chat, read_embedding
from .responses import ChatAnswer, embedding_list, model_card
from .streaming import Answer, AnswerStream, unless_gone

QUEUE = 128  # requests that may wait for a turn
READERS = 2  # threads that parse bodies and encode prompts
Result = TypeVar("Result")


def create_app(
    engine: Engine,
    tokenizer: Tokenizer,
    *,
    model_name: str,
    api_key: str = "",
    slots: int = 8,
    queue: int = QUEUE,
    embedder: Embedder | None = None,
    origins: Iterable[str] = (),
) -> FastAPI:
    """The FastAPI application for a loaded model; its shutdown closes the engine.

    Args:
        engine: Makes the answers.
        tokenizer: The engine's.
        model_name: As it is listed; callers may also use the engine's own name, in any case.
        api_key: What callers have to show; empty for none.
        slots: Answers made at the same time.
        queue: Requests that may wait for one.
        embedder: For ``/v1/embeddings``; None to answer there that there is none.
        origins: Of web pages that may ask and read answers, such as ``https://example.org``. With a
            key, those of this machine may as well.

    Raises:
        EndpointError: The key or an origin cannot be one.
    """
    key, pages = usable_key(api_key), usable_origins(origins)
    service = _Service(engine, tokenizer, model_name, key, pages, Turns(slots, queue), embedder)
    app = FastAPI(
        title="qa3 endpoint",
        lifespan=service.lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    router = APIRouter(prefix="/v1", dependencies=[Depends(service.check)])
    router.add_api_route("/chat/completions", service.chat, methods=["POST"])
    router.add_api_route("/embeddings", service.embeddings, methods=["POST"])
    router.add_api_route("/models", service.models, methods=["GET"])
    router.add_api_route("/models/{name:path}", service.model, methods=["GET"])
    app.include_router(router)
    app.add_api_route("/health", service.health, methods=["GET"])
    answer_errors(app)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=pages,
        allow_origin_regex=LOOPBACK_ORIGIN if key else None,
        allow_methods=["GET", "POST"],
        allow_headers=["*"],  # clients in JavaScript send a dozen of their own
        allow_private_network=True,
        expose_headers=["Retry-After", "X-Request-Id"],
    )
    return app


@dataclass
class _Service:
    """The route handlers and their shared state."""

    engine: Engine
    tokenizer: Tokenizer
    name: str
    api_key: str
    origins: tuple[str, ...]
    turns: Turns
    embedder: Embedder | None
    started: int = field(default_factory=lambda: int(time.time()))

    def __post_init__(self) -> None:
        self.embedding_turns = Turns(1, self.turns.places)
        self.readers = ThreadPoolExecutor(READERS, "qa3-read")
        self.makers = ThreadPoolExecutor(self.turns.slots, "qa3-answer")
        self.embedders = ThreadPoolExecutor(1, "qa3-embed")

    @asynccontextmanager
    async def lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        """Closes the engine when the service ends."""
        yield
        for pool in (self.readers, self.makers, self.embedders):
            pool.shutdown(wait=False, cancel_futures=True)
        await asyncio.to_thread(self.engine.close)

    async def check(self, request: Request) -> None:
        """Raises EndpointError if the request is not authorized."""
        check_caller(request.headers, self.api_key, self.origins)

    async def chat(self, request: Request) -> Response:
        """``POST /v1/chat/completions``."""
        body = await self._body(request)
        chat_request, ids = await self._read(lambda: self._prompt(body))
        shape = ChatAnswer(self.name, len(ids))
        caller = _caller(request, body)
        if not chat_request.stream:
            text, last = await unless_gone(request, self._whole(caller, chat_request, ids))
            return JSONResponse(shape.whole(text, last))
        answer, first = await unless_gone(request, self._start_answer(caller, chat_request, ids))
        language = language_of(request.headers.get("accept-language", ""))
        return AnswerStream(answer, first, shape, usage=chat_request.usage, language=language)

    async def embeddings(self, request: Request) -> Response:
        """``POST /v1/embeddings``."""
        body = await self._body(request)
        wanted = await self._read(lambda: read_embedding(body))
        embedder = self.embedder
        if embedder is None:
            raise EndpointError("endpoint.no_embedding")
        if not embedder.answers_to(wanted.model):
            raise self._unknown(wanted.model, embedder.name)

        def embed() -> bytes:
            vectors, tokens = embedder.embed(wanted.texts)
            listed = embedding_list(vectors, embedder.name, tokens, as_base64=wanted.base64)
            return bytes(JSONResponse(listed).body)

        caller = _caller(request, body)
        content = await unless_gone(request, self._embedded(caller, embed))
        return Response(content, media_type="application/json")

    async def models(self) -> dict[str, Any]:
        """``GET /v1/models``."""
        return {"object": "list", "data": self._cards()}

    async def model(self, name: str) -> dict[str, Any]:
        """``GET /v1/models/NAME``."""
        for card in self._cards():
            if card["id"].lower() == name.lower():
                return card
        raise self._unknown(name, *(card["id"] for card in self._cards()))

    async def health(self) -> dict[str, Any]:
        """``GET /health``."""
        turns = self.turns
        return {
            "status": "ok",
            "model": self.name,
            "context": self.engine.context,
            "slots": turns.slots,
            "running": turns.running,
            "waiting": turns.waiting,
        }

    def _cards(self) -> list[dict[str, Any]]:
        cards = [model_card(self.name, self.started, self.engine.context)]
        if self.embedder:
            cards.append(model_card(self.embedder.name, self.started, self.embedder.longest))
        return cards

    async def _body(self, request: Request) -> dict[str, Any]:
        content = await read_body(request)
        return await self._read(lambda: parse_body(content))

    async def _read(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self.readers, work)

    def _prompt(self, body: dict[str, Any]) -> tuple[ChatRequest, list[int]]:
        """The validated request and its prompt ids, which leave room for an answer."""
        context = self.engine.context
        chat_request = read_chat(body, context=context, seeded=self.engine.seeded)
        if chat_request.model.lower() not in {self.name.lower(), self.engine.name.lower()}:
            raise self._unknown(chat_request.model, self.name)
        refuse_far_too_long(chat_request.messages, context)
        ids = self.tokenizer.prompt_ids(chat_request.messages)
        if len(ids) >= context:
            raise EndpointError(
                "endpoint.prompt_too_long", name="messages", tokens=len(ids), context=context
            )
        return chat_request, ids

    async def _start_answer(
        self, caller: Hashable, chat_request: ChatRequest, ids: list[int]
    ) -> tuple[Answer, Piece]:
        """A started answer and its first piece."""
        await self.turns.take(caller)
        limit = self.engine.context - len(ids)
        sampling = replace(
            chat_request.sampling, max_tokens=min(chat_request.sampling.max_tokens, limit)
        )
        pieces = generate_text(self.engine, self.tokenizer, ids, sampling, chat_request.stop)
        answer = Answer(pieces, self.turns, self.makers)
        try:
            return answer, await answer.next()
        except BaseException:
            answer.cancel()
            raise

    async def _whole(
        self, caller: Hashable, chat_request: ChatRequest, ids: list[int]
    ) -> tuple[str, Piece]:
        """The whole text of an answer, and its last piece."""
        answer, piece = await self._start_answer(caller, chat_request, ids)
        parts = [piece.text]
        try:
            while not piece.finish:
                piece = await answer.next()
                parts.append(piece.text)
        finally:
            answer.cancel()
        return "".join(parts), piece

    async def _embedded(self, caller: Hashable, embed: Callable[[], bytes]) -> bytes:
        await self.embedding_turns.take(caller)
        began = time.monotonic()
        try:
            return await asyncio.get_running_loop().run_in_executor(self.embedders, embed)
        finally:
            self.embedding_turns.give_back(time.monotonic() - began)

    def _unknown(self, given: str, *known: str) -> EndpointError:
        return EndpointError(
            "endpoint.unknown_model", name="model", given=plain(given), known=", ".join(known)
        )


def _caller(request: Request, body: dict[str, Any]) -> Hashable:
    """Identifies a caller for the fair queue: address, key, and the ``user`` parameter."""
    host = request.client.host if request.client else ""
    return host, request.headers.get("authorization", ""), str(body.get("user") or "")[:200]
