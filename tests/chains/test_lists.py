"""The list of a job that has ended: kept, changed by a person, undone, and brought over."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.runs import material, resume_job, run, settings_for
from bench.simulated import Faults, Simulated
from chains.errors import JournalError
from chains.journal.edits import edits
from chains.journal.jobs import Jobs
from chains.journal.lists import keep, leave_out, load_list, reword, save_list, undo
from chains.journal.replies import Journal
from chains.run.assembly import Assembly
from pairs.records import Duplicate, PairList, QAPair

# The columns of a journal of version 2.
JOBS_OF_2 = (
    "id fingerprint state owner settings backend output created updated seconds usage counts"
).split()
TABLES_OF_2 = {"owners", "replies", "claims", "jobs", "files", "chunks", "outputs", "vectors"}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "j.sqlite") as opened:
        yield opened


@pytest.fixture
def job(journal: Journal, server: Simulated) -> str:
    """A finished job of both languages, some of whose pairs are not kept."""
    return run([*material(6)], settings_for(server), journal.path).job


def ids(pairs: PairList) -> list[str]:
    every = [*pairs.kept, *(x.item for x in pairs.duplicates), *(x.item for x in pairs.rejected)]
    return sorted(pair.id for pair in every)


def held(pairs: PairList, pair: str) -> QAPair:
    return next(one for one in pairs.kept if one.id == pair)


def test_the_list_comes_back_as_the_run_gave_it(journal: Journal, server: Simulated) -> None:
    done = run(material(6), settings_for(server), journal.path)
    assert len(done.result.kept) > 3
    assert load_list(journal, done.job) == done.result
    assert load_list(journal, done.job, edited=False) == done.result
    # Gone on with, there is nothing to ask, and the list stays.
    again = resume_job(done.job, journal=journal.path)
    assert load_list(journal, done.job).kept == again.result.kept == done.result.kept


@pytest.mark.parametrize("chinese", [True, False])
def test_a_pair_is_put_into_a_persons_words_and_back(
    journal: Journal, job: str, *, chinese: bool
) -> None:
    made = load_list(journal, job)
    pair = next(one for one in made.kept if one.question.isascii() != chinese)
    sentence = pair.evidence.sentence
    words = sentence[2:8] if chinese else " ".join(sentence.split()[1:4])
    reword(journal, job, pair.id, answer=f"  {words} ")
    now = held(load_list(journal, job), pair.id)
    assert (now.answer, now.question, now.edited) == (words, pair.question, True)
    # The evidence is of the new words, in the pair's own chunk.
    assert now.evidence.quote == words
    assert now.evidence.span
    assert now.chunk_id == pair.chunk_id
    reword(journal, job, pair.id, question="新的问题是什么？")
    both = held(load_list(journal, job), pair.id)
    assert (both.question, both.answer) == ("新的问题是什么？", words)
    assert ids(load_list(journal, job)) == ids(made)
    undo(journal, job, pair.id)
    assert load_list(journal, job) == made
    assert edits(journal, job) == []


def test_words_that_stand_nowhere_are_kept_and_say_so(journal: Journal, job: str) -> None:
    pair = load_list(journal, job).kept[0]
    reword(journal, job, pair.id, answer="zzz qqq 9999")
    now = held(load_list(journal, job), pair.id)
    assert (now.evidence.match, now.evidence.span) == ("none", None)


def test_left_out_and_kept_again(journal: Journal, job: str) -> None:
    made = load_list(journal, job)
    pair = made.kept[1]
    leave_out(journal, job, pair.id)
    without = load_list(journal, job)
    assert pair.id not in {one.id for one in without.kept}
    assert ids(without) == ids(made)
    assert load_list(journal, job, edited=False) == made
    keep(journal, job, pair.id)
    assert load_list(journal, job).kept == made.kept
    undo(journal, job, pair.id)
    undo(journal, job, pair.id)
    assert load_list(journal, job) == made


def test_what_a_person_changed_outlives_going_on(tmp_path: Path) -> None:
    with (
        Simulated(faults=Faults(refused_word="Workshop 3")) as server,
        Journal(tmp_path / "j.sqlite") as journal,
    ):
        done = run(material(6), settings_for(server), journal.path)
        assert done.result.states()["failed"]
        pair = done.result.kept[0]
        reword(journal, done.job, pair.id, question="工人怎么说？")
        server.faults = Faults()
        more = resume_job(done.job, again=True, journal=journal.path)
        assert len(more.result.kept) > len(done.result.kept)
        now = load_list(journal, done.job)
        assert held(now, pair.id).question == "工人怎么说？"
        assert len(now.kept) == len(more.result.kept)


def test_what_cannot_be_changed_is_said(journal: Journal, job: str) -> None:
    pair = load_list(journal, job).kept[0].id
    for act, code in (
        (lambda: leave_out(journal, job, "nobody"), "edit.unknown"),
        (lambda: undo(journal, job, ""), "edit.unknown"),
        (lambda: reword(journal, job, pair, question=" \u3000"), "edit.blank"),
        (lambda: keep(journal, "no such", pair), "job.unknown"),
        (lambda: load_list(journal, "no such"), "job.unknown"),
    ):
        with pytest.raises(JournalError) as caught:
            act()
        assert caught.value.code == code
    assert edits(journal, job) == []


def test_a_job_that_broke_off_has_no_list(journal: Journal, job: str) -> None:
    with journal.writing() as db:
        db.execute("DELETE FROM lists")
    with pytest.raises(JournalError) as caught:
        load_list(journal, job)
    assert caught.value.code == "job.no_list"
    with journal.writing() as db:
        db.execute("INSERT INTO lists VALUES (?, ?)", (job, b"\x00"))
    with pytest.raises(JournalError) as caught:
        load_list(journal, job)
    assert caught.value.code == "job.other_version"


def test_a_deleted_job_takes_its_list_and_edits_along(journal: Journal, job: str) -> None:
    leave_out(journal, job, load_list(journal, job).kept[0].id)
    Jobs(journal).delete(job)
    assert journal.rows("SELECT * FROM lists") == journal.rows("SELECT * FROM edits") == []
    save_list(journal, job, PairList())
    assert journal.rows("SELECT * FROM lists") == []


def test_a_long_list_lies_in_files_that_are_read_back_or_refused(
    journal: Journal, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chains.journal.list_files.MOST_IN_A_ROW", 3)
    monkeypatch.setattr("pairs.files.shards.ROWS", 2)
    made = load_list(journal, job)
    pair, other = made.kept[0], made.kept[1]
    same = Duplicate(item=pair, duplicate_of=other, score=0.5, kind="semantic")
    long = made.model_copy(update={"kept": made.kept[1:], "duplicates": (same,), "chunks": ()})
    home = journal.path.with_name(f"{journal.path.name}.lists")
    for _ in range(2):
        save_list(journal, job, long)  # the second time in place of the first
    (folder,) = home.iterdir()
    assert load_list(journal, job) == long
    reword(journal, job, other.id, answer="a person's")
    assert load_list(journal, job).kept[0].answer == "a person's"
    shard, manifest = folder / "kept-00001.parquet", folder / "manifest.json"
    told = json.loads(manifest.read_text("utf-8"))
    assert [one["rows"] for one in told["shards"]["kept"]][:2] == [2, 2]
    for file in (shard, manifest):
        content = file.read_bytes()
        for damaged in (content[:-1], None):
            file.unlink()
            if damaged is not None:
                file.write_bytes(damaged)
            with pytest.raises(JournalError) as caught:
                load_list(journal, job)
            assert (caught.value.code, caught.value.fields["file"]) == ("shards.damaged", str(file))
        file.write_bytes(content)
    monkeypatch.setattr("pairs.files.shards.can_write_shards", lambda: False)
    with pytest.raises(JournalError) as caught:
        load_list(journal, job)
    assert caught.value.code == "shards.no_pyarrow"
    Jobs(journal).delete(job)
    assert list(home.iterdir()) == []


def test_a_journal_of_version_2_goes_on_as_it_was(server: Simulated, tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    done = run(material(4), settings_for(server, check="off"), path)
    _back_to_2(path)
    asked = sum(server.calls.values())
    with Journal(path) as journal:
        (known,) = Jobs(journal).all()
        assert (known.id, known.state, known.served) == (done.job, "done", False)
        with pytest.raises(JournalError) as caught:
            load_list(journal, done.job)
        assert caught.value.code == "job.no_list"
        # Going on as the message says asks nothing again.
        resume_job(done.job, journal=path)
        assert sum(server.calls.values()) == asked
        assert load_list(journal, done.job).kept == done.result.kept
        leave_out(journal, done.job, done.result.kept[0].id)
        assert len(load_list(journal, done.job).kept) == len(done.result.kept) - 1


def test_an_old_journal_is_brought_over_once_by_many(server: Simulated, tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    done = run(material(2), settings_for(server), path)
    _back_to_2(path)
    failed: list[Exception] = []

    def open_it() -> None:
        try:
            with Journal(path) as journal:
                assert Jobs(journal).find(done.job)
        except Exception as error:  # noqa: BLE001 - told below
            failed.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def _back_to_2(path: Path) -> None:
    """Makes a journal what version 2 would have written."""
    db = sqlite3.connect(path, isolation_level=None)
    for statement in (
        "DROP TABLE lists",
        "DROP TABLE edits",
        "DROP TABLE judges",
        "DROP TABLE refused",
        "DROP TABLE stops",
        "DROP TABLE pairs_so_far",
        "DROP TABLE checked_so_far",
        "DROP TABLE names",
        "DROP TABLE revisions",
        "DROP TABLE senders",
        "UPDATE jobs SET settings = json_set(settings, '$.verify', json('false'))",
        "UPDATE jobs SET settings = json_remove(settings, '$.check', '$.judge')",
        "ALTER TABLE jobs DROP COLUMN served",
        "ALTER TABLE jobs DROP COLUMN failure",
        "PRAGMA user_version = 2",
    ):
        db.execute(statement)
    assert [row[1] for row in db.execute("PRAGMA table_info(jobs)")] == JOBS_OF_2
    tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    assert {name for (name,) in tables} - {"sqlite_sequence"} == TABLES_OF_2
    db.close()


def test_a_run_that_lost_sight_of_a_chunk_says_so(
    server: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = Assembly.take

    def forgetful(self: Assembly, *given: object) -> object:
        events = take(self, *given)  # type: ignore[arg-type]  # handed on as they came
        self.states.pop(0, None)
        return events

    monkeypatch.setattr(Assembly, "take", forgetful)
    with pytest.raises(RuntimeError, match="chunks are accounted for"):
        run(material(4), settings_for(server))
