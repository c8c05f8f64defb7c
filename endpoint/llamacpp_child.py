"""The child process: reads its order from standard input, prints its address, ends with the pipe.

Run as ``python -m endpoint.llamacpp_child``. The order is one line of JSON, so that the key stands
in no list of processes.
"""

import json
import os
import sys


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
    params.n_gpu_layers = 0
    if order["threads"]:
        params.cpuparams.n_threads = order["threads"]
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)  # noqa: T201 - what the parent waits for
    while sys.stdin.readline():
        pass
    os._exit(0)  # llama.cpp's own teardown can hang on a request in flight


if __name__ == "__main__":
    main()
