"""The pages a browser shows: a playground that works, and the description as a person reads it.

Nothing on them comes from elsewhere: no script, no font, no style of another host.
"""

from __future__ import annotations

import json
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from chains import setting_info
from messages import say
from pairs import FORMATS
from prompts import MAX_OWN_PROMPT

from ..error_handlers import of_request

HERE = Path(__file__).parent.parent
WORDS = (
    "playground.title", "playground.about", "playground.text", "playground.file",
    "playground.settings", "playground.backend", "playground.language", "playground.density",
    "playground.temperature", "playground.max_tokens", "playground.threshold", "playground.prompt",
    "playground.token", "playground.start", "playground.stop", "playground.page",
    "playground.done", "playground.prepared", "playground.sending", "playground.stopped",
    "docs.title", "docs.body",
)  # fmt: skip
_SETTINGS = ("backend", "language", "density", "temperature", "max_tokens", "threshold")
"""Those the playground has a box for, beside the prompt's."""
_FIELDS = {
    "playground.page": ("page",),
    "playground.done": ("kept", "duplicates", "rejected", "chunks", "failed", "unasked"),
    "playground.prepared": ("files", "chunks", "backend", "model"),
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_MEDIA = {".js": "text/javascript", ".css": "text/css"}

router = APIRouter(include_in_schema=False)


@router.get("/")
def home() -> RedirectResponse:
    """The description."""
    return RedirectResponse("docs", headers={"Cache-Control": "no-store"})


@router.get("/pairs/playground/")
def playground(request: Request) -> HTMLResponse:
    """The playground, in the browser's language."""
    return _page("playground.html", of_request(request))


@router.get("/pairs/playground/playground.js")
def playground_script() -> FileResponse:
    """What the playground does."""
    return _file("playground.js")


@router.get("/docs")
def docs(request: Request) -> HTMLResponse:
    """The description, in the browser's language."""
    return _page("docs.html", of_request(request))


@router.get("/docs/docs.js")
def docs_script() -> FileResponse:
    """What shows the description."""
    return _file("docs.js")


@router.get("/pairs/playground/pages.css")
@router.get("/docs/pages.css")
def style() -> FileResponse:
    """How both look."""
    return _file("pages.css")


def _page(name: str, language: str) -> HTMLResponse:
    # What a script fills in later stays in its braces.
    words = {
        code: say(code, language, **{field: f"{{{field}}}" for field in _FIELDS.get(code, ())})
        for code in WORDS
    }
    told = json.dumps(words, ensure_ascii=False).replace("<", "\\u003c")
    page = (HERE / name).read_text(encoding="utf-8")
    parts = {
        "LANGUAGE": language,
        "WORDS": told,
        "FORMATS": json.dumps(list(FORMATS)),
        "SETTINGS": "\n".join(map(_box, _SETTINGS)),
        "LONGEST_PROMPT": str(MAX_OWN_PROMPT),
    }
    for part, content in parts.items():
        page = page.replace(f"%{part}%", content)
    return HTMLResponse(page, headers={**_HEADERS, "Vary": "Accept-Language"})


def _box(name: str) -> str:
    """The box for a setting, with its bounds or its choices."""
    info = setting_info(name)
    if info.choices:
        choices = "".join(f"<option>{one}</option>" for one in ("", *info.choices))
        box = f'<select id="{name}">{choices}</select>'
    elif info.kind in (int, float):
        step = 1 if info.kind is int else 0.01
        bounds = f'min="{info.least}" max="{info.most}" step="{step}"'
        box = f'<input id="{name}" type="number" {bounds}>'
    else:
        box = f'<input id="{name}" autocomplete="off">'
    return f'<label><span data-word="playground.{name}"></span>{box}</label>'


def _file(name: str) -> FileResponse:
    path = HERE / name
    return FileResponse(path, media_type=_MEDIA[path.suffix], headers=_HEADERS)
