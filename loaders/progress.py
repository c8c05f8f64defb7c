"""Tells whoever watches a reading process what it does now, so that it is given time for it."""

from __future__ import annotations

from collections.abc import Callable

READING = "reading"
RECOGNISING = "recognising"
"""Text recognition of one picture, which takes more time and memory than a page of text."""
CONVERTING = "converting"
"""Another program turns the file into a format that is read here."""

_watchers: list[Callable[[str], None]] = []


def report(step: str) -> None:
    """Says that a step begins; the bounds on a page's time and memory are that step's from now.

    A step that is said again begins anew: a reader of long stretches says so as it goes on.

    Args:
        step: ``READING``, ``RECOGNISING`` or ``CONVERTING``.
    """
    for watcher in _watchers:
        watcher(step)


def watch(watcher: Callable[[str], None]) -> None:
    """Has every later step told to a function.

    Args:
        watcher: Called with the step, in the thread that reads.
    """
    _watchers.append(watcher)
