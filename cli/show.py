"""``qa3 show``; prints pairs and failure reasons for people."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from messages import say

from .options import Translator, argument, printable, resolved_settings, with_settings

if TYPE_CHECKING:
    from chains import Journal
    from pairs import QAPair, Reason


def add_commands(app: typer.Typer, lang: str) -> None:
    """Adds ``show`` with its help in a language."""

    @app.command(help=say("cli.show", lang), cls=with_settings(lang, "journal"))
    def show(
        context: typer.Context,
        job: str = argument(lang, ..., says="cli.job", takes="metavar.job"),
    ) -> None:
        from chains import Jobs, Journal, load_list

        with Journal(resolved_settings(context).settings.journal) as journal:
            found = Jobs(journal).find(job).id
            pairs = numbered(journal, found, load_list(journal, found).kept)
        show_pairs(pairs, context.obj)


def numbered(journal: Journal, job: str, kept: Iterable[QAPair]) -> list[tuple[int, QAPair]]:
    """The pairs of a job's list with the numbers they had in it as it was made.

    So a number means the same pair after others were left out; those that were taken in later
    count on behind the last.

    Args:
        journal: The journal that holds the job.
        job: The whole id.
        kept: The list's pairs, in order.

    Raises:
        JournalError: As ``load_list``.
    """
    from chains import load_list

    made = load_list(journal, job, edited=False).kept
    numbers = {pair.id: number for number, pair in enumerate(made, 1)}
    later = itertools.count(len(made) + 1)
    return [(numbers.get(pair.id) or next(later), pair) for pair in kept]


def sentence(reason: Reason | None, translate: Translator) -> str:
    """A reason in the user's language; empty if there is none."""
    return printable(reason.say(translate.language)) if reason else ""


def refused_lines(
    reasons: Sequence[Reason], translate: Translator, most: int = 10
) -> Iterator[str]:
    """A line for each document that cannot be read, and one for those beyond the first.

    Args:
        reasons: In order.
        translate: Translates messages into the user's language.
        most: How many are named.
    """
    for reason in reasons[:most]:
        yield f"! {sentence(reason, translate)}"
    if len(reasons) > most:
        yield "! " + translate("show.refused_more", count=len(reasons) - most)


def show_pairs(
    pairs: Iterable[tuple[int, QAPair]], translate: Translator, most: int | None = None
) -> None:
    """Prints pairs with the passage that proves each.

    Args:
        pairs: From ``numbered``.
        translate: Translates messages into the user's language.
        most: How many pairs per document; None for all.
    """
    of_document: Counter[str] = Counter()
    for number, pair in pairs:
        of_document[pair.source] += 1
        if most is not None and of_document[pair.source] > most:
            continue
        show_pair(number, pair, translate)
        typer.echo("")
    for source, count in of_document.items():
        if most is not None and count > most:
            name = Path(source).name
            typer.echo(translate("show.more", count=count - most, source=name))


def show_pair(number: int, pair: QAPair, translate: Translator) -> None:
    """Prints one pair with its number in the list and the passage that proves it."""
    typer.echo(f"{number}. {printable(pair.question)}")
    typer.echo(f"   {printable(pair.answer)}")
    typer.echo(f"   [{place(pair, translate)}] {printable(pair.evidence.sentence)}")


def place(pair: QAPair, translate: Translator) -> str:
    """Where a pair's evidence is: document, page, character offsets."""
    source, span = Path(pair.source).name, pair.evidence.span
    if span is None:
        return translate("show.no_evidence", source=source)
    code = "show.evidence" if pair.evidence.page else "show.evidence_no_page"
    return translate(code, source=source, page=pair.evidence.page, start=span.start, end=span.end)
