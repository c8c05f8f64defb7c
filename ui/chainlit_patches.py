"""What is put right in Chainlit itself, each where no setting of its own does it."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from messages import keep_out_of

if TYPE_CHECKING:
    from collections.abc import Callable

# What its page would fetch from elsewhere: fonts, a style sheet for formulas.
_FOREIGN = re.compile(r'<link\b[^<>]{0,300}\bhref="https?://[^<>"]{0,300}"[^<>]{0,100}>')


def mend() -> None:
    """Puts everything right; calling it again changes nothing."""
    from chainlit import server, socket
    from chainlit.element import Element
    from chainlit.session import BaseSession

    # Chainlit shows whatever anybody logs; ours goes where a door was told to put it.
    for handler in logging.getLogger().handlers:
        if type(handler) is logging.StreamHandler:
            keep_out_of(handler)
    if not getattr(server, "_qa3_mended", False):
        _stay_at_home(server)
        _take_empty_files(BaseSession)
        _show_files_as_files(Element)
        _stop_in_the_chats_language(socket)
        server.__dict__["_qa3_mended"] = True


def _stay_at_home(server: Any) -> None:
    """The page's frame without its links to other servers."""
    given: Callable[[str], str] = server.get_html_template

    def get_html_template(root_path: str) -> str:
        return _FOREIGN.sub("", given(root_path))

    server.get_html_template = get_html_template


def _take_empty_files(session: Any) -> None:
    """An empty file arrives like any other: our loaders say what is wrong, Chainlit cannot."""
    given = session.persist_file

    async def persist_file(self: Any, name: str, mime: str, **source: Any) -> Any:
        if source.get("path") or source.get("content"):
            return await given(self, name=name, mime=mime, **source)
        reference = await given(self, name=name, mime=mime, content=b"-")
        file = self.files[reference["id"]]
        file["path"].write_bytes(b"")
        file["size"] = 0
        return reference

    session.persist_file = persist_file


def _show_files_as_files(element: Any) -> None:
    """A dropped PDF by its name: opened here, a locked one asks for its password for ever."""
    given = element.infer_type_from_mime

    def infer_type_from_mime(kind: str) -> Any:
        return "file" if kind == "application/pdf" else given(kind)

    element.infer_type_from_mime = staticmethod(infer_type_from_mime)


def _stop_in_the_chats_language(socket: Any) -> None:
    """What Chainlit says when an answer is stopped is the only message of its own."""
    given = socket.Message

    def message(content: str, **named: Any) -> Any:
        from .session import speak

        stopped = content == "Task manually stopped."
        return given(content=speak("page.answer_stopped") if stopped else content, **named)

    # What it asks of the class elsewhere goes on to reach it.
    message.from_dict = given.from_dict  # type: ignore[attr-defined]  # a function stands for it
    socket.Message = message
