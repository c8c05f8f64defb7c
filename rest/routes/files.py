"""/files: uploads that later requests name by their ids."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel

from ..errors import RestError
from ..multipart import receive
from ..openapi import BODY, refusals
from ..schemas import FILE_ID
from ..service import TheService, client_of
from ..uploads import UploadedFile

FileId = Annotated[str, Path(pattern=FILE_ID, description="the upload's id")]

router = APIRouter(tags=["uploads"])


class UploadedFiles(BaseModel):
    """Uploads, newest first."""

    files: list[UploadedFile]


@router.post(
    "/files",
    status_code=201,
    responses=refusals(*BODY, 429, 503),
)
async def upload(request: Request, service: TheService) -> UploadedFiles:
    """Uploads one or more files and returns the ids by which later requests name them."""
    with service.acquire_slot(client_of(request)):
        received = await receive(request, service.uploads)
    if not received.files:
        raise RestError("rest.no_upload")
    service.metrics.uploaded.inc(sum(file.bytes for file in received.files))
    return UploadedFiles(files=received.files)


@router.get("/files")
def every(service: TheService) -> UploadedFiles:
    """Lists the stored uploads."""
    return UploadedFiles(files=service.uploads.all())


@router.get("/files/{file}", responses=refusals(404, 422))
def one(file: FileId, service: TheService) -> UploadedFile:
    """Describes one upload; its content cannot be downloaded."""
    return service.uploads.find(file)[0]


@router.delete("/files/{file}", status_code=204, responses=refusals(404, 422))
def delete(file: FileId, service: TheService) -> None:
    """Deletes an upload; jobs started from it keep their texts."""
    service.uploads.delete(file)
