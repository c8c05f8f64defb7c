"""The pipeline of a run: takes inputs, yields events, ends with one deduplicated list.

    read -> split -> ask (embedding beside it) -> ground -> dedupe -> list

Calls go out through a sliding window of threads without barriers; everything that comes back is
handled in the caller's thread, in the order of arrival, and put into document order at the end.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from langchain_core.runnables import RunnableConfig

from loaders import count_tokens
from pairs.records import PairList, Reason
from pairs.text.text_cache import clear_text_caches

from ..embedding.load import NamedEmbeddings, load_embeddings
from ..errors import JournalError
from ..events import AskedBefore, Done, Event, Prepared
from ..journal.documents import save_documents, save_refused
from ..journal.jobs import Jobs
from ..journal.leases import Lease
from ..journal.lists import adopt_edits, save_list, with_edits
from ..journal.replies import Journal
from ..llm.backends import Backend, choose, choose_judge, table_for
from ..llm.cached_call import CachedModel
from ..llm.client import OpenBackend
from ..models.gguf import DownloadProgress
from ..records import Job, PairCounts, Progress
from ..settings import Resolved
from .asker import Asker
from .assembly import Assembly
from .chain import choose_prompt, example_text, extra_requests, prompt_name, version_of
from .disk_room import check_room
from .earlier import asked_before, kept_answers
from .examples import OwnExamples, left_out, own_examples
from .extraction import Answered, Extraction
from .inputs import Inputs, RunInput
from .judge.record import planted_in_each
from .remote_loader import read_on
from .remote_work import Plan, RunOnCluster, joined_for, on_cluster
from .rules.process import RulesProcesses, processes_for
from .run_progress import progress_of
from .source import notes_of
from .taken_job import as_it_is, given_back
from .unfinished import stop_at_exit

if TYPE_CHECKING:
    from .judge.judge import Judge

log = logging.getLogger(__name__)

_ANSWERED = ("pairs", "nothing", "failed")


@dataclass
class _Run:
    """The parts of a run once everything is open."""

    job: Job
    owner: str
    inputs: Inputs
    model: CachedModel
    extraction: Extraction
    assembly: Assembly
    named: Future[NamedEmbeddings]
    backend: Backend
    judge: Judge | None
    config: RunnableConfig | None
    asked_before: AskedBefore | None
    processes: RulesProcesses | None
    cluster: RunOnCluster | None

    @property
    def concurrency(self) -> int:
        """The number of simultaneous calls."""
        return self.backend.concurrency

    @property
    def judge_concurrency(self) -> int:
        """The number of simultaneous calls to a judge of its own; 0 where there is none."""
        judge = self.judge
        return judge.backend.concurrency if judge and judge.backend != self.backend else 0


class Pipeline:
    """Extracts one list of pairs from inputs.

    Args:
        resolved: The settings in force.
        journal: Where replies are kept; None for the one the settings name.
        embeddings: The embedding that finds duplicates; None for the one the settings name.
        progress: Called with ``(file, bytes done, bytes in all)`` while model files are downloaded.
        stop: Set from another thread to end the run: calls in flight are finished, the rest is
            not asked.
        job: Id of the job to go on with; None for the one that would ask the same, or a new one.
        begun: Called with the job's id before the first request is sent; what it raises ends the
            run.
        password: Opens encrypted documents; kept nowhere.
        again: Whether the failed chunks of the job to go on with are asked about again.
    """

    def __init__(
        self,
        resolved: Resolved,
        *,
        journal: Journal | None = None,
        embeddings: NamedEmbeddings | None = None,
        progress: DownloadProgress | None = None,
        stop: threading.Event | None = None,
        job: str | None = None,
        begun: Callable[[str], None] | None = None,
        password: str | None = None,
        again: bool = False,
    ) -> None:
        self._resolved = resolved
        self._settings = resolved.settings
        self._journal = journal
        self._embeddings = embeddings
        self._progress = progress
        self._stop = stop or threading.Event()
        self._job = job
        self._begun = begun
        self._password = password
        self._again = again
        self._examples: OwnExamples | None = None
        self._loader: ThreadPoolExecutor | None = None

    def run(
        self, inputs: Iterable[RunInput] | Inputs, config: RunnableConfig | None = None
    ) -> Iterator[Event]:
        """Events until the list is done.

        Args:
            inputs: Paths of files or folders, texts, or Documents of any LangChain loader; or the
                ``Inputs`` read from them before.
            config: LangChain's configuration, whose callbacks, tags and metadata every prompt,
                model and parser run is given.

        Raises:
            SaidError: The run cannot start: unreadable inputs, unusable settings, a
                backend that never answered. Once a chunk has been answered, a failure of the
                backend ends the run with a ``Done`` whose list says so.
        """
        events = self._events(inputs, config)
        stop_at_exit(events)
        return events

    def _events(
        self, inputs: Iterable[RunInput] | Inputs, config: RunnableConfig | None
    ) -> Generator[Event, None, None]:
        started = time.monotonic()
        with ExitStack() as open_:
            open_.callback(clear_text_caches)
            journal = self._journal or open_.enter_context(Journal(self._settings.journal))
            backend, judge_backend = choose(self._resolved), choose_judge(self._resolved)
            opened = open_.enter_context(
                closing(OpenBackend(backend, self._settings, self._progress))
            )
            named = self._load_embeddings(open_)
            self._examples = own_examples(self._settings)
            ray = open_.enter_context(joined_for(self._settings, backend, judge_backend))
            inputs = read_on(ray, self._resolved, inputs, self._password)
            check_room(journal, inputs)
            owner = open_.enter_context(Lease(journal, self._stop))
            asking = (journal, owner.id, self._settings, self._stop)
            model = CachedModel(opened, *asking, proved=journal.answers_well(opened.model))
            extraction = Extraction(model, backend, self._settings, config)
            judge_opened = opened
            if judge_backend is not None:
                judge_opened = OpenBackend(judge_backend, self._settings, self._progress)
                open_.enter_context(closing(judge_opened))
            judge_model = CachedModel(judge_opened, *asking, beside=model)
            job, before, earlier = self._open_job(
                *(inputs, opened, judge_backend, journal, owner.id, extraction)
            )
            open_.enter_context(given_back(journal, earlier, owner.id))
            if earlier or named.done():
                named.result()  # before a call is paid for
            lists = self._settings.check != "off" and judge_model.backend.checks == "lists"
            judge = None
            if lists:
                from .judge.judge import Judge

                judge = Judge(judge_model, self._settings, config)
            planted = planted_in_each(len(inputs.chunks)) if lists else 0
            assembly = Assembly(
                *(job.id, inputs, journal, opened.model, self._settings, planted),
                example_text(backend, self._settings),
            )
            plan = Plan(owner.id, self._settings, backend, judge_backend)
            cluster = open_.enter_context(
                on_cluster(ray, plan, inputs, journal, self._stop, (model, judge_model))
            )
            processes = None
            if cluster:
                assembly.comparing.elsewhere = cluster.compared
            else:
                processes = open_.enter_context(
                    processes_for(self._settings, inputs.chunks, named, assembly, self._loader)
                )
            log.info(
                "job %s begins: %d files, %d chunks, backend %s, model %s",
                *(job.id, len(inputs.files), len(inputs.chunks), backend.name, opened.model),
            )
            run = _Run(
                *(job, owner.id, inputs, judge_model, extraction, assembly, named, backend),
                *(judge, config, before, processes, cluster),
            )
            yield from self._run(run, journal, opened, started)

    def _run(
        self, run: _Run, journal: Journal, opened: OpenBackend, started: float
    ) -> Iterator[Event]:
        try:
            if self._begun:
                self._begun(run.job.id)
            if self._again:
                Jobs(journal).pass_over_failed(run.job.id, run.owner)
            yield from self._ask_all(run, journal, opened)
            if run.judge is not None:
                from .judge.verdicts import judged_list

                result = yield from judged_list(
                    run.judge, run.assembly, journal, run.job.id, self._stop
                )
            else:
                result = run.assembly.result()
                if self._settings.check != "off":
                    result = yield from self._verify(run, journal, result)
        except BaseException as error:
            log.info("job %s is broken off: %s", run.job.id, type(error).__name__)
            # Also if the caller has stopped iterating; the first error says more than a second one.
            with suppress(JournalError):
                self._end(run, journal, None, started)
            raise
        result = result.model_copy(update={"prompt": prompt_name(run.backend, self._settings)})
        told = {
            "adopted": adopt_edits(journal, run.job.id, result),
            "notes": (*run.model.notes, *(run.cluster.notes() if run.cluster else ())),
        }
        seconds = self._end(run, journal, result, started)
        edited = with_edits(journal, run.job.id, result)
        yield Done(job=run.job.id, seconds=seconds, result=edited, **told)

    def _ask_all(self, run: _Run, journal: Journal, opened: OpenBackend) -> Iterator[Event]:
        to_ask, repeated = run.inputs.distinct()
        chunks, assembly = run.inputs.chunks, run.assembly
        asker = Asker(
            *(run.extraction, assembly, run.judge),
            *(run.concurrency, run.judge_concurrency, self._stop),
            *(chunks, run.processes, run.cluster),
        )
        kept = kept_answers(journal, self._job, chunks, run.extraction) if self._job else {}
        if run.asked_before:  # told before a call is paid for
            yield self._prepared(run, opened, run.named.result())

        def begun(named: NamedEmbeddings) -> Iterator[Event]:
            if not run.asked_before:
                yield self._prepared(run, opened, named)

        again = Reason(code="chunk.repeated")
        known = [*((at, Answered(reason=again, repeated=True)) for at in repeated), *kept.items()]
        asking = {at: chunks[at] for at in to_ask if at not in kept}
        yield from asker.ask(asking, run.named, begun=begun, known=known)
        failure = run.extraction.failure
        if failure and not any(state in _ANSWERED for state in assembly.states.values()):
            raise failure
        if self._settings.passes > 1:
            from .second_pass import ask_again

            parts, passes = (asker, assembly, run.inputs, run.named), self._settings.passes
            yield from ask_again(*parts, passes=passes, stop=self._stop)

    def _verify(
        self, run: _Run, journal: Journal, result: PairList
    ) -> Generator[Event, None, PairList]:
        from .judge.verdicts import verified_list
        from .verification import Verification

        contexts = notes_of(run.inputs.chunks, self._settings)
        verification = Verification(
            run.model, run.model.backend, self._settings, contexts, run.config
        )
        try:
            yield from verification.ask(result, run.concurrency, self._stop)
        finally:
            run.assembly.usage += verification.usage
        marked = verification.marked(result, run.named.result(), journal)
        return verified_list(marked, verification.identity, journal, run.job.id, self._settings)

    def _prepared(self, run: _Run, opened: OpenBackend, named: NamedEmbeddings) -> Prepared:
        read = run.inputs
        return Prepared(
            job=run.job.id,
            files=len(read.files),
            chunks=len(read.chunks),
            tokens=sum(count_tokens(chunk.text) for chunk in read.chunks),
            backend=opened.backend.name,
            small=opened.backend.small,
            model=opened.model,
            embeddings=named.name,
            warnings=(*read.warnings, *left_out(self._examples, self._settings)),
            prompt=prompt_name(opened.backend, self._settings),
            refused=tuple(Reason.of(error) for error in read.refused),
            asked_before=run.asked_before,
        )

    def _end(self, run: _Run, journal: Journal, result: PairList | None, started: float) -> float:
        """Seconds the run took, after saving its state and progress."""
        seconds = time.monotonic() - started
        state, progress = "stopped", Progress()
        if result is not None:
            progress = progress_of(result, len(run.inputs.chunks), self._settings)
            unanswered = result.judge.unanswered if result.judge else 0
            incomplete = progress.chunks.failed or unanswered
            state = "stopped" if progress.chunks.not_asked else "partial" if incomplete else "done"
            save_list(journal, run.job.id, result)
        over = {"state": state, "progress": progress, "seconds": seconds}
        over |= {"usage": run.assembly.usage}
        Jobs(journal).end(run.job.model_copy(update=over), run.owner)
        pairs = progress.pairs or PairCounts()
        log.info(
            "job %s ends: %s, %d of %d pairs kept, %d chunks failed, %d calls, %.1f s",
            *(run.job.id, state, pairs.kept, pairs.total),
            *(progress.chunks.failed, run.assembly.usage.calls, seconds),
        )
        return seconds

    def _load_embeddings(self, open_: ExitStack) -> Future[NamedEmbeddings]:
        """A future embedding, loaded while the first calls go out: bge takes seconds."""
        if self._embeddings is not None:
            ready: Future[NamedEmbeddings] = Future()
            ready.set_result(self._embeddings)
            return ready
        self._loader = open_.enter_context(ThreadPoolExecutor(1, thread_name_prefix="embeddings"))
        settings = self._settings
        return self._loader.submit(load_embeddings, settings.embeddings, settings.embedding_backend)

    def _open_job(
        self,
        read: Inputs,
        opened: OpenBackend,
        judge: Backend | None,
        journal: Journal,
        owner: str,
        extraction: Extraction,
    ) -> tuple[Job, AskedBefore | None, Job | None]:
        """The run's job, what it asks again that an earlier one was answered, and as it was."""
        prompt, own_prompt = choose_prompt(opened.backend, self._settings)
        identity = (
            read.fingerprint(),
            opened.model,
            opened.address,
            prompt,
            own_prompt,
            sorted(opened.parameters.items()),
            self._settings.language,
            self._settings.density,
            *extra_requests(self._settings, self._examples),
        )
        # What is the user's own is kept as text: its file may be gone or changed later.
        chosen: dict[str, object] = {"prompt_version": version_of(self._settings)}
        if own_prompt is not None:
            chosen["prompt_text"] = own_prompt
        if self._examples:
            chosen |= {"example_pairs": self._examples.text, "examples": None}
        job = Job(
            id=self._job or secrets.token_hex(4),
            fingerprint=sha256(repr(identity).encode("utf-8", "surrogatepass")).hexdigest(),
            settings={**self._settings.model_dump(mode="json"), **chosen},
            backend=table_for(opened.backend, judge),
        )
        jobs = Jobs(journal)
        if self._job:
            known = as_it_is(jobs, self._job)
            jobs.take(job, owner)
            return job, None, known
        same = {one: as_it_is(jobs, one) for one in jobs.asking_the_same(job.fingerprint)}
        earlier = {one: asked_before(journal, one, read.chunks, extraction) for one in same}
        changed = {one: before for one, before in earlier.items() if before}
        job, new = jobs.open(job, owner, but=changed)
        if new:
            save_documents(journal, job.id, read.files, zip(read.file_of, read.chunks, strict=True))
        save_refused(journal, job.id, map(Reason.of, read.refused))
        newest = next(iter(earlier), "")
        return job, changed.get(newest), None if new else same.get(job.id)
