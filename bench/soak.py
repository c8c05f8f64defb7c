"""Soak test: an hour with 2,000 documents, faults and kills; checks for lost or duplicate pairs.

    python -m bench.soak --documents 2000 --minutes 60

Documents are of every format. Half of them go through the command line in folders of twenty, half
one by one through two REST services, of which one lives the whole hour, and once a minute one is
dropped on the page, whose server lives as long; all share one journal. The simulated model slows
down, refuses and garbles; command lines and the other service are killed at random. At the end
every list is compared with that of an undisturbed run.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from bench.report import save_result
from bench.runs import run, settings_for
from bench.serving import free_port
from bench.simulated import Faults, Simulated
from bench.soak_account import consistency, count, growth, lasting, sample, spread
from bench.soak_documents import write_document
from bench.soak_page import drop_on_page
from chains.journal.database import Database
from chains.journal.jobs import Jobs
from chains.journal.lists import load_list
from chains.journal.replies import Journal
from chains.run.inputs import RunInput, Upload
from pairs.records import QAPair

ROOT = Path(__file__).resolve().parent.parent
FAULTS = Faults(malformed=0.02, truncated=0.03, too_many=0.03, broken=0.02, dropped=0.02, slow=0.01)
LATENCY = 0.1
FOLDER = 20  # documents in one call of the command line
KILLED = 0.3  # share of command lines that are killed at least once
SERVER_LIFE = (60.0, 240.0)  # seconds until the server is killed
ENOUGH = 600.0  # seconds after the last document was sent
EVERY = 60.0  # seconds between two documents of the page
LASTING = ("serve", "ui")
"""Servers that live as long as the test."""


@dataclass
class Soak:
    """The record of the test, written by its threads."""

    folder: Path
    address: str
    model: str
    chance: random.Random
    ports: dict[str, int]
    ends: float = 0.0
    kills: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    peaks: list[int] = field(default_factory=list)
    jobs: dict[int, str] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables of every process started."""
        given = {
            "QA3_HOME": str(self.folder / "home"),
            "QA3_BACKEND": "chatglm3",
            "QA3_BASE_URL": self.address,
            "QA3_MODEL": self.model,
            "QA3_EMBEDDINGS": "lexical",
            "QA3_CHUNK_SIZE": "40",
            "QA3_CONCURRENCY": "4",
        }
        return {**os.environ, **given, "NO_PROXY": "127.0.0.1"}

    @property
    def journal(self) -> Path:
        """The journal that all processes share."""
        return self.folder / "home" / "data" / "journal.sqlite"


def main() -> None:
    """Soaks, compares, prints, and writes bench/results/soak.json."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--documents", type=int, default=2000)
    options.add_argument("--minutes", type=float, default=60.0)
    options.add_argument("--seed", type=int, default=3)
    given = options.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        Simulated(latency=LATENCY, faults=FAULTS) as model,
    ):
        ports = {name: free_port() for name in ("killed", *LASTING)}
        chance = random.Random(given.seed)
        soak = Soak(Path(folder), model.base_url, model.model, chance, ports)
        figures = _soak(soak, given.documents, given.minutes * 60, model)
    print(json.dumps(figures, ensure_ascii=False, indent=1))
    print(save_result("soak", figures, ("langchain-core", "fastapi")))


def _soak(soak: Soak, documents: int, seconds: float, model: Simulated) -> dict[str, object]:
    started = time.monotonic()
    soak.ends = started + seconds
    half, page = documents // 2, int(seconds / EVERY)
    for n in range(documents + page):
        kind = f"{n // FOLDER:03}" if n < half else "alone"
        place = soak.folder / "in" / kind
        place.mkdir(parents=True, exist_ok=True)
        write_document(place, n)
    (soak.folder / "out").mkdir()
    keeping = [
        threading.Thread(target=_keep_server, args=(soak,)),
        *(threading.Thread(target=_watch_server, args=(soak, name)) for name in LASTING),
    ]
    middle = half + (documents - half) // 2
    threads = [
        threading.Thread(target=_command_lines, args=(soak, half)),
        threading.Thread(target=_clients, args=(soak, "killed", half, middle)),
        threading.Thread(target=_clients, args=(soak, "serve", middle, documents)),
        threading.Thread(target=_visitor, args=(soak, documents, documents + page)),
    ]
    for thread in (*keeping, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    soak.over.set()
    for thread in keeping:
        thread.join()
    took = time.monotonic() - started
    return {
        "documents": documents,
        "minutes": round(took / 60, 1),
        "kills": dict(soak.kills),
        "faults met": sorted(filter(None, model.struck)),
        "said": dict(soak.said),
        "server that is killed": growth(soak.samples["killed"]),
        **{f"{name}, the whole time": lasting(soak.samples[name]) for name in LASTING},
        "command line": {"runs": len(soak.peaks), "peak MB": spread(soak.peaks)},
        "prompts": len(model.calls),
        "answered twice": sum(count > 1 for count in model.calls.values()),
        "journal": consistency(soak.journal),
        "lists": _compare(soak, half),
    }


# The command line


def _command_lines(soak: Soak, documents: int) -> None:
    folders = sorted(one for one in (soak.folder / "in").iterdir() if one.name != "alone")
    began = time.monotonic()
    for at, place in enumerate(folders):
        _wait_until(began + (soak.ends - began) * at / len(folders))
        output = soak.folder / "out" / f"{place.name}.jsonl"
        while (code := _extract(soak, place, output)) != 0:
            soak.said[f"exit {code}"] += 1
            if code == 1:
                soak.said["retried"] += 1
                _run(soak, ["retry", _newest_job(soak)])
                break
    soak.said["documents by the command line"] = documents


def _extract(soak: Soak, place: Path, output: Path) -> int:
    patience = soak.chance.uniform(1.0, 6.0) if soak.chance.random() < KILLED else None
    return _run(soak, ["extract", str(place), "-o", str(output), "--quiet"], patience)


def _run(soak: Soak, arguments: list[str], patience: float | None = None) -> int:
    """The exit code of a command line; -9 where it was killed."""
    child = subprocess.Popen(
        [sys.executable, str(ROOT / "app_cli.py"), *arguments],
        env=soak.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    if patience is not None:
        killer = threading.Timer(patience, child.kill)
        killer.start()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if patience is not None:
        killer.cancel()
    soak.peaks.append(used.ru_maxrss // 1024)
    soak.kills["command lines"] += child.returncode == -signal.SIGKILL
    return child.returncode


def _newest_job(soak: Soak) -> str:
    with Database(soak.journal) as journal:
        query = "SELECT id FROM jobs WHERE NOT served ORDER BY updated DESC LIMIT 1"
        return str(journal.rows(query)[0][0])


# The servers


def _serve(soak: Soak, name: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(ROOT / "app_cli.py"), "ui" if name == "ui" else "serve"]
    return subprocess.Popen(
        [*command, "--port", str(soak.ports[name])],
        env=soak.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _keep_server(soak: Soak) -> None:
    """Restarts the server after every kill until the test ends."""
    samples = soak.samples["killed"] = []
    while not soak.over.is_set():
        server = _serve(soak, "killed")
        born, life = time.monotonic(), soak.chance.uniform(*SERVER_LIFE)
        while not soak.over.wait(5) and time.monotonic() < born + life:
            samples.append(sample(server.pid, time.monotonic() - born))
        server.kill()
        server.wait()
        soak.kills["servers"] += 1


def _watch_server(soak: Soak, name: str) -> None:
    """Starts a server that lives as long as the test."""
    samples = soak.samples[name] = []
    server, born = _serve(soak, name), time.monotonic()
    while not soak.over.wait(10):
        samples.append(sample(server.pid, time.monotonic() - born))
        soak.said[f"{name} ended"] += server.poll() is not None
    server.terminate()
    server.wait()


def _visitor(soak: Soak, first: int, last: int) -> None:
    """Drops a document on the page once a minute."""
    files = {int(path.stem): path for path in (soak.folder / "in" / "alone").iterdir()}
    began, address = time.monotonic(), f"http://127.0.0.1:{soak.ports['ui']}"
    _insist_on(address)
    for n in range(first, last):
        _wait_until(began + (soak.ends - began) * (n - first) / (last - first))
        soak.jobs[n], state = drop_on_page(address, files[n])
        soak.said[f"job of the page {state}"] += 1


def _insist_on(address: str) -> None:
    while not _answers(address):
        time.sleep(0.5)


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health", timeout=10).status_code == 200
    except httpx.HTTPError:
        return False


# The clients of the REST service


def _clients(soak: Soak, server: str, first: int, last: int) -> None:
    files = {int(path.stem): path for path in (soak.folder / "in" / "alone").iterdir()}
    began, address = time.monotonic(), f"http://127.0.0.1:{soak.ports[server]}"
    with httpx.Client(base_url=address, timeout=30) as client:
        mine: dict[int, str] = {}
        for n in range(first, last):
            _wait_until(began + (soak.ends - began) * (n - first) / (last - first))
            mine[n] = str(_insist(soak, client, "POST", "/jobs", files[n])["id"])
        soak.jobs |= mine
        until = time.monotonic() + ENOUGH
        for job in mine.values():
            retried = False
            while time.monotonic() < until:
                state = _insist(soak, client, "GET", f"/jobs/{job}")["state"]
                if state == "partial" and not retried:
                    retried = True
                    soak.said["retried"] += 1
                    _insist(soak, client, "POST", f"/jobs/{job}/retry")
                elif state in ("done", "partial", "failed", "stopped"):
                    soak.said[f"job {state}"] += 1
                    break
                time.sleep(0.2)
            else:
                soak.said["job never ended"] += 1


def _insist(
    soak: Soak, client: httpx.Client, method: str, path: str, document: Path | None = None
) -> dict[str, Any]:
    """The response of a server, retried while it is down, full or starting."""
    sent = {"file": (document.name, document.read_bytes())} if document else None
    while True:
        try:
            answer = client.request(method, path, files=sent)
        except httpx.HTTPError as error:
            soak.said[type(error).__name__] += 1
        else:
            if answer.status_code < 300:
                result: dict[str, Any] = answer.json()
                return result
            soak.said[f"status {answer.status_code}"] += 1
        time.sleep(0.5)


def _compare(soak: Soak, half: int) -> dict[str, object]:
    """Pairs lost and doubled, against undisturbed runs.

    A reply that is cut off at every try makes its chunk fail, and the list says so: what such a
    chunk would have given is lost, but not silently.
    """
    counts: Counter[str] = Counter()
    with Simulated() as model, Journal(soak.journal) as journal:
        by_output = {job.output.get("path"): job.id for job in Jobs(journal).all()}
        given = settings_for(model, chunk_size="40")
        for at in range((half + FOLDER - 1) // FOLDER):
            place = soak.folder / "in" / f"{at:03}"
            files: list[RunInput] = [
                Upload(path=path, name=str(path)) for path in sorted(place.iterdir())
            ]
            wanted = run(files, given, soak.folder / "clean.sqlite").result
            output = (soak.folder / "out" / f"{at:03}.jsonl").resolve()
            lines = output.read_text("utf-8").splitlines() if output.exists() else []
            told = load_list(journal, by_output[str(output)])
            counts["files unlike their list"] += told.kept != tuple(
                QAPair.model_validate_json(line) for line in lines
            )
            count(counts, wanted, told)
        for path in sorted((soak.folder / "in" / "alone").iterdir()):
            wanted = run(
                [Upload(path=path, name=path.name)], given, soak.folder / "clean.sqlite"
            ).result
            count(counts, wanted, load_list(journal, soak.jobs[int(path.stem)]))
    return dict(counts)


def _wait_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


if __name__ == "__main__":
    main()
