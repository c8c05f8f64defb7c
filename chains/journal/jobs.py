"""Jobs in the journal: settings, sources, lease, progress and chunk outcomes."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Container, Sequence
from typing import Any

from pairs.records import ChunkOutcome, Reason, TokenUsage

from ..errors import JournalError
from ..records import ChunkCounts, Job, Progress
from .database import Database
from .leases import is_alive
from .list_files import clear_shards
from .names import name_of
from .so_far import forget_so_far

LATEST = "latest"
ASIDE = "+"
"""Behind a chunk's id where a person had the model asked: no run takes such replies for its own."""
_ENDED = ("done", "partial", "stopped")
_FIELDS = (
    "id, fingerprint, state, settings, backend, output, created, updated, seconds, usage, counts,"
    " served, failure"
)


class Jobs:
    """The jobs of a journal.

    Args:
        database: The journal.

    Example:
        >>> pairs = extract_pairs("examples/documents/hzmb.pdf", check="off")
        >>> with Journal() as journal:
        ...     print(Jobs(journal).all()[0].state)
        done
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, job: Job, owner: str, but: Container[str] = ()) -> tuple[Job, bool]:
        """The job for a run, and whether it is new.

        The newest job that would ask the same is resumed, unless a live process holds it; then the
        given job is added beside it, and the two share their replies.

        Args:
            job: The job to add where there is none to resume.
            owner: The run's id.
            but: Ids of jobs that are not resumed.

        Raises:
            JournalError: The journal cannot be written.
        """
        with self._database.writing() as db:
            known = db.execute(
                "SELECT id, owner FROM jobs WHERE fingerprint = ? ORDER BY created DESC",
                (job.fingerprint,),
            ).fetchall()
            free = next(
                (id_ for id_, held in known if id_ not in but and not is_alive(db, held)), None
            )
            if free:
                job = job.model_copy(update={"id": free})
                _take(db, job, owner)
                return job, False
            now = time.time()
            db.execute(
                "INSERT INTO jobs (id, fingerprint, state, owner, settings, backend, created,"
                " updated) VALUES (?, ?, 'running', ?, ?, ?, ?, ?)",
                (job.id, job.fingerprint, owner, *_choices(job), now, now),
            )
        return job, True

    def add(self, job: Job) -> None:
        """Saves a job that a server has queued.

        Raises:
            JournalError: The journal cannot be written.
        """
        now = time.time()
        with self._database.writing() as db:
            db.execute(
                "INSERT INTO jobs (id, fingerprint, state, settings, backend, created, updated,"
                " served) VALUES (?, ?, 'waiting', ?, ?, ?, ?, 1)",
                (job.id, job.fingerprint, *_choices(job), now, now),
            )

    def take(self, job: Job, owner: str) -> None:
        """Makes an owner the holder of a job that it resumes.

        Raises:
            JournalError: There is no such job, or a live process holds it.
        """
        with self._database.writing() as db:
            _check_free(db, job.id)
            _take(db, job, owner)

    def give_back(self, before: Job, owner: str) -> None:
        """Puts a job back as it was before a run took it, if the run has paid for nothing.

        Args:
            before: The job as ``find`` told it then.
            owner: The run's id.

        Raises:
            JournalError: The journal cannot be written.
        """
        # The state of a run that was broken off is told from its owner, who is gone.
        state = "running" if before.state == "broken off" else before.state
        failure = before.failure.model_dump_json() if before.failure else None
        counts, output = json.dumps(before.progress.counts()), json.dumps(before.output)
        values = (state, failure, before.fingerprint, *_choices(before))
        with self._database.writing() as db:
            row = db.execute(
                "SELECT usage FROM jobs WHERE id = ? AND (owner = ? OR owner IS NULL)",
                (before.id, owner),
            ).fetchone()
            if row is None or TokenUsage.model_validate_json(row[0]) != before.usage:
                return
            db.execute(
                "UPDATE jobs SET state = ?, failure = ?, fingerprint = ?, settings = ?,"
                " backend = ?, owner = NULL, counts = ?, output = ?, seconds = ?, updated = ?"
                " WHERE id = ?",
                (*values, counts, output, before.seconds, before.updated, before.id),
            )

    def save_outcomes(
        self, job: str, ended: Sequence[tuple[int, ChunkOutcome, Sequence[str]]]
    ) -> None:
        """Saves the outcomes of chunks.

        Args:
            job: Its id.
            ended: Each chunk's place, its outcome, and the keys of replies that made it fail.

        Raises:
            JournalError: The journal cannot be written.
        """
        rows = [
            (outcome.state, outcome.model_dump_json(), json.dumps(list(bad)), job, place)
            for place, outcome, bad in ended
        ]
        with self._database.writing() as db:
            db.executemany(
                "UPDATE chunks SET state = ?, outcome = ?, bad_replies = ?"
                " WHERE job = ? AND place = ?",
                rows,
            )

    def end(self, job: Job, owner: str) -> None:
        """Saves the end of a run: its state and progress; adds its usage and seconds to the job's.

        Nothing is written if another run has taken the job over meanwhile.

        Args:
            job: Its state and progress now; its usage and seconds are this run's alone.
            owner: The run's id.

        Raises:
            JournalError: The journal cannot be written.
        """
        with self._database.writing() as db:
            row = db.execute(
                "SELECT usage FROM jobs WHERE id = ? AND owner = ?", (job.id, owner)
            ).fetchone()
            if row is None:
                return
            paid = TokenUsage.model_validate_json(row[0]) + job.usage
            db.execute(
                "UPDATE jobs SET state = ?, owner = NULL, counts = ?, usage = ?,"
                " seconds = seconds + ?, updated = ? WHERE id = ?",
                (
                    job.state,
                    json.dumps(job.progress.counts()),
                    paid.model_dump_json(),
                    job.seconds,
                    time.time(),
                    job.id,
                ),
            )
            db.execute("DELETE FROM stops WHERE job = ?", (job.id,))

    def fail(self, job: str, reason: Reason) -> None:
        """Saves why a job could not run at all, unless a live process holds it.

        Raises:
            JournalError: The journal cannot be written.
        """
        with self._database.writing() as db:
            db.execute(
                "UPDATE jobs SET state = 'failed', failure = ?, updated = ?"
                " WHERE id = ? AND owner IS NULL",
                (reason.model_dump_json(), time.time(), job),
            )

    def put_back(self, jobs: Sequence[str]) -> None:
        """Queues jobs again that a closing server could not finish.

        Raises:
            JournalError: The journal cannot be written.
        """
        ids = [(job,) for job in jobs]
        with self._database.writing() as db:
            db.executemany(
                "UPDATE jobs SET state = 'waiting', served = 1 WHERE id = ? AND owner IS NULL"
                " AND state != 'done'",
                ids,
            )
            db.executemany("DELETE FROM stops WHERE job = ?", ids)

    def save_output(self, job: str, output: dict[str, str]) -> None:
        """Saves the path and format a job's list is to be written to.

        Raises:
            JournalError: The journal cannot be written.
        """
        with self._database.writing() as db:
            db.execute("UPDATE jobs SET output = ? WHERE id = ?", (json.dumps(output), job))

    def __len__(self) -> int:
        return int(self._database.rows("SELECT COUNT(*) FROM jobs")[0][0])

    def all(self, most: int = -1, after: int = 0, *, unfinished: bool = False) -> list[Job]:
        """The jobs, the newest first.

        Args:
            most: How many; -1 for all.
            after: How many of the newest are left out.
            unfinished: Whether only those that a server took on and has not ended.

        Raises:
            JournalError: The journal cannot be read.
        """
        which = "WHERE served AND state IN ('waiting', 'running')" if unfinished else ""
        return self._jobs(f"{which} ORDER BY created DESC LIMIT ? OFFSET ?", most, after)

    def find(self, job: str) -> Job:
        """The job of an id or of a unique beginning of one; of ``latest`` the one begun last.

        Raises:
            JournalError: There is no such job, or several.
        """
        if job == LATEST:
            for newest in self.all(1):
                return newest
            raise JournalError("job.none")
        found = self._jobs("WHERE id = ?", job)
        if job and not found:
            found = self._jobs("WHERE substr(id, 1, ?) = ? LIMIT 2", len(job), job)
        if len(found) != 1:
            raise JournalError("job.unknown", job=job)
        return found[0]

    def outcomes(self, job: str) -> list[ChunkOutcome]:
        """The outcomes of a job's ended chunks, in document order.

        Raises:
            JournalError: The journal cannot be read.
        """
        return [*self._outcomes(job).values()]

    def answered(self, job: str) -> dict[int, ChunkOutcome]:
        """The outcomes of a job's chunks that were answered well, by the chunk's place.

        Raises:
            JournalError: The journal cannot be read.
        """
        every = self._outcomes(job).items()
        return {place: one for place, one in every if one.state in ("pairs", "nothing")}

    def _outcomes(self, job: str) -> dict[int, ChunkOutcome]:
        query = "SELECT place, outcome FROM chunks WHERE job = ? AND outcome IS NOT NULL"
        rows = self._database.rows(f"{query} ORDER BY place", job)
        return {place: ChunkOutcome.model_validate_json(outcome) for place, outcome in rows}

    def asking_the_same(self, fingerprint: str) -> list[str]:
        """The ids of the jobs of a fingerprint, the newest first.

        Raises:
            JournalError: The journal cannot be read.
        """
        query = "SELECT id FROM jobs WHERE fingerprint = ? ORDER BY created DESC"
        return [id_ for (id_,) in self._database.rows(query, fingerprint)]

    def delete(self, job: str) -> None:
        """Deletes a job, its texts, and every reply that no other job uses.

        Raises:
            JournalError: There is no such job, or a live process holds it.
        """
        with self._database.writing() as db:
            _check_free(db, job)
            chunks = db.execute("SELECT chunk_id FROM chunks WHERE job = ?", (job,)).fetchall()
            db.execute("DELETE FROM jobs WHERE id = ?", (job,))
            db.executemany(
                "DELETE FROM replies WHERE chunk_id IN (?1, ?1 || ?2)"
                " AND NOT EXISTS (SELECT 1 FROM chunks WHERE chunk_id = ?1)",
                [(chunk, ASIDE) for (chunk,) in chunks],
            )
        clear_shards(self._database.path, job)

    def pass_over_failed(self, job: str, owner: str = "") -> int:
        """The number of failed chunks that will be asked about again; marks their replies as bad.

        Args:
            job: Its id.
            owner: The run that holds the job, if one does.

        Raises:
            JournalError: There is no such job, or a live process holds it.
        """
        with self._database.writing() as db:
            _check_free(db, job, owner)
            failed = db.execute(
                "SELECT place, bad_replies FROM chunks WHERE job = ? AND state = 'failed'", (job,)
            ).fetchall()
            for place, keys in failed:
                db.executemany(
                    "UPDATE replies SET passed_over = 1 WHERE key = ?",
                    [(key,) for key in json.loads(keys)],
                )
                db.execute(
                    "UPDATE chunks SET state = 'not asked', outcome = NULL, bad_replies = '[]'"
                    " WHERE job = ? AND place = ?",
                    (job, place),
                )
        return len(failed)

    def _jobs(self, which: str, *values: object) -> list[Job]:
        rows = self._database.rows(f"SELECT {_FIELDS}, owner FROM jobs {which}", *values)  # noqa: S608 - ours
        with self._database.writing() as db:
            return [_read(db, row) for row in rows]


def _read(db: sqlite3.Connection, row: tuple[Any, ...]) -> Job:
    """The job of a database row.

    Raises:
        JournalError: Another version wrote the row.
    """
    try:
        return _job(db, row)
    except (ValueError, TypeError, RecursionError) as error:
        raise JournalError("job.other_version", job=str(row[0])[:64]) from error


def _job(db: sqlite3.Connection, row: tuple[Any, ...]) -> Job:
    values = dict(zip(_FIELDS.split(", "), row, strict=False))
    for name in ("settings", "backend", "output", "usage", "counts"):
        values[name] = json.loads(values[name])
    values["failure"] = json.loads(values["failure"] or "null")
    query = "SELECT source FROM files WHERE job = ? ORDER BY place LIMIT 3"
    values["sources"] = [source for (source,) in db.execute(query, (values["id"],))]
    values["name"] = name_of(db, values["id"])
    rows = db.execute("SELECT reason FROM refused WHERE job = ? ORDER BY place", (values["id"],))
    values["refused"] = [Reason.model_validate_json(reason) for (reason,) in rows]
    if values["state"] == "running" and not is_alive(db, row[-1]):
        values["state"] = "broken off"
    values["progress"] = _progress(db, values.pop("counts"), values["id"], values["state"])
    return Job.model_validate(values)


def _progress(db: sqlite3.Connection, counts: Any, job: str, state: str) -> Progress:
    """The progress a job's last run saved; for an unfinished run with its current chunk counts."""
    progress = Progress.of_counts(counts)
    if state in _ENDED and 0 < progress.chunks.total >= counts.get("chunks", 0):
        return progress
    query = "SELECT state, COUNT(*) FROM chunks WHERE job = ? GROUP BY state"
    states = {one.replace(" ", "_"): count for one, count in db.execute(query, (job,))}
    return progress.model_copy(update={"chunks": ChunkCounts.model_validate(states)})


def _check_free(db: sqlite3.Connection, job: str, owner: str = "") -> None:
    row = db.execute("SELECT owner FROM jobs WHERE id = ?", (job,)).fetchone()
    if row is None:
        raise JournalError("job.unknown", job=job)
    if row[0] != owner and is_alive(db, row[0]):
        raise JournalError("job.busy", job=job)


def _take(db: sqlite3.Connection, job: Job, owner: str) -> None:
    db.execute(
        "UPDATE jobs SET state = 'running', failure = NULL, owner = ?, fingerprint = ?,"
        " settings = ?, backend = ?, updated = ? WHERE id = ?",
        (owner, job.fingerprint, *_choices(job), time.time(), job.id),
    )
    # Whoever goes on with a job wants it to run, whatever was wanted of an earlier run.
    db.execute("DELETE FROM stops WHERE job = ?", (job.id,))
    forget_so_far(db, job.id)


def _choices(job: Job) -> tuple[str, str]:
    return json.dumps(job.settings), json.dumps(job.backend)
