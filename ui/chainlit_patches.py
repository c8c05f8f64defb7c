"""Monkey patches of Chainlit, for what none of its settings can change."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from messages import keep_out_of

if TYPE_CHECKING:
    from collections.abc import Callable

# Links of Chainlit's HTML to other hosts: fonts, a style sheet for formulas.
_FOREIGN = re.compile(r'<link\b[^<>]{0,300}\bhref="https?://[^<>"]{0,300}"[^<>]{0,100}>')


def apply_patches() -> None:
    """Applies all patches; further calls do nothing."""
    from chainlit import server, socket
    from chainlit.element import Element
    from chainlit.session import BaseSession

    # Chainlit adds a root log handler; our records go only to the handlers we configure.
    for handler in logging.getLogger().handlers:
        if type(handler) is logging.StreamHandler:
            keep_out_of(handler)
    if not getattr(server, "_qa3_mended", False):
        _remove_external_links(server)
        _accept_empty_files(BaseSession)
        _show_pdf_as_file(Element)
        _translate_stop_message(socket)
        server.__dict__["_qa3_mended"] = True


def _remove_external_links(server: Any) -> None:
    """Removes the links to other hosts from the HTML template."""
    original: Callable[[str], str] = server.get_html_template

    def get_html_template(root_path: str) -> str:
        return _FOREIGN.sub("", original(root_path))

    server.get_html_template = get_html_template


def _accept_empty_files(session: Any) -> None:
    """Accepts empty uploads, which our loaders then refuse with a readable message."""
    original = session.persist_file

    async def persist_file(self: Any, name: str, mime: str, **source: Any) -> Any:
        if source.get("path") or source.get("content"):
            return await original(self, name=name, mime=mime, **source)
        reference = await original(self, name=name, mime=mime, content=b"-")
        file = self.files[reference["id"]]
        file["path"].write_bytes(b"")
        file["size"] = 0
        return reference

    session.persist_file = persist_file


def _show_pdf_as_file(element: Any) -> None:
    """Shows a PDF as a file name: the inline viewer asks endlessly for a locked PDF's password."""
    original = element.infer_type_from_mime

    def infer_type_from_mime(kind: str) -> Any:
        return "file" if kind == "application/pdf" else original(kind)

    element.infer_type_from_mime = staticmethod(infer_type_from_mime)


def _translate_stop_message(socket: Any) -> None:
    """Translates "Task manually stopped.", the only chat message that Chainlit itself sends."""
    original = socket.Message

    def message(content: str, **named: Any) -> Any:
        from .session import speak

        stopped = content == "Task manually stopped."
        return original(content=speak("page.answer_stopped") if stopped else content, **named)

    # Chainlit also calls Message.from_dict.
    message.from_dict = original.from_dict  # type: ignore[attr-defined]  # a function stands for it
    socket.Message = message
