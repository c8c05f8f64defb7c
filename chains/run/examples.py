"""A user's own pairs, shown to the model in place of the worked example."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from loaders import count_tokens
from pairs.errors import ExportError
from pairs.files.importing import import_pairs
from pairs.records import Reason
from pairs.text.language import language_of

from ..errors import ReplyError, SettingsError
from ..parsing.parser import PairParser
from ..settings import Settings

__all__ = ["OwnExamples", "left_out", "own_examples"]

MOST_TOKENS = 300
"""Estimated tokens that the examples of one language may take in every request."""
MOST_PAIRS = 8
_LONGEST = 600  # characters of a pair
Language = Literal["zh", "en"]


class OwnExamples(NamedTuple):
    """The user's pairs, by the language of their question, as many as a request has room for.

    Attributes:
        shown: By language; the built-in example is shown where there is none.
        total: How many there are.
    """

    shown: dict[Language, tuple[tuple[str, str], ...]]
    total: int

    @property
    def number(self) -> int:
        """How many are shown."""
        return sum(map(len, self.shown.values()))

    @property
    def text(self) -> str:
        """The shown ones as JSON lines, as the settings of a job keep them."""
        rows = (
            {"question": question, "answer": answer}
            for pairs in self.shown.values()
            for question, answer in pairs
        )
        return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)


def own_examples(settings: Settings) -> OwnExamples | None:
    """The examples that the settings give, as text or as a file; None where they give none.

    Args:
        settings: The settings.

    Raises:
        SettingsError: They hold no pair.
    """
    if settings.example_pairs is not None:
        pairs = _of_text(settings.example_pairs)
    elif settings.examples is not None:
        pairs = _of_file(settings.examples)
    else:
        return None
    fitting = [(q, a) for q, a in pairs if len(q) + len(a) <= _LONGEST]
    if not fitting:
        raise SettingsError("settings.no_examples", examples=str(settings.examples or "-"))
    shown: dict[Language, tuple[tuple[str, str], ...]] = {}
    for language in ("zh", "en"):
        own = [pair for pair in fitting if language_of(pair[0]) == language]
        if own:
            shown[language] = _first_that_fit(own)
    return OwnExamples(shown, len(pairs))


def left_out(own: OwnExamples | None, settings: Settings) -> list[tuple[str, Reason]]:
    """The warning that some of the user's examples are not shown; empty where all are.

    Args:
        own: The examples.
        settings: Name their file.
    """
    if own is None or own.number == own.total:
        return []
    fields = {"shown": own.number, "total": own.total}
    return [(str(settings.examples or "-"), Reason(code="examples.shown", fields=fields))]


def _first_that_fit(pairs: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The first pairs that a request has room for, one at least."""
    room = MOST_TOKENS
    taken: list[tuple[str, str]] = []
    for question, answer in pairs[:MOST_PAIRS]:
        room -= count_tokens(question) + count_tokens(answer)
        if taken and room < 0:
            break
        taken.append((question, answer))
    return tuple(taken)


def _of_file(path: Path) -> list[tuple[str, str]]:
    try:
        return [(pair.question, pair.answer) for pair in import_pairs(path.expanduser())]
    except (ExportError, RuntimeError, ValueError) as error:
        raise SettingsError("settings.no_examples", examples=str(path)) from error


def _of_text(text: str) -> list[tuple[str, str]]:
    try:
        rows = [json.loads(line) for line in text.strip().splitlines()]
        pairs = [(str(row["question"]), str(row["answer"])) for row in rows]
    except (ValueError, TypeError, KeyError):
        try:
            pairs = [(pair.question, pair.answer) for pair in PairParser().parse(text)]
        except ReplyError:
            pairs = []
    return [(question, answer) for question, answer in pairs if question.strip() and answer.strip()]
