"""Evaluates a soak test: server memory, journal consistency, and pairs lost or duplicated."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from chains.journal.database import Database
from pairs.records import PairList


def sample(pid: int, age: float) -> dict[str, float]:
    """Memory, threads and open files of a process now; empty if it has ended.

    Args:
        pid: The process.
        age: Seconds since it was started.
    """
    place = Path(f"/proc/{pid}")
    try:
        status = (place / "status").read_text("ascii")
        handles = len(list((place / "fd").iterdir()))
    except OSError:
        return {}
    fields = dict(line.split(":", 1) for line in status.splitlines())
    return {
        "age": round(age),
        "mb": int(fields["VmRSS"].split()[0]) / 1024,
        "handles": handles,
        "threads": int(fields["Threads"]),
        "children": len(_children(pid)),
    }


def _children(pid: int) -> list[str]:
    """The processes that a process has started and that have not ended."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [one for task in tasks for one in (task / "children").read_text("ascii").split()]
    except OSError:
        return []


def growth(samples: list[dict[str, float]]) -> dict[str, object]:
    """What servers held when young (under 30 s) and when old (over two minutes): the medians."""
    whole = [sample for sample in samples if sample]
    young = [one for one in whole if 10 < one["age"] <= 40]
    old = [one for one in whole if one["age"] > 120]
    return {
        name: {"young": _median(young, name), "old": _median(old, name), "most": _most(whole, name)}
        for name in ("mb", "handles", "threads")
    }


def lasting(samples: list[dict[str, float]]) -> dict[str, object]:
    """What a server held early in the test and in its last part: medians of a sixth each.

    The first sixth is left out: caches fill, and the first of everything is loaded.
    """
    whole = [sample for sample in samples if sample]
    part = max(1, len(whole) // 6)
    early, late = whole[part : 2 * part], whole[-part:]
    return {
        name: {
            "early": _median(early, name),
            "late": _median(late, name),
            "most": _most(whole, name),
        }
        for name in ("mb", "handles", "threads", "children")
    }


def _median(samples: list[dict[str, float]], name: str) -> float:
    values = sorted(sample[name] for sample in samples)
    return round(values[len(values) // 2], 1) if values else 0.0


def _most(samples: list[dict[str, float]], name: str) -> float:
    return round(max((sample[name] for sample in samples), default=0.0), 1)


def spread(values: list[int]) -> list[int]:
    """Minimum, median and maximum."""
    ordered = sorted(values) or [0]
    return [ordered[0], ordered[len(ordered) // 2], ordered[-1]]


def consistency(path: Path) -> dict[str, object]:
    """Integrity, job counts, leftover claims, replies and size (MB) of the journal."""
    with Database(path) as journal:
        (check,) = journal.rows("PRAGMA integrity_check")[0]
        states = dict(journal.rows("SELECT state, COUNT(*) FROM jobs GROUP BY state"))
        (claims,) = journal.rows("SELECT COUNT(*) FROM claims")[0]
        (replies,) = journal.rows("SELECT COUNT(*) FROM replies")[0]
    size = round(path.stat().st_size / 1e6, 1)
    return {
        "integrity": check,
        "jobs": states,
        "claims left": claims,
        "replies": replies,
        "MB": size,
    }


def count(counts: Counter[str], wanted: PairList, got: PairList) -> None:
    """Counts the pairs a list lacks, and those it has beyond an undisturbed run's."""
    failed = {one.chunk_id for one in got.chunks if one.state in ("failed", "not asked")}
    want = Counter(pair.id for pair in wanted.kept)
    have = Counter(pair.id for pair in got.kept)
    told = Counter(pair.id for pair in wanted.kept if pair.chunk_id in failed)
    counts["pairs"] += want.total()
    counts["lost in chunks said to have failed or not asked"] += ((want - have) & told).total()
    counts["lost silently"] += (want - have - told).total()
    counts["doubled or more"] += (have - want).total()
