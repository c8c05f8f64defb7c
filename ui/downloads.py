"""Writes a job's list as a file to download, with the description file some trainers need."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from chains import Jobs, job_workbook, load_list, write_job_view
from messages import say
from pairs import FORMATS, INFO, QAPair, write_pairs, written_files

from .engine import Engine
from .errors import PageError

_LISTS = ("jsonl", "csv", "xlsx", "alpaca", "sharegpt", "openai", "markdown")
"""The list formats offered, in order; an HTML report is offered beside them."""
_REPORT, _REVIEW = "report", "review-xlsx"
PREVIEWED = 5
"""Rows of a preview."""


def downloads(language: str) -> list[dict[str, str]]:
    """The formats offered, as dicts with ``format`` and ``title``.

    Args:
        language: ``en`` or ``zh``.
    """
    lists = [{"format": name, "title": FORMATS[name].title} for name in _LISTS]
    review = {"format": _REVIEW, "title": say("desk.review_xlsx", language)}
    return [*lists, review, {"format": _REPORT, "title": say("page.w_report", language)}]


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
    choice = FormatChoice(format=picked, proven=proven)
    pairs = [] if picked == _REPORT else load_list(engine.journal, job).kept
    return list_file(engine, job, pairs, choice, language)


@dataclass(frozen=True)
class FormatChoice:
    """What a person chose to download.

    Attributes:
        format: The ``format`` of one of ``downloads``.
        proven: Whether a list holds only pairs that the text proves.
        accepted: Whether it holds only pairs that a person accepted.
        system: The system text of training formats.
        validation: Share of the pairs that go to a second file, 0..0.9.
        bare: Whether only questions and answers are written.
    """

    format: str
    proven: bool = False
    accepted: bool = False
    system: str = ""
    validation: float = 0.0
    bare: bool = False


def list_file(
    engine: Engine, job: str, pairs: Iterable[QAPair], choice: FormatChoice, language: str
) -> tuple[str, bytes]:
    """Pairs of a job as a file: its name and its bytes; several files come as a zip.

    Args:
        engine: The engine that holds the job.
        job: The full job id.
        pairs: Of its list.
        choice: The format, and which of the pairs.
        language: Language of the report: ``en`` or ``zh``.

    Raises:
        SaidError: There is no such format or job, or the file cannot be written.
    """
    picked = choice.format
    known = (*_LISTS, _REVIEW, _REPORT)
    if picked not in known:
        raise PageError("page.no_format", format=picked[:40], known=", ".join(known))
    stem = f"{_stem(engine, job)}-{picked}" + ("-proven" if choice.proven else "")
    with tempfile.TemporaryDirectory(prefix="qa3-") as folder:
        if picked == _REPORT:
            path = Path(folder) / f"{stem}.html"
            write_job_view(engine.journal, job, path, language=language)
            return path.name, path.read_bytes()
        if picked == _REVIEW:
            return f"{stem}.xlsx", job_workbook(engine.journal, job, language)
        form = FORMATS[picked]
        path = Path(folder) / f"{stem}{form.suffixes[0]}"
        kept = [one for one in pairs if one.proven or not choice.proven]
        # LLaMA-Factory finds a data set through a second file, dataset_info.json.
        described = form.columns is not None
        given = {"system": choice.system, "validation": choice.validation, "bare": choice.bare}
        write_pairs(kept, path, picked, describe=described, **given)  # type: ignore[arg-type]  # each of its type
        files = written_files(path, choice.validation)
        if described:
            files = [*files, path.with_name(INFO)]
        if len(files) > 1:
            path = _packed(path.with_suffix(".zip"), files)
        return path.name, path.read_bytes()


def preview(pairs: Iterable[QAPair], choice: FormatChoice) -> str:
    """The first rows of a file in a format, as text.

    Args:
        pairs: Of a list.
        choice: The format, and which of the pairs.

    Raises:
        SaidError: There is no such format.
    """
    if choice.format not in _LISTS:
        return ""
    shown = list(islice((one for one in pairs if one.proven or not choice.proven), PREVIEWED))
    # A workbook shows what its CSV form holds.
    form = FORMATS["csv" if choice.format == "xlsx" else choice.format]
    return (
        b"".join(form.write(shown, choice.system, choice.bare))
        .decode("utf-8", "replace")
        .lstrip("\ufeff")
    )


def _packed(packed: Path, files: Iterable[Path]) -> Path:
    """A zip of files."""
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in files:
            archive.write(one, one.name)
    return packed


def _stem(engine: Engine, job: str) -> str:
    """A file name from the first document's name, in characters valid on every system."""
    sources = Jobs(engine.journal).find(job).sources
    name = Path(sources[0].replace("\\", "/")).stem if sources else ""
    kept = "".join(char if char.isalnum() or char in "-_" else "_" for char in name)[:60]
    return f"{kept.strip('_') or 'pairs'}-{job}"
