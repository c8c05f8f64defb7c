"""Model hubs: Hugging Face or a mirror of it, and ModelScope.

Each hub lists a model's files with their checksums: SHA-256 of the large ones, and on Hugging Face
the git hash of the small ones. Both hubs are asked at once, since either may be cut off, and nobody
waits longer than five seconds to learn that none responds.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import PurePosixPath
from typing import Any, Literal, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, Field

from ..environment import address_from

PROBE_SECONDS = 4.0
LARGEST_LIST = 8 << 20  # bytes; a model has some dozens of files
Found = TypeVar("Found")


class HubFile(BaseModel):
    """A file of a model as a hub lists it."""

    model_config = ConfigDict(frozen=True)

    path: str = Field(description="inside the model's repository")
    size: int = Field(ge=0, description="bytes")
    digest: str = Field(pattern="^([0-9a-f]{40}|[0-9a-f]{64})$")
    kind: Literal["sha256", "git"] = "sha256"


class Hub(BaseModel):
    """A model hub and its URL scheme."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["huggingface", "modelscope"]
    root: str

    def address(self, repository: str, path: str, revision: str = "") -> str:
        """The URL of a file.

        Args:
            repository: ``owner/name``.
            path: The file's path inside it.
            revision: A commit; empty for the newest. ModelScope serves its newest alone.
        """
        if self.kind == "huggingface":
            return f"{self.root}/{repository}/resolve/{revision or 'main'}/{path}"
        return f"{self.root}/models/{repository}/resolve/master/{path}"

    def files(self, repository: str) -> list[HubFile] | None:
        """The files of a model; None if this hub does not have the model.

        Raises:
            HTTPError: The hub does not respond, or not in the expected form.
        """
        if self.kind == "huggingface":
            address = f"{self.root}/api/models/{repository}/tree/main?recursive=true"
        else:
            address = (
                f"{self.root}/api/v1/models/{repository}/repo/files?Revision=master&Recursive=true"
            )
        rows = _json(address)
        if rows is None:
            return None
        try:
            listed = _from_hugging_face(rows) if isinstance(rows, list) else _from_scope(rows)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise httpx.DecodingError(f"{self.root} does not list files as a hub does") from error
        return [file for file in listed if _inside(file.path)]


def hubs() -> list[Hub]:
    """The hubs to query, with the user's mirrors in place of the defaults."""
    hugging_face = address_from("HF_ENDPOINT") or "https://huggingface.co"
    scope = address_from("MODELSCOPE_DOMAIN") or "www.modelscope.cn"
    if "://" not in scope:
        scope = f"https://{scope}"
    return [
        Hub(kind="huggingface", root=hugging_face.rstrip("/")),
        Hub(kind="modelscope", root=scope.rstrip("/")),
    ]


def first_with_file(repository: str, path: str, revision: str) -> str | None:
    """The URL of a file at the hub that responds first; None if none does in time."""
    addresses = [hub.address(repository, path, revision) for hub in hubs()]
    return _first([partial(_answering, address) for address in addresses])


def first_with_model(repository: str) -> tuple[Hub, list[HubFile]] | None:
    """A hub that has a model, and the model's files; None if no hub responds in time.

    Raises:
        LookupError: Hubs respond, and none of them has the model.
    """
    unknown: list[str] = []

    def ask(hub: Hub) -> tuple[Hub, list[HubFile]] | None:
        files = hub.files(repository)
        if not files:
            unknown.append(hub.root)
            return None
        return hub, files

    found = _first([partial(ask, hub) for hub in hubs()])
    if found is None and unknown:
        raise LookupError(", ".join(unknown))
    return found


def _first(asks: Sequence[Callable[[], Found | None]]) -> Found | None:
    """The first result that is not None, of concurrent calls, within the time limit for probes.

    Daemon threads, because a hanging DNS look-up would delay the exit of the program.
    """
    answers: queue.Queue[Found | None] = queue.Queue()

    def run(ask: Callable[[], Found | None]) -> None:
        try:
            answers.put(ask())
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError):
            answers.put(None)

    for ask in asks:
        threading.Thread(target=run, args=(ask,), daemon=True, name="ask-hub").start()
    end = time.monotonic() + PROBE_SECONDS
    for _ in asks:
        try:
            answer = answers.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            return None
        if answer is not None:
            return answer
    return None


def _answering(address: str) -> str | None:
    """The URL itself if there is a file."""
    with httpx.stream(
        "GET",
        address,
        headers={"Range": "bytes=0-0"},
        timeout=PROBE_SECONDS - 0.5,
        follow_redirects=True,
    ) as response:
        there = response.status_code in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT)
        return address if there else None


def _json(address: str) -> Any:
    """The JSON of a hub's response; None if it has no such model."""
    with httpx.stream(
        "GET", address, timeout=PROBE_SECONDS - 0.5, follow_redirects=True
    ) as response:
        # Hugging Face says 401 for a model that does not exist, lest private ones be guessed.
        if response.status_code in (401, 403, 404):
            return None
        response.raise_for_status()
        body = bytearray()
        for block in response.iter_bytes():
            body += block
            if len(body) > LARGEST_LIST:
                raise httpx.DecodingError(f"{address} sends an endless list")
    try:
        return json.loads(bytes(body))
    except (ValueError, RecursionError) as error:
        raise httpx.DecodingError(f"{address} does not answer as a hub does") from error


def _from_hugging_face(rows: Iterable[dict[str, Any]]) -> list[HubFile]:
    files = []
    for row in rows:
        if row["type"] != "file":
            continue
        large = row.get("lfs")
        digest, kind = (large["oid"], "sha256") if large else (row["oid"], "git")
        digest = str(digest).removeprefix("sha256:").lower()
        files.append(HubFile(path=row["path"], size=row["size"], digest=digest, kind=kind))
    return files


def _from_scope(answer: dict[str, Any]) -> list[HubFile]:
    rows = (answer.get("Data") or {}).get("Files") or []
    return [
        HubFile(path=row["Path"], size=row["Size"], digest=row["Sha256"].lower())
        for row in rows
        if row["Type"] != "tree"
    ]


def _inside(path: str) -> bool:
    """Whether a listed path stays inside the model's folder."""
    pure = PurePosixPath(path)
    return (
        not pure.is_absolute() and ".." not in pure.parts and "\\" not in path and ":" not in path
    )
