"""Runs in threads of this process, with any number of listeners; for doors that stay open.

A job is in the journal before it runs, and its listeners may come and go: neither a closed page
nor a killed server loses it. What a server took on it takes up again when it is started anew.
Beside jobs there are runs for somebody who waits for the answer; nobody takes those up again.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal

from messages.errors import SaidError
from messages.log import logged
from pairs.records import Reason

from ..embedding.load import NamedEmbeddings, load_embeddings
from ..errors import BusyError, JournalError
from ..events import Done, Event, Failed
from ..journal.documents import save_documents
from ..journal.jobs import Jobs
from ..journal.replies import Journal
from ..llm.backends import Backend, backend_of, choose
from ..llm.open_backends import OpenBackends
from ..records import Job
from ..run.inputs import Inputs
from ..run.pipeline import Pipeline
from ..settings import Resolved, Settings
from .event_log import EventLog, News
from .resume import resume

log = logging.getLogger(__name__)
REMEMBERED = 50
"""Runs over whose events can still be listened to; the list itself stands in the journal."""
_BUDGET = ("max_calls", "max_tokens_total")


@dataclass(eq=False)
class _Run:
    """One run: how it starts, what ends it, and what it tells.

    Attributes:
        job: The job it is about; empty where somebody waits for the answer instead.
        turn: Its place in a queue.
    """

    job: str
    embedded: bool
    start: Callable[[_Run], Iterator[Event]]
    stop: threading.Event = field(default_factory=threading.Event)
    log: EventLog = field(default_factory=EventLog)
    begun: bool = False
    turn: Future[None] | None = None

    @property
    def over(self) -> bool:
        """Nothing more will come of it."""
        return self.log.over


class Runner:
    """Runs jobs one beside the other; those of the embedded model one after the other.

    Args:
        journal: Where everything is kept.
        at_once: Jobs of other backends that run at the same time.
        waiting: Jobs that may wait for their turn.
        answers: Runs of other backends at the same time that somebody waits for.

    Attributes:
        backends: Those kept open for conversations in this process.
    """

    def __init__(
        self, journal: Journal, *, at_once: int = 8, waiting: int = 100, answers: int = 128
    ) -> None:
        self.backends = OpenBackends()
        self._journal = journal
        self._jobs = Jobs(journal)
        self._waiting = waiting
        self._lock = threading.Lock()
        self._runs: dict[str, _Run] = {}
        self._answers: set[_Run] = set()
        self._left: list[_Run] = []
        self._closed = False
        self._embeddings: dict[tuple[str, str], Future[NamedEmbeddings]] = {}
        # The embedded model serves one job at a time; a short answer need not wait for the end of
        # a job of hours, its calls go in between.
        self._embedded = ThreadPoolExecutor(1, thread_name_prefix="embedded")
        self._others = ThreadPoolExecutor(at_once, thread_name_prefix="jobs")
        self._embedded_answers = ThreadPoolExecutor(1, thread_name_prefix="embedded-answers")
        self._other_answers = ThreadPoolExecutor(answers, thread_name_prefix="answers")
        self._stopped = ThreadPoolExecutor(1, thread_name_prefix="stopped")

    def begin(self, read: Inputs, resolved: Resolved) -> str:
        """The id of a new job, in the journal and waiting for its turn.

        Args:
            read: What it asks about.
            resolved: The settings in force.

        Raises:
            BusyError: Too many wait already.
            SaidError: The backend is unknown, or the journal cannot be written.
        """
        backend = choose(resolved)
        settings = resolved.settings.model_dump(mode="json")
        job = Job(
            id=secrets.token_hex(4),
            fingerprint=secrets.token_hex(32),  # until it runs, and the model's name is known
            settings=settings,
            backend=backend.model_dump(mode="json"),
        )
        run = self._job_run(job.id, backend, {name: settings[name] for name in _BUDGET})
        with self._lock:
            self._check_room()
            self._runs[job.id] = run
        try:
            self._jobs.add(job)
            chunks = zip(read.file_of, read.chunks, strict=True)
            save_documents(self._journal, job.id, read.files, chunks)
        except BaseException:
            with self._lock:
                del self._runs[job.id]
            raise
        self._submit(run)
        return job.id

    def answer(self, read: Inputs, resolved: Resolved, stop: threading.Event) -> EventLog:
        """What a run tells that somebody waits for; it goes before jobs that wait for their turn.

        Nothing takes it up again where it is stopped or the runner is closed.

        Args:
            read: What it asks about.
            resolved: The settings in force.
            stop: Ends it: calls in flight are finished, the rest is not asked.

        Raises:
            SettingsError: The backend is unknown.
        """

        def start(run: _Run) -> Iterator[Event]:
            settings = resolved.settings
            named = self.embeddings(settings.embeddings, settings.embedding_backend)
            pipeline = Pipeline(resolved, journal=self._journal, embeddings=named, stop=run.stop)
            return pipeline.run(read)

        run = _Run("", choose(resolved).embedded, start, stop)
        with self._lock:
            self._answers.add(run)
        self._submit(run)
        return run.log

    def resume_job(
        self, job: str, given: Mapping[str, Any] | None = None, *, retry: bool = False
    ) -> None:
        """Runs a job of the journal again; what was answered is not asked again.

        Args:
            job: Its whole id.
            given: As for ``resume``.
            retry: Asks anew about the chunks that failed.

        Raises:
            BusyError: Too many wait already.
            JournalError: There is no such job, somebody works on it, or another version wrote it.
        """
        found = self._jobs.find(job)
        run = self._job_run(found.id, backend_of(found), dict(given or {}))
        with self._lock:
            earlier = self._runs.get(found.id)
            if found.state == "running" or (earlier and not earlier.over):
                raise JournalError("job.busy", job=found.id)
            self._check_room()
            self._runs[found.id] = run
        try:
            if retry:
                self._jobs.pass_over_failed(found.id)
            self._jobs.put_back([found.id])  # whichever door began it, a server finishes it now
        except BaseException:
            with self._lock:
                del self._runs[found.id]
            raise
        self._submit(run)

    def adopt(self, *, waiting: bool = True) -> list[str]:
        """The ids of the jobs that a server left unfinished; they go on from here.

        Args:
            waiting: Also those that wait, as after a start; another server's may be among them.
        """
        states = ("waiting", "broken off") if waiting else ("broken off",)
        left = [job for job in self._jobs.all() if job.served and job.state in states]
        taken = []
        for job in reversed(left):
            budget = {name: job.settings.get(name) for name in _BUDGET}
            try:
                run = self._job_run(job.id, backend_of(job), budget)
            except JournalError as error:
                self._jobs.fail(job.id, Reason.of(error))
                continue
            with self._lock:
                if job.id in self._runs and not self._runs[job.id].over:
                    continue
                self._runs[job.id] = run
            self._submit(run)
            taken.append(job.id)
            log.info("job %s taken up: it was %s", job.id, job.state)
        return taken

    def listen(
        self, job: str, after: str | None = None, patience: float | None = None
    ) -> Iterator[tuple[str, Event] | None]:
        """A run's events with their ids, from its beginning or from where a listener was.

        Nothing at all comes for a job that no run of this process is about, or is over and
        forgotten: its list, or its failure, stands in the journal.

        Args:
            job: Its whole id.
            after: The id of the last event heard; one of an earlier run counts as none.
            patience: Seconds without an event after which None comes, so that a connection can be
                kept alive or given up; None to wait for ever.
        """
        run = self._runs.get(job)
        if run is not None:
            yield from run.log.listen(after, patience)

    def news(self, job: str, after: str | None = None) -> News | None:
        """What ``listen`` would give at once; None for a job that no run here is about.

        Args:
            job: Its whole id.
            after: As for ``listen``.
        """
        run = self._runs.get(job)
        return run.log.since(run.log.place(after)) if run else None

    def log(self, job: str) -> EventLog | None:
        """What the run of this process tells that is about a job; None where there is none.

        Args:
            job: Its whole id.
        """
        run = self._runs.get(job)
        return run.log if run else None

    def watching(self, job: str, wake: Callable[[], object]) -> AbstractContextManager[None]:
        """Calls a function, from any thread, whenever a run of this process has told something.

        For listeners that cannot give a thread each to waiting.
        """
        run = self._runs.get(job)
        return run.log.watching(wake) if run else nullcontext()

    def is_running(self, job: str) -> bool:
        """Whether a run of this process is about a job and not yet over."""
        run = self._runs.get(job)
        return run is not None and not run.over

    def is_waiting(self, job: str) -> bool:
        """Whether a run of this process waits for its turn."""
        run = self._runs.get(job)
        return run is not None and not (run.begun or run.over)

    def is_stopping(self, job: str) -> bool:
        """Whether a run of this process was told to stop and is not yet over."""
        run = self._runs.get(job)
        return run is not None and run.stop.is_set() and not run.over

    def stop(self, job: str) -> bool:
        """Whether a run was told to stop: calls in flight are finished, the rest is not asked."""
        run = self._runs.get(job)
        if run is None or run.over:
            return False
        run.stop.set()
        # One that waits has nothing to finish, and need not wait for its turn to say so.
        if run.turn is not None and run.turn.cancel():
            run.turn = self._stopped.submit(self._run, run)
        return True

    def stop_all(self) -> None:
        """Begins nothing any more and tells every run to end, without waiting for that."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            under_way = [run for run in self._runs.values() if not run.over]
            self._left = [run for run in under_way if not run.stop.is_set()]
            answers = list(self._answers)
        for pool in self._pools():
            pool.shutdown(wait=False, cancel_futures=True)
        for run in (*self._left, *answers):
            run.stop.set()
            if run.turn is not None and run.turn.cancelled():
                run.log.tell(None)

    def close(self) -> None:
        """Ends every run and waits for the calls in flight; the next server takes up the jobs."""
        self.stop_all()
        for pool in self._pools():
            pool.shutdown(wait=True)
        self.backends.close()
        self._jobs.put_back([run.job for run in self._left])
        for run in (*self._left, *self._answers):
            if not run.over:
                run.log.tell(None)

    def _pools(self) -> tuple[ThreadPoolExecutor, ...]:
        answers = (self._embedded_answers, self._other_answers)
        return (self._embedded, self._others, *answers, self._stopped)

    def embeddings(
        self, name: str, backend: Literal["auto", "torch", "openvino"]
    ) -> NamedEmbeddings:
        """An embedding loaded once for all runs.

        Raises:
            SaidError: It cannot be loaded.
        """
        with self._lock:
            future = self._embeddings.get((name, backend))
            mine = future is None
            if future is None:
                future = self._embeddings[name, backend] = Future()
        if mine:
            try:
                future.set_result(load_embeddings(name, backend))
            except Exception as error:  # noqa: BLE001 - whoever waits for it is told
                with self._lock:
                    del self._embeddings[name, backend]  # another try may find it
                future.set_exception(error)
        return future.result()

    def _check_room(self) -> None:
        if sum(not (run.begun or run.over) for run in self._runs.values()) >= self._waiting:
            raise BusyError("job.queue_full", waiting=self._waiting)
        over = [job for job, run in self._runs.items() if run.over]
        for job in over[: max(0, len(over) - REMEMBERED)]:
            del self._runs[job]

    def _job_run(self, job: str, backend: Backend, given: dict[str, Any]) -> _Run:
        """A run that goes on with a job of the journal."""

        def start(run: _Run) -> Iterator[Event]:
            found = self._jobs.find(job)
            settings = Settings.model_validate({**found.settings, **given})
            named = self.embeddings(settings.embeddings, settings.embedding_backend)
            return resume(self._journal, found, given, embeddings=named, stop=run.stop)

        return _Run(job, backend.embedded, start)

    def _submit(self, run: _Run) -> None:
        if run.job:
            pool = self._embedded if run.embedded else self._others
        else:
            pool = self._embedded_answers if run.embedded else self._other_answers
        try:
            run.turn = pool.submit(self._run, run)
        except RuntimeError:  # closed meanwhile; the next server finds a job in the journal
            run.log.tell(None)

    def _run(self, run: _Run) -> None:
        """One run to its end; whatever happens, its listeners are told."""
        run.begun = True
        try:
            for event in run.start(run):
                cut_short = self._closed and isinstance(event, Done) and not event.result.complete
                run.log.tell(None if cut_short else event)
        except SaidError as error:
            if error.code == "job.busy":  # another process runs it, and says what comes of it
                run.log.tell(None)
            else:
                self._fail(run, error, Reason.of(error))
        except Exception as error:  # a listener must never wait for ever
            log.exception("job %s fails", run.job)
            told = Reason.of(error, "job.unexpected").fields
            code, fields = logged("job.unexpected", "job.unexpected_logged", **told)
            self._fail(run, error, Reason(code=code, fields=fields))
        finally:
            with self._lock:
                self._answers.discard(run)

    def _fail(self, run: _Run, error: Exception, reason: Reason) -> None:
        log.info("job %s fails: %s", run.job, reason.code)
        run.log.error = error
        try:
            if run.job:
                self._jobs.fail(run.job, reason)
        finally:
            run.log.tell(Failed(job=run.job, reason=reason))
