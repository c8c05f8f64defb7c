"""A list as a file to take away: each format, and what its trainer wants beside it."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

from chains import Jobs, load_list, write_job_view
from pairs import INFO, write_pairs

from .engine import Engine
from .errors import PageError

# What a person picks -> the format's name and the file's suffix.
DOWNLOADS = {
    "jsonl": ("jsonl", ".jsonl"),
    "csv": ("csv", ".csv"),
    "xlsx": ("xlsx", ".xlsx"),
    "alpaca": ("alpaca", ".json"),
    "sharegpt": ("sharegpt", ".json"),
    "messages": ("openai", ".jsonl"),
    "markdown": ("markdown", ".md"),
    "report": ("report", ".html"),
}
_DESCRIBED = ("alpaca", "sharegpt")  # LLaMA-Factory finds these by a second file


def make_file(engine: Engine, job: str, picked: str, language: str) -> tuple[str, bytes]:
    """A job's list in a format: the file's name and its bytes.

    Args:
        engine: That holds the job.
        job: Its whole id.
        picked: One of ``DOWNLOADS``.
        language: ``en`` or ``zh``, of the report.

    Raises:
        SaidError: There is no such format or job, or the file cannot be written.
    """
    if picked not in DOWNLOADS:
        raise PageError("page.no_format", format=picked[:40], known=", ".join(DOWNLOADS))
    form, suffix = DOWNLOADS[picked]
    stem = _stem(engine, job)
    with tempfile.TemporaryDirectory(prefix="qa3-") as folder:
        path = Path(folder) / f"{stem}{suffix}"
        if form == "report":
            write_job_view(engine.journal, job, path, language=language)
        else:
            write_pairs(
                load_list(engine.journal, job).kept, path, form, describe=form in _DESCRIBED
            )
        if form in _DESCRIBED:
            path = _packed(path)
        return path.name, path.read_bytes()


def _packed(path: Path) -> Path:
    """The file and the one that describes it, in one archive."""
    packed = path.with_suffix(".zip")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in (path, path.with_name(INFO)):
            archive.write(one, one.name)
    return packed


def _stem(engine: Engine, job: str) -> str:
    """A file name after the first document, in characters every system takes."""
    sources = Jobs(engine.journal).find(job).sources
    name = Path(sources[0].replace("\\", "/")).stem if sources else ""
    kept = "".join(char if char.isalnum() or char in "-_" else "_" for char in name)[:60]
    return f"{kept.strip('_') or 'pairs'}-{job}"
