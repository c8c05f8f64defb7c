"""Downloads one file over HTTP, resumed after breaks and verified by its checksum."""

from __future__ import annotations

import hashlib
import logging
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from ..errors import WeightsError
from .hubs import PROBE_SECONDS, HubFile

Progress = Callable[[str, int, int], None]
log = logging.getLogger(__name__)
BLOCK = 1 << 20
WRITTEN_AT_ONCE = 1 << 16  # bytes that a broken connection can lose
TRIES = 4  # for a connection that breaks; each goes on where the last one ended


def fetch(address: str, target: Path, wanted: HubFile, progress: Progress | None = None) -> None:
    """Downloads a file to ``target``; until it is verified it is ``NAME.part`` beside it.

    Args:
        address: URL of the file.
        target: The path to write; its folder must exist.
        wanted: The file's size and checksum.
        progress: Called with ``(file, bytes done, bytes in all)``.

    Raises:
        WeightsError: The connection breaks repeatedly, or the file is not the published one.
        OSError: The disk is full or cannot be written.
    """
    began = time.monotonic()
    part = target.with_name(target.name + ".part")
    for left in reversed(range(TRIES)):
        try:
            log.info("%s: %d bytes wanted", wanted.path, wanted.size)
            _go_on(address, part, wanted, progress)
            break
        except httpx.HTTPStatusError as error:
            reason = f"HTTP {error.response.status_code}, {error.request.url}"
            raise WeightsError("weights.broken_off", file=wanted.path, reason=reason) from error
        except httpx.HTTPError as error:
            log.info("%s: the connection broke (%s)", wanted.path, type(error).__name__)
            if not left:
                reason = str(error) or type(error).__name__
                raise WeightsError("weights.broken_off", file=wanted.path, reason=reason) from error
    if not right(part, wanted):
        part.unlink()
        raise WeightsError("weights.wrong_download", file=wanted.path, address=address)
    part.replace(target)
    log.info("%s: there after %.1f s", wanted.path, time.monotonic() - began)


def refuse_without_room(target: Path, wanted: HubFile) -> None:
    """Raises WeightsError if the disk has no room for what is still to come of a file."""
    part = target.with_name(target.name + ".part")
    left = wanted.size - (part.stat().st_size if part.exists() else 0)
    free = shutil.disk_usage(target.parent).free
    if free < left:
        raise WeightsError(
            "weights.no_room",
            file=str(target),
            megabytes=round(left / 1e6),
            free=round(free / 1e6),
        )


def right(path: Path, wanted: HubFile) -> bool:
    """Whether a file has the published size and checksum."""
    if not path.is_file() or path.stat().st_size != wanted.size:
        return False
    if wanted.kind == "sha256":
        return digest_of(path, hashlib.sha256()) == wanted.digest
    # How git names a file's content.
    head = hashlib.sha1(f"blob {wanted.size}\0".encode(), usedforsecurity=False)
    return digest_of(path, head) == wanted.digest


def digest_of(path: Path, digest: hashlib._Hash) -> str:
    """The digest of a file's bytes, in hex."""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _go_on(address: str, part: Path, wanted: HubFile, progress: Progress | None) -> None:
    have = part.stat().st_size if part.exists() else 0
    if have == wanted.size:
        part.touch()
        return
    if have > wanted.size:
        part.unlink()
        have = 0
    # A compressed body could not be continued at a byte of the file.
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    timeout = httpx.Timeout(30.0, connect=PROBE_SECONDS)
    with httpx.stream(
        "GET", address, headers=headers, timeout=timeout, follow_redirects=True
    ) as response:
        response.raise_for_status()
        if have and response.status_code != httpx.codes.PARTIAL_CONTENT:
            have = 0  # this hub sends the whole file again
        have = _write(response, part, have, wanted, progress)
    if have < wanted.size:
        raise httpx.RemoteProtocolError(f"{have} of {wanted.size} bytes came")


def _write(
    response: httpx.Response, part: Path, have: int, wanted: HubFile, progress: Progress | None
) -> int:
    """Bytes of the file present once the response has ended."""
    with part.open("ab" if have else "wb") as file:
        for block in response.iter_bytes(WRITTEN_AT_ONCE):
            file.write(block)
            have += len(block)
            if have > wanted.size:
                break
            if progress:
                progress(wanted.path, have, wanted.size)
    return have
