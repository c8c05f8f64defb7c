"""The workers of a run on a cluster: started, watched, and replaced where they die."""

from __future__ import annotations

import logging
import secrets
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from messages.errors import SaidError
from pairs.records import Reason

from ..errors import ClusterError
from ..journal.replies import Journal
from ..llm.backends import Backend
from ..settings import Settings
from .connection import node_name, nodes
from .journal import JournalActor
from .limits import LimitsActor, RemoteBudget, RemotePace
from .version import versions
from .worker import Making, Worker

__all__ = ["Crew", "Member"]

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")
START_SECONDS = 120.0
"""After which a run ends for which no node starts a worker."""
_CALLS_TO_ONE = 64
"""Calls that Ray lets into one actor at a time: batches, and the sign to stop."""


@dataclass
class Member(Generic[Item, Result]):
    """A worker as its driver sees it.

    Attributes:
        id: Its id in the journal.
        node: The id of the node that it runs on.
        threads: Of each lane.
        actor: Its handle.
        about: The answer that says it has started; None once that is there.
        since: When it was started.
        batches: What it works on, by the reference of the answer.
        failure: Why it is sent nothing more; None while it is.
    """

    id: str
    node: str
    threads: tuple[int, ...]
    actor: Any
    about: Any
    since: float = field(default_factory=time.monotonic)
    batches: dict[Any, list[Any]] = field(default_factory=dict)
    failure: SaidError | None = None

    @property
    def room(self) -> int:
        """The number of items that may still be sent: twice its threads are on the way."""
        return 2 * sum(self.threads) - sum(map(len, self.batches.values()))


class Crew(Generic[Item, Result]):
    """Workers on the nodes of a cluster, with the journal and the limits of their run.

    Args:
        ray: The module, connected.
        make: As for ``Worker``.
        journal: Of the run; its actor opens the same file.
        owner: The run's id.
        settings: Budget and limits.
        backends: Those that are asked, a lane each.

    Attributes:
        left_out: Nodes that take no part, with the reason.
    """

    def __init__(
        self,
        ray: Any,
        make: Making[Item, Result],
        journal: Journal,
        owner: str,
        settings: Settings,
        backends: Sequence[Backend],
    ) -> None:
        self.ray = ray
        self.left_out: dict[str, Reason] = {}
        self.members: list[Member[Item, Result]] = []
        self._make, self._owner = make, owner
        here = ray.get_runtime_context().get_node_id()
        kept = {"num_cpus": 0, "scheduling_strategy": _on(ray, here)}
        again = {"max_restarts": -1, "max_task_retries": -1}
        path = str(Path(journal.path).absolute())
        self._limited = bool(settings.max_calls is not None or settings.max_tokens_total)
        self._journal_actor = ray.remote(JournalActor).options(**kept, **again).remote(path, owner)
        self._limits_actor = ray.remote(LimitsActor).options(**kept).remote(settings, backends)
        self._failures: list[SaidError] = []
        for threads in _shares([one.concurrency for one in backends], len(nodes(ray))):
            self._start(threads)

    def budget(self) -> RemoteBudget:
        """The budget of the whole run, for calls of the driver's own."""
        return RemoteBudget(self._limits_actor, self._owner, limited=self._limited)

    def pace(self, backend: int) -> RemotePace:
        """The pace of a backend, by its place in ``backends``, for calls of the driver's own."""
        return RemotePace(self._limits_actor, backend)

    @property
    def failure(self) -> SaidError | None:
        """Why no worker is left; None while there is one."""
        return self._failures[-1] if self._failures and not self.members else None

    def look(self, member: Member[Item, Result]) -> None:
        """Takes a new worker's word on its node; one that differs from the others is left out.

        Args:
            member: One whose ``about`` has been answered.
        """
        try:
            theirs = self.ray.get(member.about)
        except self.ray.exceptions.RayError as error:
            self._leave_out(member, "cluster.no_worker", reason=_cause(error))
            return
        member.about = None
        ours = versions()
        for name in ours:
            if ours[name] != theirs.get(name):
                fields = {"what": name, "theirs": theirs.get(name, "-"), "ours": ours[name]}
                self._leave_out(member, "cluster.other_version", **fields)
                return

    def lost(self, member: Member[Item, Result]) -> None:
        """Frees what a dead worker held, and starts another in its place."""
        log.warning("worker %s on %s is lost", member.id, node_name(self.ray, member.node))
        self._dismiss(member)
        self._start(member.threads)

    def let_go(self, member: Member[Item, Result], failure: SaidError) -> None:
        """Ends a worker whose backend gives no more replies; the others go on."""
        log.warning("worker %s asks no more: %s", member.id, failure.code)
        self._failures.append(failure)
        self._dismiss(member)

    def check_started(self) -> None:
        """Looks whether some node has started a worker.

        Raises:
            ClusterError: None has for two minutes, or none can.
        """
        if not self.members and self._failures:
            return  # some worked, and their failure says why they work no more
        if not self.members:
            reasons = list(self.left_out.values())
            raise ClusterError("cluster.no_node", reason=reasons[-1].say("en") if reasons else "-")
        late = time.monotonic() - START_SECONDS
        if all(member.about is not None and member.since < late for member in self.members):
            raise ClusterError("cluster.no_node", reason=f"{START_SECONDS:.0f} s")

    def stop(self) -> None:
        """Tells every worker to end its calls and make no others."""
        for member in self.members:
            member.actor.stop.remote()

    def close(self) -> None:
        """Ends the workers and the actors."""
        actors = [member.actor for member in self.members]
        for actor in (*actors, self._limits_actor, self._journal_actor):
            self.ray.kill(actor)
        self.members.clear()

    def _start(self, threads: tuple[int, ...]) -> None:
        """Starts a worker on the node that has the fewest; on none where all are left out."""
        busy = Counter(member.node for member in self.members)
        possible = [node for node in nodes(self.ray) if node not in self.left_out]
        if not possible or not sum(threads):
            return
        node = min(possible, key=lambda one: (busy[one], one))
        id_ = secrets.token_hex(8)
        # No share of a processor: it waits for replies, and must not keep readers from starting.
        actor = (
            self.ray.remote(Worker)
            .options(
                num_cpus=0,
                max_concurrency=_CALLS_TO_ONE,
                scheduling_strategy=_on(self.ray, node),
            )
            .remote(
                *(id_, self._make, self._journal_actor, self._limits_actor),
                *(threads,),
                limited=self._limited,
            )
        )
        self.members.append(Member(id_, node, threads, actor, actor.about.remote()))

    def _leave_out(self, member: Member[Item, Result], code: str, **fields: object) -> None:
        """Gives a worker's share to another node, and its own node none from now on."""
        alive = member.node in nodes(self.ray)
        if alive:  # a node that died meanwhile is no node with a fault
            node = node_name(self.ray, member.node)
            self.left_out[member.node] = Reason(code=code, fields={"node": node, **fields})
            log.warning("a node takes no part: %s", self.left_out[member.node].say("en"))
        self._dismiss(member)
        self._start(member.threads)

    def _dismiss(self, member: Member[Item, Result]) -> None:
        self.members.remove(member)
        self.ray.kill(member.actor)
        self._limits_actor.forget.remote(member.id)
        self._journal_actor.free.remote(member.id)


def _shares(widths: Sequence[int], count: int) -> list[tuple[int, ...]]:
    """How many threads of each lane each worker has; together as many as may call at a time."""
    shares = [tuple(w // count + (at < w % count) for w in widths) for at in range(count)]
    return [share for share in shares if share[0]]


def _on(ray: Any, node: str) -> Any:
    return ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(node, soft=False)


def _cause(error: BaseException) -> str:
    """The last line of what Ray says, which names the cause."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[-1][:200]
