"""Measures tokens per second of the endpoint's engines, against transformers' generate.

    python -m bench.endpoint            what this machine can measure
    python -m bench.endpoint --small    on the processor alone

On the processor: a model of ChatGLM3's shape with some 150 M random weights in float32. One
caller and more against ``model.generate`` with one prompt: each run stands between two of the raw
one and is compared with their mean, so that a busy machine slows all alike, and the median of the
ratios counts. Then llama.cpp, with the same weights in 8 bits.

On an NVIDIA GPU: full-size random weights in bfloat16, int8 and nf4, with 1, 8 and 32 callers,
their peak memory, and the limit that reading all weights once for every id sets (from the memory's
bandwidth, measured by copying).
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from bench.report import save_result
from endpoint.model.batching_engine import BatchingEngine
from endpoint.model.checkpoint import Shape, expected
from endpoint.model.engine import Engine, Sampling
from endpoint.model.load_torch import empty_model, fill_model, native_config
from endpoint.model.memory import GIB

SMALL = Shape(
    native=True, vocabulary=65_024, hidden=512, feed_forward=1712, layers=24, heads=8, groups=2,
    head=64, positions=8192, eps=1e-5, rope=10_000.0, qkv_bias=True,
)  # fmt: skip
FULL = Shape(
    native=True, vocabulary=65_024, hidden=4096, feed_forward=13_696, layers=28, heads=32, groups=2,
    head=128, positions=8192, eps=1e-5, rope=10_000.0, qkv_bias=True,
)  # fmt: skip
PROMPT, ANSWER = 32, 48  # tokens
NO_END = frozenset({-1})  # random weights would end at random
PACKAGES = ("torch", "transformers", "bitsandbytes", "xllamacpp", "gguf")


def main() -> None:
    """Measures, prints a table, and saves the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--small", action="store_true", help="the processor's part alone")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    torch.manual_seed(0)
    figures: dict[str, Any] = {"cpu": on_cpu(options.rounds)}
    if torch.cuda.is_available() and not options.small:
        figures["gpu"] = on_gpu()
    else:
        print("No NVIDIA GPU was measured: full-size weights in bf16, int8 and nf4 need one.")
        figures["gpu"] = None
    save_result("endpoint", figures, PACKAGES)


def on_cpu(rounds: int) -> dict[str, Any]:
    """The figures of a small model on the CPU."""
    model = random_model(SMALL, "cpu", None, torch.float32)
    engine = BatchingEngine(
        model, name="random", context=2048, slots=32, end_ids=NO_END, cache_tokens=16_384
    )
    figures: dict[str, Any] = {
        "parameters": SMALL.parameters,
        "prompt": PROMPT,
        "answer": ANSWER,
        "rounds": rounds,
    }
    print(f"ChatGLM3's shape, {SMALL.parameters / 1e6:.0f} M weights, float32, processor")
    asked(engine, 8)  # warm
    figures["batching engine"] = beside_raw(model, engine, (1, 8), rounds, inside=True)
    engine.close()
    print("llama.cpp, the same weights in q8_0")
    with random_llamacpp(model) as llamacpp:
        figures["llama.cpp q8_0"] = beside_raw(model, llamacpp, (1, 8), rounds, inside=False)
    return figures


def beside_raw(
    model: Any, engine: Engine, callers: Sequence[int], rounds: int, *, inside: bool
) -> dict[str, dict[str, float]]:
    """Throughput of concurrent callers, each run compared with raw generate before and after it.

    Args:
        model: What raw generate runs.
        engine: What callers ask.
        callers: How many at once.
        rounds: Runs of each.
        inside: Whether the engine works in this process, whose processor time is known.
    """
    raw = [timed_raw(model)]
    runs: dict[int, list[Run]] = {count: [] for count in callers}
    for _ in range(rounds):
        for count, done in runs.items():
            run = asked(engine, count)
            raw.append(timed_raw(model))
            run.ratio = 2 * run.speed / (raw[-1].speed + raw[-2].speed)
            run.cpu_ratio = (raw[-1].cpu + raw[-2].cpu) / 2 / run.cpu if inside else None
            done.append(run)
    figures = {"raw generate": {"tokens/s": middle(one.speed for one in raw)}}
    print(f"{'raw generate, one prompt':26} {figures['raw generate']['tokens/s']:8.1f} tokens/s")
    for count, done in runs.items():
        firsts = sorted(first for run in done for first in run.firsts)
        figures[f"{count} callers"] = {
            "tokens/s": middle(run.speed for run in done),
            "ratio to raw": middle(run.ratio for run in done),
            **(
                {"ratio by processor time": middle(run.cpu_ratio or 0 for run in done)}
                if inside
                else {}
            ),
            "first token s, median": middle(firsts),
            "first token s, 95 %": round(firsts[int(len(firsts) * 0.95)], 2),
        }
        tell(count, figures[f"{count} callers"])
    return figures


def tell(count: int, figures: dict[str, float]) -> None:
    """Prints a line of the table."""
    spent = figures.get("ratio by processor time")
    by_processor = "" if spent is None else f" ({spent:.2f} by processor time)"
    print(
        f"{count:10} {'callers' if count > 1 else 'caller '}         {figures['tokens/s']:8.1f}"
        f" tokens/s {figures['ratio to raw']:6.2f} x raw{by_processor}, first token after"
        f" {figures['first token s, median']:.2f} s, 95 %: {figures['first token s, 95 %']:.2f} s",
        flush=True,
    )


def middle(values: Iterable[float]) -> float:
    """The median, to two places."""
    return round(statistics.median(values), 2)


@dataclass
class Run:
    """The measurements of one run.

    Attributes:
        speed: Tokens a second, of all callers together.
        cpu: Processor seconds a token, of this process.
        firsts: Seconds to each caller's first token.
    """

    speed: float
    cpu: float
    firsts: list[float]
    ratio: float = 0.0
    cpu_ratio: float | None = None


def random_model(shape: Shape, device: str, quantize: int | None, dtype: torch.dtype) -> Any:
    """A model with random weights of a trained one's size."""
    model = empty_model(native_config(shape, NO_END))
    source = torch.Generator(device).manual_seed(0)

    def tensors() -> Iterator[tuple[str, torch.Tensor]]:
        for name, size in expected(shape).items():
            if name.endswith("norm.weight"):
                yield name, torch.ones(size)
                continue
            made = torch.empty(size, device=device, dtype=dtype)
            yield name, made.normal_(std=0.02, generator=source)

    fill_model(model, tensors(), device=device, quantize=quantize, dtype=dtype)
    model.generation_config.eos_token_id = None
    return model


def prompt(number: int) -> list[int]:
    """A distinct prompt for each number."""
    return [(number * 7919 + place * 104_729) % 60_000 + 3 for place in range(PROMPT)]


def timed_raw(model: Any) -> Run:
    """Transformers' generate with one prompt."""
    given = torch.tensor([prompt(0)], device=model.device)
    spent, started = time.process_time(), time.perf_counter()
    with torch.inference_mode():
        out = model.generate(
            given,
            attention_mask=torch.ones_like(given),
            do_sample=False,
            max_new_tokens=ANSWER,
            pad_token_id=0,
        )
    count = int(out.shape[1]) - PROMPT
    assert count == ANSWER, count
    seconds = time.perf_counter() - started
    return Run(count / seconds, (time.process_time() - spent) / count, [])


def asked(engine: Engine, callers: int) -> Run:
    """Throughput of that many concurrent callers, one prompt each."""
    together = threading.Barrier(callers + 1)

    def one(number: int) -> tuple[int, float]:
        together.wait()
        started, first, count = time.perf_counter(), 0.0, 0
        for step in engine.generate(prompt(number), Sampling(max_tokens=ANSWER)):
            first = first or time.perf_counter() - started
            count += len(step.ids)
        return count, first

    with ThreadPoolExecutor(callers) as pool:
        running = [pool.submit(one, number) for number in range(callers)]
        together.wait()
        spent, started = time.process_time(), time.perf_counter()
        results = [task.result() for task in running]
    seconds = time.perf_counter() - started
    count = sum(made for made, _ in results)
    cpu = (time.process_time() - spent) / count
    return Run(count / seconds, cpu, [first for _, first in results])


@contextmanager
def random_llamacpp(model: Any) -> Iterator[Engine]:
    """llama.cpp with a model's weights in 8 bits."""
    from endpoint.model.llamacpp_engine import LlamaEngine

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "random.gguf"
        write_random_gguf(model, file)
        engine = LlamaEngine(
            file, name="random", context=512, slots=8, end_ids=NO_END, byte_ids=range(256)
        )
        asked(engine, 1)
        yield engine
        engine.close()


def write_random_gguf(model: Any, file: Path) -> None:
    """The model's weights for llama.cpp, by way of a native folder."""
    from endpoint.model.convert_gguf import gguf_in, write_gguf

    folder = file.parent / "native"
    folder.mkdir()
    model.config.eos_token_id = 2
    model.save_pretrained(folder)
    write_tokenizer(folder / "tokenizer.model")
    write_gguf(folder, file.parent, "q8_0").replace(file)
    assert not gguf_in(file.parent, "q8_0").exists()


def write_tokenizer(file: Path) -> None:
    """A vocabulary of ChatGLM3's size whose pieces mean nothing."""
    from sentencepiece import sentencepiece_model_pb2

    made: Any = sentencepiece_model_pb2  # defines its classes at import
    held = made.ModelProto()
    held.trainer_spec.model_type = 2
    held.trainer_spec.byte_fallback = True
    for number in range(64_789):
        piece = held.pieces.add()
        special = {0: ("<unk>", 2), 1: ("<s>", 3), 2: ("</s>", 3)}
        byte = (f"<0x{number - 3:02X}>", 6)
        name = special.get(number, byte if number < 259 else (f"w{number}", 1))
        piece.piece, piece.type = name
        piece.score = -float(number)
    file.write_bytes(held.SerializeToString())


def on_gpu() -> dict[str, Any]:
    """The figures of full-size weights on the first GPU."""
    figures: dict[str, Any] = {"name": torch.cuda.get_device_name(0)}
    figures["bandwidth GB/s"] = round(bandwidth() / 1e9)
    print(f"{figures['name']}, {figures['bandwidth GB/s']} GB/s by copying")
    for name, bits in (("bf16", None), ("int8", 8), ("nf4", 4)):
        figures[name] = full_size(bits, figures["bandwidth GB/s"] * 1e9)
        print(name, json.dumps(figures[name]), flush=True)
    return figures


def full_size(bits: int | None, speed: float) -> dict[str, Any]:
    """Tokens a second and memory of the full-size model in so many bits."""
    gc.collect()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    dtype = torch.float16 if bits == 8 else torch.bfloat16
    model = random_model(FULL, "cuda:0", bits, dtype)
    weights = torch.cuda.memory_allocated()
    engine = BatchingEngine(
        model, name="random", context=8192, slots=32, end_ids=NO_END, cache_tokens=16_384
    )
    asked(engine, 8)
    timed_raw(model)
    figures: dict[str, Any] = {
        "weights GiB": round(weights / GIB, 2),
        "limit of one caller, tokens/s": round(speed / weights),
        "raw generate tokens/s": round(timed_raw(model).speed, 1),
    }
    for count in (1, 8, 32):
        runs = [asked(engine, count) for _ in range(3)]
        figures[f"{count} callers, tokens/s"] = middle(run.speed for run in runs)
        figures[f"{count} callers, first token s"] = middle(
            first for run in runs for first in run.firsts
        )
    engine.close()
    figures["peak GiB"] = round(torch.cuda.max_memory_allocated() / GIB, 2)
    return figures


def bandwidth() -> float:
    """The GPU's memory bandwidth in bytes per second, measured by a copy."""
    size = 4 << 30
    source = torch.empty(size, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    target.copy_(source)
    torch.cuda.synchronize()
    started = time.perf_counter()
    for _ in range(5):
        target.copy_(source)
    torch.cuda.synchronize()
    return 2 * 5 * size / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
