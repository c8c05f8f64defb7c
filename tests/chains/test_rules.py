"""Pairs checked in a process of their own: the same word, whoever ends it, and no orphan."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document

from bench.runs import account, long_text, material, resume_job, run, settings_for
from bench.simulated import Simulated, pairs_reply
from bench.whole_documents import novel
from chains.embedding.sentence_encoder import SentenceEncoder
from chains.events import ChunkDone, Done
from chains.journal.replies import Journal
from chains.run.pipeline import Pipeline
from chains.run.rules import process as rules_process
from chains.run.rules.process import RulesProcess
from chains.run.rules.records import File, packed
from chains.run.rules.rulings import Rules
from loaders import Chunk, split
from loaders.worker.pool import Pool
from loaders.worker.usage import usage

EXAMPLE = "The Wright brothers flew in 1903. 赵州桥建于隋代。"


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    """Processes of this test alone."""
    made = Pool("chains.run.rules", kept=1)
    monkeypatch.setattr(rules_process, "POOL", made)
    monkeypatch.setattr(rules_process, "APART", 1)
    yield made
    made.close()


def made_up(pairs: int) -> list[tuple[Chunk, list[tuple[str, str]], File]]:
    """Chunks in both languages with their pairs: right ones, changed ones, another's answer."""
    chance = random.Random(7)  # noqa: S311 - not for secrets
    found = []
    for place, text in enumerate((novel(pairs // 16), long_text(pairs // 4))):
        chunks = list(split([Document(page_content=text)], chunk_size=200, overlap=0))
        said = [pairs_reply([{"role": "user", "content": one.text}]).splitlines() for one in chunks]
        for chunk, lines in zip(chunks, said, strict=True):
            other = chance.choice(said)
            drafts = []
            for question, answer in zip(lines[::2], lines[1::2], strict=True):
                given = chance.choice(
                    [answer, answer.replace("1", "2", 1), answer[4:-2], other[1], "Yes", "是的"]
                )
                drafts.append((question[2:].strip(), given.removeprefix("答：").strip() or "-"))
            found.append((chunk, drafts, File(place, text, [(0, 1)])))
    return found


def test_the_word_is_the_same_in_a_process_of_its_own(pool: Pool) -> None:
    batch = made_up(2000)
    assert sum(len(drafts) for _, drafts, _ in batch) >= 2000
    rules = Rules("strict", EXAMPLE)
    here = [rules.rulings(*one) for one in batch]
    apart = RulesProcess("strict", EXAMPLE, 0.0, lambda *_: pytest.fail("here"), encodes=False)
    try:
        there = apart.rulings(batch)
    finally:
        apart.close()
    assert pool.started == 1
    for one, other in zip(here, there, strict=True):
        assert list(map(packed, one.of)) == list(map(packed, other.of))
        assert [x.evidence.model_dump_json() for x in one.of] == [
            x.evidence.model_dump_json() for x in other.of
        ]
    codes = {ruling.code for word in here for ruling in word.of}
    assert {"", "rejected.no_evidence", "rejected.number"} <= codes


@pytest.mark.parametrize("embeddings", ["lexical", "packaged"])
def test_a_run_ends_with_the_same_list_both_ways(
    embeddings: str, pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Simulated() as server:
        resolved = settings_for(server, embeddings=embeddings)
        apart = run([*material(12), *material(3)], resolved, tmp_path / "apart").result
        assert pool.started == 1
        three = settings_for(server, embeddings=embeddings, processes=3)
        several = run([*material(12), *material(3)], three, tmp_path / "several").result
        assert pool.started == 3
        monkeypatch.setattr(rules_process, "APART", 10**9)
        here = run([*material(12), *material(3)], resolved, tmp_path / "here").result
        # A journal that has the vectors makes none again.
        monkeypatch.setattr(rules_process, "APART", 1)
        monkeypatch.setattr(RulesProcess, "vectors", lambda *_: pytest.fail("made again"))
        again = run([*material(12), *material(3)], resolved, tmp_path / "here").result
    assert apart == several == here
    assert account(again) == account(here)


def test_who_ends_the_process_costs_the_run_nothing(pool: Pool, tmp_path: Path) -> None:
    with Simulated() as server:
        resolved = settings_for(server, concurrency=2, check="off")
        whole = run(material(24), resolved, tmp_path / "whole").result
        killed: set[int] = set()
        with Journal(tmp_path / "killed") as journal:
            for event in Pipeline(resolved, journal=journal).run(material(24)):
                numbers = {one.number for one in pool._children if one.alive} - {None}
                for number in numbers if isinstance(event, ChunkDone) and len(killed) < 2 else ():
                    killed.add(number or 0)
                    with suppress(ProcessLookupError):
                        os.kill(number or 0, signal.SIGKILL)
    assert killed
    assert isinstance(event, Done)
    assert event.result == whole


def test_where_no_process_can_be_started_this_one_does_it(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> Any:
        raise OSError("no more processes")

    with Simulated() as server:
        whole = run(material(6), settings_for(server), tmp_path / "whole").result
        monkeypatch.setattr(pool, "lend", fails)
        assert run(material(6), settings_for(server), tmp_path / "alone").result == whole


def test_a_stopped_run_checks_what_was_answered(pool: Pool, tmp_path: Path) -> None:
    stop = threading.Event()
    with Simulated(latency=0.02) as server:
        resolved = settings_for(server, concurrency=2, check="off")
        whole = run(material(16), resolved, tmp_path / "whole").result
        with Journal(tmp_path / "stopped") as journal:
            for event in Pipeline(resolved, journal=journal, stop=stop).run(material(16)):
                if isinstance(event, ChunkDone) and event.pairs:
                    stop.set()
        assert isinstance(event, Done)
        answered = [one for one in event.result.chunks if one.state in ("pairs", "nothing")]
        assert 0 < len(answered) < len(event.result.chunks)
        assert event.result.usage.calls == len(answered)
        ended = resume_job(event.job, journal=tmp_path / "stopped")
    assert account(ended.result) == account(whole)
    assert pool.started <= 2


def test_pairs_are_shown_before_the_embedding_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, load = threading.Event(), SentenceEncoder.load

    def slow(self: SentenceEncoder) -> None:
        assert shown.wait(20), "no pair was shown while the embedding was loading"
        load(self)

    monkeypatch.setattr(SentenceEncoder, "load", slow)
    with Simulated() as server:
        for event in Pipeline(settings_for(server, embeddings="packaged")).run(material(4)):
            if isinstance(event, ChunkDone) and event.pairs:
                shown.set()
    assert isinstance(event, Done)
    assert event.result.kept


SCRIPT = """
import sys, time
from chains.run.rules.process import RulesProcess, POOL
apart = RulesProcess("strict", "", 0.0, None, encodes=False)
apart.start()
while POOL._children[0].number is None:
    time.sleep(0.01)
print(POOL._children[0].number, flush=True)
sys.stdin.read()
"""


def test_no_process_outlives_a_parent_that_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        assert usage(child).memory
        parent.kill()
    until = time.monotonic() + 20
    while usage(child).memory and time.monotonic() < until:
        time.sleep(0.02)
    assert not usage(child).memory
