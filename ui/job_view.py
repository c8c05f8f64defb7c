"""View data of jobs for the page: the list of all jobs, and one running or finished job."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from chains import ChunkCounts, Job, JobProgress, Jobs, edits, has_list, load_documents, load_list
from pairs import PairList

from .engine import Engine
from .table import PAGE_SIZES, VIEWS, Table, as_failure, as_row, counts_of, page_of, passage

MOST_JOBS = 200


def jobs_of(engine: Engine) -> list[dict[str, Any]]:
    """The rows of the job list, newest first.

    Raises:
        JournalError: The journal cannot be read.
    """
    return [_row(job) for job in Jobs(engine.journal).all()[:MOST_JOBS]]


def _row(job: Job) -> dict[str, Any]:
    chunks, pairs = job.progress.chunks, job.progress.pairs
    running = job.state in ("running", "broken off")
    names = [source.replace("\\", "/").rpartition("/")[2] for source in job.sources]
    return {
        "id": job.id,
        "state": job.state,
        "names": names,
        "backend": str(job.backend.get("name", "")),
        "created": job.created,
        "kept": pairs.kept if pairs and not running else None,
        "done": chunks.done if running else None,
        "chunks": chunks.total,
    }


REMEMBERED = 8
"""Tables cached in memory; others are read from the journal when needed."""
MOST_UNREAD = 10
"""Documents that could not be read, named one by one."""
_UNDER_WAY = ("waiting", "running")


@dataclass(frozen=True)
class _Cached:
    """A cached table, and the version of its job and edits."""

    version: tuple[Any, ...]
    table: Table


class JobPresenter:
    """Builds the view data of jobs; thread-safe.

    Args:
        engine: Provides the journal and the job runner.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._watches: dict[str, JobProgress] = {}
        self._tables: OrderedDict[tuple[str, str], _Cached] = OrderedDict()
        self._table_lock = threading.Lock()

    def watch(self, job: str) -> JobProgress:
        """The progress tracker of a job."""
        with self._lock:
            return self._watches.setdefault(job, JobProgress(self._engine.runner, job))

    def look(self, job: str, query: dict[str, Any], language: str) -> dict[str, Any]:
        """The state of a job, its counts and a page of its rows.

        Args:
            job: Its whole id.
            query: ``view``, ``page``, ``size`` and ``find`` of the table.
            language: ``en`` or ``zh``.

        Raises:
            JournalError: There is no such job, or it cannot be read.
        """
        watch = self.watch(job)
        watch.catch_up()
        found = Jobs(self._engine.journal).find(job)
        running = self._engine.runner.is_running(found.id) or found.state in _UNDER_WAY
        shown = _about(found, running=running, watch=watch, language=language)
        view, page, size, find = _validated(query)
        if running:
            rows = self._rows_so_far(watch, view, language)
            shown["rows"], shown["total"] = page_of(rows, page, size, find)
            return {**shown, "progress": _progress(found, watch), "views": _so_far(watch)}
        table = self._table(found, language)
        if table is None:
            return {**shown, "rows": [], "total": 0}
        shown["rows"], shown["total"] = table.page(view, page, size, find)
        views = {
            "kept": table.counts["kept"],
            "duplicates": table.counts["duplicates"],
            "rejected": table.counts["rejected"],
            "failed": table.counts["chunks_failed"] + table.counts["chunks_not_asked"],
        }
        return {**shown, "counts": table.counts, "checks": table.checks, "views": views}

    def passage(self, job: str, chunk: str, span: list[int] | None) -> dict[str, Any]:
        """The document text around a pair's evidence.

        Raises:
            JournalError: The journal cannot be read.
        """
        files, chunks = load_documents(self._engine.journal, job)
        for place, one in chunks:
            if one.id == chunk:
                inside = (int(span[0]), int(span[1])) if span else None
                return passage(files[place].text, inside, (one.span.start, one.span.end))
        return {"before": "", "quote": "", "after": "", "begins": True, "ends": True}

    def counts(self, job: str) -> dict[str, int]:
        """The counts of a job's list, edits applied.

        Raises:
            JournalError: It has none.
        """
        return counts_of(self.pairs(job))

    def pairs(self, job: str) -> PairList:
        """A job's list, edits applied.

        Raises:
            JournalError: It has none.
        """
        return load_list(self._engine.journal, job)

    def _table(self, job: Job, language: str) -> Table | None:
        """A finished job's rows; None where it ended without a list."""
        journal = self._engine.journal
        if not has_list(journal, job.id):
            return None
        changed = tuple(edit.model_dump_json() for edit in edits(journal, job.id))
        version = (job.updated, changed)
        # Ten chats that ask at once for a list of thousands of pairs must not read it ten times.
        with self._table_lock:
            cached = self._tables.get((job.id, language))
            if cached is None or cached.version != version:
                cached = _Cached(version, Table(self.pairs(job.id), language))
                self._tables[job.id, language] = cached
            self._tables.move_to_end((job.id, language))
            while len(self._tables) > REMEMBERED:
                self._tables.popitem(last=False)
        return cached.table

    def _rows_so_far(self, watch: JobProgress, view: str, language: str) -> list[dict[str, Any]]:
        if view == "kept":
            return [as_row(pair) for pair in watch.pairs()]
        if view == "failed":
            return [as_failure(outcome, language) for outcome in watch.failed()]
        return []


def _validated(query: dict[str, Any]) -> tuple[str, int, int, str]:
    """View, page, page size and search text of a query from the browser, within bounds."""
    view = str(query.get("view", VIEWS[0]))
    size = query.get("size")
    page = query.get("page")
    return (
        view if view in VIEWS else VIEWS[0],
        page if isinstance(page, int) else 0,
        size if size in PAGE_SIZES else PAGE_SIZES[0],
        str(query.get("find", ""))[:200],
    )


def _about(job: Job, *, running: bool, watch: JobProgress, language: str) -> dict[str, Any]:
    failure = None if running else job.failure
    state = job.state
    if running and state not in _UNDER_WAY:
        state = "waiting"  # taken on, and not yet begun
    elif not running and state in _UNDER_WAY:
        state = "broken off"
    prepared = watch.prepared
    return {
        "job": job.id,
        "state": state,
        "running": running,
        "failure": failure.say(language) if failure else "",
        "unread": [reason.say(language) for reason in job.refused[:MOST_UNREAD]],
        "unread_count": len(job.refused),
        "backend": str(job.backend.get("name", "")),
        "model": prepared.model if prepared else str(job.backend.get("model", "")),
        "seconds": round(job.seconds),
        "tokens": job.usage.prompt + job.usage.completion,
        "calls": job.usage.calls,
    }


def _progress(job: Job, watch: JobProgress) -> dict[str, Any]:
    """The progress line: from this process's run, or from the journal for another process's."""
    if watch.prepared is not None and not watch.over:
        return watch.snapshot()._asdict()
    chunks = job.progress.chunks if job.state == "running" else ChunkCounts()
    return {
        "done": chunks.done,
        "total": chunks.total,
        "pairs": None,
        "aside": None,
        "failed": job.progress.chunks.failed,
        "tokens": None,
        "calls": None,
        "eta": None,
    }


def _so_far(watch: JobProgress) -> dict[str, int | None]:
    now = watch.snapshot()
    return {"kept": now.pairs, "failed": now.failed}
