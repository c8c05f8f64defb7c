"""Measures the memory of a service over many small jobs.

    python -m bench.service_memory --jobs 1000                  megabytes after every hundred jobs
    python -m bench.service_memory --jobs 1000 --against FOLDER   the same of another checkout

The simulated model answers at once, and four clients send one job after another.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from .report import RESULTS, save_result
from .rest import memory
from .runs import paragraph
from .serving import Served
from .simulated import Simulated

CLIENTS = 4
STEP = 100
SMALL = {"QA3_CHUNK_SIZE": "40", "QA3_CONCURRENCY": "4", "QA3_CHECK": "off"}


def main() -> None:
    """Measures, prints, and leaves the figures in bench/results/service_memory.json."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--against", type=Path, help="a checkout of another commit")
    options = parser.parse_args()
    file = RESULTS / "service_memory.json"
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    known = {name: kept[name] for name in ("here", "there") if name in kept}
    name = "there" if options.against else "here"
    known[name] = served(options.jobs, options.against)
    print(json.dumps(known[name], indent=1))
    print(save_result("service_memory", known, ("fastapi", "uvicorn")))


def served(jobs: int, folder: Path | None = None) -> dict[str, float]:
    """Megabytes of a service after every hundred jobs, and what a job of the second half adds.

    Args:
        jobs: How many.
        folder: A checkout; None for this one.
    """
    if folder is not None:
        os.chdir(folder)  # where the service finds its modules
    environment = {**SMALL, "PYTHONPATH": str(Path.cwd())}
    figures: dict[str, float] = {}
    began = time.monotonic()
    with (
        Simulated() as model,
        tempfile.TemporaryDirectory() as home,
        Served(Path(home), model, environment=environment) as service,
        service.client() as client,
        ThreadPoolExecutor(CLIENTS) as clients,
    ):
        for first in range(0, jobs, STEP):
            list(clients.map(lambda number: job(client, number), range(first, first + STEP)))
            figures[f"MB after {first + STEP}"] = memory(service.child.pid)["now"]
    half, last = (figures[f"MB after {at}"] for at in (jobs // 2 // STEP * STEP, jobs))
    figures["KB a job of the second half"] = round(1000 * (last - half) / (jobs / 2), 1)
    figures["seconds"] = round(time.monotonic() - began)
    return figures


def job(client: httpx.Client, number: int) -> None:
    """Sends a document of a few paragraphs and waits for its list."""
    text = "\n\n".join(paragraph(number * 10 + at) for at in range(3 + number % 4))
    sent = client.post("/jobs", json={"text": text, "name": f"{number}.txt"})
    address = f"/jobs/{sent.json()['id']}"
    while client.get(address).json()["state"] not in ("done", "partial"):
        time.sleep(0.02)


if __name__ == "__main__":
    main()
