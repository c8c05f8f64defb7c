"""Rows of the workbook that a list is reviewed in: what is written, and what came back.

A hidden cell of each row says which pair it is of and how the row was written, so that rows and
columns may be moved, sorted and deleted, and a row that nobody touched is known to be one.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Literal

from messages import LANGUAGES, say

State = Literal["kept", "left out", ""]
"""What a person says of a pair: accepted, rejected, or nothing yet."""
LONGEST = 32_767
"""Characters that a cell of the format may hold."""
COLUMNS = {
    "state": "review.column_state",
    "question": "review.column_question",
    "answer": "review.column_answer",
    "evidence": "review.column_evidence",
    "source": "review.column_source",
    "page": "review.column_page",
    "note": "review.column_note",
    "remark": "review.column_remark",
}
"""The columns that are seen, in order, each with the code of its head."""
READ = ("state", "question", "answer", "remark")
"""Those in which a person writes."""
KEY = "qa3:"
"""Begins the names of columns in the hidden first row."""

_LONGEST_HEAD = 40
_WORDS: dict[State, str] = {"kept": "review.accepted", "left out": "review.rejected"}
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # what XML has no character for
_IDENTITY = re.compile(
    r"qa3 (?P<job>\w{1,64}) (?P<pair>\w{1,64}) (?P<version>\d{1,15})"
    r" (?P<state>kept|left out|-) (?P<question>[0-9a-f]{12}) (?P<answer>[0-9a-f]{12})"
)


@dataclass(frozen=True)
class ReviewRow:
    """One pair as its row is written.

    Attributes:
        pair: Its id.
        version: Of its edit.
        state: What a person said of it so far.
        question: As it stands now.
        answer: As it stands now.
        evidence: The sentences around what proves it.
        source: Its document.
        page: Where the evidence begins.
        note: What speaks against the pair, or why it is not in the list.
    """

    pair: str
    version: int
    state: State
    question: str
    answer: str
    evidence: str = ""
    source: str = ""
    page: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Identity:
    """What the hidden cell of a row says: whose it is, and how it was written.

    Attributes:
        job: The whole id of the job.
        pair: The id of the pair.
        version: Of the edit that was seen.
        state: As written.
        question: Sum of the question as written.
        answer: Sum of the answer as written.
    """

    job: str
    pair: str
    version: int
    state: State
    question: str
    answer: str

    @classmethod
    def of(cls, row: ReviewRow, job: str) -> Identity:
        """That of a row which is about to be written."""
        sums = text_sum(fitting(row.question)), text_sum(fitting(row.answer))
        return cls(job, row.pair, row.version, row.state, *sums)

    @classmethod
    def read(cls, text: str) -> Identity | None:
        """What a cell says; None where it is another cell."""
        found = _IDENTITY.fullmatch(text.strip())
        if found is None:
            return None
        state: State = found["state"] if found["state"] != "-" else ""  # type: ignore[assignment]  # one of them
        sums = found["question"], found["answer"]
        return cls(found["job"], found["pair"], int(found["version"]), state, *sums)

    def __str__(self) -> str:
        state = self.state or "-"
        return f"qa3 {self.job} {self.pair} {self.version} {state} {self.question} {self.answer}"


def fitting(text: str) -> str:
    """A text as a cell can hold it: no control characters, and an ellipsis where it is cut."""
    shown = _UNFIT.sub("\ufffd", text)
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def plain(text: str) -> str:
    """A cell's text in the one form that all programs leave it in: line feeds, no blank ends."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def text_sum(text: str) -> str:
    """Twelve hex digits of a cell's text, the same in whatever program it was saved."""
    return sha256(plain(text).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def state_words(language: str) -> dict[State, str]:
    """The words for what a person says of a pair, in a language."""
    return {state: say(code, language) for state, code in _WORDS.items()}


def state_of(text: str) -> State | None:
    """What a cell says of a pair, in either language; None for another word."""
    return _states().get(_folded(text))


def column_of(head: str) -> str | None:
    """The column that a head names, in either language or as the hidden row does."""
    return _heads().get(_folded(head)) if len(head) < _LONGEST_HEAD else None


@cache
def _states() -> dict[str, State]:
    known = [state_words(language).items() for language in LANGUAGES]
    return {"": "", **{_folded(word): state for words in known for state, word in words}}


@cache
def _heads() -> dict[str, str]:
    heads = {KEY + name: name for name in COLUMNS}
    for language in LANGUAGES:
        heads |= {_folded(say(code, language)): name for name, code in COLUMNS.items()}
    return heads


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
