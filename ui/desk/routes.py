"""The desk's HTTP routes below ``/desk``: the page, its data, and what a person changes."""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from collections.abc import Awaitable, Callable
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from chains import (
    Change,
    Desk,
    Jobs,
    import_review,
    new_pair_id,
)
from loaders import page_image
from messages import SaidError, logged, say
from pairs import Edit, harmless, viewer_file
from serving import language_of

from ..auth import signs_in, who
from ..downloads import FormatChoice, list_file, preview
from ..engine import engine
from ..errors import PageError
from ..security import Guard
from ..words import told
from .desks import Desks
from .request import DeskRequest, as_json
from .suggestions import cost, suggest
from .words import desk_words

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp

log = logging.getLogger(__name__)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
MOST_CHANGES = 20_000
MOST_WORKBOOK = 50_000_000  # bytes
MOST_NOTES = 500
PAGE_WIDTH = 1100  # pixels
PAGE = 5000
"""Items in one answer; a longer list comes in several."""
_FOLDER = Path(__file__).parent
_SCRIPTS = ("panes.js", "text.js", "view.js")
_FILES = (
    "desk.css", "dialogs.js", "actions.js", "filters.js", "compare.js", "page_image.js", "desk.js",
)  # fmt: skip
_MEDIA = {".js": "text/javascript", ".css": "text/css"}
_STATUS = {"job.unknown": 404, "job.no_list": 409, "desk.sign_in": 401}


class _Wanted(BaseModel):
    """A change as the browser sends it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pair: str | None = Field(default=None, pattern=r"^[0-9a-f]{12}$")
    saw: int = Field(ge=0)
    edit: dict[str, Any] | None = None
    marked: tuple[int, int, int] | None = None


class _Changes(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    changes: list[_Wanted] = Field(max_length=MOST_CHANGES)


_Answer = Callable[[DeskRequest], Awaitable[Response]]


def desk_app(page: str) -> ASGIApp:
    """The desk as an ASGI application, to be mounted at ``/desk``.

    Args:
        page: Path of the chat page, where people sign in.
    """
    desks = Desks()

    def route(path: str, answer: _Answer, method: str) -> Route:
        async def handle(request: Request) -> Response:
            try:
                return await answer(DeskRequest(request, desks, page, await who(request)))
            except SaidError as error:
                return _refusal(error, language_of(request.headers.get("accept-language", "")))
            except Exception as error:
                log.exception("the desk failed")
                language = language_of(request.headers.get("accept-language", ""))
                kind = type(error).__name__
                code, fields = logged("page.unexpected", "page.unexpected_logged", kind=kind)
                return JSONResponse({"error": say(code, language, **fields)}, status_code=500)

        return Route(path, handle, methods=[method])

    app = Starlette(
        routes=[
            Route("/assets/{name}", _asset),
            route("/{job}", _page, "GET"),
            route("/{job}/list", _list, "GET"),
            route("/{job}/documents/{document}", _document, "GET"),
            route("/{job}/changes", _since, "GET"),
            route("/{job}/changes", _change, "POST"),
            route("/{job}/history/{pair}", _history, "GET"),
            route("/{job}/report", _report, "GET"),
            route("/{job}/preview", _preview, "GET"),
            route("/{job}/export", _export, "GET"),
            route("/{job}/import", _import, "POST"),
            route("/{job}/cost", cost, "GET"),
            route("/{job}/ask", suggest, "POST"),
            route("/{job}/page/{document}/{page}", _page_image, "GET"),
        ]
    )
    return Guard(app, signed_in=signs_in(), policy=POLICY)


def _refusal(error: SaidError, language: str) -> Response:
    body = {"error": told(error, language), "code": error.code}
    status = _STATUS.get(error.code, 422)
    return JSONResponse(body, status_code=status, headers={"Cache-Control": "no-store"})


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    if name == "view.js":
        text = "\n".join(map(viewer_file, _SCRIPTS))
    elif name == "view.css":
        text = viewer_file("page.css")
    elif name in _FILES:
        text = (_FOLDER / name).read_text(encoding="utf-8")
    else:
        return Response(status_code=404)
    media = _MEDIA[Path(name).suffix]
    return Response(text, media_type=media, headers={"Cache-Control": "no-cache"})


async def _page(asked: DeskRequest) -> Response:
    if asked.name is None:
        return RedirectResponse(f"{asked.page}login", headers={"Cache-Control": "no-store"})
    try:
        await engine().answer(Jobs(engine().journal).find, asked.job)
        refusal = ""
    except SaidError as error:
        refusal = told(error, asked.language)
    words = desk_words(asked.language)
    labels = {name: escape(text) for name, text in words["page"].items()}
    html = Template((_FOLDER / "desk.html").read_text(encoding="utf-8")).substitute(
        labels,
        lang="zh-CN" if asked.language == "zh" else "en",
        chat=escape(asked.page),
        refusal=escape(refusal),
        words=json.dumps(words["script"], ensure_ascii=False)
        .replace("<", "\\u003c")
        .replace("&", "\\u0026"),
    )
    status = 404 if refusal else 200
    return HTMLResponse(html, status_code=status, headers={"Cache-Control": "no-store"})


async def _list(asked: DeskRequest) -> Response:
    desk = await asked.desk()
    found = await engine().answer(desk.since, 0)
    first = asked.number("from")
    items = found["items"]
    job = await engine().answer(Jobs(engine().journal).find, asked.job)
    return as_json(
        {
            "job": job.id,
            "name": harmless(job.name) or ", ".join(desk.names[:3]) or job.id,
            "texts": [{"name": name} for name in desk.names],
            "items": items[first : first + PAGE],
            "total": len(items),
            "version": found["version"],
            "who": asked.name,
        }
    )


async def _document(asked: DeskRequest) -> Response:
    desk = await asked.desk()
    document = asked.place(desk)
    if "uncovered" in asked.request.query_params:
        return as_json(await engine().read(desk.uncovered, document))
    return as_json({"text": await engine().answer(desk.text, document)})


async def _since(asked: DeskRequest) -> Response:
    desk = await asked.desk()
    return as_json(await engine().answer(desk.since, asked.number("version", 1)))


async def _change(asked: DeskRequest) -> Response:
    desk = await asked.desk()
    try:
        wanted = _Changes.model_validate_json(await asked.body()).changes
        changes = [_as_change(desk, one) for one in wanted]
    except (ValidationError, TypeError) as error:
        raise PageError("desk.bad_change") from error
    answer = await engine().answer(desk.revise, changes, asked.name or "")
    return as_json({**answer, "pairs": [one.pair for one in changes]})


def _as_change(desk: Desk, wanted: _Wanted) -> Change:
    pair = wanted.pair or new_pair_id()
    if wanted.edit is None:
        return Change(pair=pair, saw=wanted.saw)
    given = {**wanted.edit, "pair": pair}
    if wanted.marked:
        document, start, end = wanted.marked
        given["place"] = desk.span(document, start, end)
        if wanted.pair is None:
            given["source"] = desk.texts[document].source
    return Change(pair=pair, saw=wanted.saw, edit=Edit.model_validate(given))


async def _history(asked: DeskRequest) -> Response:
    desk = await asked.desk()
    return as_json(await engine().answer(desk.history, asked.request.path_params["pair"][:12]))


async def _report(asked: DeskRequest) -> Response:
    desk = await asked.desk()
    html = await engine().read(desk.report)
    return HTMLResponse(html, headers={"Cache-Control": "no-store"})


def _choice(asked: DeskRequest) -> FormatChoice:
    query = asked.request.query_params
    share = query.get("validation", "0")
    try:
        validation = min(0.9, max(0.0, float(share or 0) / 100))
    except ValueError as error:
        raise PageError("desk.bad_change") from error
    return FormatChoice(
        format=query.get("format", "jsonl")[:40],
        accepted=query.get("accepted") == "1",
        proven=query.get("proven") == "1",
        system=query.get("system", "")[:20_000],
        validation=validation,
        bare=query.get("bare") == "1",
    )


async def _preview(asked: DeskRequest) -> Response:
    desk = await asked.desk()
    choice = _choice(asked)
    return as_json(
        await engine().answer(lambda: preview(desk.kept(accepted=choice.accepted), choice))
    )


async def _export(asked: DeskRequest) -> Response:
    desk = await asked.desk()
    choice, shared = _choice(asked), engine()

    def made() -> tuple[str, bytes]:
        pairs = desk.kept(accepted=choice.accepted)
        return list_file(shared, desk.job, pairs, choice, asked.language)

    name, body = await shared.answer(made)
    said = f"attachment; filename=\"{asked.job}\"; filename*=UTF-8''{quote(name)}"
    headers = {"Content-Disposition": said, "Cache-Control": "no-store"}
    return Response(body, media_type="application/octet-stream", headers=headers)


async def _import(asked: DeskRequest) -> Response:
    desk = await asked.desk()
    body = await asked.body(MOST_WORKBOOK)
    journal, name = engine().journal, asked.name or ""
    report = await engine().read(import_review, journal, body, desk.job, name)
    language = asked.language
    notes = [note.say(language) for note in report.notes[:MOST_NOTES]]
    return as_json({"lines": [harmless(line) for line in (report.summary(language), *notes)]})


async def _page_image(asked: DeskRequest) -> Response:
    desk = await asked.desk()
    document = asked.place(desk)
    passages = desk.passages(asked.request.query_params.get("pair", "")[:12])
    source, digest = desk.file(document)
    drawn = await engine().read(page_image, source, asked.page_number, PAGE_WIDTH, passages, digest)
    return as_json(
        {
            "image": b64encode(drawn.png).decode(),
            "width": drawn.width,
            "height": drawn.height,
            "boxes": [list(box) for box in drawn.boxes],
        }
    )
