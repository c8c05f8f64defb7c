"""Model files: found in the user's cache, verified by their published checksum, or downloaded.

Nothing is downloaded that the user did not ask for, by name or by choosing a backend that needs
it; and nothing is loaded whose SHA-256 differs from the one pinned here.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from concurrent.futures import TimeoutError as NotInTime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from .errors import WeightsError
from .settings import address_from, user_folder

if TYPE_CHECKING:
    import httpx

Progress = Callable[[str, int, int], None]
PROBE_SECONDS = 4.0
BLOCK = 1 << 20


class ModelFile(BaseModel):
    """One file of a model, as its official repository publishes it."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="what a user calls it")
    file: str
    repository: str = Field(description="the same on Hugging Face and ModelScope")
    revision: str = Field(description="Hugging Face's commit; ModelScope serves its newest")
    size: int = Field(description="bytes")
    sha256: str


QWEN_CODER = ModelFile(
    name="qwen2.5-coder-0.5b-instruct",
    file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    repository="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
    revision="ebb2015119c907b064c512bf053e945850b5875f",
    size=491_400_064,
    sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
)


def cached_path(model: ModelFile) -> Path:
    """Where the file of a model stands, or would stand, in the user's cache."""
    return user_folder("cache") / "models" / model.file


def find(model: ModelFile) -> Path | None:
    """The verified file of a model, or None where there is none.

    The checksum is taken once and noted beside the file with its size and time of change.

    Raises:
        WeightsError: A file stands there that is not the published one.
    """
    path = cached_path(model)
    if not path.is_file():
        return None
    note = path.with_suffix(path.suffix + ".verified")
    status = path.stat()
    stamp = {"sha256": model.sha256, "size": status.st_size, "changed": status.st_mtime_ns}
    try:
        if json.loads(note.read_text(encoding="utf-8")) == stamp:
            return path
    except (OSError, ValueError):
        pass
    if status.st_size != model.size or _sha256(path) != model.sha256:
        raise WeightsError("weights.wrong_sum", file=str(path))
    # A read-only cache costs a second at each start and is no reason to fail.
    with contextlib.suppress(OSError):
        note.write_text(json.dumps(stamp), encoding="utf-8")
    return path


def identify(own: Path | None) -> tuple[str, str]:
    """The name and the digest of the model a run will use, without touching the built-in one.

    Args:
        own: The user's own GGUF file; None for the built-in model.

    Raises:
        WeightsError: There is no such file.
    """
    if own is None:
        return QWEN_CODER.name, QWEN_CODER.sha256[:16]
    if not own.is_file():
        raise WeightsError("weights.no_file", file=str(own))
    return own.stem, _quick_digest(own)


def find_or_download(own: Path | None, progress: Progress | None = None) -> Path:
    """The GGUF file to serve: the user's own, or the built-in one, downloaded if missing.

    Args:
        own: The user's own file; None for the built-in model.
        progress: Told ``(file, bytes done, bytes in all)``.

    Raises:
        WeightsError: A wrong checksum, or no hub that answers.
    """
    return own or find(QWEN_CODER) or download(QWEN_CODER, progress)


def download(model: ModelFile, progress: Progress | None = None) -> Path:
    """The file of a model, fetched into the user's cache, continued where an earlier try ended.

    Raises:
        WeightsError: No hub answers within 5 s, the connection breaks, the disk is full, or the
            file is not the published one.
    """
    import httpx
    from filelock import FileLock

    target = cached_path(model)
    part = target.with_suffix(target.suffix + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(str(target) + ".lock"):
            found = find(model)
            if found:
                return found
            _fetch(_first_hub(model), part, model, progress)
            if _sha256(part) != model.sha256:
                part.unlink()
                raise WeightsError("weights.wrong_sum", file=str(part))
            part.replace(target)
    except httpx.HTTPError as error:
        raise WeightsError("weights.broken_off", file=model.file, reason=str(error)) from error
    except OSError as error:
        raise WeightsError("weights.disk", file=str(target), reason=str(error)) from error
    found = find(model)
    if found is None:
        raise WeightsError("weights.no_file", file=str(target))
    return found


def _hubs(model: ModelFile) -> list[str]:
    """Where the file can be had, a mirror the user names included."""
    hugging_face = address_from("HF_ENDPOINT") or "https://huggingface.co"
    model_scope = address_from("MODELSCOPE_DOMAIN") or "www.modelscope.cn"
    if "://" not in model_scope:
        model_scope = f"https://{model_scope}"
    return [
        f"{hugging_face.rstrip('/')}/{model.repository}/resolve/{model.revision}/{model.file}",
        f"{model_scope.rstrip('/')}/models/{model.repository}/resolve/master/{model.file}",
    ]


def _first_hub(model: ModelFile) -> str:
    """The address that answers first; both are asked at once, since either may be cut off."""
    addresses = _hubs(model)
    pool = ThreadPoolExecutor(len(addresses))
    asked = {pool.submit(_answers, address): address for address in addresses}
    try:
        for probe in as_completed(asked, timeout=PROBE_SECONDS):
            if probe.result():
                return asked[probe]
    except NotInTime:
        pass
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    raise WeightsError(
        "weights.no_hub",
        model=model.name,
        megabytes=round(model.size / 1e6),
        file=str(cached_path(model)),
    )


def _answers(address: str) -> bool:
    import httpx

    try:
        with httpx.stream(
            "GET",
            address,
            headers={"Range": "bytes=0-0"},
            timeout=PROBE_SECONDS - 0.5,
            follow_redirects=True,
        ) as response:
            return response.status_code in (200, 206)
    except httpx.HTTPError:
        return False


def _fetch(address: str, part: Path, model: ModelFile, progress: Progress | None) -> None:
    import httpx

    have = part.stat().st_size if part.exists() else 0
    if have >= model.size:
        part.unlink()
        have = 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    timeout = httpx.Timeout(30.0, connect=PROBE_SECONDS)
    with httpx.stream(
        "GET", address, headers=headers, timeout=timeout, follow_redirects=True
    ) as response:
        response.raise_for_status()
        if have and response.status_code != httpx.codes.PARTIAL_CONTENT:
            have = 0  # this hub sends the whole file again
        _write(response, part, have, model, progress)
    if part.stat().st_size != model.size:
        raise WeightsError("weights.broken_off", file=model.file, reason="the file is not whole")


def _write(
    response: httpx.Response, part: Path, have: int, model: ModelFile, progress: Progress | None
) -> None:
    with part.open("ab" if have else "wb") as file:
        for block in response.iter_bytes(BLOCK):
            file.write(block)
            have += len(block)
            if have > model.size:
                raise WeightsError("weights.wrong_sum", file=str(part))
            if progress:
                progress(model.file, have, model.size)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _quick_digest(path: Path) -> str:
    """Sixteen hex digits from a file's size, head and tail: models run to gigabytes."""
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        digest.update(file.read(BLOCK))
        file.seek(max(0, size - BLOCK))
        digest.update(file.read(BLOCK))
    return digest.hexdigest()[:16]
