"""Converts a checkpoint to transformers' native GLM format, for servers that cannot read THUDM's.

Values and precision stay the same; one tensor at a time is in memory.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import EndpointError
from .checkpoint import Shape, read_shape
from .dialogue_format import BEGIN, ChatTokenizer
from .fast_tokenizer import write_tokenizer
from .shards import native_tensors

if TYPE_CHECKING:
    import numpy as np

OnProgress = Callable[[int, int], None]
Header: TypeAlias = "dict[str, dict[str, Any]]"
LARGEST_SHARD = 2 << 30  # bytes
KIND_NAMES = {"float32": "F32", "float16": "F16", "uint16": "BF16"}
DTYPES = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}


def write_native(folder: Path, target: Path, on_progress: OnProgress | None = None) -> Path:
    """Writes a native GLM checkpoint with the same weights and returns its folder.

    Args:
        folder: The ChatGLM3 checkpoint.
        target: The folder to write to, made where it is missing; not the checkpoint's own.
        on_progress: Called with (tensors written, tensors in all).

    Raises:
        EndpointError: The checkpoint is incomplete or unsupported, the target is the checkpoint's
            own folder, or the disk is full.
    """
    if target.resolve() == folder.resolve():
        raise EndpointError("endpoint.same_folder", folder=str(folder))
    shape = read_shape(folder)
    tokenizer = ChatTokenizer(folder, shape.vocabulary)
    try:
        target.mkdir(parents=True, exist_ok=True)
        shards = _planned(native_tensors(folder, shape))
        kinds = _write_shards(folder, shape, target, shards, on_progress)
        config = _config(shape, sorted(tokenizer.end_ids), DTYPES[min(kinds)])
        ends = {"bos_token_id": BEGIN, "eos_token_id": sorted(tokenizer.end_ids), "pad_token_id": 0}
        shutil.copyfile(folder / "tokenizer.model", target / "tokenizer.model")
        write_tokenizer(tokenizer, shape.vocabulary, shape.positions, target)
        _write_json(target / "generation_config.json", ends)
        _write_json(
            target / "config.json", config
        )  # last, so that a folder with a config.json is complete
    except OSError as error:
        raise EndpointError("endpoint.disk", file=str(target), reason=str(error)) from error
    return target


def _planned(tensors: Iterable[tuple[str, np.ndarray[Any, Any]]]) -> list[Header]:
    """The header of each shard to write, with the tensors it holds."""
    shards: list[Header] = [{}]
    end = 0
    for name, rows in tensors:
        if end and end + rows.nbytes > LARGEST_SHARD:
            shards.append({})
            end = 0
        shards[-1][name] = {
            "dtype": KIND_NAMES[rows.dtype.name],
            "shape": list(rows.shape),
            "data_offsets": [end, end + rows.nbytes],
        }
        end += rows.nbytes
    return shards


def _write_shards(
    folder: Path, shape: Shape, target: Path, shards: list[Header], on_progress: OnProgress | None
) -> set[str]:
    """Writes the tensors and their index; returns the dtypes that occur."""
    names = [f"model-{n:05d}-of-{len(shards):05d}.safetensors" for n in range(1, len(shards) + 1)]
    tensors = native_tensors(folder, shape)
    count, done = sum(map(len, shards)), 0
    for name, header in zip(names, shards, strict=True):
        half_done = target / f"{name}.part"
        with half_done.open("wb") as opened:
            opened.write(_header_bytes(header))
            for rows in _first(tensors, len(header)):
                opened.write(rows.tobytes())
                done += 1
                if on_progress is not None:
                    on_progress(done, count)
        half_done.replace(target / name)
    where = {key: name for name, header in zip(names, shards, strict=True) for key in header}
    size = sum(
        entry["data_offsets"][1] - entry["data_offsets"][0] for h in shards for entry in h.values()
    )
    index = {"metadata": {"total_size": size}, "weight_map": where}
    _write_json(target / "model.safetensors.index.json", index)
    return {entry["dtype"] for header in shards for entry in header.values()}


def _first(
    tensors: Iterator[tuple[str, np.ndarray[Any, Any]]], count: int
) -> Iterator[np.ndarray[Any, Any]]:
    for _ in range(count):
        yield next(tensors)[1]


def _header_bytes(header: Header) -> bytes:
    """A safetensors header: its length, and JSON filled with blanks to whole words."""
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _config(shape: Shape, end_ids: list[int], dtype: str) -> dict[str, Any]:
    return {
        "architectures": ["GlmForCausalLM"],
        "model_type": "glm",
        "dtype": dtype,
        "vocab_size": shape.vocabulary,
        "hidden_size": shape.hidden,
        "intermediate_size": shape.feed_forward,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.groups,
        "head_dim": shape.head,
        "hidden_act": "silu",
        "max_position_embeddings": shape.positions,
        "rms_norm_eps": shape.eps,
        "attention_bias": shape.qkv_bias,
        "tie_word_embeddings": False,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": shape.rope,
            "partial_rotary_factor": 0.5,
        },
        "bos_token_id": BEGIN,
        "eos_token_id": end_ids,
        "pad_token_id": 0,
    }


def _write_json(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content, indent=1), encoding="utf-8")
