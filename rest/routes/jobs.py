"""Jobs: begun here, listened to, stopped, gone on with and deleted; they outlive the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from pydantic import TypeAdapter, ValidationError

from chains import Inputs, Job, Jobs, JournalError, Resolved
from serving import STREAM_HEADERS

from ..error_handlers import of_request
from ..errors import RestError
from ..inputs import read_input
from ..job_schemas import JobPage, JobShown, shown
from ..multipart import receive
from ..openapi import BODY, refusals
from ..schemas import Choices, FilesInput, Input, TextInput, settings_for
from ..service import Service, TheService, client_of
from ..sse import DESCRIBED, job_events

JOB_ID = r"^[0-9a-f]{8,64}$"
JobId = Annotated[str, Path(pattern=JOB_ID, description="the job's id")]
MOST_PAGE = 1000
_INPUT: TypeAdapter[str | TextInput | FilesInput] = TypeAdapter(Input)

router = APIRouter(tags=["jobs"])


def find(service: Service, job: str) -> Job:
    """A job by its whole id.

    Raises:
        JournalError: There is none.
    """
    found = Jobs(service.journal).find(job)
    if found.id != job:
        raise JournalError("job.unknown", job=job)
    return found


@router.post("/jobs", status_code=202, responses=refusals(*BODY, 404, 415, 429, 502, 503))
async def begin(request: Request, response: Response, service: TheService) -> JobShown:
    """Begins a job about a text, uploads, or files sent with the request, and answers at once.

    It goes on when the connection closes, and after the service was ended, however that happened.
    Settings stand beside `text` or `files` in JSON, and in fields of their own in a form.
    """
    client = client_of(request)
    service.check_share(client)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    given: str | TextInput | FilesInput
    with service.sit(client):
        ours = kind == "multipart/form-data"
        if ours:
            given = await _of_form(request, service)
        elif kind == "application/json":
            given = _checked(await request.body())
        else:
            raise RestError("rest.not_multipart")
        try:
            job = await service.work(lambda: _begin(service, given))
        finally:
            if ours and isinstance(given, FilesInput):
                await to_thread.run_sync(_forget, service, given.files)
    service.remember(job.id, client)
    response.headers["Location"] = f"/jobs/{job.id}"
    return shown(job, of_request(request))


@router.get("/jobs", responses=refusals(422))
def every(
    request: Request,
    service: TheService,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    page_size: Annotated[int, Query(ge=1, le=MOST_PAGE)] = 100,
) -> JobPage:
    """Every job of the journal, the newest first: those of the command line and the page too."""
    jobs = Jobs(service.journal).all()
    language = of_request(request)
    part = jobs[(page - 1) * page_size : page * page_size]
    return JobPage(
        jobs=[shown(one, language, stopping=service.runner.is_stopping(one.id)) for one in part],
        total=len(jobs),
        page=page,
        page_size=page_size,
    )


@router.get("/jobs/{job}", responses=refusals(404, 422))
def one(request: Request, job: JobId, service: TheService) -> JobShown:
    """One job: how far it is, what it took, and why it failed where it did."""
    return _now(request, service, job)


@router.get(
    "/jobs/{job}/events",
    response_class=StreamingResponse,
    responses={
        200: {"content": DESCRIBED},
        204: {"description": "Everything was heard already"},
        **refusals(404, 422),
    },
)
async def events(
    request: Request,
    job: JobId,
    service: TheService,
    last_event_id: Annotated[str | None, Header(max_length=100)] = None,
) -> Response:
    """What the job tells, as server-sent events, from its beginning or after Last-Event-ID.

    `prepared`, then a `chunk` with its pairs as they are made, and at the end `done` with the
    whole list or `failed` with the reason. A job of another process tells `progress` instead of
    chunks. After a restart the events of the run that goes on come from its beginning. Whoever
    comes back having heard everything gets 204, at which a browser's EventSource stops.
    """
    await to_thread.run_sync(find, service, job)
    news = service.runner.news(job, last_event_id)
    if last_event_id and news and news.over and not news.events and not news.elsewhere:
        return Response(status_code=204)
    return StreamingResponse(
        job_events(service, job, last_event_id, of_request(request)),
        media_type="text/event-stream",
        headers=STREAM_HEADERS,
    )


@router.post("/jobs/{job}/cancel", status_code=202, responses=refusals(404, 409, 422))
def cancel(request: Request, job: JobId, service: TheService) -> JobShown:
    """Ends a job: calls in flight are finished and kept, the rest is not asked; retry goes on."""
    find(service, job)
    if not service.runner.stop(job):
        raise RestError("rest.not_here", job=job)
    return _now(request, service, job)


@router.post("/jobs/{job}/retry", status_code=202, responses=refusals(404, 409, 422, 429, 503))
def retry(request: Request, job: JobId, service: TheService) -> JobShown:
    """Goes on with a job: failed chunks and those not asked are asked, nothing else is."""
    find(service, job)
    client = client_of(request)
    service.check_share(client)
    service.runner.resume_job(job, retry=True)
    service.remember(job, client)
    return _now(request, service, job)


@router.delete("/jobs/{job}", status_code=204, responses=refusals(404, 409, 422))
def delete(job: JobId, service: TheService) -> None:
    """Deletes a job that nobody works on, with its texts, its list and its replies."""
    find(service, job)
    Jobs(service.journal).delete(job)
    service.runner.stop(job)


def _now(request: Request, service: Service, job: str) -> JobShown:
    stopping = service.runner.is_stopping(job)
    return shown(find(service, job), of_request(request), stopping=stopping)


def _begin(service: Service, given: str | TextInput | FilesInput) -> Job:
    chosen = given if isinstance(given, Choices) else None
    resolved: Resolved = settings_for(chosen, service.resolved, service.access)
    read: Inputs = read_input(given, service.uploads, resolved)
    return find(service, service.runner.begin(read, resolved))


async def _of_form(request: Request, service: Service) -> TextInput | FilesInput:
    """What a form asks; its files are kept until the job has their texts."""
    received = await receive(request, service.uploads)
    files = [one.id for one in received.files]
    fields: dict[str, Any] = {name: text for name, text in received.fields.items() if text != ""}
    try:
        return _of_fields(fields, files)
    except BaseException:
        await to_thread.run_sync(_forget, service, files)
        raise


def _of_fields(fields: Mapping[str, Any], files: list[str]) -> TextInput | FilesInput:
    try:
        if files:
            of_files: FilesInput = FilesInput.model_validate(
                {**fields, "files": files}, strict=False
            )
            return of_files
        if "text" in fields:
            of_text: TextInput = TextInput.model_validate(fields, strict=False)
            return of_text
    except ValidationError as error:
        raise RequestValidationError(_faults(error)) from error
    raise RestError("rest.no_upload")


def _checked(body: bytes) -> str | TextInput | FilesInput:
    try:
        return _INPUT.validate_json(body)
    except ValidationError as error:
        raise RequestValidationError(_faults(error)) from error


def _faults(error: ValidationError) -> list[Mapping[str, Any]]:
    return [dict(one) for one in error.errors()]


def _forget(service: Service, files: list[str]) -> None:
    for file in files:
        service.uploads.delete(file)
