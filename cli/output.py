"""Runs a pipeline at the command line: shows progress, handles Ctrl-C, writes the list."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from .interrupt import on_interrupt
from .options import Translator

if TYPE_CHECKING:
    from chains import DownloadProgress, Event, Journal
    from pairs import PairList

    Begun = Callable[[str], None]
    Start = Callable[[DownloadProgress, threading.Event, Begun], Iterator[Event]]

INCOMPLETE = 1
PREVIEW = 5  # pairs per document on the screen, if a file holds them all


@dataclass(frozen=True)
class Output:
    """Where a list is written: a file, standard output, or both."""

    path: Path | None
    format: str | None
    force: bool
    quiet: bool
    as_json: bool
    stream: bool = False

    def at(self, path: Path, format_: str) -> Output:
        """The same output with the file that an earlier command named."""
        return replace(self, path=path, format=self.format or format_)

    def check(self, journal: Journal, job: str | None = None) -> None:
        """Raises ExportError early, before any model call, if the file could not be written.

        Args:
            journal: The run's journal.
            job: The only job whose file may be replaced; None while it is not known.

        Raises:
            ExportError: It cannot be written, or holds what the job did not write.
        """
        from pairs import check_writable, format_of

        if self.path is None:
            return
        format_of(self.path, self.format)
        check_writable(self.path)
        if not self.force:
            check_replaceable(self.path, journal, job)

    def plan(self, journal: Journal, job: str) -> None:
        """Saves the path with the job, so that ``qa3 resume`` writes to the same file.

        Raises:
            ExportError: It holds what the job did not write.
        """
        self.check(journal, job)
        from chains import Jobs
        from pairs import format_of

        if self.path is not None:
            planned = {
                "path": str(self.path.resolve()),
                "format": format_of(self.path, self.format),
            }
            Jobs(journal).save_output(job, planned)

    def save(self, result: PairList, journal: Journal, job: str) -> None:
        """Writes the file; the journal records it first, so that qa3 may replace it later.

        Raises:
            ExportError: It cannot be written.
        """
        from pairs import write_pairs

        if self.path is not None:
            known = partial(journal.save_output, job)
            write_pairs(result.kept, self.path, self.format, before=known, describe=True)


def check_replaceable(file: Path, journal: Journal, job: str | None) -> None:
    """Raises ExportError if a file is there that its job did not write, or that was changed since.

    Args:
        file: The place to write to.
        journal: Knows who wrote what.
        job: The only job whose file may be replaced; None for any of the journal.

    Raises:
        ExportError: It may not be replaced.
    """
    from pairs import ExportError

    if not file.exists():
        return
    by = journal.output_of(file)
    if by is None:
        raise ExportError("export.exists", file=str(file))
    if job not in (None, by):
        raise ExportError("export.of_other_job", file=str(file), job=by)


def carry_out(start: Start, journal: Journal, output: Output, translate: Translator) -> int:
    """Runs a pipeline; the exit code is 1 if a chunk failed or was not asked about.

    Args:
        start: Starts the run, given a download callback, the event that cancels it, and what to
            call with the job's id before a request is sent.
        journal: The run's journal.
        output: Where the list goes; checked already.
        translate: Translates messages into the user's language.

    Raises:
        SaidError: The run failed as a whole, or the file cannot be written.
    """
    from .progress import ProgressDisplay
    from .show import numbered, refused_lines, show_pairs
    from .stream import PairLines

    stop = threading.Event()
    lines = PairLines() if output.stream else None
    pairs_shown = not (output.stream or output.as_json)
    display = ProgressDisplay(translate, quiet=output.quiet, pairs=pairs_shown)
    with _stopping(stop, translate), display as showing:
        for event in start(showing.download, stop, partial(output.plan, journal)):
            showing.show(event)
            if lines:
                lines.show(event)
    result, job = showing.result, showing.job
    output.save(result, journal, job)
    if output.as_json:
        typer.echo(result.model_dump_json(indent=2))
    elif not lines and (output.path is None or not output.quiet):
        pairs = numbered(journal, job, result.kept)
        show_pairs(pairs, translate, most=PREVIEW if output.path else None)
    if output.quiet:
        for line in refused_lines(result.refused, translate):
            typer.echo(line, err=True)
    else:
        showing.summary(output.path)
        states = result.states()
        if states["not asked"]:
            typer.echo(translate("cli.stopped", job=job), err=True)
        elif states["failed"]:
            typer.echo(translate("cli.failed", job=job), err=True)
    return 0 if result.complete else INCOMPLETE


def _stopping(stop: threading.Event, translate: Translator) -> AbstractContextManager[None]:
    """A context for Ctrl-C: the first lets calls in flight finish, the second exits at once."""

    def interrupted() -> None:
        if stop.is_set():
            os._exit(130)
        stop.set()
        typer.echo("\n" + translate("cli.stopping"), err=True)

    return on_interrupt(interrupted)
