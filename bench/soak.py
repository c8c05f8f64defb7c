"""Soak test: an hour with 2,000 documents, faults and kills; checks for lost or duplicate pairs.

    python -m bench.soak --documents 2000 --minutes 60

Half of the documents go through the command line in folders of twenty, half one by one
through the REST service; both share one journal. The simulated model slows down, refuses and
garbles; command lines and servers are killed at random. At the end every list is compared with
that of an undisturbed run.
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
from bench.runs import paragraph, run, settings_for
from bench.serving import free_port
from bench.simulated import Faults, Simulated
from bench.soak_account import consistency, count, growth, sample, spread
from chains.journal.database import Database
from chains.journal.jobs import Jobs
from chains.journal.lists import load_list
from chains.journal.replies import Journal
from chains.run.inputs import RunInput, Text, Upload
from pairs.records import QAPair

ROOT = Path(__file__).resolve().parent.parent
FAULTS = Faults(malformed=0.02, truncated=0.03, too_many=0.03, broken=0.02, dropped=0.02, slow=0.01)
LATENCY = 0.1
FOLDER = 20  # documents in one call of the command line
KILLED = 0.3  # share of command lines that are killed at least once
SERVER_LIFE = (60.0, 240.0)  # seconds until the server is killed
ENOUGH = 600.0  # seconds after the last document was sent


@dataclass
class Soak:
    """The record of the test, written by its threads."""

    folder: Path
    address: str
    model: str
    chance: random.Random
    port: int
    ends: float = 0.0
    kills: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)
    samples: list[dict[str, float]] = field(default_factory=list)
    peaks: list[int] = field(default_factory=list)
    jobs: dict[int, str] = field(default_factory=dict)
    server: subprocess.Popen[bytes] | None = None
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
        soak = Soak(
            Path(folder), model.base_url, model.model, random.Random(given.seed), free_port()
        )
        figures = _soak(soak, given.documents, given.minutes * 60, model)
    print(json.dumps(figures, ensure_ascii=False, indent=1))
    print(save_result("soak", figures, ("langchain-core", "fastapi")))


def _soak(soak: Soak, documents: int, seconds: float, model: Simulated) -> dict[str, object]:
    started = time.monotonic()
    soak.ends = started + seconds
    half = documents // 2
    for n in range(half):
        place = soak.folder / "in" / f"{n // FOLDER:03}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{n:04}.txt").write_text(text_of(n), "utf-8")
    (soak.folder / "out").mkdir()
    threads = [
        threading.Thread(target=_command_lines, args=(soak, half)),
        threading.Thread(target=_clients, args=(soak, half, documents)),
    ]
    keeping = threading.Thread(target=_keep_server, args=(soak,))
    for thread in (keeping, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    soak.over.set()
    keeping.join()
    took = time.monotonic() - started
    return {
        "documents": documents,
        "minutes": round(took / 60, 1),
        "kills": dict(soak.kills),
        "faults met": sorted(filter(None, model.struck)),
        "said": dict(soak.said),
        "server": growth(soak.samples),
        "command line": {"runs": len(soak.peaks), "peak MB": spread(soak.peaks)},
        "prompts": len(model.calls),
        "answered twice": sum(count > 1 for count in model.calls.values()),
        "journal": consistency(soak.journal),
        "lists": _compare(soak, half, documents),
    }


def text_of(n: int) -> str:
    """Document number n: a few paragraphs that stand in no other, every other one Chinese."""
    return "\n\n".join(paragraph(n * 10 + i) for i in range(3 + n % 4))


# The command line


def _command_lines(soak: Soak, documents: int) -> None:
    folders = sorted((soak.folder / "in").iterdir())
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


# The REST service


def _keep_server(soak: Soak) -> None:
    """Restarts the server after every kill until the test ends."""
    while not soak.over.is_set():
        command = [sys.executable, str(ROOT / "app_cli.py"), "serve", "--port", str(soak.port)]
        soak.server = subprocess.Popen(
            command, env=soak.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        born, life = time.monotonic(), soak.chance.uniform(*SERVER_LIFE)
        while not soak.over.wait(5) and time.monotonic() < born + life:
            soak.samples.append(sample(soak.server.pid, time.monotonic() - born))
        soak.server.kill()
        soak.server.wait()
        soak.kills["servers"] += 1


def _clients(soak: Soak, first: int, last: int) -> None:
    began = time.monotonic()
    with httpx.Client(base_url=f"http://127.0.0.1:{soak.port}", timeout=30) as client:
        for n in range(first, last):
            _wait_until(began + (soak.ends - began) * (n - first) / (last - first))
            body = {"text": text_of(n), "name": f"{n:04}.txt"}
            soak.jobs[n] = str(_insist(soak, client, "POST", "/jobs", body)["id"])
        until = time.monotonic() + ENOUGH
        for job in soak.jobs.values():
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
    soak: Soak, client: httpx.Client, method: str, path: str, body: object = None
) -> dict[str, Any]:
    """The response of a server, retried while it is down, full or starting."""
    while True:
        try:
            answer = client.request(method, path, json=body)
        except httpx.HTTPError as error:
            soak.said[type(error).__name__] += 1
        else:
            if answer.status_code < 300:
                result: dict[str, Any] = answer.json()
                return result
            soak.said[f"status {answer.status_code}"] += 1
        time.sleep(0.5)


def _compare(soak: Soak, half: int, documents: int) -> dict[str, object]:
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
        for n in range(half, documents):
            texts: list[RunInput] = [Text(text=text_of(n), name=f"{n:04}.txt")]
            wanted = run(texts, given, soak.folder / "clean.sqlite").result
            count(counts, wanted, load_list(journal, soak.jobs[n]))
    return dict(counts)


def _wait_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


if __name__ == "__main__":
    main()
