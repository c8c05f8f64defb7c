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
        journal: The journal; None for the one the settings name.
        runner: The job runner; None to create one.
        retrievers: Cached indexes over lists, for chat answers; None to create a cache.
    """

    def __init__(
        self,
        config: Path | None = None,
        journal: Journal | None = None,
        runner: Runner | None = None,
        retrievers: RetrieverCache | None = None,
    ) -> None:
        file = log_path()
        if file is not None and log_file() is None:  # unless the command line has started one
            start_log(file=file)
        self.config = config
        self.journal = journal or Journal(self.settings().settings.journal)
        self.runner = runner or Runner(self.journal)
        self.retrievers = retrievers or RetrieverCache(self.journal, self.runner.embeddings)
        self._own_runner, self._own_journal = runner is None, journal is None
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reading")
        self._answerers = ThreadPoolExecutor(ANSWERERS, thread_name_prefix="page")

    def settings(self, given: dict[str, Any] | None = None) -> Resolved:
        """The settings in force, overridden by what a chat chose.

        Raises:
            SettingsError: A value cannot be used.
        """
        return resolve(given, self.config)

    async def answer(self, work: Callable[..., Answer], *given: Any, **named: Any) -> Answer:
        """The result of a quick function, run in a thread pool."""
        return await _in_pool(self._answerers, work, *given, **named)

    async def read(self, work: Callable[..., Answer], *given: Any, **named: Any) -> Answer:
        """The result of a slow function, run in a small thread pool."""
        return await _in_pool(self._readers, work, *given, **named)

    def close(self) -> None:
        """Closes what it created itself; running jobs are resumed by the next server."""
        for pool in (self._readers, self._answerers):
            pool.shutdown(wait=False, cancel_futures=True)
        if self._own_runner:
            self.runner.close()
        if self._own_journal:
            self.journal.close()


async def _in_pool(
    pool: ThreadPoolExecutor, work: Callable[..., Answer], *given: Any, **named: Any
) -> Answer:
    import asyncio

    return await asyncio.get_running_loop().run_in_executor(pool, lambda: work(*given, **named))


_lock = threading.Lock()
_shared: list[Engine] = []


def share(engine: Engine) -> None:
    """Sets the engine of this process; the REST service does so before it mounts the page."""
    with _lock:
        _shared[:] = [engine]


def engine() -> Engine:
    """The engine of this process, created at the first call.

    A global, since Chainlit calls module-level callbacks and passes them no state.

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
