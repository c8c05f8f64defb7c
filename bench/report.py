"""Saves the figures of a benchmark to bench/results/NAME.json, with the machine's description."""

import json
import platform
from collections.abc import Mapping
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

RESULTS = Path(__file__).with_name("results")


def save_result(name: str, figures: Mapping[str, object], packages: tuple[str, ...] = ()) -> Path:
    """The file a bench's figures were written to.

    Args:
        name: The bench's name; an earlier result of that name is replaced.
        figures: What was measured.
        packages: Installed packages whose versions matter to it.
    """
    RESULTS.mkdir(exist_ok=True)
    head = {
        "bench": name,
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "machine": {
            "processor": processor(),
            "cores": _cores(),
            "python": platform.python_version(),
        },
        "versions": {package: _version(package) for package in ("numpy", *packages)},
    }
    file = RESULTS / f"{name}.json"
    text = json.dumps({**head, **figures}, ensure_ascii=False, indent=1)
    file.write_text(text + "\n", encoding="utf-8")
    return file


def processor() -> str:
    """The processor's name, as far as the system says it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
