"""The llama.cpp child process: reads its configuration from stdin and prints its address.

Run as ``python -m endpoint.llamacpp_child``. The configuration is one line of JSON on stdin and not
on the command line, so that the API key does not show in the process list.
"""

import json
import os
import sys
import time
from pathlib import Path


def main() -> None:
    """Serves until standard input closes, that is, until the parent stops it or dies."""
    config = json.loads(sys.stdin.readline())
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = config["model"]
    params.n_ctx = config["context"] * config["slots"]
    params.n_parallel = config["slots"]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [config["api_key"]]
    params.ui = False
    params.offline = True
    params.endpoint_slots = False
    params.n_gpu_layers = config["gpu_layers"]
    params.model_alias = {config["name"]}
    threads = config["threads"] or idle_cores()
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)  # noqa: T201 - what the parent waits for
    while sys.stdin.readline():
        pass
    os._exit(0)  # llama.cpp's own teardown can hang on a request in flight


def idle_cores() -> int:
    """The number of CPU cores that are idle now, at least 1.

    llama.cpp's threads wait for each other at every layer: two threads on one free core generate a
    quarter of what one thread does (measured: 3 to 4 against 16 tokens a second).
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
    """CPU time so far in clock ticks: user, nice, system, idle ..."""
    return [int(word) for word in stat.read_text(encoding="ascii").splitlines()[0].split()[1:9]]


if __name__ == "__main__":
    main()
