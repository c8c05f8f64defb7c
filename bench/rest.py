"""Measures the REST service: overhead per request, latency of event streams, memory of uploads.

    python -m bench.rest [--clients 50] [--seconds 30] [--pause 5]

The service, the simulated model and the clients are three processes; a request's latency over
HTTP is compared with that of the same pipeline called by as many threads at the same pace.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from chains.embedding.load import load_embeddings
from chains.journal.replies import Journal
from chains.run.inputs import Text
from chains.run.pipeline import Pipeline
from chains.settings import Resolved, resolve

from .report import save_result
from .runs import long_text, paragraph
from .serving import Served
from .simulated import Simulated, pairs_reply

LATENCY = 0.2  # seconds a call takes
LISTENERS = 100
TURNS = 4
UPLOAD = 100_000_000  # bytes
Ask = Callable[[str], None]


def main() -> None:
    """Measures, prints, and leaves the figures in bench/results/rest.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--pause", type=float, default=5.0, help="between a client's requests")
    options = parser.parse_args()
    figures = {
        "overhead_ms": overhead(options.clients, options.seconds, options.pause),
        "first_pair_ms": first_pair(),
        "idle_listeners": idle_listeners(),
        "upload": upload(),
    }
    for name, figure in figures.items():
        print(name, figure)
    print(save_result("rest", figures, ("fastapi", "starlette", "uvicorn", "httpx")))


def overhead(clients: int, seconds: float, pause: float) -> dict[str, float | int]:
    """Milliseconds of overhead per request over a direct pipeline call, at the same load."""
    called: list[float] = []
    asked: list[float] = []
    with ExitStack() as open_:
        base_url = open_.enter_context(simulated_elsewhere())
        folder = Path(open_.enter_context(tempfile.TemporaryDirectory()))
        unused = open_.enter_context(Simulated())
        environment = {"QA3_BASE_URL": base_url}
        served = open_.enter_context(Served(folder, unused, environment=environment))
        direct = _direct(base_url, folder / "direct.sqlite")
        # Alternating, so that other load on the machine affects both alike.
        for turn in range(TURNS):
            slice_ = seconds / TURNS
            called += load(lambda: direct, clients, slice_, pause, f"direct {turn}")
            asked += load(
                lambda: _over_http(served.address), clients, slice_, pause, f"HTTP {turn}"
            )
    return {
        "clients": clients,
        "requests": len(asked),
        "requests_a_second": round(len(asked) / seconds, 1),
        **{f"direct_{name}": value for name, value in spread(called).items()},
        **{f"http_{name}": value for name, value in spread(asked).items()},
        "added_p50": round(quantile(asked, 0.5) - quantile(called, 0.5), 1),
        "added_p99": round(quantile(asked, 0.99) - quantile(called, 0.99), 1),
    }


def _direct(base_url: str, journal: Path) -> Ask:
    resolved = _resolved(base_url)
    named, opened = load_embeddings("lexical"), Journal(journal)

    def ask(text: str) -> None:
        events = list(Pipeline(resolved, journal=opened, embeddings=named).run([Text(text=text)]))
        assert events[-1].event == "done"

    return ask


def _resolved(base_url: str, **more: int) -> Resolved:
    given = {"backend": "chatglm3", "base_url": base_url, "model": "simulated"}
    return resolve({**given, "embeddings": "lexical", **more})


def _over_http(address: str) -> Ask:
    client = httpx.Client(base_url=address, timeout=60)

    def ask(text: str) -> None:
        answer = client.post("/pairs/invoke", json={"input": text})
        assert answer.status_code == httpx.codes.OK, answer.text

    return ask


def load(
    make: Callable[[], Ask], clients: int, seconds: float, pause: float, name: str
) -> list[float]:
    """Milliseconds of each request of concurrent clients that pause between requests."""
    taken: list[float] = []
    warm = threading.Barrier(clients)

    def one(number: int) -> None:
        pace, ask, count = random.Random(number), make(), 0
        ask(f"{paragraph(number)} {name} warm {number}.")
        warm.wait()
        until = time.monotonic() + seconds
        time.sleep(pace.uniform(0, pause))
        while time.monotonic() < until:
            count += 1
            text = f"{paragraph(number * 1000 + count)} {name} {number} {count}."
            began = time.perf_counter()
            ask(text)
            taken.append((time.perf_counter() - began) * 1000)
            time.sleep(pace.uniform(0.5, 1.5) * pause)

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(one, range(clients)))
    return taken


def first_pair(rounds: int = 40) -> dict[str, float | int]:
    """Milliseconds from the model's first reply to its pairs: from the engine, and at a client.

    The engine's time to read and ground the reply is in both.
    """
    replied: list[float] = []

    def reply(messages: list[dict[str, str]]) -> str:
        text = pairs_reply(messages)
        replied.append(time.monotonic())
        return text

    made, arrived = [], []
    with ExitStack() as open_:
        folder = Path(open_.enter_context(tempfile.TemporaryDirectory()))
        server = open_.enter_context(Simulated(reply=reply))
        small = {"chunk_size": 40, "concurrency": 1}
        environment = {f"QA3_{name.upper()}": str(value) for name, value in small.items()}
        served = open_.enter_context(Served(folder, server, environment=environment))
        client = open_.enter_context(served.client())
        journal = open_.enter_context(Journal(folder / "direct.sqlite"))
        resolved, named = _resolved(server.base_url, **small), load_embeddings("lexical")
        for number in range(rounds):
            text = f"{paragraph(number)}\n\n{paragraph(number + 500)}"
            replied.clear()
            pipeline = Pipeline(resolved, journal=journal, embeddings=named)
            for event in pipeline.run([Text(text=text)]):
                if event.event == "chunk":
                    made.append((time.monotonic() - replied[0]) * 1000)
                    break
            replied.clear()
            with client.stream("POST", "/pairs/stream", json={"input": text}) as stream:
                for line in stream.iter_lines():
                    if line.startswith('data: {"event":"chunk"'):
                        arrived.append((time.monotonic() - replied[0]) * 1000)
                        break
    return {
        "rounds": rounds,
        **{f"made_{name}": value for name, value in spread(made[1:]).items()},
        **{f"arrived_{name}": value for name, value in spread(arrived[1:]).items()},
    }


def idle_listeners() -> dict[str, float | int]:
    """The state of a service while a hundred event streams wait for one job."""
    gate = threading.Event()

    def reply(messages: list[dict[str, str]]) -> str:
        gate.wait(120)
        return pairs_reply(messages)

    with ExitStack() as open_:
        folder = open_.enter_context(tempfile.TemporaryDirectory())
        server = open_.enter_context(Simulated(reply=reply))
        served = open_.enter_context(Served(Path(folder), server))
        client = open_.enter_context(served.client())
        job = client.post("/jobs", json={"text": long_text(4)}).json()["id"]
        before = memory(served.child.pid)
        health: list[float] = []
        ends = asyncio.run(_listen(served.address, job, client, health, gate))
        after = memory(served.child.pid)
    return {
        "listeners": LISTENERS,
        "heard_the_end": len(ends),
        "health_p50_ms": quantile(health, 0.5),
        "health_p99_ms": quantile(health, 0.99),
        "last_heard_after_ms": round(max(ends), 1),
        "megabytes_before": before["now"],
        "megabytes_with_them": after["peak"],
        "threads": after["threads"],
    }


async def _listen(
    address: str, job: str, client: httpx.Client, health: list[float], gate: threading.Event
) -> list[float]:
    """Milliseconds after the model was let go at which each listener heard the end."""
    connected = asyncio.Semaphore(0)
    limits = httpx.Limits(max_connections=LISTENERS + 5)
    async with httpx.AsyncClient(base_url=address, timeout=120, limits=limits) as listening:

        async def one() -> float:
            async with listening.stream("GET", f"/jobs/{job}/events") as stream:
                async for line in stream.aiter_lines():
                    if line == "event: prepared":
                        connected.release()
                    if line == "event: done":
                        return time.monotonic()
            raise AssertionError("the events ended")

        tasks = [asyncio.create_task(one()) for _ in range(LISTENERS)]
        for _ in tasks:
            await connected.acquire()
        for _ in range(100):
            began = time.perf_counter()
            await asyncio.to_thread(client.get, "/health")
            health.append((time.perf_counter() - began) * 1000)
        let_go = time.monotonic()
        gate.set()
        return [(at - let_go) * 1000 for at in await asyncio.gather(*tasks)]


def upload() -> dict[str, float | int]:
    """The service's memory during an upload of a hundred megabytes."""
    with tempfile.TemporaryDirectory() as folder, Simulated() as server:
        flags = ("--no-page", "--max-upload-mb", "150")
        with Served(Path(folder), server, flags) as served, served.client() as client:
            client.post("/files", files=[("file", ("small.txt", b"small"))])
            before = memory(served.child.pid)
            began = time.perf_counter()
            answer = _send(client, UPLOAD)
            seconds = time.perf_counter() - began
            assert answer.status_code == httpx.codes.CREATED, answer.text
            after = memory(served.child.pid)
            refused = _send(client, 2 * UPLOAD)
            last = memory(served.child.pid)
    return {
        "megabytes_sent": UPLOAD // 1_000_000,
        "seconds": round(seconds, 2),
        "memory_before_mb": before["peak"],
        "memory_peak_mb": after["peak"],
        "too_large_is_answered": refused.status_code,
        "memory_peak_after_too_large_mb": last["peak"],
    }


def _send(client: httpx.Client, size: int) -> httpx.Response:
    """The answer to a form whose file is made up while it is sent."""
    line = "第一机床厂于1958年在河边落成，由当地的工匠建造。\n".encode()
    block = line * (1_000_000 // len(line))

    def body() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        for _ in range(size // len(block) + 1):
            yield block
        yield b"\r\n--b--\r\n"

    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    return client.post("/files", content=body(), headers=kind)


def memory(pid: int) -> dict[str, int]:
    """Megabytes a process has in memory now and had at most, and its threads."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    said = {
        name: value.split()[0]
        for name, _, value in (line.partition(":") for line in lines)
        if value.split()
    }
    return {
        "now": int(said["VmRSS"]) // 1000,
        "peak": int(said["VmHWM"]) // 1000,
        "threads": int(said["Threads"]),
    }


def spread(taken: list[float]) -> dict[str, float]:
    """Median, 99th percentile and mean of milliseconds."""
    return {
        "p50": quantile(taken, 0.5),
        "p99": quantile(taken, 0.99),
        "mean": round(statistics.fmean(taken), 1),
    }


def quantile(values: list[float], share: float) -> float:
    """The value below which a share of the values lies."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)


@contextmanager
def simulated_elsewhere() -> Iterator[str]:
    """The address of a simulated model in a process of its own."""
    command = [sys.executable, "-m", "bench.simulated", "--latency", str(LATENCY)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        try:
            yield child.stdout.readline().strip()
        finally:
            child.kill()


if __name__ == "__main__":
    main()
