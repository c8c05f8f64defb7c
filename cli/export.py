"""``qa3 export`` and ``qa3 view``: writes a finished job's list as a file or an HTML page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from messages import say

from .options import Translator, argument, list_format, option, resolved_settings, with_settings
from .output import check_replaceable

if TYPE_CHECKING:
    from chains import Journal, Resolved
    from pairs import QAPair

REVIEW = "review-xlsx"
"""The workbook that a list is reviewed in; it holds more than a list's pairs."""


def add_commands(app: typer.Typer, lang: str) -> None:
    """Adds ``export`` and ``view`` with their help in a language."""
    with_journal = with_settings(lang, "journal")

    @app.command(help=say("cli.export", lang), cls=with_journal)
    def export(
        context: typer.Context,
        job: str = argument(lang, ..., says="cli.job", takes="metavar.job"),
        output: Path = option(lang, ..., "--output", "-o", says="cli.output", takes="metavar.file"),
        format_: str | None = list_format(lang, REVIEW),
        system: str = option(lang, "", "--system", says="cli.system", takes="metavar.text"),
        validation: float = option(
            lang, 0.0, "--validation", says="cli.validation", within=(0, 0.9)
        ),
        proven: bool = option(lang, False, "--proven", says="cli.proven"),
        force: bool = option(lang, False, "--force", says="cli.force"),
    ) -> None:
        if format_ == REVIEW:
            given = {"--system": system, "--validation": validation, "--proven": proven}
            _refuse(name for name, value in given.items() if value)
            _export_review(job, output, resolved_settings(context), context.obj, force=force)
            return
        options = _ExportOptions(output, format_, system, validation, proven=proven)
        _export(job, options, resolved_settings(context), context.obj, force=force)

    @app.command(help=say("cli.view", lang), cls=with_journal)
    def view(
        context: typer.Context,
        job: str = argument(lang, ..., says="cli.job", takes="metavar.job"),
        output: Path | None = option(
            lang, None, "--output", "-o", says="cli.page_output", takes="metavar.file"
        ),
        open_: bool = option(lang, False, "--open", says="cli.open"),
        force: bool = option(lang, False, "--force", says="cli.force"),
    ) -> None:
        resolved = resolved_settings(context)
        page = _view(job, output, resolved, context.obj, force=force)
        if open_:
            typer.launch(page.resolve().as_uri())


class _ExportOptions:
    """The options of ``qa3 export``, validated before the journal is opened.

    Args:
        path: The list's file.
        format_: Format name; None to infer it from the file name.
        system: System prompt for training formats.
        validation: Share of the pairs, 0..0.9.
        proven: Whether pairs that the text does not prove are left out.

    Raises:
        ExportError: The format or the share makes no sense.
    """

    def __init__(
        self,
        path: Path,
        format_: str | None,
        system: str,
        validation: float,
        *,
        proven: bool,
    ) -> None:
        from pairs import ExportError, format_of, written_files

        if not 0 <= validation <= 0.9:
            raise ExportError("export.share", share=validation)
        self.format = format_of(path, format_)
        self.files = written_files(path, validation)
        self.system = system
        self.validation = validation
        self.proven = proven

    def chosen(self, kept: Sequence[QAPair]) -> list[QAPair]:
        """The pairs to write."""
        return [pair for pair in kept if pair.proven or not self.proven]


def _export(
    name: str, options: _ExportOptions, resolved: Resolved, translate: Translator, *, force: bool
) -> None:
    from chains import Jobs, Journal, load_list
    from pairs import ExportError, describe_files, write_pairs

    with Journal(resolved.settings.journal) as journal:
        job = Jobs(journal).find(name).id
        _check(options.files, journal, job, force=force)
        kept = options.chosen(load_list(journal, job).kept)
        counts = _counts(kept, options)
        if options.validation and not all(counts):
            raise ExportError("export.one_document")
        write_pairs(
            kept,
            options.files[0],
            options.format,
            system=options.system,
            validation=options.validation,
            before=partial(journal.save_output, job),
        )
    info = describe_files(options.files, options.format, with_system=bool(options.system))
    for file, count in zip(options.files, counts, strict=True):
        typer.echo(translate("show.written", count=count, file=file), err=True)
    if options.validation:
        total, got = sum(counts), counts[-1]
        shares = {"share": f"{got / total:.0%}", "asked": f"{options.validation:.0%}"}
        typer.echo(translate("show.split", got=got, count=total, **shares), err=True)
    if info:
        names = ", ".join(file.stem for file in options.files)
        typer.echo(translate("show.described", file=info, names=names), err=True)


def _refuse(names: Iterable[str]) -> None:
    """Raises ExportError for options that make no sense for a workbook to review in."""
    from pairs import ExportError

    for name in names:
        raise ExportError("review.option", name=name)


def _export_review(
    name: str, path: Path, resolved: Resolved, translate: Translator, *, force: bool
) -> None:
    from chains import Jobs, Journal, write_job_workbook
    from pairs import ExportError

    if path.suffix.lower() != ".xlsx":
        raise ExportError("review.suffix", file=str(path))
    with Journal(resolved.settings.journal) as journal:
        job = Jobs(journal).find(name).id
        _check([path], journal, job, force=force)
        known = partial(journal.save_output, job)
        count = write_job_workbook(journal, job, path, language=translate.language, before=known)
    typer.echo(translate("show.written", count=count, file=path), err=True)
    typer.echo(translate("review.how", file=path), err=True)


def _counts(kept: Sequence[QAPair], options: _ExportOptions) -> list[int]:
    from pairs import split_by_document

    if not options.validation:
        return [len(kept)]
    return [len(part) for part in split_by_document(kept, options.validation)]


def _view(
    name: str, output: Path | None, resolved: Resolved, translate: Translator, *, force: bool
) -> Path:
    from chains import Jobs, Journal, write_job_view

    with Journal(resolved.settings.journal) as journal:
        job = Jobs(journal).find(name).id
        page = output or Path(f"qa3-{job}.html")
        _check([page], journal, job, force=force)
        known = partial(journal.save_output, job)
        write_job_view(journal, job, page, language=translate.language, before=known)
    typer.echo(translate("show.viewed", file=page), err=True)
    return page


def _check(files: Sequence[Path], journal: Journal, job: str, *, force: bool) -> None:
    """Raises ExportError if a file cannot be written, or exists and is not the job's own."""
    from pairs import check_writable

    for file in files:
        check_writable(file)
        if not force:
            check_replaceable(file, journal, job)
