"""The state of one chat session: settings, job and history."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, cast

import chainlit as cl

from chains import Inputs, Resolved, Turn
from messages import logged, say

MOST_TURNS = 40
_KEY = "qa3"


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
class Chat:
    """The state of one chat, kept while its page is open.

    Attributes:
        chosen: Settings that differ from those in force, by name.
        confirm: Above how many tokens or what cost a run is confirmed first.
        job: The job it is about; empty without one.
        history: What was said so far.
        pending: What waits to be confirmed, by its number.
        material_next: Whether the next message is material, whatever it looks like.
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
    material_next: bool = False
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
