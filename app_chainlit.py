"""The page: drop a document or paste a text, watch the pairs arrive, take the list away.

qa3 ui          or          chainlit run app_chainlit.py
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from chains.settings import user_folder

# Chainlit writes its files where it stands, reads the environment when it is imported, and would
# switch on a database of its own: all of it has to be settled first.
_ROOT = user_folder("data") / "page"
_ROOT.mkdir(parents=True, exist_ok=True)
os.environ.setdefault("CHAINLIT_APP_ROOT", str(_ROOT))
os.environ.pop("DATABASE_URL", None)

import chainlit as cl  # noqa: E402

from chains.events import ChunkDone, Done, Event, Prepared  # noqa: E402
from chains.materials import Material, Text  # noqa: E402
from chains.pipeline import Pipeline  # noqa: E402
from chains.settings import resolve  # noqa: E402
from messages import say  # noqa: E402
from messages.errors import SaidError  # noqa: E402
from pairs.export import write_pairs  # noqa: E402
from pairs.records import PairList, QAPair  # noqa: E402

LEAST_TEXT = 20  # characters; less is no material


@cl.on_chat_start
async def welcome() -> None:
    """Says what the page is for."""
    await cl.Message(say("page.welcome", _language())).send()


@cl.on_message
async def answer(message: cl.Message) -> None:
    """Makes pairs of the files and the text of a message."""
    language = _language()
    materials: list[Material] = []
    with tempfile.TemporaryDirectory() as folder:
        for number, element in enumerate(message.elements or ()):
            if element.path:
                # Chainlit drops the suffix; the name is the user's and never used as a path.
                suffix = Path(element.name).suffix[:12]
                place = Path(folder) / f"{number}{suffix}"
                place.write_bytes(await asyncio.to_thread(Path(element.path).read_bytes))
                materials.append(place)
        if not materials and len(message.content.strip()) >= LEAST_TEXT:
            materials.append(Text(text=message.content))
        if not materials:
            await cl.Message(say("page.no_material", language)).send()
            return
        try:
            await _show(materials, language)
        except SaidError as error:
            await cl.Message(error.say(language)).send()


async def _show(materials: list[Material], language: str) -> None:
    live = cl.Message("")
    await live.send()
    async for event in _in_thread(materials):
        if isinstance(event, Prepared):
            live.content = say("show.prepared", language, **event.model_dump())
            await live.update()
        elif isinstance(event, ChunkDone):
            for pair in event.pairs:
                await live.stream_token("\n\n" + _as_markdown(pair))
        else:
            await live.update()
            await _finish(event, language)


async def _finish(event: Done, language: str) -> None:
    result: PairList = event.result
    states = {state.replace(" ", "_"): count for state, count in result.states().items()}
    said = [
        say("show.chunks", language, total=len(result.chunks), **states),
        say(
            "show.pairs",
            language,
            parsed=sum(chunk.parsed for chunk in result.chunks),
            kept=len(result.kept),
            duplicates=len(result.duplicates),
            rejected=len(result.rejected),
        ),
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = write_pairs(result.kept, Path(folder) / "pairs.jsonl")
        file = cl.File(name="pairs.jsonl", content=path.read_bytes(), display="inline")
    await cl.Message("\n\n".join(said), elements=[file]).send()


async def _in_thread(materials: list[Material]) -> AsyncIterator[Event]:
    """The run's events, made in a worker thread: the event loop must never wait for a model."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[Event | BaseException | None] = asyncio.Queue()
    stop = threading.Event()

    def work() -> None:
        last: BaseException | None = None
        try:
            for event in _events(materials, stop):
                loop.call_soon_threadsafe(queue.put_nowait, event)
        except BaseException as error:  # noqa: BLE001 - handed to the page's own task
            last = error
        loop.call_soon_threadsafe(queue.put_nowait, last)

    threading.Thread(target=work, daemon=True).start()
    try:
        while (event := await queue.get()) is not None:
            if isinstance(event, BaseException):
                raise event
            yield event
    finally:
        stop.set()


def _events(materials: list[Material], stop: threading.Event) -> Iterator[Event]:
    return Pipeline(resolve(), stop=stop).run(materials)


def _as_markdown(pair: QAPair) -> str:
    page = f" ({pair.page})" if pair.page else ""
    lines = [f"**{_plain(pair.question)}**", _plain(pair.answer)]
    return "\n\n".join([*lines, f"> {_plain(pair.evidence.sentence)}{page}"])


def _plain(text: str) -> str:
    """A reply's text as one line in which nothing is markup."""
    line = " ".join(text.split())
    return "".join("\\" + char if char in "\\`*_{}[]<>#|!~" else char for char in line)


def _language() -> str:
    """The browser's language."""
    chosen = getattr(cl.context.session, "language", "")
    return "zh" if chosen.lower().startswith("zh") else "en"


def serve(host: str, port: int) -> None:
    """Serves the page until interrupted."""
    from chainlit.cli import run_chainlit
    from chainlit.config import config

    os.environ["CHAINLIT_HOST"], os.environ["CHAINLIT_PORT"] = host, str(port)
    config.run.headless = True
    run_chainlit(str(Path(__file__)))
