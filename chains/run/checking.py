"""Checks the pairs of one chunk against its text: evidence, and the rules' reason against each."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from loaders.records import Chunk
from messages.errors import SaidError
from pairs.edits import pair_id
from pairs.evidence.example import Example
from pairs.evidence.grounding import NONE, Passage
from pairs.evidence.quality import reason_against
from pairs.evidence.source_text import SourceText
from pairs.evidence.verdict import verdict_on
from pairs.records import Evidence, QAPair, Reason

from ..embedding.load import NamedEmbeddings, embed
from ..journal.replies import Replies
from ..records import DraftPair, SourceFile
from ..settings import Settings
from .extraction import Answered
from .faults import chunk_fault, pair_fault
from .judge.lists import Checked

__all__ = ["Checking", "Checks"]

log = logging.getLogger(__name__)
_By = tuple[str, str]  # the model that made a pair, and its prompt's fingerprint


@dataclass
class Checks:
    """The outcome of the requests about a chunk, and its pairs as the rules judge them.

    Attributes:
        answered: The outcome.
        checked: Every pair with the reason to reject it, or None.
        embedding: The name of the one that told how alike texts are.
    """

    answered: Answered
    checked: list[Checked]
    embedding: str = ""


class Checking:
    """Checks pairs by the rules, one chunk at a time.

    Args:
        model: The model's name, as pairs carry it.
        settings: How pairs are judged.
        journal: Where vectors are kept.
        example: Title and text of the worked example that the model was shown; empty for none.

    Attributes:
        named: The embedding that tells how alike two texts are; None to go by words alone.
    """

    def __init__(self, model: str, settings: Settings, journal: Replies, example: str = "") -> None:
        self.named: NamedEmbeddings | None = None
        self._model, self._settings, self._journal = model, settings, journal
        self._example = Example(example)
        self._text: tuple[SourceFile, SourceText] | None = None
        self._passage: tuple[Chunk, Passage] | None = None

    def check(self, chunk: Chunk, file: SourceFile, answered: Answered) -> Checks:
        """The pairs of a chunk, each with its evidence, or with the reason to reject it.

        An unexpected error costs only its pair or its chunk: the reply is in the journal, and
        would end every further run of the job alike.

        Args:
            chunk: The chunk.
            file: Its file.
            answered: What the model said about it.
        """
        by = (answered.model or self._model, answered.prompt)
        if not answered.drafts:
            return Checks(answered, [])
        try:
            passage = self.passage(chunk, file)
        except SaidError:
            raise
        except Exception as error:
            log.exception("no evidence can be looked for in chunk %s", chunk.id)
            why = pair_fault(error)
            failed = [(self._pair(draft, NONE, chunk, by), why) for draft in answered.drafts]
            return Checks(replace(answered, reason=chunk_fault(error)), [*failed])
        text = self._text_of(file)
        return Checks(
            answered,
            [self._check(draft, passage, text, chunk, by) for draft in answered.drafts],
            self.named.name if self.named else "",
        )

    def passage(self, chunk: Chunk, file: SourceFile) -> Passage:
        """The passage of a chunk, which knows its whole file.

        Args:
            chunk: The chunk.
            file: Its file.
        """
        if self._passage is None or self._passage[0] is not chunk:
            text = self._text_of(file)
            self._passage = chunk, Passage(chunk, file.pages, text, self._likeness)
        return self._passage[1]

    def _text_of(self, file: SourceFile) -> SourceText:
        if self._text is None or self._text[0] != file:  # chunks of one file come together
            self._text = file, SourceText(file.text)
        return self._text[1]

    def _check(
        self, draft: DraftPair, passage: Passage, text: SourceText, chunk: Chunk, by: _By
    ) -> Checked:
        """A pair with its evidence, and the reason to reject it, if any."""
        question, answer = draft.question, draft.answer
        try:
            evidence = passage.ground(question, answer)
            code = reason_against(question, answer, evidence, self._settings.evidence)
            if self._example.gave(question, answer, text, chunk.context):
                code = "rejected.example"
            pair = self._pair(draft, evidence, chunk, by, code)
        except SaidError:
            raise
        except Exception as error:
            log.exception("a pair of chunk %s cannot be checked", chunk.id)
            return self._pair(draft, NONE, chunk, by), pair_fault(error)
        return pair, Reason(code=code) if code else None

    def _likeness(self, one: str, other: str) -> float:
        """The cosine of two texts as a share of the threshold for duplicate questions."""
        if self.named is None:
            return 0.0
        vectors = embed(self.named, [one, other], self._journal)
        if not vectors or self.named.threshold <= 0:
            return 0.0
        return float(vectors[one] @ vectors[other]) / self.named.threshold

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
