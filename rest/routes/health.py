"""Whether the service lives, whether it can work, and what it has done."""

from __future__ import annotations

from typing import Literal

from anyio import to_thread
from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from chains import Jobs
from messages import SaidError

from ..service import Service, TheService

_METRICS = "text/plain; version=1.0.0; charset=utf-8"

router = APIRouter(tags=["watching"])


class Health(BaseModel):
    """It answers, so it lives."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Each part that is needed: ok, loading, or the code of what is wrong with it."""

    ready: bool
    checks: dict[str, str] = Field(description="backend, embeddings and journal")


@router.get("/health")
async def health() -> Health:
    """Whether the service lives."""
    return Health()


@router.get("/ready", responses={503: {"model": Readiness}})
async def ready(response: Response, service: TheService) -> Readiness:
    """Whether a request sent now could be served: 200, or 503 with what is in the way."""
    checks = {
        "backend": await to_thread.run_sync(service.backend_look.state),
        "embeddings": service.embedding_state,
        "journal": await to_thread.run_sync(_journal, service),
    }
    well = not service.closing and all(found == "ok" for found in checks.values())
    response.status_code = 200 if well else 503
    return Readiness(ready=well, checks=checks)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(service: TheService) -> Response:
    """Requests, jobs, pairs and tokens in Prometheus' text form."""
    return Response(service.metrics.text(), media_type=_METRICS)


def _journal(service: Service) -> str:
    try:
        Jobs(service.journal).outcomes("")
    except SaidError as error:
        return error.code
    return "ok"
