"""Checks and measures the endpoint on an NVIDIA GPU, in one run of less than ten minutes.

    python -m bench.endpoint_gpu

First the small trained checkpoint of the tests: its dialogues exact in half precision, bfloat16,
int8 and nf4, alone and with 32 callers. Then full-size random weights in nf4, int8 and bfloat16
with 1, 8 and 32 callers: tokens a second, peak memory, and the share of the limit that the memory's
bandwidth sets. The result is ``bench/results/endpoint_gpu.json``, with the card's name. Where there
is no NVIDIA GPU the script says so and writes nothing.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch

from bench.endpoint import bandwidth, full_size
from bench.report import save_result
from endpoint.model.checkpoint import read_shape
from endpoint.model.dialogue_format import ChatTokenizer
from endpoint.model.engine import Engine, Sampling
from endpoint.model.load_torch import load_model
from endpoint.model.open import batching_or_sequential

MODEL = Path(__file__).resolve().parent.parent / "tests" / "data" / "chatglm3"
SECONDS = 540.0  # after that nothing new is begun
CALLERS = 32
SMALL: tuple[tuple[str, int | None, torch.dtype], ...] = (
    ("fp16", None, torch.float16),
    ("bf16", None, torch.bfloat16),
    ("int8", 8, torch.float16),
    ("nf4", 4, torch.bfloat16),
)
FULL = (("nf4", 4), ("int8", 8), ("bf16", None))
PACKAGES = ("torch", "transformers", "bitsandbytes", "llguidance")


def main() -> None:
    """Measures, prints, and saves the result; only says so where there is no card."""
    if not torch.cuda.is_available():
        print("There is no NVIDIA GPU that torch can see here: nothing was checked or measured.")
        return
    torch.manual_seed(0)
    began = time.monotonic()
    figures: dict[str, Any] = {
        "card": torch.cuda.get_device_name(0),
        "memory GiB": round(torch.cuda.get_device_properties(0).total_memory / 2**30, 1),
        "cuda": torch.version.cuda,
    }
    print(json.dumps(figures), flush=True)
    for name, bits, dtype in SMALL:
        figures[f"small, {name}"] = exact(bits, dtype)
        print(name, json.dumps(figures[f"small, {name}"]), flush=True)
        save_result("endpoint_gpu", figures, PACKAGES)
    speed = bandwidth()
    figures["bandwidth GB/s"] = round(speed / 1e9)
    for name, bits in FULL:
        if time.monotonic() - began > SECONDS:
            figures[f"full, {name}"] = "no time was left"
            continue
        made = full_size(bits, speed)
        limit = made["limit of one caller, tokens/s"]
        made["share of the limit"] = round(made["1 callers, tokens/s"] / limit, 3)
        figures[f"full, {name}"] = made
        print(name, json.dumps(made), flush=True)
        save_result("endpoint_gpu", figures, PACKAGES)
    figures["seconds"] = round(time.monotonic() - began)
    print(save_result("endpoint_gpu", figures, PACKAGES))


def exact(bits: int | None, dtype: torch.dtype) -> dict[str, int]:
    """How many of the dialogues were answered as THUDM's code does, alone and side by side."""
    shape, tokenizer = read_shape(MODEL), ChatTokenizer(MODEL)
    model = load_model(MODEL, shape, tokenizer.end_ids, device="cuda:0", quantize=bits, dtype=dtype)
    engine = batching_or_sequential(
        model, tokenizer, context=shape.positions, slots=CALLERS, cache_tokens=16 * shape.positions
    )
    reference = json.loads((MODEL / "reference.json").read_text(encoding="utf-8"))
    cases = [
        (one["input_ids"], [id_ for id_ in two["new_ids"] if id_ not in tokenizer.end_ids])
        for one, two in zip(reference["logits_cases"], reference["greedy_cases"], strict=True)
    ][4:]  # the first four are random ids, whose margins are small
    alone = sum(answer(engine, ids) == wanted for ids, wanted in cases)
    many = (cases * 2)[:CALLERS]
    with ThreadPoolExecutor(CALLERS) as pool:
        made = list(pool.map(lambda case: answer(engine, case[0]), many))
    beside = sum(one == wanted for one, (_, wanted) in zip(made, many, strict=True))
    engine.close()
    return {"dialogues": len(cases), "exact": alone, "side by side": len(many), "of it": beside}


def answer(engine: Engine, ids: list[int]) -> list[int]:
    """The ids of a greedy answer."""
    return [one for step in engine.generate(ids, Sampling(max_tokens=64)) for one in step.ids]


if __name__ == "__main__":
    main()
