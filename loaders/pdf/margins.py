"""What stands on a PDF page beside its text: line numbers in the margin and watermarks."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from statistics import median

from ..sentences import closes_sentence
from .glyphs import OBLIQUE, Glyphs
from .runs import Run

_NUMBER = re.compile(r"(\d{1,4})(?=\s|$)")
_FEWEST = 5  # numbered lines
_STEPS = (1, 5, 10)  # lines from one number to the next
_MOST_OUT = 0.15  # share of the numbers that may be out of step
_LARGE = 1.6  # of the text's height: a watermark is larger than what it lies over
_OFTEN = 3  # times that a tiled watermark is written at least


def line_numbers(runs: list[Run], glyphs: Glyphs) -> list[int]:
    """The characters that only count the lines of the text beside them.

    Args:
        runs: Of the page.
        glyphs: Its characters.
    """
    columns: dict[int, list[tuple[int, Run, int]]] = defaultdict(list)
    for run in runs:
        match = _NUMBER.match(run.text)
        if match and run.turn == 0 and run.first >= 0:
            last = run.first + match.end() - 1
            edge = glyphs.box(last)[2] if last < len(glyphs.text) else run.x1
            columns[round(edge / 8)].append((int(match[1]), run, last))
    out: list[int] = []
    for place in list(columns):
        found = columns.pop(place, []) + columns.pop(place + 1, [])
        if _count_lines(found, runs, glyphs):
            out += [at for _, run, last in found for at in range(run.first, last + 1)]
    return out


def _count_lines(found: list[tuple[int, Run, int]], runs: list[Run], glyphs: Glyphs) -> bool:
    if len(found) < _FEWEST:
        return False
    found.sort(key=lambda one: -one[1].y0)
    numbers = [number for number, _, _ in found]
    steps = Counter(after - one for one, after in itertools.pairwise(numbers))
    step, count = steps.most_common(1)[0]
    if step not in _STEPS or count < (1 - _MOST_OUT) * (len(numbers) - 1):
        return False
    left = min(run.x0 for _, run, _ in found)
    right = max(glyphs.box(last)[2] for _, _, last in found)
    top, bottom = found[0][1].y1, found[-1][1].y0
    counted = {id(run) for _, run, _ in found}
    beside = [
        run
        for run in runs
        if id(run) not in counted and run.turn == 0 and bottom <= (run.y0 + run.y1) / 2 <= top
    ]
    if any(run.x0 < right and run.x1 > left for run in beside):
        return False  # It stands among other text: a column of a table, or figures of one.
    cells = sum(
        sum(run.y0 < (other.y0 + other.y1) / 2 < run.y1 for other in beside)
        + bool(run.text[_end(run) :].strip())
        > 1
        for _, run, _ in found
    )
    if cells > _MOST_OUT * len(found):
        return False  # Rows of a table, which only the first column counts.
    lines = [run.text[_end(run) :].strip() for _, run, _ in found] + [run.text for run in beside]
    texts = [line for line in lines if len(line) > 1]
    # Lines of running text break sentences; items of a list and rows of a table do not.
    broken = sum(not closes_sentence(text) for text in texts)
    starts = sum(text[:1].islower() or text[:1] > "\u2e7f" for text in texts)
    return len(texts) >= _FEWEST and broken > 0.5 * len(texts) and starts >= 0.25 * len(texts)


def _end(run: Run) -> int:
    match = _NUMBER.match(run.text)
    return match.end() if match else 0


def without_watermarks(runs: list[Run], pale: set[int]) -> list[Run]:
    """The runs without what is written across the page behind its text.

    Args:
        runs: Of the page; those askew have a turn above ``OBLIQUE``.
        pale: The numbers of the first characters of runs that are grey or shine through.
    """
    usual = median([run.height for run in runs]) if runs else 0.0
    often = Counter(run.text for run in runs if run.turn >= OBLIQUE or run.first in pale)
    straight = [run for run in runs if run.turn < OBLIQUE]
    return list(_kept(runs, straight, often, pale, usual))


def _kept(
    runs: list[Run], straight: list[Run], often: Counter[str], pale: set[int], usual: float
) -> Iterator[Run]:
    for run in runs:
        faint = run.first in pale
        large = run.height > _LARGE * usual
        if run.turn >= OBLIQUE:
            # A page that is askew as a whole is a drawing or a poster, and all its text.
            mark = bool(straight) and (faint or large or often[run.text] >= _OFTEN)
        else:
            tiled = often[run.text] > _OFTEN
            mark = faint and (large or tiled) and _overlaps(run, straight)
        if not mark:
            yield run


def _overlaps(run: Run, others: list[Run]) -> bool:
    """Whether a run lies over other text of the page."""
    return any(
        other.text != run.text
        and min(run.x1, other.x1) - max(run.x0, other.x0) > 0.2 * other.height
        and min(run.y1, other.y1) - max(run.y0, other.y0) > 0.2 * other.height
        for other in others
        if other is not run and other.turn == run.turn
    )
