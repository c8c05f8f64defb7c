"""Runs jobs in threads of this process, with any number of subscribers; for servers.

A job is in the journal before it runs, and its subscribers may come and go: neither a closed page
nor a killed server loses it. A restarted server resumes the jobs it had accepted.
Beside jobs there are runs for a client that waits for the result; those are never resumed.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal

from messages.errors import SaidError
from messages.log import logged
from pairs.records import Reason

from ..embedding.load import NamedEmbeddings
from ..embedding.shared import SharedEmbeddings
from ..errors import BusyError, JournalError
from ..events import Done, Event, Failed
from ..journal.documents import save_documents, save_refused
from ..journal.jobs import Jobs
from ..journal.replies import Journal
from ..journal.stops import is_stop_wished, wish_stop
from ..llm.backends import Backend, backend_of, choose
from ..llm.open_backends import OpenBackends
from ..records import Job
from ..run.inputs import Inputs
from ..run.pipeline import Pipeline
from ..settings import Resolved, Settings
from .event_log import EventLog, News
from .queued_run import QueuedRun
from .resume import resume

log = logging.getLogger(__name__)
REMEMBERED = 50
"""Ended runs whose events can still be replayed; their lists are in the journal."""
_BUDGET = ("max_calls", "max_tokens_total")


class Runner:
    """Runs jobs concurrently; those of the embedded model one after the other.

    Args:
        journal: Holds jobs, replies and lists.
        at_once: Simultaneous jobs of other backends.
        waiting: Jobs that may wait for their turn.
        answers: Simultaneous runs of other backends whose clients wait.

    Attributes:
        backends: The backends kept open for conversations in this process.
    """

    def __init__(
        self, journal: Journal, *, at_once: int = 8, waiting: int = 100, answers: int = 128
    ) -> None:
        self.backends = OpenBackends()
        self._journal = journal
        self._jobs = Jobs(journal)
        self._waiting = waiting
        self._lock = threading.Lock()
        self._runs: dict[str, QueuedRun] = {}
        self._answers: set[QueuedRun] = set()
        self._unfinished: list[QueuedRun] = []
        self._closed = False
        self._embeddings = SharedEmbeddings()
        # The embedded model serves one job at a time; a short answer need not wait for the end of
        # a job of hours, its calls go in between.
        self._embedded = ThreadPoolExecutor(1, thread_name_prefix="embedded")
        self._others = ThreadPoolExecutor(at_once, thread_name_prefix="jobs")
        self._embedded_answers = ThreadPoolExecutor(1, thread_name_prefix="embedded-answers")
        self._other_answers = ThreadPoolExecutor(answers, thread_name_prefix="answers")
        self._stopped = ThreadPoolExecutor(1, thread_name_prefix="stopped")

    def begin(self, read: Inputs, resolved: Resolved) -> str:
        """The id of a new job, saved in the journal and queued.

        Args:
            read: The inputs, read and split.
            resolved: The settings in force.

        Raises:
            BusyError: Too many jobs are queued.
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
            save_refused(self._journal, job.id, map(Reason.of, read.refused))
        except BaseException:
            with self._lock:
                del self._runs[job.id]
            raise
        self._submit(run)
        return job.id

    def answer(self, read: Inputs, resolved: Resolved, stop: threading.Event) -> EventLog:
        """The event log of a run whose client waits for the result; it does not queue behind jobs.

        It is not resumed after it was stopped or the runner was closed.

        Args:
            read: The inputs, read and split.
            resolved: The settings in force.
            stop: Ends it: calls in flight are finished, the rest is not asked.

        Raises:
            SettingsError: The backend is unknown.
        """

        def start(run: QueuedRun) -> Iterator[Event]:
            settings = resolved.settings
            named = self.embeddings(settings.embeddings, settings.embedding_backend)
            pipeline = Pipeline(resolved, journal=self._journal, embeddings=named, stop=run.stop)
            return pipeline.run(read)

        run = QueuedRun("", choose(resolved).embedded, start, stop)
        with self._lock:
            self._answers.add(run)
        self._submit(run)
        return run.log

    def resume_job(
        self,
        job: str,
        given: Mapping[str, Any] | None = None,
        *,
        retry: bool = False,
        backend: Backend | None = None,
    ) -> None:
        """Resumes a job of the journal; answered requests are not sent again.

        Args:
            job: The whole id.
            given: As for ``resume``.
            retry: Whether failed chunks are asked about again.
            backend: As for ``resume``.

        Raises:
            BusyError: Too many jobs are queued.
            JournalError: There is no such job, a live process holds it, or its version differs.
        """
        found = self._jobs.find(job)
        run = self._job_run(found.id, backend or backend_of(found), dict(given or {}), backend)
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
        """The ids of the jobs that a server left unfinished, which this runner resumes.

        Args:
            waiting: Whether to resume queued jobs too, as after a start; another server's may be
                among them.
        """
        states = ("waiting", "broken off") if waiting else ("broken off",)
        unfinished = [job for job in self._jobs.all(unfinished=True) if job.state in states]
        taken = []
        for job in reversed(unfinished):
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
        """Yields a run's ids and events, from its beginning or after a given event.

        Yields nothing for a job that this process does not run, or whose run is over and
        forgotten: its list, or its failure, is in the journal.

        Args:
            job: The whole id.
            after: The id of the last event received; one of an earlier run counts as none.
            patience: Seconds without an event after which None comes, so that a connection can be
                kept alive or given up; None to wait for ever.
        """
        run = self._runs.get(job)
        if run is not None:
            yield from run.log.listen(after, patience)

    def news(self, job: str, after: str | None = None) -> News | None:
        """The events that ``listen`` would yield at once; None for a job without a run here.

        Args:
            job: The whole id.
            after: As for ``listen``.
        """
        run = self._runs.get(job)
        return run.log.since(run.log.place(after)) if run else None

    def log(self, job: str) -> EventLog | None:
        """The event log of a job's run in this process; None if there is none.

        Args:
            job: The whole id.
        """
        run = self._runs.get(job)
        return run.log if run else None

    def watching(self, job: str, wake: Callable[[], object]) -> AbstractContextManager[None]:
        """Calls a function, from any thread, after every event of a job's run in this process.

        For subscribers that cannot block a thread each.
        """
        run = self._runs.get(job)
        return run.log.watching(wake) if run else nullcontext()

    def is_running(self, job: str) -> bool:
        """Whether this process has a run of the job that is not over."""
        run = self._runs.get(job)
        return run is not None and not run.over

    def is_waiting(self, job: str) -> bool:
        """Whether this process has a queued run of the job."""
        run = self._runs.get(job)
        return run is not None and not (run.begun or run.over)

    def is_stopping(self, job: str) -> bool:
        """Whether the job was told to stop and is not over, in whichever process it runs."""
        run = self._runs.get(job)
        if run is not None and not run.over and run.stop.is_set():
            return True
        return is_stop_wished(self._journal, job)

    def stop(self, job: str) -> bool:
        """Whether a run was told to stop: calls in flight are finished, no others are made.

        A run of another process reads in the journal that it is to stop, within seconds.
        """
        run = self._runs.get(job)
        if run is None or run.over:
            return wish_stop(self._journal, job)
        run.stop.set()
        # One that waits has nothing to finish, and need not wait for its turn to say so.
        if run.turn is not None and run.turn.cancel():
            run.turn = self._stopped.submit(self._run, run)
        return True

    def stop_all(self) -> None:
        """Starts no more runs and tells every run to stop, without waiting for them."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            under_way = [run for run in self._runs.values() if not run.over]
            self._unfinished = [run for run in under_way if not run.stop.is_set()]
            answers = list(self._answers)
        for pool in self._pools():
            pool.shutdown(wait=False, cancel_futures=True)
        for run in (*self._unfinished, *answers):
            run.stop.set()
            if run.turn is not None and run.turn.cancelled():
                run.log.tell(None)

    def close(self) -> None:
        """Stops every run and waits for the calls in flight; the next server resumes the jobs."""
        self.stop_all()
        for pool in self._pools():
            pool.shutdown(wait=True)
        self.backends.close()
        self._jobs.put_back([run.job for run in self._unfinished])
        for run in (*self._unfinished, *self._answers):
            if not run.over:
                run.log.tell(None)

    def _pools(self) -> tuple[ThreadPoolExecutor, ...]:
        answers = (self._embedded_answers, self._other_answers)
        return (self._embedded, self._others, *answers, self._stopped)

    def embeddings(
        self, name: str, backend: Literal["auto", "torch", "openvino"]
    ) -> NamedEmbeddings:
        """The embedding of a name, loaded once for all runs.

        Raises:
            SaidError: It cannot be loaded.
        """
        return self._embeddings.get(name, backend)

    def _check_room(self) -> None:
        if sum(not (run.begun or run.over) for run in self._runs.values()) >= self._waiting:
            raise BusyError("job.queue_full", waiting=self._waiting)
        over = [job for job, run in self._runs.items() if run.over]
        for job in over[: max(0, len(over) - REMEMBERED)]:
            del self._runs[job]

    def _job_run(
        self, job: str, backend: Backend, given: dict[str, Any], instead: Backend | None = None
    ) -> QueuedRun:
        """A run that resumes a job of the journal, by another backend if one is given instead."""

        def start(run: QueuedRun) -> Iterator[Event]:
            found = self._jobs.find(job)
            if is_stop_wished(self._journal, job):  # since it was queued, from another process
                run.stop.set()
            settings = Settings.model_validate({**found.settings, **given})
            named = self.embeddings(settings.embeddings, settings.embedding_backend)
            of_run: dict[str, Any] = {"embeddings": named, "stop": run.stop, "backend": instead}
            return resume(self._journal, found, given, **of_run)

        return QueuedRun(job, backend.embedded, start)

    def _submit(self, run: QueuedRun) -> None:
        if run.job:
            pool = self._embedded if run.embedded else self._others
        else:
            pool = self._embedded_answers if run.embedded else self._other_answers
        try:
            run.turn = pool.submit(self._run, run)
        except RuntimeError:  # closed meanwhile; the next server finds a job in the journal
            run.log.tell(None)

    def _run(self, run: QueuedRun) -> None:
        """Executes a run to its end; whatever happens, its event log is ended."""
        run.begun = True
        try:
            for event in run.start(run):
                cut_short = self._closed and isinstance(event, Done) and not event.result.answered
                run.log.tell(None if cut_short else event)
        except SaidError as error:
            if error.code == "job.busy":  # another process runs it, and says what comes of it
                run.log.tell(None)
            else:
                self._fail(run, error, Reason.of(error))
        except Exception as error:  # a subscriber must never wait for ever
            log.exception("job %s fails", run.job)
            error_fields = Reason.of(error, "job.unexpected").fields
            code, fields = logged("job.unexpected", "job.unexpected_logged", **error_fields)
            self._fail(run, error, Reason(code=code, fields=fields))
        finally:
            with self._lock:
                self._answers.discard(run)

    def _fail(self, run: QueuedRun, error: Exception, reason: Reason) -> None:
        log.info("job %s fails: %s", run.job, reason.code)
        run.log.error = error
        try:
            if run.job:
                self._jobs.fail(run.job, reason)
        finally:
            run.log.tell(Failed(job=run.job, reason=reason))
