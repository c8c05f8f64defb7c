"""The reading processes of this one: a few are kept for the next files, all are watched."""

from __future__ import annotations

import atexit
import os
import threading
from contextlib import suppress
from time import sleep

from .child import Child, bound_together

_GLANCE = 0.05  # seconds between two looks; a page that swells takes 1 GB a second
_PATIENCE = 1.0  # seconds to wait for a free process where there are many
_LARGE = 300 << 20  # resident bytes of a process that is not kept
_KEPT = 4


def cores() -> int:
    """The number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Pool:
    """Reading processes, lent to one file at a time each.

    Args:
        module: What they run, as ``python -m`` takes it.
        kept: How many wait for another file, at most.

    Attributes:
        started: How many were started so far.
        peak: The most resident bytes that one of them was seen to take so far.
    """

    def __init__(self, module: str = "loaders.worker", kept: int = _KEPT) -> None:
        self._module, self._kept = module, kept
        self.started = 0
        self.peak = 0
        self._children: list[Child] = []
        self._lent: list[Child] = []
        self._changed = threading.Condition()
        self._busy = threading.Event()
        self._watched = False

    def prepare(self) -> None:
        """Starts a process where none is free, for a file that is asked for in a moment."""
        with self._changed, suppress(OSError):  # which ``lend`` will meet again
            if not self._free() and len(self._children) < cores():
                self._start()

    def lend(self) -> Child:
        """A process for a file; there is always one.

        Raises:
            OSError: It cannot be started.
        """
        with self._changed:
            if len(self._children) >= 2 * cores():
                # More files at once than processes are good for; but whoever reads one file
                # while another is open must not wait for ever.
                self._changed.wait_for(self._free, _PATIENCE)
            free = self._free()
            return self._take(free[0] if free else self._start())

    def lend_more(self, most: int, *, start: bool) -> list[Child]:
        """Further processes for a file, as many as the machine has processors to spare.

        Args:
            most: How many are of use.
            start: Whether it is worth it to start some.
        """
        with self._changed:
            free = self._free()[:most]
            spare = min(most - len(free), cores() - len(self._children)) if start else 0
            with suppress(OSError):  # fewer will do
                free += [self._start() for _ in range(spare)]
            for child in free:
                self._take(child)
            return free

    def give_back(self, child: Child, *, finished: bool = False) -> None:
        """Takes a process back; it is kept for another file where it is fit for one.

        Args:
            child: As it was lent.
            finished: Whether it has said all that there was to say about its file.
        """
        child.leave(finished=finished)
        with self._changed:
            self.peak = max(self.peak, child.peak)
            if child in self._lent:
                self._lent.remove(child)
            keep = child.alive and child.rest < _LARGE and len(self._free()) <= self._kept
            if not keep and child in self._children:
                self._children.remove(child)
            self._changed.notify_all()
        if not keep:
            child.end()

    def close(self) -> None:
        """Ends all processes."""
        with self._changed:
            children, self._children, self._lent = self._children, [], []
        for child in children:
            child.end(_PATIENCE)

    def forget(self) -> None:
        """Begins anew in a copy of this process, whose parent's children are not its own."""
        self.__init__(self._module, self._kept)  # type: ignore[misc]

    def _free(self) -> list[Child]:
        self._children = [child for child in self._children if child.alive or child in self._lent]
        return [child for child in self._children if child not in self._lent and child.free]

    def _take(self, child: Child) -> Child:
        self._lent.append(child)
        self._busy.set()
        return child

    def _start(self) -> Child:
        child = Child(self._module)
        self.started += 1
        self._children.append(child)
        if not self._watched:
            self._watched = True
            threading.Thread(target=self._watch, daemon=True, name="loaders-watch").start()
        return child

    def _watch(self) -> None:
        while True:
            self._busy.wait()
            self._busy.clear()
            while watched := [one for one in self._children if one.busy or one in self._lent]:
                sleep(_GLANCE)
                for child in watched:
                    child.look(_GLANCE)
                for mail in {id(one.mail): one.mail for one in watched if one.mail}.values():
                    bound_together([child for child in watched if child.mail is mail])


def peak_memory() -> int:
    """The most resident bytes that a process in which files are read took so far; 0 for none."""
    return POOL.peak


def lasting(pool: Pool) -> Pool:
    """The pool, whose processes end with this one, and which a copy of this one begins anew."""
    atexit.register(pool.close)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=pool.forget)
    return pool


POOL, DRAWING = lasting(Pool()), lasting(Pool())
"""Those that read files, and those that draw pages, which need other fonts."""
