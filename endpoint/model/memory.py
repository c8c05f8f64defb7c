"""Estimates the memory a model needs and compares it with what is free, before loading."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import EndpointError
from .checkpoint import Shape

GIB = 1 << 30
# Bytes a weight of the layers' matrices: nf4 with its scales quantized too (Dettmers 2023), int8
# with a scale a row, and llama.cpp's blocks of 32 with one scale each.
NF4, INT8 = 0.516, 1.001
BLOCKS = {"q4_0": 18 / 32, "q8_0": 34 / 32, "f16": 2.0}
HALF = 2
# Activations of 512 positions, masks, scores and what a GPU's libraries take.
BUFFERS = {"cuda": 0.75 * GIB, "cpu": 0.5 * GIB}
SMALLEST_CONTEXT = 1024


@dataclass(frozen=True)
class Need:
    """Memory that a model needs in one configuration.

    Attributes:
        weights: Bytes.
        token: Bytes of keys and values for one position.
        buffers: Bytes of everything else.
    """

    weights: int
    token: int
    buffers: int

    def total(self, positions: int) -> int:
        """Bytes with so many positions of context in all."""
        return self.weights + self.token * positions + self.buffers


def need_of_torch(shape: Shape, device: str, quantize: int | None, width: int) -> Need:
    """What a model takes under transformers.

    Args:
        shape: Its sizes.
        device: ``cpu``, ``cuda`` or ``cuda:N``.
        quantize: 4, 8 or None.
        width: Bytes of a number that is not quantized.
    """
    of_linear = {4: NF4, 8: INT8, None: width}[quantize]
    weights = shape.linear * of_linear + (shape.parameters - shape.linear) * width
    return Need(int(weights), shape.token_values * width, _buffers(shape, device))


def need_of_llamacpp(shape: Shape, kind: str) -> Need:
    """What a model takes under llama.cpp.

    Args:
        shape: Its sizes.
        kind: ``f16``, ``q8_0`` or ``q4_0``.
    """
    return Need(
        int(shape.parameters * BLOCKS[kind]), shape.token_values * HALF, _buffers(shape, "cpu")
    )


def _buffers(shape: Shape, device: str) -> int:
    """A model of 6 billion weights takes the whole of it, a small one its share."""
    share = min(1.0, shape.parameters / 6e9)
    return int(BUFFERS["cuda" if device.startswith("cuda") else "cpu"] * share)


def free_memory(device: str) -> int:
    """Bytes that are free on a device.

    Args:
        device: ``cpu``, ``cuda`` or ``cuda:N``.
    """
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.mem_get_info(device)[0])
    import psutil

    free = int(psutil.virtual_memory().available)
    # A container may have less than its machine.
    limit, used = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
    try:
        most = limit.read_text(encoding="ascii").strip()
        return (
            min(free, int(most) - int(used.read_text(encoding="ascii"))) if most != "max" else free
        )
    except (OSError, ValueError):
        return free


def cache_room(need: Need, free: int, context: int, slots: int) -> int:
    """Positions of context that all requests may share, at least one whole context.

    Args:
        need: Of the model.
        free: Bytes.
        context: Positions of one request.
        slots: Requests at the same time.
    """
    left = (free - need.weights - need.buffers) * 0.8
    return max(context, min(context * slots, int(left / need.token)))


def refuse_too_large(
    shape: Shape, device: str, quantize: int | None, width: int, context: int, free: int
) -> None:
    """Raises EndpointError if a model does not fit the memory with one full context.

    Args:
        shape: Its sizes.
        device: Where it is to be loaded.
        quantize: 4, 8 or None.
        width: Bytes of a number that is not quantized.
        context: Positions of one request.
        free: Bytes on the device.

    Raises:
        EndpointError: It does not, with the numbers and the setting that does.
    """
    need = need_of_torch(shape, device, quantize, width).total(context)
    if need <= free:
        return
    fields = {
        "bits": str(quantize or 8 * width),
        "need": f"{need / GIB:.1f}",
        "free": f"{free / GIB:.1f}",
        "context": context,
    }
    setting = _setting_that_fits(shape, device, quantize, width, context, free)
    on_card = device.startswith("cuda")
    if setting is None:
        raise EndpointError(
            "endpoint.nothing_fits_card" if on_card else "endpoint.nothing_fits", **fields
        )
    code = "endpoint.too_large_card" if on_card else "endpoint.too_large"
    raise EndpointError(code, **fields, setting=setting)


def refuse_llamacpp(need: Need, free: int, kind: str, context: int) -> None:
    """Raises EndpointError if a GGUF model does not fit the memory with one full context.

    Args:
        need: What it takes.
        free: Bytes of memory.
        kind: ``f16``, ``q8_0`` or ``q4_0``.
        context: Positions of one request.

    Raises:
        EndpointError: It does not, with the numbers and the setting that does.
    """
    if need.total(context) <= free:
        return
    fields = {
        "bits": {"f16": "16", "q8_0": "8", "q4_0": "4"}[kind],
        "need": f"{need.total(context) / GIB:.1f}",
        "free": f"{free / GIB:.1f}",
        "context": context,
    }
    weights = need.weights / BLOCKS[kind]
    settings = [
        (bits, one) for bits, one in ((8, "q8_0"), (4, "q4_0")) if BLOCKS[one] < BLOCKS[kind]
    ]
    for bits, one in settings:
        fewer = Need(int(weights * BLOCKS[one]), need.token, need.buffers)
        if fewer.total(context) <= free:
            raise EndpointError("endpoint.too_large", **fields, setting=f"--quantize {bits}")
    while (context := context // 2) >= SMALLEST_CONTEXT:
        fewer = Need(int(weights * BLOCKS["q4_0"]), need.token, need.buffers)
        if fewer.total(context) <= free:
            setting = f"--quantize 4 --context {context}"
            raise EndpointError("endpoint.too_large", **fields, setting=setting)
    raise EndpointError("endpoint.nothing_fits", **fields)


def _setting_that_fits(
    shape: Shape, device: str, quantize: int | None, width: int, context: int, free: int
) -> str | None:
    """Options under which the model fits: fewer bits first, then a shorter context."""
    fewer = [bits for bits in (8, 4) if quantize is None or bits < quantize]
    for bits in fewer:
        if need_of_torch(shape, device, bits, width).total(context) <= free:
            return f"--quantize {bits}"
    bits = 4 if fewer else quantize or 4
    need = need_of_torch(shape, device, bits, width)
    while context // 2 >= SMALLEST_CONTEXT:
        context //= 2
        if need.total(context) <= free:
            return f"--quantize {bits} --context {context}"
    return None


def ran_out(error: BaseException) -> bool:
    """Whether an error means that memory ran out, in any of torch's forms."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    words = str(error).lower()
    signs = ("out of memory", "not enough memory", "can't allocate", "alloc_failed")
    return isinstance(error, RuntimeError) and any(sign in words for sign in signs)
