"""The FastAPI application: chat, completions, embeddings, models, and what watches it.

Handlers never block the event loop: parsing, tokenizing and generating run in threads.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Hashable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeAlias, TypeVar

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.middleware.cors import CORSMiddleware

from serving import language_of

from ..errors import EndpointError
from ..model.engine import Engine
from .auth import LOOPBACK_ORIGIN, check_caller, usable_key, usable_origins
from .detokenize import Piece, Tokenizer
from .embedder import Embedder
from .errors import answer_errors
from .fair_queue import Turns
from .generation import Plan, chat_plans, completion_plans, read_tokens
from .json_body import parse_body, plain, read_body
from .messages import refuse_far_too_long
from .observe import Metrics, Observed
from .requests import named_alike, read_chat, read_completion, read_embedding
from .responses import ChatAnswer, CompletionAnswer, Reply, embedding_list, model_card
from .streaming import Answers, AnswerStream, unless_gone

QUEUE = 128  # requests that may wait for a turn
READERS = 2  # threads that parse bodies and encode prompts
Result = TypeVar("Result")
Shapes: TypeAlias = "ChatAnswer | CompletionAnswer"


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
    router = APIRouter(dependencies=[Depends(service.check)])
    for path, handler in (
        ("/chat/completions", service.chat),
        ("/completions", service.completions),
        ("/embeddings", service.embeddings),
        ("/tokenize", service.tokenize),
    ):
        router.add_api_route(path, handler, methods=["POST"])
    router.add_api_route("/models", service.models, methods=["GET"])
    router.add_api_route("/models/{name:path}", service.model, methods=["GET"])
    router.add_api_route("/version", service.version, methods=["GET"])
    router.add_api_route("/metrics", service.measured, methods=["GET"])
    app.include_router(router, prefix="/v1")
    app.include_router(router)  # for those whose base URL lacks the /v1
    app.add_api_route("/health", service.health, methods=["GET", "HEAD"])
    answer_errors(app)
    app.add_middleware(Observed, metrics=service.metrics)
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
    metrics: Metrics = field(default_factory=Metrics)

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
        plans = await self._read(lambda: self._chat_plans(body))
        return await self._answered(request, body, plans, ChatAnswer)

    async def completions(self, request: Request) -> Response:
        """``POST /v1/completions``."""
        body = await self._body(request)
        plans = await self._read(lambda: self._completion_plans(body))
        return await self._answered(request, body, plans, CompletionAnswer)

    async def tokenize(self, request: Request) -> dict[str, Any]:
        """``POST /tokenize``: ``prompt``, ``content`` or ``messages`` as ids."""
        body = await self._body(request)
        ids = await self._read(lambda: read_tokens(body, self.tokenizer))
        return {"count": len(ids), "max_model_len": self.engine.context, "tokens": ids}

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
            if wanted.dimensions not in (None, len(vectors[0])):
                raise EndpointError(
                    "endpoint.unsupported", name="dimensions", given=wanted.dimensions
                )
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
            if named_alike(name, card["id"]):
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

    async def version(self) -> dict[str, str]:
        """``GET /version``."""
        try:
            return {"version": version("qa3")}
        except PackageNotFoundError:  # run from its folder
            return {"version": "0"}

    async def measured(self) -> Response:
        """``GET /metrics``."""
        turns = self.turns
        text = self.metrics.text(running=turns.running, waiting=turns.waiting, slots=turns.slots)
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

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

    def _chat_plans(self, body: dict[str, Any]) -> list[Plan]:
        """The answers that a chat request asks for."""
        engine = self.engine
        asked = read_chat(body, context=engine.context, seeded=engine.seeded, guided=engine.guided)
        self._refuse_other_models(asked.wanted.model)
        refuse_far_too_long(asked.messages, engine.context)
        return chat_plans(asked, engine, self.tokenizer)

    def _completion_plans(self, body: dict[str, Any]) -> list[Plan]:
        """The answers that a completion request asks for."""
        engine = self.engine
        asked = read_completion(body, seeded=engine.seeded, guided=engine.guided)
        self._refuse_other_models(asked.wanted.model)
        refuse_far_too_long([("user", text) for text in asked.prompts], engine.context, "prompt")
        return completion_plans(asked, engine, self.tokenizer)

    def _refuse_other_models(self, name: str) -> None:
        if not named_alike(name, self.name, self.engine.name):
            raise self._unknown(name, self.name)

    async def _answered(
        self, request: Request, body: dict[str, Any], plans: list[Plan], kind: type[Shapes]
    ) -> Response:
        """The response with the answers, whole or as a stream."""
        wanted = plans[0].wanted
        prompt = sum(len(plan.ids) for plan in plans if plan.index == 0)
        shape = kind(self.name, prompt, counted=wanted.usage)
        makers = [partial(plan.pieces, self.engine, self.tokenizer) for plan in plans]
        metrics, caller = self.metrics, _caller(request, body)
        metrics.prompt_tokens += prompt
        answers = Answers(makers, self.turns, caller, self.makers, metrics.add_answer)
        if not wanted.stream:
            replies = await unless_gone(request, self._whole(answers))
            return JSONResponse(shape.whole(replies))
        first = await unless_gone(request, self._first(answers))
        language = language_of(request.headers.get("accept-language", ""))
        return AnswerStream(answers, first, shape, usage=wanted.usage, language=language)

    async def _first(self, answers: Answers) -> tuple[int, Piece]:
        """The first piece of any answer; without it all of them are cancelled."""
        try:
            return await answers.next()
        except BaseException:
            answers.cancel()
            raise

    async def _whole(self, answers: Answers) -> list[Reply]:
        """All answers, each when its last piece is there."""
        texts = [""] * answers.count
        last: dict[int, Piece] = {}
        try:
            while len(last) < answers.count:
                index, piece = await answers.next()
                texts[index] += piece.text
                if piece.finish:
                    last[index] = piece
        finally:
            answers.cancel()
        return [Reply(text, last[index]) for index, text in enumerate(texts)]

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
