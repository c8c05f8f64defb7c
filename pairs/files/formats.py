"""Table of the formats that lists are written in, with their writers."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the command line lists the formats without what pairs are made of
    from ..records import QAPair

__all__ = ["COLUMNS", "FORMATS", "Format", "cells", "unguarded"]

# Spreadsheets evaluate cells that begin with one of these; a leading quote makes them text.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[-+]\d{1,3}(?:(?:,\d{3})+|\d*)(?:\.\d+)?%?", re.ASCII)
"""A cell that a spreadsheet takes for a number and evaluates to itself."""
COLUMNS = (
    "question", "answer", "source", "page", "start", "end", "evidence", "match", "score",
    "numbers_ok", "verified", "verdict", "objection", "header", "more",
)  # fmt: skip
_WHERE_GIVEN = ("verdict", "objection", "reasoning")
"""Fields that stand in a row only where they say something."""

Writer = Callable[["Iterable[QAPair]", str, bool], Iterable[bytes]]
"""Turns pairs, a system text (may be empty) and whether nothing but questions and answers is
wanted into the chunks of bytes of a file."""


@dataclass(frozen=True)
class Format:
    """One format that a list is written in.

    Attributes:
        name: Identifier, the key in ``FORMATS``.
        title: Display name.
        suffixes: File name suffixes; new files get the first.
        media_type: HTTP media type.
        write: As ``Writer`` says.
        columns: The format's entry in LLaMA-Factory's ``dataset_info.json``; None where
            LLaMA-Factory does not read the format.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    media_type: str
    write: Writer
    columns: Mapping[str, str] | None = None


def _provenance(pair: QAPair, bare: bool = False) -> dict[str, Any]:
    """A pair's provenance, as extra fields of training formats; none where they are to be bare."""
    if bare:
        return {}
    span = pair.evidence.span
    return {
        "source": pair.source,
        "page": pair.page,
        "start": span.start if span else None,
        "end": span.end if span else None,
        "evidence": pair.evidence.sentence,
        **({"header": pair.evidence.header} if pair.evidence.header else {}),
        **({"more": _spans(pair)} if pair.evidence.more else {}),
        **({} if pair.verified is None else {"verified": pair.verified}),
        **{name: value for name in _WHERE_GIVEN if (value := getattr(pair, name))},
    }


def _spans(pair: QAPair) -> str:
    """The further places of the evidence, as first and last offsets: ``120-180 240-260``."""
    return " ".join(f"{span.start}-{span.end}" for span in pair.evidence.more)


def row(pair: QAPair, bare: bool = False) -> dict[str, Any]:
    """A pair as one flat object, as the JSON format has it; only its words where it is bare."""
    if bare:
        return {"question": pair.question, "answer": pair.answer}
    return {
        "question": pair.question,
        "answer": pair.answer,
        **_provenance(pair),
        "match": pair.evidence.match,
        "score": round(pair.evidence.score, 4),
        "numbers_ok": pair.evidence.numbers_ok,
    }


def cells(
    pair: QAPair, *, guarded: bool, columns: Sequence[str] = COLUMNS
) -> list[str | int | float | bool | None]:
    """The cells of a pair's row, in the order of ``COLUMNS``.

    Args:
        pair: The pair.
        guarded: Whether text that a spreadsheet would evaluate gets a leading quote; for formats
            in which a cell has no type.
        columns: Which of ``COLUMNS``.
    """
    values = row(pair)
    return [
        _as_text(cell) if guarded and isinstance(cell, str) else cell
        for cell in map(values.get, columns)
    ]


def _as_text(cell: str) -> str:
    return "'" + cell if _is_formula(cell) and not _NUMBER.fullmatch(cell) else cell


def _is_formula(cell: str) -> bool:
    return cell.lstrip(" \u3000\ufeff").startswith(_FORMULA)


def unguarded(cell: str) -> str:
    """A cell of our own CSV without the quote that guards it from evaluation."""
    bare = cell.removeprefix("'")
    return bare if _is_formula(bare) else cell


def _jsonl(pairs: Iterable[QAPair], system: str, bare: bool) -> Iterator[str]:  # noqa: ARG001 - one form for all
    for pair in pairs:
        if bare:
            yield json.dumps(row(pair, bare), ensure_ascii=False) + "\n"
            continue
        empty = {name for name in _WHERE_GIVEN if not getattr(pair, name)}
        yield pair.model_dump_json(exclude=empty) + "\n"


def _json(pairs: Iterable[QAPair], system: str, bare: bool) -> Iterator[str]:  # noqa: ARG001 - one form for all
    return _array(row(pair, bare) for pair in pairs)


def _csv(pairs: Iterable[QAPair], system: str, bare: bool) -> Iterator[str]:  # noqa: ARG001 - one form for all
    buffer = StringIO()
    writer = csv.writer(buffer)
    yield "\ufeff"  # without it Excel takes UTF-8 for the local code page
    columns = COLUMNS[:2] if bare else COLUMNS
    writer.writerow(columns)
    yield _drained(buffer)
    for pair in pairs:
        writer.writerow(cells(pair, guarded=True, columns=columns))
        yield _drained(buffer)


def _drained(buffer: StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def _alpaca(pairs: Iterable[QAPair], system: str, bare: bool) -> Iterator[str]:
    extra = {"system": system} if system else {}
    return _array(
        {
            "instruction": pair.question,
            "input": "",
            "output": pair.answer,
            **extra,
            **_provenance(pair, bare),
        }
        for pair in pairs
    )


def _sharegpt(pairs: Iterable[QAPair], system: str, bare: bool) -> Iterator[str]:
    extra = {"system": system} if system else {}
    return _array(
        {
            "conversations": [
                {"from": "human", "value": pair.question},
                {"from": "gpt", "value": pair.answer},
            ],
            **extra,
            **_provenance(pair, bare),
        }
        for pair in pairs
    )


def _openai(pairs: Iterable[QAPair], system: str, bare: bool) -> Iterator[str]:  # noqa: ARG001 - always bare
    # Hosted fine-tuning refuses fields it does not know, so the source stays out.
    first = [{"role": "system", "content": system}] if system else []
    for pair in pairs:
        messages = [
            *first,
            {"role": "user", "content": pair.question},
            {"role": "assistant", "content": pair.answer},
        ]
        yield json.dumps({"messages": messages}, ensure_ascii=False) + "\n"


def _flat(pairs: Iterable[QAPair], system: str, bare: bool) -> Iterator[str]:
    extra = {"system": system} if system else {}
    for pair in pairs:
        row = {"query": pair.question, "response": pair.answer, **extra, **_provenance(pair, bare)}
        yield json.dumps(row, ensure_ascii=False) + "\n"


def _markdown(pairs: Iterable[QAPair], system: str, bare: bool) -> Iterator[str]:  # noqa: ARG001 - one form for all
    source = None
    for number, pair in enumerate(pairs, 1):
        if pair.source != source and not bare:
            source = pair.source
            yield f"# {_one_line(source) or '-'}\n\n"
        place = f", {pair.page}" if pair.page else ""
        yield f"{number}. **{_one_line(pair.question)}**\n\n   {_one_line(pair.answer)}\n\n"
        if pair.evidence.sentence and not bare:
            yield f"   > {_one_line(pair.evidence.sentence)} ({_one_line(pair.source)}{place})\n\n"


def _one_line(text: str) -> str:
    """A text on one line, with Markdown's special characters escaped."""
    joined = " ".join(text.split())
    return "".join("\\" + char if char in "\\`*_[]<>#|~" else char for char in joined)


def _array(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    between = "[\n"
    for row in rows:
        yield between + json.dumps(row, ensure_ascii=False, indent=1)
        between = ",\n"
    yield "[]\n" if between == "[\n" else "\n]\n"


def _xlsx(pairs: Iterable[QAPair], system: str, bare: bool) -> Iterable[bytes]:  # noqa: ARG001 - one form for all
    from .xlsx import workbook

    return [workbook(pairs, COLUMNS[:2] if bare else COLUMNS)]


def _text(write: Callable[[Iterable[QAPair], str, bool], Iterator[str]]) -> Writer:
    def written(pairs: Iterable[QAPair], system: str, bare: bool) -> Iterable[bytes]:
        return (piece.encode("utf-8", "replace") for piece in write(pairs, system, bare))

    return written


_LINES, _JSON = "application/x-ndjson", "application/json"
_ALPACA = {"prompt": "instruction", "query": "input", "response": "output"}
FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        Format("jsonl", "JSONL", (".jsonl",), _LINES, _text(_jsonl)),
        Format("csv", "CSV", (".csv",), "text/csv; charset=utf-8", _text(_csv)),
        Format(
            "xlsx",
            "XLSX",
            (".xlsx",),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            _xlsx,
        ),
        Format(
            "markdown",
            "Markdown",
            (".md", ".markdown"),
            "text/markdown; charset=utf-8",
            _text(_markdown),
        ),
        Format("alpaca", "Alpaca", (".json",), _JSON, _text(_alpaca), _ALPACA),
        Format(
            "sharegpt",
            "ShareGPT",
            (".json",),
            _JSON,
            _text(_sharegpt),
            {"messages": "conversations"},
        ),
        Format("openai", "Messages (OpenAI)", (".jsonl",), _LINES, _text(_openai)),
        Format("flat", "query/response", (".jsonl",), _LINES, _text(_flat)),
        Format("json", "JSON", (".json",), _JSON, _text(_json)),
    )
}
"""Every format by its name; a suffix stands for the first that has it."""
