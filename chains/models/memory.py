"""The memory that an embedded model needs, against what is free, before it is loaded."""

from __future__ import annotations

from pathlib import Path

from ..errors import WeightsError
from .header import Value, read_header

KIB, GIB = 1 << 10, 1 << 30
HALF = 2  # bytes of a key's or value's number in llama.cpp's cache
BATCH = 512  # positions that llama.cpp computes together by default
NUMBER = 4  # bytes of a number under way
CHILD = 112 << 20  # bytes of the process that llama.cpp runs in (measured beside a 0.5B model)


def refuse_if_short(path: Path, positions: int) -> None:
    """Raises WeightsError, with the numbers, if the free memory does not hold a model.

    A file that is no GGUF is left to llama.cpp, and so is a system that does not say what is free.

    Args:
        path: The GGUF file.
        positions: Tokens of context of all requests together.
    """
    free = free_memory()
    if free is None:
        return
    try:
        needed = needed_memory(path, positions)
    except (ValueError, OSError):
        return
    if needed > free:
        raise WeightsError(
            "weights.no_memory",
            model=path.stem,
            needed=f"{needed / GIB:.1f}",
            free=f"{free / GIB:.1f}",
        )


def needed_memory(path: Path, positions: int) -> int:
    """Bytes that llama.cpp takes for a model: weights, the cache of its context, one batch.

    Args:
        path: The GGUF file.
        positions: Tokens of context of all requests together.

    Raises:
        ValueError: It is no GGUF file.
        OSError: It cannot be read.
    """
    header = read_header(path)
    arch = header.get("general.architecture")
    layers = _size(header.get(f"{arch}.block_count"))
    width = _size(header.get(f"{arch}.embedding_length"))
    heads = _size(header.get(f"{arch}.attention.head_count")) or 1
    kept = _size(header.get(f"{arch}.attention.head_count_kv")) or heads
    head = width // heads
    key = _size(header.get(f"{arch}.attention.key_length")) or head
    value = _size(header.get(f"{arch}.attention.value_length")) or head
    cache = positions * layers * kept * (key + value) * HALF
    inner = _size(header.get(f"{arch}.feed_forward_length"))
    # A batch holds its activations, its two inner layers, and the scores against the whole context.
    batch = BATCH * NUMBER * (4 * width + 2 * inner + heads * min(positions, 8 * KIB))
    return path.stat().st_size + cache + batch + CHILD


def free_memory() -> int | None:
    """Bytes that a new process may take here, or None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        sizes = {name: rest.split() for name, _, rest in (line.partition(":") for line in lines)}
        free = int(sizes["MemAvailable"][0]) * KIB
    except (OSError, ValueError, KeyError, IndexError):
        return _free_elsewhere()
    left = _left_of_container()
    return free if left is None else min(free, left)


def _left_of_container() -> int | None:
    """What a container's limit leaves, the files it has read and may forget not counted."""
    folder = Path("/sys/fs/cgroup")
    try:
        most = int((folder / "memory.max").read_text(encoding="ascii"))
        used = int((folder / "memory.current").read_text(encoding="ascii"))
        stat = (folder / "memory.stat").read_text(encoding="ascii").splitlines()
        files = sum(
            int(size)
            for name, size in (line.split() for line in stat)
            if name in ("active_file", "inactive_file")
        )
    except (OSError, ValueError):  # no limit is the word "max"
        return None
    return most - used + files


def _free_elsewhere() -> int | None:
    try:
        import psutil
    except ImportError:
        return None
    return int(psutil.virtual_memory().available)


def _size(value: Value) -> int:
    """A number of the header; the largest where each layer has its own."""
    if isinstance(value, list):
        return int(max(value, default=0))
    return int(value) if isinstance(value, int | float) else 0
