"""A progress bar for scripts and notebooks, drawn from the events of a run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..events import ChunkDone, Event, Prepared, Verified

__all__ = ["progress_bar"]


@contextmanager
def progress_bar(*, shown: bool | None) -> Iterator[Callable[[Event], None]]:
    """A function that takes the events of one run, while its bar is drawn.

    Args:
        shown: Whether there is a bar; None for a bar in a notebook only.
    """
    if not (_in_notebook() if shown is None else shown):
        yield lambda _event: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=not _in_notebook())
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TextColumn("{task.fields[pairs]}"), console=console) as bar:
        chunks = bar.add_task("chunks", total=None, pairs="")
        checked, kept = None, 0

        def take(event: Event) -> None:
            nonlocal checked, kept
            if isinstance(event, Prepared):
                bar.update(chunks, total=event.chunks)
            elif isinstance(event, ChunkDone):
                kept += len(event.pairs)
                bar.update(chunks, completed=event.done, total=event.total, pairs=f"{kept} pairs")
            elif isinstance(event, Verified):
                if checked is None:
                    checked = bar.add_task("checks", total=event.total, pairs="")
                bar.update(checked, completed=event.done, total=event.total)

        yield take


def _in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"
