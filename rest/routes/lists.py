"""The list of a job: page by page, as a file in any format, and as a person changes it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import FileResponse
from pydantic import Field
from starlette.background import BackgroundTask

from chains import JournalError, keep, leave_out, load_list, reword, undo
from pairs import FORMATS, PairList, write_pairs

from ..job_schemas import PairNow, PairPage, of_duplicate
from ..openapi import BODY, refusals
from ..schemas import NOT_BLANK, Strict
from ..service import Service, TheService
from .jobs import MOST_PAGE, JobId, find

_FORMATS = ("page", *FORMATS)
if TYPE_CHECKING:
    Asked = str
else:
    Asked = Literal[_FORMATS]
_DESCRIBED: dict[str, Any] = {
    one.media_type: {"schema": {"type": "string"}}
    for one in FORMATS.values()
    if one.media_type != "application/json"  # that is what a page is, too
}
LONGEST = 20_000  # characters of a question or an answer in a person's words
PairId = Annotated[str, Path(pattern=r"^[0-9a-f]{12}$", description="the pair's id")]
Words = Annotated[str, Field(min_length=1, max_length=LONGEST, pattern=NOT_BLANK)]

router = APIRouter(prefix="/jobs/{job}", tags=["lists"], responses=refusals(404, 409, 422))


class NewWords(Strict):
    """A pair in a person's words; what is left out stays as it is."""

    question: Words | None = None
    answer: Words | None = None


@router.get("/list")
def whole(job: JobId, service: TheService) -> PairList:
    """The whole account: kept pairs, duplicates, rejected ones, and how every chunk ended."""
    return load_list(service.journal, find(service, job).id)


@router.get(
    "/pairs",
    # A page, or the rows of a JSON file in a trainer's form.
    response_model=PairPage | list[dict[str, Any]],
    responses={200: {"content": _DESCRIBED}},
)
def pairs(
    job: JobId,
    service: TheService,
    format: Annotated[Asked, Query(description="page, or a file")] = "page",  # noqa: A002 - a client's word
    state: Annotated[Literal["kept", "duplicate", "rejected"], Query()] = "kept",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    page_size: Annotated[int, Query(ge=1, le=MOST_PAGE)] = 100,
) -> PairPage | Response:
    """The pairs of a job that has ended, edits applied: a page of them, or all as a file.

    A file holds every pair of the state asked for; `page` and `page_size` are for pages.
    """
    made = load_list(service.journal, find(service, job).id)
    chosen = list(_of_state(made, state))
    if format != "page":
        return _file(chosen, format, job)
    part = chosen[(page - 1) * page_size : page * page_size]
    return PairPage(pairs=part, total=len(chosen), page=page, page_size=page_size)


@router.get("/pairs/{pair}")
def one(job: JobId, pair: PairId, service: TheService) -> PairNow:
    """One pair, whatever has become of it."""
    return _now(service, job, pair)


@router.patch("/pairs/{pair}", responses=refusals(*BODY))
def change(job: JobId, pair: PairId, words: NewWords, service: TheService) -> PairNow:
    """Puts a pair into a person's words and keeps it; its evidence is looked for anew."""
    find(service, job)
    reword(service.journal, job, pair, words.question, words.answer)
    return _now(service, job, pair)


@router.delete("/pairs/{pair}", status_code=204)
def leave(job: JobId, pair: PairId, service: TheService) -> None:
    """Leaves a pair out of the list, and the duplicates it stands for with it."""
    find(service, job)
    leave_out(service.journal, job, pair)


@router.post("/pairs/{pair}/keep")
def accept(job: JobId, pair: PairId, service: TheService) -> PairNow:
    """Keeps a pair that was judged a duplicate or wrong, or left out by a person."""
    find(service, job)
    keep(service.journal, job, pair)
    return _now(service, job, pair)


@router.post("/pairs/{pair}/restore")
def restore(job: JobId, pair: PairId, service: TheService) -> PairNow:
    """Makes a pair what it was when the job ended."""
    find(service, job)
    undo(service.journal, job, pair)
    return _now(service, job, pair)


def _of_state(made: PairList, state: str) -> Iterator[PairNow]:
    if state == "kept":
        yield from (PairNow(state="kept", pair=one) for one in made.kept)
    elif state == "duplicate":
        yield from (of_duplicate(one) for one in made.duplicates)
    else:
        for one in made.rejected:
            yield PairNow(state="rejected", pair=one.item, reason=one.reason)


def _now(service: Service, job: str, pair: str) -> PairNow:
    made = load_list(service.journal, find(service, job).id)
    for state in ("kept", "duplicate", "rejected"):
        for one in _of_state(made, state):
            if one.pair.id == pair:
                return one
    raise JournalError("edit.unknown", job=job, pair=pair)


def _file(chosen: list[PairNow], format_: str, job: str) -> FileResponse:
    form = FORMATS[format_]
    suffix = form.suffixes[0]
    folder = tempfile.TemporaryDirectory(prefix="qa3-")
    try:
        place = FilePath(folder.name) / f"{job}{suffix}"
        write_pairs((one.pair for one in chosen), place, format_)
    except BaseException:
        folder.cleanup()
        raise
    return FileResponse(
        place,
        media_type=form.media_type,
        filename=f"pairs-{job}{suffix}",
        background=BackgroundTask(folder.cleanup),
    )
