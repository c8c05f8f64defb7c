"""Tasks on the machines of a cluster, a bounded number at a time, their results in order."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

Given = TypeVar("Given")
Result = TypeVar("Result")
TRIES = 3
log = logging.getLogger(__name__)


def each(
    ray: Any, task: Callable[[Given], Result], given: Iterable[Given]
) -> Iterator[tuple[Given, Result | None]]:
    """What a task makes of each thing, in order; None where no machine could do it.

    A task takes no share of a processor, since one that others hold for ever would keep it from
    starting, without a word. There are as many under way as there are processors.

    Args:
        ray: The module, connected.
        task: A function of a module.
        given: What it is given; a reference is fetched where the task runs.
    """
    remote = ray.remote(task).options(num_cpus=0, max_retries=TRIES, scheduling_strategy="SPREAD")
    width = max(1, int(ray.cluster_resources().get("CPU", 1)))
    under_way: deque[tuple[Given, Any]] = deque()
    for one in given:
        if len(under_way) >= 2 * width:
            yield _result(ray, *under_way.popleft())
        under_way.append((one, remote.remote(one)))
    while under_way:
        yield _result(ray, *under_way.popleft())


def _result(ray: Any, given: Given, ref: Any) -> tuple[Given, Any]:
    try:
        return given, ray.get(ref)
    except ray.exceptions.RayError as error:
        log.warning("a task could not be done on the cluster: %s", type(error).__name__)
        return given, None
