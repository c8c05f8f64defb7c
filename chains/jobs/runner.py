"""Jobs run in threads of this process, with any number of listeners; for doors that stay open.

A job is in the journal before it runs, and its listeners may come and go: neither a closed page
nor a killed server loses it. What a server took on it takes up again when it is started anew.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
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
from ..llm.backends import choose
from ..llm.cached_call import as_reason
from ..records import Job
from ..run.inputs import Inputs
from ..settings import Resolved, Settings
from .event_log import News, Run
from .resume import resume

log = logging.getLogger(__name__)
REMEMBERED = 50
"""Runs over whose events can still be listened to; the list itself stands in the journal."""
_BUDGET = ("max_calls", "max_tokens_total")


class Runner:
    """Runs jobs one beside the other; those of the embedded model one after the other.

    Args:
        journal: Where everything is kept.
        at_once: Jobs of other backends that run at the same time.
        waiting: Jobs that may wait for their turn.
    """

    def __init__(self, journal: Journal, *, at_once: int = 8, waiting: int = 100) -> None:
        self._journal = journal
        self._jobs = Jobs(journal)
        self._waiting = waiting
        self._lock = threading.Lock()
        self._runs: dict[str, Run] = {}
        self._closed = False
        self._embeddings: dict[tuple[str, str], Future[NamedEmbeddings]] = {}
        # One model in memory serves one run at a time.
        self._embedded = ThreadPoolExecutor(1, thread_name_prefix="embedded")
        self._others = ThreadPoolExecutor(at_once, thread_name_prefix="jobs")
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
        run = Run(job.id, _is_embedded(job), {name: settings[name] for name in _BUDGET})
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
            JournalError: There is no such job, or somebody works on it.
        """
        found = self._jobs.find(job)
        run = Run(found.id, _is_embedded(found), dict(given or {}))
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
            run = Run(job.id, _is_embedded(job), budget)
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
            yield from run.listen(after, patience)

    def news(self, job: str, after: str | None = None) -> News | None:
        """What ``listen`` would give at once; None for a job that no run here is about.

        Args:
            job: Its whole id.
            after: As for ``listen``.
        """
        run = self._runs.get(job)
        return run.since(run.place(after)) if run else None

    def watching(self, job: str, wake: Callable[[], object]) -> AbstractContextManager[None]:
        """Calls a function, from any thread, whenever a run of this process has told something.

        For listeners that cannot give a thread each to waiting.
        """
        run = self._runs.get(job)
        return run.watching(wake) if run else nullcontext()

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

    def close(self) -> None:
        """Ends every run and waits for the calls in flight; the next server takes them up."""
        with self._lock:
            self._closed = True
            runs = [run for run in self._runs.values() if not run.over and not run.stop.is_set()]
        pools = (self._embedded, self._others, self._stopped)
        for pool in pools:
            pool.shutdown(wait=False, cancel_futures=True)
        for run in runs:
            run.stop.set()
        for pool in pools:
            pool.shutdown(wait=True)
        self._jobs.put_back([run.job for run in runs])
        for run in runs:
            if not run.over:
                run.tell(None)

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

    def _submit(self, run: Run) -> None:
        pool = self._embedded if run.embedded else self._others
        try:
            run.turn = pool.submit(self._run, run)
        except RuntimeError:  # closed meanwhile; the next server finds it in the journal
            run.tell(None)

    def _run(self, run: Run) -> None:
        """One run to its end; whatever happens, its listeners are told."""
        run.begun, began = True, time.monotonic()
        log.info("job %s begins", run.job)
        try:
            job = self._jobs.find(run.job)
            settings = Settings.model_validate({**job.settings, **run.given})
            named = self.embeddings(settings.embeddings, settings.embedding_backend)
            events = resume(self._journal, job, run.given, embeddings=named, stop=run.stop)
            for event in events:
                if isinstance(event, Done):
                    log.info("job %s ends: %s", run.job, _counts(event))
                cut_short = self._closed and isinstance(event, Done) and not event.result.complete
                run.tell(None if cut_short else event)
        except SaidError as error:
            if error.code == "job.busy":  # another process runs it, and says what comes of it
                run.tell(None)
            else:
                seconds = time.monotonic() - began
                log.info("job %s fails after %.1f s: %s", run.job, seconds, error.code)
                self._fail(run, as_reason(error))
        except Exception as error:  # a listener must never wait for ever
            log.exception("job %s fails after %.1f s", run.job, time.monotonic() - began)
            kind, said = type(error).__name__, str(error)[:300]
            code, fields = logged("job.unexpected", "job.unexpected_logged", kind=kind, reason=said)
            self._fail(run, Reason(code=code, fields=fields))

    def _fail(self, run: Run, reason: Reason) -> None:
        try:
            self._jobs.fail(run.job, reason)
        finally:
            run.tell(Failed(job=run.job, reason=reason))


def _counts(done: Done) -> str:
    """How a run ended, in numbers."""
    result = done.result
    states = ", ".join(f"{count} {state}" for state, count in result.states().items() if count)
    pairs = f"{len(result.kept)} kept, {len(result.duplicates)} duplicates"
    return (
        f"chunks {states or 'none'}; pairs {pairs}, {len(result.rejected)} rejected;"
        f" {result.usage.calls} calls, {done.seconds:.1f} s"
    )


def _is_embedded(job: Job) -> bool:
    """Whether a job is answered by the model in a process of ours, one job at a time."""
    return job.backend.get("name") == "embedded" and not job.backend.get("base_url")
