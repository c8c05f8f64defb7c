"""The journal for the workers of a cluster: an actor beside its file, and what they see of it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from messages.errors import SaidError

from ..errors import JournalError
from ..journal.replies import Journal
from ..records import Reply
from .batcher import Batcher

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Call", "JournalActor", "RemoteJournal"]


class Call(NamedTuple):
    """One call of a worker's thread.

    Attributes:
        kind: What is to be done.
        keys: Of requests; of ``vectors`` their texts.
        given: The replies to keep by key, or the vectors to save by text.
        model: The embedding's key, where vectors are concerned.
    """

    kind: Literal["known", "claim", "keep", "release", "vectors", "save"]
    keys: tuple[str, ...] = ()
    given: Mapping[str, Any] | None = None
    model: str = ""


class JournalActor:
    """The one writer of a run's replies, on the machine where the journal's file is.

    Every call may be repeated, as Ray does after it has started a killed actor again.

    Args:
        path: The journal's file.
        owner: The run's id.

    Raises:
        JournalError: The file cannot be opened.
    """

    def __init__(self, path: str, owner: str) -> None:
        self._journal = Journal(Path(path))
        self._owner = owner
        self._gone: set[str] = set()

    def free(self, worker: str) -> SaidError | None:
        """Gives up the claims of a worker that is reported dead, and gives it no others.

        Behind a network that is split it may go on for a while: what it was answered is kept, but
        what it claimed later would never fall free.

        Args:
            worker: Its id.
        """
        self._gone.add(worker)
        try:
            self._journal.free(worker)
        except SaidError as error:  # the next claim says the same
            return error
        return None

    def carry_out(self, worker: str, calls: Sequence[Call]) -> list[Any] | SaidError:
        """The answer to each call, those of a kind in one transaction; or the journal's error.

        Args:
            worker: Who asks.
            calls: Of different threads, so that their order does not matter.
        """
        try:
            if kept := _given(calls, "keep"):
                self._journal.keep(kept)
            if released := _keys(calls, "release"):
                self._journal.release(released, self._owner)
            claimed = [] if worker in self._gone else _keys(calls, "claim")
            won = self._journal.claim(claimed, self._owner, worker) if claimed else set()
            known = self._journal.known(_keys(calls, "known"))
            return [self._answer(call, won, known) for call in calls]
        except SaidError as error:  # Ray would wrap it in an error of its own
            return error

    def _answer(self, call: Call, won: set[str], known: Mapping[str, Reply]) -> Any:
        if call.kind == "claim":
            return won & set(call.keys)
        if call.kind == "known":
            return {key: known[key] for key in call.keys if key in known}
        if call.kind == "vectors":
            return self._journal.vectors(call.model, call.keys)
        if call.kind == "save":
            self._journal.save_vectors(call.model, dict(call.given or {}))
        return None


class RemoteJournal:
    """The journal as a worker's threads see it; the calls of all go out in batches.

    Args:
        actor: Handle of the ``JournalActor``.
        worker: This worker's id.
    """

    def __init__(self, actor: Any, worker: str) -> None:
        self._actor, self._worker = actor, worker
        self._batcher: Batcher[Call, Any] = Batcher(self._send)
        self._lock = threading.Lock()
        self._held: set[str] = set()

    def known(self, keys: Iterable[str]) -> dict[str, Reply]:
        """As ``Journal.known``.

        Raises:
            JournalError: The journal cannot be read, or its actor cannot be reached.
        """
        found: dict[str, Reply] = self._batcher.ask(Call("known", tuple(keys)))
        return found

    def reply(self, key: str) -> Reply | None:
        """As ``Journal.reply``.

        Raises:
            JournalError: As ``known``.
        """
        return self.known([key]).get(key)

    def claim(self, keys: Iterable[str], owner: str) -> set[str]:
        """As ``Journal.claim``; a claim that a thread here holds is won by no other thread.

        Raises:
            JournalError: The journal cannot be written, or its actor cannot be reached.
        """
        del owner  # the actor knows it
        with self._lock:
            asked = {key for key in keys if key not in self._held}
            self._held |= asked
        won: set[str] = set()
        try:
            won = self._batcher.ask(Call("claim", tuple(asked))) if asked else won
        finally:
            self._forget(asked - won)
        return won

    def keep(self, replies: Mapping[str, Reply]) -> None:
        """As ``Journal.keep``; returns once they are in the file.

        Raises:
            JournalError: As ``claim``.
        """
        self._batcher.ask(Call("keep", given=replies))
        self._forget(replies)

    def release(self, keys: Iterable[str], owner: str) -> None:
        """As ``Journal.release``.

        Raises:
            JournalError: As ``claim``.
        """
        del owner
        released = tuple(keys)
        self._batcher.ask(Call("release", released))
        self._forget(released)

    def vectors(self, model: str, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """As ``Journal.vectors``.

        Raises:
            JournalError: As ``known``.
        """
        found: dict[str, np.ndarray] = self._batcher.ask(Call("vectors", tuple(texts), model=model))
        return found

    def save_vectors(self, model: str, vectors: dict[str, np.ndarray]) -> None:
        """As ``Journal.save_vectors``.

        Raises:
            JournalError: As ``claim``.
        """
        self._batcher.ask(Call("save", given=vectors, model=model))

    def _forget(self, keys: Iterable[str]) -> None:
        with self._lock:
            self._held.difference_update(keys)

    def _send(self, calls: Sequence[Call]) -> Sequence[Any]:
        import ray

        try:
            answers = ray.get(self._actor.carry_out.remote(self._worker, list(calls)))
        except ray.exceptions.RayError as error:
            raise JournalError("journal.actor", reason=type(error).__name__) from error
        if isinstance(answers, SaidError):
            raise answers
        told: Sequence[Any] = answers
        return told


def _keys(calls: Sequence[Call], kind: str) -> list[str]:
    return [key for call in calls if call.kind == kind for key in call.keys]


def _given(calls: Sequence[Call], kind: str) -> dict[str, Reply]:
    given: dict[str, Reply] = {}
    for call in calls:
        if call.kind == kind:
            given.update(call.given or {})
    return given
