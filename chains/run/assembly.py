"""Builds the list of a run from its replies: grounds, checks and deduplicates the pairs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from loaders.records import Chunk
from messages.errors import SaidError
from pairs.compare.passages import Vocabulary
from pairs.edits import pair_id
from pairs.evidence.example import Example
from pairs.evidence.grounding import NONE, Passage
from pairs.evidence.quality import reason_against
from pairs.evidence.source_text import SourceText
from pairs.evidence.verdict import verdict_on
from pairs.records import ChunkOutcome, Evidence, PairList, QAPair, Reason, Rejected, TokenUsage

from ..embedding.load import NamedEmbeddings, embed
from ..events import ChunkDone
from ..journal.jobs import Jobs
from ..journal.replies import Journal
from ..journal.so_far import add_pairs
from ..records import DraftPair
from ..settings import Settings
from .extraction import Answered
from .faults import Ended, chunk_fault, decided, deduplication_error, pair_fault
from .inputs import Inputs
from .judge.lists import Checked, CheckList, check_lists

if TYPE_CHECKING:
    from pairs.compare.candidates import Candidate
    from pairs.compare.dedupe import Deduper
    from pairs.compare.vectors import Vectors

log = logging.getLogger(__name__)
_By = tuple[str, str]  # the model that made a pair, and its prompt's fingerprint
_TAKEN = DraftPair(question="-", answer="-")
"""Stands for a draft whose pair was made: of a chunk's earlier passes the number is wanted."""
MOST_FAULTS = 16
"""Pairs that may each make deduplication fail; if more do, the cause is not in the pairs."""


class Assembly:
    """The list of a run while it grows; used from one thread.

    Args:
        job: The job's id.
        inputs: The inputs, read and split.
        journal: Where outcomes and vectors are kept.
        model: The model's name, as pairs carry it.
        settings: How pairs are judged.
        planted: Wrong pairs in each list for a judge; 0 where there is no judge.
        example: Title and text of the worked example that the model was shown; empty for none.
    """

    def __init__(
        self,
        job: str,
        inputs: Inputs,
        journal: Journal,
        model: str,
        settings: Settings,
        planted: int = 0,
        example: str = "",
    ) -> None:
        self.outcomes: dict[int, ChunkOutcome] = {}
        self.usage = TokenUsage()
        self._job = job
        self._inputs = inputs
        self._journal = journal
        self._model = model
        self._settings = settings
        self._planted = planted
        self._example = Example(example)
        self._answered: dict[int, Answered] = {}
        self._checked: dict[int, list[Checked]] = {}
        self._faulty: dict[int, list[Rejected]] = {}
        self._to_judge: list[CheckList] = []
        self._texts: dict[int, SourceText] = {}
        self._accepted: list[tuple[int, QAPair]] = []
        self._words = Vocabulary()
        self._deduper: Deduper | None = None
        self._named: NamedEmbeddings | None = None
        self._embeddings = ""
        self._done = 0
        self._total = len(inputs.chunks)

    def expect(self, more: int) -> None:
        """Adds chunks that will be asked about once more to the total."""
        self._total += more

    def kept(self) -> int:
        """The number of pairs kept so far."""
        deduper = self._deduplicated()
        return len(deduper.kept) if deduper else 0

    def drawn_on(self) -> list[QAPair]:
        """The kept pairs and their duplicates so far, which show what text is already covered."""
        deduper = self._deduplicated()
        if deduper is None:
            return []
        return [*deduper.kept, *(one.item for one in deduper.duplicates)]

    def take(self, ended: Sequence[Ended], named: NamedEmbeddings) -> list[ChunkDone]:
        """Events for chunks that have ended; none for chunks that were not asked about.

        The outcome of a further pass over a chunk adds to its earlier outcome.

        Args:
            ended: The chunks; their questions are embedded together, which costs little more than
                one alone.
            named: The embedding that finds duplicates; the same throughout a run.

        Raises:
            JournalError: The journal cannot be written.
            EmbeddingError: The vectors cannot be computed.
        """
        import numpy as np

        self._named = named
        accepted = [self._accept(index, answered) for index, answered in ended]
        kept = [
            (index, self.outcomes[index], self._answered[index].bad_replies) for index, _ in ended
        ]
        Jobs(self._journal).save_outcomes(self._job, kept)
        questions = [pair.question for pairs in accepted for pair in pairs]
        vectors = embed(named, questions, self._journal)
        self._embeddings = named.name
        events: list[ChunkDone] = []
        for (index, answered), pairs in zip(ended, accepted, strict=True):
            self.usage += answered.usage
            rows = (
                np.stack([vectors[pair.question] for pair in pairs]) if pairs and vectors else None
            )
            new = self._deduplicate(named, pairs, rows, index)
            # A chunk that was not asked about has an outcome, but does not count as done.
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
        add_pairs(self._journal, self._job, [(event.index, event.pairs) for event in events])
        return events

    def check_lists(self) -> list[CheckList]:
        """The lists to put to a judge about the chunks taken since the last call."""
        lists, self._to_judge = self._to_judge, []
        return lists

    def decide(self, decide: Callable[[Checked], Checked]) -> None:
        """Replaces the rules' word on each pair by another, and judges the duplicates anew.

        Args:
            decide: Gives a pair with the reason to reject it, or None, for such a couple.

        Raises:
            JournalError: The journal cannot be read.
            EmbeddingError: The vectors cannot be computed.
        """
        if self._named is None:
            return
        self._checked = {
            place: [decided(decide, one) for one in checked]
            for place, checked in self._checked.items()
        }
        self._faulty.clear()
        self._accepted = [
            (place, pair)
            for place in sorted(self._checked)
            for pair, reason in self._checked[place]
            if reason is None
        ]
        self._deduper = None

    def order(self) -> dict[str, int]:
        """The place of each accepted pair in document order, by its id."""
        return {pair.id: at for at, (_, pair) in enumerate(self._accepted)}

    def candidates(self) -> list[Candidate]:
        """Couples of kept pairs that may ask the same though no rule can tell."""
        deduper = self._deduplicated()
        return list(deduper.candidates()) if deduper else []

    def result(self) -> PairList:
        """The list, in document order.

        Raises:
            RuntimeError: A chunk has no outcome, which is a bug.
        """
        order = sorted(self.outcomes)
        if len(order) != len(self._inputs.chunks):
            whole = len(self._inputs.chunks)
            raise RuntimeError(f"{len(order)} of {whole} chunks are accounted for")
        deduper = self._deduplicated()
        return PairList(
            kept=tuple(deduper.kept) if deduper else (),
            duplicates=tuple(deduper.duplicates) if deduper else (),
            rejected=tuple(one for index in order for one in self._rejected(index)),
            conflicts=tuple(deduper.conflicts) if deduper else (),
            chunks=tuple(self.outcomes[index] for index in order),
            usage=self.usage,
            embeddings=self._embeddings,
            refused=tuple(Reason.of(error) for error in self._inputs.refused),
        )

    def _rejected(self, index: int) -> list[Rejected]:
        """The rejected pairs of a chunk."""
        rejected = [Rejected(item=p, reason=why) for p, why in self._checked[index] if why]
        return rejected + self._faulty.get(index, [])

    def _deduplicate(
        self, named: NamedEmbeddings, pairs: list[QAPair], rows: Vectors | None, place: int
    ) -> list[QAPair]:
        """The pairs that are no duplicates of earlier ones; all of them if comparing them fails.

        The verdicts are provisional; ``_deduplicated`` gives the final ones.
        """
        self._accepted += [(place, pair) for pair in pairs]
        if self._deduper is None:
            self._deduper = self._new_deduper(named)
        try:
            return self._deduper.add(pairs, rows, place=place)
        except SaidError:
            raise
        except Exception:
            log.exception("job %s: judging the pairs of chunk %d failed", self._job, place)
            return pairs

    def _new_deduper(self, named: NamedEmbeddings) -> Deduper:
        from pairs.compare.dedupe import Deduper

        threshold = self._settings.threshold
        threshold = named.threshold if threshold is None else threshold
        return Deduper(threshold=threshold, words=self._words)

    def _deduplicated(self) -> Deduper | None:
        """The deduplicated list of all pairs; a pair that makes deduplication fail is rejected."""
        if self._named is None:
            return None
        if self._deduper is None:
            self._deduper, error = self._deduper_of(self._accepted, self._named)
        else:
            error = deduplication_error(self._deduper)
        faults = 0
        while error is not None:
            faults += 1
            if faults > MOST_FAULTS:
                raise error
            log.error("job %s: judging the pairs failed", self._job, exc_info=error)
            place, pair = self._accepted.pop(self._first_fault(self._named))
            self._faulty.setdefault(place, []).append(Rejected(item=pair, reason=pair_fault(error)))
            self._deduper, error = self._deduper_of(self._accepted, self._named)
        return self._deduper

    def _first_fault(self, named: NamedEmbeddings) -> int:
        """The index of the first pair that makes deduplication of it and those before it fail."""
        whole, failing = 0, len(self._accepted)
        while failing - whole > 1:
            middle = (whole + failing) // 2
            _, error = self._deduper_of(self._accepted[:middle], named)
            whole, failing = (middle, failing) if error is None else (whole, middle)
        return failing - 1

    def _deduper_of(
        self, accepted: Sequence[tuple[int, QAPair]], named: NamedEmbeddings
    ) -> tuple[Deduper, Exception | None]:
        """The deduplicated list of some pairs, or the error; their vectors are in the journal."""
        import numpy as np

        deduper = self._new_deduper(named)
        vectors = embed(named, [pair.question for _, pair in accepted], self._journal)

        def collect() -> None:
            for place, pair in accepted:
                rows = np.stack([vectors[pair.question]]) if vectors else None
                deduper.collect([pair], rows, place=place)

        return deduper, deduplication_error(deduper, collect)

    def _accept(self, index: int, answered: Answered) -> list[QAPair]:
        """The accepted pairs of a chunk; the others are rejected with their reasons.

        An unexpected error costs only its pair or its chunk: the reply is in the
        journal, and would end every further run of the job alike.
        """
        chunk = self._inputs.chunks[index]
        self._words.read(chunk.source, chunk.text)
        drafts, by = answered.drafts, (answered.model or self._model, answered.prompt)
        checked: list[Checked]
        passage = None
        try:
            passage = self._grounder(index) if drafts else None
        except SaidError:
            raise
        except Exception as error:
            log.exception("job %s: no evidence can be looked for in chunk %d", self._job, index)
            answered = replace(answered, reason=chunk_fault(error))
            why = pair_fault(error)
            checked = [(self._pair(draft, NONE, chunk, by), why) for draft in drafts]
        else:
            checked = [self._check(draft, passage, index, by) for draft in drafts if passage]
        self._checked.setdefault(index, []).extend(checked)
        if passage and self._planted:
            self._to_judge += self._lists(chunk, passage, checked)
        whole = self._over_passes(index, answered)
        self.outcomes[index] = ChunkOutcome(
            chunk_id=chunk.id,
            source=chunk.source,
            span=chunk.span,
            state=whole.state,
            parsed=len(whole.drafts),
            reason=whole.reason,
            raw=whole.raw,
        )
        return [pair for pair, reason in checked if reason is None]

    def _lists(self, chunk: Chunk, passage: Passage, checked: list[Checked]) -> list[CheckList]:
        """The lists to put to a judge; none if making them fails: the rules decide then."""
        try:
            all_pairs = self._settings.check == "all"
            return check_lists(chunk, passage, checked, planted=self._planted, all_pairs=all_pairs)
        except SaidError:
            raise
        except Exception:
            log.exception("job %s: no list for the judge about chunk %s", self._job, chunk.id)
            return []

    def _check(self, draft: DraftPair, passage: Passage, index: int, by: _By) -> Checked:
        """A pair with its evidence, and the reason to reject it, if any."""
        chunk, question, answer = self._inputs.chunks[index], draft.question, draft.answer
        try:
            evidence = passage.ground(question, answer)
            code = reason_against(question, answer, evidence, self._settings.evidence)
            file = self._texts[self._inputs.file_of[index]]
            if self._example.gave(question, answer, file, chunk.context):
                code = "rejected.example"
            pair = self._pair(draft, evidence, chunk, by, code)
        except SaidError:
            raise
        except Exception as error:
            log.exception("job %s: a pair of chunk %d cannot be checked", self._job, index)
            return self._pair(draft, NONE, chunk, by), pair_fault(error)
        return pair, Reason(code=code) if code else None

    def _over_passes(self, index: int, answered: Answered) -> Answered:
        """The outcome of a chunk over all its passes."""
        before = self._answered.get(index)
        whole = answered
        if before is not None:
            whole = replace(before, drafts=[*before.drafts], bad_replies=[*before.bad_replies])
            whole.add(answered)
        self._answered[index] = replace(whole, drafts=[_TAKEN] * len(whole.drafts))
        return whole

    def _grounder(self, index: int) -> Passage:
        """The grounder of a chunk, which knows its whole file."""
        place = self._inputs.file_of[index]
        file = self._inputs.files[place]
        if place not in self._texts:
            self._texts = {place: SourceText(file.text)}  # chunks of one file come together
        return Passage(self._inputs.chunks[index], file.pages, self._texts[place], self._likeness)

    def _likeness(self, one: str, other: str) -> float:
        """The cosine of two texts as a share of the threshold for duplicate questions."""
        if self._named is None:
            return 0.0
        vectors = embed(self._named, [one, other], self._journal)
        if not vectors or self._named.threshold <= 0:
            return 0.0
        return float(vectors[one] @ vectors[other]) / self._named.threshold

    def _pair(
        self, draft: DraftPair, evidence: Evidence, chunk: Chunk, by: _By, code: str = ""
    ) -> QAPair:
        model, prompt = by
        return QAPair(
            id=pair_id(chunk.id, draft.question, draft.answer),
            question=draft.question,
            answer=draft.answer,
            evidence=evidence,
            verdict=verdict_on(evidence, code) if self._settings.check != "off" else None,
            source=chunk.source,
            page=evidence.page or chunk.first_page,
            chunk_id=chunk.id,
            model=model,
            prompt=prompt,
            reasoning=draft.reasoning,
        )
