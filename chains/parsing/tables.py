"""Reads pairs from rows of cells: Markdown and grid tables, CSV, tabs, tuples of strings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from .choices import chosen, without_options
from .findings import NOTHING_FOUND, Findings, Tail
from .json_walk import role_of
from .trimming import ends_as_question

_RULE = re.compile(r"[|｜\s:\-—=+\u2500-\u257f]+\Z")
_CELL = re.compile(r"(?<!\\)[|｜]")
_BARS = str.maketrans("│┃║", "|||")
_WIDEST = 12
_LONGEST_HEADER = 200
_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
_FENCE = re.compile(r" *```")
_DELIMITED = {
    sign: re.compile(
        rf" *(?:\"(?P<quoted>(?:[^\"]|\"\"|\"(?![\"]| {{0,8}}(?:{sign}|\n|\Z)))*)\" *"
        rf"|(?P<bare>[^\n{sign}]*))(?P<end>{sign}|\n|\Z)"
    )
    for sign in (",", ";", "\t", "，", " {2,}")
}
_STRING = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.|'')*'")
# Between two strings of code, the first of which is a question.
_JOINT = re.compile(r"(?<=[?？])[\"']\s{0,8}(?P<sign>,|:|=>|->)\s{0,8}(?=[\"'])")
_SHUT = re.compile(r"\s{0,8},?\s{0,8}[)\]}]")
_UPRIGHT = re.compile(
    r"^[ \t]*[|｜][^|｜\n]{1,40}[|｜](?:[^|｜\n]|\\\|)+[|｜][ \t]*$", re.MULTILINE
)
_ASKED = re.compile(
    r"^ *(?:\d{1,4}[\t,;|])?\"?(?P<question>[^\n\t|｜]{1,400}[?？])"
    r"(?:\" *[,;] *\"| *(?:\t|[|｜;]|::) *)"
    r"(?P<answer>[^\n\t|｜]+?)\"?$",
    re.MULTILINE,
)
_OPTION = re.compile(r"选项|選項|option|\s", re.IGNORECASE)
_QUOTE = re.compile(r"\\(.)|''")


class _Row(NamedTuple):
    """One row: its cells, where it ends, and whether its own end mark was seen."""

    end: int
    cells: list[str]
    closed: bool


class _Columns(NamedTuple):
    question: int
    answer: int
    width: int
    options: tuple[tuple[str, int], ...] = ()

    def pair(self, cells: list[str]) -> tuple[str, str]:
        """The question and answer of a row; an answer by the text of the option it names."""
        offered = {letter: cells[at] for letter, at in self.options}
        return without_options(cells[self.question], chosen(cells[self.answer], offered))


def read_tables(text: str) -> Findings:
    """Pairs from the rows below a header with a question and an answer column, or from tuples.

    Args:
        text: A cleaned reply.
    """
    text = text.translate(_BARS)
    header = _header(text)
    found = [_below_header(text, *header)] if header else [_upright(text)]
    found += [] if found[0].pairs else [_strings(text)]
    return next((other for other in found if other.pairs), found[0])


def _upright(text: str) -> Findings:
    """Pairs from rows that each hold the name of a field and its text."""
    pairs: list[tuple[str, str]] = []
    asked, start, end, unanswered = "", -1, 0, 0
    for row in _UPRIGHT.finditer(text):
        name, said = _cells(row[0])
        role = role_of(name)
        if role == "question":
            unanswered += bool(asked)
            asked, start = said, row.start() if start < 0 else start
        elif role == "answer" and asked and said:
            pairs.append((asked, said))
            asked, end = "", row.end()
    return Findings(pairs, max(start, 0), "dropped" if asked else "closed", unanswered, end)


def _header(text: str) -> tuple[int, str] | None:
    """The offset of the first line that names the columns, and the sign between its cells."""
    position = 0
    while position < len(text):
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        if end - position <= _LONGEST_HEADER:
            line = text[position:end]
            for sign in ("|", "\t", ",", ";", "，", "  "):
                if (sign in line or (sign == "|" and "｜" in line)) and _columns(
                    _split(line, sign)
                ):
                    return position, sign
        position = end + 1
    return None


def _split(line: str, sign: str) -> list[str]:
    if sign == "|":
        return _cells(line)
    return [cell.strip(' "') for cell in line.split(sign) if cell or sign != "  "]


def _below_header(text: str, begin: int, sign: str) -> Findings:
    rows = _piped(text, begin) if sign == "|" else _records(text, begin, sign)
    pairs: list[tuple[str, str]] = []
    columns: _Columns | None = None
    unanswered, end = 0, 0
    tail: Tail = "closed"
    for row in rows:
        named = _columns(row.cells)
        if named:
            columns = named
            continue
        if columns is None:
            break
        cells = _fitted(row.cells, columns, sign)
        if cells is None or not (cells[columns.question] and cells[columns.answer]):
            whole = cells is not None or row.closed
            unanswered += 1
            tail = "closed" if whole or row.end < len(text) else "dropped"
            if cells is None and sign != "|":
                break
            continue
        pairs.append(columns.pair(cells))
        end = row.end
        tail = "closed" if row.closed else "open"
    return Findings(pairs, begin, tail, unanswered, end)


def _fitted(cells: list[str], columns: _Columns, sign: str) -> list[str] | None:
    """The cells of a row as the header counts them; None for a row that is too short.

    A comma that is part of an unquoted answer makes cells too many: the last column takes them.
    """
    if len(cells) < columns.width:
        return None
    if len(cells) > columns.width and columns.answer == columns.width - 1 and sign != "|":
        return [*cells[: columns.answer], sign.join(cells[columns.answer :])]
    return cells


def _lines(text: str, begin: int) -> Iterator[tuple[int, str]]:
    """The stripped lines from an offset up to a blank one, each with its end."""
    position = begin
    while position < len(text):
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        line = text[position:end].strip()
        if not line:
            return
        yield end, line
        position = end + 1


def _piped(text: str, begin: int) -> Iterator[_Row]:
    """The rows of a table with bars; a row that a line end broke goes on in the next line."""
    width, outer = 0, False
    cells: list[str] = []
    for end, line in _lines(text, begin):
        if _RULE.match(line):
            if line.startswith("+"):
                yield from _grid(text, end + 1)
                return
            continue
        if not (_CELL.search(line) or cells):
            return
        found = _cells(line)
        closed = line[-1:] in "|｜" and line[-2:-1] != "\\"
        if not width:
            width, outer = len(found), closed and line[:1] in "|｜"
        if cells and line[:1] in "|｜":
            yield _Row(end, cells, closed=True)
        elif cells:
            found = [*cells[:-1], f"{cells[-1]}\n{found[0]}", *found[1:]]
        cells = found if outer and not closed and len(found) <= width else []
        if not cells:
            yield _Row(end, found, closed or end < len(text))
    if cells:
        yield _Row(end, cells if end < len(text) else [], closed=False)


def _grid(text: str, begin: int) -> Iterator[_Row]:
    """The rows between the rules of a grid table; their lines are joined, cell by cell."""
    cells: list[str] = []
    for end, line in _lines(text, begin):
        if not _RULE.match(line):
            both = zip(cells, _cells(line), strict=False)
            cells = [" ".join(filter(None, pair)) for pair in both] if cells else _cells(line)
        elif cells:
            yield _Row(end, cells, closed=True)
            cells = []


def _cells(line: str) -> list[str]:
    line = line.strip()
    if line[:1] in ("|", "｜"):
        line = line[1:]
    if line[-1:] in ("|", "｜") and line[-2:-1] != "\\":
        line = line[:-1]
    cells = _CELL.split(line)
    return [_BREAK.sub("\n", cell.replace("\\|", "|")).strip() for cell in cells]


def _records(text: str, begin: int, sign: str) -> Iterator[_Row]:
    """The records of CSV, up to a blank line or the end of the code block."""
    cells: list[str] = []
    position = begin
    while position <= len(text):
        if not cells and (text.startswith("\n", position) or _FENCE.match(text, position)):
            return
        found = _DELIMITED[sign if sign != "  " else " {2,}"].match(text, position)
        if not found:
            return
        quoted = found["quoted"]
        said = found["bare"].strip() if quoted is None else quoted.replace('""', '"').strip()
        half = quoted is None and said.startswith('"') and '"' not in said[1:]
        cells.append(said)
        position = found.end()
        if found["end"] in ("", "\n"):
            if half:
                return
            yield _Row(found.end("end") - len(found["end"]), cells, bool(found["end"]))
            cells = []
            if not found["end"]:
                return


def _columns(cells: list[str]) -> _Columns | None:
    if len(cells) > _WIDEST:
        return None
    roles = [role_of(cell) for cell in cells]
    if "question" not in roles or "answer" not in roles:
        return None
    lettered = [(_OPTION.sub("", cell).upper(), at) for at, cell in enumerate(cells)]
    options = tuple((cell, at) for cell, at in lettered if cell in tuple("ABCDEFGH"))
    if options[1:]:
        roles = [None if at in dict(options).values() else role for at, role in enumerate(roles)]
    if "question" not in roles or "answer" not in roles:
        return None
    return _Columns(
        roles.index("question"), roles.index("answer"), len(cells), options[1:] and options
    )


def _strings(text: str) -> Findings:
    """Pairs from strings of code that stand two by two, the first of each a question."""
    pairs: list[tuple[str, str]] = []
    start, position = -1, 0
    for joint in _JOINT.finditer(text):
        quote = text[joint.start()]
        begin = text.rfind(quote, position, joint.start())
        while begin > 0 and text[begin - 1] == "\\":
            begin = text.rfind(quote, position, begin)
        before = text[max(begin - 8, 0) : begin].rstrip()[-1:]
        second = _STRING.match(text, joint.end())
        if begin < position or not second or "\n" in text[begin : joint.start()]:
            continue
        closed = joint["sign"] != "," or _SHUT.match(text, second.end())
        if before and before in "([{," and closed and not ends_as_question(second[0]):
            pairs.append((_said(text[begin : joint.start() + 1]), _said(second[0])))
            start, position = begin if start < 0 else start, second.end()
    return Findings(pairs, max(start, 0), "closed", 0, position)


def read_unheaded(text: str) -> Findings:
    """Pairs from lines in a row that all are a question, a bar or tab, and an answer.

    Args:
        text: A cleaned reply without labels.
    """
    rows = list(_ASKED.finditer(text))
    if len(rows) < 2 or text.count("\n", rows[0].start(), rows[-1].start()) >= len(rows):
        return NOTHING_FOUND
    pairs = [(row["question"], row["answer"]) for row in rows]
    tail: Tail = "open" if rows[-1].end() == len(text) else "closed"
    return Findings(pairs, rows[0].start(), tail, 0, rows[-1].end())


def _said(literal: str) -> str:
    return _QUOTE.sub(
        lambda mark: {"n": "\n", "t": "\t"}.get(mark[1], mark[1] or "'"), literal[1:-1]
    )
