"""Words of a PDF page with their boxes, and the rows and pieces they stand in."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..characters import fold
from .glyphs import turned

if TYPE_CHECKING:
    from .rules import Rule
    from .runs import Glyphs, Run

_SOLID = re.compile(r"\S+")
_WIDE = re.compile("[\u2e80-\uffff\U00020000-\U0003ffff]")
_WORD_GAP = 0.3  # line heights; what stands nearer is one word
_CELL_GAP = 0.62  # line heights; what stands further apart may be two cells
_BLANK = 1.3  # widths of a sign; a blank of a typewriter's font is one
_SAME_LINE = 0.5  # share of the lower height
_INSIDE = 1.0  # points that a word reaches past a rule on both sides when the rule cuts it
_LETTERS = re.compile(r"[^\W\d_]")
_DIGITS = re.compile(r"\d")
_MISSING = re.compile(r"\(?(?:n\.?\s?/?a\.?|x|nil)\)?$", re.IGNORECASE)
_AMOUNT = re.compile(r"[^\w]*(?:[A-Z]{1,3}[$€£¥\s])?[^\w]*\d")
_RUNNING = 40  # characters of a line that is surely text
_LETTERED = 0.76  # share of its characters that are letters
_LOOSE = 1.15  # times its usual width; a wider one has gaps
_LEADERS = re.compile(r"[.·…․]+$")
_LONGEST_VALUE = 30  # characters


@dataclass(frozen=True, slots=True)
class Word:
    """Signs without a blank between them; its box is in the frame of its run."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    run: int = -1  # number of the run it is part of
    first: int = -1  # its first character on the page
    last: int = -1
    blank: bool = True  # whether white space stands before it
    hyphen: bool = False  # goes on in the next line

    @property
    def height(self) -> float:
        """Line height in points."""
        return self.y1 - self.y0


@dataclass(slots=True)
class Piece:
    """Words of one row with no wide gap between them: a cell, or a line of one."""

    words: list[Word]
    x0: float
    y0: float
    x1: float
    y1: float
    text: str

    @property
    def height(self) -> float:
        """Line height in points."""
        return self.y1 - self.y0

    @property
    def width(self) -> float:
        """In points."""
        return self.x1 - self.x0

    @property
    def middle(self) -> float:
        """Halfway between its ends, in points."""
        return (self.x0 + self.x1) / 2

    @property
    def value(self) -> bool:
        """Whether it is a number, an amount, or a sign that stands for one."""
        return is_value(self.text)


def is_value(text: str) -> bool:
    """Whether a text is a number, an amount, or a sign that stands for one."""
    if len(text) > _LONGEST_VALUE:
        return False
    digits, letters = len(_DIGITS.findall(text)), len(_LETTERS.findall(text))
    if not digits:
        return (letters == 0 and len(text) <= 5) or bool(_MISSING.match(text))
    return letters <= digits and (not letters or bool(_AMOUNT.match(text)))


def to_piece(words: Sequence[Word]) -> Piece:
    """Words of one row as one piece of text."""
    if len(words) == 1:
        (word,) = words
        return Piece([word], word.x0, word.y0, word.x1, word.y1, word.text)
    text = ""
    for before, word in zip([None, *words], words, strict=False):
        if before is not None:
            apart = word.x0 - before.x1
            text += " " if word.blank or apart > _WORD_GAP * word.height else ""
        text += word.text
    return Piece(
        list(words),
        min(word.x0 for word in words),
        min(word.y0 for word in words),
        max(word.x1 for word in words),
        max(word.y1 for word in words),
        text,
    )


def to_words(runs: Sequence[Run], glyphs: Glyphs, upright: Iterable[Rule] = ()) -> list[Word]:
    """The words of runs, cut where an upright rule passes through them.

    Args:
        runs: All of one turn.
        glyphs: The page's characters.
        upright: In the frame of the runs.
    """
    rules = sorted(upright, key=lambda rule: rule.at)
    places = [rule.at for rule in rules]
    words: list[Word] = []
    for number, run in enumerate(runs):
        if run.first < 0:
            words.append(Word(run.text, run.x0, run.y0, run.x1, run.y1, number))
            continue
        if _is_running_text(run) and not _cuts(_whole(run, number), rules, places):
            words.append(_whole(run, number))
            continue
        text = glyphs.text[run.first : run.last + 1]
        matches = list(_SOLID.finditer(text))
        for match in matches:
            first, last = run.first + match.start(), run.first + match.end() - 1
            hyphen = run.hyphen and match is matches[-1]
            word = _word(glyphs, run, number, (first, last), hyphen=hyphen)
            cuts = _cuts(word, rules, places)
            if cuts or _is_loose(word):
                words.extend(_parts(glyphs, run, word, cuts))
            elif word.text:
                words.append(word)
    return words


def _whole(run: Run, number: int) -> Word:
    return Word(
        run.text, run.x0, run.y0, run.x1, run.y1, number, run.first, run.last, hyphen=run.hyphen
    )


def _is_running_text(run: Run) -> bool:
    """Whether a run is a line of words with no gap among them; no box of them need be asked."""
    text = run.text
    if len(text) < _RUNNING or len(_LETTERS.findall(text)) < _LETTERED * len(text):
        return False
    wide = len(_WIDE.findall(text)) if not text.isascii() else 0
    usual = run.height * (wide * 0.95 + (len(text) - wide) * 0.42)
    return run.width < _LOOSE * usual


def _word(
    glyphs: Glyphs,
    run: Run,
    number: int,
    ends: tuple[int, int],
    *,
    hyphen: bool,
    blank: bool = True,
) -> Word:
    first, last = ends
    head = turned(glyphs.box(first), run.turn)
    tail = turned(glyphs.box(last), run.turn) if last > first else head
    text = fold(glyphs.text[first : last + 1])
    x0, x1 = min(head[0], tail[0]), max(head[2], tail[2])
    return Word(text, x0, run.y0, x1, run.y1, number, first, last, blank=blank, hyphen=hyphen)


def _cuts(word: Word, rules: list[Rule], places: list[float]) -> list[float]:
    if not rules:
        return []
    y = (word.y0 + word.y1) / 2
    low = bisect_right(places, word.x0 + _INSIDE)
    high = bisect_left(places, word.x1 - _INSIDE)
    return [rule.at for rule in rules[low:high] if rule.low < y < rule.high]


def _is_loose(word: Word) -> bool:
    """Whether a word is wider than its signs: a gap without a blank stands in it."""
    wide = len(_WIDE.findall(word.text)) if not word.text.isascii() else 0
    usual = word.height * (wide + (len(word.text) - wide) * 0.6)
    return len(word.text) > 1 and word.x1 - word.x0 > usual + 0.5 * word.height


def _parts(glyphs: Glyphs, run: Run, word: Word, cuts: list[float]) -> list[Word]:
    parts: list[Word] = []
    begin = word.first
    previous: tuple[float, float, float, float] | None = None
    blank = True
    for index in range(word.first, word.last + 1):
        box = turned(glyphs.box(index), run.turn)
        if previous is not None:
            middle = (box[0] + box[2]) / 2
            before = (previous[0] + previous[2]) / 2
            apart = box[0] - previous[2] > _WORD_GAP * word.height
            if apart or any(before < cut <= middle for cut in cuts):
                ends = (begin, index - 1)
                parts.append(_word(glyphs, run, word.run, ends, hyphen=False, blank=blank))
                begin, blank = index, apart
        previous = box
    ends = (begin, word.last)
    parts.append(_word(glyphs, run, word.run, ends, hyphen=word.hyphen, blank=blank))
    return [part for part in parts if part.text]


def remaining(
    runs: Sequence[Run], words: Sequence[Word], taken: set[int], glyphs: Glyphs
) -> list[Run]:
    """The runs without the words that tables took.

    Args:
        runs: Those the words were made of.
        words: All of them.
        taken: Places in ``words``.
        glyphs: The page's characters.
    """
    from dataclasses import replace

    touched = {words[place].run for place in taken}
    kept: dict[int, list[list[Word]]] = {}
    for place, word in enumerate(words):
        if word.run not in touched:
            continue
        parts = kept.setdefault(word.run, [[]])
        if place in taken:
            parts.append([])
        else:
            parts[-1].append(word)
    out: list[Run] = []
    for number, run in enumerate(runs):
        if number not in touched:
            out.append(run)
            continue
        for part in kept[number]:
            if part:
                text = fold(glyphs.text[part[0].first : part[-1].last + 1])
                out.append(
                    replace(
                        run,
                        text=text,
                        x0=min(word.x0 for word in part),
                        x1=max(word.x1 for word in part),
                        first=part[0].first,
                        last=part[-1].last,
                        hyphen=part[-1].hyphen,
                    )
                )
    return out


def rows_of(words: Iterable[Word]) -> list[list[Word]]:
    """Words on one line together, lines from the top down, words from left to right."""
    rows: list[list[Word]] = []
    tallest: list[Word] = []
    for word in sorted(words, key=lambda word: (-word.y1 - word.y0, word.x0)):
        if rows:
            head = tallest[-1]
            shared = min(head.y1, word.y1) - max(head.y0, word.y0)
            if shared > _SAME_LINE * min(head.height, word.height):
                rows[-1].append(word)
                if word.height > head.height:
                    tallest[-1] = word
                continue
        rows.append([word])
        tallest.append(word)
    return [sorted(row, key=lambda word: word.x0) for row in rows]


def pieces_of(row: Sequence[Word], gap: float = _CELL_GAP) -> list[Piece]:
    """A row cut at its wide gaps.

    Args:
        row: Words from left to right.
        gap: The narrowest that cuts, in line heights.
    """
    pieces: list[Piece] = []
    part: list[Word] = []
    right = 0.0
    for word in row:
        apart = bool(part) and word.x0 - right > _widest_blank(part[-1], word, gap)
        if apart and not _LEADERS.match(word.text):
            pieces.append(to_piece(part))
            part = []
        right = word.x1 if not part else max(right, word.x1)
        part.append(word)
    if part:
        pieces.append(to_piece(part))
    return pieces


def _widest_blank(before: Word, word: Word, gap: float) -> float:
    """How far apart two words of one piece may stand, in points."""
    widths = [
        (one.x1 - one.x0) / len(one.text)
        for one in (before, word)
        if len(one.text) > 2 and one.text.isascii()
    ]
    height = min(word.height, before.height)
    return max(gap * height, _BLANK * min(widths, default=0.0))
