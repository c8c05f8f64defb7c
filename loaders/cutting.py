"""Chooses where a chunk ends: the best boundary in reach, by a ranking of kinds.

Headings, table edges, blank lines, line ends, sentence ends, loose line ends, commas, blanks,
and at last between any two visible characters. A stronger place wins only if it leaves the chunk
reasonably full; the size wins over everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .sentences import (
    CLAUSE_END,
    SENTENCE_END,
    WORD_END,
    closes_sentence,
    grapheme_cut,
    is_sentence_end,
)

SIGHT = 64
"""Lookahead in characters past the reach; a decision never needs more."""

_HALF, _QUARTER = 50, 25  # per cent of the size that a chunk must fill for a boundary to count
_LIST_ITEM = re.compile(
    r"\s{0,12}(?:[-*+•●·▪◦]|\(?[0-9]{1,3}[.)、]|[（(][一二三四五六七八九十]{1,3}[)）])\s?"
)
_QUESTION = re.compile(
    r"^[ \t]{0,8}(?:(?:问题?|提问|Q(?:uestion)?)\s{0,2}[0-9一二三四五六七八九十]{0,4}\s{0,2}"
    r"[:：.、]\s{0,4}\S"
    r"|(?<=\n\n)[^\n“\"‘'「|>]{4,120}[？?][ \t]{0,8}$)",
    re.MULTILINE,
)
"""A line that begins a question with its answer below: labelled, or a paragraph of its own."""
_LONGEST_ANSWER = 500  # characters of a question with its answer that are not cut apart
_BLOCK = 512


@dataclass(frozen=True, slots=True)
class Reach:
    """The range in which a chunk may end; offsets in characters of ``text``.

    Attributes:
        text: The window's text.
        at: Start of the chunk.
        end: Its latest end.
        half: End of a half-full chunk.
        quarter: End of a quarter-full chunk.
        headings: Places of headings after ``at`` up to ``end`` with their levels.
    """

    text: str
    at: int
    end: int
    half: int
    quarter: int
    headings: tuple[tuple[int, int], ...] = ()


def best_cut(reach: Reach) -> int:
    """The end offset of the chunk, in ``reach.at`` (exclusive) to ``reach.end`` (inclusive)."""
    strongest = min((h for h in reach.headings if h[0] > reach.quarter), key=_rank, default=None)
    if strongest:
        return strongest[0]
    if question := _last_question(reach):
        return question
    places = _line_places(reach)
    for kind in ("table", "paragraph", "line"):
        if places.get(kind, 0) > reach.half:
            return places[kind]
    if "row" in places:
        return places["row"]
    for floor in (reach.quarter, reach.at):
        sentence = _last(SENTENCE_END, reach, floor)
        soft = places.get("blank", 0) or places.get("soft", 0)
        cut = sentence or (soft if soft > floor else 0) or _last(CLAUSE_END, reach, floor)
        if cut:
            return cut
    return _last(WORD_END, reach, reach.at) or grapheme_cut(reach.text, reach.end, reach.at)


def _last_question(reach: Reach) -> int:
    """Where the latest question with its answer begins; 0 where none does near the end.

    Long answers are cut like other text: they are understood without their question, which stands
    in the text before.
    """
    text, half = reach.text, max(reach.half, reach.end - _LONGEST_ANSWER, reach.at + 1)
    begin = text.rfind("\n", reach.at, half) + 1 or half
    last = 0
    for mark in _QUESTION.finditer(text, begin, reach.end):
        if mark.start() > half:
            last = mark.start()
    return last


def _rank(heading: tuple[int, int]) -> tuple[int, int]:
    """Smaller is better: the highest heading, of equals the latest."""
    return heading[1], -heading[0]


def _line_places(reach: Reach) -> dict[str, int]:
    """The latest line end of each kind above a quarter of the size.

    ``table``: a table's edge; ``row``: between its rows, where the reach ends inside it;
    ``paragraph``: a blank line after a closed sentence; ``line``: a line end after one or before
    a list item; ``blank`` and ``soft``: a blank line and a line end in the middle of a sentence.
    """
    found: dict[str, int] = {}
    for start, before, after in _lines_backward(reach):
        kind = _kind(before, after, first=not found)
        found.setdefault(kind, start)
        if kind in ("table", "paragraph") and start > reach.half:
            break
    if "row" in found and found["row"] < max(found.values()):
        del found["row"]
    return found


def _kind(before: str, after: str, *, first: bool) -> str:
    is_row, was_row = after.lstrip()[:1] == "|", before.lstrip()[:1] == "|"
    if is_row != was_row and (is_row or not before.strip()):
        return "soft" if first and is_row else "table"
    if is_row:
        return "row"
    if not before.strip():
        return "blank"
    # A question is not cut off from its answer.
    closed = closes_sentence(before) and before.rstrip()[-1] not in "？?"
    if not after.strip():
        return "paragraph" if closed else "blank"
    return "line" if closed or _LIST_ITEM.match(after) else "soft"


def _lines_backward(reach: Reach) -> Iterator[tuple[int, str, str]]:
    """Line ends from the reach's end down: where the next line starts, and the lines around."""
    text = reach.text
    newline = text.rfind("\n", reach.at, reach.end)
    after = text[newline + 1 : min(newline + 1 + SIGHT, reach.end + SIGHT)].split("\n", 1)[0]
    while newline >= reach.quarter:
        previous = text.rfind("\n", reach.at, newline)
        before = text[max(previous + 1, reach.at) : newline]
        yield newline + 1, before, after
        newline, after = previous, before


def _last(pattern: re.Pattern[str], reach: Reach, floor: int) -> int:
    """The end of the pattern's last match within (floor, end]; 0 where there is none."""
    sight = min(len(reach.text), reach.end + SIGHT)
    high = reach.end
    while high > floor:
        low = max(floor, high - _BLOCK)
        best = 0
        # No further than this block needs: what lies behind has been searched already.
        for match in pattern.finditer(reach.text, low, min(sight, high + SIGHT)):
            if match.start() >= high:
                break
            if floor < match.end() <= reach.end and _counts(pattern, reach, match):
                best = match.end()
        if best:
            return best
        high = low
    return 0


def _counts(pattern: re.Pattern[str], reach: Reach, match: re.Match[str]) -> bool:
    return pattern is not SENTENCE_END or is_sentence_end(reach.text, match, reach.at)


def overlap_start(text: str, start: int, end: int, sentences: int) -> int:
    """Where the last whole sentences of a chunk begin; its end where it holds no more than them.

    Args:
        text: The window's text.
        start: Where the chunk begins.
        end: Where it ends.
        sentences: How many sentences to go back.
    """
    ends = [
        match.end()
        for match in SENTENCE_END.finditer(text, start, end)
        if is_sentence_end(text, match, start)
    ]
    if ends and not text[ends[-1] : end].strip():
        ends.pop()
    if not 0 < sentences <= len(ends):
        return end
    begin = ends[-sentences]
    return begin + len(text[begin:end]) - len(text[begin:end].lstrip())
