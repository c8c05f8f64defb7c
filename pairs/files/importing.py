"""Imports lists of pairs: every format that we write, and rows of others, recognised by content.

Every row must become a pair or the file is refused with the row's number: a list that shrinks
unseen is worse than one that has to be put right.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from loaders.encoding import decode
from loaders.errors import LoadError

from ..errors import ExportError
from ..records import Evidence, QAPair
from .formats import unguarded
from .workbook_cells import Cell, read_cells

__all__ = ["import_pairs"]

_QUESTION = ("question", "instruction", "prompt", "query", "问题", "提问", "题目")
_ANSWER = ("answer", "output", "response", "completion", "答案", "回答", "答复")
_TURNS = ("conversations", "conversation", "messages")
_ASKS, _ANSWERS = ("human", "user"), ("gpt", "assistant", "chatglm", "bot", "model")
_ZIP = b"PK\x03\x04"
_MARKDOWN = re.compile(r"^\d+\. \*\*(.+)\*\*\r?\n\r?\n {3}(?!> )(\S.*?)\r?$", re.MULTILINE)
_ESCAPED = re.compile(r"\\([\\`*_\[\]<>#|~])")
_NO_EVIDENCE = Evidence(match="none")
_LONGEST_PAGE = 10  # digits


def import_pairs(path: str | Path) -> list[QAPair]:
    """The pairs of a list, in order; those that are not ours come without evidence.

    Args:
        path: JSONL of ours, of Alpaca's or of ShareGPT's rows; the same rows as one JSON array;
            CSV or XLSX with columns named question and answer, in English or Chinese; or Markdown
            as we write it.

    Raises:
        ExportError: The file cannot be read, holds no pair, or a row of it is none.
    """
    file = Path(path)
    try:
        with file.open("rb") as stream:
            zipped = stream.read(len(_ZIP)) == _ZIP
        if zipped:
            rows: Iterable[tuple[int, Any]] = _from_workbook(file)
        else:
            rows = _rows(decode(file.read_bytes(), file.name).text, file)
        pairs = [pair for number, row in rows for pair in _of_row(row, number, file)]
    except OSError as error:
        raise ExportError("export.read", file=str(file), reason=str(error.strerror)) from error
    except LoadError as error:
        raise ExportError("import.no_list", file=str(file)) from error
    if not pairs:
        raise ExportError("import.no_list", file=str(file))
    return pairs


def _of_row(row: Any, number: int, file: Path) -> list[QAPair]:
    found = list(_pairs(row))
    if not found:
        raise ExportError("import.row", file=str(file), row=number)
    return found


def _rows(text: str, file: Path) -> Iterator[tuple[int, Any]]:
    """Each row with its number: the line of JSONL and CSV, the place in an array."""
    start = text.lstrip("\ufeff \t\r\n")
    if start.startswith("["):
        rows = _parsed(start, file, 1)
        return enumerate(rows if isinstance(rows, list) else [], 1)
    if start.startswith("{"):
        # Only line feeds end a line: JSON strings may hold the other separators as they are.
        lines = enumerate(text.lstrip("\ufeff").split("\n"), 1)
        return ((n, _parsed(line, file, n)) for n, line in lines if line.strip())
    if start.startswith("# ") or _MARKDOWN.match(start):
        return _from_markdown(start)
    return _from_csv(start, file)


def _from_markdown(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The pairs of our Markdown: a number and the question in bold, its answer below it."""
    for found in _MARKDOWN.finditer(text):
        asked, answered = (_ESCAPED.sub(r"\1", found[at]) for at in (1, 2))
        above = text.rfind("\n# ", 0, found.start())
        title = text[above + 1 if above >= 0 else 0 : found.start()].split("\n", 1)[0]
        source = _ESCAPED.sub(r"\1", title.removeprefix("# ")) if title.startswith("# ") else ""
        line = text.count("\n", 0, found.start()) + 1
        yield line, {"question": asked, "answer": answered, "source": source.strip("-")}


def _from_workbook(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for _, rows in read_cells(file, str(file)):
        head: dict[int, str] = {}
        for number, cells in rows:
            if not head:
                head = {at: cell.text.strip().lower() for at, cell in cells.items()}
                _check_head(head.values(), file)
            elif any(cell.text for cell in cells.values()):
                yield number, {head.get(at, ""): _value(cell) for at, cell in cells.items()}
        return


def _value(cell: Cell) -> str | int | None:
    return _page(cell.text) if cell.kind == "other" else cell.text


def _parsed(text: str, file: Path, row: int) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ExportError("import.row", file=str(file), row=row) from error


def _from_csv(text: str, file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    separator = "\t" if "\t" in text.split("\n", 1)[0] else ","
    reader = csv.reader(StringIO(text), delimiter=separator)
    try:
        head = [name.strip().lower() for name in next(reader, [])]
        _check_head(head, file)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, dict(zip(head, map(unguarded, cells), strict=False))
    except csv.Error as error:
        raise ExportError("import.row", file=str(file), row=reader.line_num) from error


def _check_head(head: Iterable[str], file: Path) -> None:
    names = set(head)
    if not (names & set(_QUESTION) and names & set(_ANSWER)):
        raise ExportError("import.no_list", file=str(file))


def _pairs(row: Any) -> Iterator[QAPair]:
    """The pairs of one row: one, or of a conversation each question with the answer after it."""
    if not isinstance(row, dict):
        return
    if isinstance(row.get("evidence"), dict):
        try:
            yield QAPair.model_validate(row)
        except ValidationError:
            return
        return
    turns = next((row[name] for name in _TURNS if isinstance(row.get(name), list)), None)
    if turns is not None:
        for question, answer in _of_turns(turns):
            yield QAPair(question=question, answer=answer, evidence=_NO_EVIDENCE)
        return
    question, answer = _text(row, _QUESTION), _text(row, _ANSWER)
    more = _text(row, ("input",))
    if question and answer:
        whole = f"{question}\n{more}" if more else question
        source, page = _text(row, ("source",)), _page(row.get("page"))
        yield QAPair(question=whole, answer=answer, evidence=_NO_EVIDENCE, source=source, page=page)


def _of_turns(turns: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """Question and answer of each exchange; none at all where one of either is unpaired."""
    question = ""
    exchanges: list[tuple[str, str]] = []
    for turn in turns:
        if not isinstance(turn, dict):
            return
        who = str(turn.get("from") or turn.get("role") or "").lower()
        text = _text(turn, ("value", "content"))
        if who in _ASKS and text and not question:
            question = text
        elif who in _ANSWERS and text and question:
            exchanges.append((question, text))
            question = ""
        elif who in (*_ASKS, *_ANSWERS):
            return
    if not question:
        yield from exchanges


def _text(row: dict[str, Any], names: Iterable[str]) -> str:
    """The first of some fields that is a non-blank text, stripped; empty for none."""
    texts = (row.get(name) for name in names)
    return next((text.strip() for text in texts if isinstance(text, str) and text.strip()), "")


def _page(value: object) -> int | None:
    digits = isinstance(value, str) and value.isdecimal() and len(value) < _LONGEST_PAGE
    number = int(str(value)) if digits else value
    return number if isinstance(number, int) and not isinstance(number, bool) else None
