"""Reads the weight files of a checkpoint as memory-mapped tensors, one after the other.

A safetensors file is a JSON header followed by raw data and is read here with numpy: conversion
needs no torch, and a truncated file is reported by name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import EndpointError
from .checkpoint import Shape, expected, read_json, renamed

if TYPE_CHECKING:
    import numpy as np

LARGEST_HEADER = 64 << 20  # bytes
# bfloat16 is unknown to numpy: its bits, which are the upper half of a float32.
KINDS = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}
NUMBERED = re.compile(r"-(\d{5})-of-(\d{5})\.(?:safetensors|bin)")
INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")


def weight_files(folder: Path) -> list[Path]:
    """The weight files of a folder, after a check that all of them exist.

    Raises:
        EndpointError: None are there, or some of them are missing.
    """
    for index in INDEXES:
        if (folder / index).is_file():
            named = read_json(folder / index).get("weight_map")
            if not isinstance(named, dict) or not all(isinstance(x, str) for x in named.values()):
                raise EndpointError("endpoint.json_broken", file=str(folder / index))
            files = [folder / Path(name).name for name in sorted(set(named.values()))]
            if files and (any(file.is_file() for file in files) or not _loose(folder)):
                return _all_there(files, folder)
    files = _loose(folder)
    if not files:
        raise EndpointError("endpoint.no_weights", folder=str(folder))
    numbers = NUMBERED.search(files[0].name)
    if numbers:
        count = int(numbers[2])
        names = (
            files[0].name.replace(numbers[0], f"-{n:05d}-of-{numbers[2]}{files[0].suffix}")
            for n in range(1, count + 1)
        )
        files = [folder / name for name in names]
    return _all_there(files, folder)


def _loose(folder: Path) -> list[Path]:
    """Files of weights by their names; safetensors before pickles, one set alone."""
    for pattern in (
        "model.safetensors",
        "model-*-of-*.safetensors",
        "pytorch_model.bin",
        "pytorch_model-*-of-*.bin",
    ):
        found = sorted(folder.glob(pattern))
        if found:
            return found
    return []


def _all_there(files: list[Path], folder: Path) -> list[Path]:
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise EndpointError(
            "endpoint.missing_files",
            folder=str(folder),
            missing=len(missing),
            count=len(files),
            files=", ".join(missing[:4]) + (" ..." if len(missing) > 4 else ""),
        )
    return files


def native_tensors(folder: Path, shape: Shape) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """Every tensor of a checkpoint once, under its native name and in its own precision.

    Bfloat16 comes as the uint16 of its bits.

    Args:
        folder: THUDM's layout or the native one.
        shape: What the folder's config.json says.

    Raises:
        EndpointError: A file is missing or cut off, or the tensors are not those of the model.
    """
    wanted = expected(shape)
    for file in weight_files(folder):
        tensors = _safetensors(file) if file.suffix == ".safetensors" else _pickled(file)
        for name, rows in renamed(tensors, shape):
            if wanted.pop(name, None) != rows.shape:
                raise EndpointError(
                    "endpoint.tensor", file=str(file), tensor=name, shape=str(list(rows.shape))
                )
            yield name, rows
    if wanted:
        raise EndpointError(
            "endpoint.tensors_missing",
            folder=str(folder),
            count=len(wanted),
            tensor=next(iter(wanted)),
        )


def _safetensors(file: Path) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    import numpy as np

    size = file.stat().st_size
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        if not 2 <= length <= min(LARGEST_HEADER, size - 8):
            raise EndpointError("endpoint.cut_off", file=str(file), size=size)
        try:
            header = json.loads(opened.read(length))
        except (ValueError, RecursionError) as error:
            raise EndpointError("endpoint.cut_off", file=str(file), size=size) from error
    start = 8 + length
    placed = [(name, *_place(entry, file)) for name, entry in _entries(header, file)]
    if any(start + end > size for _, _, _, _, end in placed):
        raise EndpointError("endpoint.cut_off", file=str(file), size=size)
    for name, kind, shape, begin, end in placed:
        rows = np.memmap(file, dtype="u1", mode="c", offset=start + begin, shape=(end - begin,))
        yield name, rows.view(kind).reshape(shape)


def _entries(header: Any, file: Path) -> Iterator[tuple[str, Any]]:
    if not isinstance(header, dict):
        raise EndpointError("endpoint.cut_off", file=str(file), size=file.stat().st_size)
    yield from ((name, entry) for name, entry in header.items() if name != "__metadata__")


def _place(entry: Any, file: Path) -> tuple[str, tuple[int, ...], int, int]:
    """A header's entry as kind of number, shape, and first and last byte of the numbers."""
    import math

    try:
        kind, shape = KINDS[entry["dtype"]], tuple(int(size) for size in entry["shape"])
        begin, end = (int(place) for place in entry["data_offsets"])
    except (KeyError, TypeError, ValueError) as error:
        raise EndpointError("endpoint.numbers", file=str(file), kinds=", ".join(KINDS)) from error
    if min(shape, default=1) < 1 or begin < 0 or end - begin != math.prod(shape) * int(kind[2]):
        raise EndpointError("endpoint.numbers", file=str(file), kinds=", ".join(KINDS))
    return kind, shape, begin, end


def _pickled(file: Path) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """The tensors of a .bin file; nothing in it is executed."""
    import pickle

    import torch

    try:
        tensors = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
        pairs = list(tensors.items())
    except (
        RuntimeError,
        OSError,
        EOFError,
        ValueError,
        pickle.PickleError,
        AttributeError,
    ) as error:
        size = file.stat().st_size
        raise EndpointError("endpoint.cut_off", file=str(file), size=size) from error
    for name, tensor in pairs:
        if tensor.dtype not in (torch.float32, torch.float16, torch.bfloat16):
            raise EndpointError("endpoint.numbers", file=str(file), kinds=", ".join(KINDS))
        bits = tensor.view(torch.uint16) if tensor.dtype == torch.bfloat16 else tensor
        yield name, bits.detach().numpy()
