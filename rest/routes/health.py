"""/health, /ready and /metrics."""

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
    """The liveness response."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """The readiness response: per dependency ok, loading, or the code of the problem."""

    ready: bool
    checks: dict[str, str] = Field(description="backend, embeddings and journal")


@router.get("/health")
async def health() -> Health:
    """Liveness: answers as long as the process runs."""
    return Health()


@router.get("/ready", responses={503: {"model": Readiness}})
async def ready(response: Response, service: TheService) -> Readiness:
    """Readiness: 200 if a request sent now can be served, else 503 with what is missing."""
    checks = {
        "backend": await to_thread.run_sync(service.backend_probe.state),
        "embeddings": service.embedding_state,
        "journal": await to_thread.run_sync(_journal_state, service),
    }
    ok = not service.closing and all(state == "ok" for state in checks.values())
    response.status_code = 200 if ok else 503
    return Readiness(ready=ok, checks=checks)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(service: TheService) -> Response:
    """Requests, jobs, pairs and tokens in Prometheus' text format."""
    return Response(service.metrics.text(), media_type=_METRICS)


def _journal_state(service: Service) -> str:
    try:
        Jobs(service.journal).outcomes("")
    except SaidError as error:
        return error.code
    return "ok"
