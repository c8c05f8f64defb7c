"""The engine as Python sees it: a function for scripts, a Runnable for LangChain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from langchain_core.documents import Document
from langchain_core.runnables import Runnable, RunnableConfig

from pairs.records import PairList

from ..events import Done, Event
from ..settings import Resolved, Settings, resolve
from .inputs import RunInput, Text
from .pipeline import Pipeline


def extract_pairs(
    inputs: RunInput | Iterable[RunInput],
    *,
    on_event: Callable[[Event], object] | None = None,
    config: str | Path | None = None,
    **settings: Any,
) -> PairList:
    """One deduplicated list of pairs, each with its evidence.

    Args:
        inputs: A path, a folder, a ``Text``, Documents of any LangChain loader, or several.
        on_event: Told what happens while the run goes on.
        config: A settings file.
        **settings: Fields of ``Settings``, such as ``backend="chatglm3"``.

    Raises:
        SaidError: Nothing could be done at all; its sentence says what to do.
    """
    resolved = resolve(settings, Path(config) if config else None)
    result = PairList()
    for event in Pipeline(resolved).run(_as_inputs(inputs)):
        if on_event:
            on_event(event)
        if isinstance(event, Done):
            result = event.result
    return result


class PairsRunnable(Runnable[Any, Any]):
    """The pipeline as a LangChain Runnable.

    ``invoke`` and ``batch`` give a ``PairList``; ``stream`` and ``astream`` give events, the last
    of which carries the list. Input: whatever ``extract_pairs`` takes, or ``{"text": ...}``.

    Args:
        settings: As they are; no environment and no file is looked at.
    """

    def __init__(self, settings: Settings) -> None:
        self._resolved = Resolved(settings=settings, origins={})

    def invoke(self, input: Any, config: RunnableConfig | None = None, **_: Any) -> PairList:  # noqa: A002 - LangChain's name
        """The list of pairs of the inputs.

        Raises:
            SaidError: Nothing could be done at all.
        """

        def run(given: Any) -> PairList:
            last = [event for event in self._events(given) if isinstance(event, Done)]
            return last[-1].result

        result: PairList = self._call_with_config(run, input, config)
        return result

    def stream(
        self,
        input: Any,  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,  # noqa: ARG002 - LangChain's signature
        **_: Any,
    ) -> Iterator[Event]:
        """Events as they happen.

        Raises:
            SaidError: Nothing could be done at all.
        """
        yield from self._events(input)

    def _events(self, given: Any) -> Iterator[Event]:
        if isinstance(given, dict):
            given = Text.model_validate(given)
        return Pipeline(self._resolved).run(_as_inputs(given))


def build_pipeline(settings: Settings | None = None) -> PairsRunnable:
    """A Runnable that turns inputs into pairs.

    Args:
        settings: None for the defaults.
    """
    return PairsRunnable(settings or Settings())


def _as_inputs(given: RunInput | Iterable[RunInput]) -> list[RunInput]:
    if isinstance(given, str | Path | Text):
        return [given]
    several = list(given)
    if several and all(isinstance(one, Document) for one in several):
        return [several]  # type: ignore[list-item]  # just checked
    return several  # type: ignore[return-value]  # what is left by the signature
