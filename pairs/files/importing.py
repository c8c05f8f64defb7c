"""Imports lists of pairs: every format that we write, and rows of others, recognised by content.

Every row must become a pair or the file is refused with the row's number: a list that shrinks
unseen is worse than one that has to be put right.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from loaders.encoding import decode
from loaders.errors import LoadError

from ..errors import ExportError
from ..records import Evidence, QAPair
from .formats import unguarded

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
        content = file.read_bytes()
        if content.startswith(_ZIP):
            rows: Iterable[tuple[int, Any]] = _from_workbook(content, file)
        else:
            rows = _rows(decode(content, file.name).text, file)
    except OSError as error:
        raise ExportError("export.read", file=str(file), reason=str(error.strerror)) from error
    except LoadError as error:
        raise ExportError("import.no_list", file=str(file)) from error
    pairs: list[QAPair] = []
    for number, row in rows:
        found = list(_pairs(row))
        if not found:
            raise ExportError("import.row", file=str(file), row=number)
        pairs += found
    if not pairs:
        raise ExportError("import.no_list", file=str(file))
    return pairs


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


def _from_workbook(content: bytes, file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    import openpyxl

    try:
        book = openpyxl.load_workbook(BytesIO(content), read_only=True, data_only=True)
        rows = book.worksheets[0].iter_rows(values_only=True)
        head = [str(name or "").strip().lower() for name in next(rows, ())]
    except Exception as error:  # whatever a broken archive makes of its reader
        raise ExportError("import.no_list", file=str(file)) from error
    if not (set(head) & set(_QUESTION) and set(head) & set(_ANSWER)):
        raise ExportError("import.no_list", file=str(file))
    for number, cells in enumerate(rows, 2):
        if any(cell not in (None, "") for cell in cells):
            yield number, dict(zip(head, cells, strict=False))


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
        if not (set(head) & set(_QUESTION) and set(head) & set(_ANSWER)):
            raise ExportError("import.no_list", file=str(file))
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, dict(zip(head, map(unguarded, cells), strict=False))
    except csv.Error as error:
        raise ExportError("import.row", file=str(file), row=reader.line_num) from error


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
