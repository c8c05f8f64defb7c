"""The state of one chat session: settings, job and history."""

from __future__ import annotations

import asyncio
import secrets
import threading
from dataclasses import dataclass, field
from typing import Any, cast

import chainlit as cl

from chains import Inputs, Resolved, Turn
from messages import SaidError, logged, say

from .errors import PageError
from .words import told

MOST_TURNS = 40
_KEY = "qa3"


@dataclass
class Reading:
    """Documents that are being read.

    Attributes:
        file: The name of the one that is read now.
        place: Its place, from 1.
        files: How many there are.
        pages: Its pages that are read.
        whole: Its pages in all; None where that is not known.
        cancelled: Set to give the reading up.
        over: Whether it has ended, one way or the other.
    """

    files: int
    file: str = ""
    place: int = 0
    pages: int = 0
    whole: int | None = None
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    over: bool = False

    def tell(self, file: str, pages: int, whole: int | None) -> None:
        """Takes in how far it is; called from the thread that reads.

        Raises:
            PageError: It was cancelled.
        """
        if self.cancelled.is_set():
            raise PageError("page.reading_cancelled")
        self.place += not pages
        self.file, self.pages, self.whole = file, pages, whole


@dataclass
class Pending:
    """A run that waits for the user's confirmation.

    Attributes:
        question: The message that asks for it; its buttons go once one was chosen.
    """

    read: Inputs
    resolved: Resolved
    question: cl.Message | None = None


@dataclass
class Offered:
    """A text of which a person is to say whether pairs are made of it, or it is answered.

    Attributes:
        question: The message that asks; its buttons go once one was chosen.
    """

    text: str
    question: cl.Message | None = None


@dataclass
class Chat:
    """The state of one chat, kept while its page is open.

    Attributes:
        chosen: Settings that differ from those in force, by name.
        confirm: Above how many tokens or what cost a run is confirmed first.
        job: The job it is about; empty without one.
        history: What was said so far.
        pending: What waits to be confirmed, by its number.
        readings: Documents that are being read, by their number.
        offered: Texts that may be material or a question, by their number.
        material_next: Whether the next message is material, whatever it looks like.
        here: Set once the page has told what outlives a chat.
        greeting: What the page in the browser answers a greeting with, so that no other page can.
        stop: Ends the answer under way.
        edited: The settings panel as it stands before it is confirmed.
        cleared: Whether the jobs above are to be forgotten, though they are still to be seen.
        password: Opens encrypted documents; None for none.
    """

    chosen: dict[str, Any] = field(default_factory=dict)
    confirm: tuple[float, int] = (1.0, 300_000)
    job: str = ""
    history: list[Turn] = field(default_factory=list)
    pending: dict[str, Pending] = field(default_factory=dict)
    readings: dict[str, Reading] = field(default_factory=dict)
    offered: dict[str, Offered] = field(default_factory=dict)
    material_next: bool = False
    here: asyncio.Event = field(default_factory=asyncio.Event)
    greeting: str = field(default_factory=lambda: secrets.token_hex(16))
    stop: threading.Event = field(default_factory=threading.Event)
    edited: dict[str, Any] = field(default_factory=dict)
    cleared: bool = False
    password: str | None = field(default=None, repr=False)

    def remember(self, question: str, answer: str) -> None:
        """Adds a turn of each side; the oldest are forgotten."""
        self.history += [Turn(role="user", text=question), Turn(role="assistant", text=answer)]
        del self.history[:-MOST_TURNS]


def chat() -> Chat:
    """The current chat; a new one if the server has been restarted meanwhile."""
    known = cl.user_session.get(_KEY)
    if known is None:
        known = Chat()
        cl.user_session.set(_KEY, known)
    return cast("Chat", known)


def language() -> str:
    """The browser's language: ``en`` or ``zh``."""
    chosen = str(getattr(cl.context.session, "language", ""))
    return "zh" if chosen.lower().startswith("zh") else "en"


def speak(code: str, **fields: object) -> str:
    """A sentence in the browser's language."""
    return say(code, language(), **fields)


def explain(error: SaidError) -> str:
    """What the page says of an error, in the browser's language."""
    return told(error, language())


def fault(error: Exception) -> str:
    """The message for an unexpected exception, in the browser's language."""
    code, fields = logged("page.unexpected", "page.unexpected_logged", kind=type(error).__name__)
    return speak(code, **fields)


def plain(text: str) -> str:
    """A text as one line with Markdown characters escaped."""
    line = " ".join(text.split())
    return "".join("\\" + char if char in "\\`*_{}[]<>#|!~" else char for char in line)


async def tell(content: str, **named: Any) -> cl.Message:
    """Sends a message to the chat."""
    message = cl.Message(content=content, **named)
    await message.send()
    return message
