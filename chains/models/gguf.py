"""GGUF model files: found in the user's cache, verified by checksum, or downloaded.

Nothing is downloaded unless the user asks for it, by name or by choosing a backend that needs
it. No model known by name is loaded whose SHA-256 differs from the one pinned here or, where none
is pinned, from the one that the hub listed when the file was downloaded.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from ..environment import user_folder
from ..errors import WeightsError

if TYPE_CHECKING:
    from .hubs import HubFile

DownloadProgress = Callable[[str, int, int], None]
BLOCK = 1 << 20


class ModelFile(BaseModel):
    """A model file in its official repository."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="what a user calls it")
    file: str
    repository: str = Field(description="the same on Hugging Face and ModelScope")
    revision: str = Field("main", description="Hugging Face's commit; ModelScope serves its newest")
    size: int | None = Field(None, description="bytes; None: as the hub lists it at download")
    sha256: str | None = Field(None, description="None: as the hub lists it at download")
    parameters: float = Field(description="billions")
    license: str = "Apache-2.0"


QWEN_CODER = ModelFile(
    name="qwen2.5-coder-0.5b-instruct",
    file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    repository="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
    revision="ebb2015119c907b064c512bf053e945850b5875f",
    size=491_400_064,
    sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    parameters=0.5,
)
GGUF_MODELS = (
    QWEN_CODER,
    ModelFile(
        name="qwen2.5-1.5b-instruct",
        file="qwen2.5-1.5b-instruct-q4_k_m.gguf",
        repository="Qwen/Qwen2.5-1.5B-Instruct-GGUF",
        parameters=1.5,
    ),
    ModelFile(
        name="qwen3-4b",
        file="Qwen3-4B-Q4_K_M.gguf",
        repository="Qwen/Qwen3-4B-GGUF",
        parameters=4,
    ),
    ModelFile(
        name="qwen3-8b",
        file="Qwen3-8B-Q4_K_M.gguf",
        repository="Qwen/Qwen3-8B-GGUF",
        parameters=8,
    ),
    ModelFile(
        name="qwen3-14b",
        file="Qwen3-14B-Q4_K_M.gguf",
        repository="Qwen/Qwen3-14B-GGUF",
        parameters=14,
    ),
)
"""The models that the embedded backend knows by name, the smallest first."""


def named(name: str) -> ModelFile | None:
    """The model that is known by a name, or None: then it is the path of a user's own file."""
    return next((model for model in GGUF_MODELS if model.name == name.lower()), None)


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
    known = _note(path)
    published = model.sha256 or known.get("sha256")
    if published is None:
        return None  # nobody has compared it with what the hub lists
    status = path.stat()
    if known == _stamp(path, published):
        return path
    if model.size not in (None, status.st_size) or _sha256(path) != published:
        raise WeightsError("weights.wrong_sum", file=str(path))
    _save_note(path, published)
    return path


def find_named(model: str) -> Path | None:
    """The file of a model that is called by its name or path; None for a name not downloaded yet.

    Args:
        model: A name of ``GGUF_MODELS``, or the path of the user's own GGUF file.

    Raises:
        WeightsError: There is no file at the path, or the file there is not the published one.
    """
    known = named(model)
    if known is not None:
        return find(known)
    own = Path(model).expanduser()
    if not own.is_file():
        raise WeightsError("weights.no_file", file=str(own))
    return own


def identify(model: str) -> tuple[str, str]:
    """The name and the digest of the model a run will use, without reading one known by name.

    Args:
        model: A name of ``GGUF_MODELS``, or the path of the user's own GGUF file.

    Raises:
        WeightsError: There is no such file, or a model without a pinned checksum is not here.
    """
    known = named(model)
    if known is None:
        own = find_named(model)
        assert own is not None  # noqa: S101 - a path is a file, or an error
        return own.stem, quick_digest(own)
    published = known.sha256 or _note(cached_path(known)).get("sha256")
    if published is None or (known.sha256 is None and not cached_path(known).is_file()):
        raise WeightsError("weights.not_here", model=known.name)
    return known.name, str(published)[:16]


def find_or_download(model: str, progress: DownloadProgress | None = None) -> Path:
    """The GGUF file to serve: the user's own, or one known by name, downloaded if missing.

    Args:
        model: A name of ``GGUF_MODELS``, or the path of the user's own GGUF file.
        progress: Called with ``(file, bytes done, bytes in all)``.

    Raises:
        WeightsError: No file at the path, a wrong checksum, or no hub that answers.
    """
    found = find_named(model)
    return found or download(named(model) or QWEN_CODER, progress)


def download(
    model: ModelFile, progress: DownloadProgress | None = None, folder: Path | None = None
) -> Path:
    """The file of a model, downloaded if missing; an interrupted download is resumed.

    Args:
        model: Which one.
        progress: Called with ``(file, bytes done, bytes in all)``.
        folder: Where it goes; None for the user's cache.

    Raises:
        WeightsError: No hub answers within 5 s or has the file, the connection breaks, there is
            no room on the disk, or what comes is not the published file.
    """
    from filelock import FileLock

    from .download import fetch, refuse_without_room, right

    target = (folder or models_folder()) / model.file
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(str(target) + ".lock"):
            found = find(model, folder)
            if found:
                return found
            address, wanted = _published(model, target)
            if not right(target, wanted):
                refuse_without_room(target, wanted)
                fetch(address, target, wanted, progress)
            _save_note(target, wanted.digest)
    except OSError as error:
        raise WeightsError("weights.disk", file=str(target), reason=str(error)) from error
    return target


def _published(model: ModelFile, target: Path) -> tuple[str, HubFile]:
    """Where a model's file is to be had, with its size and checksum: pinned, or as listed there."""
    from .hubs import HubFile, first_with_file, first_with_model

    none = WeightsError("weights.no_hub", model=model.name, file=str(target))
    if model.size is not None and model.sha256 is not None:
        address = first_with_file(model.repository, model.file, model.revision)
        if address is None:
            raise none
        return address, HubFile(path=model.file, size=model.size, digest=model.sha256)
    try:
        found = first_with_model(model.repository)
    except LookupError as error:
        raise WeightsError(
            "weights.not_published", model=model.repository, hubs=str(error)
        ) from error
    if found is None:
        raise none
    hub, files = found
    wanted = next((one for one in files if one.path == model.file and one.kind == "sha256"), None)
    if wanted is None:
        name = f"{model.repository}/{model.file}"
        raise WeightsError("weights.not_published", model=name, hubs=hub.root)
    return hub.address(model.repository, model.file), wanted


def _note_path(path: Path) -> Path:
    return path.with_suffix(path.suffix + ".verified")


def _note(path: Path) -> dict[str, Any]:
    """What is noted of a verified file: its SHA-256, size and time of change; empty if nothing."""
    try:
        noted = json.loads(_note_path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def _stamp(path: Path, sha256: str) -> dict[str, Any]:
    status = path.stat()
    return {"sha256": sha256, "size": status.st_size, "changed": status.st_mtime_ns}


def _save_note(path: Path, sha256: str) -> None:
    # With a read-only cache the checksum is recomputed at each start, which takes a second.
    with contextlib.suppress(OSError):
        _note_path(path).write_text(json.dumps(_stamp(path, sha256)), encoding="utf-8")


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
