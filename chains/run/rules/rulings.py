"""Checks the pairs of one chunk: their evidence, and the rules' reason against each."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence

from loaders.records import Chunk
from messages.errors import SaidError
from pairs.evidence.example import Example
from pairs.evidence.grounding import NONE, Passage
from pairs.evidence.quality import reason_against
from pairs.evidence.source_text import SourceText

from .records import Draft, File, Policy, Ruling, Rulings

log = logging.getLogger(__name__)


class Rules:
    """Checks pairs; used from one thread.

    Args:
        policy: What is asked of evidence, as in ``Settings.evidence``.
        example: Title and text of the worked example that the model was shown; empty for none.
        near: As for ``Passage``.
    """

    def __init__(
        self, policy: Policy, example: str, near: Callable[[str, str], float] | None = None
    ) -> None:
        self._policy: Policy = policy
        self._example = Example(example)
        self._near = near
        self._texts: dict[int, SourceText] = {}

    def rulings(self, chunk: Chunk, drafts: Sequence[Draft], file: File) -> Rulings:
        """The rules' word on the pairs of a chunk; an error of ours costs a pair, or the chunk.

        Args:
            chunk: The chunk.
            drafts: Its pairs.
            file: That it is a slice of; chunks of one file best come together.

        Raises:
            SaidError: The vectors of texts cannot be had.
        """
        try:
            passage = self.passage(chunk, file) if drafts else None
        except SaidError:
            raise
        except Exception as error:
            log.exception("no evidence can be looked for in chunk %s", chunk.id)
            fault = _fault(error)
            return Rulings([Ruling(NONE, fault=fault) for _ in drafts], fault)
        return Rulings([self._ruling(chunk, draft, passage, file) for draft in drafts if passage])

    def forget(self) -> None:
        """Drops the index of the file that the last chunk was of."""
        self._texts = {}

    def passage(self, chunk: Chunk, file: File) -> Passage:
        """The text of a chunk, which knows its whole file."""
        return Passage(chunk, file.pages, self._text(file), self._near)

    def _text(self, file: File) -> SourceText:
        if file.place not in self._texts:
            self._texts = {file.place: SourceText(file.text)}
        return self._texts[file.place]

    def _ruling(self, chunk: Chunk, draft: Draft, passage: Passage, file: File) -> Ruling:
        question, answer = draft
        try:
            evidence = passage.ground(question, answer)
            code = reason_against(question, answer, evidence, self._policy)
            if self._example.gave(question, answer, self._text(file), chunk.context):
                code = "rejected.example"
        except SaidError:
            raise
        except Exception as error:
            log.exception("a pair of chunk %s cannot be checked", chunk.id)
            return Ruling(NONE, fault=_fault(error))
        return Ruling(evidence, code)


def _fault(error: Exception) -> dict[str, str]:
    kind = type(error).__name__
    return {"kind": kind, "reason": str(error)[:300], "trace": traceback.format_exc()}
