"""View data of jobs for the page: the list of all jobs, and one running or finished job."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from chains import (
    Job,
    JobProgress,
    Jobs,
    edits,
    has_list,
    load_documents,
    load_list,
    pairs_so_far,
)
from pairs import PairList, Reason

from .engine import Engine
from .job_state import UNDER_WAY, ending, paid, state_of
from .table import PAGE_SIZES, VIEWS, Table, as_failure, as_row, counts_of, page_of, passage
from .words import told

MOST_JOBS = 200


def name_of(job: Job) -> str:
    """What a job is called: as a person named it, else its documents' names."""
    names = [source.replace("\\", "/").rpartition("/")[2] for source in job.sources]
    return job.name or ", ".join(names) or job.id


REMEMBERED = 8
"""Tables cached in memory; others are read from the journal when needed."""
MOST_UNREAD = 10
"""Documents that could not be read, named one by one."""


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
        self._facts: dict[str, tuple[Any, int, Reason | None]] = {}

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
        here = self._engine.runner.is_running(found.id)
        running = here or found.state in UNDER_WAY
        table = None if running else self._table(found, language)
        halt = table.halt if table else None
        stopping = running and self._engine.runner.is_stopping(found.id)
        state = state_of(found, here=here, stopping=stopping, halt=halt)
        prepared = watch.prepared if here else None
        shown: dict[str, Any] = {
            "job": found.id,
            "name": name_of(found),
            "state": state,
            "running": running,
            "unread": [told(reason, language) for reason in found.refused[:MOST_UNREAD]],
            "unread_count": len(found.refused),
            "backend": str(found.backend.get("name", "")),
            "model": prepared.model if prepared else str(found.backend.get("model", "")),
        }
        view, page, size, find = _validated(query)
        if table is None:
            so_far = _SoFar(self._engine, found, watch if here and watch.prepared else None)
            rows = so_far.rows(view, language)
            shown["rows"], shown["total"] = page_of(rows, page, size, find)
            shown["views"] = so_far.views()
            if running:
                return {**shown, "progress": so_far.progress()}
            ended = ending(state, None, found.failure, language)
            return {**shown, "ending": ended, "broken": state != "waiting"}
        shown["rows"], shown["total"] = table.page(view, page, size, find)
        counts = table.counts
        return {
            **shown,
            "counts": counts,
            "checks": table.checks,
            "ending": [
                *ending(state, counts, found.failure or halt, language),
                paid(found, language),
            ],
            "broken": state in ("halted", "failed", "broken off"),
            "views": {one: counts.get(one, counts.get(f"chunks_{one}")) for one in VIEWS},
        }

    def jobs(self, language: str) -> list[dict[str, Any]]:
        """The rows of the job list, newest first, their counts with the user's edits.

        Args:
            language: ``en`` or ``zh``.

        Raises:
            JournalError: The journal cannot be read.
        """
        found = Jobs(self._engine.journal).all(MOST_JOBS)
        return [self._row(job, language) for job in found]

    def _row(self, job: Job, language: str) -> dict[str, Any]:
        runner, chunks, pairs = self._engine.runner, job.progress.chunks, job.progress.pairs
        here = runner.is_running(job.id)
        running = here or job.state in UNDER_WAY
        kept, halt = pairs.kept if pairs and not running else None, None
        if kept is not None:
            kept, halt = self._ended(job, language, kept)
        stopping = running and runner.is_stopping(job.id)
        return {
            "id": job.id,
            "state": state_of(job, here=here, stopping=stopping, halt=halt),
            "running": running,
            "name": name_of(job),
            "backend": str(job.backend.get("name", "")),
            "created": job.created,
            "kept": kept,
            "done": chunks.done if kept is None else None,
            "chunks": chunks.total,
        }

    def _ended(self, job: Job, language: str, kept: int) -> tuple[int, Reason | None]:
        """How many pairs a list keeps, edits applied, and what halted it; read only once."""
        changes = edits(self._engine.journal, job.id)
        if job.state != "stopped" and not changes:
            return kept, None
        version = (job.updated, len(changes), changes[-1:])
        known = self._facts.get(job.id)
        if known is None or known[0] != version:
            table = self._table(job, language)
            known = (
                version,
                table.counts["kept"] if table else kept,
                table.halt if table else None,
            )
            self._facts[job.id] = known
        return known[1], known[2]

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


class _SoFar:
    """What there is of a job without a list: by its run here, else by the journal.

    Args:
        engine: Provides the journal.
        job: From the journal.
        watch: The progress of its run in this process; None where it has none.
    """

    def __init__(self, engine: Engine, job: Job, watch: JobProgress | None) -> None:
        self._job = job
        self._now = watch.snapshot() if watch else None
        if watch:
            self._pairs, self._failed = watch.pairs(), watch.failed()
        else:
            self._pairs = pairs_so_far(engine.journal, job.id)
            outcomes = Jobs(engine.journal).outcomes(job.id)
            self._failed = [one for one in outcomes if one.state == "failed"]

    def rows(self, view: str, language: str) -> list[dict[str, Any]]:
        """The rows of a tab."""
        if view == "kept":
            return [as_row(pair) for pair in self._pairs]
        return [as_failure(one, language) for one in self._failed] if view == "failed" else []

    def views(self) -> dict[str, int]:
        """How many rows each tab has."""
        return {"kept": len(self._pairs), "failed": len(self._failed)}

    def progress(self) -> dict[str, Any]:
        """The progress line; tokens are those of earlier runs, too."""
        usage, now, chunks = self._job.usage, self._now, self._job.progress.chunks
        paid_before = usage.prompt + usage.completion
        if now is not None:
            return {**now._asdict(), "tokens": paid_before + now.tokens}
        known = self._job.state == "running"
        return {
            "done": chunks.done if known else 0,
            "total": chunks.total if known else 0,
            "pairs": len(self._pairs) if known else None,
            "failed": len(self._failed),
            "tokens": paid_before,
        }
