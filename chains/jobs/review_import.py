"""Takes the corrections of a reviewed workbook into the journal, row by row."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from messages import say
from pairs.edits import Edit
from pairs.errors import ExportError
from pairs.files.review_cells import ReadRow, read_review
from pairs.files.review_rows import LONGEST, State, state_of, state_words
from pairs.files.workbook_cells import Cell
from pairs.records import PairList, QAPair, Reason

from ..journal.edits import Change, Revision, edits, history
from ..journal.jobs import Jobs
from ..journal.lists import load_list, revise
from ..journal.replies import Journal
from .review_workbook import state_in

__all__ = ["ReviewNote", "ReviewReport", "import_review"]

NoteKind = Literal["unknown", "doubled", "other job", "refused", "conflict"]


class ReviewNote(BaseModel):
    """A row of which nothing was taken, and why."""

    model_config = ConfigDict(frozen=True)

    kind: NoteKind
    sheet: str
    row: int = Field(description="its number in the sheet, from 1")
    pair: str = Field(default="", description="the pair's id; empty for an unknown one")
    reason: Reason
    mine: Edit | None = Field(default=None, description="of a conflict: what the row asks for")
    theirs: Revision | None = Field(default=None, description="of a conflict: what stands")

    def say(self, language: str = "en") -> str:
        """The sentence in ``en`` or ``zh``, with the row's place."""
        told = self.reason.say(language)
        if self.kind == "conflict":
            theirs = self.theirs.edit if self.theirs else None
            both = _told(self.mine, language), _told(theirs, language)
            who = (self.theirs and self.theirs.who) or say("review.somebody", language)
            told = say("review.conflict_of", language, who=who, mine=both[0], theirs=both[1])
        return say("review.row", language, sheet=self.sheet, row=self.row, reason=told)


class ReviewReport(BaseModel):
    """What became of the rows of a workbook; each pair of the job counts once."""

    model_config = ConfigDict(frozen=True)

    job: str = Field(description="the whole id")
    accepted: int = Field(default=0, description="pairs accepted as they are")
    rejected: int = Field(default=0, description="pairs left out")
    reworded: int = Field(default=0, description="pairs with new words, accepted with them")
    taken_back: int = Field(default=0, description="pairs whose state was made blank")
    unchanged: int = 0
    absent: int = Field(default=0, description="pairs of the list that no row is of")
    notes: tuple[ReviewNote, ...] = Field(default=(), description="rows not taken")
    remarks: tuple[tuple[str, str], ...] = Field(
        default=(), description="(id of the pair, what was remarked), in order"
    )

    @property
    def changed(self) -> int:
        """How many pairs were changed."""
        return self.accepted + self.rejected + self.reworded + self.taken_back

    @property
    def complete(self) -> bool:
        """Whether all that was asked for was taken."""
        return not any(one.kind in ("refused", "conflict", "doubled") for one in self.notes)

    def summary(self, language: str = "en") -> str:
        """One sentence with the counts, in ``en`` or ``zh``."""
        counts = self.model_dump(include={"accepted", "rejected", "reworded", "taken_back"})
        left = {"unchanged": self.unchanged, "absent": self.absent, "notes": len(self.notes)}
        return say("review.summary", language, **counts, **left)


def import_review(
    journal: Journal, workbook: str | Path | bytes, job: str | None = None, who: str = ""
) -> ReviewReport:
    """What became of each row of a workbook that ``job_workbook`` wrote and people changed.

    A row that says what was written changes nothing, in whatever order the rows stand. One whose
    pair was changed elsewhere since is not taken, and its note holds both versions.

    Args:
        journal: The journal that holds the job.
        workbook: The .xlsx file, or its bytes.
        job: Id, beginning of an id, or name; None for the job that most rows are of.
        who: Who reviewed.

    Raises:
        LoadError: The file is broken, locked, a bomb, or missing.
        ExportError: It is no workbook, none that was written for review, or of another job.
        JournalError: The job is unknown, has not ended, or the journal cannot be written.
    """
    file, rows = _read(workbook)
    jobs = Counter(row.identity.job for row in rows if row.identity)
    found = Jobs(journal).find(job or jobs.most_common(1)[0][0]).id
    if found not in jobs:
        raise ExportError("review.other_workbook", file=file, job=jobs.most_common(1)[0][0])
    work = _Import(found, load_list(journal, found), edits(journal, found), history(journal, found))
    for row in rows:
        work.take(row)
    return work.store(journal, who)


def _read(workbook: str | Path | bytes) -> tuple[str, list[ReadRow]]:
    """The name of a workbook and its rows."""
    if not isinstance(workbook, bytes):
        return str(workbook), read_review(Path(workbook), str(workbook))
    with tempfile.TemporaryDirectory(prefix="qa3-review-") as folder:
        path = Path(folder) / "review.xlsx"
        path.write_bytes(workbook)
        return path.name, read_review(path, path.name)


@dataclass
class _Asked:
    """The rows of one pair, and what they ask for."""

    rows: list[ReadRow]
    edits: list[Edit]


class _Import:
    """Collects what the rows of a job ask for, and stores it at once.

    Args:
        job: The whole id.
        pairs: The list with what stands.
        standing: The edits that stand.
        history: All versions of the edits, the earliest first.
    """

    def __init__(
        self, job: str, pairs: PairList, standing: Iterable[Edit], history: Sequence[Revision]
    ) -> None:
        self.job = job
        self._standing = {edit.pair: edit for edit in standing}
        self._seen: dict[tuple[str, int], Edit | None] = {}
        # What an earlier version of qa3 stored has no history.
        self._seen |= {(edit.pair, 0): edit for edit in self._standing.values()}
        self._seen |= {(one.pair, 0): None for one in history}
        self._seen |= {(one.pair, one.version): one.edit for one in history}
        everything = (
            *pairs.kept,
            *(one.item for one in pairs.duplicates),
            *(one.item for one in pairs.rejected),
        )
        self._pairs: dict[str, QAPair] = {pair.id: pair for pair in reversed(everything)}
        self._asked: dict[str, _Asked] = {}
        self._notes: list[ReviewNote] = []
        self._remarks: list[tuple[str, str]] = []

    def take(self, row: ReadRow) -> None:
        """Takes in what a row asks for, or notes why it is not taken."""
        identity = row.identity
        if identity is not None and identity.job != self.job:
            self._note(
                "other job", row, Reason(code="review.other_job", fields={"job": identity.job})
            )
            return
        if identity is None or identity.pair not in self._pairs:
            self._note("unknown", row, Reason(code="review.unknown"))
            return
        remark = row.cells.get("remark", Cell("")).words
        if remark:
            self._remarks.append((identity.pair, remark))
        asked = self._asked.setdefault(identity.pair, _Asked([], []))
        asked.rows.append(row)
        edit = self._edit(row)
        if isinstance(edit, Reason):
            self._note("refused", row, edit)
        elif edit is not None and edit not in asked.edits:
            asked.edits.append(edit)

    def store(self, journal: Journal, who: str) -> ReviewReport:
        """Stores what is asked for, and tells what became of it.

        Args:
            journal: The journal that holds the job.
            who: Who reviewed.
        """
        changes = []
        for pair, asked in self._asked.items():
            if len(asked.edits) > 1:
                reason = Reason(code="review.doubled", fields={"count": len(asked.rows)})
                self._note("doubled", asked.rows[-1], reason)
            elif asked.edits and asked.edits[0] != self._standing.get(pair, Edit(pair=pair)):
                version = asked.rows[0].identity.version  # type: ignore[union-attr]  # they have one
                changes.append(Change(pair=pair, saw=version, edit=asked.edits[0]))
        stored = revise(journal, self.job, changes, who, known=self._pairs)
        counts = Counter[str]()
        for change, revision in zip(changes, stored, strict=True):
            if revision.refused:
                row = self._asked[change.pair].rows[0]
                reason = Reason(code="review.conflict")
                self._note("conflict", row, reason, mine=change.edit, theirs=revision)
            else:
                counts[self._kind(change.edit, change.pair, change.saw or 0)] += 1
        noted = {one.pair for one in self._notes if one.kind in ("refused", "conflict", "doubled")}
        untouched = len(self._asked.keys() - noted - {change.pair for change in changes})
        return ReviewReport(
            job=self.job,
            **counts,
            unchanged=untouched,
            absent=len(self._pairs) - len(self._asked),
            notes=tuple(self._notes),
            remarks=tuple(dict.fromkeys(self._remarks)),
        )

    def _edit(self, row: ReadRow) -> Edit | Reason | None:
        """The edit that a row asks for; None for one as it was written, or why it cannot be had."""
        identity, state = row.identity, row.cells.get("state")
        assert identity is not None  # noqa: S101 - such rows do not come here
        wanted = identity.state if state is None else _state(state)
        if isinstance(wanted, Reason):
            return wanted
        words: dict[str, str] = {}
        for name in ("question", "answer"):
            cell = row.cells.get(name)
            if cell is None or not (cell.kind != "text" or cell.changed(getattr(identity, name))):
                continue
            fault = _fault(cell, getattr(self._pairs[identity.pair], name))
            if fault and not (wanted == "left out" and fault.code == "review.blank"):
                return fault
            if not fault:
                words[name] = cell.words
        if not words and wanted == identity.state:
            return None
        base = self._seen.get((identity.pair, identity.version)) or Edit(pair=identity.pair)
        fate = wanted or ("kept" if words else None if identity.state else base.fate)
        of = base.of if fate == "duplicate" else None
        return base.model_copy(update={**words, "fate": fate, "of": of})

    def _kind(self, edit: Edit | None, pair: str, saw: int) -> str:
        before = self._seen.get((pair, saw)) or Edit(pair=pair)
        after = edit or Edit(pair=pair)
        if after.fate == "left out":
            return "rejected"
        if (after.question, after.answer) != (before.question, before.answer):
            return "reworded"
        return "accepted" if after.fate == "kept" else "taken_back"

    def _note(
        self,
        kind: NoteKind,
        row: ReadRow,
        reason: Reason,
        *,
        mine: Edit | None = None,
        theirs: Revision | None = None,
    ) -> None:
        known = kind not in ("unknown", "other job") and row.identity is not None
        pair = row.identity.pair if known and row.identity else ""
        self._notes.append(
            ReviewNote(
                kind=kind, sheet=row.sheet, row=row.number, pair=pair, reason=reason,
                mine=mine, theirs=theirs,
            )
        )  # fmt: skip


def _state(cell: Cell) -> State | Reason:
    """What a cell says of the pair, or why it says nothing."""
    said = state_of(cell.text) if cell.kind == "text" else None
    if said is None:
        return Reason(code="review.state", fields={"word": cell.text[:60]})
    return said


def _fault(cell: Cell, stands: str) -> Reason | None:
    """Why a changed cell cannot be taken, if it cannot.

    Args:
        cell: The cell.
        stands: What stands in the list.
    """
    checks: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("review.formula", lambda: cell.kind == "formula"),
        ("review.not_text", lambda: cell.kind != "text"),
        ("review.blank", lambda: not cell.words),
        ("review.cut", lambda: len(stands) > LONGEST or cell.full),
    )
    return next((Reason(code=code) for code, holds in checks if holds()), None)


def _told(edit: Edit | None, language: str) -> str:
    """What an edit makes of a pair, in a few words."""
    edit = edit or Edit(pair="")
    state = state_words(language).get(state_in(edit), "")
    return " | ".join(filter(None, (state, edit.question, edit.answer))) or "-"
