"""Chainlit's lifecycle callbacks: chat start, message, settings update, stop."""

from __future__ import annotations

import logging
from typing import Any

import chainlit as cl

from messages import SaidError, say

from . import actions, auth
from .chat import talk
from .commands import command_of, commands, run_command, starters
from .engine import engine
from .intent import is_material
from .server import end
from .session import chat, fault, language, speak, tell
from .settings_panel import Panel, read_panel
from .start_job import inputs_of, pasted, start

log = logging.getLogger(__name__)


def register() -> None:
    """Registers all callbacks with Chainlit, before it starts."""
    auth.register()
    cl.set_starters(_starters)
    cl.on_chat_start(_begin)
    cl.on_message(_message)
    cl.on_stop(_stop)
    cl.on_settings_update(_settings)
    cl.on_settings_edit(_settings_edit)
    actions.register()
    cl.on_app_shutdown(end)  # if Chainlit is not mounted in another server


async def _starters(user: Any, language: str | None = None) -> list[cl.Starter]:  # noqa: ARG001 - Chainlit's names
    return starters("zh" if (language or "").lower().startswith("zh") else "en")


async def _begin() -> None:
    """Sends a new chat its slash commands and settings panel."""
    try:
        chat()
        await cl.context.emitter.set_commands(commands(language()))
        await cl.ChatSettings(_panel().tabs()).send()
    except SaidError as error:
        await tell(error.say(language()))


async def _message(message: cl.Message) -> None:
    """Answers a message; an exception becomes a message and the chat goes on."""
    try:
        await _answer(message)
    except SaidError as error:
        await tell(error.say(language()))
    except Exception as error:
        log.exception("a message could not be answered")
        await tell(fault(error))


async def _answer(message: cl.Message) -> None:
    known = chat()
    text = message.content.strip()
    command, text = command_of(message.command, text)
    if command:
        await run_command(command, text)
        return
    files = inputs_of(message)
    if files:
        known.material_next = False
        if text and not is_material(text, has_list=False):
            await tell(speak("page.words_beside_files"))
        elif text:
            files = [*files, _as_text(text)]
        await start(files)
        return
    if not text:
        await tell(speak("page.no_material"))
        return
    if known.material_next or is_material(text, has_list=bool(known.job)):
        known.material_next = False
        await pasted(text)
        return
    await talk(text)


def _as_text(text: str) -> Any:
    from chains import Text

    return Text(text=text, name=speak("page.pasted_name"))


async def _stop() -> None:
    """Stops the answer in progress; a job is stopped by its own button."""
    chat().stop.set()


def _panel() -> Panel:
    known = chat()
    shared = engine()
    return Panel(shared, shared.settings(known.chosen), known.confirm, language())


async def _settings(values: dict[str, Any]) -> None:
    """Applies new settings to this chat; invalid ones are reported and not applied."""
    known, shared = chat(), engine()
    known.edited = {}
    try:
        chosen, confirm = read_panel(values, _panel())
        if typed := str(values.get("password") or ""):
            chat().password = None if typed == "-" else typed
        shared.settings(chosen)
    except SaidError as error:
        await tell(error.say(language()))
    else:
        known.chosen, known.confirm = chosen, confirm
        await tell(say("page.settings_kept", language(), **_in_short()))
    await cl.ChatSettings(_panel().tabs()).send()


def _in_short() -> dict[str, Any]:
    from chains import choose

    backend = choose(_panel().resolved)
    return {"backend": backend.name, "model": backend.model}


async def _settings_edit(values: dict[str, Any]) -> None:
    """Fills in the prompt text when another prompt is chosen or a reset is requested."""
    known, panel = chat(), _panel()
    before = known.edited or panel.values()
    known.edited = dict(values)
    names = ("prompt", "language", "density", "answers", "backend")
    picked = any(values.get(name) != before.get(name) for name in names)
    untouched = str(before.get("prompt_text")).strip() == panel.built_in(
        *(str(before.get("prompt")), _spoken(before)),
        *(str(before.get("density")), str(before.get("answers"))),
    )
    if values.get("prompt_reset") or (picked and untouched):
        given = {**values, "prompt_reset": False}
        text = panel.built_in(
            *(str(given["prompt"]), _spoken(given)),
            *(str(given["density"]), str(given["answers"])),
        )
        known.edited = {**given, "prompt_text": text}
        await cl.ChatSettings(panel.tabs(known.edited)).refresh()


def _spoken(values: dict[str, Any]) -> str | None:
    return str(values["language"]) if values.get("language") in ("zh", "en") else "auto"
