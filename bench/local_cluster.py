"""A Ray cluster of several nodes on this machine, on the loopback alone, for tests and benches."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LOOPBACK = "127.0.0.2"
"""Ray takes 127.0.0.1 for the address of this machine in its network, which this is not."""
STORE = 80_000_000
"""Bytes of each node's object store: the least that Ray takes, and a little."""
QUICK = {
    "health_check_initial_delay_ms": 2000,
    "health_check_period_ms": 500,
    "health_check_timeout_ms": 1000,
    "health_check_failure_threshold": 3,
    "worker_niceness": 0,
}
"""A dead node is noticed within some seconds, where Ray's own defaults take up to half a minute;
workers are given as much of a busy machine as their driver, which Ray's are not."""


class LocalCluster:
    """A head, where the driver runs, and further nodes.

    Attributes:
        address: The head's, for ``--ray``.
    """

    def __init__(self, nodes: int) -> None:
        from ray.cluster_utils import Cluster

        self._cluster: Any = Cluster(
            initialize_head=True,
            head_node_args={**self._options(), "_system_config": QUICK},
        )
        self.address = str(self._cluster.address)
        self._nodes = [self.add() for _ in range(nodes)]

    def add(self) -> Any:
        """A further node, up and running."""
        return self._cluster.add_node(wait=True, **self._options())

    def kill_node(self) -> bool:
        """Kills a node that is not the head: its raylet, and all that it runs."""
        self._cluster.remove_node(self._nodes.pop(), allow_graceful=False)
        return True

    def split_off_node(self, seconds: float) -> bool:
        """Cuts a node off that is not the head, and joins it again when it counts as dead.

        Its raylet hears and says nothing meanwhile; the workers that it had started go on, which
        is what makes a split network worse than a dead machine.

        Args:
            seconds: How long.
        """
        node = self._nodes.pop()
        (raylet,) = (info.process for info in node.all_processes["raylet"])
        raylet.send_signal(signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            raylet.send_signal(signal.SIGCONT)
        ended = wait_for(lambda: raylet.poll() is not None)  # it learns that it counts as dead
        self._cluster.remove_node(node, allow_graceful=False)
        return ended

    def replace_node(self) -> None:
        """Adds a node for one that was killed."""
        self._nodes.append(self.add())

    def kill(self, title: str, but: set[int]) -> bool:
        """Whether a process was killed whose title begins so, such as ``ray::Worker``.

        Args:
            title: As Ray gives it to its processes.
            but: Processes that are left alone.
        """
        found = [pid for pid in self.processes(title) if pid not in but]
        for pid in found[:1]:
            os.kill(pid, signal.SIGKILL)
        return bool(found)

    def processes(self, title: str) -> list[int]:
        """The processes of the cluster whose title begins so."""
        return [pid for pid, name in _children(self._raylets()) if name.startswith(title)]

    def close(self) -> None:
        """Ends every node."""
        self._cluster.shutdown()

    def _raylets(self) -> set[int]:
        nodes = self._cluster.list_all_nodes()
        return {info.process.pid for node in nodes for info in node.all_processes.get("raylet", ())}

    def _options(self) -> dict[str, Any]:
        return {
            "num_cpus": 1,
            "object_store_memory": STORE,
            "include_dashboard": False,
            "node_ip_address": LOOPBACK,
        }


@contextmanager
def local_cluster(nodes: int = 2) -> Iterator[LocalCluster]:
    """A cluster as a context; nothing of it leaves this machine.

    Args:
        nodes: Beside the head.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    cluster = LocalCluster(nodes)
    try:
        yield cluster
    finally:
        cluster.close()


def _children(parents: set[int]) -> list[tuple[int, str]]:
    """The processes whose parent is one of some, with their titles."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            title = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        except (OSError, ValueError):
            continue  # it has ended meanwhile
        if parent in parents:
            found.append((int(folder.name), title))
    return sorted(found)


def wait_for(condition: Any, seconds: float = 30.0) -> bool:
    """Whether a condition holds before a time is over."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    return False
