"""One reading process as its parent sees it: started, asked, listened to, watched, ended."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue

from ..progress import READING, RECOGNISING
from .bounds import BOUNDS, STARTING, STOPPING, Bounds
from .service import FOLDER
from .usage import usage
from .wire import Message, receive, send

_ROOT = Path(__file__).resolve().parent.parent.parent
# What programs need to start and to find their libraries and folders; no keys, no settings.
_ENVIRONMENT = (
    "PATH", "HOME", "USERPROFILE", "SYSTEMROOT", "WINDIR", "LOCALAPPDATA", "APPDATA",
    "PROGRAMFILES", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH", "PYTHONHOME", "VIRTUAL_ENV", "OMP_NUM_THREADS", "QA3_HOME",
    "XDG_CACHE_HOME",
)  # fmt: skip

_MOST = 256 << 20  # bytes of a message; the bound on its memory lets a child say no more at once
_BARE = 60 << 20  # resident bytes that each process takes before it reads much

Mail = SimpleQueue[tuple["Child", Message | None]]
"""What children say about one file; None as the last word of a child that has ended."""


class Child:
    """A process that reads files; it ends when its standard input does.

    Args:
        module: What it runs, as ``python -m`` takes it.

    Attributes:
        number: Its process id, once it has said so; on Windows another one than was started.
        bounded: Which bound it passed, ``memory`` or ``time``, where it was ended for that.
        limit: What that bound was, in bytes or seconds.
        peak: The most resident bytes that were seen.
        rest: The resident bytes at the last look.
        mail: Gets what it says about the file that it reads.
        pictures: How many pictures of the file it has recognised text in.

    Raises:
        OSError: It cannot be started.
    """

    def __init__(self, module: str = "loaders.worker") -> None:
        self.number: int | None = None
        self.bounded = ""
        self.limit = 0.0
        self.peak = self.rest = self.pictures = 0
        self._gone = False
        self._job = 0
        self.mail: Mail | None = None
        self._asked, self._answered = 1, 0  # that it has started counts as an answer
        self._step = STARTING
        self._more_seconds = 0.0
        self._waited = 0.0
        self._used_before = 0.0
        self._progressed = True
        # What it lays down for itself, parts of documents among it, goes when it does.
        self._folder = tempfile.mkdtemp(prefix=FOLDER)
        try:
            self._process = _start(module, self._folder)
        except OSError:
            self._clear()
            raise
        threading.Thread(target=self._listen, daemon=True, name="loaders-listen").start()

    @property
    def busy(self) -> bool:
        """Whether it has not yet done all it was asked."""
        return not self._gone and self._asked != self._answered

    @property
    def free(self) -> bool:
        """Whether it can take up a file at once, or as soon as it has started."""
        return self.alive and (self._job == 0 or not self.busy)

    @property
    def alive(self) -> bool:
        """Whether it runs, as far as is known."""
        return not self._gone and self._process.poll() is None

    def begin(self, mail: Mail, more_seconds: float = 0.0) -> None:
        """Takes up another file.

        Args:
            mail: Gets what the child says about it.
            more_seconds: Beyond those of the bounds, for each stretch of the file.
        """
        self._job += 1
        self.mail = mail
        self._more_seconds = more_seconds
        self.peak = self.pictures = 0
        if not self.alive:
            self._deliver(None)  # it ended while nobody was listening

    def ask(self, what: str, **fields: object) -> None:
        """Has the child do something about the file; its answers come by mail.

        Args:
            what: A request that ``server.py`` knows.
            **fields: Of the request.
        """
        if not self.busy:
            self._progress()
            # A child that starts is given more time until it has started.
            self._step = READING if self.number else STARTING
        self._asked += 1
        self._send({"do": what, "job": self._job, **fields})

    def leave(self, *, finished: bool) -> None:
        """Gives the file up; the child is free again when it is no longer busy.

        Args:
            finished: Whether the child has closed the file itself.
        """
        self.mail = None
        self.look()
        if self.alive and not finished:
            self._asked += 1
            self._step = STOPPING if self.number else STARTING
            self._progress()
            self._send({"do": "stop", "job": self._job})

    def look(self, passed: float = 0.0) -> None:
        """Looks at what the child takes, and ends it where that is too much.

        Args:
            passed: Seconds since the last look, as the watch counts them: time in which the
                watch itself stood still is nobody's fault.
        """
        memory, seconds = usage(self.number or self._process.pid)
        if memory is not None:
            self.rest = memory
            self.peak = max(self.peak, memory)
        if not self.busy:
            return
        if self._progressed:
            self._progressed, self._waited, self._used_before = False, 0.0, seconds or 0.0
        self._waited += passed
        bounds = self._bounds()
        used = self._waited if seconds is None else seconds - self._used_before
        if memory is not None and memory > bounds.memory:
            self.refuse("memory", bounds.memory)
        elif used > bounds.seconds or self._waited > bounds.waited:
            self.refuse("time", bounds.seconds)

    def refuse(self, bounded: str, limit: float) -> None:
        """Ends the child for what it takes.

        Args:
            bounded: ``memory`` or ``time``.
            limit: The bound that it passed, in bytes or seconds.
        """
        self.bounded, self.limit = bounded, limit
        self._process.kill()

    def end(self, patience: float = 0.0) -> None:
        """Ends the child.

        Args:
            patience: Seconds it is given to end by itself.
        """
        with suppress(OSError, ValueError):
            self._process.stdin.close()  # type: ignore[union-attr]  # it is a pipe
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._clear()

    def distrust(self) -> None:
        """Ends the child for what it said; it is lent to nobody from now on."""
        self._gone = True
        self._process.kill()

    def _bounds(self) -> Bounds:
        bounds, more = BOUNDS[self._step], self._more_seconds
        return bounds._replace(seconds=bounds.seconds + more, waited=bounds.waited + 6 * more)

    def _progress(self) -> None:
        self._progressed = True

    def _send(self, message: Message) -> None:
        with suppress(OSError, ValueError):  # it is gone, as whoever listens will hear
            send(self._process.stdin, message)  # type: ignore[arg-type]  # it is a pipe

    def _listen(self) -> None:
        stream = self._process.stdout
        with suppress(Exception):  # one that says what is no message is not heard further
            while (message := receive(stream, _MOST)) is not None:  # type: ignore[arg-type]  # likewise
                self._hear(message)
        self._gone = True
        self._process.kill()
        self._process.wait()
        for pipe in (stream, self._process.stdin):
            with suppress(OSError, ValueError):
                pipe.close()  # type: ignore[union-attr]  # likewise
        self._clear()
        self._deliver(None)

    def _clear(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def _hear(self, message: Message) -> None:
        """Takes in a message.

        Raises:
            ValueError: It answers what was not asked, or is at nothing that a reader does.
        """
        self._progress()
        if "process" in message and self.number is None:
            self.number = int(message["process"])
            self._step = READING
        if "step" in message:
            if message["step"] not in BOUNDS:
                raise ValueError(message["step"])
            self._step = message["step"]
            self.pictures += self._step == RECOGNISING
        if message.get("done"):
            if self._answered >= self._asked:  # it would pass for idle at the next request
                raise ValueError("done")
            self._answered += 1
        if message.get("job") == self._job:
            self._deliver(message)

    def _deliver(self, message: Message | None) -> None:
        mail = self.mail
        if mail is not None:
            mail.put((self, message))


def bound_together(team: Sequence[Child]) -> None:
    """Ends the largest of the processes that read one file, where they take too much together.

    Args:
        team: All that read the file.
    """
    most = BOUNDS[READING].memory
    taken = sum(child.rest for child in team) - _BARE * (len(team) - 1)
    if len(team) > 1 and taken > most and not any(child.pictures for child in team):
        max(team, key=lambda child: child.rest).refuse("memory", most)


def _start(module: str, folder: str) -> subprocess.Popen[bytes]:
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    environment |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), folder)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    environment["PYTHONUTF8"] = "1"
    return subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=_ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
