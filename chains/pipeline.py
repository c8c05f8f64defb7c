"""The whole run: materials in, events out, one deduplicated list at the end.

    read -> split -> ask (embedding beside it) -> ground -> dedupe -> list

Calls go out through a sliding window of threads without barriers; everything that comes back is
handled in the caller's thread, in the order of arrival, and put into document order at the end.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from loaders import count_tokens
from loaders.records import Chunk
from messages.errors import SaidError
from pairs.checking import reason_against
from pairs.grounding import Passage
from pairs.normalise import normalise
from pairs.records import (
    ChunkOutcome,
    ChunkState,
    Evidence,
    PairList,
    QAPair,
    Reason,
    Rejected,
    TokenUsage,
)

from .asking import Asker
from .backends import OpenBackend, choose
from .embeddings import NamedEmbeddings, embed, load_embeddings
from .events import ChunkDone, Done, Event, Prepared
from .extraction import Answered, Extraction, choose_prompt
from .journal import Journal
from .materials import Material, Materials, read_materials
from .records import Job
from .settings import Resolved
from .weights import Progress

if TYPE_CHECKING:
    from pairs.dedupe import Deduper

AHEAD = 2  # requests waiting per thread, so that none ever idles


@dataclass
class _Run:
    """What is known of a run so far, by the index of the chunk."""

    job: Job
    materials: Materials
    deduper: Deduper
    named: NamedEmbeddings
    outcomes: dict[int, ChunkOutcome] = field(default_factory=dict)
    rejected: dict[int, list[Rejected]] = field(default_factory=dict)
    usage: TokenUsage = field(default_factory=TokenUsage)


class Pipeline:
    """Turns materials into one list of pairs.

    Args:
        resolved: The settings in force.
        journal: Where replies are kept; None for the one the settings name.
        embeddings: What duplicates are judged with; None for the one the settings name.
        progress: Told ``(file, bytes done, bytes in all)`` while model files are downloaded.
        stop: Set from another thread to end the run: calls in flight are finished, the rest is
            not asked.
    """

    def __init__(
        self,
        resolved: Resolved,
        *,
        journal: Journal | None = None,
        embeddings: NamedEmbeddings | None = None,
        progress: Progress | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self._resolved = resolved
        self._settings = resolved.settings
        self._journal = journal
        self._embeddings = embeddings
        self._progress = progress
        self._stop = stop or threading.Event()

    def run(self, materials: Iterable[Material]) -> Iterator[Event]:
        """Events until the list is done.

        Args:
            materials: Paths of files or folders, texts, or Documents of any LangChain loader.

        Raises:
            SaidError: Nothing could be done at all: unreadable materials, unusable settings, a
                backend that never answered. Once a chunk has been answered, a failure of the
                backend ends the run with a ``Done`` whose list says so.
        """
        journal = self._journal or Journal(self._settings.journal)
        try:
            yield from self._run(materials, journal)
        finally:
            if self._journal is None:
                journal.close()

    def _run(self, materials: Iterable[Material], journal: Journal) -> Iterator[Event]:
        started = time.monotonic()
        backend = choose(self._resolved)
        opened = OpenBackend(backend, self._settings, self._progress)
        asker = Asker(opened, journal, self._settings.retry_seconds)
        extraction = Extraction(asker, backend, self._settings)
        read = read_materials(
            materials, chunk_size=backend.chunk_size, overlap=self._settings.overlap
        )
        run = self._begin(read, opened, journal)
        yield Prepared(
            job=run.job.id,
            files=len(read.files),
            chunks=len(read.chunks),
            tokens=sum(count_tokens(chunk.text) for chunk in read.chunks),
            backend=backend.name,
            model=opened.model,
            embeddings=run.named.name,
            warnings=tuple(read.warnings),
            refused=tuple(Reason(code=e.code, fields=_plain(e.fields)) for e in read.refused),
        )
        try:
            yield from self._ask_all(run, extraction, backend.concurrency, journal, opened.model)
        finally:
            opened.close()
            result = self._finish(run, journal)
        yield Done(job=run.job.id, seconds=time.monotonic() - started, result=result)

    def _begin(self, read: Materials, opened: OpenBackend, journal: Journal) -> _Run:
        from pairs.dedupe import Deduper

        named = self._embeddings or load_embeddings(self._settings.embeddings)
        threshold = self._settings.threshold
        prompt, own = choose_prompt(opened.backend, self._settings)
        asked = (
            read.fingerprint(),
            opened.model,
            opened.address,
            prompt,
            own,
            sorted(opened.parameters.items()),
            self._settings.language,
        )
        fingerprint = sha256(repr(asked).encode("utf-8", "surrogatepass")).hexdigest()
        job = journal.open_job(
            Job(
                id=secrets.token_hex(4),
                fingerprint=fingerprint,
                settings=self._settings.model_dump(mode="json"),
            )
        )
        journal.keep_files(job.id, read.files)
        journal.keep_chunks(job.id, read.chunks)
        deduper = Deduper(threshold=named.threshold if threshold is None else threshold)
        return _Run(job=job, materials=read, deduper=deduper, named=named)

    def _ask_all(
        self, run: _Run, extraction: Extraction, concurrency: int, journal: Journal, model: str
    ) -> Iterator[Event]:
        chunks = run.materials.chunks
        to_ask: list[int] = []
        seen: dict[str, int] = {}
        for index in sorted(range(len(chunks)), key=lambda at: chunks[at].boilerplate):
            first = seen.setdefault(normalise(chunks[index].text), index)
            if first == index:
                to_ask.append(index)
            else:
                repeated = Answered(reason=Reason(code="chunk.repeated"))
                yield self._end(run, index, "repeated", repeated, journal, model)
        failure: SaidError | None = None
        for index, future in self._answers(to_ask, extraction, chunks, concurrency):
            try:
                answered = future.result()
            except SaidError as error:
                failure = failure or error
                self._stop.set()
                continue
            yield self._end(run, index, _state(answered), answered, journal, model)
        if failure and not any(o.state in ("pairs", "nothing") for o in run.outcomes.values()):
            raise failure
        reason = Reason(code="chunk.not_asked")
        if failure:
            reason = Reason(code=failure.code, fields=_plain(failure.fields))
        for index in to_ask:
            if index not in run.outcomes:
                self._end(run, index, "not asked", Answered(reason=reason), journal, model)

    def _answers(
        self, to_ask: list[int], extraction: Extraction, chunks: list[Chunk], concurrency: int
    ) -> Iterator[tuple[int, Future[Answered]]]:
        """Answers as they come; no more calls go out once the run is to stop."""
        queue = iter(to_ask)
        pending: dict[Future[Answered], int] = {}
        with ThreadPoolExecutor(concurrency, thread_name_prefix="ask") as pool:
            try:
                while True:
                    while len(pending) < concurrency * AHEAD and not self._stop.is_set():
                        index = next(queue, None)
                        if index is None:
                            break
                        pending[pool.submit(extraction.ask, chunks[index])] = index
                    if self._stop.is_set():
                        for waiting in [one for one in pending if one.cancel()]:
                            del pending[waiting]
                    if not pending:
                        return
                    finished, _ = wait(pending, return_when=FIRST_COMPLETED)
                    for future in finished:
                        yield pending.pop(future), future
            finally:
                for waiting in pending:
                    waiting.cancel()

    def _end(
        self,
        run: _Run,
        index: int,
        state: ChunkState,
        answered: Answered,
        journal: Journal,
        model: str,
    ) -> ChunkDone:
        """Writes down how a chunk ended, and sorts its pairs."""
        chunk = run.materials.chunks[index]
        source = run.materials.files[run.materials.file_of[index]]
        passage = Passage(chunk, source.pages)
        good: list[QAPair] = []
        rejected: list[Rejected] = []
        for draft in answered.drafts:
            evidence = passage.ground(draft.question, draft.answer)
            pair = _pair(draft.question, draft.answer, evidence, chunk, answered, model)
            code = reason_against(draft.question, draft.answer, evidence, self._settings.evidence)
            if code:
                rejected.append(Rejected(item=pair, reason=Reason(code=code)))
            else:
                good.append(pair)
        outcome = ChunkOutcome(
            chunk_id=chunk.id,
            source=chunk.source,
            span=chunk.span,
            state=state,
            parsed=len(answered.drafts),
            reason=answered.reason,
            raw=answered.raw,
        )
        run.outcomes[index], run.rejected[index] = outcome, rejected
        run.usage += answered.usage
        journal.keep_outcome(run.job.id, index, outcome)
        vectors = embed(run.named, [pair.question for pair in good], journal)
        rows = [vectors[pair.question].tolist() for pair in good] if vectors else None
        kept = run.deduper.add(good, rows, place=index)
        return ChunkDone(
            index=index,
            outcome=outcome,
            pairs=tuple(kept),
            done=len(run.outcomes),
            total=len(run.materials.chunks),
            usage=run.usage,
        )

    def _finish(self, run: _Run, journal: Journal) -> PairList:
        order = sorted(run.outcomes)
        result = PairList(
            kept=tuple(run.deduper.kept),
            duplicates=tuple(run.deduper.duplicates),
            rejected=tuple(item for index in order for item in run.rejected[index]),
            chunks=tuple(run.outcomes[index] for index in order),
            usage=run.usage,
            embeddings=run.named.name,
        )
        counts: dict[str, int] = {
            "kept": len(result.kept),
            "duplicates": len(result.duplicates),
            "rejected": len(result.rejected),
            "chunks": len(run.materials.chunks),
            **{str(state): count for state, count in result.states().items()},
        }
        whole = result.complete and len(order) == len(run.materials.chunks)
        state = "done" if whole else "stopped" if self._stop.is_set() else "partial"
        journal.end_job(run.job.id, state, counts)
        return result


def _state(answered: Answered) -> ChunkState:
    if answered.reason is None:
        return "pairs"
    return "nothing" if answered.reason.code == "reply.nothing" else "failed"


def _pair(
    question: str, answer: str, evidence: Evidence, chunk: Chunk, answered: Answered, model: str
) -> QAPair:
    return QAPair(
        question=question,
        answer=answer,
        evidence=evidence,
        source=chunk.source,
        page=evidence.page or chunk.first_page,
        chunk_id=chunk.id,
        model=model,
        prompt=answered.prompt,
    )


def _plain(fields: dict[str, object]) -> dict[str, str | int]:
    return {name: value if isinstance(value, int) else str(value) for name, value in fields.items()}
