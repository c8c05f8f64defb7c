"""What a model needs, what is said where it does not fit, and that what is proposed fits."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from endpoint.errors import EndpointError
from endpoint.model import open as opening
from endpoint.model.checkpoint import Shape
from endpoint.model.memory import (
    GIB,
    SMALLEST_CONTEXT,
    cache_room,
    free_memory,
    need_of_llamacpp,
    need_of_torch,
    ran_out,
    refuse_llamacpp,
    refuse_too_large,
)

MODEL = Path(__file__).resolve().parent.parent / "data" / "chatglm3"
FULL = Shape(
    native=False, vocabulary=65_024, hidden=4096, feed_forward=13_696, layers=28, heads=32,
    groups=2, head=128, positions=8192, eps=1e-5, rope=10_000.0, qkv_bias=True,
)  # fmt: skip


@pytest.mark.parametrize(
    ("quantize", "weights", "whole"), [(None, 11.63, 12.6), (8, 6.32, 7.3), (4, 3.74, 4.7)]
)
def test_the_weights_take_what_was_measured(
    quantize: int | None, weights: float, whole: float
) -> None:
    need = need_of_torch(FULL, "cuda", quantize, 2)
    assert need.token == 28 * 1024
    assert need.weights / GIB == pytest.approx(weights, abs=0.03)
    assert need.total(8192) / GIB == pytest.approx(whole, abs=0.05)


def test_gguf_files_take_what_was_measured() -> None:
    assert need_of_llamacpp(FULL, "q8_0").weights / GIB == pytest.approx(6.18, abs=0.03)
    assert need_of_llamacpp(FULL, "q4_0").weights / GIB == pytest.approx(3.27, abs=0.03)


def test_a_card_of_6_gb_is_told_to_use_4_bits() -> None:
    with pytest.raises(EndpointError) as said:
        refuse_too_large(FULL, "cuda:0", 8, 2, 8192, int(5.8 * GIB))
    english, chinese = said.value.say("en"), said.value.say("zh")
    assert english == (
        "8-bit needs 7.3 GiB with a context of 8192, and this card has 5.8 GiB free:"
        " use --quantize 4."
    )
    assert "7.3" in chinese
    assert "--quantize 4" in chinese
    refuse_too_large(FULL, "cuda:0", 4, 2, 8192, int(5.8 * GIB))


contexts = st.sampled_from([1024, 2048, 8192, 32_768])
sizes = st.integers(1, 30 * GIB)
bits = st.sampled_from([None, 8, 4])


def settings_in(error: EndpointError) -> tuple[int | None, int | None]:
    text = error.say("en")
    quantize = re.search(r"use --quantize (\d)", text)
    context = re.search(r"--context (\d+)\.$", text)
    return (int(quantize[1]) if quantize else None, int(context[1]) if context else None)


@given(free=sizes, context=contexts, quantize=bits, device=st.sampled_from(["cuda:0", "cpu"]))
def test_what_is_proposed_fits(free: int, context: int, quantize: int | None, device: str) -> None:
    fits = need_of_torch(FULL, device, quantize, 2).total(context) <= free
    try:
        refuse_too_large(FULL, device, quantize, 2, context, free)
        assert fits
    except EndpointError as error:
        assert not fits
        fewer, shorter = settings_in(error)
        if "nothing" in error.code:
            smallest = need_of_torch(FULL, device, 4, 2).total(SMALLEST_CONTEXT)
            assert smallest > free
        else:
            assert fewer is not None
            refuse_too_large(FULL, device, fewer, 2, shorter or context, free)


@given(free=sizes, context=contexts, kind=st.sampled_from(["f16", "q8_0", "q4_0"]))
def test_what_is_proposed_for_llamacpp_fits(free: int, context: int, kind: str) -> None:
    need = need_of_llamacpp(FULL, kind)
    try:
        refuse_llamacpp(need, free, kind, context)
        assert need.total(context) <= free
    except EndpointError as error:
        assert need.total(context) > free
        fewer, shorter = settings_in(error)
        if "nothing" not in error.code:
            other = need_of_llamacpp(FULL, {8: "q8_0", 4: "q4_0"}[fewer or 0])
            assert other.total(shorter or context) <= free + 64  # rounded to bytes


@given(free=sizes, context=contexts, slots=st.integers(1, 64))
def test_the_cache_holds_one_context_and_no_more_than_all(
    free: int, context: int, slots: int
) -> None:
    need = need_of_torch(FULL, "cuda", 4, 2)
    room = cache_room(need, free, context, slots)
    assert context <= room <= context * slots
    if room > context:
        assert need.total(room) <= free


def test_this_machine_has_some_memory_free() -> None:
    assert 0 < free_memory("cpu") < 1 << 50


@pytest.mark.parametrize("quantize", [None, 4])
def test_a_model_that_does_not_fit_is_not_loaded(
    quantize: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "free_memory", lambda _: 1000)
    with pytest.raises(EndpointError) as said:
        opening.open_engine(MODEL, device="cpu", quantize=quantize)
    assert said.value.code == "endpoint.nothing_fits"


def test_what_is_not_there_is_said() -> None:
    for given_, code in (
        ({"device": "cuda:7"}, "endpoint.device"),
        ({"device": "tpu"}, "endpoint.device"),
        ({"quantize": 3, "device": "cpu"}, "endpoint.bits"),
        ({"context": 513, "device": "cpu"}, "endpoint.context"),
        ({"context": 0, "device": "cpu"}, "endpoint.context"),
    ):
        with pytest.raises(EndpointError) as said:
            opening.open_engine(MODEL, **given_)
        assert said.value.code == code
        assert "{" not in said.value.say("zh")


def test_memory_errors_are_told_from_others() -> None:
    assert ran_out(torch.OutOfMemoryError("x"))
    assert ran_out(MemoryError())
    assert ran_out(RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"))
    assert not ran_out(RuntimeError("shapes differ"))
    assert not ran_out(ValueError("out of memory of words"))
