"""The process that checks pairs, as the run sees it: fed in batches, replaced where it ends.

A batch whose process was lost is done again, first in another process and then in this one, so
that it costs nothing but time who ends one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from itertools import groupby
from queue import SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING

from loaders.records import Chunk
from loaders.worker.bounds import more_time
from loaders.worker.child import Child, Mail
from loaders.worker.pool import Pool, lasting
from loaders.worker.reading import hear
from loaders.worker.wire import Message
from pairs.compare.verdicts import Verdicts

from ...embedding.load import NamedEmbeddings, load_weights
from ...embedding.packaged import PackagedEmbeddings
from ...settings import Settings
from ..duplicates import Accepted, VectorsOf
from .records import (
    Draft,
    File,
    Policy,
    Rulings,
    packed_vectors,
    unpacked,
    unpacked_vectors,
    unpacked_verdict,
)

if TYPE_CHECKING:
    import numpy as np

    from ..assembly import Assembly

log = logging.getLogger(__name__)
POOL = lasting(Pool("chains.run.rules", kept=1))
APART = 48
"""Chunks of a run that is worth a process that checks its pairs: its start takes a second."""
MOST_COMPARED = 20_000
"""Pairs that another process compares: their vectors are 41 MB, and go there as text."""
_SLICE = 256  # pairs or texts of a message
_TRIES = 2
_PATIENCE = 0.5  # seconds for an embedding to say which it is


class _LostError(Exception):
    """The process has ended, or stumbled over what it was asked."""


class RulesProcess:
    """Checks pairs and makes vectors in another process; used from one thread at a time.

    Args:
        policy: As for ``Rules``.
        example: As for ``Rules``.
        threshold: Cosine from which two questions may be duplicates; 0 to go by words alone.
        encodes: Whether it makes vectors, by the packaged encoder.
        beside: Checks in this process what no other one can.
    """

    def __init__(
        self,
        policy: Policy,
        example: str,
        threshold: float,
        beside: Callable[[Chunk, Sequence[Draft], File], Rulings],
        *,
        encodes: bool,
    ) -> None:
        self._settings = {
            "policy": policy,
            "example": example,
            "threshold": threshold,
            "encodes": encodes,
        }
        self._beside = beside
        self._mail: Mail = SimpleQueue()
        self._child: Child | None = None
        self._asked = 0
        self._place = -1
        self._given_up = False

    def start(self) -> None:
        """Has a process begin, which takes a second that nobody waits for."""
        if self._child is None and not self._given_up:
            try:
                self._child = POOL.lend()
            except OSError as error:
                self._give_up(str(error))
                return
            self._place = -1
            self._child.begin(self._mail)
            self._ask("begin", **self._settings)

    def rulings(self, batch: Sequence[tuple[Chunk, Sequence[Draft], File]]) -> list[Rulings]:
        """The rules' word on the pairs of some chunks, in their order.

        Args:
            batch: Chunks with their pairs and their files.

        Raises:
            SaidError: As ``Rules``, where this process has to do it.
        """
        found: list[Rulings] = []
        for _ in range(_TRIES):
            try:
                for _, some in groupby(batch[len(found) :], key=lambda one: one[2].place):
                    # All of a file are asked first, so that the process waits for nothing.
                    asked = [(self._ask_rulings(*one), one[0]) for one in some]
                    for number, chunk in asked:
                        found.append(self._rulings(number, chunk))
                break
            except _LostError as error:
                self._lose(str(error))
        return found + [self._beside(*one) for one in batch[len(found) :]]

    def vectors(self, texts: Sequence[str]) -> np.ndarray | None:
        """Unit vectors of texts, shape (texts, 512); None where no process makes them.

        Args:
            texts: None of them blank.
        """
        for _ in range(_TRIES):
            made = self._vectors(texts)
            if made is not None:
                return made
        return None

    def close(self) -> None:
        """Gives the process back, which waits for the next run."""
        child, self._child = self._child, None
        self._given_up = True
        if child is not None:
            POOL.give_back(child)

    def compared(
        self,
        pairs: Sequence[Accepted],
        vectors_of: VectorsOf,
        threshold: float,
        texts: Sequence[tuple[str, str]],
    ) -> Verdicts | None:
        """As ``Deduper.verdicts``; None where no process does it.

        Args:
            pairs: The places of their chunks, and the pairs.
            vectors_of: Gives the unit vectors of questions; none to compare normalised ones only.
            threshold: As for ``Deduper``.
            texts: Names of documents, and texts of them, whose words are known.
        """
        if len(pairs) > MOST_COMPARED:
            return None
        for _ in range(_TRIES):
            found = self._compared(pairs, vectors_of, threshold, texts)
            if found is not None:
                return found
        return None

    def _compared(
        self,
        pairs: Sequence[Accepted],
        vectors_of: VectorsOf,
        threshold: float,
        texts: Sequence[tuple[str, str]],
    ) -> Verdicts | None:
        import numpy as np

        self.start()
        self._place = -1
        for first in range(0, max(len(texts), 1), _SLICE):
            self._ask("words", first=not first, texts=list(texts[first : first + _SLICE]))
        for first in range(0, len(pairs), _SLICE):
            part = pairs[first : first + _SLICE]
            vectors = vectors_of([pair.question for _, pair in part])
            rows = [vectors[pair.question] for _, pair in part] if vectors else []
            packed = packed_vectors(np.stack(rows) if rows else np.empty((0, 0), np.float32))
            told = [(at, one.model_dump_json(exclude_defaults=True)) for at, one in part]
            self._ask("pairs", pairs=told, **packed)
        try:
            message = self._answer(self._ask("compare", threshold=threshold))
            return list(map(unpacked_verdict, message["verdicts"]))
        except (_LostError, KeyError, TypeError, ValueError) as error:
            self._lose(str(error))
            return None

    def _vectors(self, texts: Sequence[str]) -> np.ndarray | None:
        self.start()
        try:
            return unpacked_vectors(self._answer(self._ask("encode", texts=list(texts))))
        except _LostError as error:
            self._lose(str(error))
            return None

    def _ask_rulings(self, chunk: Chunk, drafts: Sequence[Draft], file: File) -> int:
        """The number of a request for the rules' word; 0 where there is nothing to ask."""
        if not drafts:
            return 0
        self.start()
        if self._child is not None and file.place != self._place:
            self._place = file.place
            # Its index takes longer, the longer it is.
            self._child.begin(self._mail, more_time(len(file.text)))
            self._ask("text", place=file.place, text=file.text, pages=list(file.pages))
        return self._ask("check", chunk=chunk.model_dump(mode="json"), drafts=list(drafts))

    def _rulings(self, asked: int, chunk: Chunk) -> Rulings:
        if not asked:
            return Rulings([])
        message = self._answer(asked)
        try:
            found = Rulings(list(map(unpacked, message["rulings"])), message["chunk_fault"])
        except (KeyError, TypeError, ValueError) as error:
            raise _LostError(f"it said {error}") from error
        faults = filter(None, [found.fault, *(one.fault for one in found.of)])
        for trace in {fault["trace"] for fault in faults}:
            log.error("checking chunk %s failed: %s", chunk.id, trace)
        return found

    def _answer(self, asked: int) -> Message:
        """What the process says to a request.

        Raises:
            _LostError: It is gone, or stumbled.
        """
        if self._child is None:
            raise _LostError("none can be started")
        said: Message = {}
        for message in self._said(asked):
            said |= message
        if "fault" in said and "rulings" not in said:
            raise _LostError(said["trace"])
        return said

    def _ask(self, what: str, **fields: object) -> int:
        """The number of a request."""
        self._asked += 1
        if self._child is not None:
            self._child.ask(what, n=self._asked, **fields)
        return self._asked

    def _said(self, asked: int) -> Iterator[Message]:
        while True:
            if self._child is None:
                raise _LostError("none is left")
            child, message = hear(self._mail, (self._child,))
            if child is not self._child:
                continue
            if message is None:
                raise _LostError(f"it ended {self._child.bounded}".strip())
            if message.get("n") == asked:
                yield message
                if "done" in message:
                    return

    def _lose(self, why: str) -> None:
        """Has another process go on, or none where none can be started."""
        if self._given_up:
            return
        log.warning("the process that checks pairs was lost: %s; going on in another", why)
        child, self._child = self._child, None
        if child is not None:
            with suppress(OSError):
                child.end()
            POOL.give_back(child)

    def _give_up(self, why: str) -> None:
        log.warning("no process that checks pairs can be started: %s", why)
        self._given_up = True


class RulesProcesses:
    """Several of them, lent to one thread at a time each.

    Args:
        processes: At least one.
    """

    def __init__(self, processes: Sequence[RulesProcess]) -> None:
        self._count = len(processes)
        self._free: SimpleQueue[RulesProcess] = SimpleQueue()
        for process in processes:
            self._free.put(process)

    def __len__(self) -> int:
        return self._count

    @contextmanager
    def lent(self) -> Iterator[RulesProcess]:
        """A free one, waited for, as a context."""
        process = self._free.get()
        try:
            yield process
        finally:
            self._free.put(process)


@contextmanager
def processes_for(
    settings: Settings,
    chunks: Sequence[Chunk],
    named: Future[NamedEmbeddings],
    assembly: Assembly,
    loader: ThreadPoolExecutor | None,
) -> Iterator[RulesProcesses | None]:
    """Processes that check the pairs of a long text beside the asking; None for a short one.

    Vectors of another model than the packaged one are made in the asking process, and so is what
    needs them.

    Args:
        settings: Of the run.
        chunks: Of the run.
        named: The embedding that finds duplicates, which may still be loading.
        assembly: Has the rules of the asking process.
        loader: Loads weights that the asking process needs, beside the first calls; None where
            they are loaded once they are needed.
    """
    encodes = _encodes(named) if len(chunks) >= APART else None
    if encodes is None:
        if loader:
            loader.submit(load_weights, named)
        yield None
        return
    threshold = named.result().threshold if encodes else 0.0
    one_at_a_time = Lock()

    def beside(chunk: Chunk, drafts: Sequence[Draft], file: File) -> Rulings:
        with one_at_a_time:
            return assembly.rules.rulings(chunk, drafts, file)

    processes = [
        RulesProcess(settings.evidence, assembly.example, threshold, beside, encodes=encodes)
        for _ in range(settings.processes)
    ]
    for process in processes:
        process.start()
    # All is compared when no thread checks any more.
    assembly.comparing.elsewhere = processes[0].compared
    try:
        yield RulesProcesses(processes)
    finally:
        assembly.comparing.elsewhere = None
        for process in processes:
            process.close()


def _encodes(named: Future[NamedEmbeddings]) -> bool | None:
    """Whether another process makes the vectors too; None where only this one can."""
    wait([named], _PATIENCE)
    if not named.done() or named.exception():  # which is told where it is needed
        return None
    embeddings = named.result().embeddings
    if type(embeddings) is PackagedEmbeddings:
        return True
    return False if embeddings is None else None
