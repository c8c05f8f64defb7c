"""Runs on a cluster whose parts are killed at seeded moments, against a run that nobody disturbs.

    python -m bench.cluster_kills --rounds 20

Beside the rounds, for as long as they take, another run on the same cluster keeps to a limit of
requests a minute. Prints and returns what every round came to; twenty rounds are committed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .local_cluster import LocalCluster, local_cluster, wait_for
from .report import save_result
from .runs import long_text
from .simulated import Faults, Simulated, judge_reply

NODES, CALLS = 3, 6
LATENCY = 0.25
"""Seconds a call takes."""
KINDS = ("worker", "split", "journal", "driver", "node", "storm")
STORM = (1.0, 4.0)
"""Seconds after the first call between which all are answered 429."""
SPLIT = 7.0
"""Seconds that a node is cut off: it counts as dead after five at most."""
LIMIT = 40
"""Requests a minute of the run beside the rounds."""
LONGEST = 240.0
"""Seconds after which a run counts as hung."""


def documents(folder: Path, count: int, paragraphs: int) -> Path:
    """A folder of texts, each different, with pairs that several of them share."""
    folder.mkdir()
    whole = long_text(count * paragraphs).split("\n\n")
    for n in range(count):
        mine = whole[n * paragraphs : (n + 1) * paragraphs]
        shared = "The bridge over the river was opened in 1890. 桥梁的主跨为三十七米。"
        text = "\n\n".join([f"Report {n}", *mine, shared])
        (folder / f"report{n:02}.txt").write_text(text, encoding="utf-8")
    return folder


def command(
    docs: Path, output: Path, server: Simulated, *more: str, calls: int = CALLS
) -> list[str]:
    """The command line of a run."""
    return [
        *(sys.executable, "-m", "app_cli", "extract", str(docs), "-o", str(output), "--json"),
        *("--backend", "chatglm3", "--base-url", server.base_url, "--model", server.model),
        *("--concurrency", str(calls), "--chunk-size", "40", "--embeddings", "lexical", *more),
    ]


def started(arguments: list[str], home: Path) -> subprocess.Popen[bytes]:
    """A run in a process of its own, its account in a file."""
    home.mkdir(parents=True, exist_ok=True)
    env = {**os.environ, "QA3_HOME": str(home), "QA3_LOG": str(home / "log.txt")}
    with (home / "account.json").open("wb") as out, (home / "errors.txt").open("ab") as errors:
        return subprocess.Popen(arguments, env=env, stdout=out, stderr=errors)


def account(home: Path) -> dict[str, Any]:
    """What a run said of itself, but for what it took."""
    told: dict[str, Any] = json.loads((home / "account.json").read_text("utf-8"))
    del told["usage"]
    return told


class Counting:
    """A server that knows how often each prompt and each list was answered, and when."""

    def __init__(self, latency: float, faults: Faults | None = None) -> None:
        self.lists: Counter[str] = Counter()
        self.server = Simulated(latency=latency, faults=faults or Faults(), judge=self._judge)

    @property
    def answered(self) -> int:
        """Calls answered so far."""
        return sum(self.server.calls.values()) + self.lists.total()

    @property
    def twice(self) -> int:
        """Calls that were answered before."""
        return self.answered - len(self.server.calls) - len(self.lists)

    def most_in(self, seconds: float) -> int:
        """The most calls that came within any such time."""
        times, first, most = sorted(self.server.times), 0, 0
        for last, at in enumerate(times):
            while at - times[first] >= seconds:
                first += 1
            most = max(most, last - first + 1)
        return most

    def _judge(self, messages: list[dict[str, str]]) -> str | None:
        said = judge_reply(messages)
        if said:
            self.lists.update([messages[-1]["content"]])
        return said


class Rounds:
    """The rounds on one cluster.

    Args:
        cluster: A head and further nodes.
        folder: Empty; for documents, journals and lists.
        seed: Of the moments.
    """

    def __init__(self, cluster: LocalCluster, folder: Path, seed: int) -> None:
        self._cluster, self._folder = cluster, folder
        self._chance = random.Random(seed)
        self._docs = documents(folder / "docs", 12, 5)
        alone = Counting(0.0)
        with alone.server:
            home, output = folder / "alone", folder / "alone.jsonl"
            code = started(command(self._docs, output, alone.server), home).wait(LONGEST)
        assert code == 0, (home / "errors.txt").read_text()
        self._expected, self._account = output.read_bytes(), account(home)
        self._calls = alone.answered
        assert alone.twice == 0

    def run(self, number: int, kind: str) -> dict[str, Any]:
        """What became of a run in which one part was killed at a random moment.

        A node that is cut off, and a storm of refusals, come early, so that the run sees them end.
        """
        last = self._calls // 4 if kind in ("split", "storm") else self._calls * 3 // 4
        moment = self._chance.randrange(1, last)
        home, output = self._folder / f"round{number}", self._folder / f"round{number}.jsonl"
        faults = Faults(storm=STORM, retry_after="1") if kind == "storm" else None
        counting, began = Counting(LATENCY, faults), time.monotonic()
        others = set(self._cluster.processes("ray::"))
        with counting.server as server:
            arguments = command(self._docs, output, server, "--ray", self._cluster.address)
            child = started(arguments, home)
            while child.poll() is None and counting.answered < moment:
                time.sleep(0.002)
            killed = child.poll() is None and self._kill(kind, child, others, server)
            code = child.wait(LONGEST)
            if kind == "driver" and killed:
                child = started(arguments, home)
                code = child.wait(LONGEST)
        if kind in ("node", "split") and killed:
            self._cluster.replace_node()
        share = {"driver": CALLS, "journal": 0, "storm": 0}.get(kind, CALLS // NODES)
        told = account(home) if code == 0 else {}
        return {
            "kind": kind,
            "moment": moment,
            "calls": self._calls,
            "killed": killed,
            "code": code,
            "same_list": output.exists() and output.read_bytes() == self._expected,
            "same_account": told == self._account,
            "twice": counting.twice,
            "twice_allowed": share,
            "asked_all": len(counting.server.calls) + len(counting.lists) == self._calls,
            "seconds": round(time.monotonic() - began, 1),
        }

    def _kill(
        self, kind: str, child: subprocess.Popen[bytes], others: set[int], server: Simulated
    ) -> bool:
        if kind == "driver":
            child.kill()
            child.wait()
            return True
        if kind == "node":
            return self._cluster.kill_node()
        if kind == "split":
            return self._cluster.split_off_node(SPLIT)
        if kind == "storm":
            return wait_for(lambda: sum(server.asked.values()) > sum(server.calls.values()) + CALLS)
        return self._cluster.kill(f"ray::{kind.title().replace('Journal', 'JournalActor')}", others)


def kept_to(counting: Counting, child: subprocess.Popen[bytes]) -> dict[str, Any]:
    """How a run kept to its limit, in a storm as well."""
    times = counting.server.times
    return {
        "limit": LIMIT,
        "most_in_60_s": counting.most_in(60.0),
        "requests": len(times),
        "refused": len(times) - counting.answered,
        "twice": counting.twice,
        "seconds": round(max(times) - min(times), 1),
        "code": child.returncode,
    }


def only_rounds(rounds: int, seed: int, which: Sequence[str]) -> dict[str, Any]:
    """All rounds, and nothing beside them."""
    with tempfile.TemporaryDirectory() as folder, local_cluster(NODES - 1) as cluster:
        made = Rounds(cluster, Path(folder), seed)
        return {"rounds": [made.run(at, which[at % len(which)]) for at in range(rounds)]}


def bench(rounds: int, seed: int = 0, which: Sequence[str] = KINDS) -> dict[str, Any]:
    """All rounds, and the run beside them."""
    with tempfile.TemporaryDirectory() as made:
        folder, began = Path(made), time.monotonic()
        with local_cluster(NODES - 1) as cluster:
            ready = time.monotonic() - began
            slow = Counting(0.0, Faults(storm=(5.0, 15.0), retry_after="1"))
            with slow.server as server:
                docs = documents(folder / "limited", 2, 9)
                limits = ("--requests-per-minute", str(LIMIT), "--ray", cluster.address)
                beside = started(
                    command(docs, folder / "limited.jsonl", server, *limits), folder / "beside"
                )
                made_rounds = Rounds(cluster, folder, seed)
                kinds = [which[at % len(which)] for at in range(rounds)]
                done = []
                for number, kind in enumerate(kinds):
                    done.append(made_rounds.run(number, kind))
                    print(json.dumps(done[-1]), flush=True)
                lists = _lists(cluster)
                beside.wait(LONGEST)
                limited = kept_to(slow, beside)
    return {
        "cluster_seconds": round(ready, 1),
        "limited": limited,
        "duplicates": lists,
        "rounds": done,
    }


def _lists(cluster: LocalCluster) -> dict[str, Any]:
    """A list judged here and in blocks on the cluster, by a driver of its own."""
    bench_of = ("-m", "bench.cluster", "--address", cluster.address)
    told = subprocess.run(
        [sys.executable, *bench_of, "--pairs", "1500", "--shard", "400"],
        capture_output=True,
        check=True,
        timeout=LONGEST,
    )
    found: dict[str, Any] = json.loads(told.stdout.splitlines()[-1])["duplicates"]
    return found


def main() -> None:
    """Runs the rounds and saves their result, or prints it where it is asked for less."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print the result, save nothing")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--alone", action="store_true", help="nothing beside the rounds; as --json")
    given = parser.parse_args()
    run = only_rounds if given.alone else bench
    result = run(given.rounds, given.seed, given.kinds)
    if given.json or given.alone:
        print(json.dumps(result))
    else:
        save_result("cluster_kills", result, ("ray",))


if __name__ == "__main__":
    main()
