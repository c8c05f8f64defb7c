"""Pairs and reasons as a person reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from .options import Said, printable

if TYPE_CHECKING:
    from pairs import QAPair, Reason


def sentence(reason: Reason | None, said: Said) -> str:
    """A reason as words; empty where there is none."""
    return printable(reason.say(said.language)) if reason else ""


def show_pairs(pairs: Iterable[QAPair], said: Said, most: int | None = None) -> None:
    """Prints pairs with the passage that proves each.

    Args:
        pairs: In order.
        said: Speaks the user's language.
        most: How many of each document; None for all.
    """
    of_document: Counter[str] = Counter()
    for number, pair in enumerate(pairs, 1):
        of_document[pair.source] += 1
        if most is not None and of_document[pair.source] > most:
            continue
        typer.echo(f"{number}. {printable(pair.question)}")
        typer.echo(f"   {printable(pair.answer)}")
        typer.echo(f"   [{place(pair, said)}] {printable(pair.evidence.sentence)}")
        typer.echo("")
    for source, count in of_document.items():
        if most is not None and count > most:
            name = Path(source).name
            typer.echo(said("show.more", count=count - most, source=name))


def place(pair: QAPair, said: Said) -> str:
    """Where a pair's evidence stands: document, page, characters."""
    source, span = Path(pair.source).name, pair.evidence.span
    if span is None:
        return said("show.no_evidence", source=source)
    code = "show.evidence" if pair.evidence.page else "show.evidence_no_page"
    return said(code, source=source, page=pair.evidence.page, start=span.start, end=span.end)
