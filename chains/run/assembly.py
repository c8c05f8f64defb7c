"""From answers to one list: pairs grounded, judged and deduplicated, every chunk accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from loaders.records import Chunk
from messages.errors import SaidError
from pairs.edits import pair_id
from pairs.evidence.grounding import Passage
from pairs.evidence.quality import reason_against
from pairs.evidence.source_text import SourceText
from pairs.records import (
    ChunkOutcome,
    Evidence,
    PairList,
    QAPair,
    Reason,
    Rejected,
    TokenUsage,
)

from ..embedding.load import NamedEmbeddings, embed
from ..events import ChunkDone
from ..journal.jobs import Jobs
from ..journal.replies import Journal
from ..records import DraftPair
from ..settings import Settings
from .extraction import Answered
from .inputs import Inputs

if TYPE_CHECKING:
    from pairs.compare.dedupe import Deduper

Ended = tuple[int, Answered]
"""A chunk's index and what came of asking about it."""


class Assembly:
    """A run's list while it grows, in one thread.

    Args:
        job: The job's id.
        inputs: What is asked about.
        journal: Where outcomes and vectors are kept.
        model: The model's name, as pairs carry it.
        settings: How pairs are judged.
    """

    def __init__(
        self, job: str, inputs: Inputs, journal: Journal, model: str, settings: Settings
    ) -> None:
        self.outcomes: dict[int, ChunkOutcome] = {}
        self.usage = TokenUsage()
        self._job = job
        self._materials = inputs
        self._journal = journal
        self._model = model
        self._settings = settings
        self._answered: dict[int, Answered] = {}
        self._rejected: dict[int, list[Rejected]] = {}
        self._texts: dict[int, SourceText] = {}
        self._deduper: Deduper | None = None
        self._named: NamedEmbeddings | None = None
        self._embeddings = ""
        self._done = 0
        self._total = len(inputs.chunks)

    def expect(self, more: int) -> None:
        """Counts with so many chunks to be asked about once more."""
        self._total += more

    def kept(self) -> int:
        """How many pairs are kept so far."""
        return len(self._deduper.kept) if self._deduper else 0

    def drawn_on(self) -> list[QAPair]:
        """The kept pairs and their duplicates so far: what need not be asked again."""
        if self._deduper is None:
            return []
        return [*self._deduper.kept, *(one.item for one in self._deduper.duplicates)]

    def take(self, ended: Sequence[Ended], named: NamedEmbeddings) -> list[ChunkDone]:
        """What to tell of chunks that have ended, and nothing of those not asked about.

        What comes of a chunk a second time adds to what came before.

        Args:
            ended: The chunks; their questions are embedded together, which costs little more than
                one alone.
            named: What duplicates are judged with; the same throughout a run.

        Raises:
            JournalError: The journal cannot be written.
            EmbeddingError: There are no vectors to be had.
        """
        import numpy as np

        self._named = named
        good = [self._sort(index, answered) for index, answered in ended]
        kept = [
            (index, self.outcomes[index], self._answered[index].bad_replies) for index, _ in ended
        ]
        Jobs(self._journal).save_outcomes(self._job, kept)
        questions = [pair.question for pairs in good for pair in pairs]
        vectors = embed(named, questions, self._journal)
        self._embeddings = named.name
        events: list[ChunkDone] = []
        for (index, answered), pairs in zip(ended, good, strict=True):
            self.usage += answered.usage
            rows = (
                np.stack([vectors[pair.question] for pair in pairs]) if pairs and vectors else None
            )
            new = self._dedupe(named).add(pairs, rows, place=index)
            # A chunk that nobody asked about is accounted for, but nothing of it is done.
            if not answered.asked:
                continue
            self._done += 1
            events.append(
                ChunkDone(
                    index=index,
                    outcome=self.outcomes[index],
                    pairs=tuple(new),
                    done=self._done,
                    total=self._total,
                    usage=self.usage,
                )
            )
        return events

    def result(self) -> PairList:
        """The list, in document order.

        Raises:
            RuntimeError: A chunk is in no state at all: a fault of ours, and no list to be given.
        """
        order = sorted(self.outcomes)
        if len(order) != len(self._materials.chunks):
            whole = len(self._materials.chunks)
            raise RuntimeError(f"{len(order)} of {whole} chunks are accounted for")
        deduper = self._deduper
        return PairList(
            kept=tuple(deduper.kept) if deduper else (),
            duplicates=tuple(deduper.duplicates) if deduper else (),
            rejected=tuple(item for index in order for item in self._rejected[index]),
            conflicts=tuple(deduper.conflicts) if deduper else (),
            chunks=tuple(self.outcomes[index] for index in order),
            usage=self.usage,
            embeddings=self._embeddings,
        )

    def _dedupe(self, named: NamedEmbeddings) -> Deduper:
        if self._deduper is None:
            from pairs.compare.dedupe import Deduper

            threshold = self._settings.threshold
            self._deduper = Deduper(threshold=named.threshold if threshold is None else threshold)
        return self._deduper

    def _sort(self, index: int, answered: Answered) -> list[QAPair]:
        """The pairs of a chunk that hold good; the others are put aside with their reason."""
        chunk = self._materials.chunks[index]
        good: list[QAPair] = []
        rejected: list[Rejected] = []
        if answered.drafts:
            passage = self._passage(index)
            for draft in answered.drafts:
                evidence = passage.ground(draft.question, draft.answer)
                pair = self._pair(draft, evidence, chunk, answered.prompt)
                code = reason_against(
                    draft.question, draft.answer, evidence, self._settings.evidence
                )
                if code:
                    rejected.append(Rejected(item=pair, reason=Reason(code=code)))
                else:
                    good.append(pair)
        self._rejected.setdefault(index, []).extend(rejected)
        whole = self._whole(index, answered)
        self.outcomes[index] = ChunkOutcome(
            chunk_id=chunk.id,
            source=chunk.source,
            span=chunk.span,
            state=whole.state,
            parsed=len(whole.drafts),
            reason=whole.reason,
            raw=whole.raw,
        )
        return good

    def _whole(self, index: int, answered: Answered) -> Answered:
        """What came of a chunk in all its passes."""
        before = self._answered.get(index)
        whole = answered
        if before is not None:
            whole = replace(before, drafts=[*before.drafts], bad_replies=[*before.bad_replies])
            whole.add(answered)
        self._answered[index] = whole
        return whole

    def _passage(self, index: int) -> Passage:
        """A chunk as a place for evidence, its whole file behind it."""
        place = self._materials.file_of[index]
        file = self._materials.files[place]
        if place not in self._texts:
            self._texts = {place: SourceText(file.text)}  # chunks of one file come together
        return Passage(self._materials.chunks[index], file.pages, self._texts[place], self._near)

    def _near(self, one: str, other: str) -> bool:
        """Whether two texts have vectors as near as two questions that are one."""
        if self._named is None:
            return False
        vectors = embed(self._named, [one, other], self._journal)
        return bool(vectors) and float(vectors[one] @ vectors[other]) >= self._named.threshold

    def _pair(self, draft: DraftPair, evidence: Evidence, chunk: Chunk, prompt: str) -> QAPair:
        return QAPair(
            id=pair_id(chunk.id, draft.question, draft.answer),
            question=draft.question,
            answer=draft.answer,
            evidence=evidence,
            source=chunk.source,
            page=evidence.page or chunk.first_page,
            chunk_id=chunk.id,
            model=self._model,
            prompt=prompt,
        )


def ended(at: int, came: Answered | Exception) -> Ended:
    """What came of a chunk; a fault of ours is one chunk's failure, the journal's is the run's.

    Args:
        at: The chunk's index.
        came: What asking about it gave or raised.

    Raises:
        SaidError: The journal's, as it is.
    """
    if isinstance(came, SaidError):
        raise came
    if isinstance(came, Exception):
        return at, Answered(reason=Reason.of(came, "chunk.unexpected"))
    return at, came
