"""What a cluster costs and what it takes: against one process, the journal alone, a long list.

    python -m bench.cluster               # all three, on a head and two nodes of this machine
    python -m bench.cluster --pairs 3000 --only duplicates

A run on one machine and on the cluster ask the same server, in turn, at two seconds a call; the
start of Ray is told apart. The journal's actor is asked by as many tasks as there are nodes to
come, each with a batch under way. A list is judged here and in blocks on the cluster.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from bench.dedupe import letters, make_vectors
from chains.cluster.connection import joined
from chains.cluster.journal import Call, JournalActor
from chains.journal.leases import Lease
from chains.journal.replies import Journal
from chains.records import Reply
from chains.run import far_duplicates
from pairs.compare.dedupe import Deduper
from pairs.records import Evidence, QAPair

from .cluster_kills import Counting, account, command, documents, started
from .local_cluster import LocalCluster, local_cluster
from .report import save_result

LATENCY, CALLS, ROUNDS = 2.0, 24, 3
BATCH = 100


def overhead(cluster: LocalCluster, folder: Path) -> dict[str, Any]:
    """Seconds of a run here and on the cluster, medians, the start of both told apart."""
    docs = documents(folder / "docs", 12, 30)
    more = ("--check", "off", "--concurrency", str(CALLS))
    found: dict[str, list[float]] = {"alone": [], "cluster": [], "joining": []}
    calls = 0
    for number in range(ROUNDS):
        for where in ("alone", "cluster"):
            counting = Counting(LATENCY)
            home, output = folder / f"{where}{number}", folder / f"{where}{number}.jsonl"
            with counting.server as server:
                far = ("--ray", cluster.address) if where == "cluster" else ()
                began = time.monotonic()
                child = started(command(docs, output, server, *more, *far), home)
                assert child.wait() == 0, (home / "errors.txt").read_text()
                whole = time.monotonic() - began
            calls = counting.answered
            first = min(counting.times) - LATENCY - began
            found[where].append(whole - first)
            if where == "cluster":
                found["joining"].append(first)
        assert account(folder / f"alone{number}") == account(folder / f"cluster{number}")
    middle = {name: round(statistics.median(times), 2) for name, times in found.items()}
    return {
        "calls": calls,
        "at_a_time": CALLS,
        "seconds_a_call": LATENCY,
        "ideal": round(-(-calls // CALLS) * LATENCY, 2),
        "alone_seconds": middle["alone"],
        "cluster_seconds": middle["cluster"],
        "until_first_call": middle["joining"],
        "overhead": round(middle["cluster"] / middle["alone"] - 1, 4),
        "lists_equal": True,
    }


def hammer(actor: Any, worker: str, seconds: float) -> list[float]:
    """Seconds of each call of one caller, who keeps one batch under way: claim, then keep."""
    import ray

    times = []
    until, number = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        keys = tuple(f"{worker}-{number}-{at}" for at in range(BATCH))
        reply = Reply(chunk_id=worker, text="答" * 200)
        for call in (Call("claim", keys), Call("keep", given=dict.fromkeys(keys, reply))):
            began = time.monotonic()
            ray.get(actor.carry_out.remote(worker, [call]))
            times.append(time.monotonic() - began)
        number += 1
    return times


def small_calls(actor: Any, worker: str, seconds: float) -> list[float]:
    """Seconds of each call of one caller whose batches hold two requests, as nodes send them."""
    import ray

    times, until, number = [], time.monotonic() + seconds, 0
    while time.monotonic() < until:
        keys = (f"s{worker}-{number}-a", f"s{worker}-{number}-b")
        reply = Reply(chunk_id=worker, text="答" * 200)
        calls = [Call("known", keys), Call("claim", keys)]
        for batch in (calls, [Call("keep", given=dict.fromkeys(keys, reply))]):
            began = time.monotonic()
            ray.get(actor.carry_out.remote(worker, batch))
            times.append(time.monotonic() - began)
        number += 1
    return times


def journal(ray: Any, folder: Path, seconds: float = 4.0) -> list[dict[str, Any]]:
    """How many calls a second the journal's actor answers, by the number of callers."""
    found = []
    for kind, call in (("batches of 100", hammer), ("batches of 2", small_calls)):
        for callers in (1, 2, 4, 8):
            path = folder / f"{call.__name__}{callers}.sqlite"
            with Journal(path) as opened, Lease(opened, threading.Event()) as lease:
                actor = ray.remote(JournalActor).options(num_cpus=0).remote(str(path), lease.id)
                task = ray.remote(call).options(num_cpus=0)
                ray.get([task.remote(actor, f"warm{n}", 0.1) for n in range(callers)])
                began = time.monotonic()
                told = ray.get([task.remote(actor, f"w{n}", seconds) for n in range(callers)])
                took = time.monotonic() - began
                ray.kill(actor)
            times = sorted(one for some in told for one in some)
            found.append(
                {
                    "kind": kind,
                    "callers": callers,
                    "calls_a_second": round(len(times) / took),
                    "median_ms": round(1000 * statistics.median(times), 2),
                    "p99_ms": round(1000 * times[int(len(times) * 0.99)], 2),
                }
            )
    return found


def long_list(count: int) -> Deduper:
    """Pairs a quarter of which resemble another, some with the same number and some without."""
    deduper = Deduper(threshold=0.9)
    vectors = make_vectors(count)
    for n in range(count):
        year = 1900 + n % 7
        item = QAPair(
            question=f"question {letters(n)} of {year}"
            if n % 3
            else f"question {n % (count // 4)}",
            answer="yes" if n % 5 else f"in {year}",
            evidence=Evidence(match="none"),
            chunk_id=str(n),
        )
        deduper.collect([item], vectors[n : n + 1], place=n // 8)
    return deduper


def duplicates(ray: Any, folder: Path, count: int, shard: int) -> dict[str, Any]:
    """Seconds to judge a list here and in blocks on the cluster, and whether both are the same."""
    here, there = long_list(count), long_list(count)
    began = time.monotonic()
    whole = (here.kept, here.duplicates, here.conflicts)
    alone = time.monotonic() - began
    far_duplicates.SHARD = shard
    began = time.monotonic()
    far_duplicates.judge_apart(ray, there, folder / "blocks")
    far = time.monotonic() - began
    return {
        "pairs": count,
        "shard": shard,
        "kept": len(whole[0]),
        "duplicates": len(whole[1]),
        "conflicts": len(whole[2]),
        "same": (there.kept, there.duplicates, there.conflicts) == whole,
        "left_over_files": len(list((folder / "blocks").iterdir())),
        "alone_seconds": round(alone, 2),
        "cluster_seconds": round(far, 2),
    }


def main() -> None:
    """Measures all, or one part."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=("overhead", "journal", "duplicates"))
    parser.add_argument("--pairs", type=int, default=20_000)
    parser.add_argument("--shard", type=int, default=4096)
    parser.add_argument("--address", help="of a cluster that runs already")
    given = parser.parse_args()
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        if given.address:
            with joined(given.address) as ray:
                result["duplicates"] = duplicates(ray, folder, given.pairs, given.shard)
            print(json.dumps(result))
            return
        began = time.monotonic()
        with local_cluster() as cluster:
            result["start_of_cluster_seconds"] = round(time.monotonic() - began, 1)
            if given.only in (None, "overhead"):
                result["overhead"] = overhead(cluster, folder)
            with joined(cluster.address) as ray:
                if given.only in (None, "journal"):
                    result["journal"] = journal(ray, folder)
                if given.only in (None, "duplicates"):
                    result["duplicates"] = duplicates(ray, folder, given.pairs, given.shard)
    if given.only:
        print(json.dumps(result, indent=1))
    else:
        save_result("cluster", result, ("ray",))


if __name__ == "__main__":
    main()
