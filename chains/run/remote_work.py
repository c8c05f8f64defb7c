"""What the workers of a cluster do for a run: ask, find evidence, embed, put lists to the judge."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

from loaders.records import Chunk
from messages.errors import SaidError
from pairs.compare.passages import Vocabulary
from pairs.compare.verdicts import Verdicts
from pairs.records import Reason

from ..cluster.connection import OFF, joined
from ..cluster.crew import Crew
from ..cluster.journal import RemoteJournal
from ..cluster.window import Window
from ..cluster.worker import Limits
from ..embedding.load import NamedEmbeddings, embed, likeness, load_embeddings
from ..errors import ClusterError
from ..journal.replies import Journal
from ..llm.backends import Backend
from ..llm.cached_call import CachedModel
from ..llm.client import OpenBackend
from ..settings import Settings
from .chain import example_text
from .duplicates import Accepted, VectorsOf, collect
from .extraction import Answered, Extraction
from .inputs import Inputs
from .judge.records import CheckList, Judged
from .remote_duplicates import MANY, judge_apart
from .rules.records import File, Rulings

__all__ = [
    "Plan",
    "RemoteAnswer",
    "RemoteItem",
    "RemoteWork",
    "RunOnCluster",
    "joined_for",
    "on_cluster",
]

FILES_KEPT = 64
"""Documents that lie in the cluster's memory at a time; the chunks of one come together."""
Item = int | CheckList
_CHUNKS, _LISTS = 0, 1  # lanes


@dataclass(frozen=True)
class Plan:
    """What a worker must know of a run.

    Attributes:
        owner: The run's id.
        settings: Its settings.
        backend: Who is asked.
        judge: Who judges, where that is another.
    """

    owner: str
    settings: Settings
    backend: Backend
    judge: Backend | None


@dataclass(frozen=True)
class RemoteItem:
    """One thing to do on another machine.

    Attributes:
        chunk: To ask about; None for a list.
        file: A reference to its file.
        again: As for ``Extraction.ask``.
        check_list: To put to the judge, without its passage.
    """

    chunk: Chunk | None = None
    file: Any = None
    again: bool = False
    check_list: CheckList | None = None


@dataclass(frozen=True)
class RemoteAnswer:
    """The outcome of the requests about a chunk, with the rules' word on its pairs.

    Attributes:
        answered: The outcome.
        rulings: The word.
        embedding: The name of the one that told how alike texts are; empty without pairs.
    """

    answered: Answered
    rulings: Rulings
    embedding: str = ""


class RemoteWork:
    """The work of a run on one node; called from any number of threads.

    Args:
        plan: The run's.
        journal: The run's journal from here.
        limits: Its budget and rates.
        stop: Set when nothing more is to be asked.
    """

    def __init__(
        self, plan: Plan, journal: RemoteJournal, limits: Limits, stop: threading.Event
    ) -> None:
        self._journal = journal
        settings, opened = plan.settings, OpenBackend(plan.backend, plan.settings)
        self._model = CachedModel(opened, journal, plan.owner, settings, stop)
        self._model.budget, self._model.pace = limits.budget(), limits.pace(_CHUNKS)
        self._extraction = Extraction(self._model, plan.backend, settings)
        asked = opened if plan.judge is None else OpenBackend(plan.judge, settings)
        self._judging = CachedModel(asked, journal, plan.owner, settings, stop, beside=self._model)
        if plan.judge is not None:
            self._judging.pace = limits.pace(_LISTS)
        from .judge.judge import Judge
        from .rules.rulings import Rules

        self._judge = Judge(self._judging, settings)
        self._rules = Rules(settings.evidence, example_text(plan.backend, settings), self._likeness)
        # By one thread, as in a run of one machine, so that those that ask go on asking.
        self._checks = ThreadPoolExecutor(1, thread_name_prefix="checks")
        loader = ThreadPoolExecutor(1, thread_name_prefix="embeddings")
        self._named: Future[NamedEmbeddings] = loader.submit(
            load_embeddings, settings.embeddings, settings.embedding_backend
        )

    @property
    def failure(self) -> SaidError | None:
        """The error after which nothing more is asked about chunks; None before."""
        return self._model.failure

    def __call__(self, item: RemoteItem) -> RemoteAnswer | Judged | Future[RemoteAnswer | Judged]:
        """A chunk's outcome with the rules' word, soon; or what the judge says about a list.

        Raises:
            SaidError: The journal cannot be read or written, or the embedding cannot be loaded.
        """
        if item.check_list is not None:
            return self._judge.ask(item.check_list)
        assert item.chunk is not None  # noqa: S101 - for mypy: it is one or the other
        answered = self._extraction.ask(item.chunk, again=item.again)
        return self._checks.submit(self._checked, item.chunk, item.file, answered)

    def _checked(self, chunk: Chunk, file: Any, answered: Answered) -> RemoteAnswer | Judged:
        drafts = answered.wordings
        if not drafts:
            return RemoteAnswer(answered, Rulings([]))
        named = self._named.result()
        rulings = self._rules.rulings(chunk, drafts, _fetched(file))
        said = zip(drafts, rulings.of, strict=True)
        # They are in the journal before the driver looks for them there.
        embed(named, [draft[0] for draft, ruling in said if ruling.accepts], self._journal)
        return RemoteAnswer(answered, rulings, named.name)

    def _likeness(self, one: str, other: str) -> float:
        return likeness(self._named.result(), one, other, self._journal)


def _fetched(file: Any) -> File:
    import ray

    return cast("File", ray.get(file))


def joined_for(
    settings: Settings, backend: Backend, judge: Backend | None
) -> AbstractContextManager[Any]:
    """The connection to the cluster that the settings name; None as a context without one.

    Args:
        settings: The run's.
        backend: Who is asked.
        judge: Who judges, where that is another.

    Raises:
        ClusterError: There is no such cluster, or a model runs on this machine alone.
    """
    if settings.ray in (None, "", OFF):
        return nullcontext()
    for one in filter(None, (backend, judge)):
        if one.embedded:
            raise ClusterError("cluster.embedded", backend=one.name)
    return joined(settings.ray)


class RunOnCluster:
    """A run's way to the machines of a cluster.

    Args:
        ray: The module, connected.
        plan: What its workers must know.
        inputs: The run's inputs, read and split.
        journal: Its journal.
        stop: Ends the run.
    """

    def __init__(
        self, ray: Any, plan: Plan, inputs: Inputs, journal: Journal, stop: threading.Event
    ) -> None:
        self._ray, self._inputs, self._stop = ray, inputs, stop
        self._journal = journal
        self._own_judge = plan.judge is not None
        asked = [plan.backend, *([plan.judge] if plan.judge else [])]
        self.crew: Crew[RemoteItem, RemoteAnswer | Judged] = Crew(
            ray, partial(RemoteWork, plan), journal, plan.owner, plan.settings, asked
        )
        self._files: OrderedDict[int, Any] = OrderedDict()

    def share_limits(self, model: CachedModel, judge: CachedModel) -> None:
        """Lets the driver's own calls count with those of the workers.

        Args:
            model: Asked about chunks.
            judge: The judge's; it may be the same backend.
        """
        model.budget = judge.budget = self.crew.budget()
        model.pace = judge.pace = self.crew.pace(_CHUNKS)
        if self._own_judge:
            judge.pace = self.crew.pace(_LISTS)

    def window(
        self, chunks: Mapping[int, Chunk], order: Iterable[Item], model: CachedModel, *, again: bool
    ) -> Window[Item, RemoteItem, RemoteAnswer | Judged]:
        """A pool of the cluster's workers.

        Args:
            chunks: By their place.
            order: The places, in the order in which they are asked about.
            model: The driver's own, which is told of the failure after which nobody asks.
            again: As for ``Extraction.ask``.
        """

        def pack(item: Item) -> tuple[int, RemoteItem]:
            if isinstance(item, CheckList):
                sent = replace(item, passage=cast("Any", None))  # it has the whole file's text
                return _LISTS if self._own_judge else _CHUNKS, RemoteItem(check_list=sent)
            return _CHUNKS, RemoteItem(chunks[item], self._file(self._inputs.file_of[item]), again)

        def alone(item: Item) -> RemoteAnswer | Judged:
            model.failure = model.failure or self.crew.failure
            if isinstance(item, CheckList):
                return Judged(item)
            assert model.failure is not None  # noqa: S101 - for mypy: that is when it is called
            return RemoteAnswer(Answered(reason=Reason.of(model.failure), asked=False), Rulings([]))

        def unasked(result: object) -> bool:
            return isinstance(result, RemoteAnswer) and not result.answered.asked

        return Window(self.crew, order, pack, alone, unasked, self._stop)

    def compared(
        self,
        pairs: Sequence[Accepted],
        vectors_of: VectorsOf,
        threshold: float,
        texts: Sequence[tuple[str, str]],
    ) -> Verdicts | None:
        """The pairs of a long list, compared on all machines; None for a list that is not long.

        Args:
            pairs: The places of their chunks, and the pairs.
            vectors_of: Gives the unit vectors of questions; none to compare normalised ones only.
            threshold: As for ``Deduper``.
            texts: Names of documents, and texts of them, whose words are known.
        """
        if len(pairs) < MANY:
            return None
        from pairs.compare.dedupe import Deduper

        words = Vocabulary()
        for source, text in texts:
            words.read(source, text)
        deduper = Deduper(threshold=threshold, words=words)
        collect(deduper, pairs, vectors_of)
        judge_apart(self._ray, deduper, self._journal.path.absolute().parent / "blocks")
        return deduper.verdicts()

    def notes(self) -> list[Reason]:
        """Which nodes took no part, and why."""
        return list(self.crew.left_out.values())

    def _file(self, place: int) -> Any:
        """A reference to a file's text, which every node fetches once."""
        if place not in self._files:
            self._files[place] = self._ray.put(File.of(place, self._inputs.files[place]))
            if len(self._files) > FILES_KEPT:
                self._files.popitem(last=False)
        self._files.move_to_end(place)
        return self._files[place]


@contextmanager
def on_cluster(
    ray: Any,
    plan: Plan,
    inputs: Inputs,
    journal: Journal,
    stop: threading.Event,
    models: tuple[CachedModel, CachedModel],
) -> Iterator[RunOnCluster | None]:
    """The run's part of a cluster as a context; None where the run has none.

    Args:
        ray: As for ``RunOnCluster``, or None.
        plan: As for ``RunOnCluster``.
        inputs: As for ``RunOnCluster``.
        journal: As for ``RunOnCluster``.
        stop: As for ``RunOnCluster``.
        models: The driver's own, that is asked and that judges.
    """
    if ray is None:
        yield None
        return
    run = RunOnCluster(ray, plan, inputs, journal, stop)
    try:
        run.share_limits(*models)
        yield run
    finally:
        run.crew.close()
