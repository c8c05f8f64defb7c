"""Loads a ChatGLM3 checkpoint into transformers' GlmForCausalLM, optionally quantized.

No remote code runs and no second copy of the weights is held: each tensor goes from the
memory-mapped file to the device, quantized to 4 or 8 bits if requested.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import EndpointError
from .checkpoint import Shape
from .dialogue_format import BEGIN
from .shards import native_tensors

if TYPE_CHECKING:
    import torch
    from transformers import GlmConfig, GlmForCausalLM


LARGE = 1_000_000_000  # weights


def native_config(shape: Shape, end_ids: frozenset[int]) -> GlmConfig:
    """Transformers' configuration of a model.

    Args:
        shape: Its sizes.
        end_ids: Ids that end an answer.
    """
    from transformers import GlmConfig

    return GlmConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.feed_forward,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.groups,
        head_dim=shape.head,
        hidden_act="silu",
        max_position_embeddings=shape.positions,
        rms_norm_eps=shape.eps,
        attention_bias=shape.qkv_bias,
        tie_word_embeddings=False,
        rope_parameters={
            "rope_type": "default",
            "rope_theta": shape.rope,
            "partial_rotary_factor": 0.5,
        },
        pad_token_id=0,
        bos_token_id=BEGIN,
        eos_token_id=sorted(end_ids),
    )


def number_type(shape: Shape, device: str, quantize: int | None) -> torch.dtype:
    """The precision a model computes in on a device.

    Args:
        shape: Its sizes.
        device: ``cpu``, ``cuda`` or ``cuda:N``.
        quantize: 4, 8 or None; int8 of bitsandbytes computes in float16.
    """
    import torch

    if device.startswith("cuda"):
        better = torch.cuda.is_bf16_supported(including_emulation=False) and quantize != 8
        return torch.bfloat16 if better else torch.float16
    # Half the bytes are twice the speed for a large model, where the processor has instructions
    # for bfloat16; it is many times slower where it has none.
    large = shape.parameters > LARGE and not quantize
    return torch.bfloat16 if large and _has_bfloat16() else torch.float32


def _has_bfloat16() -> bool:
    import torch

    check = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", None)
    return bool(check and check())


def load_model(
    folder: Path,
    shape: Shape,
    end_ids: frozenset[int],
    *,
    device: str,
    quantize: int | None = None,
    dtype: torch.dtype | None = None,
) -> GlmForCausalLM:
    """The model on its device, ready to answer.

    Args:
        folder: THUDM's layout or the native one.
        shape: What its config.json says.
        end_ids: Ids that end an answer.
        device: ``cpu``, ``cuda`` or ``cuda:N``.
        quantize: 4 (nf4, scales quantized too) or 8 (int8) for the matrices of the layers.
        dtype: Precision of the rest; None for the device's best.

    Raises:
        EndpointError: Files are missing, cut off or another model's, or memory runs out.
    """
    import torch

    model = empty_model(native_config(shape, end_ids))
    tensors = ((name, _tensor(rows)) for name, rows in native_tensors(folder, shape))
    kept = dtype or number_type(shape, device, quantize)
    try:
        fill_model(model, tensors, device=device, quantize=quantize, dtype=kept)
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise EndpointError("endpoint.load_memory", folder=str(folder)) from error
    return model


def fill_model(
    model: GlmForCausalLM,
    tensors: Iterable[tuple[str, torch.Tensor]],
    *,
    device: str,
    quantize: int | None,
    dtype: torch.dtype,
) -> None:
    """Loads weights into an empty model.

    Args:
        model: As ``empty_model`` makes it.
        tensors: All of the model's, under their native names.
        device: ``cpu``, ``cuda`` or ``cuda:N``.
        quantize: 4, 8 or None.
        dtype: Precision of what is not quantized.
    """
    import torch

    for name, tensor in tensors:
        owner, leaf = _place(model, name)
        if quantize and leaf == "weight" and ".layers." in name and tensor.ndim > 1:
            _quantize(model, name, tensor, quantize, device, dtype)
        else:
            value = tensor.to(device=device, dtype=dtype, copy=True)
            owner.register_parameter(leaf, torch.nn.Parameter(value, requires_grad=False))
    model.model.rotary_emb = type(model.model.rotary_emb)(model.config).to(device)
    model.train(mode=False)


def empty_model(config: GlmConfig) -> GlmForCausalLM:
    """A model on the meta device: tensors have shapes and take no memory."""
    import torch
    from transformers import GlmForCausalLM

    with torch.device("meta"):
        model: GlmForCausalLM = GlmForCausalLM(config)
    model.requires_grad_(requires_grad=False)
    return model


def _place(model: torch.nn.Module, name: str) -> tuple[torch.nn.Module, str]:
    path, _, leaf = name.rpartition(".")
    return model.get_submodule(path), leaf


def _tensor(rows: Any) -> torch.Tensor:
    """The array as a torch tensor, still memory-mapped until it is copied."""
    import numpy as np
    import torch

    tensor = torch.from_numpy(rows)
    return tensor.view(torch.bfloat16) if rows.dtype == np.uint16 else tensor


def _quantize(
    model: torch.nn.Module,
    name: str,
    tensor: torch.Tensor,
    bits: int,
    device: str,
    dtype: torch.dtype,
) -> None:
    """Replaces a linear layer by a bitsandbytes layer of 4 or 8 bits."""
    import bitsandbytes
    import torch

    bnb: Any = bitsandbytes.nn  # its names are not marked as exported

    # bitsandbytes warns at every matrix product that it casts to float16.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    path = name.rpartition(".")[0]
    plain = model.get_submodule(path)
    assert isinstance(plain, torch.nn.Linear)  # noqa: S101 - every matrix of a layer is one
    sizes = (plain.in_features, plain.out_features)
    numbers = tensor.to(dtype=dtype if bits == 4 else torch.float16, copy=True).contiguous()
    layer: Any
    with torch.device("meta"):
        if bits == 4:
            layer = bnb.Linear4bit(
                *sizes, bias=False, compute_dtype=dtype, compress_statistics=True, quant_type="nf4"
            )
        else:
            layer = bnb.Linear8bitLt(*sizes, bias=False, has_fp16_weights=False, threshold=6.0)
    if bits == 4:
        layer.weight = bnb.Params4bit(
            numbers, requires_grad=False, compress_statistics=True, quant_type="nf4", module=layer
        ).to(device)
    else:
        weight = bnb.Int8Params(numbers, requires_grad=False, has_fp16_weights=False)
        layer.weight = weight.to(device)
    if plain.bias is not None:
        # A bias may be loaded before or after its weight, in the order of the file.
        layer.register_parameter("bias", plain.bias)
    owner, leaf = _place(model, path)
    setattr(owner, leaf, layer.requires_grad_(requires_grad=False))
