"""Leases: which live process holds which job and request, shown by a heartbeat."""

from __future__ import annotations

import os
import platform
import secrets
import sqlite3
import threading
import time
from functools import cache
from pathlib import Path
from types import TracebackType

from ..errors import JournalError
from .database import Database

BEAT_SECONDS = 5.0
LOOK_SECONDS = 0.5  # between looks whether somebody wants the job stopped
DEAD_AFTER = 30.0  # seconds without a heartbeat
_UNWANTED = "SELECT 1 FROM stops JOIN jobs ON jobs.id = stops.job WHERE jobs.owner = ?"


class Lease:
    """The lease of a run on its job and requests; use it as a context.

    A thread of its own keeps the heartbeat, so that neither a long call nor a long computation
    makes it look dead.

    Args:
        database: The journal.
        stop: Set if somebody wants the job stopped that it holds, or if others took this run for
            dead, such as after the machine was asleep.

    Raises:
        JournalError: The journal cannot be written.
    """

    def __init__(self, database: Database, stop: threading.Event) -> None:
        self.id = secrets.token_hex(8)
        self._database = database
        self._stop = stop
        self._over = threading.Event()
        self._process = os.getpid()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Lease:
        row = (self.id, _host(), os.getpid(), time.time())
        with self._database.writing() as db:
            _delete_dead(db)
            db.execute("INSERT INTO owners VALUES (?, ?, ?, ?)", row)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if os.getpid() != self._process:
            return  # a forked child ends, and the lease is its parent's
        self._over.set()
        self._thread.join()
        try:
            with self._database.writing() as db:
                db.execute("DELETE FROM owners WHERE id = ?", (self.id,))
        except JournalError:
            # The run's own error says more; without heartbeats others see that it is over.
            if kind is None:
                raise

    def _beat(self) -> None:
        due = time.monotonic() + BEAT_SECONDS
        while not self._over.wait(min(LOOK_SECONDS, BEAT_SECONDS)):
            try:
                if self._database.rows(_UNWANTED, self.id):
                    self._stop.set()
                if time.monotonic() < due:
                    continue
                with self._database.writing() as db:
                    beat = (time.time(), self.id)
                    seen = db.execute("UPDATE owners SET beat = ? WHERE id = ?", beat).rowcount
            except JournalError:
                continue  # the next write raises it
            due = time.monotonic() + BEAT_SECONDS
            if not seen:
                self._stop.set()
                return


def is_alive(db: sqlite3.Connection, owner: str | None) -> bool:
    """Whether a run's lease is valid: a recent heartbeat, and no sign that its process is gone.

    Args:
        db: Inside a transaction.
        owner: A run's id; None for no owner.
    """
    row = db.execute("SELECT host, pid, beat FROM owners WHERE id = ?", (owner,)).fetchone()
    return row is not None and _is_process_alive(*row)


def _delete_dead(db: sqlite3.Connection) -> None:
    """Deletes owners whose process is gone; their claims cascade."""
    rows = db.execute("SELECT id, host, pid, beat FROM owners").fetchall()
    dead = [(owner,) for owner, *row in rows if not _is_process_alive(*row)]
    db.executemany("DELETE FROM owners WHERE id = ?", dead)


def _is_process_alive(host: str, pid: int, beat: float) -> bool:
    if time.time() - beat > DEAD_AFTER:
        return False
    # On Windows the signal 0 would be an interrupt.
    if os.name != "posix" or host != _host():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@cache
def _host() -> str:
    """An id of this machine since its last boot, and of its namespace of process ids.

    Containers may share a name and a journal, and not see each other's processes.
    """
    boot, space = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
    parts = [platform.node()]
    if boot.exists() and space.is_symlink():
        parts += [boot.read_text(encoding="ascii").strip(), str(space.readlink())]
    return " ".join(parts)
