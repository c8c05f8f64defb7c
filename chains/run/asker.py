"""Asks about chunks, and has their pairs checked and judged beside the asking of other chunks.

The thread that takes the results gives the events and writes the journal. Where processes
check the pairs, one more thread for each hands it what came back and takes what it says; otherwise
this one checks them itself.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from loaders.records import Chunk
from messages.errors import SaidError
from pairs.records import Reason

from ..cluster.window import Window
from ..embedding.load import NamedEmbeddings
from ..events import Event, Verified
from .assembly import Assembly, Settled
from .extraction import Answered, Extraction
from .faults import ended
from .judge.records import CheckList, Judged
from .remote_work import RemoteAnswer, RemoteItem, RunOnCluster
from .rules.process import RulesProcesses
from .rules.records import Rulings
from .workers import Lane, WorkerPool

if TYPE_CHECKING:
    import numpy as np

    from .judge.judge import Judge

log = logging.getLogger(__name__)
MOST_CHECKED = 64
"""Chunks whose pairs are checked at a time."""
MOST_EMBEDDED = 128
"""Questions whose vectors are made at a time, so that pairs to be checked do not wait long."""
MANY_LEFT = 512
"""Questions for which this process loads the encoder, 40 MB, which takes as long as some 300."""


@dataclass
class _Batch:
    """Chunks whose replies are there, to be checked."""

    ended: list[tuple[int, Answered]]
    settled: list[Settled] = field(default_factory=list)


@dataclass
class _Questions:
    """Questions whose vectors are wanted."""

    texts: list[str]
    vectors: np.ndarray | None = None


Item = int | CheckList | _Batch | _Questions
Result = Answered | RemoteAnswer | Judged | _Batch | _Questions
_Ended = tuple[int, Answered | RemoteAnswer]
_Remote = Window[int | CheckList, RemoteItem, RemoteAnswer | Judged]


class Asker:
    """Sends the requests of a run through one pool of threads.

    Args:
        extraction: Asks about chunks.
        assembly: Takes the outcomes.
        judge: Checks the pairs; None where nobody does.
        width: Calls at the same time.
        judge_width: Calls at the same time to a judge of its own; 0 where the model that is asked
            about the chunks is the judge.
        stop: Ends the run.
        chunks: All of the run, by their index.
        processes: Check pairs and make vectors; None to do it in this process.
        cluster: Where the requests are made and their pairs checked; None for this process.
    """

    def __init__(
        self,
        extraction: Extraction,
        assembly: Assembly,
        judge: Judge | None,
        width: int,
        judge_width: int,
        stop: threading.Event,
        chunks: Sequence[Chunk],
        processes: RulesProcesses | None = None,
        cluster: RunOnCluster | None = None,
    ) -> None:
        self._extraction, self._assembly, self._judge = extraction, assembly, judge
        self._cluster = cluster
        self._width, self._judge_width = width, judge_width
        self._stop = stop
        self._chunks, self._processes = chunks, processes
        self._embedding = 0
        self._judged = self._to_judge = 0

    def ask(
        self,
        chunks: Mapping[int, Chunk],
        named: Future[NamedEmbeddings],
        *,
        again: bool = False,
        begun: Callable[[NamedEmbeddings], Iterator[Event]] | None = None,
        known: Sequence[tuple[int, Answered]] = (),
    ) -> Iterator[Event]:
        """Events of chunks and of lists; chunks that were not asked about have no event.

        Args:
            chunks: The chunks by their place, in the order in which they are asked about.
            named: The embedding that finds duplicates, which may still be loading.
            again: Whether their texts are passages that no pair of an earlier pass draws on.
            begun: Gives the events that come first, once the embedding is there.
            known: Chunks whose outcome is known.

        Raises:
            SaidError: The journal cannot be written, or the vectors cannot be computed.
        """
        rest = set(chunks)
        pool, lane, checks = self._pool(chunks, again=again)
        waiting: dict[int, CheckList] = {}
        with pool:
            ready = named.result()
            if begun is not None:
                yield from begun(ready)
            yield from self._settle(known, ready, checks)
            self._add_lists(lane, waiting)
            for batch in pool.batches():
                asked: list[_Ended] = [
                    ended(at, result)  # type: ignore[arg-type]  # what a place was asked for
                    for at, result in batch
                    if isinstance(at, int)
                ]
                rest -= {at for at, _ in asked}
                yield from self._settle(asked, ready, checks)
                for item, result in batch:
                    if isinstance(item, CheckList):
                        del waiting[id(item)]
                        yield self._take_judged(item, result)
                    elif not isinstance(item, int):
                        yield from self._take_checked(result, ready)
                self._add_lists(lane, waiting)
                self._embed(checks, ready, asking=bool(rest or waiting))
        for check_list in waiting.values():
            self._take_judged(check_list, Judged(check_list))
        not_asked = Answered(reason=Reason(code="chunk.not_asked"), asked=False)
        self._assembly.take([(at, not_asked, Rulings([])) for at in sorted(rest)], ready)

    def _pool(
        self, chunks: Mapping[int, Chunk], *, again: bool
    ) -> tuple[
        WorkerPool[Item, Result] | _Remote, Lane[Item, Result] | _Remote, Lane[Item, Result] | None
    ]:
        """Threads of this process or workers of a cluster, and the lanes for lists and checks."""
        if self._cluster is not None:
            window = self._cluster.window(chunks, chunks, self._extraction.model, again=again)
            return window, window.lane, None

        def work(item: Item) -> Result:
            if isinstance(item, CheckList):
                return self._judge.ask(item)  # type: ignore[union-attr]  # lists are made for it
            return self._extraction.ask(chunks[item], again=again)  # type: ignore[index]  # a place

        pool: WorkerPool[Item, Result] = WorkerPool(work, chunks, self._width, self._stop)
        lane = pool.beside(work, self._judge_width) if self._judge_width else pool.lane
        checks = None
        if self._processes:
            checks = pool.beside(self._check, len(self._processes), to_the_end=True)
        return pool, lane, checks

    def _settle(
        self, asked: Sequence[_Ended], ready: NamedEmbeddings, checks: Lane[Item, Result] | None
    ) -> Iterator[Event]:
        """Events of chunks whose outcome is there, or later, once their pairs are checked."""
        here = [(at, one) for at, one in asked if isinstance(one, Answered)]
        if checks is not None and any(answered.drafts for _, answered in here):
            for first in range(0, len(here), MOST_CHECKED):
                checks.add(_Batch(here[first : first + MOST_CHECKED]), at_once=True)
        elif asked:
            yield from self._assembly.take([self._settled(*one, ready) for one in asked], ready)

    def _settled(
        self, at: int, outcome: Answered | RemoteAnswer, ready: NamedEmbeddings
    ) -> Settled:
        """A chunk with the rules' word, as its worker or this process says it."""
        answered = outcome if isinstance(outcome, Answered) else outcome.answered
        if not answered.drafts:
            return at, answered, Rulings([])
        if isinstance(outcome, RemoteAnswer) and outcome.embedding == ready.name:
            return at, answered, outcome.rulings
        rules, file = self._assembly.rules, self._assembly.file_of(at)
        return at, answered, rules.rulings(self._chunks[at], answered.wordings, file)

    def _check(self, item: Item) -> Result:
        """A batch checked, or questions embedded, by the process; in a thread of their own."""
        assert self._processes is not None  # noqa: S101 - for mypy: its items are made for it
        with self._processes.lent() as process:
            if isinstance(item, _Questions):
                item.vectors = process.vectors(item.texts)
            elif isinstance(item, _Batch):
                said = process.rulings(
                    [
                        (self._chunks[at], answered.wordings, self._assembly.file_of(at))
                        for at, answered in item.ended
                    ]
                )
                item.settled = [(*one, word) for one, word in zip(item.ended, said, strict=True)]
        return item  # type: ignore[return-value]  # one of these two

    def _take_checked(self, result: object, ready: NamedEmbeddings) -> Iterator[Event]:
        """Events of chunks that have been checked; keeps vectors that have been made."""
        if isinstance(result, _Batch):
            yield from self._assembly.take(result.settled, ready)
        elif isinstance(result, _Questions):
            self._embedding -= 1
            if result.vectors is not None:
                self._assembly.keep_vectors(dict(zip(result.texts, result.vectors, strict=True)))
        elif isinstance(result, Exception):
            raise result

    def _embed(
        self, checks: Lane[Item, Result] | None, ready: NamedEmbeddings, *, asking: bool
    ) -> None:
        """Has the vectors made of questions that have come, beside the asking.

        Once nothing is asked any more, this process makes some of them, if many are left.
        """
        if ready.embeddings is None:
            return
        if checks is None:
            if getattr(ready.embeddings, "loaded", True):  # otherwise all at the end
                self._assembly.embed(self._assembly.questions())
            return
        while self._processes and self._embedding < len(self._processes):
            texts = self._assembly.questions(MOST_EMBEDDED)
            if not texts:
                return
            self._embedding += 1
            checks.add(_Questions(texts))
        if not asking and self._assembly.waiting_questions >= MANY_LEFT:
            self._assembly.embed(self._assembly.questions(MOST_EMBEDDED))

    def _add_lists(self, lane: Lane[Item, Result] | _Remote, waiting: dict[int, CheckList]) -> None:
        """Puts the lists about chunks that have just been taken before what waits."""
        for check_list in self._assembly.check_lists():
            waiting[id(check_list)] = check_list
            self._to_judge += len(check_list.items)
            lane.add(check_list, at_once=True)

    def _take_judged(self, check_list: CheckList, result: object) -> Verified:
        if isinstance(result, SaidError):
            raise result
        if not isinstance(result, Judged):
            log.error("asking the judge failed", exc_info=result)  # type: ignore[arg-type]  # an exception
            result = Judged(check_list)
        result = replace(result, check_list=check_list)  # from afar it comes without its passage
        assert self._judge is not None  # noqa: S101 - for mypy: lists are made for a judge
        try:
            self._judge.take(result)
        except Exception:
            log.exception("what the judge said about chunk %s is lost", check_list.chunk.id)
            self._judge.take(Judged(check_list))
        self._assembly.usage += result.usage
        self._judged += len(check_list.items)
        return Verified(done=self._judged, total=self._to_judge, usage=self._assembly.usage)
