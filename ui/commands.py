"""Slash commands and starters of the chat."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import chainlit as cl

from messages import say

from .engine import engine
from .intent import COMMANDS, LEAST_TEXT
from .job_element import presenter, show
from .session import Chat, chat, language, speak, tell
from .start_job import pasted, sample, start

if TYPE_CHECKING:
    from chainlit.types import CommandDict

_SAMPLES = {"sample-zh": "zh", "sample-en": "en"}


def commands(spoken: str) -> list[CommandDict]:
    """The slash commands, described in a language."""
    return [
        cast(
            "CommandDict",
            {
                "id": say(name, spoken),
                "description": say(about, spoken),
                "icon": icon,
                "button": command == "jobs",
            },
        )
        for command, (name, about, icon) in COMMANDS.items()
    ]


def starters(spoken: str) -> list[cl.Starter]:
    """The three starters, in a language."""
    return [
        cl.Starter(
            label=say("page.starter_zh", spoken),
            message=say("page.starter_zh", spoken),
        ),
        cl.Starter(
            label=say("page.starter_en", spoken),
            message=say("page.starter_en", spoken),
        ),
        cl.Starter(
            label=say("page.starter_text", spoken),
            message=say("page.starter_text", spoken),
        ),
    ]


async def run_command(command: str, text: str) -> None:
    """Runs a command.

    Raises:
        SaidError: The command failed.
    """
    if command in _SAMPLES:
        await start(sample(_SAMPLES[command]))
    elif command == "jobs":
        await show_jobs()
    elif command == "new":
        kept = chat()
        lasting = {name: getattr(kept, name) for name in ("chosen", "confirm", "greeting", "here")}
        cl.user_session.set("qa3", Chat(**lasting, cleared=True))
        await tell(speak("page.new"))
    elif command == "help":
        await tell(speak("page.help"))
    elif len(text) >= LEAST_TEXT:
        await pasted(text)
    else:
        chat().material_next = True
        await tell(speak("page.paste_now"))


async def show_jobs() -> None:
    """Shows the list of all jobs."""
    if not await engine().answer(presenter().jobs, language()):
        await tell(say("show.no_jobs", language()))
        return
    await show("Jobs", {})
