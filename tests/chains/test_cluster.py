"""A run on a real cluster of this machine: what is killed, what is refused, what it never costs.

The cluster has a head and two nodes. It runs in a process of its own, since sockets of any other
address than the loopback's first are barred in this one.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.cluster_kills import CALLS, KINDS
from chains import ClusterError, Settings, extract_pairs, read_for, resolve
from chains.cluster.batcher import Batcher
from chains.cluster.limits import LATEST, LimitsActor, SharedPace
from chains.cluster.version import versions
from chains.journal.replies import Journal
from chains.run import remote_loader
from cli.main import run
from messages import say
from pairs.records import Reason

ROOT = Path(__file__).resolve().parent.parent.parent


def python(*arguments: str, timeout: float = 600) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=timeout,
        check=False,
    )  # fmt: skip


def kills(*more: str) -> dict[str, Any]:
    """The result of rounds in each of which a part was killed; the list was the same each time."""
    done = python("-m", "bench.cluster_kills", *more)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    for one in result["rounds"]:
        assert one["code"] == 0, one
        assert one["killed"], one
        assert one["same_list"], one
        assert one["same_account"], one
        assert one["asked_all"], one
        assert one["twice"] <= one["twice_allowed"], one
    return result


@pytest.mark.cluster
def test_short_a_worker_and_the_driver_are_killed() -> None:
    result = kills("--rounds", "2", "--kinds", "worker", "driver", "--alone")
    assert [one["kind"] for one in result["rounds"]] == ["worker", "driver"]


@pytest.mark.cluster
def test_whatever_is_killed_the_list_is_the_same_and_no_more_is_paid_than_was_in_flight() -> None:
    result = kills("--rounds", "5", "--json")
    assert [one["kind"] for one in result["rounds"]] == list(KINDS[:5])
    limited = result["limited"]
    assert limited["code"] == 0
    assert limited["seconds"] > 60, "too few requests to see the limit"
    assert limited["most_in_60_s"] <= limited["limit"]
    assert limited["refused"], "no storm"
    assert limited["twice"] <= CALLS, "its workers die with those of the rounds"
    assert result["duplicates"]["same"]
    assert result["duplicates"]["left_over_files"] == 0


def refused(capsys: pytest.CaptureFixture[str], *more: str) -> str:
    """What is said of a run that cannot begin; nothing was asked."""
    capsys.readouterr()
    asked = ("--backend", "chatglm3", "--base-url", "http://127.0.0.1:9/v1", "--model", "m")
    assert run(["extract", "README.md", *asked, *more]) == 2
    return capsys.readouterr().err


def test_without_the_option_nothing_of_ray_is_imported(tmp_path: Path) -> None:
    script = (
        "import sys; from cli.main import run; from bench.simulated import Simulated\n"
        "with Simulated() as server:\n"
        "    asked = ['--base-url', server.base_url, '--model', server.model]\n"
        f"    code = run(['extract', {str(ROOT / 'LICENSE')!r}, '--backend', 'chatglm3', *asked,\n"
        f"        '--embeddings', 'lexical', '-o', {str(tmp_path / 'a.jsonl')!r}])\n"
        "print(code, sorted(name for name in sys.modules if name.split('.')[0] == 'ray'))"
    )
    done = python("-c", script)
    assert done.stdout.splitlines()[-1] == "0 []", done.stderr


def test_without_ray_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert say("cluster.no_ray", "en") in refused(capsys, "--ray", "auto")


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nonsense", "127.0.0.1:99999"])
def test_an_address_where_nobody_listens_is_told_at_once(
    address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    assert f"No Ray cluster answers at {address}" in refused(capsys, "--ray", address)
    assert time.monotonic() - began < 30


def test_an_address_where_something_else_listens_is_told_in_bounded_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("chains.cluster.connection.ANSWER_SECONDS", 0.3)
    import ray

    monkeypatch.setattr(ray, "init", lambda **_: time.sleep(3))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        assert f"No Ray cluster answers at {address}" in refused(capsys, "--ray", address)


def test_a_client_address_and_an_embedded_model_are_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "is no address of a cluster from here" in refused(capsys, "--ray", "ray://h:10001")
    with pytest.raises(ClusterError) as caught:
        extract_pairs(ROOT / "README.md", ray="auto")
    assert caught.value.code == "cluster.embedded"


def test_off_is_no_cluster(capsys: pytest.CaptureFixture[str]) -> None:
    assert "cluster" not in refused(capsys, "--ray", "off")


def test_versions_tell_python_and_a_digest_of_the_code() -> None:
    told = versions()
    assert told["python"] == f"{sys.version_info.major}.{sys.version_info.minor}"
    assert len(told["qa3"]) == 12


def test_calls_of_many_threads_go_out_in_batches_and_come_back_to_their_askers() -> None:
    sizes: list[int] = []

    def double(asked: Any) -> list[int]:
        sizes.append(len(asked))
        time.sleep(0.02)
        if -1 in asked:
            raise ValueError("no")
        return [2 * one for one in asked]

    batcher: Batcher[int, int] = Batcher(double)
    told: dict[int, int] = {}
    threads = [
        threading.Thread(target=lambda n=n: told.update({n: batcher.ask(n)})) for n in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == {n: 2 * n for n in range(40)}
    assert len(sizes) < 20
    with pytest.raises(ValueError, match="no"):
        batcher.ask(-1)


def test_a_file_that_a_machine_does_not_see_is_read_here_and_told_of_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.txt", "b.txt", "c.txt", "d.nonsense"):
        (tmp_path / name).write_text(f"Text of {name}. It was written in 1890.", encoding="utf-8")
    resolved = resolve({"backend": "chatglm3"})
    whole = read_for(resolved, [tmp_path])

    def unseen(_: object, task: Any, files: Any) -> Iterator[tuple[object, Any]]:
        for file in files:
            told = task(file)  # as on a machine that sees every other one, or dies over it
            yield file, {"a.txt": None}.get(file.path.name, replace(told, inputs=None))

    monkeypatch.setattr(remote_loader, "each", unseen)
    found = remote_loader.read_on(object(), resolved, [tmp_path], None)
    assert (found.chunks, found.files, found.file_of) == (whole.chunks, whole.files, whole.file_of)
    assert [error.code for error in found.refused] == [error.code for error in whole.refused]
    assert [reason.code for _, reason in found.warnings] == ["cluster.not_read"]
    monkeypatch.setattr(
        remote_loader, "each", lambda _, task, files: [(f, task(f)) for f in files].__iter__()
    )
    found = remote_loader.read_on(object(), resolved, [tmp_path], None)
    assert (found.chunks, found.files, found.warnings) == (whole.chunks, whole.files, [])


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_however_late_calls_come_no_minute_has_more_than_its_limit(clock: list[float]) -> None:
    pace = SharedPace(requests=30)
    starts = []
    for n in range(200):
        at = clock[0] + pace.turn(10).seconds
        starts.append(at + (LATEST * 0.99 if n % 7 == 0 else 0.0))
        clock[0] += 0.01
    starts.sort()
    assert max(sum(first <= at < first + 60 for at in starts) for first in starts) <= 30


def test_a_server_that_is_crowded_is_asked_half_as_fast_and_then_faster_again(
    clock: list[float],
) -> None:
    def rate(seconds: float) -> float:
        """Calls a second that one caller makes who always waits for its turn."""
        until, made = clock[0] + seconds, 0
        while clock[0] < until:
            clock[0] += max(0.05, pace.turn(1).seconds)
            made += 1
        return made / seconds

    pace = SharedPace()
    assert rate(10) == pytest.approx(20, rel=0.1)
    for _ in range(5):  # many are refused together, which counts once
        pace.pause(0.0, crowded=True)
    slow = rate(2)
    assert slow == pytest.approx(10, rel=0.25)
    assert rate(30) > slow
    assert rate(10) == pytest.approx(20, rel=0.1)


def test_a_budget_is_one_for_all_workers_and_a_dead_one_gives_its_share_back() -> None:
    limits = LimitsActor(Settings(max_calls=3), [])
    assert [limits.reserve(worker, 10) for worker in ("a", "a", "b")] == [True, True, True]
    assert limits.reserve("b", 10) is False  # one of those in flight may fail
    limits.settle("a", 10, 7)
    limits.forget("a")
    assert limits.reserve("b", 10) is True
    limits.settle("b", 10, 7)
    limits.settle("b", 10, 7)
    limits.settle("a", 10, 7)  # comes late, from one that is no longer there
    told = limits.reserve("b", 10)
    assert isinstance(told, Reason)
    assert told.code == "budget.calls"


def test_a_dead_workers_claims_are_free_and_a_later_reply_changes_nothing(tmp_path: Path) -> None:
    from chains.cluster.journal import Call, JournalActor
    from chains.journal.leases import Lease
    from chains.records import Reply

    path = tmp_path / "j.sqlite"
    with Journal(path) as journal, Lease(journal, threading.Event()) as lease:
        actor = JournalActor(str(path), lease.id)
        claim, keep = (
            Call("claim", ("a", "b")),
            Call("keep", given={"a": Reply(chunk_id="c", text="1")}),
        )
        assert actor.carry_out("one", [claim]) == [{"a", "b"}]
        assert actor.carry_out("one", [claim]) == [{"a", "b"}]  # repeated on the way
        assert actor.carry_out("two", [claim]) == [set()]
        assert actor.free("one") is None
        assert actor.carry_out("one", [claim]) == [set()]  # it lives on behind a split network
        assert actor.carry_out("two", [claim, Call("known", ("a",))]) == [{"a", "b"}, {}]
        actor.carry_out("two", [keep])
        actor.carry_out("two", [keep])
        actor.carry_out("one", [Call("keep", given={"a": Reply(chunk_id="c", text="late")})])
        assert journal.known(["a"])["a"].text == "1"
        assert journal.rows("SELECT COUNT(*) FROM replies") == [(2,)]


def test_a_full_disk_comes_back_as_the_journals_error(tmp_path: Path) -> None:
    from chains.cluster.journal import Call, JournalActor
    from chains.journal.leases import Lease
    from chains.records import Reply

    path = tmp_path / "j.sqlite"
    with Journal(path) as journal, Lease(journal, threading.Event()) as lease:
        actor = JournalActor(str(path), lease.id)
        (pages,) = journal.rows("PRAGMA page_count")[0]
        actor._journal.rows(f"PRAGMA max_page_count = {pages + 1}")
        big = Reply(chunk_id="c", text="长" * 200_000)
        told = actor.carry_out("one", [Call("keep", given={"a": big})])
    assert getattr(told, "code", "") == "journal.write"
