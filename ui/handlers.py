"""Chainlit's lifecycle callbacks: chat start, message, settings update, stop."""

from __future__ import annotations

import asyncio
import logging
import secrets
from contextlib import suppress
from typing import Any

import chainlit as cl

from messages import SaidError

from . import actions, auth
from .chat import talk
from .commands import commands, run_command, show_jobs, starters
from .engine import engine
from .intent import command_of, is_material
from .job_element import open_job
from .server import end
from .session import Offered, chat, explain, fault, language, speak, tell
from .settings_panel import PROMPT_BOXES, Panel, read_panel
from .start_job import as_text, inputs_of, pasted, start

GREETED_SECONDS = 3.0
"""A page in a browser greets back at once, a busy one within this; other clients never do."""
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
    cl.on_window_message(_heard)
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
        # Answered by public/qa3.js with what outlives the chat: its job, and what was chosen.
        await cl.send_window_message({"qa3": "hello", "greeting": chat().greeting})
    except SaidError as error:
        await tell(explain(error))


async def _heard(data: Any) -> None:
    """Takes what the page's own script says; any other window may write here as well."""
    known = chat()
    if not isinstance(data, dict) or data.get("greeting") != known.greeting:
        return
    try:
        if data.get("qa3") == "jobs":
            await show_jobs()
        elif data.get("qa3") == "here":
            await _greeted(data)
    except SaidError as error:
        await tell(explain(error))
    finally:
        known.here.set()


async def _greeted(data: dict[str, Any]) -> None:
    known, values, job = chat(), data.get("chosen"), str(data.get("job") or "")[:64]
    if isinstance(values, dict) and not known.chosen:
        with suppress(SaidError):  # what was chosen then is not to be had any more
            chosen, confirm = read_panel(values, _panel())
            engine().settings(chosen)
            known.chosen, known.confirm = chosen, confirm
            await cl.ChatSettings(_panel().tabs()).send()
    if job and not known.job:
        await open_job(job)


async def _message(message: cl.Message) -> None:
    """Answers a message; an exception becomes a message and the chat goes on."""
    # A new chat is told at once what was chosen before: its first message is not to be quicker.
    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(chat().here.wait(), GREETED_SECONDS)
    chat().here.set()
    try:
        await _answer(message)
    except SaidError as error:
        await tell(explain(error))
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
            files = [*files, as_text(text)]
        await start(files)
        return
    if not text:
        await tell(speak("page.no_material"))
        return
    if known.material_next or is_material(text, has_list=bool(known.job)):
        known.material_next = False
        await pasted(text)
        return
    if known.job and is_material(text, has_list=False):
        await _offer(text)
        return
    await talk(text)


async def _offer(text: str) -> None:
    """Asks what a text is for that reads like a document while there is one already."""
    number, known = secrets.token_hex(4), chat()
    buttons = [
        cl.Action(name=name, payload={"number": number}, label=speak(words), icon=icon)
        for name, words, icon in (
            ("qa3_material", "page.make_pairs", "list-plus"),
            ("qa3_question", "page.answer_it", "message-circle"),
        )
    ]
    known.offered[number] = Offered(text)
    known.offered[number].question = await tell(speak("page.which"), actions=buttons)


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
        await tell(explain(error))
    else:
        known.chosen, known.confirm = chosen, confirm
        # No message: the first one takes the samples away.
        await cl.context.emitter.send_toast(_kept(), "success")
        kept = {name: value for name, value in values.items() if name != "password"}
        await cl.send_window_message({"qa3": "kept", "chosen": kept})
    await cl.ChatSettings(_panel().tabs()).send()


_OWN = {"zh": "page.own_prompt_zh", "en": "page.own_prompt_en"}


def _kept() -> str:
    """What was kept: who answers, and in which language the prompt is one's own."""
    from chains import choose

    resolved = _panel().resolved
    backend, own = choose(resolved), resolved.settings.prompt_text
    said = speak("page.settings_kept", backend=backend.name, model=backend.model)
    if isinstance(own, dict):
        said += "".join(f" {speak(_OWN[spoken])}" for spoken in own)
    return said


async def _settings_edit(values: dict[str, Any]) -> None:
    """Fills in the prompt text when another prompt is chosen or a reset is requested."""
    known, panel = chat(), _panel()
    before = known.edited or panel.values()
    known.edited = dict(values)
    names = ("prompt", "density", "answers", "backend")
    reset = bool(values.get("prompt_reset"))
    picked = any(values.get(name) != before.get(name) for name in names)
    filled = {
        box: panel.built_in_of(values, spoken)
        for box, spoken in PROMPT_BOXES.items()
        if reset or (picked and panel.is_built_in(before, spoken))
    }
    if filled:
        known.edited = {**values, "prompt_reset": False, **filled}
        await cl.ChatSettings(panel.tabs(known.edited)).refresh()
