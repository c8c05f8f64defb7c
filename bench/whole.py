"""Measures a whole extraction against the bare LangChain chain on the same chunks.

    python -m bench.whole --name before --root FOLDER    another checkout, kept as before
    python -m bench.whole                                this one, kept as after; six minutes
    python -m bench.whole --rounds 1 --only "0.2 s x 32" fewer

Every run is a process of its own from its start to its end, imports and splitting counted, in the
home of somebody who asked this model about another text before: the weights of the encoder lie
unpacked, and the model is known to answer. The two ways take turns, and medians are kept. The model
(``bench.whole_server``) is a process apart, whose processor time is told apart. Memory is the most
that is resident: of the asking process, and of all its own processes together, where a page that
they share is counted once. The processor time of a pair is that of the whole run, imports and
children included, over its pairs.
"""

from __future__ import annotations

import argparse
import atexit
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

from bench.report import RESULTS, save_result
from bench.whole_documents import novel, tables

HERE = Path(__file__).resolve().parent
PACKAGES = ("langchain-core", "langchain-openai", "openai", "httpx", "use-m3-lite")
_LOOK = 0.05  # seconds between two looks at the memory
_SHOWN = re.compile('关于[“"]')


@dataclass(frozen=True)
class Case:
    """One load: seconds of a call, calls at once, pairs in a reply, and of what."""

    name: str
    latency: float
    width: int
    pairs: int = 8
    tables: bool = False
    check: str = "off"


CASES = (
    Case("0.2 s x 32", 0.2, 32),
    Case("0.2 s x 8", 0.2, 8),
    Case("2 s x 32", 2.0, 32),
    Case("0.2 s x 32, 3 pairs", 0.2, 32, pairs=3),
    Case("0.2 s x 32, tables", 0.2, 32, tables=True),
    Case("0.2 s x 32, checked", 0.2, 32, check="open"),
)


def main() -> None:
    """Measures, prints the figures, and saves them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--name", default="after", help="its key in the result")
    parser.add_argument("--root", type=Path, default=HERE.parent, help="the checkout measured")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=[case.name for case in CASES])
    parser.add_argument("--chunks", type=int, default=357)
    options = parser.parse_args()
    root = options.root.resolve()
    file = RESULTS / "whole.json"
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    known = {name: kept[name] for name in ("before", "after") if name in kept}
    of_name: dict[str, Any] = known.setdefault(options.name, {})
    with tempfile.TemporaryDirectory() as folder:
        texts = {
            False: Path(folder) / "novel.txt",
            True: Path(folder) / "tables.md",
        }
        texts[False].write_text(novel(options.chunks), encoding="utf-8")
        texts[True].write_text(tables(options.chunks), encoding="utf-8")
        for case in CASES:
            if options.only and case.name not in options.only:
                continue
            of_name[case.name] = measured(case, texts[case.tables], root, options.rounds)
            print(case.name, json.dumps(of_name[case.name], indent=1), flush=True)
            save_result("whole", known, PACKAGES)
        if not options.only:
            of_name["first pair"] = firsts(texts[False], root, options.rounds)
            of_name["stages, ms a pair"] = staged(texts[False], root)
            print(json.dumps({name: of_name[name] for name in list(of_name)[-2:]}, indent=1))
    save_result("whole", known, PACKAGES)


def measured(case: Case, file: Path, root: Path, rounds: int) -> dict[str, Any]:
    """The medians of one case, both ways by turns."""
    runs: dict[str, list[dict[str, Any]]] = {"chain": [], "qa3": []}
    for _ in range(rounds):
        for way, what in (("chain", "chain"), ("qa3", "pairs")):
            with served(case.latency, case.pairs) as server:
                run = ran(what, file, server, case, root)
            run["server CPU s"] = server.seconds
            runs[way].append(run)
    figures = {way: _medians(some) for way, some in runs.items()}
    chain, ours = figures["chain"], figures["qa3"]
    return {
        "wall/chain": round(ours["wall s"] / chain["wall s"], 2),
        "best wall/chain": round(
            min(run["wall s"] for run in runs["qa3"]) / min(run["wall s"] for run in runs["chain"]),
            2,
        ),
        **figures,
    }


def _medians(runs: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: round(median(run[name] for run in runs), 3) for name in runs[0]}


@dataclass
class Served:
    """The server's address, and its processor seconds once it has ended."""

    address: str
    seconds: float = 0.0


@contextmanager
def served(latency: float, pairs: int) -> Iterator[Served]:
    """A simulated model in a process of its own."""
    command = [sys.executable, "-m", "bench.whole_server"]
    command += ["--latency", str(latency), "--pairs", str(pairs)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE.parent
    ) as child:
        assert child.stdin
        assert child.stdout
        server = Served(child.stdout.readline().strip())
        yield server
        child.stdin.close()
        server.seconds = float(child.stdout.read())


@cache
def _used_before(root: Path) -> Path:
    """A home in which another text was asked about, in a folder that goes at the end."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    text, home = Path(folder.name) / "other.txt", Path(folder.name) / "home"
    text.write_text(novel(2, facts=3), encoding="utf-8")
    with served(0.0, 3) as server:
        command = _command("pairs", text, server, CASES[0])
        subprocess.run(
            command, env=_environment(root, str(home)), check=True, stdout=subprocess.DEVNULL
        )
    return home


@contextmanager
def _home(root: Path) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as home:
        shutil.copytree(_used_before(root), home, dirs_exist_ok=True)
        yield home


def ran(what: str, file: Path, server: Served, case: Case, root: Path) -> dict[str, Any]:
    """The figures of one process from its start to its end."""
    with _home(root) as home:
        started = time.monotonic()
        child = subprocess.Popen(
            _command(what, file, server, case), stdout=subprocess.PIPE, env=_environment(root, home)
        )
        memory = _Memory(child.pid)
        assert child.stdout
        said = child.stdout.read().decode()
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - started
        memory.stop()
    if child.returncode:
        raise RuntimeError(said)
    told = json.loads(said.splitlines()[-1])
    seconds = used.ru_utime + used.ru_stime
    figures = {
        "wall s": wall,
        "CPU s": seconds,
        "CPU ms a pair": 1000 * seconds / told["pairs"],
        "MB": memory.own,
        "MB in all": memory.all,
        "pairs": told["pairs"],
    }
    return figures | {name: told[name] for name in ("first", "call") if name in told}


def _command(what: str, file: Path, server: Served, case: Case) -> list[str]:
    script = [sys.executable, str(HERE / "whole_runs.py"), what, str(file)]
    return [*script, server.address, str(case.width), case.check]


def _environment(root: Path, home: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(root), "QA3_HOME": home, "COLUMNS": "200"}


class _Memory:
    """Looks at the resident memory of a process and its children until told to stop."""

    def __init__(self, process: int) -> None:
        self.own = self.all = 0.0
        self._process = process
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the watch."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_LOOK):
            self.own = max(self.own, _resident(self._process))
            self.all = max(self.all, sum(map(_share, _family(self._process))))


def _family(process: int) -> list[int]:
    """A process and those that come from it."""
    found = [process]
    for one in found:
        with suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (task / "children").read_text(encoding="ascii").split())
    return found


def _resident(process: int) -> float:
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _share(process: int) -> float:
    """Its resident megabytes, of pages that others have as well its share."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    found = [line.split()[1] for line in lines if line.startswith("Pss:")]
    return int(found[0]) * 1024 / 1e6 if found else 0.0


def firsts(file: Path, root: Path, rounds: int) -> dict[str, float]:
    """Seconds to the first pair: of a bare chain's process, and of the command line's."""
    case = CASES[0]
    ways: dict[str, list[float]] = {"chain": [], "command line": []}
    for _ in range(rounds):
        with served(case.latency, case.pairs) as server, _home(root) as home:
            command = _command("first", file, server, case)
            ways["chain"].append(_shown(command, _environment(root, home), re.compile("first")))
            command = [sys.executable, "-m", "app_cli", "extract", str(file), "-o", f"{home}/a.md"]
            command += ["-b", "chatglm3", "-m", "simulated", "--base-url", server.address]
            command += ["--concurrency", str(case.width), "--chunk-size", "330", "--overlap", "0"]
            command += ["--embeddings", "packaged", "--check", "off"]
            ways["command line"].append(_shown(command, _environment(root, home), _SHOWN))
    return {f"{name} s": round(median(some), 2) for name, some in ways.items()}


def _shown(command: list[str], environment: dict[str, str], what: re.Pattern[str]) -> float:
    """Seconds until a terminal shows something; until the end where it shows it never."""
    mine, theirs = pty.openpty()
    started = time.monotonic()
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    ) as child:
        os.close(theirs)
        said = ""
        while child.poll() is None and not what.search(said):
            if select.select([mine], [], [], 0.02)[0]:
                try:
                    said += os.read(mine, 1 << 16).decode(errors="replace")
                except OSError:  # the other side is closed
                    break
        seconds = time.monotonic() - started
        child.kill()
    os.close(mine)
    return seconds


def staged(file: Path, root: Path) -> dict[str, float]:
    """Processor milliseconds a pair by stage, each alone in one thread."""
    with served(0.0, 8) as server, tempfile.TemporaryDirectory() as home:
        said = subprocess.run(
            _command("stages", file, server, CASES[0]),
            env=_environment(root, home),
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    figures: dict[str, float] = json.loads(said.splitlines()[-1])["ms a pair"]
    return figures


if __name__ == "__main__":
    main()
