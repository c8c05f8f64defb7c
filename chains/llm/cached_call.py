"""A chat model with a persistent cache: each distinct request is sent and paid for once."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from typing import Any

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import Runnable, RunnableConfig

from loaders import count_tokens
from messages.errors import SaidError
from pairs.records import Reason

from ..errors import BackendError, JournalError, UnansweredError
from ..journal.replies import Replies, request_key
from ..parsing.cleaning import clean
from ..records import LOOP, THOUGHT, Reply, is_watched
from ..settings import Settings
from .backends import Backend
from .client import OpenBackend
from .connection import failure
from .errors import classify, is_about_schema, reason_of
from .finish import Endings, cut_code, is_cut
from .limits import Budget, Pace
from .reply_messages import as_message, has_pair, messages_of, request_metadata
from .retry import read_stream, until_answered

log = logging.getLogger(__name__)

LOST_IN_A_ROW = 2  # unanswered requests, with none answered in between, that end the run
USELESS_AT_FIRST = 32  # replies of no use from a model that is known to answer, that end it too
LEAST_CONTEXT = 256  # tokens: no server reads fewer, so that a smaller count is none of a prompt
POLL_SECONDS = 0.1  # between checks whether another run's call was answered


class CachedModel(Runnable[LanguageModelInput, AIMessage]):
    """The model in ``prompt | llm | parser``; each request is paid for at most once.

    A request whose reply is in the journal is answered from there. Any other is claimed, so that no
    other run sends it too, waits for the rate limit, is sent, retried and written to the journal.
    Safe to call from any number of threads.

    The reply's ``response_metadata`` gives under ``journal_key`` its key in the journal,
    under ``from_journal`` whether it came from there at no cost, under ``truncated`` whether the
    token limit cut it off.

    Args:
        opened: The backend; connected to at the first request the journal cannot answer.
        journal: Where replies are looked up and saved.
        owner: Id of the lease under which requests are claimed in the journal.
        settings: Budget, limits, and how long a failing request is retried.
        stop: Once set, only replies in the journal are given.
        beside: Another model of the run, whose budget it shares, and its rate as well where both
            ask the same backend; a failure of one leaves the other.
        proved: Whether it is known to answer; otherwise the first request goes alone.

    Attributes:
        failure: The error after which no more requests are sent; None before.
        budget: What may still be spent.
        pace: How fast requests may follow each other.
    """

    def __init__(
        self,
        opened: OpenBackend,
        journal: Replies,
        owner: str,
        settings: Settings,
        stop: threading.Event | None = None,
        beside: CachedModel | None = None,
        proved: bool = False,
    ) -> None:
        self.failure: SaidError | None = None
        self._opened = opened
        self._journal = journal
        self._owner = owner
        self._retry_seconds = settings.retry_seconds
        self._stop = stop or threading.Event()
        backend = opened.backend
        self.budget = Budget(settings.max_calls, settings.max_tokens_total)
        self.pace = Pace(backend.requests_per_minute, backend.tokens_per_minute)
        self._peer = beside if beside and beside.backend == backend else None
        if beside:
            self.budget = beside.budget
            self.pace = self._peer.pace if self._peer else self.pace
        self._counting = bool(settings.max_tokens_total or backend.tokens_per_minute)
        self._lock = threading.Lock()
        self._first = threading.Lock()
        self._endings = Endings()
        self._answered = self._lost = 0
        self._count_ratio = 1.0
        self._prompts_cut = False
        self._beside = beside
        self._proved = proved and not self._counting  # the first reply tells how it counts
        self._most_lost = USELESS_AT_FIRST if proved else LOST_IN_A_ROW

    def invoke(
        self,
        input: LanguageModelInput,  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        **_: Any,
    ) -> AIMessage:
        """The reply to a request.

        Args:
            input: A prompt value, messages, or a text.
            config: LangChain's; its metadata may name the ``chunk_id`` that the request is about
                and the fingerprint of its ``prompt``, which the journal keeps with the reply.

        Raises:
            UnansweredError: There is no reply; its ``reason`` says why.
            JournalError: The journal cannot be read or written.
        """
        if not is_watched(config):
            return self._invoke(input, config or {})
        # LangChain gives the configuration with its callbacks to a function that takes one.
        invoke: Any = self._invoke
        return self._call_with_config(invoke, input, config)

    def _invoke(self, input: LanguageModelInput, config: RunnableConfig) -> AIMessage:  # noqa: A002 - LangChain's name
        messages = messages_of(input)
        key, saved = self._saved(messages)
        if saved is not None and saved.finish_reason != THOUGHT:
            return as_message(saved, key, from_journal=True)
        with self._first_alone():
            return self._ask(messages, config)

    def _ask(self, messages: list[BaseMessage], config: RunnableConfig) -> AIMessage:
        """The reply, in another form of the request where one is refused or leaves no room."""
        asked = self._opened.parameters
        try:
            reply = self._answer(messages, config)
        except UnansweredError as error:
            if not ("response_format" in asked and is_about_schema(str(error.reason.fields))):
                raise
            self._opened.give_up_schema()
            asked = self._opened.parameters
            reply = self._answer(messages, config)
        while reply.response_metadata["finish_reason"] == THOUGHT:
            if not self._opened.give_more_room(asked):
                raise self._thought_error(asked["max_tokens"])
            asked = self._opened.parameters
            reply = self._answer(messages, config)
        return reply

    @property
    def backend(self) -> Backend:
        """The backend that is asked."""
        return self._opened.backend

    @property
    def notes(self) -> list[Reason]:
        """What was learnt about the server, and about that of the model beside, each once."""
        said = [("backend.learnt", form) for form in self._opened.form.learnt]
        said += [("backend.prompt_cut", "")] * self._prompts_cut
        notes = self._beside.notes if self._beside else []
        for code, form in said:
            note = Reason(code=code, fields={**self._where(), "form": form})
            notes += [note] if note not in notes else []
        return notes

    @property
    def identity(self) -> str:
        """Names the model and where it runs, in records of its worth."""
        return f"{self._opened.model} {self._opened.address}"

    def key(self, messages: list[BaseMessage]) -> str:
        """The key of a request in the journal."""
        opened = self._opened
        return request_key(messages, opened.model, opened.address, opened.parameters)

    def _saved(self, messages: list[BaseMessage]) -> tuple[str, Reply | None]:
        """The key of a request, and its reply in the journal, if there is one.

        It is found as it was first meant, before this run learnt to ask in another form, too, and
        as an earlier run asked it, which learnt to leave room for thoughts.
        """
        opened = self._opened
        asked = (opened.parameters, opened.first_parameters, opened.roomy_parameters)
        key, *others = (
            request_key(messages, opened.model, opened.address, parameters) for parameters in asked
        )
        known = self._journal.known(dict.fromkeys((key, *others)))
        for other in others:
            saved = known.get(other) if other != key else None
            if saved is not None and saved.finish_reason != THOUGHT:
                return other, saved
        return key, known.get(key)

    def _answer(self, messages: list[BaseMessage], config: RunnableConfig) -> AIMessage:
        key = self.key(messages)
        log.debug("request %s: about chunk %s", key[:12], request_metadata(config)["chunk_id"])
        while True:
            self._check_active()
            if self._journal.claim([key], self._owner):
                reply = self._ask_claimed(key, messages, config)
                return as_message(reply, key, from_journal=False)
            # It has been answered, or another run or thread is asking.
            saved = self._journal.reply(key)
            if saved is not None:
                return as_message(saved, key, from_journal=True)
            self._stop.wait(POLL_SECONDS)

    def _ask_claimed(self, key: str, messages: list[BaseMessage], config: RunnableConfig) -> Reply:
        try:
            reply = self._within_budget(messages, config)
        except BaseException as error:
            self._journal.release([key], self._owner)
            code = error.code if isinstance(error, UnansweredError) else type(error).__name__
            log.debug("request %s: unanswered (%s)", key[:12], code)
            raise
        log.debug(
            "request %s: answered in %.1f s, %d + %d tokens, finish %s%s",
            *(key[:12], reply.seconds, reply.prompt_tokens, reply.completion_tokens),
            *(reply.finish_reason or "-", ", truncated" if reply.truncated else ""),
        )
        try:
            self._journal.keep({key: reply})
        except JournalError as error:
            # A reply that cannot be saved would be paid for again.
            self._end_run(error)
            raise
        return reply

    @property
    def proved(self) -> bool:
        """Whether the backend is known to answer."""
        return bool(self._proved or self._answered or (self._peer and self._peer.proved))

    @contextmanager
    def _first_alone(self) -> Iterator[None]:
        """Waits while another request is the first to find out whether the backend can be used."""
        alone = False
        while not (self.proved or alone):
            alone = self._first.acquire(timeout=POLL_SECONDS)
            if not alone:
                self._check_active()
        try:
            yield
        finally:
            if alone:
                self._first.release()

    def _within_budget(self, messages: list[BaseMessage], config: RunnableConfig) -> Reply:
        estimated = sum(count_tokens(message.text) for message in messages) if self._counting else 0
        reserved = ceil(estimated * self._count_ratio) + self._opened.parameters["max_tokens"]
        exceeded = self.budget.take(reserved)
        if exceeded:
            raise UnansweredError(exceeded, asked=False)
        used = None
        try:
            reply = self._reply(messages, reserved, config)
            used = reply.prompt_tokens + reply.completion_tokens
            self.pace.settle(reserved, used)
            if estimated:
                # Our count is an estimate: if the model counts more, later estimates are scaled up.
                self._count_ratio = max(self._count_ratio, reply.prompt_tokens / estimated)
        finally:
            self.budget.settle(reserved, used)
        return reply

    def _reply(self, messages: list[BaseMessage], tokens: int, config: RunnableConfig) -> Reply:
        opened, started = self._opened, time.monotonic()
        most = opened.parameters["max_tokens"]
        message = self._until_answered(messages, tokens, config)
        metadata = request_metadata(config)
        usage = message.usage_metadata or {"input_tokens": 0, "output_tokens": 0}
        length, text = usage["output_tokens"], message.text
        full = length >= most
        finish = self._endings.read(message)
        # ChatGLM3 servers say "stop" even where the token limit cut the reply.
        truncated = finish != LOOP and (is_cut(finish) or full)
        if truncated and cut_code(finish) == "reply.truncated" and not clean(text).text:
            finish = THOUGHT
        self._look_at_count(messages, usage["input_tokens"])
        if finish != THOUGHT:
            self._note(text, cut=truncated and cut_code(finish) != "reply.filtered")
        return Reply(
            chunk_id=metadata["chunk_id"],
            text=text,
            id=secrets.token_hex(8),
            model=opened.model,
            prompt=metadata["prompt"],
            prompt_tokens=usage["input_tokens"],
            completion_tokens=length,
            finish_reason=finish,
            seconds=time.monotonic() - started,
            truncated=truncated,
        )

    def _look_at_count(self, messages: list[BaseMessage], counted: int) -> None:
        """Notes that the server read only a part of a request, by its own count of tokens.

        Our count is an estimate, and a count without what was cached is smaller than a prompt:
        both are far from half. It is only said: some servers count wrongly and read all.
        """
        if counted < LEAST_CONTEXT:
            return
        ours = sum(count_tokens(message.text) for message in messages)
        if counted * 2 > ours:
            return
        with self._lock:
            said, self._prompts_cut = self._prompts_cut, True
        if not said:
            read = (self.backend.name, counted, ours)
            log.warning("%s read %d of about %d tokens of a request", *read)

    def _note(self, text: str, *, cut: bool) -> None:
        """Counts a reply; several of no use, and none of use before, end the run."""
        useful = bool(text.strip()) and not (cut and not self._beside and not has_pair(text))
        with self._lock:
            if useful:
                self._answered, self._lost = self._answered + 1, 0
                return
            self._lost += 1
            useless = not self._answered and self._lost >= self._most_lost
        if useless and text.strip():
            most = self._opened.parameters["max_tokens"]
            self._end_run(BackendError("backend.always_cut", most=most, **self._where()))
        elif useless:
            self._end_run(BackendError("backend.empty", **self._where()))

    def _thought_error(self, most: int) -> UnansweredError:
        where = {"model": self.backend.model, **self._where()}
        error = BackendError("backend.thought", most=most, **where)
        with self._lock:
            if self._answered:
                return UnansweredError(Reason.of(error))
        return self._end_run(error)

    def _where(self) -> dict[str, str]:
        backend = self.backend
        return {"backend": backend.name, "address": backend.base_url or backend.provider}

    def _until_answered(
        self, messages: list[BaseMessage], tokens: int, config: RunnableConfig
    ) -> AIMessage:
        self._check_active()
        try:
            llm = self._opened.llm()
        except SaidError as error:
            raise self._end_run(error) from error
        stream = self._opened.backend.stream
        try:
            message = until_answered(
                lambda: (
                    read_stream(llm, messages, config) if stream else llm.invoke(messages, config)
                ),
                seconds=self._retry_seconds,
                pace=self.pace,
                tokens=tokens,
                stop=self._stop,
            )
        except Exception as error:  # every provider's package raises its own kinds
            raise self._error(error) from error
        return message

    def _check_active(self) -> None:
        """Raises ``UnansweredError`` if no more calls may be made."""
        if self.failure:
            raise UnansweredError(Reason.of(self.failure), asked=False)
        if self._stop.is_set():
            raise UnansweredError(Reason(code="chunk.not_asked"), asked=False)

    def _end_run(self, error: SaidError) -> UnansweredError:
        if not self.failure:
            log.warning("no request goes out any more: %s", error.code)
        with self._lock:
            self.failure = self.failure or error
        return UnansweredError(Reason.of(error), asked=False)

    def _error(self, error: Exception) -> UnansweredError:
        """The error for a call's last failure, which ends this request or the whole run."""
        backend, kind, reason = self._opened.backend, classify(error), reason_of(error)
        where = self._where()
        if wrong := failure(kind, backend, reason):
            return self._end_run(wrong)
        if kind == "no_money":
            return self._end_run(BackendError("backend.no_money", reason=reason, **where))
        if kind == "lost":
            return self._lost_error(BackendError("backend.lost", reason=reason, **where))
        refused = Reason(code="backend.refused", fields={"reason": reason})
        return UnansweredError(refused, overflow=kind == "too_long")

    def _lost_error(self, error: BackendError) -> UnansweredError:
        """The error for a request without a reply; several in a row end the run."""
        if self._stop.is_set():
            return UnansweredError(Reason(code="chunk.not_asked"), asked=False)
        with self._lock:
            self._lost += 1
            isolated = self._answered and self._lost < LOST_IN_A_ROW
        return UnansweredError(Reason.of(error)) if isolated else self._end_run(error)
