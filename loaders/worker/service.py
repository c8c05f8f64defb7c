"""What a child process does: takes requests from stdin, answers on what was stdout at its start.

Every request is followed by what it yields and then by ``done``. It ends when stdin does, that is
when its parent ends it or dies, also in the middle of a request.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import BinaryIO

from .wire import Message, receive, send

FOLDER = "qa3-reading-"
"""Begins the name of the folder that a child is given for what it lays down."""


class Service:
    """Does what is asked, one request after the other.

    Args:
        out: The parent's end.

    Attributes:
        waiting: Requests that were looked at and come next.
    """

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self.waiting: deque[Message] = deque()
        self._inbox: SimpleQueue[Message] = SimpleQueue()

    def answer(self, message: Message) -> None:
        """Does what a request asks, and says so."""
        raise NotImplementedError

    def hear(self, message: Message) -> None:
        """Called with each request as it comes, in another thread."""

    def begin(self) -> None:
        """Called once, before the first request."""

    def say(self, **message: object) -> None:
        """Sends a message."""
        send(self._out, message)

    def listen(self, stream: BinaryIO) -> None:
        """Takes in requests until there are no more, and then ends the process."""
        with suppress(OSError, ValueError):
            while (message := receive(stream)) is not None:
                self.hear(message)
                self._inbox.put(message)
        folder = Path(tempfile.gettempdir())
        if folder.name.startswith(FOLDER):  # a parent that was killed clears nothing
            shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)  # whatever the other thread is at, nobody waits for it

    def run(self) -> None:
        """Answers requests for ever."""
        self.say(process=os.getpid(), done=True)
        self.begin()
        while True:
            self.answer(self.waiting.popleft() if self.waiting else self._inbox.get())

    def next_is(self, what: str) -> bool:
        """Whether the request that comes next is of a kind."""
        with suppress(Empty):
            while True:
                self.waiting.append(self._inbox.get_nowait())
        return bool(self.waiting) and self.waiting[0]["do"] == what


def serve(kind: Callable[[BinaryIO], Service]) -> None:
    """Does what the parent asks for until it has no more to ask.

    Args:
        kind: Makes the service.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, who then ends this
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not stand between messages
    service = kind(out)
    inbox = sys.stdin.buffer
    threading.Thread(target=service.listen, args=(inbox,), daemon=True).start()
    service.run()
