"""Builds the list of a run from its replies: grounds, checks and deduplicates the pairs."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from loaders.records import Chunk
from messages.errors import SaidError
from pairs.compare.passages import Vocabulary
from pairs.compare.verdicts import Sorted
from pairs.edits import pair_id
from pairs.evidence.verdict import verdict_on
from pairs.records import (
    ChunkOutcome,
    ChunkState,
    Evidence,
    PairList,
    QAPair,
    Reason,
    Rejected,
    TokenUsage,
)

from ..embedding.load import NamedEmbeddings, embed, likeness
from ..events import ChunkDone
from ..journal.jobs import Jobs
from ..journal.replies import Journal
from ..journal.so_far import add_pairs
from ..records import DraftPair
from ..settings import Settings
from .checked_pairs import CheckedPairs, Decide
from .duplicates import Accepted, Comparing
from .earlier import earlier_passes
from .extraction import Answered
from .faults import chunk_fault, pair_fault
from .inputs import Inputs
from .judge.records import Checked, CheckList
from .rules.records import File, Ruling, Rulings

if TYPE_CHECKING:
    import numpy as np

    from pairs.compare.candidates import Candidate
    from pairs.evidence.grounding import Passage

    from .rules.rulings import Rules

log = logging.getLogger(__name__)
Settled = tuple[int, Answered, Rulings]
"""A chunk's index, the outcome of its requests, and the rules' word on its pairs."""
_By = tuple[str, str]  # the model that made a pair, and its prompt's fingerprint


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

    Attributes:
        states: How each chunk ended, by its index; the journal holds what more there is to say.
        usage: Of the run so far.
        example: As given.
        comparing: Finds the duplicates.
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
        self.states: dict[int, ChunkState] = {}
        self.usage = TokenUsage()
        self._job = job
        self._inputs = inputs
        self._journal = journal
        self._model = model
        self._settings = settings
        self._planted = planted
        self.example = example
        self._checked = CheckedPairs(journal, job)
        self._decide: Decide | None = None
        self._sorted_out: tuple[list[Accepted], dict[int, list[Rejected]]] | None = None
        self._to_judge: list[CheckList] = []
        self._said: set[int] = set()
        self._questions: list[str] = []
        self._words = Vocabulary()
        self.comparing = Comparing(journal, settings.threshold, self._words)
        self._named: NamedEmbeddings | None = None
        self._embeddings = ""
        self._done = 0
        self._total = len(inputs.chunks)

    @cached_property
    def rules(self) -> Rules:
        """Checks pairs in this process."""
        from .rules.rulings import Rules

        return Rules(self._settings.evidence, self.example, self._likeness)

    def expect(self, more: int) -> None:
        """Adds chunks that will be asked about once more to the total."""
        self._total += more

    def kept(self) -> int:
        """The number of pairs kept so far."""
        return len(self._compared().kept)

    def drawn_on(self) -> list[QAPair]:
        """The kept pairs and their duplicates so far, which show what text is already covered."""
        compared = self._compared()
        return [*compared.kept, *(one.item for one in compared.duplicates)]

    def file_of(self, index: int) -> File:
        """The file that a chunk is a slice of."""
        place = self._inputs.file_of[index]
        return File.of(place, self._inputs.files[place])

    def take(self, settled: Sequence[Settled], named: NamedEmbeddings) -> list[ChunkDone]:
        """Events for chunks that have ended; none for chunks that were not asked about.

        The outcome of a further pass over a chunk adds to its earlier outcome. The pairs of an
        event say nothing that an earlier pair says word for word; what asks the same in other words
        is found once all are there.

        Args:
            settled: The chunks.
            named: The embedding that finds duplicates; the same throughout a run.

        Raises:
            JournalError: The journal cannot be written.
        """
        self._named, self._embeddings = named, named.name
        taken = [self._accept(*one) for one in settled]
        places = [index for index, *_ in settled]
        ended = [(at, outcome, bad) for at, (_, outcome, bad) in zip(places, taken, strict=True)]
        Jobs(self._journal).save_outcomes(self._job, ended)
        self._checked.store()
        events: list[ChunkDone] = []
        for (index, answered, _), (pairs, outcome, _) in zip(settled, taken, strict=True):
            self.usage += answered.usage
            new = self._new(pairs)
            # A chunk that was not asked about has an outcome, but does not count as done.
            if not answered.asked:
                continue
            self._done += 1
            events.append(
                ChunkDone(
                    index=index,
                    outcome=outcome,
                    pairs=tuple(new),
                    done=self._done,
                    total=self._total,
                    usage=self.usage,
                )
            )
        add_pairs(self._journal, self._job, [(event.index, event.pairs) for event in events])
        return events

    def questions(self, most: int | None = None) -> list[str]:
        """Questions of pairs taken since the last call that have no vector, the earliest first.

        Args:
            most: How many are looked at; the others are left for the next call.

        Raises:
            JournalError: The journal cannot be read.
        """
        most = len(self._questions) if most is None else most
        texts = list(dict.fromkeys(self._questions[:most]))
        self._questions = self._questions[most:]
        known = self._journal.vectors(self._vectors_key, texts) if texts else {}
        return [text for text in texts if text not in known]

    @property
    def waiting_questions(self) -> int:
        """How many questions ``questions`` has not given yet."""
        return len(self._questions)

    def embed(self, questions: Sequence[str]) -> None:
        """Keeps the vectors of questions in the journal, for the time when all are compared.

        Raises:
            JournalError: The journal cannot be written.
            EmbeddingError: The vectors cannot be computed.
        """
        if self._named is not None:
            embed(self._named, questions, self._journal)

    def keep_vectors(self, vectors: dict[str, np.ndarray]) -> None:
        """Keeps vectors that were made elsewhere.

        Args:
            vectors: Unit vectors by question.

        Raises:
            JournalError: The journal cannot be written.
        """
        self._journal.save_vectors(self._vectors_key, vectors)

    @property
    def _vectors_key(self) -> str:
        return (self._named.key or self._named.name) if self._named else ""

    def check_lists(self) -> list[CheckList]:
        """The lists to put to a judge about the chunks taken since the last call."""
        lists, self._to_judge = self._to_judge, []
        return lists

    def decide(self, decide: Decide) -> None:
        """Replaces the rules' word on each pair by another, and judges the duplicates anew.

        Args:
            decide: Gives a pair with the reason to reject it, or None, for such a couple and a
                function that gives the passage it was made from.
        """
        self._decide = decide
        self._forget()

    def order(self) -> dict[str, int]:
        """The place of each accepted pair in document order, by its id."""
        return {pair.id: at for at, (_, pair) in enumerate(self._sort_out()[0])}

    def candidates(self) -> list[Candidate]:
        """Couples of kept pairs that may ask the same though no rule can tell."""
        if self._named is None:
            return []
        return self.comparing.candidates(self._sort_out()[0], self._named, self._read())

    def result(self) -> PairList:
        """The list, in document order.

        Raises:
            RuntimeError: A chunk has no outcome, which is a bug.
        """
        if len(self.states) != len(self._inputs.chunks):
            counts = f"{len(self.states)} of {len(self._inputs.chunks)}"
            raise RuntimeError(f"{counts} chunks are accounted for")
        compared = self._compared()  # which may reject some
        rejected = self._sort_out()[1]
        return PairList(
            kept=tuple(compared.kept),
            duplicates=tuple(compared.duplicates),
            rejected=tuple(one for index in sorted(rejected) for one in rejected[index]),
            conflicts=tuple(compared.conflicts),
            chunks=tuple(Jobs(self._journal).outcomes(self._job)),
            usage=self.usage,
            embeddings=self._embeddings,
            refused=tuple(Reason.of(error) for error in self._inputs.refused),
        )

    def _forget(self) -> None:
        """Has all pairs looked at anew, since there are others."""
        self._sorted_out = None
        self.comparing.forget()

    def _sort_out(self) -> tuple[list[Accepted], dict[int, list[Rejected]]]:
        """The accepted pairs, and the rejected ones by their chunk, in document order."""
        if self._sorted_out is None:
            self._sorted_out = self._checked.sort_out(self._decide, self._passage)
        return self._sorted_out

    def _passage(self, place: int) -> Passage:
        return self.rules.passage(self._inputs.chunks[place], self.file_of(place))

    def _read(self) -> list[Chunk]:
        return [self._inputs.chunks[at] for at in self.states]

    def _new(self, pairs: list[QAPair]) -> list[QAPair]:
        """The pairs that no earlier one says word for word."""
        if self._named is not None and self._named.embeddings is not None:
            self._questions += [pair.question for pair in pairs]
        if pairs:
            self._forget()
        said = [hash((pair.question, pair.answer)) for pair in pairs]
        new = [pair for pair, key in zip(pairs, said, strict=True) if key not in self._said]
        self._said.update(said)
        return new

    def _compared(self) -> Sorted:
        """The pairs sorted; one over which this stumbles is rejected."""
        if self._named is None:
            return Sorted()
        accepted, rejected = self._sort_out()
        found = self.comparing.sorted(accepted, self._named, self._read())
        for place, one in self.comparing.faulty():
            rejected.setdefault(place, []).append(one)
        return found

    def _accept(
        self, index: int, answered: Answered, rulings: Rulings
    ) -> tuple[list[QAPair], ChunkOutcome, list[str]]:
        """The accepted pairs of a chunk, its outcome, and the replies that made it fail.

        A fault of ours costs only its pair or its chunk: the reply is in the journal, and would
        end every further run of the job alike.
        """
        chunk = self._inputs.chunks[index]
        self._words.read(chunk.source, chunk.text)
        if rulings.fault:
            answered = replace(answered, reason=chunk_fault(rulings.fault))
        by = answered.model or self._model, answered.prompt
        checked = [
            self._checked_pair(draft, ruling, chunk, by)
            for draft, ruling in zip(answered.drafts, rulings.of, strict=True)
        ]
        self._checked.add(index, checked)
        if checked and self._planted and not rulings.fault:
            self._to_judge += self._lists(index, checked)
        whole = self._over_passes(index, answered)
        self.states[index] = whole.state
        outcome = ChunkOutcome(
            chunk_id=chunk.id,
            source=chunk.source,
            span=chunk.span,
            state=whole.state,
            parsed=len(whole.drafts),
            reason=whole.reason,
            raw=whole.raw,
        )
        return [pair for pair, reason in checked if reason is None], outcome, whole.bad_replies

    def _lists(self, index: int, checked: list[Checked]) -> list[CheckList]:
        """The lists to put to a judge; none if making them fails: the rules decide then."""
        from .judge.lists import check_lists

        chunk = self._inputs.chunks[index]
        try:
            passage = self._passage(index)
            all_pairs = self._settings.check == "all"
            return check_lists(chunk, passage, checked, planted=self._planted, all_pairs=all_pairs)
        except SaidError:
            raise
        except Exception:
            log.exception("job %s: no list for the judge about chunk %s", self._job, chunk.id)
            return []

    def _checked_pair(self, draft: DraftPair, ruling: Ruling, chunk: Chunk, by: _By) -> Checked:
        """A pair with its evidence, and the reason to reject it, if any."""
        fault = ruling.fault
        reason = Reason(code=ruling.code) if ruling.code else None
        try:
            pair = self._pair(draft, ruling, chunk, by)
        except Exception as error:
            log.exception("job %s: a pair of chunk %s cannot be checked", self._job, chunk.id)
            fault = {"kind": type(error).__name__}
            pair = self._pair(draft, Ruling(Evidence(match="none")), chunk, by)
        return pair, pair_fault(fault) if fault else reason

    def _over_passes(self, index: int, answered: Answered) -> Answered:
        """The outcome of a chunk over all its passes."""
        if index not in self.states:
            return answered
        whole = earlier_passes(self._journal, self._job, index)
        whole.add(answered)
        return whole

    def _likeness(self, one: str, other: str) -> float:
        if self._named is None:
            return 0.0
        return likeness(self._named, one, other, self._journal)

    def _pair(self, draft: DraftPair, ruling: Ruling, chunk: Chunk, by: _By) -> QAPair:
        model, prompt = by
        evidence = ruling.evidence
        return QAPair(
            id=pair_id(chunk.id, draft.question, draft.answer),
            question=draft.question,
            answer=draft.answer,
            evidence=evidence,
            verdict=verdict_on(evidence, ruling.code) if self._settings.check != "off" else None,
            source=chunk.source,
            page=evidence.page or chunk.first_page,
            chunk_id=chunk.id,
            model=model,
            prompt=prompt,
            reasoning=draft.reasoning,
        )
