"""Whatever becomes of the workers of a cluster, each item has one result; no cluster is started."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.cluster.crew import Crew
from chains.cluster.version import versions
from chains.cluster.window import Window
from chains.errors import BackendError, ClusterError
from chains.journal.replies import Journal
from chains.llm.backends import Backend
from chains.settings import Settings
from messages.errors import SaidError


class RayError(Exception):
    """As Ray's own."""


@dataclass
class FakeActor:
    """An actor whose calls are answered when they are asked for."""

    ray: FakeRay
    node: str

    def __getattr__(self, name: str) -> Any:
        return FakeMethod(self, name)


@dataclass
class FakeMethod:
    """A method of it."""

    actor: FakeActor
    name: str

    def remote(self, *given: Any, **_: Any) -> Any:
        return self.actor.ray.called(self.actor, self.name, given)


@dataclass
class FakeRay:
    """As much of Ray as a crew uses, on one thread, with a seed for what goes wrong."""

    chance: Random
    deaths: float = 0.0
    failing: int = 0
    other: dict[str, dict[str, str]] = field(default_factory=dict)
    fates: dict[int, tuple[str, Any]] = field(default_factory=dict)
    exceptions: Any = None
    util: Any = None
    asked: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.exceptions = SimpleNamespace(RayError=RayError)
        affinity = SimpleNamespace(NodeAffinitySchedulingStrategy=lambda node, **_: node)
        self.util = SimpleNamespace(scheduling_strategies=affinity)

    def nodes(self) -> list[dict[str, Any]]:
        return [{"NodeID": n, "Alive": True, "NodeManagerAddress": n} for n in ("a", "b", "c")]

    def get_runtime_context(self) -> Any:
        return SimpleNamespace(get_node_id=lambda: "a")

    def remote(self, made: type) -> Any:
        ray = self

        class Making:
            def options(self, **given: Any) -> Any:
                self.node = given["scheduling_strategy"]
                return self

            def remote(self, *_: Any, **__: Any) -> FakeActor:
                return FakeActor(ray, self.node)

        del made
        return Making()

    def kill(self, actor: FakeActor) -> None:
        del actor

    def called(self, actor: FakeActor, name: str, given: tuple[Any, ...]) -> int:
        ref = len(self.fates)
        answer: Any = None
        if name == "about":
            answer = self.other.get(actor.node, versions())
        elif name == "work":
            items = [item for _, item in given[0]]
            self.asked.update(items)
            fails = self.failing > 0 and self.chance.random() < 0.5
            self.failing -= fails
            failure = BackendError("backend.no_key", backend="b", variable="V") if fails else None
            answer = ([-1 if fails else 2 * item for item in items], failure)
        dies = name == "work" and self.chance.random() < self.deaths
        self.fates[ref] = ("dies" if dies else "answers", answer)
        return ref

    def wait(self, refs: list[int], *, timeout: float, num_returns: int) -> tuple[list[int], Any]:
        del timeout
        return self.chance.sample(refs, min(num_returns, max(1, len(refs) // 2))), None

    def get(self, ref: int) -> Any:
        fate, answer = self.fates[ref]
        if fate == "dies":
            raise RayError("gone")
        return answer


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Journal:
    return Journal(tmp_path_factory.mktemp("j") / "j.sqlite")


def made(ray: FakeRay, journal: Journal) -> Crew[int, int]:
    backend = Backend(name="b", model="m", base_url="http://127.0.0.1:9/v1", concurrency=5)
    make: Any = None
    return Crew(ray, make, journal, "owner", Settings(), [backend])


def through(
    crew: Crew[int, int], count: int, stop: threading.Event | None = None, most: int = 10**9
) -> list[tuple[int, Any]]:
    window: Window[int, int, int] = Window(
        *(crew, range(count), lambda item: (0, item), lambda _: -2, lambda result: result == -1),
        stop or threading.Event(),
    )
    done: list[tuple[int, Any]] = []
    with window:
        for batch in window.batches():
            done += batch
            if stop and len(done) >= most:
                stop.set()
    return done


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.integers(0, 60), st.sampled_from((0.0, 0.1, 0.5)))
def test_each_item_comes_back_once_however_many_workers_die(
    journal: Journal, seed: int, count: int, deaths: float
) -> None:
    crew = made(FakeRay(Random(seed), deaths), journal)  # noqa: S311 - a seed of an example
    done = dict(through(crew, count))
    assert sorted(done) == list(range(count))
    fatal = [item for item, result in done.items() if isinstance(result, RayError)]
    assert all(done[item] == 2 * item for item in done if item not in fatal)
    assert deaths or not fatal
    assert len(crew.members) == (3 if not crew.failure else 0)


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.integers(0, 4))
def test_items_of_a_worker_that_is_answered_no_more_go_to_the_others(
    journal: Journal, seed: int, failing: int
) -> None:
    ray = FakeRay(Random(seed), failing=failing)  # noqa: S311 - a seed of an example
    crew = made(ray, journal)
    done = dict(through(crew, 40))
    assert sorted(done) == list(range(40))
    if crew.members:
        assert all(result == 2 * item for item, result in done.items())
    else:
        assert isinstance(crew.failure, SaidError)
        assert all(result in (2 * item, -2) for item, result in done.items())


@pytest.mark.parametrize("most", [1, 10])
def test_once_stopped_nothing_more_is_sent(journal: Journal, most: int) -> None:
    ray = FakeRay(Random(1))  # noqa: S311 - a seed of an example
    done = through(made(ray, journal), 200, threading.Event(), most)
    assert most <= len(done) == ray.asked.total() < 60


def test_a_node_with_another_version_takes_no_part_and_is_told_of(journal: Journal) -> None:
    ours = versions()
    ray = FakeRay(Random(2), other={"b": {**ours, "python": "2.7"}})  # noqa: S311
    crew = made(ray, journal)
    assert len(through(crew, 30)) == 30
    assert [reason.code for reason in crew.left_out.values()] == ["cluster.other_version"]
    assert "python" in crew.left_out["b"].say("en")
    assert {member.node for member in crew.members} == {"a", "c"}
    assert sum(sum(member.threads) for member in crew.members) == 5


def test_a_worker_that_takes_long_to_start_is_waited_for_but_not_for_ever(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = FakeRay(Random(4), deaths=0.3)  # noqa: S311 - a seed of an example
    crew = made(ray, journal)
    for member in crew.members:
        member.since -= 10_000  # what follows them has just been started
    crew.members[0].about = None
    assert len(through(crew, 30)) == 30
    hanging = made(ray, journal)
    monkeypatch.setattr("chains.cluster.crew.START_SECONDS", -1.0)
    monkeypatch.setattr(ray, "wait", lambda refs, **_: ([], refs))
    with pytest.raises(ClusterError) as caught:
        through(hanging, 5)
    assert caught.value.code == "cluster.no_node"


def test_where_no_node_can_work_the_run_ends_with_a_sentence(journal: Journal) -> None:
    other = {"python": "2.7", "qa3": "-"}
    ray = FakeRay(Random(3), other=dict.fromkeys("abc", other))  # noqa: S311
    with pytest.raises(ClusterError) as caught:
        through(made(ray, journal), 5)
    assert caught.value.code == "cluster.no_node"
