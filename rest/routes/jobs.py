"""/jobs: start, follow, cancel, retry and delete jobs; they survive a restart of the service."""

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
from ..sse import EVENT_STREAM_CONTENT, heard_all, job_events

JOB_ID = r"^[0-9a-f]{8,64}$"
JobId = Annotated[str, Path(pattern=JOB_ID, description="the job's id")]
MOST_PAGE = 1000
_INPUT: TypeAdapter[str | TextInput | FilesInput] = TypeAdapter(Input)

router = APIRouter(tags=["jobs"])


def find(service: Service, job: str) -> Job:
    """A job by its full id.

    Raises:
        JournalError: There is none.
    """
    found = Jobs(service.journal).find(job)
    if found.id != job:
        raise JournalError("job.unknown", job=job)
    return found


@router.post("/jobs", status_code=202, responses=refusals(*BODY, 404, 429, 502, 503))
async def begin(request: Request, response: Response, service: TheService) -> JobShown:
    """Starts a job on a text, on uploads, or on files sent with the request; answers at once.

    The job goes on when the connection closes, and resumes after a restart or crash of the
    service. In JSON, settings stand beside `text` or `files`; in a form, each is its own field.
    """
    client = client_of(request)
    service.check_share(client)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    given: str | TextInput | FilesInput
    with service.acquire_slot(client):
        is_form = kind == "multipart/form-data"
        if is_form:
            given = await _from_form(request, service)
        elif kind == "application/json":
            given = _from_json(await request.body())
        else:
            raise RestError("rest.not_multipart")
        try:
            job = await service.work(lambda: _start_job(service, given))
        finally:
            if is_form and isinstance(given, FilesInput):
                await to_thread.run_sync(_delete_uploads, service, given.files)
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
    """Lists all jobs of the journal, newest first, with those of the command line and the page."""
    jobs = Jobs(service.journal)
    language = of_request(request)
    part = jobs.all(page_size, (page - 1) * page_size)
    return JobPage(
        jobs=[shown(job, language, stopping=service.runner.is_stopping(job.id)) for job in part],
        total=len(jobs),
        page=page,
        page_size=page_size,
    )


@router.get("/jobs/{job}", responses=refusals(404, 422))
def one(request: Request, job: JobId, service: TheService) -> JobShown:
    """Describes one job: its progress, its cost, and why it failed if it did."""
    return _job_response(request, service, job)


@router.get(
    "/jobs/{job}/events",
    response_class=StreamingResponse,
    responses={
        200: {"content": EVENT_STREAM_CONTENT},
        204: {"description": "The client has every event already"},
        **refusals(404, 422),
    },
)
async def events(
    request: Request,
    job: JobId,
    service: TheService,
    last_event_id: Annotated[str | None, Header(max_length=100)] = None,
) -> Response:
    """Streams the job's events as server-sent events, from the first or after Last-Event-ID.

    First `prepared`, then a `chunk` with its pairs for each finished chunk, at the end `done` with
    the whole list or `failed` with the reason. A job of another process sends `progress` instead
    of chunks. After a restart the stream begins again with the first event of the resumed run. A
    client that has every event gets 204, at which a browser's EventSource stops reconnecting.
    """
    found = await to_thread.run_sync(find, service, job)
    if heard_all(service, found, last_event_id):
        # Of this media type, or httpx-sse raises an error where a browser ends.
        return Response(status_code=204, media_type="text/event-stream")
    return StreamingResponse(
        job_events(service, job, last_event_id, of_request(request)),
        media_type="text/event-stream",
        headers=STREAM_HEADERS,
    )


@router.post("/jobs/{job}/cancel", status_code=202, responses=refusals(404, 409, 422))
def cancel(request: Request, job: JobId, service: TheService) -> JobShown:
    """Cancels a job: calls in flight finish and are saved, no new ones start; retry resumes it."""
    find(service, job)
    if not service.runner.stop(job):
        raise RestError("rest.not_here", job=job)
    return _job_response(request, service, job)


@router.post("/jobs/{job}/retry", status_code=202, responses=refusals(404, 409, 422, 429, 503))
def retry(request: Request, job: JobId, service: TheService) -> JobShown:
    """Resumes a job: asks for its failed and unasked chunks again, and for nothing else."""
    find(service, job)
    client = client_of(request)
    service.check_share(client)
    service.runner.resume_job(job, retry=True)
    service.remember(job, client)
    return _job_response(request, service, job)


@router.delete("/jobs/{job}", status_code=204, responses=refusals(404, 409, 422))
def delete(job: JobId, service: TheService) -> None:
    """Deletes a job that is not running, with its texts, its list and its cached replies."""
    find(service, job)
    Jobs(service.journal).delete(job)
    service.runner.stop(job)


def _job_response(request: Request, service: Service, job: str) -> JobShown:
    stopping = service.runner.is_stopping(job)
    return shown(find(service, job), of_request(request), stopping=stopping)


def _start_job(service: Service, given: str | TextInput | FilesInput) -> Job:
    chosen = given if isinstance(given, Choices) else None
    resolved: Resolved = settings_for(chosen, service.resolved, service.access)
    read: Inputs = read_input(given, service.uploads, resolved)
    return find(service, service.runner.begin(read, resolved))


async def _from_form(request: Request, service: Service) -> TextInput | FilesInput:
    """The input in a multipart form; the caller deletes its files once the job has their texts."""
    received = await receive(request, service.uploads)
    files = [file.id for file in received.files]
    fields: dict[str, Any] = {name: text for name, text in received.fields.items() if text != ""}
    try:
        return _from_fields(fields, files)
    except BaseException:
        await to_thread.run_sync(_delete_uploads, service, files)
        raise


def _from_fields(fields: Mapping[str, Any], files: list[str]) -> TextInput | FilesInput:
    try:
        if files:
            files_input: FilesInput = FilesInput.model_validate(
                {**fields, "files": files}, strict=False
            )
            return files_input
        if "text" in fields:
            text_input: TextInput = TextInput.model_validate(fields, strict=False)
            return text_input
    except ValidationError as error:
        raise RequestValidationError(_faults(error)) from error
    raise RestError("rest.no_upload")


def _from_json(body: bytes) -> str | TextInput | FilesInput:
    try:
        return _INPUT.validate_json(body)
    except ValidationError as error:
        raise RequestValidationError(_faults(error)) from error


def _faults(error: ValidationError) -> list[Mapping[str, Any]]:
    return [dict(fault) for fault in error.errors()]


def _delete_uploads(service: Service, files: list[str]) -> None:
    for file in files:
        service.uploads.delete(file)
