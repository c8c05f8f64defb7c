"""The chat loop: reads questions, streams answers to stdout, handles slash commands."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from messages import SaidError

from .interrupt import on_interrupt
from .options import Translator, printable

if TYPE_CHECKING:
    from chains import Dialogue, Source, Turn
    from chains import Said as Part

    from .progress import ProgressDisplay

QUOTE = 100  # characters of a source quoted below an answer; /sources shows all of it
_COMMANDS = {
    "new": "new",
    "新": "new",
    "新对话": "new",
    "quit": "quit",
    "exit": "quit",
    "退出": "quit",
    "help": "help",
    "帮助": "help",
    "sources": "sources",
    "来源": "sources",
    "出处": "sources",
}
_ENDED = {
    "length": "show.chat_length",
    "loop": "show.chat_loop",
    "stopped": "show.chat_stopped",
}


class Downloads:
    """Shows the download of a model file while the user waits for the first answer.

    Args:
        translate: Translates messages into the user's language.
    """

    def __init__(self, translate: Translator) -> None:
        self._translate = translate
        self._showing: ProgressDisplay | None = None

    def progress(self, file: str, done: int, total: int) -> None:
        """The progress callback of a download: file name, bytes done, bytes in all."""
        if self._showing is not None:
            self._showing.download(file, done, total)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """A context in which downloads are shown."""
        from .progress import ProgressDisplay

        with ProgressDisplay(self._translate, quiet=False) as self._showing:
            yield
        self._showing = None


class Conversation:
    """One conversation: reads input, asks the dialogue, keeps the history.

    Args:
        dialogue: Answers the questions.
        translate: Translates messages into the user's language.
        downloads: Shows downloads until the first part of an answer.
    """

    def __init__(self, dialogue: Dialogue, translate: Translator, downloads: Downloads) -> None:
        self._dialogue = dialogue
        self._translate = translate
        self._downloads = downloads
        self._history: list[Turn] = []
        self._sources: tuple[Source, ...] = ()
        self._failed = False

    def run(self) -> int:
        """Runs until the user leaves; the exit code is 1 if a question was not answered."""
        for line in _lines(lambda: typer.echo("\n" + self._translate("show.chat_leave"), err=True)):
            question = line.strip()
            if question.startswith("/"):
                if self._command(question) == "quit":
                    break
            elif question:
                self._ask(question)
        return 1 if self._failed else 0

    def _command(self, line: str) -> str:
        command = _COMMANDS.get(line[1:].split(maxsplit=1)[0].lower() if line[1:].strip() else "")
        if command == "new":
            self._history.clear()
            self._sources = ()
            typer.echo(self._translate("show.chat_new"), err=True)
        elif command == "help":
            typer.echo(self._translate("show.chat_help"), err=True)
        elif command == "sources":
            self._show_sources(None)
        elif command is None:
            typer.echo(self._translate("show.chat_unknown", command=printable(line)), err=True)
        return command or ""

    def _ask(self, question: str) -> None:
        from chains import Turn

        stop, answer, last = threading.Event(), "", None
        try:
            with on_interrupt(stop.set):  # ends the answer and not the conversation
                for part in self._parts(question, stop):
                    last = part
                    answer += part.text
                    typer.echo(_safe(part.text), nl=False)
        except SaidError as error:
            self._failed = True
            message = printable(error.say(self._translate.language))
            typer.echo("\n" * bool(answer) + f"qa3: {message}", err=True)
            return
        typer.echo("")
        if last is None:
            return
        if last.ended:
            typer.echo(self._translate(_ENDED[last.ended]), err=True)
        self._sources = self._sources if last.found else ()
        if self._sources:
            self._show_sources(QUOTE)
        if answer and last.found:
            self._history += [
                Turn(role="user", text=question),
                Turn(role="assistant", text=answer),
            ]

    def _parts(self, question: str, stop: threading.Event) -> Iterator[Part]:
        parts = self._dialogue.ask(question, self._history, stop)
        with self._downloads.shown():
            first = next(parts)
        self._sources = first.sources
        yield first
        yield from parts

    def _show_sources(self, most: int | None) -> None:
        """Prints the sources of the last answer.

        Args:
            most: Characters of each quote; None for all.
        """
        if not self._sources:
            typer.echo(self._translate("show.chat_no_sources"), err=True)
        for number, source in enumerate(self._sources, 1):
            code = "show.chat_source_page" if source.page else "show.chat_source"
            name = printable(Path(source.source).name)
            place = self._translate(code, number=number, source=name, page=source.page)
            quote = printable(source.quote)
            cut = most is not None and len(quote) > most
            typer.echo(f"  {place}: {quote[:most]}{'…' if cut else ''}", err=True)


def _safe(text: str) -> str:
    """A text without terminal control characters."""
    return "".join(char if char.isprintable() or char in "\n\t" else " " for char in text)


def _lines(interrupted: Callable[[], None]) -> Iterator[str]:
    """Yields the lines that the user types or that are piped in.

    Args:
        interrupted: Called on Ctrl-C while no answer is in progress.
    """
    if not sys.stdin.isatty():
        if hasattr(sys.stdin, "reconfigure"):
            sys.stdin.reconfigure(errors="replace")
        yield from sys.stdin
        return
    with suppress(ImportError):
        import readline  # noqa: F401 - gives input() its line editing
    while (typed := _typed(interrupted)) is not None:
        yield typed


def _typed(interrupted: Callable[[], None]) -> str | None:
    """One line; empty after a Ctrl-C, None after a Ctrl-D."""
    try:
        return input("> ")
    except EOFError:
        typer.echo("", err=True)
        return None
    except KeyboardInterrupt:
        interrupted()
        return ""
