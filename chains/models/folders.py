"""Finds or downloads the folders of models that consist of many files.

Nothing here touches the network but ``download_folder``. The files of a model are
checked against the checksums that the hub lists (SHA-256 of the large ones, git's hash or
SHA-256 of the small ones); none are pinned here, and those found are saved in the folder.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..environment import address_from
from ..errors import WeightsError
from .gguf import GGUF_MODELS, QWEN_CODER, DownloadProgress, download, models_folder, named

if TYPE_CHECKING:
    from .hubs import Hub, HubFile

BGE = "BAAI/bge-large-zh-v1.5"
CHATGLM = "THUDM/chatglm3-6b"
# ModelScope has the publisher under another name.
OTHER_NAMES = {
    CHATGLM: "ZhipuAI/chatglm3-6b",
    "THUDM/chatglm3-6b-32k": "ZhipuAI/chatglm3-6b-32k",
}
NAMED = (BGE, *OTHER_NAMES)
CHECKSUMS = "checksums.json"
WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)


def find_folder(model: str) -> Path | None:
    """The folder of a model with its weights on this machine, or None.

    Args:
        model: ``owner/name``, or the name alone for one in our own cache.
    """
    return next((one for one in _places(model) if weights_in(one)), None)


def weights_in(folder: Path) -> list[Path]:
    """The weight files in a model's folder; none if it is not a complete model."""
    if not (folder / "config.json").is_file() and not (folder / "modules.json").is_file():
        return []
    rooms = [folder, *sorted(folder.glob("0_*"))]
    return [room / name for room in rooms for name in WEIGHTS if (room / name).is_file()]


def _places(model: str) -> Iterator[Path]:
    """The folders a model may be in: our cache, Hugging Face's, ModelScope's."""
    yield models_folder() / _short(model)
    if "/" not in model:
        return
    home = Path(address_from("HF_HOME") or Path.home() / ".cache" / "huggingface")
    hub = Path(address_from("HF_HUB_CACHE") or home / "hub") / f"models--{model.replace('/', '--')}"
    main = hub / "refs" / "main"
    if main.is_file():
        yield hub / "snapshots" / main.read_text(encoding="utf-8").strip()
    yield from sorted((hub / "snapshots").glob("*"))
    scope = Path(address_from("MODELSCOPE_CACHE") or Path.home() / ".cache" / "modelscope" / "hub")
    yield scope / "models" / model
    yield scope / model


def _short(model: str) -> str:
    return model.rsplit("/", 1)[-1]


def download_named(
    name: str | None = None, progress: DownloadProgress | None = None, folder: Path | None = None
) -> Path:
    """The file or folder of a model named by the user, downloaded if missing.

    Args:
        name: ``bge-large-zh-v1.5``, ``chatglm3-6b`` or ``chatglm3-6b-32k``, another model as
            ``owner/name``, or a language model's of ``GGUF_MODELS``; None for the built-in one.
        progress: Called with ``(file, bytes done, bytes in all)``.
        folder: Where it goes; None for the user's cache.

    Raises:
        WeightsError: There is no such model, or it cannot be had.
    """
    language_model = QWEN_CODER if name is None else named(name)
    if name is None or language_model is not None:
        return download(language_model or QWEN_CODER, progress, folder)
    short = {"bge": BGE, **{_short(one): one for one in NAMED}}
    repository = short.get(name.lower(), name)
    if not re.fullmatch(r"[\w][\w.-]*/[\w][\w.-]*", repository):
        known = ", ".join((*(one.name for one in GGUF_MODELS), *map(_short, NAMED)))
        raise WeightsError("weights.unknown", model=name, known=known)
    return download_folder(repository, progress, folder)


def download_folder(
    repository: str, progress: DownloadProgress | None = None, folder: Path | None = None
) -> Path:
    """The folder of a model with the files needed to load it, downloaded if missing.

    Correct files are kept; the weights are downloaded last, so a folder that has them
    is complete. The checksums are those the hub lists, and are saved beside the files.

    Args:
        repository: ``owner/name``, the same on Hugging Face and ModelScope.
        progress: Called with ``(file, bytes done, bytes in all)``.
        folder: Where it goes; None for a folder of the model's name in the user's cache.

    Raises:
        WeightsError: No hub answers within 5 s or has the model, the connection breaks, the disk
            is full, or a received file is not the published one.
    """
    from filelock import FileLock

    from .download import fetch, right

    target = folder or models_folder() / _short(repository)
    try:
        target.mkdir(parents=True, exist_ok=True)
        with FileLock(str(target / ".download.lock")):
            repository, hub, files = _published(repository, target)
            for file in files:
                place = target / file.path
                if not right(place, file):
                    place.parent.mkdir(parents=True, exist_ok=True)
                    fetch(hub.address(repository, file.path), place, file, progress)
            note = {
                "repository": repository,
                "hub": hub.root,
                "files": [file.model_dump() for file in files],
            }
            (target / CHECKSUMS).write_text(json.dumps(note, indent=1), encoding="utf-8")
    except OSError as error:
        raise WeightsError("weights.disk", file=str(target), reason=str(error)) from error
    return target


def _published(repository: str, target: Path) -> tuple[str, Hub, list[HubFile]]:
    """The model's name at a hub that has it, the hub, and the files to fetch, the weights last."""
    from .hubs import first_with_model

    unknown: list[str] = []
    for name in filter(None, (repository, OTHER_NAMES.get(repository))):
        try:
            found = first_with_model(name)
        except LookupError as error:
            unknown.append(str(error))
            continue
        if found is None:
            continue
        hub, listed = found
        files = _needed(listed)
        if not files:
            raise WeightsError("weights.not_published", model=repository, hubs=hub.root)
        return name, hub, files
    if unknown:
        hubs = ", ".join(unknown)
        raise WeightsError("weights.not_published", model=repository, hubs=hubs)
    raise WeightsError("weights.no_hub_folder", model=repository, folder=str(target))


def _needed(listed: list[HubFile]) -> list[HubFile]:
    """The files needed to load a model: configuration, vocabulary, modules, one set of weights.

    The index of sharded weights comes last of all, since its presence marks them as complete.
    """
    for kind in (r"model[\w.-]*\.safetensors", r"pytorch_model[\w.-]*\.bin"):
        weights = [file for file in listed if re.fullmatch(kind, file.path)]
        if weights:
            break
    else:
        return []
    settings = [
        file
        for file in listed
        if re.fullmatch(r"[\w-]+\.(json|txt|model)|\d+_\w+/[\w.-]+", file.path)
        and file not in weights
    ]
    index = [file for file in listed if re.fullmatch(kind + r"\.index\.json", file.path)]
    return settings + weights + index
