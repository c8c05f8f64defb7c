"""A request to the desk, and how it is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from chains import Desk
from serving import language_of

from ..engine import engine
from ..errors import PageError
from .desks import Desks

if TYPE_CHECKING:
    from starlette.requests import Request

MOST_BODY = 8_000_000  # bytes of JSON


class DeskRequest:
    """One request: what every answer needs of it."""

    def __init__(self, request: Request, desks: Desks, page: str, name: str | None) -> None:
        self.request = request
        self.page = page
        self.name = name
        self.language = language_of(request.headers.get("accept-language", ""))
        self._desks = desks

    @property
    def job(self) -> str:
        """The job that the address names."""
        return str(self.request.path_params["job"])[:64]

    async def desk(self) -> Desk:
        """The desk of the job, opened if it is not.

        Raises:
            SaidError: Nobody has signed in, or there is no such list.
        """
        if self.name is None:
            raise PageError("desk.sign_in")
        return await engine().read(self._desks.of, engine().journal, self.job, self.language)

    def number(self, name: str, otherwise: int = 0) -> int:
        """A number of the query; ``otherwise`` where it is none."""
        return _number(self.request.query_params.get(name, ""), otherwise)

    def place(self, desk: Desk) -> int:
        """The document that the address names, by its place among those of the job.

        Raises:
            PageError: It names none.
        """
        document = _number(self.request.path_params["document"], len(desk.names))
        if document >= len(desk.names):
            raise PageError("desk.no_document")
        return document

    @property
    def page_number(self) -> int:
        """The page that the address names; 0, which there is not, where it names none."""
        return _number(self.request.path_params["page"], 0)

    async def body(self, most: int = MOST_BODY) -> bytes:
        """The request's body.

        Raises:
            PageError: It has more bytes than that.
        """
        parts, size = [], 0
        async for part in self.request.stream():
            size += len(part)
            if size > most:
                raise PageError("page.too_large", most=most // 1_000_000)
            parts.append(part)
        return b"".join(parts)


def _number(given: str, otherwise: int) -> int:
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else otherwise


def as_json(content: object) -> Response:
    """The answer with some content, which no cache keeps."""
    return JSONResponse(content, headers={"Cache-Control": "no-store"})
