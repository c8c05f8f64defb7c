"""The child process: reads its order from standard input, prints its address, ends with the pipe.

Run as ``python -m endpoint.llamacpp_child``. The order is one line of JSON, so that the key stands
in no list of processes.
"""

import json
import os
import sys
import time
from pathlib import Path


def main() -> None:
    """Serves until standard input closes, that is, until the parent stops us or dies."""
    order = json.loads(sys.stdin.readline())
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = order["model"]
    params.n_ctx = order["context"] * order["slots"]
    params.n_parallel = order["slots"]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [order["api_key"]]
    params.ui = False
    params.offline = True
    params.endpoint_slots = False
    params.n_gpu_layers = order["gpu_layers"]
    params.model_alias = {order["name"]}
    threads = order["threads"] or idle_cores()
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)  # noqa: T201 - what the parent waits for
    while sys.stdin.readline():
        pass
    os._exit(0)  # llama.cpp's own teardown can hang on a request in flight


def idle_cores() -> int:
    """Cores that nobody else keeps busy just now, at least one.

    llama.cpp's threads wait for each other at every layer: two of them on one free core write a
    quarter of what a single one does (3 to 4 against 16 tokens a second, measured).
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    cores = cores or 1
    stat = Path("/proc/stat")
    if not stat.exists():
        return cores
    before = _ticks(stat)
    time.sleep(0.4)
    after = _ticks(stat)
    passed = sum(after) - sum(before)
    idle = (after[3] - before[3]) / passed if passed else 1.0
    return max(1, min(cores, round(idle * (os.cpu_count() or cores))))


def _ticks(stat: Path) -> list[int]:
    """The processor's time so far by kind: user, nice, system, idle ..."""
    return [int(word) for word in stat.read_text(encoding="ascii").splitlines()[0].split()[1:9]]


if __name__ == "__main__":
    main()
