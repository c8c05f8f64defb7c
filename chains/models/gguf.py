"""GGUF model files: found in the user's cache, verified by checksum, or downloaded.

Nothing is downloaded unless the user asks for it, by name or by choosing a backend that needs
it; no built-in model is loaded whose SHA-256 differs from the one pinned here.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from ..errors import WeightsError
from ..settings import user_folder

DownloadProgress = Callable[[str, int, int], None]
BLOCK = 1 << 20


class ModelFile(BaseModel):
    """A model file in its official repository."""

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


def models_folder() -> Path:
    """The folder of downloaded models in the user's cache; not created here."""
    return user_folder("cache") / "models"


def cached_path(model: ModelFile) -> Path:
    """The path of a model's file in the user's cache, whether it exists or not."""
    return models_folder() / model.file


def find(model: ModelFile, folder: Path | None = None) -> Path | None:
    """The verified file of a model, or None if there is none.

    The checksum is computed once and saved beside the file with its size and modification time.

    Args:
        model: Which one.
        folder: Where to look; None for the user's cache.

    Raises:
        WeightsError: The file there is not the published one.
    """
    path = (folder or models_folder()) / model.file
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
    # With a read-only cache the checksum is recomputed at each start, which takes a second.
    with contextlib.suppress(OSError):
        note.write_text(json.dumps(stamp), encoding="utf-8")
    return path


def identify(own: Path | None) -> tuple[str, str]:
    """The name and the digest of the model a run will use, without reading the built-in one.

    Args:
        own: The user's own GGUF file; None for the built-in model.

    Raises:
        WeightsError: There is no such file.
    """
    if own is None:
        return QWEN_CODER.name, QWEN_CODER.sha256[:16]
    if not own.is_file():
        raise WeightsError("weights.no_file", file=str(own))
    return own.stem, quick_digest(own)


def find_or_download(own: Path | None, progress: DownloadProgress | None = None) -> Path:
    """The GGUF file to serve: the user's own, or the built-in one, downloaded if missing.

    Args:
        own: The user's own file; None for the built-in model.
        progress: Called with ``(file, bytes done, bytes in all)``.

    Raises:
        WeightsError: A wrong checksum, or no hub that answers.
    """
    return own or find(QWEN_CODER) or download(QWEN_CODER, progress)


def download(
    model: ModelFile, progress: DownloadProgress | None = None, folder: Path | None = None
) -> Path:
    """The file of a model, downloaded if missing; an interrupted download is resumed.

    Args:
        model: Which one.
        progress: Called with ``(file, bytes done, bytes in all)``.
        folder: Where it goes; None for the user's cache.

    Raises:
        WeightsError: No hub answers within 5 s, the connection breaks, the disk is full, or what
            comes is not the published file.
    """
    from filelock import FileLock

    from .download import fetch
    from .hubs import HubFile, first_with_file

    target = (folder or models_folder()) / model.file
    wanted = HubFile(path=model.file, size=model.size, digest=model.sha256)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(str(target) + ".lock"):
            found = find(model, folder)
            if found:
                return found
            address = first_with_file(model.repository, model.file, model.revision)
            if address is None:
                megabytes = round(model.size / 1e6)
                raise WeightsError(
                    "weights.no_hub", model=model.name, megabytes=megabytes, file=str(target)
                )
            fetch(address, target, wanted, progress)
    except OSError as error:
        raise WeightsError("weights.disk", file=str(target), reason=str(error)) from error
    found = find(model, folder)
    if found is None:
        raise WeightsError("weights.no_file", file=str(target))
    return found


def _sha256(path: Path) -> str:
    from .download import digest_of

    return digest_of(path, hashlib.sha256())


def quick_digest(path: Path) -> str:
    """Sixteen hex digits of a file's size, head and tail, since models have gigabytes."""
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        digest.update(file.read(BLOCK))
        file.seek(max(0, size - BLOCK))
        digest.update(file.read(BLOCK))
    return digest.hexdigest()[:16]
