"""``qa3 review``: opens the desk of a finished job, or takes in a workbook that was corrected."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from messages import say

from .options import (
    PORTS,
    Translator,
    argument,
    option,
    printable,
    resolved_settings,
    settings_file,
    with_settings,
)

if TYPE_CHECKING:
    from chains import Journal

HOST = "127.0.0.1"
INCOMPLETE = 1
_MOST_NOTES = 20
"""Rows that are told of one by one; --json has all."""


def add_commands(app: typer.Typer, lang: str) -> None:
    """Adds ``review`` with its help in a language."""

    @app.command(help=say("cli.review", lang), cls=with_settings(lang, "journal"))
    def review(
        context: typer.Context,
        job: str | None = argument(lang, None, says="cli.job", takes="metavar.job"),
        import_: Path | None = option(
            lang, None, "--import", says="cli.import", takes="metavar.file"
        ),
        port: int = option(lang, 0, says="cli.review_port", within=PORTS),
        open_: bool = option(lang, True, "--open/--no-open", says="cli.open"),
        as_json: bool = option(lang, False, "--json", says="cli.json"),
    ) -> int:
        from chains import ChainError, Jobs, Journal

        settings = resolved_settings(context).settings
        with Journal(settings.journal) as journal:
            if import_ is not None:
                return _import(journal, import_, job, context.obj, as_json=as_json)
            if job is None or as_json:
                raise ChainError("review.what")
            found = Jobs(journal).find(job).id
            _serve(journal, found, port, settings_file(context), context.obj, open_=open_)
        return 0


def _serve(
    journal: Journal,
    job: str,
    port: int,
    config: Path | None,
    translate: Translator,
    *,
    open_: bool,
) -> None:
    """Serves the page, and opens the desk of a job on it."""
    from chains import load_list
    from ui.server import serve

    load_list(journal, job)  # a job without a list is refused before a server starts

    def ready(bound: int) -> None:
        address = f"http://{HOST}:{bound}/desk/{job}"
        typer.echo(translate("review.at", address=address), err=True)
        if open_:
            typer.launch(address)

    serve(HOST, port, config, journal=journal, ready=ready)


def _import(
    journal: Journal, file: Path, job: str | None, translate: Translator, *, as_json: bool
) -> int:
    """Takes in a workbook; the exit code is 1 where a row asks for what was not done."""
    from chains import import_review

    report = import_review(journal, file, job)
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
        return 0 if report.complete else INCOMPLETE
    for note in report.notes[:_MOST_NOTES]:
        typer.echo(printable(note.say(translate.language)), err=True)
    if len(report.notes) > _MOST_NOTES:
        typer.echo(translate("review.more", count=len(report.notes) - _MOST_NOTES), err=True)
    for pair, remark in report.remarks:
        typer.echo(translate("review.remark", pair=pair, remark=printable(remark)), err=True)
    typer.echo(report.summary(translate.language), err=True)
    return 0 if report.complete else INCOMPLETE
