"""The desks that are open in this process."""

from __future__ import annotations

import threading
from collections import OrderedDict

from chains import Desk, Jobs, Journal

REMEMBERED = 3
"""Desks kept in memory; another is opened anew from the journal."""


class Desks:
    """Opens desks and keeps the most recent; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: OrderedDict[tuple[str, str, float], Desk] = OrderedDict()

    def of(self, journal: Journal, job: str, language: str) -> Desk:
        """The desk of a job.

        Args:
            journal: The journal that holds it.
            job: Its id.
            language: ``en`` or ``zh``.

        Raises:
            JournalError: There is no such job, or it has no list yet.
        """
        found = Jobs(journal).find(job)
        key = (found.id, language, found.updated)  # a job that went on has another list
        with self._lock:
            if key not in self._open:
                self._open[key] = Desk(journal, found.id, language)
            self._open.move_to_end(key)
            while len(self._open) > REMEMBERED:
                self._open.popitem(last=False)
            return self._open[key]
