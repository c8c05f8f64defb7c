"""Areas of a PDF page whose words stand in the columns of a table without a grid."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from .rules import Rule
from .words import Piece, Word, pieces_of, rows_of

_TEXT_GAP = 1.0  # line heights; wider gaps part columns of text
_PROSE = 24  # characters, Han counted twice: a line of running text
_FULL = 0.12  # of the block's width: how far a full line may end before the edge
_DIGITS = 0.4  # share of a line's signs: more of them are no running text
_MOST_PIECES = 100  # of a line; one of more is no text
_DIGIT = re.compile(r"\d")
_BESIDE = 5.0  # line heights between a row's name and its first value
_STEP = 1.6  # line heights from line to line of a paragraph
_REACH = 3.2  # line heights between lines of one table
_SPANNED = 0.15  # of the width: a line that begins further right may name several columns
_FEWEST_ROWS = 2
_MOST_SINGLE = 3  # lines with one piece each between two rows of a table


@dataclass(slots=True)
class Block:
    """Lines of running text one below the other."""

    lines: list[Piece]
    labels: int = 0  # lines with a value close behind them

    def takes(self, piece: Piece) -> bool:
        """Whether a line goes on below the last."""
        last = self.lines[-1]
        shift = abs(piece.x0 - last.x0)
        if shift >= 2 and (len(self.lines) > 1 or shift >= 4 * piece.height):
            return False
        step = last.y0 - piece.y0
        if not 0 < step <= _STEP * max(last.height, piece.height):
            return False
        return abs(piece.height - last.height) <= 0.2 * last.height

    def is_prose(self) -> bool:
        """Whether most lines are long and full."""
        if len(self.lines) < 2 or self.labels > 0.5 * len(self.lines):
            return False
        right = max(line.x1 for line in self.lines)
        width = right - min(line.x0 for line in self.lines)
        full = [line for line in self.lines if line.x1 > right - _FULL * width]
        long = [line for line in self.lines if _length(line.text) >= _PROSE]
        return len(full) >= 0.5 * len(self.lines) and len(long) >= 0.6 * len(self.lines)


@dataclass(slots=True)
class Area:
    """Lines that may be a table's, each the pieces of one height."""

    lines: list[list[Piece]] = field(default_factory=list)
    x0: float = float("inf")
    x1: float = float("-inf")

    def add(self, line: list[Piece]) -> None:
        """Takes a line in."""
        self.lines.append(line)
        self.x0 = min(self.x0, line[0].x0)
        self.x1 = max(self.x1, *(piece.x1 for piece in line))

    @property
    def foot(self) -> float:
        """The lower edge of its last line, in points."""
        return min(piece.y0 for piece in self.lines[-1])


def _length(text: str) -> int:
    return sum(2 if sign > "\u2e7f" else 1 for sign in text[:80])


def prose_words(rows: Sequence[Sequence[Word]]) -> set[int]:
    """The ids of the words that stand in paragraphs of running text.

    Args:
        rows: Of the page, from the top down.
    """
    blocks: list[Block] = []
    done: list[Block] = []
    cut = [pieces_of(row, _TEXT_GAP) for row in rows]
    numbers = [[piece for piece in pieces if piece.value] for pieces in cut]
    for number, row in enumerate(rows):
        values = [value for near in numbers[max(0, number - 1) : number + 2] for value in near]
        for piece in cut[number]:
            if len(_DIGIT.findall(piece.text)) > _DIGITS * len(piece.text):
                continue
            home = next((block for block in blocks if block.takes(piece)), None)
            if home is None:
                home = Block([piece])
                blocks.append(home)
            else:
                home.lines.append(piece)
            home.labels += any(_is_beside(piece, value) for value in values)
        bottom = min(word.y0 for word in row)
        reach = [block.lines[-1].y0 - _STEP * block.lines[-1].height for block in blocks]
        done += [block for block, low in zip(blocks, reach, strict=True) if low > bottom]
        blocks = [block for block, low in zip(blocks, reach, strict=True) if low <= bottom]
    prose = [block for block in done + blocks if block.is_prose()]
    return {id(word) for block in prose for line in block.lines for word in line.words}


def _is_beside(piece: Piece, value: Piece) -> bool:
    """Whether a value stands close behind a piece, as behind the name of its row."""
    near = 0 < value.x0 - piece.x1 < _BESIDE * piece.height
    return near and abs(value.y0 - piece.y0) < 0.8 * piece.height


def find_areas(words: Sequence[Word]) -> list[Area]:
    """Lines of pieces side by side, one below the other, with nothing but a few lines between.

    Args:
        words: Of the page.
    """
    lines = [(row, pieces_of(row)) for row in rows_of(words)]
    rows = [row for row, line in lines if len(line) <= _MOST_PIECES]
    cut = [line for _, line in lines if len(line) <= _MOST_PIECES]
    if sum(len(line) > 1 for line in cut) < _FEWEST_ROWS:
        return []
    prose = prose_words(rows)
    open_areas: list[Area] = []
    done: list[Area] = []
    for row, whole in zip(rows, cut, strict=True):
        barriers = [word for word in row if id(word) in prose]
        for line in _lanes(row, prose) if barriers else [whole]:
            home = _home(open_areas, line)
            if home is None:
                home = Area()
                open_areas.append(home)
            home.add(line)
        top = max(word.y1 for word in row)
        still: list[Area] = []
        for area in open_areas:
            blocked = any(word.x0 < area.x1 and word.x1 > area.x0 for word in barriers)
            far = area.foot - top > _REACH * (row[0].y1 - row[0].y0)
            (done if blocked or far else still).append(area)
        open_areas = still
    parts: list[Area] = []
    for area in done + open_areas:
        parts += _runs(area)
    return parts


def _lanes(row: Sequence[Word], prose: set[int]) -> list[list[Piece]]:
    """The pieces of a row that are no prose, apart where prose stands between them."""
    lanes: list[list[Word]] = [[]]
    for word in row:
        if id(word) in prose:
            lanes.append([])
        else:
            lanes[-1].append(word)
    return [pieces_of(lane) for lane in lanes if lane]


def _home(areas: list[Area], line: list[Piece]) -> Area | None:
    x0, x1 = line[0].x0, max(piece.x1 for piece in line)
    best, most = None, 0.0
    for area in areas:
        shared = min(area.x1, x1) - max(area.x0, x0)
        if shared > most:
            best, most = area, shared
    return best


def _runs(area: Area) -> list[Area]:
    """An area cut where many lines have one piece each; such lines at its ends left out."""
    out: list[Area] = []
    run: list[list[Piece]] = []
    single = 0
    for line in area.lines:
        single = single + 1 if len(line) == 1 else 0
        if single > _MOST_SINGLE:
            _close(run, out)
            run = []
        else:
            run.append(line)
    _close(run, out)
    return out


def _close(run: list[list[Piece]], out: list[Area]) -> None:
    rows = [number for number, line in enumerate(run) if len(line) > 1]
    if len(rows) < _FEWEST_ROWS:
        return
    area = Area()
    for line in run:
        area.add(line)
    out.append(area)


def table_lines(area: Area, level: Sequence[Rule]) -> list[list[list[Piece]]]:
    """The lines of an area that may be tables: captions and notes around them left out.

    Args:
        area: Of the page.
        level: Rules; a table begins at the first across it and ends at the last.
    """
    across = _across(area, level)
    out: list[list[list[Piece]]] = []
    part: list[list[Piece]] = []
    for line in area.lines:
        if len(line) == 1 and _is_caption(line[0], area):
            out.append(part)
            part = []
        else:
            part.append(line)
    out.append(part)
    return [lines for part in out if (lines := _trimmed(part, across))]


def _across(area: Area, level: Sequence[Rule]) -> list[float]:
    width = area.x1 - area.x0
    covered: dict[float, float] = {}
    for rule in level:
        shared = min(rule.high, area.x1) - max(rule.low, area.x0)
        if shared > 0:
            covered[rule.at] = covered.get(rule.at, 0.0) + shared
    # Rules under spanning headers leave the names of the rows free.
    named = {rule.at for rule in level if rule.low < area.x0 + 0.1 * width}
    return sorted((at for at in named if covered.get(at, 0.0) > 0.6 * width), reverse=True)


def _is_caption(piece: Piece, area: Area) -> bool:
    return piece.width > 0.6 * (area.x1 - area.x0) and _length(piece.text) > _PROSE


def _trimmed(lines: list[list[Piece]], across: list[float]) -> list[list[Piece]]:
    """Lines from a table's head to its foot."""
    rows = [number for number, line in enumerate(lines) if len(line) > 1]
    if len(rows) < _FEWEST_ROWS:
        return []
    first, last = rows[0], rows[-1]
    middles = [(min(p.y0 for p in line) + max(p.y1 for p in line)) / 2 for line in lines]
    body = next(
        (n for n in rows if sum(p.value for p in lines[n][1:]) >= 0.5 * len(lines[n][1:])), last
    )
    above = [at for at in across if at > middles[body]]
    close = [at for at in above if at < middles[0] + 3 * lines[0][0].height]
    if len(close) > 1:
        # The names of the columns stand between two rules, captions above the first.
        first = next(n for n in range(len(lines)) if middles[n] < close[0])
    left, right = min(line[0].x0 for line in lines), max(line[-1].x1 for line in lines)
    while first and len(lines[first - 1]) == 1 and not (close and middles[first - 1] > close[0]):
        if lines[first - 1][0].x0 < left + _SPANNED * (right - left):
            break
        first -= 1
    while last + 1 < len(lines):
        text = lines[last + 1][0].text
        step = middles[last] - middles[last + 1]
        if not (text[:1].islower() and step < 1.4 * lines[last][0].height):
            break
        last += 1
    inside = [at for at in across if middles[-1] - 2 * lines[-1][0].height < at < middles[first]]
    if len(inside) > 1:
        foot = inside[-1]
        while last > first and middles[last] < foot and not _has_values(lines[last]):
            last -= 1
    return lines[first : last + 1]


def _has_values(line: list[Piece]) -> bool:
    return len(line) > 1 and any(piece.value for piece in line[1:])
