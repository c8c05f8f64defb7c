"""Maps a ChatGLM3 checkpoint as THUDM publishes it to transformers' native GLM.

Configuration fields and tensors have other names, and the rows of q, k and v are in one tensor;
nothing is permuted. A configuration that this mapping does not cover is refused by name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ..errors import EndpointError

LARGEST_JSON = 16 << 20  # bytes
ROPE_THETA = 10_000.0
# Fields of features that the native model lacks, with the value that means "not used".
REQUIRED = {
    "original_rope": True,
    "rmsnorm": True,
    "post_layer_norm": True,
    "add_bias_linear": False,
    "apply_residual_connection_post_layernorm": False,
    "fp32_residual_connection": False,
    "tie_word_embeddings": False,
}
FIELDS = ("padded_vocab_size", "hidden_size", "ffn_hidden_size", "num_layers")
Rows = TypeVar("Rows")


@dataclass(frozen=True)
class Shape:
    """The sizes and constants of a model, under one name each.

    Attributes:
        native: Whether the folder already has transformers' own names.
        rope: Base of the rotary frequencies; only the first half of each head turns.
        positions: The context it was trained for.
    """

    native: bool
    vocabulary: int
    hidden: int
    feed_forward: int
    layers: int
    heads: int
    groups: int
    head: int
    positions: int
    eps: float
    rope: float
    qkv_bias: bool

    @property
    def parameters(self) -> int:
        """How many weights the model has, norms and biases among them."""
        q, kv = self.heads * self.head, self.groups * self.head
        attention = self.hidden * (2 * q + 2 * kv) + (q + 2 * kv if self.qkv_bias else 0)
        layer = attention + 3 * self.hidden * self.feed_forward + 2 * self.hidden
        return self.layers * layer + 2 * self.vocabulary * self.hidden + self.hidden

    @property
    def linear(self) -> int:
        """How many of the weights are matrices inside the layers, which quantization shrinks."""
        attention = 2 * self.heads * self.head + 2 * self.groups * self.head
        return self.layers * self.hidden * (attention + 3 * self.feed_forward)

    @property
    def token_values(self) -> int:
        """Keys and values kept for one token of context."""
        return 2 * self.layers * self.groups * self.head


def read_json(file: Path) -> dict[str, Any]:
    """A JSON object from a file of a checkpoint.

    Raises:
        EndpointError: There is no such file, or it holds no JSON object.
    """
    if not file.is_file():
        raise EndpointError("endpoint.no_file", file=file.name, folder=str(file.parent))
    try:
        whole = file.stat().st_size <= LARGEST_JSON
        content = json.loads(file.read_bytes()) if whole else None
    except (ValueError, RecursionError, OSError) as error:
        raise EndpointError("endpoint.json_broken", file=str(file)) from error
    if not isinstance(content, dict):
        raise EndpointError("endpoint.json_broken", file=str(file))
    return content


def read_shape(folder: Path) -> Shape:
    """The model shape from a folder's config.json, in THUDM's or transformers' format.

    Raises:
        EndpointError: It is missing or broken, or describes a model that cannot be served.
    """
    config = read_json(folder / "config.json")
    kind = config.get("model_type")
    try:
        if kind == "chatglm":
            return _from_thudm(config, folder)
        if kind == "glm":
            return _from_native(config, folder)
    except (KeyError, TypeError, ValueError) as error:
        raise EndpointError(
            "endpoint.config_field", file=str(folder / "config.json"), field=str(error)
        ) from error
    raise _unsupported(folder, "model_type", kind)


def _from_thudm(config: Mapping[str, Any], folder: Path) -> Shape:
    for field, needed in REQUIRED.items():
        value = config.get(field)
        if value is not None and bool(value) is not needed:
            raise _unsupported(folder, field, value)
    for field in ("quantization_bit", "pre_seq_len"):
        if config.get(field):
            raise _unsupported(folder, field, config[field])
    vocabulary, hidden, feed_forward, layers = (_whole(config, field) for field in FIELDS)
    heads = _whole(config, "num_attention_heads")
    several = config.get("multi_query_attention", False)
    return _checked(
        Shape(
            native=False,
            vocabulary=vocabulary,
            hidden=hidden,
            feed_forward=feed_forward,
            layers=layers,
            heads=heads,
            groups=_whole(config, "multi_query_group_num") if several else heads,
            head=_whole(config, "kv_channels"),
            positions=_whole(config, "seq_length"),
            eps=float(config["layernorm_epsilon"]),
            rope=ROPE_THETA * float(config.get("rope_ratio") or 1),
            qkv_bias=bool(config.get("add_qkv_bias", False)),
        ),
        folder,
    )


def _from_native(config: Mapping[str, Any], folder: Path) -> Shape:
    rope = config.get("rope_parameters") or {}
    partial = rope.get("partial_rotary_factor", config.get("partial_rotary_factor", 0.5))
    if partial != 0.5 or rope.get("rope_type", "default") != "default":
        raise _unsupported(folder, "rope_parameters", json.dumps(rope))
    if config.get("tie_word_embeddings"):
        raise _unsupported(folder, "tie_word_embeddings", True)
    if config.get("quantization_config"):
        raise _unsupported(folder, "quantization_config", "...")
    heads = _whole(config, "num_attention_heads")
    return _checked(
        Shape(
            native=True,
            vocabulary=_whole(config, "vocab_size"),
            hidden=_whole(config, "hidden_size"),
            feed_forward=_whole(config, "intermediate_size"),
            layers=_whole(config, "num_hidden_layers"),
            heads=heads,
            groups=_whole(config, "num_key_value_heads"),
            head=_whole(config, "head_dim"),
            positions=_whole(config, "max_position_embeddings"),
            eps=float(config["rms_norm_eps"]),
            rope=float(rope.get("rope_theta", config.get("rope_theta", ROPE_THETA))),
            qkv_bias=bool(config.get("attention_bias", True)),
        ),
        folder,
    )


def _whole(config: Mapping[str, Any], field: str) -> int:
    value = config[field]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 1 << 31:
        raise ValueError(field)
    return value


def _checked(shape: Shape, folder: Path) -> Shape:
    if shape.heads % shape.groups or shape.head % 4 or not 0 < shape.eps < 1 or shape.rope <= 0:
        sizes = f"{shape.heads} heads, {shape.groups} groups, head size {shape.head}"
        raise _unsupported(folder, "attention", sizes)
    return shape


def _unsupported(folder: Path, field: str, value: object) -> EndpointError:
    return EndpointError(
        "endpoint.model_unsupported", folder=str(folder), field=field, value=str(value)[:80]
    )


def expected(shape: Shape) -> dict[str, tuple[int, ...]]:
    """The name and shape of every tensor of the native model."""
    q, kv, hidden = shape.heads * shape.head, shape.groups * shape.head, shape.hidden
    wanted: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (shape.vocabulary, hidden),
        "model.norm.weight": (hidden,),
        "lm_head.weight": (shape.vocabulary, hidden),
    }
    for number in range(shape.layers):
        layer = f"model.layers.{number}."
        for letter, rows in (("q", q), ("k", kv), ("v", kv)):
            wanted[f"{layer}self_attn.{letter}_proj.weight"] = (rows, hidden)
            if shape.qkv_bias:
                wanted[f"{layer}self_attn.{letter}_proj.bias"] = (rows,)
        wanted[f"{layer}self_attn.o_proj.weight"] = (hidden, q)
        wanted[f"{layer}mlp.gate_up_proj.weight"] = (2 * shape.feed_forward, hidden)
        wanted[f"{layer}mlp.down_proj.weight"] = (hidden, shape.feed_forward)
        wanted[f"{layer}input_layernorm.weight"] = (hidden,)
        wanted[f"{layer}post_attention_layernorm.weight"] = (hidden,)
    return wanted


RENAMED = {
    "transformer.embedding.word_embeddings.weight": "model.embed_tokens.weight",
    "transformer.encoder.final_layernorm.weight": "model.norm.weight",
    "transformer.output_layer.weight": "lm_head.weight",
}
PARTS = {
    "self_attention.dense": "self_attn.o_proj",
    "mlp.dense_h_to_4h": "mlp.gate_up_proj",
    "mlp.dense_4h_to_h": "mlp.down_proj",
    "input_layernorm": "input_layernorm",
    "post_attention_layernorm": "post_attention_layernorm",
}
LAYERS = "transformer.encoder.layers."


def renamed(tensors: Iterable[tuple[str, Rows]], shape: Shape) -> Iterator[tuple[str, Rows]]:
    """The same tensors under native names, q, k and v apart.

    Args:
        tensors: Names and arrays of any library whose first axis can be sliced.
        shape: Of the model they belong to.
    """
    q, kv = shape.heads * shape.head, shape.groups * shape.head
    cuts = {"q": slice(0, q), "k": slice(q, q + kv), "v": slice(q + kv, q + 2 * kv)}
    for name, rows in tensors:
        if name.endswith("rotary_pos_emb.inv_freq"):
            continue  # computed from the configuration
        if shape.native or not name.startswith(LAYERS):
            yield RENAMED.get(name, name), rows
            continue
        number, _, part = name.removeprefix(LAYERS).partition(".")
        stem, _, leaf = part.rpartition(".")
        if stem == "self_attention.query_key_value":
            for letter, cut in cuts.items():
                yield f"model.layers.{number}.self_attn.{letter}_proj.{leaf}", rows[cut]  # type: ignore[index]  # arrays have no common type
        else:
            yield f"model.layers.{number}.{PARTS.get(stem, stem)}.{leaf}", rows
