"""Slash commands and starters of the chat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import chainlit as cl

from messages import LANGUAGES, say

from .engine import engine
from .intent import LEAST_TEXT
from .job_element import show
from .job_view import jobs_of
from .session import Chat, chat, language, speak, tell
from .start_job import pasted, sample, start

if TYPE_CHECKING:
    from chainlit.types import CommandDict

_SAMPLES = {"sample-zh": "zh", "sample-en": "en"}


def commands(spoken: str) -> list[CommandDict]:
    """The slash commands, described in a language."""
    offered = {
        "pairs": (say("page.command_pairs", spoken), "list-plus"),
        "jobs": (say("page.command_jobs", spoken), "history"),
        "new": (say("page.command_new", spoken), "message-square-plus"),
        "help": (say("page.command_help", spoken), "circle-help"),
    }
    return [
        cast(
            "CommandDict",
            {"id": name, "description": description, "icon": icon, "button": name == "jobs"},
        )
        for name, (description, icon) in offered.items()
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


def command_of(picked: str | None, text: str) -> tuple[str, str]:
    """The command of a message and the rest of its text; empty for none."""
    if picked:
        return picked, text
    if text in (begun := _by_starter()):
        return begun[text], ""
    word, _, rest = text.partition(" ")
    if word.startswith("/") and word[1:] in ("pairs", "jobs", "new", "help"):
        return word[1:], rest.strip()
    return "", text


def _by_starter() -> dict[str, str]:
    """The command of each starter, by the starter's text."""
    codes = {
        "sample-zh": "page.starter_zh",
        "sample-en": "page.starter_en",
        "pairs": "page.starter_text",
    }
    return {say(code, spoken): name for name, code in codes.items() for spoken in LANGUAGES}


async def run_command(command: str, text: str) -> None:
    """Runs a command.

    Raises:
        SaidError: The command failed.
    """
    if command in _SAMPLES:
        await start(sample(_SAMPLES[command]))
    elif command == "jobs":
        await _show_jobs()
    elif command == "new":
        kept = chat()
        cl.user_session.set("qa3", Chat(chosen=kept.chosen, confirm=kept.confirm, cleared=True))
        await tell(speak("page.new"))
    elif command == "help":
        await tell(speak("page.help"))
    elif len(text) >= LEAST_TEXT:
        await pasted(text)
    else:
        chat().material_next = True
        await tell(speak("page.paste_now"))


async def _show_jobs() -> None:
    shared = engine()
    jobs: list[dict[str, Any]] = await shared.answer(jobs_of, shared)
    if not jobs:
        await tell(say("show.no_jobs", language()))
        return
    await show("Jobs", {})
