"""A run on 10, 100 and 1,000 nodes, simulated event by event from what was measured here.

    python -m bench.cluster_model

Every node has as many calls under way as it has threads, and one batch at a time with the journal,
as ``chains/cluster/batcher.py`` sends it: what its threads ask meanwhile goes with the next. The
journal answers one batch after another, in the time that ``bench/results/cluster.json`` gives. A
node is lost at random; it is noticed after a while, its calls in flight are paid again, and a new
one starts in its place. Nothing of Ray itself is simulated but the time of a call to the actor.
"""

from __future__ import annotations

import argparse
import heapq
import json
import random
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .report import RESULTS, save_result

THREADS = 32
CALL_SECONDS = 5.0
"""Mean of a call; it varies by a lognormal of a third."""
HOUR = 3600.0
NOTICED, RESTARTED = 30.0, 60.0
"""Seconds until a lost node is noticed, and until another works in its place."""
REQUESTS = 3
"""To the journal for a call: known, then claim, each waited for; after the call keep."""


@dataclass
class Node:
    """A node's threads and what waits to go with its next batch.

    Attributes:
        alive: False from its loss until another has started.
        life: Counts its losses, so that events of an earlier life are passed over.
        busy: Whether a batch of it is with the journal.
        waiting: Requests that go with the next: a thread's call that is about to begin, or ended.
    """

    alive: bool = True
    life: int = 0
    busy: bool = False
    in_flight: int = 0
    waiting: list[str] = field(default_factory=list)


class Model:
    """One run.

    Args:
        nodes: How many.
        calls: To make in all.
        batch_seconds: What the journal takes for a batch, without its requests.
        request_seconds: What it takes for each request.
        losses: Nodes lost an hour, as a share of all.
        seed: Of times and losses.
    """

    def __init__(
        self,
        nodes: int,
        calls: int,
        batch_seconds: float,
        request_seconds: float,
        losses: float,
        seed: int = 0,
    ) -> None:
        self._chance = random.Random(seed)
        self._nodes = [Node() for _ in range(nodes)]
        self._left, self._done, self._calls = calls, 0, calls
        self._batch, self._request = batch_seconds, request_seconds
        self._rate = losses / HOUR
        self._events: list[tuple[float, int, str, int, int, Any]] = []
        self._count = 0
        self._queue: deque[tuple[int, int, list[str], float]] = deque()
        self._serving = False
        self.now = 0.0
        self.paid_twice = self.lost = self.longest_queue = 0
        self.waited = self.served = 0.0
        self.batches = 0

    def run(self) -> dict[str, Any]:
        """What came of it."""
        for place, node in enumerate(self._nodes):
            self._begin(place, node)
            self._at(self._chance.expovariate(self._rate), "loss", place)
        while self._done < self._calls and self._events:
            self.now, _, kind, place, life, more = heapq.heappop(self._events)
            getattr(self, f"_{kind}")(place, self._nodes[place], life, more)
        ideal = self._calls * CALL_SECONDS / (len(self._nodes) * THREADS)
        return {
            "nodes": len(self._nodes),
            "calls": self._calls,
            "ideal_seconds": round(ideal),
            "makespan_over_ideal": round(self.now / ideal, 3),
            "nodes_lost": self.lost,
            "calls_paid_twice": self.paid_twice,
            "journal_busy": round(self.served / self.now, 3),
            "journal_longest_queue": self.longest_queue,
            "journal_wait_ms": round(1000 * self.waited / max(1, self.batches), 1),
            "requests_a_batch": round(REQUESTS * self._calls / max(1, self.batches), 1),
        }

    def _at(self, seconds: float, kind: str, place: int, more: Any = None) -> None:
        self._count += 1
        life = self._nodes[place].life
        heapq.heappush(self._events, (self.now + seconds, self._count, kind, place, life, more))

    def _begin(self, place: int, node: Node) -> None:
        """Lets a node's free threads take further calls."""
        while node.in_flight < THREADS and self._left:
            self._left -= 1
            node.in_flight += 1
            node.waiting.append("known")
        self._send(place, node)

    def _send(self, place: int, node: Node) -> None:
        if node.busy or not node.waiting:
            return
        batch, node.waiting = node.waiting, []
        node.busy = True
        self._queue.append((place, node.life, batch, self.now))
        self.longest_queue = max(self.longest_queue, len(self._queue))
        self._serve()

    def _serve(self) -> None:
        if self._serving or not self._queue:
            return
        place, life, batch, since = self._queue.popleft()
        self._serving = True
        seconds = self._batch + self._request * len(batch)
        self.waited += self.now - since
        self.served += seconds
        self.batches += 1
        self._at(seconds, "served", place, (life, batch))

    def _served(self, place: int, node: Node, _: int, more: tuple[int, list[str]]) -> None:
        self._serving = False
        self._serve()
        life, batch = more
        if life != node.life or not node.alive:
            return
        node.busy = False
        node.waiting += ["claim"] * batch.count("known")
        for _call in range(batch.count("claim")):
            self._at(CALL_SECONDS * self._chance.lognormvariate(-0.053, 0.325), "answer", place)
        ended = batch.count("keep")
        self._done += ended
        node.in_flight -= ended
        self._begin(place, node)
        self._send(place, node)

    def _answer(self, place: int, node: Node, life: int, _: object) -> None:
        if life == node.life and node.alive:
            node.waiting.append("keep")
            self._send(place, node)

    def _loss(self, place: int, node: Node, _: int, __: object) -> None:
        self.lost += 1
        node.alive = False
        self.paid_twice += node.in_flight
        self._at(NOTICED, "noticed", place, node.in_flight)
        node.in_flight = 0
        node.life += 1
        node.waiting = []
        self._at(NOTICED + RESTARTED, "back", place)

    def _noticed(self, _place: int, _node: Node, _: int, calls: int) -> None:
        self._left += calls
        for other, one in enumerate(self._nodes):  # they may be idle by now
            if one.alive and one.in_flight < THREADS and self._left:
                self._begin(other, one)

    def _back(self, place: int, node: Node, _: int, __: object) -> None:
        node.alive, node.busy = True, False
        self._begin(place, node)
        self._at(self._chance.expovariate(self._rate), "loss", place)


def service(measured: dict[str, Any]) -> tuple[float, float]:
    """Seconds of the journal for a batch, and for each request in it, from two measured loads."""
    rows = {(row["nodes"], row["requests_a_call"]): row for row in measured["journal"]}
    small, large = rows[100, 4], rows[10, 100]
    one, other = 1 / small["calls_a_second"], 1 / large["calls_a_second"]
    request = max(1e-6, (other - one) / (large["requests_a_call"] - small["requests_a_call"]))
    return max(1e-6, one - request * small["requests_a_call"]), request


def blocks(pairs: int, nodes: int, cores: int = 8) -> dict[str, Any]:
    """Hours to compare all pairs with all on the processors of some nodes."""
    hours = (pairs / 1e6) ** 2  # measured: a processor hour for a million
    shards = -(-pairs // 8192)
    tasks = shards * (shards + 1) // 2
    rounds = -(-tasks // (nodes * cores))
    return {
        "pairs": pairs,
        "nodes": nodes,
        "processor_hours": round(hours, 2),
        "tasks": tasks,
        "hours": round(rounds * hours / tasks, 3),
    }


def main() -> None:
    """Simulates all sizes and saves the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=150.0, help="ideal length of a run")
    given = parser.parse_args()
    measured = json.loads((Path(RESULTS) / "cluster.json").read_text("utf-8"))
    batch, request = service(measured)
    memory = measured["memory"]["check_all"]
    kilobytes = memory["inputs_kb_a_chunk"] + memory["list_kb_a_chunk"]
    runs = []
    for nodes in (10, 100, 300, 1000):
        for losses in (0.01, 1.0):
            calls = int(nodes * THREADS * given.seconds / CALL_SECONDS)
            row = Model(nodes, calls, batch, request, losses).run()
            row |= {
                "losses_an_hour": losses,
                "head_mb": round(calls * kilobytes / 1024),
            }
            runs.append(row)
            print(json.dumps(row), flush=True)
    save_result(
        "cluster_model",
        {
            "assumed": {
                "threads_a_node": THREADS,
                "call_seconds": CALL_SECONDS,
                "journal_batch_ms": round(1000 * batch, 3),
                "journal_request_ms": round(1000 * request, 4),
                "noticed_seconds": NOTICED,
                "restarted_seconds": RESTARTED,
                "driver_kb_a_chunk": kilobytes,
            },
            "runs": runs,
            "blocks": [
                blocks(pairs, nodes)
                for pairs in (1_000_000, 10_000_000)
                for nodes in (10, 100, 1000)
            ],
        },
    )


if __name__ == "__main__":
    main()
