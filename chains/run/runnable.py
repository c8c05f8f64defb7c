"""The Python interface of the pipeline: a function for scripts, a Runnable for LangChain."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

from langchain_core.documents import Document
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import run_in_executor
from pydantic import ValidationError

from loaders import LoadError
from pairs.records import PairList

from ..events import Done, Event
from ..settings import Resolved, Settings, resolve
from .inputs import RunInput, Text, Upload
from .pipeline import Pipeline
from .progress_bar import progress_bar


def extract_pairs(
    inputs: RunInput | Iterable[RunInput],
    *,
    on_event: Callable[[Event], object] | None = None,
    config: str | Path | None = None,
    progress: bool | None = None,
    password: str | None = None,
    **settings: Any,
) -> PairList:
    """One deduplicated list of pairs, each with its evidence.

        pairs = extract_pairs("report.pdf", backend="gpt-3.5", progress=True)
        print(len(pairs), pairs[0].question, pairs[0].evidence.sentence)

    Args:
        inputs: A path, a folder, a ``Text``, Documents of any LangChain loader, or several.
        on_event: Called with each event of the run.
        config: A settings file.
        progress: Whether a progress bar is shown; None for a bar in a notebook only.
        password: Opens encrypted documents; kept nowhere.
        **settings: Fields of ``Settings``, such as ``backend="chatglm3"``.

    Raises:
        SaidError: The run cannot start; its sentence says what to do.
    """
    resolved = resolve(settings, Path(config) if config else None)
    result = PairList()
    with progress_bar(shown=progress) as show:
        for event in Pipeline(resolved, password=password).run(_as_inputs(inputs)):
            show(event)
            if on_event:
                on_event(event)
            if isinstance(event, Done):
                result = event.result
    return result


async def aextract_pairs(
    inputs: RunInput | Iterable[RunInput],
    *,
    on_event: Callable[[Event], object] | None = None,
    config: str | Path | None = None,
    progress: bool | None = None,
    password: str | None = None,
    **settings: Any,
) -> PairList:
    """The same as ``extract_pairs`` for asyncio; cancelled, it stops the run.

        pairs = await aextract_pairs("report.pdf", backend="gpt-3.5")

    Args:
        inputs: As for ``extract_pairs``.
        on_event: As for ``extract_pairs``; called in the event loop's thread.
        config: As for ``extract_pairs``.
        progress: As for ``extract_pairs``.
        password: As for ``extract_pairs``.
        **settings: As for ``extract_pairs``.

    Raises:
        SaidError: The run cannot start; its sentence says what to do.
    """
    resolved = await run_in_executor(None, resolve, settings, Path(config) if config else None)
    result = PairList()
    with progress_bar(shown=progress) as show:
        async for event in PairsRunnable.of(resolved, password).astream(inputs):
            show(event)
            if on_event:
                on_event(event)
            if isinstance(event, Done):
                result = event.result
    return result


class PairsRunnable(Runnable[Any, Any]):
    """The pipeline as a LangChain Runnable.

    ``invoke``, ``batch`` and their async twins give a ``PairList``; ``stream`` and ``astream`` give
    events, the last of which carries the list. Input: whatever ``extract_pairs`` takes, or
    ``{"text": ...}``. Callbacks, tags and metadata of a ``config`` reach the prompt, model and
    parser run of every chunk, as one run tree.

    Args:
        settings: As they are; no environment and no file is looked at.
    """

    def __init__(self, settings: Settings) -> None:
        self._resolved = Resolved(settings=settings, origins={})
        self._password: str | None = None

    @classmethod
    def of(cls, resolved: Resolved, password: str | None = None) -> PairsRunnable:
        """The pipeline with settings that were resolved before, with their backends' tables."""
        made = cls(resolved.settings)
        made._resolved, made._password = resolved, password
        return made

    def invoke(self, input: Any, config: RunnableConfig | None = None, **_: Any) -> PairList:  # noqa: A002 - LangChain's name
        """The list of pairs of some inputs.

        Raises:
            SaidError: The run cannot start.
        """
        run: Any = self._run  # LangChain gives its configuration to a function that takes one
        result: PairList = self._call_with_config(run, input, config)
        return result

    def stream(self, input: Any, config: RunnableConfig | None = None, **_: Any) -> Iterator[Event]:  # noqa: A002 - LangChain's name
        """Events as they happen.

        Raises:
            SaidError: The run cannot start.
        """
        return self._stream(input, config, threading.Event())

    async def ainvoke(
        self,
        input: Any,  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        **_: Any,
    ) -> PairList:
        """The list of pairs of some inputs; cancelled, it stops the run as ``astream`` does.

        Raises:
            SaidError: Nothing could be done at all.
        """
        result = PairList()
        async for event in self.astream(input, config):
            if isinstance(event, Done):
                result = event.result
        return result

    async def astream(
        self,
        input: Any,  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        **_: Any,
    ) -> AsyncIterator[Event]:
        """Events as they happen; left early, the run is stopped, and calls under way finished.

        Raises:
            SaidError: The run cannot start.
        """
        stop, turn = threading.Event(), threading.Lock()
        events = self._stream(input, config, stop)

        def next_event() -> Event | None:
            with turn:
                return next(events, None)

        def close() -> None:
            with turn:  # not while another thread is inside the generator
                events.close()

        try:
            while (event := await run_in_executor(config, next_event)) is not None:
                yield event
        finally:
            stop.set()
            await run_in_executor(config, close)

    def _run(self, given: Any, config: RunnableConfig) -> PairList:
        result = PairList()
        for event in self._events(given, config, threading.Event()):
            if isinstance(event, Done):
                result = event.result
        return result

    def _stream(
        self, given: Any, config: RunnableConfig | None, stop: threading.Event
    ) -> Generator[Event, None, None]:
        def run(inputs: Iterator[Any], config: RunnableConfig) -> Iterator[Event]:
            for one in inputs:
                yield from self._events(one, config, stop)

        transform: Any = run  # as in invoke
        yield from self._transform_stream_with_config(iter([given]), transform, config)

    def _events(self, given: Any, config: RunnableConfig, stop: threading.Event) -> Iterator[Event]:
        if isinstance(given, dict):
            try:
                given = Text.model_validate(given)
            except ValidationError as error:
                raise LoadError("load.nothing") from error
        return Pipeline(self._resolved, stop=stop, password=self._password).run(
            _as_inputs(given), config
        )


def build_pipeline(settings: Settings | None = None) -> PairsRunnable:
    """A Runnable that turns inputs into pairs.

    Args:
        settings: None for the defaults.
    """
    return PairsRunnable(settings or Settings())


def _as_inputs(given: RunInput | Iterable[RunInput]) -> list[RunInput]:
    if isinstance(given, str | Path | Text | Upload):
        return [given]
    if isinstance(given, Document):
        return [[given]]
    several = list(given)
    if several and all(isinstance(one, Document) for one in several):
        return [several]  # type: ignore[list-item]  # just checked
    return several  # type: ignore[return-value]  # what is left by the signature
