"""A run carried out at the command line: shown while it goes on, stopped by Ctrl-C, and saved."""

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
from .options import Said

if TYPE_CHECKING:
    from chains import DownloadProgress, Event, Journal
    from pairs import PairList

    Start = Callable[[DownloadProgress, threading.Event], Iterator[Event]]

INCOMPLETE = 1
SHOWN = 5  # pairs on the screen where a file holds them all


@dataclass(frozen=True)
class Output:
    """Where a list goes: a file, standard output, or both."""

    path: Path | None
    format: str | None
    force: bool
    quiet: bool
    as_json: bool

    def at(self, path: Path, format_: str) -> Output:
        """The same for a file that an earlier command named."""
        return replace(self, path=path, format=self.format or format_)

    def check(self, journal: Journal) -> None:
        """Before a call is paid for: the file can be written and is ours to replace.

        Raises:
            ExportError: It is not.
        """
        from pairs import ExportError, check_writable, format_of

        if self.path is None:
            return
        format_of(self.path, self.format)
        check_writable(self.path)
        if self.path.exists() and not self.force and not journal.wrote_output(self.path):
            raise ExportError("export.exists", file=str(self.path))

    def plan(self, journal: Journal, job: str) -> None:
        """Remembers with the job where its list goes, for whoever goes on with it."""
        from chains import Jobs
        from pairs import format_of

        if self.path is not None:
            planned = {
                "path": str(self.path.resolve()),
                "format": format_of(self.path, self.format),
            }
            Jobs(journal).save_output(job, planned)

    def save(self, result: PairList, journal: Journal, job: str) -> None:
        """Writes the file, known to the journal as ours before it stands in its place.

        Raises:
            ExportError: It cannot be written.
        """
        from pairs import write_pairs

        if self.path is not None:
            known = partial(journal.save_output, job)
            write_pairs(result.kept, self.path, self.format, before=known)


def carry_out(start: Start, journal: Journal, output: Output, said: Said) -> int:
    """The exit code of a run: 1 where a chunk failed or was not asked about.

    Args:
        start: Begins the run, given what shows downloads and what stops it.
        journal: Of the run.
        output: Checked before.
        said: Speaks the user's language.

    Raises:
        SaidError: Nothing could be done, or nothing be written.
    """
    from .progress import Showing
    from .show import show_pairs

    stop = threading.Event()
    with _stopping(stop, said), Showing(said, quiet=output.quiet) as showing:
        planned = False
        for event in start(showing.download, stop):
            showing.show(event)
            if not planned:
                output.plan(journal, showing.job)
                planned = True
    result, job = showing.result, showing.job
    output.save(result, journal, job)
    if output.as_json:
        typer.echo(result.model_dump_json(indent=2))
    elif output.path is None:
        show_pairs(result.kept, said)
    elif not output.quiet:
        show_pairs(result.kept, said, most=SHOWN)
    if not output.quiet:
        showing.summary(output.path)
        states = result.states()
        if states["not asked"]:
            typer.echo(said("cli.stopped", job=job), err=True)
        elif states["failed"]:
            typer.echo(said("cli.failed", job=job), err=True)
    return 0 if result.complete else INCOMPLETE


def _stopping(stop: threading.Event, said: Said) -> AbstractContextManager[None]:
    """Ctrl-C finishes the calls under way; a second one leaves at once, replies being saved."""

    def interrupted() -> None:
        if stop.is_set():
            os._exit(130)
        stop.set()
        typer.echo("\n" + said("cli.stopping"), err=True)

    return on_interrupt(interrupted)
