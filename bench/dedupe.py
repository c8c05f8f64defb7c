"""Measures the speed of deduplication from given vectors, against brute force and SemHash 0.5.

    python bench/dedupe.py                      # 20,000 to 200,000 vectors of 1024 dimensions
    python bench/dedupe.py --semhash PYTHON     # a Python that has SemHash

SemHash is not a dependency. To measure it, install it apart and name that Python:

    python -m venv semhash-venv && semhash-venv/bin/pip install "semhash==0.5.*"
    python bench/dedupe.py --semhash semhash-venv/bin/python

The vectors lie as those of questions do: a common direction, spread that falls off, and a quarter
of them near another one. Every run is a process of its own, so its memory is its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

WIDTH = 1024
THRESHOLD = 0.9
Vectors = npt.NDArray[np.float32]

SEMHASH = """
import sys, time, json
from importlib.metadata import version
import numpy as np
from semhash import SemHash
vectors = np.load(sys.argv[1]); records = [f"question {n}" for n in range(len(vectors))]
started, worked = time.perf_counter(), time.process_time()
found = SemHash.from_embeddings(vectors, records, model=None, ann_backend=sys.argv[2])
kept = found.self_deduplicate(threshold=float(sys.argv[3])).selected
print(json.dumps({"version": version("semhash"), "seconds": time.perf_counter() - started,
                  "cpu_seconds": time.process_time() - worked,
                  "kept": [int(record.split()[1]) for record in kept]}))
"""


def make_vectors(count: int) -> Vectors:
    """Unit vectors, a quarter of them near one of the others."""
    random = np.random.default_rng(count)
    alone = count * 3 // 4
    falling = (1 / np.arange(1, WIDTH + 1) ** 0.35).astype(np.float32)
    vectors = np.empty((count, WIDTH), dtype=np.float32)
    vectors[:alone] = _unit(random.standard_normal((alone, WIDTH), dtype=np.float32) * falling)
    vectors[:alone] += 0.7 * _unit(random.standard_normal((1, WIDTH), dtype=np.float32))
    vectors[:alone] = _unit(vectors[:alone])
    near = random.integers(0, alone, count - alone)
    noise = _unit(random.standard_normal((count - alone, WIDTH), dtype=np.float32))
    vectors[alone:] = _unit(vectors[near] + 0.25 * noise)
    random.shuffle(vectors)
    return vectors


def _unit(rows: Vectors) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def ours(file: Path, guards: bool) -> dict[str, object]:
    """Deduper's time and what it keeps."""
    from pairs.compare.dedupe import Deduper
    from pairs.records import Evidence, QAPair

    none = Evidence(match="none")
    started, worked = perf_counter(), process_time()
    deduper = Deduper(threshold=THRESHOLD, guards=guards)
    for first, vectors in _slices(file):
        items = [
            QAPair(question=f"question {letters(n)}", answer="yes", evidence=none, chunk_id=str(n))
            for n in range(first, first + len(vectors))
        ]
        deduper.collect(items, vectors)
    kept = [int(item.chunk_id) for item in deduper.kept]
    return {
        "seconds": perf_counter() - started,
        "cpu_seconds": process_time() - worked,
        "peak_mb": _peak(),
        "kept": kept,
    }


def _slices(file: Path) -> Iterator[tuple[int, Vectors]]:
    """The vectors of a file a few thousand at a time, as a run has them, and their places."""
    with file.open("rb") as opened:
        np.lib.format.read_magic(opened)
        (count, width), _, _ = np.lib.format.read_array_header_1_0(opened)
        for first in range(0, count, 4096):
            numbers = np.fromfile(opened, np.float32, min(4096, count - first) * width)
            yield first, numbers.reshape(-1, width)


def letters(number: int) -> str:
    """A distinct word for each number; no digits, since other digits mean another question."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def _peak() -> int:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def brute_force(file: Path) -> dict[str, object]:
    """Compares every pair of vectors, row by row."""
    vectors = np.load(file)
    started, worked = perf_counter(), process_time()
    kept: list[int] = []
    rows = np.empty_like(vectors)
    for first in range(0, len(vectors), 256):
        block = vectors[first : first + 256]
        before = len(kept)
        clear = (block @ rows[:before].T < THRESHOLD).all(axis=1) if before else [True] * len(block)
        for row, vector in enumerate(block):
            if clear[row] and (rows[before : len(kept)] @ vector < THRESHOLD).all():
                rows[len(kept)] = vector
                kept.append(first + row)
    return {
        "seconds": perf_counter() - started,
        "cpu_seconds": process_time() - worked,
        "peak_mb": _peak(),
        "kept": kept,
    }


def run_apart(what: str, file: Path) -> dict[str, object]:
    """The result of one of this file's runs, in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--run", what, "--vectors", str(file)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    result: dict[str, object] = json.loads(done.stdout)
    return result


def semhash(python: str, backend: str, file: Path) -> dict[str, object] | None:
    """SemHash's time with a backend; empty if it is not installed."""
    done = subprocess.run(
        [python, "-c", SEMHASH, str(file), backend, str(THRESHOLD)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        print(f"SemHash ({backend}): {done.stderr.strip().splitlines()[-1]}")
        return None
    result: dict[str, object] = json.loads(done.stdout)
    return result


def measure(count: int, python: str | None) -> dict[str, dict[str, object]]:
    """All runs over one set of vectors."""
    table: dict[str, dict[str, object]] = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "vectors.npy"
        np.save(file, make_vectors(count))
        table["qa3"] = run_apart("guards", file)
        table["qa3 without guards"] = run_apart("plain", file)
        if count <= 20_000:
            table["brute force"] = run_apart("brute", file)
            for backend in ("basic", "usearch") if python else ():
                found = semhash(str(python), backend, file)
                if found:
                    table[f"SemHash {backend}"] = found
    truth = table.get("brute force", table["qa3 without guards"])["kept"]
    for line in table.values():
        kept = line.pop("kept")
        line["kept"] = len(kept)  # type: ignore[arg-type]  # a list of numbers, from JSON
        line["same_as_brute_force"] = kept == truth if "brute force" in table else None
    return table


def show(count: int, table: dict[str, dict[str, object]]) -> None:
    """Prints the runs over one set of vectors."""
    print(f"\n{count:,} vectors of {WIDTH} dimensions, threshold {THRESHOLD}")
    for name, line in table.items():
        print(
            f"  {name:22}{float(str(line['seconds'])):8.1f} s"
            f"{float(str(line['cpu_seconds'])):8.1f} s processor  kept {line['kept']}"
            f"  peak {line.get('peak_mb', '-')} MB  as brute force: {line['same_as_brute_force']}"
        )


def main() -> None:
    """Measures, prints and saves; or does one run for the process that measures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000, 100_000, 200_000])
    parser.add_argument("--semhash", metavar="PYTHON", help="a Python with semhash==0.5.*")
    parser.add_argument("--run", choices=["guards", "plain", "brute"], help=argparse.SUPPRESS)
    parser.add_argument("--vectors", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.run:
        run = (
            brute_force(chosen.vectors)
            if chosen.run == "brute"
            else ours(chosen.vectors, chosen.run == "guards")
        )
        print(json.dumps(run))
        return
    from bench.report import save_result

    result: dict[str, object] = {"width": WIDTH, "threshold": THRESHOLD}
    for count in chosen.sizes:
        table = measure(count, chosen.semhash)
        show(count, table)
        result[str(count)] = table
    if not chosen.semhash:
        print("\nSemHash was not measured: see the head of this file for how to install it.")
    save_result("dedupe", result)


if __name__ == "__main__":
    main()
