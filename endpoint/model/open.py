"""Opens a checkpoint folder: chooses device and engine, checks the memory, loads the model."""

from __future__ import annotations

import logging
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..errors import EndpointError
from .checkpoint import Shape, read_shape
from .convert_gguf import GGUF_FORM, Kind, gguf_in, write_gguf
from .dialogue_format import BEGIN, ChatTokenizer
from .engine import Engine, Sampling
from .grammar import Grammar
from .memory import (
    cache_room,
    free_memory,
    need_of_llamacpp,
    need_of_torch,
    refuse_llamacpp,
    refuse_too_large,
)
from .shards import weight_files

if TYPE_CHECKING:
    from transformers import GlmForCausalLM

log = logging.getLogger(__name__)
NAME = "chatglm3-6b"
KINDS: dict[int | None, Kind] = {4: "q4_0", 8: "q8_0", None: "f16"}


def open_engine(
    folder: Path,
    *,
    device: str = "auto",
    quantize: int | None = None,
    slots: int = 8,
    context: int | None = None,
    engine: Literal["auto", "torch", "llamacpp"] = "auto",
    converted: Path | None = None,
) -> tuple[Engine, ChatTokenizer]:
    """A loaded model and its tokenizer.

    Args:
        folder: A ChatGLM3 checkpoint in THUDM's layout or transformers' own, or what
            ``convert_gguf`` made of one.
        device: ``cpu``, ``cuda``, ``cuda:N``, or ``auto`` for a GPU where there is one.
        quantize: 4 or 8 bits a weight; None for the checkpoint's own precision.
        slots: Requests answered at the same time.
        context: Positions a request may hold; None for as many as the model was trained for.
        engine: ``torch``, ``llamacpp``, or ``auto``: llama.cpp for a quantized model on the
            processor, where it is many times faster, and for a folder with a GGUF file alone.
        converted: A folder that keeps the GGUF files made here; None for one that goes with the
            engine.

    Raises:
        EndpointError: The folder holds no model that can be served, it does not fit the memory,
            or the requested device or option is not available.
    """
    if quantize not in KINDS:
        raise EndpointError("endpoint.bits", given=str(quantize))
    shape = read_shape(folder)
    tokenizer = ChatTokenizer(folder, shape.vocabulary)
    if context is not None and not 1 < context <= shape.positions:
        raise EndpointError("endpoint.context", context=context, most=shape.positions)
    plan = _Plan(
        folder=folder,
        shape=shape,
        tokenizer=tokenizer,
        device=_device(device),
        quantize=quantize,
        slots=slots,
        context=context or shape.positions,
        converted=converted,
    )
    if engine == "auto":
        engine = _engine_for(plan)
    began = time.monotonic()
    opened = _llamacpp(plan) if engine == "llamacpp" else _torch(plan)
    log.info("%s loaded with %s in %.1f s", folder.name, engine, time.monotonic() - began)
    return opened, tokenizer


@dataclass(frozen=True)
class _Plan:
    """The arguments of ``open_engine``, resolved."""

    folder: Path
    shape: Shape
    tokenizer: ChatTokenizer
    device: str
    quantize: int | None
    slots: int
    context: int
    converted: Path | None


def _device(device: str) -> str:
    """The device to load on; ``auto`` is resolved by the GPUs that torch sees."""
    if device == "cpu":
        return device
    try:
        import torch
    except ImportError:
        there = 0
    else:
        there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device == "auto":
        return "cuda:0" if there else "cpu"
    kind, _, number = device.partition(":")
    number = number or "0"
    if kind != "cuda" or not number.isdecimal() or int(number) >= there:
        raise EndpointError("endpoint.device", device=device, count=there)
    return f"cuda:{int(number)}"


def _engine_for(plan: _Plan) -> Literal["torch", "llamacpp"]:
    if plan.device == "cpu" and plan.quantize:
        return "llamacpp"
    try:
        weight_files(plan.folder)
    except EndpointError:
        if _gguf(plan) is not None:
            return "llamacpp"
        raise
    return "torch"


def _gguf(plan: _Plan) -> tuple[Path, Kind] | None:
    """An existing GGUF file of the model, in the requested bits or, if none were, in any."""
    kinds: list[Kind] = [KINDS[plan.quantize]] if plan.quantize else ["f16", "q8_0", "q4_0"]
    folders = [plan.folder, *([_cache_folder(plan)] if plan.converted else [])]
    places = ((gguf_in(folder, kind), kind) for folder in folders for kind in kinds)
    return next((place for place in places if place[0].is_file()), None)


def _cache_folder(plan: _Plan) -> Path:
    """The cache folder for the GGUF files of exactly these weights."""
    import hashlib

    state = [(str(file.resolve()), file.stat()) for file in weight_files(plan.folder)]
    marks = [GGUF_FORM, *((name, stat.st_size, stat.st_mtime_ns) for name, stat in state)]
    name = hashlib.sha256(repr(marks).encode()).hexdigest()[:16]
    assert plan.converted is not None  # noqa: S101 - asked for by both callers
    return plan.converted / name


def _llamacpp(plan: _Plan) -> Engine:
    from .llamacpp_engine import LlamaEngine

    found = _gguf(plan)
    kind = found[1] if found else KINDS[plan.quantize]
    need, free = need_of_llamacpp(plan.shape, kind), free_memory("cpu")
    refuse_llamacpp(need, free, kind, plan.context)
    temporary = None
    if found:
        file = found[0]
    else:
        if plan.converted is None:
            temporary = tempfile.TemporaryDirectory(prefix="qa3-")
        target = Path(temporary.name) if temporary else _cache_folder(plan)
        file = write_gguf(plan.folder, target, kind)
    fitting = cache_room(need, free, plan.context, plan.slots) // plan.context
    return LlamaEngine(
        file,
        name=NAME,
        context=plan.context,
        slots=max(1, min(plan.slots, fitting)),
        end_ids=plan.tokenizer.end_ids,
        byte_ids=plan.tokenizer.byte_ids(),
        device=plan.device,
        closed=temporary.cleanup if temporary else None,
    )


def _torch(plan: _Plan) -> Engine:
    from .load_torch import load_model, number_type

    shape, device, quantize = plan.shape, plan.device, plan.quantize
    dtype = number_type(shape, device, quantize)
    free = free_memory(device)
    refuse_too_large(shape, device, quantize, dtype.itemsize, plan.context, free)
    model = load_model(
        plan.folder,
        shape,
        plan.tokenizer.end_ids,
        device=device,
        quantize=quantize,
        dtype=dtype,
    )
    need = need_of_torch(shape, device, quantize, dtype.itemsize)
    return batching_or_sequential(
        model,
        plan.tokenizer,
        context=plan.context,
        slots=plan.slots,
        cache_tokens=cache_room(need, free, plan.context, plan.slots),
    )


def batching_or_sequential(
    model: GlmForCausalLM,
    tokenizer: ChatTokenizer,
    *,
    context: int,
    slots: int,
    cache_tokens: int,
) -> Engine:
    """The batching engine if it can generate one id; else the sequential engine.

    The batching manager of transformers is young; another version may lack what we call.

    Args:
        model: On its device.
        tokenizer: The model's.
        context: Positions a request may hold.
        slots: Requests at the same time.
        cache_tokens: Positions that all requests may share.

    """
    from .batching_engine import BatchingEngine
    from .sequential_engine import SequentialEngine

    given: Any = {
        "name": NAME,
        "context": context,
        "slots": slots,
        "end_ids": tokenizer.end_ids,
        "grammar": Grammar(tokenizer, model.config.vocab_size),
    }
    batching: BatchingEngine | None = None
    try:
        batching = BatchingEngine(model, **given, cache_tokens=cache_tokens)
        list(batching.generate([BEGIN], Sampling(max_tokens=1)))
    except (EndpointError, ImportError, AttributeError, TypeError, ValueError) as error:
        log.info("no requests side by side: %s", type(error).__name__)
        if batching is not None:
            batching.close()
        return SequentialEngine(model, **given)
    return batching
