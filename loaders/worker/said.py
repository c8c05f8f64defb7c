"""What a reading process may say about a file: looked at before anything is done with it."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

from messages.texts import say

from ..zips import ZIP_KINDS
from .wire import Message

_MOST_PAGES = 1_000_000


def is_said(message: Message) -> bool:
    """Whether a message has a form that ``server.py`` gives it, so that it can be relied on.

    Args:
        message: About a file.
    """
    match message:
        case {"error": str(code), "fields": dict(fields), "format": bool()}:
            return _is_sayable(code, fields)
        case {"page": dict(page), **more}:
            return _is_page(page) and isinstance(more.get("scan", False), bool)
        case {"image": str(image), "width": int(), "height": int(), "boxes": list(boxes)}:
            return _is_base64(image) and all(_is_row(box, int, int, int, int) for box in boxes)
        case {"kind": kind}:
            return kind in ZIP_KINDS
        case {"opened": int(count)}:
            return 0 <= count <= _MOST_PAGES
        case {"laid": int(), "note": dict()} | {"fault": str(), "trace": str()}:
            return True
        case {"swollen": True} | {"end": True} | {"done": True} | {"step": str()}:
            return True
    return False


def _is_page(page: dict[str, Any]) -> bool:
    match page:
        case {
            "text": str(),
            "number": int() | None,
            "headings": list() | None as headings,
            "warnings": list(warnings),
            "notes": dict(),
        }:
            named = all(_is_row(one, int, int, str) for one in headings or ())
            return named and all(map(_is_warning, warnings))
    return False


def _is_warning(warning: object) -> bool:
    match warning:
        case {"code": str(code), "fields": dict(fields)}:
            return _is_sayable(code, fields)
    return False


def _is_row(row: object, *kinds: type) -> bool:
    return isinstance(row, list) and tuple(map(type, row)) == kinds


def _is_base64(text: str) -> bool:
    try:
        return bool(b64decode(text, validate=True))
    except ValueError:
        return False


def _is_sayable(code: str, fields: dict[str, Any]) -> bool:
    try:
        return bool(say(code, "en", **fields))
    except Exception:  # noqa: BLE001 - it names no message, or not what its sentence says
        return False
