"""A streamed conversation with a backend, free or answered from documents alone."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Literal

from langchain_core.messages import AIMessage
from pydantic import BaseModel, ConfigDict, Field

from loaders import whole_characters
from messages import say
from pairs.records import TokenUsage
from pairs.text.context_dependence import leans
from pairs.text.language import language_of
from prompts.dialogue import check_own_system

from ..errors import ChainError
from ..llm.backends import choose
from ..llm.limits import Pace
from ..llm.loops import ending_repeats
from ..llm.open_backends import OpenBackends
from ..llm.stream import stream
from .lexical_index import terms_of
from .prompt_budget import Request, Turn, build_request, says_nothing
from .retriever import Source
from .visible_text import Speech

if TYPE_CHECKING:
    from ..llm.backends import Backend
    from ..models.gguf import DownloadProgress
    from ..settings import Resolved
    from .retriever import PairRetriever

__all__ = ["Dialogue", "Said", "Source", "Turn"]

LOOK_EVERY = 80  # characters between two checks for a loop
SOURCES = 6
_FOLLOWING = re.compile(
    r"^(?:那么?|还有|然后|为什么呢?|怎么说|and\b|so\b|but\b|then\b|what about|how about|why\??$)"
    r"|[它他她](?!们?家)|这个|那个|该|\b(?:it|its|he|she|they|his|her|their|them|that|this one)\b",
    re.IGNORECASE,
)


class Said(BaseModel):
    """A part of a streamed answer."""

    model_config = ConfigDict(frozen=True)

    text: str = Field(default="", description="what has arrived since the part before")
    sources: tuple[Source, ...] = Field(default=(), description="with the first part")
    found: bool = Field(
        default=True,
        description="False where the documents do not hold the answer; where only the model sees"
        " that, in the last part",
    )
    usage: TokenUsage = Field(default=TokenUsage(), description="with the last part")
    last: bool = False
    ended: Literal["", "length", "loop", "stopped"] = Field(
        default="", description="with the last part: why the answer is not whole"
    )


class Dialogue:
    """Answers questions with a backend; the caller keeps the history, so threads may share it.

    Nothing is connected or started before the first question that the model must answer.

    Args:
        resolved: The settings in force: backend, temperature, max_tokens.
        system: The user's own system prompt; None for a built-in one.
        retriever: Finds the sources of answers; None for a free conversation.
        backends: The pool of open backends; None for a pool of its own.
        progress: Called with ``(file, bytes done, bytes in all)`` while model files are downloaded.

    Raises:
        SettingsError: There is no such backend.
        PromptError: The system prompt is blank or too long.
        WeightsError: The GGUF file named is not there.
    """

    def __init__(
        self,
        resolved: Resolved,
        *,
        system: str | None = None,
        retriever: PairRetriever | None = None,
        backends: OpenBackends | None = None,
        progress: DownloadProgress | None = None,
    ) -> None:
        self._system = check_own_system(None if system is None else whole_characters(system))
        self._retriever = retriever
        self._settings = resolved.settings
        self._backends = backends or OpenBackends(idle=0)
        chosen = _for_chat(choose(resolved))
        self._opened = self._backends.take(chosen, resolved.settings, progress)
        self._lease = ExitStack()
        self._lease.callback(self._backends.give_back, self._opened)
        # Answers are text, not a list of pairs as JSON.
        self._opened.give_up_schema()
        self._whole = threading.Event()
        backend = self._opened.backend
        self._pace = Pace(backend.requests_per_minute, backend.tokens_per_minute)

    def __enter__(self) -> Dialogue:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def model(self) -> str:
        """The model's name."""
        return self._opened.model

    def close(self) -> None:
        """Releases the backend to its pool."""
        self._lease.close()

    def ask(
        self, question: str, history: Sequence[Turn] = (), stop: threading.Event | None = None
    ) -> Iterator[Said]:
        """Yields the answer in parts; the first carries the sources, the last the usage.

        Args:
            question: The user's.
            history: Earlier turns, the oldest first; those that do not fit are left out from the
                oldest on, by whole turns.
            stop: Ends the answer; parts already yielded stay.

        Raises:
            SaidError: The question is blank or too long, or the backend does not answer.
        """
        question = whole_characters(question).strip()
        if not question:
            raise ChainError("chat.blank")
        stop = stop or threading.Event()
        sources: tuple[Source, ...] = ()
        if self._retriever is not None:
            same = self._retriever.same_question(question)
            if same is not None:
                yield Said(text=same.answer, sources=(same,), last=True)
                return
            sources = self._search(self._retriever, question, history)
            if not sources:
                said = say("chat.not_in_documents", language_of(question))
                yield Said(text=said, found=False, last=True)
                return
        with self._backends.turn(self._opened.backend):
            yield from self._answer(question, history, sources, stop)

    def _search(
        self, retriever: PairRetriever, question: str, history: Sequence[Turn]
    ) -> tuple[Source, ...]:
        """The sources to answer from; a follow-up question is searched for with the one before."""
        before = next((turn.text for turn in reversed(history) if turn.role == "user"), "")
        if before and follows(question):
            found = retriever.search(f"{before}\n{question}", SOURCES)
            if found:
                return tuple(found)
        return tuple(retriever.search(question, SOURCES))

    def _answer(
        self,
        question: str,
        history: Sequence[Turn],
        sources: tuple[Source, ...],
        stop: threading.Event,
    ) -> Iterator[Said]:
        """The model's answer; if the request does not fit, it is repeated with less history."""
        backend, history_length = self._opened.backend, len(history)
        room = backend.context - self._opened.parameters["max_tokens"]
        while True:
            request = build_request(
                question,
                history,
                sources,
                system=self._system,
                room=room,
                limit=backend.context,
                most=history_length,
            )
            parts = self._parts(request, question, stop)
            try:
                first = next(parts)
            except ChainError as error:
                # The backend counts more tokens than our estimate.
                shown = len(request.sources)
                if error.code != "chat.too_long" or not (request.history_length or shown > 1):
                    raise
                history_length = request.history_length // 2
                sources = request.sources[: -(-shown // 2)]
                continue
            yield first
            yield from parts
            return

    def _parts(self, request: Request, question: str, stop: threading.Event) -> Iterator[Said]:
        """The parts of one answer, from the chunks of the backend."""
        speech, state, checked = Speech(one_answer=bool(request.sources)), _ReplyState(), 0
        expected = request.tokens + self._opened.parameters["max_tokens"]
        chunks = stream(
            self._opened,
            request.messages,
            pace=self._pace,
            tokens=expected,
            seconds=self._settings.retry_seconds,
            stop=stop,
            whole=self._whole,
        )
        waiting = request.sources
        for chunk in chunks:
            state.note(chunk)
            text = speech.take(chunk.text)
            if text or waiting:
                yield Said(text=text, sources=waiting)
                waiting = ()
            if len(speech.text) - checked > LOOK_EVERY:
                checked = len(speech.text)
                if ending_repeats(speech.text):
                    state.ended = "loop"
            if speech.over or state.ended == "loop":
                break
        chunks.close()
        if stop.is_set():
            state.ended = "stopped"
        rest = speech.finish()
        usage = state.usage(request.tokens)
        self._pace.settle(expected, usage.prompt + usage.completion)
        yield Said(
            text=rest,
            sources=waiting,
            found=not (request.sources and says_nothing(speech.text, question)),
            usage=usage,
            last=True,
            ended=state.why(self._opened.parameters["max_tokens"]),
        )


class _ReplyState:
    """The usage and finish reason in the chunks of a reply."""

    def __init__(self) -> None:
        self.ended: Literal["", "length", "loop", "stopped"] = ""
        self._pieces = 0
        self._finish = ""
        self._counted: TokenUsage | None = None

    def note(self, chunk: AIMessage) -> None:
        """Adds one chunk."""
        self._pieces += bool(chunk.text)
        self._finish = chunk.response_metadata.get("finish_reason") or self._finish
        if chunk.usage_metadata:
            counted = chunk.usage_metadata
            self._counted = TokenUsage(
                calls=1, prompt=counted["input_tokens"], completion=counted["output_tokens"]
            )

    def usage(self, request: int) -> TokenUsage:
        """The backend's token count, else an estimate."""
        return self._counted or TokenUsage(calls=1, prompt=request, completion=self._pieces)

    def why(self, most: int) -> Literal["", "length", "loop", "stopped"]:
        """Why the answer is not whole; ChatGLM3 servers say "stop" even at the token limit."""
        full = self._counted is not None and self._counted.completion >= most
        if not self.ended and (self._finish == "length" or full):
            return "length"
        return self.ended


def follows(question: str) -> bool:
    """Whether a question can be understood only with the one before it."""
    return leans(question) or bool(_FOLLOWING.search(question)) or len(terms_of(question)) <= 1


def _for_chat(backend: Backend) -> Backend:
    """The backend with at most half of its context for an answer, and without a JSON schema."""
    return backend.model_copy(
        update={
            "max_tokens": min(backend.max_tokens, backend.context // 2),
            "response_format": False,
        }
    )
