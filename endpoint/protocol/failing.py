"""Every failure of the service in OpenAI's form: its own, the web framework's, and a fault."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from messages.errors import SaidError

from ..errors import EndpointError
from .bodies import plain
from .refusals import headers_of, language_of, refusal, status_of

ROUTES = (
    "POST /v1/chat/completions, POST /v1/embeddings, GET /v1/models, GET /v1/models/NAME, "
    "GET /health"
)
NOT_ALLOWED = 405


def answer_errors(app: FastAPI) -> None:
    """Makes an app answer every error in OpenAI's form."""

    @app.exception_handler(SaidError)
    async def said(request: Request, error: SaidError) -> JSONResponse:
        language = language_of(request.headers.get("accept-language", ""))
        return JSONResponse(refusal(error, language), status_of(error), headers_of(error))

    @app.exception_handler(HTTPException)
    async def routed(request: Request, error: HTTPException) -> JSONResponse:
        asked = plain(f"{request.method} {request.url.path}")
        if error.status_code == NOT_ALLOWED:
            return await said(
                request, EndpointError("endpoint.wrong_method", given=asked, known=ROUTES)
            )
        return await said(request, EndpointError("endpoint.no_route", given=asked, known=ROUTES))

    @app.exception_handler(Exception)
    async def fault(request: Request, error: Exception) -> JSONResponse:
        # The framework also hands it on to the server's log.
        return await said(request, EndpointError("endpoint.fault", kind=type(error).__name__))
