"""Measures the model calls: time against the ideal, overhead per call, and memory.

    python -m bench.asking            640 calls at three latencies and widths, against a bare pool
    python -m bench.asking --against FOLDER   the same beside a checkout of another commit
    python -m bench.asking --memory   resident memory over 20,000 chunks

A simulated model in a process of its own answers over real HTTP. The ideal is the number of calls
a thread has to make one after another, times the latency. The bare pool is a ThreadPoolExecutor
that calls the same prompt, model and parser, with no journal, grounding or deduplication.

The chain's own cost is that of ``prompt | llm | parser`` as LangChain runs it, its runs told to no
callback or to one, less that of the three steps called one after another; replies come from the
journal, so that nothing else is in it. A call's processor time is that of the first case.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler

from bench.report import RESULTS, save_result
from chains.events import ChunkDone, Done, Prepared
from chains.journal.replies import Journal
from chains.llm.backends import choose
from chains.llm.client import OpenBackend
from chains.parsing.parser import PairParser
from chains.run.chain import build_chain
from chains.run.inputs import Text
from chains.run.pipeline import Pipeline
from chains.settings import Resolved, resolve
from prompts import load_prompt

CALLS = 640
CASES = ((0.2, 32), (0.2, 8), (2.0, 32))  # seconds, threads
PACKAGES = ("langchain-core", "langchain-openai", "openai", "httpx")


def main() -> None:
    """Measures, prints a table, and saves the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--memory", action="store_true", help="measure memory instead of time")
    parser.add_argument("--against", type=Path, help="a checkout of another commit")
    parser.add_argument("--chunks", type=int, default=20_000, help="for --memory")
    parser.add_argument("--calls", type=int, default=CALLS, help="in each case")
    options = parser.parse_args()
    file = RESULTS / "asking.json"
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    known = {name: kept[name] for name in ("time", "chain", "against", "memory") if name in kept}
    if options.memory:
        known["memory"] = memory(options.chunks)
        print(json.dumps(known["memory"], indent=1))
    elif options.against:
        compared = against(options.against)  # whose runs have left results of their own
        kept = json.loads(file.read_text(encoding="utf-8"))
        known |= {name: kept[name] for name in ("time", "chain")} | {"against": compared}
        print(json.dumps(known["against"], indent=1))
    else:
        print("latency threads   ideal    bare     run  run/ideal run/bare  CPU ms a call (bare)")
        known["time"] = [timed(latency, width, options.calls) for latency, width in CASES]
        known["chain"] = chain_cost(known["time"][0]["cpu_ms"])
        print(json.dumps(known["chain"], indent=1))
    save_result("asking", known, PACKAGES)


def timed(latency: float, width: int, calls: int) -> dict[str, float]:
    """The figures of one case.

    Args:
        latency: Seconds a call takes.
        width: Threads.
        calls: How many.
    """
    texts = [paragraph(n) for n in range(calls)]
    with server(latency) as address, tempfile.TemporaryDirectory() as folder:
        resolved = settings(address, width, Path(folder) / "journal.sqlite")
        chain = bare_chain(resolved)
        # Both warm: modules are loaded and the server has its threads.
        with ThreadPoolExecutor(width) as pool:
            list(pool.map(chain, texts[:width]))
        list(Pipeline(settings(address, width, Path(folder) / "w")).run([Text(text="暖机开始。")]))
        started, spent = time.monotonic(), cpu()
        with ThreadPoolExecutor(width) as pool:
            list(pool.map(chain, texts))
        bare, bare_cpu = time.monotonic() - started, cpu() - spent
        run, run_cpu, asked = pipeline_seconds(texts, resolved)
    assert asked == calls, asked
    ideal = ceil(calls / width) * latency
    figures = {
        "latency": latency,
        "threads": width,
        "calls": calls,
        "ideal": ideal,
        "bare": round(bare, 2),
        "run": round(run, 2),
        "run/ideal": round(run / ideal, 3),
        "run/bare": round(run / bare, 3),
        "cpu_ms": round(1000 * run_cpu / calls, 2),
        "bare_cpu_ms": round(1000 * bare_cpu / calls, 2),
    }
    print(
        f"{latency:7.1f} {width:7} {ideal:7.1f} {bare:7.2f} {run:7.2f} {run / ideal:10.3f}"
        f" {run / bare:8.3f} {figures['cpu_ms']:14.2f} ({figures['bare_cpu_ms']:.2f})",
        flush=True,
    )
    return figures


def pipeline_seconds(texts: list[str], resolved: Resolved) -> tuple[float, float, int]:
    """Seconds, CPU seconds and calls of a run, from loaded input to the finished list."""
    inputs = [Text(text=text, name=f"{n}") for n, text in enumerate(texts)]
    started, spent = 0.0, 0.0
    with Journal(resolved.settings.journal) as journal:
        for event in Pipeline(resolved, journal=journal).run(inputs):
            if isinstance(event, Prepared):
                started, spent = time.monotonic(), cpu()
    assert isinstance(event, Done)
    return time.monotonic() - started, cpu() - spent, event.result.usage.calls


def chain_cost(call_ms: float, texts: int = 200, rounds: int = 10) -> dict[str, float]:
    """Processor milliseconds of one request through the chain, and of its steps alone.

    Args:
        call_ms: Of a whole call, for the share.
        texts: Different requests.
        rounds: How often each is made; the least of all rounds counts.
    """
    inputs = [{"text": paragraph(n), "context": "-"} for n in range(texts)]
    with server(0.0) as address, tempfile.TemporaryDirectory() as folder:
        chain = build_chain(settings(address, 1, Path(folder) / "journal.sqlite").settings)
        chain.batch(inputs)  # from now on the journal answers
        prompt: Any = chain.first
        model: Any = chain.middle[0]
        parser: Any = chain.last
        ways: dict[str, Callable[[dict[str, str]], object]] = {
            "steps_ms": lambda given: parser.read(
                model._invoke(prompt.format_messages(**given), {}).text  # noqa: SLF001 - the step
            ),
            "chain_ms": chain.invoke,
            "handler_ms": lambda given: chain.invoke(given, {"callbacks": [BaseCallbackHandler()]}),
        }
        best = dict.fromkeys(ways, float("inf"))
        for _ in range(rounds):
            for name, way in ways.items():
                started = time.process_time()
                for given in inputs:
                    way(given)
                best[name] = min(best[name], 1000 * (time.process_time() - started) / texts)
    own = best["chain_ms"] - best["steps_ms"]
    return {
        **{name: round(one, 3) for name, one in best.items()},
        "of a call": round(own / call_ms, 4),
        "of a call with a handler": round((best["handler_ms"] - best["steps_ms"]) / call_ms, 4),
    }


def against(folder: Path, rounds: int = 2) -> dict[str, Any]:
    """The cases here and in a checkout of another commit, by turns: the best of each.

    Args:
        folder: The checkout.
        rounds: Turns of each.
    """
    here = Path(__file__).resolve().parent.parent
    runs: dict[str, list[list[dict[str, float]]]] = {"here": [], "there": []}
    for _ in range(rounds):
        for name, root in (("there", folder.resolve()), ("here", here)):
            env = {**os.environ, "PYTHONPATH": str(root)}
            command = [sys.executable, "-m", "bench.asking"]
            subprocess.run(command, cwd=root, env=env, check=True, stdout=subprocess.DEVNULL)
            result = root / "bench" / "results" / "asking.json"
            runs[name].append(json.loads(result.read_text(encoding="utf-8"))["time"])
    return {
        "commit": subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip(),
        "cases": [
            {
                "latency": latency,
                "threads": width,
                **{
                    f"{name} {figure}": min(turn[at][figure] for turn in turns)
                    for name, turns in runs.items()
                    for figure in ("run", "run/bare", "cpu_ms", "bare_cpu_ms")
                },
            }
            for at, (latency, width) in enumerate(CASES)
        ],
    }


def memory(chunks: int) -> dict[str, float]:
    """Resident megabytes at each quarter of a run.

    Args:
        chunks: How many are asked about.
    """
    text = "\n\n".join(paragraph(n) for n in range(chunks))
    figures: dict[str, float] = {}
    with server(0.0) as address, tempfile.TemporaryDirectory() as folder:
        resolved = settings(address, 8, Path(folder) / "journal.sqlite", chunk_size=40)
        started = time.monotonic()
        for event in Pipeline(resolved).run([Text(text=text)]):
            if isinstance(event, Prepared):
                figures["chunks"] = event.chunks
                figures["MB before asking"] = resident()
            if isinstance(event, ChunkDone):
                part, rest = divmod(event.done * 8, event.total)
                if rest < 8 and part:
                    figures[f"MB at {part}/8"] = resident()
        figures["seconds"] = round(time.monotonic() - started)
        figures["MB at the end"] = resident()
    return figures


def settings(address: str, width: int, journal: Path, **given: Any) -> Resolved:
    """Settings for the simulated model; duplicates are judged without vectors."""
    asked: dict[str, Any] = {"backend": "chatglm3", "base_url": address, "model": "simulated"}
    asked |= {"embeddings": "lexical", "concurrency": width, "journal": journal, **given}
    return resolve(asked)


def bare_chain(resolved: Resolved) -> Callable[[str], object]:
    """Prompt, model and parser, and nothing else."""
    llm = OpenBackend(choose(resolved), resolved.settings).llm()
    chain = load_prompt("chatglm3", "zh") | llm | PairParser()
    return lambda text: chain.invoke({"context": "-", "text": text})


def paragraph(n: int) -> str:
    """A distinct text for each number, whose sentences all begin differently.

    The simulated model asks by a sentence's beginning, and equal questions would measure dedupe.
    """
    built = f"第{n}号车间于{1800 + n}年在河边落成，由当地的工匠建造。"
    return f"{built}{n}号工人在第一年制造了{n * 7 + 3}台机器。"


@contextmanager
def server(latency: float) -> Iterator[str]:
    """The address of a simulated model in another process."""
    command = [sys.executable, "-m", "bench.simulated", "--latency", str(latency)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin
        assert child.stdout
        yield child.stdout.readline().strip()
        child.stdin.close()
        child.stdout.read()


def cpu() -> float:
    """CPU seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def resident() -> float:
    """Resident megabytes of this process now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return round(pages * resource.getpagesize() / 1e6, 1)


if __name__ == "__main__":
    main()
