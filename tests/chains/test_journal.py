"""The journal keeps what it was given, among threads and processes, and says when it cannot."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage

from chains.errors import JournalError
from chains.journal.database import Database
from chains.journal.documents import save_documents
from chains.journal.jobs import Jobs
from chains.journal.leases import DEAD_AFTER, Lease, is_alive
from chains.journal.replies import Journal, request_key
from chains.journal.stops import is_stop_wished, wish_stop
from chains.records import Job, Progress, Reply
from loaders.records import Chunk, Span
from pairs.records import ChunkOutcome

OPENING = """
import sys
from pathlib import Path
from chains.journal.replies import Journal
from chains.records import Reply
who, path = sys.argv[1], Path(sys.argv[2])
sys.stdin.read()
with Journal(path) as journal:
    for n in range(50):
        journal.keep({f"{who}-{n}": Reply(chunk_id=who, text=f"{n}")})
"""


def owned(journal: Journal) -> Lease:
    return Lease(journal, threading.Event())


def job(name: str, fingerprint: str = "same") -> Job:
    return Job(id=name, fingerprint=fingerprint)


def chunk(text: str) -> Chunk:
    span = Span(start=0, end=len(text))
    return Chunk(id=Chunk.make_id("", span, text), index=0, text=text, span=span, source="a.txt")


@settings(deadline=None, max_examples=60)
@given(text=st.text(st.characters()), other=st.text())
def test_a_reply_comes_back_as_it_was_given(
    text: str, other: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Journal(tmp_path_factory.mktemp("journal") / "j.sqlite") as journal:
        reply = Reply(chunk_id="a", text=text, model=other)
        journal.keep({"key": reply})
        assert journal.reply("key") == reply
        assert journal.reply("other") is None


def test_lone_surrogates_of_a_reply_do_not_break_the_journal(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.sqlite") as journal:
        journal.keep({"key": Reply(chunk_id="a", text="答\ud83d\ude00：\ud800 yes")})
        kept = journal.reply("key")
    assert kept is not None
    assert kept.text == "答😀：\ufffd yes"


def test_a_key_tells_every_part_of_a_request_apart() -> None:
    messages = [HumanMessage("甲"), AIMessage("b")]
    keys = {
        request_key(messages, "m", "a", {"t": 0}),
        request_key([*messages, HumanMessage("")], "m", "a", {"t": 0}),
        request_key([AIMessage("甲"), AIMessage("b")], "m", "a", {"t": 0}),
        request_key([HumanMessage("甲b")], "m", "a", {"t": 0}),
        request_key(messages, "n", "a", {"t": 0}),
        request_key(messages, "m", "b", {"t": 0}),
        request_key(messages, "m", "a", {"t": 1}),
    }
    assert len(keys) == 7
    assert request_key(list(messages), "m", "a", {"t": 0}) in keys


def test_processes_that_open_a_new_journal_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "new" / "j.sqlite"
    children = [
        subprocess.Popen([sys.executable, "-c", OPENING, str(n), str(path)], stdin=subprocess.PIPE)
        for n in range(3)
    ]
    for child in children:
        assert child.stdin
        child.stdin.close()
    assert [child.wait() for child in children] == [0, 0, 0]
    with Journal(path) as journal:
        assert all(journal.reply(f"{who}-{n}") for who in range(3) for n in range(50))
    assert path.stat().st_mode & 0o077 == 0


def test_only_one_of_many_threads_may_ask(tmp_path: Path) -> None:
    with (
        Journal(tmp_path / "j.sqlite") as one,
        Journal(tmp_path / "j.sqlite") as two,
        owned(one) as first,
        owned(two) as second,
        ThreadPoolExecutor(8) as pool,
    ):
        for n in range(20):
            claims = [(one, first.id), (two, second.id)] * 4
            won = list(pool.map(lambda claim, n=n: len(claim[0].claim([f"{n}"], claim[1])), claims))
            assert sum(won) == 1
        winner = one if two.claim(["x"], second.id) else two
        assert winner is one
        two.release(["x"], second.id)
        assert one.claim(["x"], first.id)
        one.keep({"x": Reply(chunk_id="a", text="yes")})
        assert not two.claim(["x"], second.id)


def test_what_the_dead_claimed_is_free(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    dying = (
        "import os, sys, threading; from pathlib import Path;"
        "from chains.journal.replies import Journal;"
        "from chains.journal.leases import Lease; from chains.journal.jobs import Jobs;"
        "from chains.records import Job;"
        "journal = Journal(Path(sys.argv[1])); owner = Lease(journal, threading.Event());"
        "owner.__enter__(); Jobs(journal).open(Job(id='dead', fingerprint='same'), owner.id);"
        "print(len(journal.claim(['key'], owner.id)), flush=True); os._exit(9)"
    )
    child = subprocess.run(
        [sys.executable, "-c", dying, str(path)], capture_output=True, text=True, check=False
    )
    assert (child.returncode, child.stdout) == (9, "1\n"), child.stderr
    with Journal(path) as journal, owned(journal) as owner:
        assert Jobs(journal).find("dead").state == "broken off"
        assert journal.claim(["key"], owner.id)
        assert Jobs(journal).open(job("new"), owner.id)[0].id == "dead"


def test_a_living_owner_keeps_its_job(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.sqlite") as journal, owned(journal) as first:
        jobs = Jobs(journal)
        assert jobs.open(job("one"), first.id) == (job("one"), True)
        with owned(journal) as second:
            assert jobs.open(job("two"), second.id)[0].id == "two"
            for attempt in (
                lambda: jobs.take(job("one"), second.id),
                lambda: jobs.delete("one"),
                lambda: jobs.pass_over_failed("one"),
            ):
                with pytest.raises(JournalError) as caught:
                    attempt()
                assert caught.value.code == "job.busy"
        assert jobs.open(job("three"), first.id)[0].id == "two"


def test_a_run_taken_for_dead_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chains.journal.leases.BEAT_SECONDS", 0.01)
    lost = threading.Event()
    with Journal(tmp_path / "j.sqlite") as journal, Lease(journal, lost) as owner:
        with journal.writing() as db:
            db.execute("DELETE FROM owners WHERE id = ?", (owner.id,))
        assert lost.wait(10)
        with pytest.raises(JournalError) as caught:
            journal.claim(["key"], owner.id)
        assert caught.value.code == "job.lost"


def test_a_run_does_not_end_a_job_that_another_has_taken(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.sqlite") as journal:
        jobs = Jobs(journal)
        with owned(journal) as first:
            jobs.open(job("a"), first.id)
        with owned(journal) as second:
            jobs.take(job("a"), second.id)
            jobs.end(job("a").model_copy(update={"state": "done"}), first.id)
            assert jobs.find("a").state == "running"
            jobs.end(job("a").model_copy(update={"state": "done"}), second.id)
            assert jobs.find("a").state == "done"


def test_deleting_a_job_keeps_what_others_were_given(tmp_path: Path) -> None:
    mine, shared = chunk("mine"), chunk("shared")
    with Journal(tmp_path / "j.sqlite") as journal:
        jobs = Jobs(journal)
        for name, chunks in (("one", [mine, shared]), ("two", [shared])):
            with owned(journal) as owner:
                jobs.open(job(name, name), owner.id)
                save_documents(journal, name, [], [(0, each) for each in chunks])
        for each in (mine, shared):
            journal.keep({each.text: Reply(chunk_id=each.id, text="yes")})
        jobs.delete("one")
        assert [one.id for one in jobs.all()] == ["two"]
        assert journal.reply("mine") is None
        assert journal.reply("shared")
        jobs.delete("two")
        assert journal.reply("shared") is None
        with pytest.raises(JournalError):
            jobs.delete("two")


def test_a_bad_reply_is_passed_over_and_kept(tmp_path: Path) -> None:
    one = chunk("one")
    failed = ChunkOutcome(chunk_id=one.id, span=one.span, state="failed")
    with Journal(tmp_path / "j.sqlite") as journal:
        jobs = Jobs(journal)
        with owned(journal) as owner:
            jobs.open(job("a"), owner.id)
            save_documents(journal, "a", [], [(0, one)])
            journal.keep({"key": Reply(chunk_id=one.id, text="bad")})
            journal.keep({"fine": Reply(chunk_id=one.id, text="fine")})
            jobs.save_outcomes("a", [(0, failed, ["key"])])
        assert jobs.pass_over_failed("a") == 1
        assert jobs.pass_over_failed("a") == 0
        assert journal.reply("key") is None
        assert journal.reply("fine")
        assert [reply.text for reply in journal.replies_about(one.id)] == ["fine"]
        journal.keep({"key": Reply(chunk_id=one.id, text="good")})
        assert (journal.reply("key") or failed).model_dump()["text"] == "good"
        rows = journal.rows("SELECT reply FROM replies WHERE key = 'key' ORDER BY attempt")
        assert [Reply.model_validate_json(row).text for (row,) in rows] == ["bad", "good"]


def test_a_closing_server_puts_back_what_has_not_ended(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.sqlite") as journal, owned(journal) as owner:
        jobs = Jobs(journal)
        for name, state in (("a", "done"), ("b", "stopped")):
            opened, _ = jobs.open(job(name, fingerprint=name), owner.id)
            assert wish_stop(journal, name)
            jobs.end(opened.model_copy(update={"state": state}), owner.id)
            assert not is_stop_wished(journal, name)  # the wish ends with the run
        jobs.put_back(["a", "b"])
        assert [jobs.find(name).state for name in "ab"] == ["done", "waiting"]


@pytest.mark.parametrize(("silent", "alive"), [(0.5, True), (1.1, False)])
def test_a_run_elsewhere_is_dead_once_its_heart_is_silent(
    silent: float, alive: bool, tmp_path: Path
) -> None:
    with Journal(tmp_path / "j.sqlite") as journal, journal.writing() as db:
        beat = time.time() - silent * DEAD_AFTER
        db.execute("INSERT INTO owners VALUES ('o', 'another host', 1, ?)", (beat,))
        assert is_alive(db, "o") is alive


def test_a_full_disk_is_said_and_breaks_nothing(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.sqlite") as journal:
        journal.keep({"before": Reply(chunk_id="a", text="yes")})
        (pages,) = journal.rows("PRAGMA page_count")[0]
        journal.rows(f"PRAGMA max_page_count = {pages + 1}")
        with pytest.raises(JournalError) as caught:
            journal.keep({"big": Reply(chunk_id="a", text="长" * 100_000)})
        assert caught.value.code == "journal.write"
        assert "full" in caught.value.say("zh")
        assert journal.reply("before")
        journal.rows("PRAGMA max_page_count = 1000000")
        journal.keep({"after": Reply(chunk_id="a", text="yes")})
        assert journal.reply("after")


WHOLE = {"pairs": 2, "nothing": 0, "repeated": 1, "failed": 1, "not asked": 0}


@pytest.mark.parametrize(
    ("state", "counts", "chunks", "pairs", "verification"),
    [
        ("waiting", {}, (1, 3), None, None),
        ("failed", {}, (1, 3), None, None),
        ("running", {"chunks": 4, **WHOLE, "kept": 5, "duplicates": 1, "rejected": 2},
         (1, 3), (5, 1, 2), None),
        # A run that ended without a list wrote down no more than how many chunks there are.
        ("stopped", {"chunks": 4}, (1, 3), None, None),
        ("partial", {"chunks": 4, **WHOLE, "kept": 5, "duplicates": 1, "rejected": 2,
                     "verified": 3, "doubted": 1, "unverified": 1},
         (4, 0), (5, 1, 2), (3, 1, 1)),
        ("done", {"chunks": 4, **WHOLE, "kept": 0, "duplicates": 0, "rejected": 0},
         (4, 0), (0, 0, 0), None),
    ],
)  # fmt: skip
def test_counts_of_an_earlier_version_are_read_as_progress(
    state: str,
    counts: dict[str, int],
    chunks: tuple[int, int],
    pairs: tuple[int, int, int] | None,
    verification: tuple[int, int, int] | None,
    tmp_path: Path,
) -> None:
    """Four chunks, one of them answered as the table of chunks has it."""
    with Journal(tmp_path / "j.sqlite") as journal:
        jobs = Jobs(journal)
        jobs.add(job("j"))
        save_documents(journal, "j", [], ((0, chunk(f"{n}")) for n in range(4)))
        outcome = ChunkOutcome(chunk_id="", state="pairs", span=Span(start=0, end=1))
        jobs.save_outcomes("j", [(0, outcome, [])])
        with journal.writing() as db:
            db.execute("UPDATE jobs SET state = ?, counts = ?", (state, json.dumps(counts)))
        told = jobs.find("j").progress
    assert (told.chunks.done, told.chunks.not_asked, told.chunks.total) == (*chunks, 4)
    found, marked = told.pairs, told.verification
    assert (found and (found.kept, found.duplicates, found.rejected)) == pairs
    assert (marked and (marked.verified, marked.doubted, marked.unverified)) == verification
    assert Progress.of_counts(told.counts()) == told


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    text, newer = tmp_path / "notes.txt", tmp_path / "newer.sqlite"
    text.write_text("not a journal, 不是日志 " * 100, encoding="utf-8")
    with sqlite3.connect(newer) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    for path, code in (
        (text, "journal.open"),
        (newer, "journal.version"),
        (tmp_path, "journal.open"),
    ):
        with pytest.raises(JournalError) as caught:
            Database(path)
        assert caught.value.code == code
        assert str(path) in caught.value.say("zh")
    assert text.read_text(encoding="utf-8").startswith("not a journal")


def test_an_output_stays_ours_until_somebody_changes_it(tmp_path: Path) -> None:
    output, part = tmp_path / "a.jsonl", tmp_path / "part"
    with Journal(tmp_path / "j.sqlite") as journal, owned(journal) as owner:
        Jobs(journal).open(job("a"), owner.id)
        output.write_text("one", encoding="utf-8")
        assert journal.output_of(output) is None
        journal.save_output("a", output)
        part.write_text("two", encoding="utf-8")
        journal.save_output("a", output, part)
        # Killed here, or just after the move: either content is ours.
        assert journal.output_of(output) == "a"
        part.replace(output)
        assert journal.output_of(output) == "a"
        output.write_text("edited", encoding="utf-8")
        assert journal.output_of(output) is None
