"""Converts a checkpoint to a GGUF file for llama.cpp, without torch.

Special ids have the names of ``fast_tokenizer``, which no text gives, and the file holds the same
chat template: user text never becomes a role, and "sop" inside a word never a special id, whichever
server loads it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..errors import EndpointError
from .checkpoint import Shape, read_shape
from .dialogue_format import BEGIN, END, SPECIALS, UNKNOWN, ChatTokenizer
from .fast_tokenizer import CONTROLS, chat_template, special_name
from .shards import native_tensors

if TYPE_CHECKING:
    import numpy as np
    from gguf import GGUFWriter

Kind = Literal["q4_0", "q8_0", "f16"]
OnProgress = Callable[[int, int], None]
BLOCK = 32  # weights that share one scale
ROWS = 4096  # quantized at a time: a bounded part of the matrix in float32
NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
GGUF_FORM = 2  # counted up when what is written beside the weights changes
COMPANIONS = ("config.json", "tokenizer.model")


def gguf_in(folder: Path, kind: Kind) -> Path:
    """The path of a folder's GGUF file, whether or not it exists."""
    return folder / f"chatglm3-{kind}.gguf"


def write_gguf(
    folder: Path, target: Path, kind: Kind = "q4_0", on_progress: OnProgress | None = None
) -> Path:
    """Writes a checkpoint as a GGUF file and returns its path; its folder can be served.

    Args:
        folder: The checkpoint, in THUDM's layout or transformers' own.
        target: The folder to write to, made where it is missing; may be the checkpoint's.
        kind: 4 or 8 bits in blocks of 32, or half precision.
        on_progress: Called with (tensors written, tensors in all).

    Raises:
        EndpointError: The checkpoint is incomplete or unsupported, or the disk is full.
    """
    shape = read_shape(folder)
    tokenizer = ChatTokenizer(folder, shape.vocabulary)
    place = gguf_in(target, kind)
    half_done = place.with_suffix(".part")
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name in COMPANIONS:
            if not (target / name).exists():
                shutil.copyfile(folder / name, target / name)
        _write(half_done, folder, shape, tokenizer, kind, on_progress)
        half_done.replace(place)
    except OSError as error:
        raise EndpointError("endpoint.disk", file=str(place), reason=str(error)) from error
    finally:
        half_done.unlink(missing_ok=True)
    return place


def _write(
    file: Path,
    folder: Path,
    shape: Shape,
    tokenizer: ChatTokenizer,
    kind: Kind,
    on_progress: OnProgress | None,
) -> None:
    import numpy as np
    from gguf import GGUFWriter

    writer = GGUFWriter(file, "chatglm")
    try:
        _describe(writer, shape, kind)
        _vocabulary(writer, tokenizer, shape)
        # Sizes first, numbers afterwards: the format wants all names before the first number.
        names = []
        for name, rows in native_tensors(folder, shape):
            type_, size = _stored(rows.shape, kind)
            names.append(name)
            writer.add_tensor_info(
                _named(name), rows.shape, np.dtype(np.float32), size, raw_dtype=type_
            )
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for number, (_, rows) in enumerate(native_tensors(folder, shape), 1):
            writer.write_tensor_data(_converted(rows, kind))
            if on_progress is not None:
                on_progress(number, len(names))
    finally:
        writer.close()


def _named(name: str) -> str:
    """llama.cpp's name of a native tensor."""
    stem, _, leaf = name.rpartition(".")
    if not stem.startswith("model.layers."):
        return f"{NAMES[stem]}.{leaf}"
    number, _, part = stem.removeprefix("model.layers.").partition(".")
    return f"blk.{number}.{NAMES[part]}.{leaf}"


def _kind_of(shape: tuple[int, ...], kind: Kind) -> Any:
    """The GGML type of a tensor: F32 for vectors, F16 for rows that are no multiple of BLOCK."""
    from gguf import GGMLQuantizationType as Stored

    if len(shape) == 1:
        return Stored.F32
    if kind == "f16" or shape[-1] % BLOCK:
        return Stored.F16
    return Stored.Q8_0 if kind == "q8_0" else Stored.Q4_0


def _stored(shape: tuple[int, ...], kind: Kind) -> tuple[Any, int]:
    """The GGML type of a tensor and its size in bytes."""
    import math

    from gguf import GGML_QUANT_SIZES

    type_ = _kind_of(shape, kind)
    block, size = GGML_QUANT_SIZES[type_]
    return type_, math.prod(shape) // block * size


def _converted(rows: np.ndarray[Any, Any], kind: Kind) -> np.ndarray[Any, Any]:
    """A tensor's data in its GGML type."""
    import numpy as np
    from gguf.quants import quantize

    type_ = _kind_of(rows.shape, kind)
    if rows.ndim == 1:
        return _floats(rows)
    parts = [
        quantize(_floats(rows[start : start + ROWS]), type_) for start in range(0, len(rows), ROWS)
    ]
    return np.concatenate(parts)


def _floats(rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    import numpy as np

    if rows.dtype == np.uint16:  # the bits of bfloat16
        return (rows.astype(np.uint32) << 16).view(np.float32)
    return rows.astype(np.float32)


def _describe(writer: GGUFWriter, shape: Shape, kind: Kind) -> None:
    from gguf import LlamaFileType

    types = {
        "f16": LlamaFileType.MOSTLY_F16,
        "q8_0": LlamaFileType.MOSTLY_Q8_0,
        "q4_0": LlamaFileType.MOSTLY_Q4_0,
    }
    writer.add_name("chatglm3-6b")
    writer.add_context_length(shape.positions)
    writer.add_embedding_length(shape.hidden)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_block_count(shape.layers)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.groups)
    writer.add_key_length(shape.head)
    writer.add_value_length(shape.head)
    writer.add_layer_norm_rms_eps(shape.eps)
    writer.add_rope_dimension_count(shape.head // 2)  # the first half of each head turns
    writer.add_rope_freq_base(shape.rope)
    writer.add_file_type(types[kind])


def _vocabulary(writer: GGUFWriter, tokenizer: ChatTokenizer, shape: Shape) -> None:
    from gguf import TokenType

    words, scores, kinds = tokenizer.pieces()
    size, rows = len(words), shape.vocabulary
    named = {at: special_name(at, size) for at in (*CONTROLS, *range(size, rows))}
    padding = rows - size - len(SPECIALS)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([named.get(at) or words[at] for at in range(rows)])
    writer.add_token_scores([*scores, *[-1e9] * (rows - size)])
    writer.add_token_types(
        [
            *(TokenType[kind] for kind in kinds),
            *[TokenType.CONTROL] * len(SPECIALS),
            *[TokenType.UNUSED] * padding,
        ]
    )
    # llama.cpp takes the first blank off every piece where it adds one to every text, and a grammar
    # then sees other texts than it writes; so the template has to say where a blank belongs.
    writer.add_add_space_prefix(value=False)
    writer.add_chat_template(chat_template(size, blank=" "))
    writer.add_unk_token_id(UNKNOWN)
    writer.add_bos_token_id(BEGIN)
    writer.add_eos_token_id(END)
    writer.add_pad_token_id(UNKNOWN)
    writer.add_eot_token_id(len(words) + SPECIALS.index("<|user|>"))
    writer.add_eom_token_id(len(words) + SPECIALS.index("<|observation|>"))
    writer.add_add_bos_token(value=False)
    writer.add_add_eos_token(value=False)
