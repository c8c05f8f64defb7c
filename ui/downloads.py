"""Writes a job's list as a file to download, with the description file some trainers need."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

from chains import Jobs, load_list, write_job_view
from messages import say
from pairs import FORMATS, INFO, write_pairs

from .engine import Engine
from .errors import PageError

_LISTS = ("jsonl", "csv", "xlsx", "alpaca", "sharegpt", "openai", "markdown")
"""The list formats offered, in order; an HTML report is offered beside them."""
_REPORT = "report"


def downloads(language: str) -> list[dict[str, str]]:
    """The formats offered, as dicts with ``format`` and ``title``.

    Args:
        language: ``en`` or ``zh``.
    """
    lists = [{"format": name, "title": FORMATS[name].title} for name in _LISTS]
    return [*lists, {"format": _REPORT, "title": say("page.w_report", language)}]


def make_file(
    engine: Engine, job: str, picked: str, language: str, *, proven: bool = False
) -> tuple[str, bytes]:
    """A job's list in a format: the file's name and its bytes.

    Args:
        engine: The engine that holds the job.
        job: The full job id.
        picked: The ``format`` of one of ``downloads``.
        language: Language of the report: ``en`` or ``zh``.
        proven: Whether a list holds only pairs that the text proves.

    Raises:
        SaidError: There is no such format or job, or the file cannot be written.
    """
    known = (*_LISTS, _REPORT)
    if picked not in known:
        raise PageError("page.no_format", format=picked[:40], known=", ".join(known))
    stem = f"{_stem(engine, job)}-{picked}" + ("-proven" if proven else "")
    with tempfile.TemporaryDirectory(prefix="qa3-") as folder:
        if picked == _REPORT:
            path = Path(folder) / f"{stem}.html"
            write_job_view(engine.journal, job, path, language=language)
            return path.name, path.read_bytes()
        form = FORMATS[picked]
        path = Path(folder) / f"{stem}{form.suffixes[0]}"
        kept = [one for one in load_list(engine.journal, job).kept if one.proven or not proven]
        # LLaMA-Factory finds a data set through a second file, dataset_info.json.
        described = form.columns is not None
        write_pairs(kept, path, picked, describe=described)
        if described:
            path = _packed(path)
        return path.name, path.read_bytes()


def _packed(path: Path) -> Path:
    """A zip of the file and its description file."""
    packed = path.with_suffix(".zip")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in (path, path.with_name(INFO)):
            archive.write(one, one.name)
    return packed


def _stem(engine: Engine, job: str) -> str:
    """A file name from the first document's name, in characters valid on every system."""
    sources = Jobs(engine.journal).find(job).sources
    name = Path(sources[0].replace("\\", "/")).stem if sources else ""
    kept = "".join(char if char.isalnum() or char in "-_" else "_" for char in name)[:60]
    return f"{kept.strip('_') or 'pairs'}-{job}"
