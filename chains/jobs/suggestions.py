"""What a model suggests to a person who reviews a list: better words, and further pairs.

The reply to a request is kept in the journal like any other, so that asking the same once more is
free; what is suggested changes nothing until the person takes it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from langchain_core.messages import AIMessage, BaseMessage
from pydantic import BaseModel, ConfigDict, Field

from loaders import count_tokens
from loaders.records import Chunk, Span
from pairs.evidence.grounding import Passage, page_at
from pairs.records import Evidence, PairList, TokenUsage
from pairs.text.language import language_of
from pairs.text.normalise import normalise
from prompts.wording import WordingPrompt, wording_prompt

from ..errors import ChainError, JournalError, ReplyError, UnansweredError
from ..journal.documents import load_documents
from ..journal.jobs import ASIDE, Jobs
from ..journal.leases import Lease
from ..journal.lists import everything, load_list
from ..journal.replies import Journal
from ..llm.backends import Backend, choose
from ..llm.cached_call import CachedModel
from ..llm.open_backends import OpenBackends
from ..llm.reply_messages import tokens_paid
from ..parsing.parser import PairParser
from ..records import SourceFile
from ..run.estimate import REPLY_SHARE
from ..run.extraction import NOTHING, Extraction
from ..run.source import source_note
from ..settings import Resolved, Settings
from .resume import settings_of

__all__ = [
    "Cost",
    "SuggestedPair",
    "Suggestions",
    "Wording",
    "better_wording",
    "cost_of",
    "pairs_about",
]

_LEAST_REPLY = 60
"""Tokens that a reply with one pair takes, labels and all, at least."""
_MOST_BEFORE = 400
"""Characters of the text before a passage that are looked at."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class Wording(_Record):
    """A pair in other words."""

    question: str
    answer: str
    usage: TokenUsage = Field(description="paid for just now; zero where it was asked before")


class SuggestedPair(_Record):
    """A pair that is not in the list, with what proves it in the passage."""

    question: str
    answer: str
    evidence: Evidence


class Suggestions(_Record):
    """The pairs that a model makes of a passage, without those that the list has."""

    pairs: tuple[SuggestedPair, ...]
    usage: TokenUsage = Field(description="paid for just now; zero where it was asked before")


class Cost(_Record):
    """What a request would take, as estimated before it is sent."""

    backend: str
    model: str
    prompt: int = Field(description="tokens of the request")
    completion: int = Field(description="tokens of the reply, about")
    cost: float | None = Field(description="in the currency of the configured price")
    known: bool = Field(description="whether the journal has the reply, so that it is free")


def better_wording(
    journal: Journal,
    resolved: Resolved | None,
    job: str,
    pair: str,
    backends: OpenBackends | None = None,
) -> Wording:
    """A pair in better words: the same fact, a question that stands alone.

    Args:
        journal: The journal that holds the job.
        resolved: Names the backend to ask; None for that of the job.
        job: The whole id.
        pair: The pair's id, wherever it ended.
        backends: Keeps backends open between requests; None to open one for this.

    Raises:
        SaidError: There is no such pair, the backend cannot be used or did not answer, or the
            request is longer than it reads.
    """
    with _asking(journal, resolved, job, backends) as asking:
        request = _Rewording.of(asking, pair)
        asking.check_length(request.messages)
        reply = asking.invoke(request.messages, request.chunk_id, request.prompt.fingerprint)
        shown = PairParser().parse(request.prompt.example_reply)
        parser = PairParser(examples=tuple(shown), instructions=request.prompt.task)
        cut = bool(reply.response_metadata["truncated"])
        try:
            draft = parser.read(reply.text, truncated=cut).drafts[0]
        except ReplyError as error:
            raise ChainError("suggestion.unreadable") from error
        return Wording(question=draft.question, answer=draft.answer, usage=tokens_paid(reply))


def pairs_about(
    journal: Journal,
    resolved: Resolved | None,
    job: str,
    source: str,
    start: int,
    end: int,
    backends: OpenBackends | None = None,
) -> Suggestions:
    """The pairs that a model makes of a passage with the job's own prompt.

    Args:
        journal: The journal that holds the job.
        resolved: Names the backend to ask; None for that of the job.
        job: The whole id.
        source: The document's name in the job.
        start: First character of the passage in the document's text.
        end: One past the last one.
        backends: As for ``better_wording``.

    Raises:
        SaidError: There is no such passage, the backend cannot be used or did not answer, the
            passage is longer than it reads, or there is nothing new to ask about it.
    """
    with _asking(journal, resolved, job, backends) as asking:
        file, chunk = _marked(journal, job, source, start, end)
        extraction, again = asking.about(chunk)
        asking.check_length(extraction.request(chunk, again=again))
        answered = extraction.ask(chunk, again=again)
        if not answered.drafts:
            if asking.model.failure:
                raise asking.model.failure
            if answered.reason in (None, NOTHING):
                raise ChainError("suggestion.nothing")
            raise UnansweredError(answered.reason, asked=answered.asked)
        passage = Passage(chunk, file.pages)
        known = _known(load_list(journal, job))
        found = tuple(
            SuggestedPair(
                question=one.question,
                answer=one.answer,
                evidence=passage.ground(one.question, one.answer),
            )
            for one in answered.drafts
            if (normalise(one.question), normalise(one.answer)) not in known
        )
        if not found:
            raise ChainError("suggestion.all_known", count=len(answered.drafts))
        return Suggestions(pairs=found, usage=answered.usage)


def cost_of(
    journal: Journal,
    resolved: Resolved | None,
    job: str,
    *,
    pair: str | None = None,
    source: str = "",
    start: int = 0,
    end: int = 0,
) -> Cost:
    """What a suggestion would cost, without asking for it.

    Args:
        journal: The journal that holds the job.
        resolved: Names the backend to ask; None for that of the job.
        job: The whole id.
        pair: The id of a pair, for better words; None for pairs about a passage.
        source: The document of the passage.
        start: First character of the passage.
        end: One past the last one.

    Raises:
        SaidError: There is no such pair or passage, or no such backend.
    """
    with _asking(journal, resolved, job, None) as asking:
        if pair is not None:
            request = _Rewording.of(asking, pair)
            messages, reply = request.messages, count_tokens(request.text) + _LEAST_REPLY // 2
        else:
            _, chunk = _marked(journal, job, source, start, end)
            extraction, again = asking.about(chunk)
            messages = extraction.request(chunk, again=again)
            reply = round(REPLY_SHARE * count_tokens(chunk.text))
        return asking.cost(messages, max(reply, _LEAST_REPLY))


@dataclass(frozen=True)
class _Asking:
    """A model that is asked about a job."""

    journal: Journal
    job: str
    model: CachedModel
    backend: Backend
    settings: Settings
    name: str

    def invoke(self, messages: Sequence[BaseMessage], chunk_id: str, prompt: str) -> AIMessage:
        """The reply to a request, kept beside the chunk that it is about."""
        about = {"chunk_id": f"{chunk_id}{ASIDE}", "prompt": prompt}
        try:
            return self.model.invoke(list(messages), {"metadata": about})
        except UnansweredError as error:
            if error.overflow:
                raise ChainError("suggestion.too_long", **self._length(messages)) from error
            raise self.model.failure or error from error

    def about(self, chunk: Chunk) -> tuple[Extraction, bool]:
        """What asks about a passage, and whether for what the run left out in it.

        A run that asked the very same would be answered with the pairs that the list has.
        """
        extraction = Extraction(self.model, self.backend, self.settings)
        reply = self.journal.reply(self.model.key(extraction.request(chunk)))
        return extraction, reply is not None and not reply.chunk_id.endswith(ASIDE)

    def check_length(self, messages: Sequence[BaseMessage]) -> None:
        """Passes for a request that leaves room for a reply in the model's context."""
        length = self._length(messages)
        if length["tokens"] > length["most"]:
            raise ChainError("suggestion.too_long", **length)

    def cost(self, messages: Sequence[BaseMessage], reply: int) -> Cost:
        """What a request would take."""
        prompt, price = _tokens(messages), self.backend.price
        reply = min(reply, self.backend.max_tokens)
        known = self.journal.reply(self.model.key(list(messages))) is not None
        cost = None if price is None else (prompt * price[0] + reply * price[1]) / 1e6
        return Cost(
            backend=self.backend.name,
            model=self.name,
            prompt=prompt,
            completion=reply,
            cost=0.0 if known and cost is not None else cost,
            known=known,
        )

    def _length(self, messages: Sequence[BaseMessage]) -> dict[str, int]:
        most = max(self.backend.context - self.backend.max_tokens, self.backend.context // 2)
        return {"tokens": _tokens(messages), "most": most}


@contextmanager
def _asking(
    journal: Journal, resolved: Resolved | None, job: str, backends: OpenBackends | None
) -> Iterator[_Asking]:
    resolved = resolved or settings_of(Jobs(journal).find(job))
    backend, settings = choose(resolved), resolved.settings
    with ExitStack() as open_:
        kept = backends or OpenBackends(idle=0)
        opened = kept.take(backend, settings)
        open_.callback(kept.give_back, opened)
        open_.enter_context(kept.turn(backend))
        stop = threading.Event()
        owner = open_.enter_context(Lease(journal, stop))
        model = CachedModel(opened, journal, owner.id, settings, stop)
        yield _Asking(journal, job, model, backend, settings, opened.model)


@dataclass(frozen=True)
class _Rewording:
    """The request for better words of a pair."""

    prompt: WordingPrompt
    messages: list[BaseMessage]
    chunk_id: str
    text: str

    @classmethod
    def of(cls, asking: _Asking, pair: str) -> _Rewording:
        """That for a pair of the job's list."""
        found = next(
            (one for one in everything(load_list(asking.journal, asking.job)) if one.id == pair),
            None,
        )
        if found is None or not pair:
            raise JournalError("edit.unknown", job=asking.job, pair=pair)
        _, chunks = load_documents(asking.journal, asking.job)
        chunk = next((one for _, one in chunks if one.id == found.chunk_id), None)
        evidence = found.evidence
        passage = "\n".join(filter(None, (evidence.header, evidence.sentence)))
        passage = passage or (chunk.text if chunk else "")
        if not passage.strip():
            raise ChainError("suggestion.no_passage")
        settings = asking.settings
        language = language_of(passage) if settings.language == "auto" else settings.language
        context = source_note(chunk, language, settings, before=False) if chunk else ""
        prompt = wording_prompt(language)
        messages = prompt.messages(
            found.question,
            found.answer,
            passage,
            context or Path(found.source).stem or "-",
            as_json=asking.backend.response_format,
        )
        return cls(prompt, messages, found.chunk_id, f"{found.question} {found.answer}")


def _marked(
    journal: Journal, job: str, source: str, start: int, end: int
) -> tuple[SourceFile, Chunk]:
    """The file of a passage, and the passage as a chunk that stands where its own does."""
    files, chunks = load_documents(journal, job)
    at = next((at for at, one in enumerate(files) if one.source == source), None)
    text = files[at].text if at is not None else ""
    if at is None or not 0 <= start < end <= len(text) or not text[start:end].strip():
        raise ChainError("suggestion.no_passage")
    around = [one for file, one in chunks if file == at and one.span.start <= start]
    whole = around[-1] if around else next(one for file, one in chunks if file == at)
    begin = min(max(whole.span.start, start - _MOST_BEFORE), start)
    before = text[begin:start] if begin < start else whole.before
    pages = files[at].pages
    update = {
        "id": f"{whole.id}{ASIDE}",
        "text": text[start:end],
        "span": Span(start=start, end=end),
        "before": " ".join(before.split()),
        "first_page": page_at(pages, start),
        "last_page": page_at(pages, end - 1),
        "table_header": whole.table_header if start == whole.span.start else "",
    }
    return files[at], whole.model_copy(update=update)


def _known(pairs: PairList) -> set[tuple[str, str]]:
    return {(normalise(one.question), normalise(one.answer)) for one in everything(pairs)}


def _tokens(messages: Sequence[BaseMessage]) -> int:
    return sum(count_tokens(message.text) for message in messages)
