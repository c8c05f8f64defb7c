"""Asks about one chunk: ``prompt | llm | parser``, with repairs and splits for bad replies.

An unreadable reply is shown to the model once with what was wrong; a reply cut off by its token
limit, or a request longer than the context, makes the chunk be asked again in two halves, and so
does a refusal, to find what is refused. Every reply is kept, and the pairs read before a failure
stay.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from langchain_core.documents import Document
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import merge_configs

from loaders import count_tokens, split
from loaders.records import Chunk
from messages.errors import SaidError
from pairs.records import ChunkState, Reason, TokenUsage
from prompts import repair_request

from ..errors import ReplyError, UnansweredError
from ..journal.replies import Journal
from ..llm.backends import Backend
from ..llm.cached_call import CachedModel
from ..llm.finish import cut_code
from ..llm.reply_messages import tokens_paid
from ..parsing.cleaning import thoughts
from ..parsing.parser import PairParser
from ..records import LOOP, DraftPair, Reply
from ..settings import Settings
from .chain import (
    Chain,
    ExtractionPrompt,
    Language,
    choose_prompt,
    chunk_input,
    compose,
    version_of,
)

log = logging.getLogger(__name__)

SMALLEST_HALF = 40  # estimated tokens; a smaller half would be cut off as well
MOST_HALVINGS = 3
NOTHING = Reason(code="reply.nothing")
_WORSE: tuple[ChunkState, ...] = ("nothing", "pairs", "failed", "not asked")
_UNFINISHED = ("reply.unfinished", "reply.unfinished_tail")
_UNREADABLE = ("reply.unreadable", "reply.unanswered", "reply.echo", "reply.empty")


@dataclass(frozen=True)
class _Context:
    """The chain, language and prompt of all requests about one chunk."""

    chain: Chain
    language: Language
    fingerprint: str


@dataclass
class Answered:
    """The outcome of the requests about one chunk, with all its repairs and halves.

    Attributes:
        drafts: The pairs, in the order of the replies.
        reason: Why the chunk failed, was not asked, or that there is nothing to ask; None where
            all is well.
        raw: The last reply from which nothing, or not everything, could be read.
        usage: Calls and tokens paid for just now; replies from the journal cost nothing.
        prompt: The prompt's fingerprint.
        model: That answered, where it is another than the run's; empty for the run's.
        repeated: Whether another chunk has the same text.
        asked: False where a budget, the user or a failure kept a request from being sent.
        bad_replies: Keys of the replies that made the chunk fail.
    """

    drafts: list[DraftPair] = field(default_factory=list)
    reason: Reason | None = None
    raw: str = ""
    usage: TokenUsage = field(default_factory=TokenUsage)
    prompt: str = ""
    model: str = ""
    asked: bool = True
    repeated: bool = False
    bad_replies: list[str] = field(default_factory=list)

    @property
    def state(self) -> ChunkState:
        """The state the chunk ended in."""
        if not self.asked:
            return "not asked"
        if self.repeated:
            return "repeated"
        if self.reason is None:
            return "pairs"
        return "nothing" if self.reason == NOTHING else "failed"

    @property
    def wordings(self) -> list[tuple[str, str]]:
        """Question and answer of each draft."""
        return [(draft.question, draft.answer) for draft in self.drafts]

    def add(self, part: Answered) -> None:
        """Adds the outcome of a part; if a part failed, the whole failed."""
        self.drafts += part.drafts
        self.usage += part.usage
        self.bad_replies += part.bad_replies
        worse = _WORSE.index(part.state) > _WORSE.index(self.state)
        if worse or (self.reason is None and not self.drafts):
            self.reason, self.raw, self.asked = part.reason, part.raw, part.asked


class Extraction:
    """Asks a model about chunks, one at a time, from any number of threads.

    Args:
        model: Answers requests.
        backend: Says which prompt fits it.
        settings: Prompt, language and density.
        config: LangChain's configuration, whose callbacks and tags every call is given.

    Attributes:
        model: The model.

    Raises:
        PromptError: The prompt cannot be used.
        SettingsError: The file with the user's prompt cannot be read.
    """

    def __init__(
        self,
        model: CachedModel,
        backend: Backend,
        settings: Settings,
        config: RunnableConfig | None = None,
    ) -> None:
        self.model = model
        self._backend, self._settings = backend, settings
        self._config: RunnableConfig = config or {}
        self._name, own = choose_prompt(backend, settings)
        self._shown = self._name if own is None else None
        self._first_chain = compose(model, backend, settings)

    @property
    def failure(self) -> SaidError | None:
        """The error after which nothing more is asked; None before."""
        return self.model.failure

    def _chain(self, *, again: bool) -> Chain:
        return self._further_chain if again else self._first_chain

    @cached_property
    def _further_chain(self) -> Chain:
        return compose(self.model, self._backend, self._settings, again=True)

    def ask(self, chunk: Chunk, *, again: bool = False) -> Answered:
        """The outcome of a chunk: its pairs, or the reason why there are none.

        Args:
            chunk: The chunk.
            again: Whether its text is the passages that no pair of an earlier pass draws on.

        Raises:
            JournalError: The journal cannot be read or written.
        """
        chain = self._chain(again=again)
        prompt = _prompt(chain)
        language = prompt.language_of(chunk.text)  # that of its halves, too
        context = _Context(chain, language, prompt.fingerprints[language])
        answered = self._ask(chunk, context, MOST_HALVINGS)
        code = answered.reason.code if answered.reason else "-"
        found = len(answered.drafts)
        log.debug("chunk %s: %s (%s), %d pairs read", chunk.id, answered.state, code, found)
        return answered

    def request(self, chunk: Chunk, *, again: bool = False) -> list[BaseMessage]:
        """The messages of the first request about a chunk.

        Args:
            chunk: The chunk.
            again: As for ``ask``.
        """
        prompt = _prompt(self._chain(again=again))
        language = prompt.language_of(chunk.text)
        return prompt.format_messages(**self._input(chunk, language))

    def _input(
        self, chunk: Chunk, language: Language, repair: Sequence[BaseMessage] = ()
    ) -> dict[str, Any]:
        return chunk_input(chunk, language, self._settings, repair, prompt=self._shown)

    def fingerprint(self, chunk: Chunk) -> str:
        """The fingerprint of the prompt of the first request about a chunk."""
        prompt = _prompt(self._first_chain)
        return prompt.fingerprints[prompt.language_of(chunk.text)]

    def known(self, journal: Journal, chunk: Chunk) -> bool:
        """Whether the journal holds a reply to the first request about a chunk.

        Raises:
            JournalError: The journal cannot be read.
        """
        return journal.reply(self.model.key(self.request(chunk))) is not None

    def replies(self, journal: Journal, chunk: Chunk) -> list[Reply]:
        """All replies of the model about a chunk, whatever was asked, the earliest first.

        Raises:
            JournalError: The journal cannot be read.
        """
        name = self.model.backend.model
        return [reply for reply in journal.replies_about(chunk.id) if reply.model == name]

    def reread(self, replies: Sequence[Reply]) -> Answered:
        """The pairs of replies that were read before, as the parser of today reads them."""
        answered = Answered()
        for reply in replies:
            cut = reply.truncated or reply.finish_reason == LOOP
            with suppress(ReplyError):
                parser = cast("PairParser", self._first_chain.last)
                drafts = parser.read(reply.text, truncated=cut).drafts
                answered.drafts += self._with_thoughts(drafts, reply.text)
            answered.prompt, answered.model = reply.prompt, reply.model
        return answered

    def _ask(
        self, chunk: Chunk, context: _Context, halvings: int, *, around: bool = True
    ) -> Answered:
        """The outcome of a chunk; ``around`` says whether to isolate a refused sentence in it."""
        answered = Answered(prompt=context.fingerprint)
        try:
            cut = self._ask_whole(chunk, context, answered)
        except UnansweredError as error:
            answered.reason, answered.asked = error.reason, error.asked
            cut = error.overflow
        if chunk.before and _is_refused(answered):
            # What is refused may stand in the text before, which nobody asks about.
            alone = self._ask(
                chunk.model_copy(update={"before": ""}), context, halvings, around=around
            )
            alone.usage += answered.usage
            return alone
        half = -(-count_tokens(chunk.text) // 2)
        if not halvings or half < SMALLEST_HALF:
            return answered
        if cut:
            log.debug("chunk %s: asked again in halves of %d tokens", chunk.id, half)
            return self._ask_halves(chunk, context, half, halvings - 1, answered)
        if around and _is_refused(answered):
            log.debug("chunk %s: asked around what is refused in it", chunk.id)
            return self._ask_around(chunk, context, half, halvings - 1, answered)
        return answered

    def _ask_whole(self, chunk: Chunk, context: _Context, answered: Answered) -> bool:
        """Whether the reply was truncated; the pairs read from it are added to ``answered``."""
        reply, code = self._run_chain(chunk, context, answered)
        if code in _UNREADABLE and not reply.response_metadata["truncated"]:
            answered.raw = reply.text
            request = repair_request(
                self._name,
                context.language,
                ReplyError("reply.unreadable").say(context.language),
                version_of(self._settings),
            )
            repair = [AIMessage(reply.text or "-"), HumanMessage(request)]
            reply, code = self._run_chain(chunk, context, answered, repair)
        cut = reply.response_metadata["truncated"] or code in _UNFINISHED
        if cut:
            code = cut_code(reply.response_metadata["finish_reason"])
        answered.reason = Reason(code=code) if code else None
        answered.raw = reply.text
        if answered.state != "failed":
            answered.raw = ""
            answered.bad_replies.clear()
        return cut

    def _run_chain(
        self,
        chunk: Chunk,
        context: _Context,
        answered: Answered,
        repair: Sequence[BaseMessage] = (),
    ) -> tuple[AIMessage, str]:
        """The reply to one request and the code of its fault, empty if it has none.

        Its pairs and its usage are added to ``answered``.
        """
        config = merge_configs(
            self._config,
            {
                "run_name": "qa3.chunk",
                "metadata": {"chunk_id": chunk.id, "prompt": context.fingerprint},
            },
        )
        try:
            request = self._input(chunk, context.language, repair)
            pairs = context.chain.invoke(request, config)
        except ReplyError as error:
            code, message = error.code, error.message
        else:
            code, message = "reply.unfinished_tail" if pairs.dropped_tail else "", pairs.message
            answered.drafts += self._with_thoughts(pairs, message.text if message else "")
        reply = cast("AIMessage", message)  # the model of a chain gives no bare text
        answered.bad_replies.append(reply.response_metadata["journal_key"])
        answered.usage += tokens_paid(reply)
        return reply, code

    def _with_thoughts(self, drafts: Sequence[DraftPair], text: str) -> Sequence[DraftPair]:
        """The pairs of a reply with what the model thought before it, where that is kept."""
        thought = thoughts(text) if self._settings.keep_reasoning else ""
        if not thought:
            return drafts
        return [draft.model_copy(update={"reasoning": thought}) for draft in drafts]

    def _ask_halves(
        self, chunk: Chunk, context: _Context, half: int, halvings: int, whole: Answered
    ) -> Answered:
        """The outcome of a chunk's halves, added to the pairs read from the reply to the whole."""
        both = Answered(drafts=whole.drafts, usage=whole.usage, prompt=whole.prompt)
        for part in _parts(chunk, half):
            both.add(self._ask(part, context, halvings))
        return both

    def _ask_around(
        self, chunk: Chunk, context: _Context, half: int, halvings: int, whole: Answered
    ) -> Answered:
        """The outcome of a refused chunk's parts: one refused sentence must not cost the others.

        Where every part is refused, too, the backend refuses more than a sentence, and no more
        calls are made.
        """
        parts = [part.model_copy(update={"before": ""}) for part in _parts(chunk, half)]
        outcomes = [self._ask(part, context, halvings, around=False) for part in parts]
        if all(map(_is_refused, outcomes)):
            return whole
        both = Answered(usage=whole.usage, prompt=whole.prompt)
        smaller = -(-half // 2)
        for part, answered in zip(parts, outcomes, strict=True):
            if _is_refused(answered) and halvings and smaller >= SMALLEST_HALF:
                both.add(self._ask_around(part, context, smaller, halvings - 1, answered))
            else:
                both.add(answered)
        return both


def _parts(chunk: Chunk, size: int) -> list[Chunk]:
    """A chunk's text in parts, each with the end of what stands before it.

    Args:
        chunk: The chunk.
        size: Estimated tokens of a part.
    """
    parts = split([Document(page_content=chunk.text)], chunk_size=size)
    return [
        chunk.model_copy(
            update={"text": part.text}
            | ({"before": part.before, "table_header": part.table_header} if part.index else {})
        )
        for part in parts
    ]


def _prompt(chain: Chain) -> ExtractionPrompt:
    return cast("ExtractionPrompt", chain.first)


def _is_refused(answered: Answered) -> bool:
    """Whether the backend refused a text and no pair was read."""
    return answered.reason is not None and answered.reason.code == "backend.refused"
