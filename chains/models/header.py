"""The header of a GGUF file: what a model is made of, without reading its weights.

The layout is that of the GGUF specification (ggml-org/ggml, docs/gguf.md): magic, version, counts,
then keys with typed values, all little-endian.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

_STRING, _ARRAY = 8, 9
_NUMBERS = {
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
_LONGEST_KEY, _LONGEST_TEXT, _LONGEST_ARRAY = 1 << 16, 1 << 24, 1 << 20
_MOST_KEYS = 10_000
Value = int | float | str | list[int | float] | None


def read_header(path: Path) -> dict[str, Value]:
    """The values of a GGUF file by key; arrays of texts, such as a vocabulary, as None.

    Args:
        path: The file.

    Raises:
        ValueError: It is no GGUF file of version 2 or 3, or it is cut off.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        if file.read(4) != b"GGUF" or _number(file, "I") not in (2, 3):
            raise ValueError(f"{path.name} is no GGUF file")
        _number(file, "Q")  # tensors
        count = int(_number(file, "Q"))
        if count > _MOST_KEYS:
            raise ValueError(f"{path.name} has {count} keys")
        return dict(_entry(file) for _ in range(count))


def _entry(file: BinaryIO) -> tuple[str, Value]:
    key = _text(file, _LONGEST_KEY)
    return key, _value(file, int(_number(file, "I")))


def _value(file: BinaryIO, kind: int) -> Value:
    if kind == _STRING:
        return _text(file, _LONGEST_TEXT)
    if kind != _ARRAY:
        return _number(file, _form(kind))
    of, count = int(_number(file, "I")), int(_number(file, "Q"))
    if count > _LONGEST_ARRAY:
        raise ValueError(f"an array of {count} values")
    if of == _STRING:
        for _ in range(count):
            _text(file, _LONGEST_TEXT)
        return None
    form = _form(of)
    return list(struct.unpack(f"<{count}{form}", _exactly(file, count * struct.calcsize(form))))


def _form(kind: int) -> str:
    if kind not in _NUMBERS:
        raise ValueError(f"a value of the unknown type {kind}")
    return _NUMBERS[kind]


def _number(file: BinaryIO, form: str) -> int | float:
    number: int | float = struct.unpack(f"<{form}", _exactly(file, struct.calcsize(form)))[0]
    return number


def _text(file: BinaryIO, longest: int) -> str:
    length = int(_number(file, "Q"))
    if length > longest:
        raise ValueError(f"a text of {length} bytes")
    return _exactly(file, length).decode("utf-8", "replace")


def _exactly(file: BinaryIO, size: int) -> bytes:
    read = file.read(size)
    if len(read) < size:
        raise ValueError("the file is cut off")
    return read
