"""/jobs/{job}/pairs: reads, exports and edits the pair list of a job."""

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

from ..job_schemas import PairNow, PairPage, duplicate_shown
from ..openapi import BODY, refusals
from ..public import public_list
from ..schemas import NOT_BLANK, Strict
from ..service import Service, TheService
from .jobs import MOST_PAGE, JobId, find

_FORMATS = ("page", *FORMATS)
if TYPE_CHECKING:
    ResponseFormat = str
else:
    ResponseFormat = Literal[_FORMATS]
_FILE_CONTENT: dict[str, Any] = {
    form.media_type: {"schema": {"type": "string"}}
    for form in FORMATS.values()
    if form.media_type != "application/json"  # the media type of a page, too
}
MAX_TEXT = 20_000  # characters of an edited question or answer
PairId = Annotated[str, Path(pattern=r"^[0-9a-f]{12}$", description="the pair's id")]
Words = Annotated[str, Field(min_length=1, max_length=MAX_TEXT, pattern=NOT_BLANK)]

router = APIRouter(prefix="/jobs/{job}", tags=["lists"], responses=refusals(404, 409, 422))


class NewWords(Strict):
    """New wording of a pair; a field left out stays as it is."""

    question: Words | None = None
    answer: Words | None = None


@router.get("/list")
def whole(job: JobId, service: TheService) -> PairList:
    """Returns the whole list: kept, duplicate and rejected pairs, and the outcome of each chunk."""
    return public_list(load_list(service.journal, find(service, job).id))


@router.get(
    "/pairs",
    # A page, or the rows of a JSON file in a training format.
    response_model=PairPage | list[dict[str, Any]],
    responses={200: {"content": _FILE_CONTENT}},
)
def pairs(
    job: JobId,
    service: TheService,
    format: Annotated[ResponseFormat, Query(description="page, or a file")] = "page",  # noqa: A002 - the query parameter's name
    state: Annotated[Literal["kept", "duplicate", "rejected"], Query()] = "kept",
    proven: Annotated[bool, Query(description="only pairs that the text proves")] = False,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    page_size: Annotated[int, Query(ge=1, le=MOST_PAGE)] = 100,
) -> PairPage | Response:
    """Returns the pairs of an ended job, edits applied: one page of them, or all as a file.

    A file holds every pair of the state; `page` and `page_size` apply to pages only.
    """
    result = load_list(service.journal, find(service, job).id)
    chosen = [one for one in _of_state(result, state) if one.proven or not proven]
    if format != "page":
        return _file(chosen, format, job)
    part = chosen[(page - 1) * page_size : page * page_size]
    return PairPage(pairs=part, total=len(chosen), page=page, page_size=page_size)


@router.get("/pairs/{pair}")
def one(job: JobId, pair: PairId, service: TheService) -> PairNow:
    """Returns one pair, whatever its state."""
    return _pair_response(service, job, pair)


@router.patch("/pairs/{pair}", responses=refusals(*BODY))
def change(job: JobId, pair: PairId, words: NewWords, service: TheService) -> PairNow:
    """Rewords a pair and keeps it; its evidence is searched for again."""
    find(service, job)
    reword(service.journal, job, pair, words.question, words.answer)
    return _pair_response(service, job, pair)


@router.delete("/pairs/{pair}", status_code=204)
def leave(job: JobId, pair: PairId, service: TheService) -> None:
    """Removes a pair from the list; the best of its duplicates takes its place."""
    find(service, job)
    leave_out(service.journal, job, pair)


@router.post("/pairs/{pair}/keep")
def accept(job: JobId, pair: PairId, service: TheService) -> PairNow:
    """Keeps a pair that was judged a duplicate, rejected, or removed by a person.

    Of a kept one that is doubtful it ends the doubt.
    """
    find(service, job)
    keep(service.journal, job, pair)
    return _pair_response(service, job, pair)


@router.post("/pairs/{pair}/restore")
def restore(job: JobId, pair: PairId, service: TheService) -> PairNow:
    """Undoes all edits of a pair: it becomes what it was when the job ended."""
    find(service, job)
    undo(service.journal, job, pair)
    return _pair_response(service, job, pair)


def _of_state(result: PairList, state: str) -> Iterator[PairNow]:
    if state == "kept":
        yield from (PairNow(state="kept", pair=pair) for pair in result.kept)
    elif state == "duplicate":
        yield from (duplicate_shown(duplicate) for duplicate in result.duplicates)
    else:
        for rejected in result.rejected:
            yield PairNow(state="rejected", pair=rejected.item, reason=rejected.reason)


def _pair_response(service: Service, job: str, pair: str) -> PairNow:
    result = load_list(service.journal, find(service, job).id)
    for state in ("kept", "duplicate", "rejected"):
        for one in _of_state(result, state):
            if one.pair.id == pair:
                return one
    raise JournalError("edit.unknown", job=job, pair=pair)


def _file(chosen: list[PairNow], format_: str, job: str) -> FileResponse:
    form = FORMATS[format_]
    suffix = form.suffixes[0]
    folder = tempfile.TemporaryDirectory(prefix="qa3-")
    try:
        path = FilePath(folder.name) / f"{job}{suffix}"
        write_pairs((one.pair for one in chosen), path, format_)
    except BaseException:
        folder.cleanup()
        raise
    return FileResponse(
        path,
        media_type=form.media_type,
        filename=f"pairs-{job}{suffix}",
        background=BackgroundTask(folder.cleanup),
    )
