"""HTML pages: the playground and the API documentation.

They load nothing from other hosts: no scripts, fonts or style sheets.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from chains import all_backends, setting_info
from messages import say
from pairs import FORMATS
from prompts import MAX_OWN_PROMPT

from ..error_handlers import of_request
from ..service import Service, TheService

HERE = Path(__file__).parent.parent
WORDS = (
    "playground.title", "playground.about", "playground.text", "playground.file",
    "playground.settings", "playground.backend", "playground.language", "playground.density",
    "playground.temperature", "playground.max_tokens", "playground.threshold", "playground.prompt",
    "playground.token", "playground.start", "playground.stop", "playground.page",
    "playground.done", "playground.prepared", "playground.sending", "playground.stopped",
    "playground.chat", "docs.title", "docs.body",
)  # fmt: skip
_CHAT = '<a href="%ROOT%ui/" data-word="playground.chat"></a> ·'
_SETTINGS = ("backend", "language", "density", "temperature", "max_tokens", "threshold")
"""Settings with an input in the playground, beside the prompt."""
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
    """Redirects to the API documentation."""
    return RedirectResponse("docs", headers={"Cache-Control": "no-store"})


@router.get("/pairs/playground/")
def playground(request: Request, service: TheService) -> HTMLResponse:
    """Serves the playground in the browser's language."""
    return _page("playground.html", of_request(request), service)


@router.get("/pairs/playground/playground.js")
def playground_script() -> FileResponse:
    """Serves the playground's script."""
    return _file("playground.js")


@router.get("/docs")
def docs(request: Request, service: TheService) -> HTMLResponse:
    """Serves the API documentation in the browser's language."""
    return _page("docs.html", of_request(request), service)


@router.get("/docs/docs.js")
def docs_script() -> FileResponse:
    """Serves the documentation's script."""
    return _file("docs.js")


@router.get("/pairs/playground/pages.css")
@router.get("/docs/pages.css")
def style() -> FileResponse:
    """Serves the style sheet of both pages."""
    return _file("pages.css")


def _page(name: str, language: str, service: Service) -> HTMLResponse:
    # Whoever has no token is not told what there is, and finds no page.
    open_ = service.access.token is None
    backends = [one.name for one in all_backends(service.resolved)] if open_ else []
    # Placeholders that a script fills in later stay in their braces.
    words = {
        code: say(code, language, **{field: f"{{{field}}}" for field in _FIELDS.get(code, ())})
        for code in WORDS
    }
    words_json = json.dumps(words, ensure_ascii=False).replace("<", "\\u003c")
    page = (HERE / name).read_text(encoding="utf-8")
    parts = {
        "LANGUAGE": language,
        "WORDS": words_json,
        "FORMATS": json.dumps(list(FORMATS)),
        "SETTINGS": "\n".join(_input_html(one, backends) for one in _SETTINGS),
        "CHAT": _CHAT if open_ and find_spec("chainlit") else "",
        "LONGEST_PROMPT": str(MAX_OWN_PROMPT),
    }
    parts["CHAT"] = parts["CHAT"].replace("%ROOT%", "../../" if name == "playground.html" else "")
    for part, content in parts.items():
        page = page.replace(f"%{part}%", content)
    return HTMLResponse(page, headers={**_HEADERS, "Vary": "Accept-Language"})


def _input_html(name: str, backends: Sequence[str]) -> str:
    """The HTML input for a setting, with its bounds or its choices."""
    info = setting_info(name)
    known = backends if name == "backend" else info.choices
    if known:
        choices = "".join(f"<option>{escape(choice)}</option>" for choice in ("", *known))
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
