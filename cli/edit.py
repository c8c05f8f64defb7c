"""``qa3 edit``: rewords a pair of a finished job, leaves it out, or takes that back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from messages import say

from .options import Translator, argument, option, printable, resolved_settings, with_settings
from .show import numbered, show_pair

if TYPE_CHECKING:
    from chains import Journal


def add_commands(app: typer.Typer, lang: str) -> None:
    """Adds ``edit`` with its help in a language."""

    @app.command(help=say("cli.edit", lang), cls=with_settings(lang, "journal"))
    def edit(
        context: typer.Context,
        job: str = argument(lang, ..., says="cli.job", takes="metavar.job"),
        pair: str = argument(lang, ..., says="cli.pair", takes="metavar.pair"),
        question: str | None = option(
            lang, None, "--question", says="cli.question", takes="metavar.text"
        ),
        answer: str | None = option(
            lang, None, "--answer", says="cli.answer", takes="metavar.text"
        ),
        leave_out: bool = option(lang, False, "--leave-out", says="cli.leave_out"),
        keep: bool = option(lang, False, "--keep", says="cli.keep"),
        undo: bool = option(lang, False, "--undo", says="cli.undo"),
    ) -> None:
        from chains import ChainError, Jobs, Journal

        asked = [question is not None or answer is not None, leave_out, keep, undo]
        if sum(asked) != 1:
            raise ChainError("edit.one_thing")
        with Journal(resolved_settings(context).settings.journal) as journal:
            found = Jobs(journal).find(job).id
            chosen = _pair_id(journal, found, pair)
            _change(journal, found, chosen, asked, question, answer)
            _tell(journal, found, chosen, context.obj)


def _pair_id(journal: Journal, job: str, pair: str) -> str:
    """The id of a pair, which may be given by its number in ``qa3 show``."""
    from chains import JournalError, load_list

    if not pair.isdecimal() or len(pair) >= 12:
        return pair
    made = load_list(journal, job, edited=False).kept  # with those that were left out since
    ids = {number: one.id for number, one in enumerate(made, 1)}
    ids |= {number: one.id for number, one in numbered(journal, job, load_list(journal, job).kept)}
    if int(pair) not in ids:
        raise JournalError("edit.number", job=job, number=pair, most=len(ids))
    return ids[int(pair)]


def _change(
    journal: Journal,
    job: str,
    pair: str,
    asked: list[bool],
    question: str | None,
    answer: str | None,
) -> None:
    import chains

    reworded, left_out, kept, _undone = asked
    if reworded:
        chains.reword(journal, job, pair, question=question, answer=answer)
    elif left_out:
        chains.leave_out(journal, job, pair)
    elif kept:
        chains.keep(journal, job, pair)
    else:
        chains.undo(journal, job, pair)


def _tell(journal: Journal, job: str, pair: str, translate: Translator) -> None:
    """Shows the pair as it is now, or says that it is out of the list."""
    from chains import load_list

    pairs = load_list(journal, job)
    for number, one in numbered(journal, job, pairs.kept):
        if one.id == pair:
            show_pair(number, one, translate)
            return
    out = [one.item for one in pairs.rejected] + [one.item for one in pairs.duplicates]
    question = printable(next((one.question for one in out if one.id == pair), ""))
    typer.echo(translate("show.not_in_list", pair=pair, job=job, question=question), err=True)
