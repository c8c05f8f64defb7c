"""Asks about chunks, and puts their pairs to the judge beside the asking of other chunks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import replace

from loaders.records import Chunk
from messages.errors import SaidError
from pairs.records import Reason

from ..cluster.window import Window
from ..embedding.load import NamedEmbeddings
from ..events import Event, Verified
from .assembly import Assembly
from .checking import Checks
from .extraction import Answered, Extraction
from .far_work import FarItem, RunOnCluster
from .faults import ended
from .judge.judge import Judge, Judged
from .judge.lists import CheckList
from .workers import Lane, WorkerPool

log = logging.getLogger(__name__)
Item = int | CheckList
Outcome = Answered | Checks | Judged
_Pool = WorkerPool[Item, Outcome] | Window[Item, FarItem, Checks | Judged]
_Lane = Lane[Item, Outcome] | Window[Item, FarItem, Checks | Judged]


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
        cluster: Where the requests are made; None for this process.
    """

    def __init__(
        self,
        extraction: Extraction,
        assembly: Assembly,
        judge: Judge | None,
        width: int,
        judge_width: int,
        stop: threading.Event,
        cluster: RunOnCluster | None = None,
    ) -> None:
        self._extraction, self._assembly, self._judge = extraction, assembly, judge
        self._cluster = cluster
        self._width, self._judge_width = width, judge_width
        self._stop = stop
        self._judged = self._to_judge = 0

    def ask(
        self,
        chunks: Mapping[int, Chunk],
        named: Future[NamedEmbeddings],
        *,
        again: bool = False,
        begun: Callable[[NamedEmbeddings], Iterator[Event]] | None = None,
    ) -> Iterator[Event]:
        """Events of chunks and of lists; chunks that were not asked about have no event.

        Args:
            chunks: The chunks by their place, in the order in which they are asked about.
            named: The embedding that finds duplicates, which may still be loading.
            again: Whether their texts are passages that no pair of an earlier pass draws on.
            begun: Gives the events that come first, once the embedding is there.

        Raises:
            SaidError: The journal cannot be written, or the vectors cannot be computed.
        """
        rest = set(chunks)
        pool, lane = self._pool(chunks, again=again)
        waiting: dict[int, CheckList] = {}
        with pool:
            ready = named.result()
            if begun is not None:
                yield from begun(ready)
            self._add_lists(lane, waiting)
            for batch in pool.batches():
                asked: list[tuple[int, Answered | Checks]] = [
                    ended(at, result)
                    for at, result in batch
                    if isinstance(at, int) and not isinstance(result, Judged)
                ]
                rest -= {at for at, _ in asked}
                yield from self._assembly.take(asked, ready) if asked else ()
                for item, result in batch:
                    if isinstance(item, CheckList):
                        del waiting[id(item)]
                        yield self._take_judged(item, result)
                self._add_lists(lane, waiting)
        for check_list in waiting.values():
            self._take_judged(check_list, Judged(check_list))
        not_asked = Answered(reason=Reason(code="chunk.not_asked"), asked=False)
        self._assembly.take([(at, not_asked) for at in sorted(rest)], ready)

    def _pool(self, chunks: Mapping[int, Chunk], *, again: bool) -> tuple[_Pool, _Lane]:
        """Threads of this process or workers of a cluster, and the lane for lists."""
        if self._cluster is not None:
            window = self._cluster.window(chunks, chunks, self._extraction.model, again=again)
            return window, window.lane

        def work(item: Item) -> Outcome:
            if isinstance(item, CheckList):
                return self._judge.ask(item)  # type: ignore[union-attr]  # lists are made for it
            return self._extraction.ask(chunks[item], again=again)

        pool: WorkerPool[Item, Outcome] = WorkerPool(work, chunks, self._width, self._stop)
        return pool, pool.beside(work, self._judge_width) if self._judge_width else pool.lane

    def _add_lists(self, lane: _Lane, waiting: dict[int, CheckList]) -> None:
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
