"""Calls of many threads, sent together: one call is under way, the next takes all that came."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Told = TypeVar("Told")


class Batcher(Generic[Asked, Told]):
    """Sends what threads ask in batches, so that a node has one call under way at a time.

    A receiver that is busy makes the batches grow instead of their number, and is never flooded.

    Args:
        send: Given what was asked, answers in the same order; an exception goes to each asker.
    """

    def __init__(self, send: Callable[[Sequence[Asked]], Sequence[Told]]) -> None:
        self._send = send
        self._waiting: SimpleQueue[tuple[Asked, Future[Told]]] = SimpleQueue()
        threading.Thread(target=self._run, name="batcher", daemon=True).start()

    def ask(self, asked: Asked) -> Told:
        """The answer, waited for.

        Raises:
            Exception: Whatever the sending raised.
        """
        told: Future[Told] = Future()
        self._waiting.put((asked, told))
        return told.result()

    def _run(self) -> None:
        while True:
            batch = [self._waiting.get()]
            with suppress(Empty):
                while True:
                    batch.append(self._waiting.get_nowait())
            try:
                answers = self._send([asked for asked, _ in batch])
            except BaseException as error:  # noqa: BLE001 - it is the askers' to handle
                for _, told in batch:
                    told.set_exception(error)
                continue
            for (_, told), answer in zip(batch, answers, strict=True):
                told.set_result(answer)
