"""The reading process: takes requests from stdin, answers on what was stdout at its start.

Every request is followed by what it yields and then by ``done``. It ends when stdin does, that is
when its parent ends it or dies, also in the middle of a page.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from base64 import b64encode
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, BinaryIO

from ..errors import LoadError
from ..formats import FORMATS, LoadOptions
from ..pages import Page
from ..progress import watch
from ..zips import zip_kind
from .wire import Message, packed_error, packed_page, receive, send

if TYPE_CHECKING:
    from ..pdf.reading import Note, Reading


class _Reader:
    """Does what is asked, one request after the other."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._waiting: deque[Message] = deque()
        self._inbox: SimpleQueue[Message] = SimpleQueue()
        self._job = self._stopped = 0
        self._pages: Iterator[Page] = iter(())
        self._reading: Reading | None = None
        self._notes: dict[int, Note] = {}
        self._noted = 0

    def listen(self, stream: BinaryIO) -> None:
        """Takes in requests until there are no more, and then ends the process."""
        with suppress(OSError, ValueError):
            while (message := receive(stream)) is not None:
                if message["do"] == "stop":
                    self._stopped = message["job"]
                self._inbox.put(message)
        os._exit(0)  # whatever the other thread is at, nobody waits for it

    def run(self) -> None:
        """Answers requests for ever."""
        self._say(process=os.getpid(), done=True)
        watch(lambda step: self._say(step=step))
        while True:
            self._answer(self._waiting.popleft() if self._waiting else self._inbox.get())

    def _say(self, **message: object) -> None:
        send(self._out, {"job": self._job, **message})

    def _answer(self, message: Message) -> None:
        if message["job"] != self._job:
            self._close()
            self._job = message["job"]
        try:
            getattr(self, f"_{message['do']}")(message)
        except LoadError as error:
            self._say(**packed_error(error))
            self._close()
        except FileNotFoundError:
            self._say(**packed_error(LoadError("load.missing", file=message["file"])))
            self._close()
        except RecursionError:
            self._say(**packed_error(LoadError("load.nested", file=message["file"])))
            self._close()
        except MemoryError:
            self._say(swollen=True)
            self._close()
        except Exception as error:  # noqa: BLE001 - a fault of ours costs one file, and is told
            self._say(fault=type(error).__name__, trace=traceback.format_exc())
            self._close()
        self._say(done=True)

    def _close(self) -> None:
        pages, self._pages = self._pages, iter(())
        reading, self._reading = self._reading, None
        self._notes, self._noted = {}, 0
        for one in (pages, reading):
            with suppress(Exception):
                getattr(one, "close", lambda: None)()

    def _stop(self, _message: Message) -> None:
        self._close()

    def _look(self, message: Message) -> None:
        """An archive; says what it is."""
        self._say(kind=zip_kind(Path(message["path"]), message["file"]))
        self._say(end=True)

    def _draw(self, message: Message) -> None:
        """One page as a picture."""
        path, file, passages = Path(message["path"]), message["file"], message["passages"]
        if message["format"] == "pdf":
            from ..pdf.drawing import draw_page

            drawn = draw_page(path, file, message["page"], message["width"], passages)
        else:
            from ..picture import draw_picture

            drawn = draw_picture(path, file, message["page"], message["width"])
        image, width, height, boxes = drawn
        self._say(image=b64encode(image).decode(), width=width, height=height, boxes=boxes)
        self._say(end=True)

    def _read(self, message: Message) -> None:
        """Any file but a PDF, from the page after those that were read before."""
        form, options = FORMATS[message["format"]], _options(message)
        pages = form.read(Path(message["path"]), message["file"], options)
        self._pages = islice(pages, message["skip"], None)
        self._more(message)

    def _more(self, message: Message) -> None:
        """The next pages, as many as are asked for."""
        for _ in range(message["pages"]):
            if self._stopped == self._job:
                return
            page = next(self._pages, None)
            if page is None:
                self._close()
                self._say(end=True)
                return
            self._say(page=packed_page(page))

    def _open(self, message: Message) -> None:
        """A PDF; says how many pages it has."""
        from ..pdf.reading import Reading

        path, file, options = Path(message["path"]), message["file"], _options(message)
        self._reading = Reading(
            path, file, options.password, options.include, check=message["check"]
        )
        self._say(opened=self._reading.count)

    def _lay(self, message: Message) -> None:
        """Lays out pages of the PDF, and says what the others must know of each."""
        for number in range(message["first"], message["last"] + 1):
            if self._reading is None or self._stopped == self._job:
                return
            self._notes[number] = self._reading.lay_out(number)
            self._say(laid=number, note=self._notes[number])
            self._go_on()
            while self._next_is("note"):
                self._answer(self._waiting.popleft())

    def _note(self, message: Message) -> None:
        """Takes in what other processes say of their pages."""
        self._notes.update({int(number): note for number, note in message["notes"].items()})
        self._go_on()

    def _go_on(self) -> None:
        """Writes the pages whose neighbours are known by now."""
        reading = self._reading
        while reading is not None and self._noted + 1 in self._notes:
            self._noted += 1
            self._write(reading, self._noted, self._notes.pop(self._noted))
            if self._noted == reading.count:
                for number in range(reading.count + 1, reading.count + reading.ahead + 1):
                    self._write(reading, number, {})
                self._close()
                return

    def _write(self, reading: Reading, number: int, note: Note) -> None:
        read = reading.advance(number, note)
        if read is not None:
            page, scan = read
            self._say(page=packed_page(page), scan=scan)

    def _next_is(self, what: str) -> bool:
        with suppress(Empty):
            while True:
                self._waiting.append(self._inbox.get_nowait())
        return bool(self._waiting) and self._waiting[0]["do"] == what


def _options(message: Message) -> LoadOptions:
    return LoadOptions(message["password"], frozenset(message["include"]))


def serve() -> None:
    """Reads what the parent asks for until it has no more to ask."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, who then ends this
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not stand between messages
    reader = _Reader(out)
    inbox = sys.stdin.buffer
    threading.Thread(target=reader.listen, args=(inbox,), daemon=True).start()
    reader.run()
