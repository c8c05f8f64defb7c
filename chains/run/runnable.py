"""The Python interface of the pipeline: a function for scripts, a Runnable for LangChain."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Any, overload

from langchain_core.documents import Document
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import run_in_executor
from pydantic import ValidationError
from typing_extensions import Unpack

from loaders import LoadError
from pairs.records import PairList

from ..events import Done, Event
from ..setting_values import SettingValues
from ..settings import Resolved, Settings, changed, resolve
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
    **settings: Unpack[SettingValues],
) -> PairList:
    """One deduplicated list of pairs, each with its evidence.

    Args:
        inputs: A path, a folder, a ``Text``, Documents of any LangChain loader, or several.
        on_event: Called with each event of the run.
        config: A settings file.
        progress: Whether a progress bar is shown; None for a bar in a notebook only.
        password: Opens encrypted documents; kept nowhere.
        **settings: Fields of ``Settings``, such as ``backend="chatglm3"``; the others come from
            the environment and ``qa3.toml``, as at the command line.

    Raises:
        SaidError: The run cannot start; its sentence says what to do.

    Example:
        >>> pairs = extract_pairs("examples/documents/hzmb.pdf", chunk_size=300, check="off")
        >>> pairs[0].answer in pairs[0].evidence.sentence
        True
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
    **settings: Unpack[SettingValues],
) -> PairList:
    """The same as ``extract_pairs`` for asyncio; cancelled, it stops the run.

    Args:
        inputs: As for ``extract_pairs``.
        on_event: As for ``extract_pairs``; called in the event loop's thread.
        config: As for ``extract_pairs``.
        progress: As for ``extract_pairs``.
        password: As for ``extract_pairs``.
        **settings: As for ``extract_pairs``.

    Raises:
        SaidError: The run cannot start; its sentence says what to do.

    Example:
        >>> import asyncio
        >>> pairs = asyncio.run(aextract_pairs("examples/documents/hzmb.pdf", check="off"))
        >>> pairs.complete
        True
    """
    resolved = await run_in_executor(None, resolve, settings, Path(config) if config else None)
    result = PairList()
    with progress_bar(shown=progress) as show:
        async for event in PairsRunnable(resolved, password).astream(inputs):
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
    parser run of every chunk, as one run tree. Settings given by name, in a call or by ``bind``,
    go before those it was made with.

    Args:
        resolved: The settings in force; no environment and no file is looked at.
        password: Opens encrypted documents; kept nowhere.
    """

    def __init__(self, resolved: Resolved, password: str | None = None) -> None:
        self._resolved, self._password = resolved, password

    def invoke(  # type: ignore[override]  # settings alone, so that an editor knows them
        self,
        input: Any,  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        **settings: Unpack[SettingValues],
    ) -> PairList:
        """The list of pairs of some inputs.

        Args:
            input: As for ``extract_pairs``, or ``{"text": ...}``.
            config: LangChain's: callbacks, tags, metadata.
            **settings: Fields of ``Settings`` for this call alone.

        Raises:
            SaidError: The run cannot start.
        """
        resolved = changed(self._resolved, settings)

        def run(given: Any, config: RunnableConfig) -> PairList:
            result = PairList()
            for event in self._events(given, config, threading.Event(), resolved):
                if isinstance(event, Done):
                    result = event.result
            return result

        called: Any = run  # LangChain gives its configuration to a function that takes one
        result: PairList = self._call_with_config(called, input, config)
        return result

    def stream(  # type: ignore[override]  # as invoke
        self,
        input: Any,  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        **settings: Unpack[SettingValues],
    ) -> Iterator[Event]:
        """Events as they happen: ``Prepared``, a ``ChunkDone`` a chunk, ``Verified``, ``Done``.

        Args:
            input: As for ``invoke``.
            config: As for ``invoke``.
            **settings: As for ``invoke``.

        Raises:
            SaidError: The run cannot start.

        Example:
            >>> *_, done = build_pipeline().stream("examples/documents/hzmb.pdf", check="off")
            >>> len(done.result) > 5
            True
        """
        return self._stream(input, config, threading.Event(), changed(self._resolved, settings))

    async def ainvoke(  # type: ignore[override]  # as invoke
        self,
        input: Any,  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        **settings: Unpack[SettingValues],
    ) -> PairList:
        """The list of pairs of some inputs; cancelled, it stops the run as ``astream`` does.

        Args:
            input: As for ``invoke``.
            config: As for ``invoke``.
            **settings: As for ``invoke``.

        Raises:
            SaidError: Nothing could be done at all.
        """
        result = PairList()
        async for event in self.astream(input, config, **settings):
            if isinstance(event, Done):
                result = event.result
        return result

    async def astream(  # type: ignore[override]  # as invoke
        self,
        input: Any,  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        **settings: Unpack[SettingValues],
    ) -> AsyncIterator[Event]:
        """Events as they happen; left early, the run is stopped, and calls under way finished.

        Args:
            input: As for ``invoke``.
            config: As for ``invoke``.
            **settings: As for ``invoke``.

        Raises:
            SaidError: The run cannot start.
        """
        stop, turn = threading.Event(), threading.Lock()
        events = self._stream(input, config, stop, changed(self._resolved, settings))

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

    def _stream(
        self, given: Any, config: RunnableConfig | None, stop: threading.Event, resolved: Resolved
    ) -> Generator[Event, None, None]:
        def run(inputs: Iterator[Any], config: RunnableConfig) -> Iterator[Event]:
            for one in inputs:
                yield from self._events(one, config, stop, resolved)

        transform: Any = run  # as in invoke
        yield from self._transform_stream_with_config(iter([given]), transform, config)

    def _events(
        self, given: Any, config: RunnableConfig, stop: threading.Event, resolved: Resolved
    ) -> Iterator[Event]:
        if isinstance(given, dict):
            try:
                given = Text.model_validate(given)
            except ValidationError as error:
                raise LoadError("load.nothing") from error
        return Pipeline(resolved, stop=stop, password=self._password).run(_as_inputs(given), config)


@overload
def build_pipeline(settings: Settings, *, password: str | None = None) -> PairsRunnable: ...


@overload
def build_pipeline(
    settings: None = None,
    *,
    config: str | Path | None = None,
    password: str | None = None,
    **values: Unpack[SettingValues],
) -> PairsRunnable: ...


def build_pipeline(
    settings: Settings | None = None,
    *,
    config: str | Path | None = None,
    password: str | None = None,
    **values: Unpack[SettingValues],
) -> PairsRunnable:
    """A Runnable that turns inputs into pairs, with the settings that ``extract_pairs`` would use.

    Args:
        settings: A whole ``Settings``, with which no environment and no file is looked at.
        config: A settings file.
        password: Opens encrypted documents; kept nowhere.
        **values: Fields of ``Settings``, such as ``backend="chatglm3"``.

    Raises:
        SettingsError: A value out of range, an unknown name, or a file that cannot be read.
        TypeError: ``settings`` together with a file or with fields of its own.

    Example:
        >>> pairs = build_pipeline(check="off").invoke({"text": "The bridge opened in 1890."})
        >>> pairs[0].answer
        'The bridge opened in 1890.'
    """
    if settings is None:
        return PairsRunnable(resolve(values, Path(config) if config else None), password)
    if config or values:
        raise TypeError("give a whole Settings, or a file and fields by name, not both")
    return PairsRunnable(Resolved(settings=settings, origins={}), password)


def _as_inputs(given: RunInput | Iterable[RunInput]) -> list[RunInput]:
    if isinstance(given, str | Path | Text | Upload):
        return [given]
    if isinstance(given, Document):
        return [[given]]
    several = list(given)
    if several and all(isinstance(one, Document) for one in several):
        return [several]  # type: ignore[list-item]  # just checked
    return several  # type: ignore[return-value]  # what is left by the signature
