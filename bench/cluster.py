"""What a cluster costs and what it takes: against one process, the journal alone, a long list.

    python -m bench.cluster               # all of it, on a head and two nodes of this machine
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
from chains.events import Done, Prepared
from chains.journal.leases import Lease
from chains.journal.replies import Journal
from chains.records import Reply
from chains.run import checked_pairs, remote_duplicates
from chains.run.pipeline import Pipeline
from pairs.compare.dedupe import Deduper
from pairs.records import Evidence, QAPair

from .cluster_kills import Counting, account, command, documents, started
from .local_cluster import LocalCluster, local_cluster
from .report import save_result
from .runs import material, settings_for
from .simulated import Simulated

LATENCY, CALLS, ROUNDS = 2.0, 9, 2


def overhead(cluster: LocalCluster, folder: Path) -> dict[str, Any]:
    """Seconds of a run here and on the cluster, medians, the start of both told apart."""
    docs = documents(folder / "docs", 12, 6)
    found: dict[str, list[float]] = {"alone": [], "cluster": [], "joining": []}
    calls = 0
    for number in range(ROUNDS):
        for where in ("alone", "cluster"):
            counting = Counting(LATENCY)
            home, output = folder / f"{where}{number}", folder / f"{where}{number}.jsonl"
            with counting.server as server:
                remote = ("--ray", cluster.address) if where == "cluster" else ()
                began = time.monotonic()
                child = started(
                    command(docs, output, server, "--check", "off", *remote, calls=CALLS), home
                )
                assert child.wait() == 0, (home / "errors.txt").read_text()
                whole = time.monotonic() - began
            calls = counting.answered
            first = min(counting.server.times) - began
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


def crowd(actor: Any, name: str, nodes: int, size: int, seconds: float) -> list[float]:
    """Seconds of each call that some nodes make, each of which has one batch under way.

    Every other batch of a node claims requests, the next one keeps their replies.

    Args:
        actor: Handle of a ``JournalActor``.
        name: Tells these nodes from others.
        nodes: How many.
        size: Requests of a batch.
        seconds: How long.
    """
    import ray

    reply = Reply(chunk_id=name, text="答" * 200)
    times: list[float] = []
    rounds = dict.fromkeys(range(nodes), 0)
    under_way: dict[Any, tuple[int, float]] = {}

    def send(node: int) -> None:
        turn = rounds[node]
        keys = tuple(f"{name}-{node}-{turn // 2}-{at}" for at in range(size))
        kept = Call("keep", given=dict.fromkeys(keys, reply))
        calls = [kept] if turn % 2 else [Call("known", keys), Call("claim", keys)]
        rounds[node] += 1
        ref = actor.carry_out.remote(f"{name}-{node}", calls)
        under_way[ref] = (node, time.monotonic())

    for node in range(nodes):
        send(node)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ready, _ = ray.wait(list(under_way), num_returns=1)
        for ref in ready:
            node, began = under_way.pop(ref)
            times.append(time.monotonic() - began)
            send(node)
    ray.get(list(under_way))
    return times


def journal(ray: Any, folder: Path, seconds: float = 5.0) -> list[dict[str, Any]]:
    """How many calls a second the journal's actor answers, by the number of nodes that call."""
    found = []
    for nodes, size in ((1, 1), (2, 4), (10, 4), (100, 4), (1000, 4), (2, 100), (10, 100)):
        path = folder / f"journal{nodes}-{size}.sqlite"
        with Journal(path) as opened, Lease(opened, threading.Event()) as lease:
            actor = ray.remote(JournalActor).options(num_cpus=0).remote(str(path), lease.id)
            task = ray.remote(crowd).options(num_cpus=0)
            halves = [one for one in (nodes // 2, nodes - nodes // 2) if one]
            ray.get([task.remote(actor, f"warm{n}", 1, 1, 0.2) for n in range(len(halves))])
            told = ray.get(
                [task.remote(actor, f"n{n}", one, size, seconds) for n, one in enumerate(halves)]
            )
            ray.kill(actor)
        times = sorted(one for some in told for one in some)
        found.append(
            {
                "nodes": nodes,
                "requests_a_call": size,
                "calls_a_second": round(len(times) / seconds),
                "requests_a_second": round(size * len(times) / seconds),
                "median_ms": round(1000 * statistics.median(times), 2),
                "p99_ms": round(1000 * times[int(len(times) * 0.99)], 2),
            }
        )
        print(json.dumps(found[-1]), flush=True)
    return found


def held(paragraphs: int, check: str) -> dict[str, int]:
    """Bytes that a run holds once all is asked, and the most while it makes its list.

    Only what grows with the run is counted: its inputs, read and split, are told apart.

    Args:
        paragraphs: Of its text.
        check: Whether pairs are put to a judge, as for ``--check``.
    """
    import tracemalloc

    checked_pairs.MOST_HELD = 100
    found = dict.fromkeys(("chunks", "pairs", "inputs", "asked", "list"), 0)
    with tempfile.TemporaryDirectory() as made, Simulated() as server:
        resolved = settings_for(server, check=check, concurrency=4, chunk_size=60)
        with Journal(Path(made) / "journal.sqlite") as opened:
            for _ in Pipeline(resolved, journal=opened).run(material(100)):
                pass  # so that nothing is imported, and no cache filled, while it is measured
            tracemalloc.start()
            for event in Pipeline(resolved, journal=opened).run(material(paragraphs)):
                if isinstance(event, Prepared):
                    found["inputs"] = tracemalloc.get_traced_memory()[0]
                    found["chunks"] = event.chunks
                elif isinstance(event, Done):
                    found["list"] = tracemalloc.get_traced_memory()[1] - found["inputs"]
                    found["pairs"] = len(event.result.kept)
                else:
                    found["asked"] = tracemalloc.get_traced_memory()[0] - found["inputs"]
                    tracemalloc.reset_peak()
            tracemalloc.stop()
    return found


def memory() -> dict[str, Any]:
    """Kilobytes that a run holds for each chunk: the difference of runs of two lengths."""
    told = {}
    for check in ("off", "all"):
        less, more = held(200, check), held(800, check)
        grown = {name: more[name] - less[name] for name in more}
        told[f"check_{check}"] = {
            "chunks": [less["chunks"], more["chunks"]],
            "pairs_a_chunk": round(grown["pairs"] / grown["chunks"], 2),
            "inputs_kb_a_chunk": round(grown["inputs"] / grown["chunks"] / 1024, 2),
            "asking_kb_a_chunk": round(grown["asked"] / grown["chunks"] / 1024, 2),
            "list_kb_a_chunk": round(grown["list"] / grown["chunks"] / 1024, 2),
        }
    return told


class Greedy:
    """An actor that takes a whole processor and does nothing."""

    def here(self) -> bool:
        """Whether it has started."""
        return True


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
    remote_duplicates.SHARD = shard
    began = time.monotonic()
    remote_duplicates.judge_apart(ray, there, folder / "blocks")
    remote = time.monotonic() - began
    return {
        "pairs": count,
        "shard": shard,
        "kept": len(whole[0]),
        "duplicates": len(whole[1]),
        "conflicts": len(whole[2]),
        "same": (there.kept, there.duplicates, there.conflicts) == whole,
        "left_over_files": len(list((folder / "blocks").iterdir())),
        "alone_seconds": round(alone, 2),
        "cluster_seconds": round(remote, 2),
    }


def main() -> None:
    """Measures all, or one part."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=("overhead", "journal", "duplicates", "memory"))
    parser.add_argument("--pairs", type=int, default=20_000)
    parser.add_argument("--shard", type=int, default=4096)
    parser.add_argument("--address", help="of a cluster that runs already")
    given = parser.parse_args()
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        if given.address:
            with joined(given.address) as ray:
                # Others hold every processor for ever, and tasks still run.
                greedy = ray.remote(Greedy).options(num_cpus=1)
                held = [greedy.remote() for node in ray.nodes() if node["Alive"]]
                ray.get([one.here.remote() for one in held])
                result["duplicates"] = duplicates(ray, folder, given.pairs, given.shard)
            print(json.dumps(result))
            return
        if given.only in (None, "memory"):
            result["memory"] = memory()
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
