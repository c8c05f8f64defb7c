"""The reading process: takes requests from stdin, answers on what was stdout at its start.

Every request is followed by what it yields and then by ``done``. It ends when stdin does, that is
when its parent ends it or dies, also in the middle of a page.
"""

from __future__ import annotations

import traceback
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ..errors import LoadError
from ..formats import FORMATS, LoadOptions
from ..pages import Page
from ..progress import watch
from ..zips import zip_kind
from .service import Service, serve
from .wire import Message, packed_error, packed_page

if TYPE_CHECKING:
    from ..pdf.reading import Note, Reading


class _Reader(Service):
    """Does what is asked, one request after the other."""

    def __init__(self, out: BinaryIO) -> None:
        super().__init__(out)
        self._job = self._stopped = 0
        self._pages: Iterator[Page] = iter(())
        self._reading: Reading | None = None
        self._notes: dict[int, Note] = {}
        self._noted = 0

    def say(self, **message: object) -> None:
        """Says something about the file that is read."""
        super().say(job=self._job, **message)

    def hear(self, message: Message) -> None:
        """Notes which file is given up, whatever waits before."""
        if message["do"] == "stop":
            self._stopped = message["job"]

    def begin(self) -> None:
        """Has the readers say what they are at."""
        watch(lambda step: self.say(step=step))

    def answer(self, message: Message) -> None:
        if message["job"] != self._job:
            self._close()
            self._job = message["job"]
        try:
            getattr(self, f"_{message['do']}")(message)
        except LoadError as error:
            self.say(**packed_error(error))
            self._close()
        except FileNotFoundError:
            self.say(**packed_error(LoadError("load.missing", file=message["file"])))
            self._close()
        except RecursionError:
            self.say(**packed_error(LoadError("load.nested", file=message["file"])))
            self._close()
        except MemoryError:
            self.say(swollen=True)
            self._close()
        except Exception as error:  # noqa: BLE001 - a fault of ours costs one file, and is told
            self.say(fault=type(error).__name__, trace=traceback.format_exc())
            self._close()
        self.say(done=True)

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
        self.say(kind=zip_kind(Path(message["path"]), message["file"]))
        self.say(end=True)

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
        self.say(image=b64encode(image).decode(), width=width, height=height, boxes=boxes)
        self.say(end=True)

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
                self.say(end=True)
                return
            self.say(page=packed_page(page))

    def _open(self, message: Message) -> None:
        """A PDF; says how many pages it has."""
        from ..pdf.reading import Reading

        path, file, options = Path(message["path"]), message["file"], _options(message)
        self._reading = Reading(
            path, file, options.password, options.include, check=message["check"]
        )
        self.say(opened=self._reading.count)

    def _lay(self, message: Message) -> None:
        """Lays out pages of the PDF, and says what the others must know of each."""
        for number in range(message["first"], message["last"] + 1):
            if self._reading is None or self._stopped == self._job:
                return
            self._notes[number] = self._reading.lay_out(number)
            self.say(laid=number, note=self._notes[number])
            self._go_on()
            while self.next_is("note"):
                self.answer(self.waiting.popleft())

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
            self.say(page=packed_page(page), scan=scan)


def _options(message: Message) -> LoadOptions:
    return LoadOptions(message["password"], frozenset(message["include"]))


def main() -> None:
    """Reads what the parent asks for until it has no more to ask."""
    serve(_Reader)
