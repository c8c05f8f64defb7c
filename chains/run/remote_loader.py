"""Reads the documents of a run on the machines of a cluster, a task a file."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loaders import LoadError, find_documents
from pairs.records import Reason

from ..cluster.tasks import each
from ..settings import Resolved
from .inputs import Inputs, RunInput, expanded, read_for

__all__ = ["read_on"]


@dataclass(frozen=True)
class _File:
    path: Path
    resolved: Resolved


@dataclass(frozen=True)
class _Read:
    """What a machine made of a file; no inputs where it does not see it."""

    node: str
    inputs: Inputs | None


def read_on(
    ray: Any, resolved: Resolved, inputs: Iterable[RunInput] | Inputs, password: str | None
) -> Inputs:
    """The inputs as ``read_for`` gives them, the files among them read by all machines.

    A file that a machine does not see is read on this one, and so are encrypted ones: a password
    is sent nowhere.

    Args:
        ray: The module, connected; None to read all here.
        resolved: The settings in force.
        inputs: As for ``read_for``.
        password: As for ``read_for``.

    Raises:
        LoadError: No input could be read; the first reason.
        SettingsError: There is no such backend.
    """
    if ray is None or password or isinstance(inputs, Inputs):
        return read_for(resolved, inputs, password=password)
    parts = list(_parts(inputs))
    files = (_File(part.absolute(), resolved) for part in parts if isinstance(part, Path))
    remote = each(ray, _read, files)
    whole, unseen = Inputs(), 0
    for part in parts:
        read = next(remote)[1] if isinstance(part, Path) else None
        if read is not None and read.inputs is None and not unseen:
            unseen += 1  # told once: there may be as many as there are documents
            fields = {"node": read.node, "file": str(part)}
            whole.warnings.append((str(part), Reason(code="cluster.not_read", fields=fields)))
        whole.add((read and read.inputs) or _read_here(part, resolved))
    return whole.checked()


def _parts(inputs: Iterable[RunInput]) -> Iterator[RunInput | LoadError]:
    """The inputs one by one, a folder's files as paths of their own."""
    for item in inputs:
        path = expanded(Path(item)) if isinstance(item, str | Path) else None
        if path is None:
            yield item
        elif path.is_dir():
            try:
                yield from find_documents(path)
            except LoadError as error:
                yield error
        else:
            yield path


def _read(file: _File) -> _Read:
    there = file.path.exists()
    return _Read(platform.node(), _read_here(file.path, file.resolved) if there else None)


def _read_here(part: RunInput | LoadError, resolved: Resolved) -> Inputs:
    """One input alone; one that is refused says so in what comes out."""
    try:
        if isinstance(part, LoadError):
            raise part
        return read_for(resolved, [part])
    except LoadError as error:
        return Inputs(refused=[] if error.code == "load.nothing" else [error])
