"""State shared by all chats of this process: journal, job runner and thread pools."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from chains import Journal, Resolved, RetrieverCache, Runner, log_path, resolve
from messages import log_file, start_log

Answer = TypeVar("Answer")
# Loading documents takes seconds on all cores; paging through a list must not wait for it.
READERS = 2
ANSWERERS = 8


class Engine:
    """The state that all chats share.

    Args:
        config: A settings file; None for the one ``resolve`` finds.
        journal: Where everything is kept; None for the one the settings name.
        runner: Runs the jobs; None for one of its own.
        retrievers: Indexes of lists that answers are drawn from; None for its own.
    """

    def __init__(
        self,
        config: Path | None = None,
        journal: Journal | None = None,
        runner: Runner | None = None,
        retrievers: RetrieverCache | None = None,
    ) -> None:
        file = log_path()
        if file is not None and log_file() is None:  # else the command line has begun one
            start_log(file=file)
        self.config = config
        self.journal = journal or Journal(self.settings().settings.journal)
        self.runner = runner or Runner(self.journal)
        self.retrievers = retrievers or RetrieverCache(self.journal, self.runner.embeddings)
        self._own_runner, self._own_journal = runner is None, journal is None
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reading")
        self._answerers = ThreadPoolExecutor(ANSWERERS, thread_name_prefix="page")

    def settings(self, given: dict[str, Any] | None = None) -> Resolved:
        """The settings in force, with what a chat chose laid over.

        Raises:
            SettingsError: A value cannot be used.
        """
        return resolve(given, self.config)

    async def answer(self, work: Callable[..., Answer], *given: Any, **named: Any) -> Answer:
        """What quick work gives, done beside the event loop."""
        return await _beside(self._answerers, work, *given, **named)

    async def read(self, work: Callable[..., Answer], *given: Any, **named: Any) -> Answer:
        """What slow work gives, a few at a time, done beside the event loop."""
        return await _beside(self._readers, work, *given, **named)

    def close(self) -> None:
        """Ends what is its own; jobs under way are taken up by the next server."""
        for pool in (self._readers, self._answerers):
            pool.shutdown(wait=False, cancel_futures=True)
        if self._own_runner:
            self.runner.close()
        if self._own_journal:
            self.journal.close()


async def _beside(
    pool: ThreadPoolExecutor, work: Callable[..., Answer], *given: Any, **named: Any
) -> Answer:
    import asyncio

    return await asyncio.get_running_loop().run_in_executor(pool, lambda: work(*given, **named))


_lock = threading.Lock()
_shared: list[Engine] = []


def share(engine: Engine) -> None:
    """Makes an engine the one of this process; a door that has one says so before it mounts us."""
    with _lock:
        _shared[:] = [engine]


def engine() -> Engine:
    """The one of this process, made at the first call.

    Chainlit calls plain functions that it finds in a module, so what they share cannot be handed
    to them.

    Raises:
        SaidError: The settings or the journal cannot be used.
    """
    with _lock:
        if not _shared:
            _shared.append(Engine())
            _shared[0].runner.adopt()
        return _shared[0]


def close() -> None:
    """Closes the shared engine, if there is one."""
    with _lock:
        for one in _shared:
            one.close()
        _shared.clear()
