"""The way to a Ray cluster: asked whether it answers, joined once a process, left at the end."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as WaitedTooLong
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from ..errors import ClusterError

log = logging.getLogger(__name__)

AUTO, OFF = "auto", "off"
LISTEN_SECONDS, ANSWER_SECONDS = 5.0, 60.0
"""To wait for a machine that listens, and for the answer of a cluster there."""
_lock = threading.Lock()
_users = 0


@contextmanager
def joined(address: str) -> Iterator[Any]:
    """The module ``ray``, connected to a cluster, as a context.

    A process that is connected already, such as a notebook, stays connected afterwards.

    Args:
        address: ``auto`` for the cluster that runs on this machine, or its ``host:port``.

    Raises:
        ClusterError: Ray is not installed, or no such cluster answers within a minute.
    """
    global _users  # noqa: PLW0603 - a process has one connection
    try:
        import ray
    except ImportError as error:
        raise ClusterError("cluster.no_ray") from error
    with _lock:
        ours = not ray.is_initialized() or _users > 0
        if not ray.is_initialized():
            _join(ray, address)
        _users += ours
    try:
        yield ray
    finally:
        if ours:
            with _lock:
                _users -= 1
                if not _users:
                    ray.shutdown()


def _join(ray: Any, address: str) -> None:
    """Joins, in a thread of its own: where nobody answers, Ray waits for two minutes and exits."""
    if "://" in address:
        raise ClusterError("cluster.address", address=address)
    _check_listens(address)
    _keep_quiet()
    options = {"address": address, "logging_level": logging.ERROR, "log_to_driver": False}
    trying: Future[Any] = Future()
    threading.Thread(target=_settle, args=(trying, ray.init, options), daemon=True).start()
    try:
        trying.result(timeout=ANSWER_SECONDS)
    except WaitedTooLong as error:
        raise _no_answer(address, f"{ANSWER_SECONDS:.0f} s") from error
    except Exception as error:
        raise _no_answer(address, error) from error
    log.info("joined the cluster at %s: %d nodes", address, len(nodes(ray)))


def _keep_quiet() -> None:
    """Takes what Ray says of its machines into the log: it prints it where a list may be written.

    There is no public way to it; where a later Ray has no such function, it prints again.
    """
    names = vars(import_module("ray._private.worker"))
    if "print_to_stdstream" in names:
        names["print_to_stdstream"] = _log_lines


def _log_lines(data: dict[str, Any], **_: Any) -> None:
    log.info("ray: %s", " ".join(data["lines"]))


def _settle(trying: Future[Any], call: Callable[..., Any], options: dict[str, Any]) -> None:
    try:
        trying.set_result(call(**options))
    except Exception as error:  # noqa: BLE001 - told by whoever waits
        trying.set_exception(error)
    except BaseException as error:  # noqa: BLE001 - Ray ends the process where it gives up
        trying.set_exception(ConnectionError(f"Ray gave up ({error})"))


def _check_listens(address: str) -> None:
    if address == AUTO:
        return
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=LISTEN_SECONDS):
            pass
    except (OSError, ValueError, OverflowError) as error:
        raise _no_answer(address, error) from error


def _no_answer(address: str, why: object) -> ClusterError:
    reason = " ".join(str(why).split())[:200] or type(why).__name__
    return ClusterError("cluster.no_answer", address=address, reason=reason)


def nodes(ray: Any) -> list[str]:
    """The ids of the nodes that live, in a fixed order."""
    return sorted(node["NodeID"] for node in ray.nodes() if node["Alive"])


def node_name(ray: Any, node: str) -> str:
    """The address of a node, to tell of it."""
    return next((one["NodeManagerAddress"] for one in ray.nodes() if one["NodeID"] == node), node)
