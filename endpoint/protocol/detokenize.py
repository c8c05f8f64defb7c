"""Incremental detokenization: streams whole characters, holds back partial stop strings."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from ..errors import EndpointError
from ..model.engine import Engine, Sampling
from .stop_strings import StopStrings

WINDOW, ANCHOR = 96, 16  # ids decoded together at the most, and kept when the rest is settled
INCOMPLETE = "\N{REPLACEMENT CHARACTER}"
MAX_INCOMPLETE = 3  # bytes of a UTF-8 character that may arrive before its last one


class Tokenizer(Protocol):
    """What the protocol needs of a tokenizer."""

    def prompt_ids(
        self,
        messages: Sequence[tuple[str, str] | tuple[str, str, str]],
        opening: Sequence[str] = (),
    ) -> list[int]:
        """The ids of a dialogue, and of what the answer begins with."""
        ...

    def completion_ids(self, text: str) -> list[int]:
        """The ids of a plain text that is to be continued."""
        ...

    def text_ids(self, text: str) -> list[int]:
        """The ids of a text alone."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """The text of an answer so far; a character that is not whole ends in U+FFFD."""
        ...


@dataclass(frozen=True)
class Call:
    """A call of a tool.

    Attributes:
        name: Of the tool.
        arguments: A JSON object; cut off where the answer was.
    """

    name: str
    arguments: str


@dataclass(frozen=True)
class Piece:
    """The next part of an answer's text.

    Attributes:
        text: Whole characters, none of which may begin a stop string; may be empty.
        tokens: Ids of the answer so far.
        finish: ``stop``, ``length`` or ``tool_calls``, on the last piece alone.
        call: Of a tool, on the last piece alone, in place of text.
    """

    text: str
    tokens: int
    finish: Literal["stop", "length", "tool_calls"] | None = None
    call: Call | None = None


class WholeCharacters:
    """Decodes ids that arrive one by one; only the last ones are decoded again at each step.

    Args:
        decode: Text of ids; what it gives for more ids begins with what it gave for fewer.
    """

    def __init__(self, decode: Callable[[Sequence[int]], str]) -> None:
        self._decode = decode
        self._ids: list[int] = []
        self._given = ""

    def add(self, ids: Sequence[int]) -> str:
        """The characters that these ids complete."""
        self._ids += ids
        whole = _without_incomplete(self._decode(self._ids))
        new = whole[len(self._given) :]
        self._given += new
        if len(self._ids) > WINDOW:
            self._shorten()
        return new

    def _shorten(self) -> None:
        """Drops all ids but the last few, if their text alone is the end of the text so far."""
        last = self._ids[-ANCHOR:]
        text = self._decode(last)
        if text and INCOMPLETE not in (text[0], text[-1]) and self._given.endswith(text):
            self._ids, self._given = last, text


def _without_incomplete(text: str) -> str:
    """The text without a last character whose bytes have not all arrived."""
    end = len(text)
    while end > max(0, len(text) - MAX_INCOMPLETE) and text[end - 1] == INCOMPLETE:
        end -= 1
    return text[:end]


def generate_text(
    engine: Engine,
    tokenizer: Tokenizer,
    ids: Sequence[int],
    sampling: Sampling,
    stop: Sequence[str] = (),
) -> Generator[Piece, None, None]:
    """Yields an answer's text in pieces; closing the iterator cancels the generation.

    White space at the end of an answer is dropped.

    Args:
        engine: Makes the ids.
        tokenizer: Makes text of them.
        ids: The prompt.
        sampling: How to draw.
        stop: Strings before which the answer ends.

    Raises:
        EndpointError: The engine ran out of memory, failed, or ended without a finish reason.
    """
    characters, strings = WholeCharacters(tokenizer.decode), StopStrings(stop)
    tokens, blank = 0, ""
    steps = engine.generate(ids, sampling)
    try:
        for step in steps:
            tokens += len(step.ids)
            text, stopped = strings.add(characters.add(step.ids))
            finish = "stop" if stopped else step.finish
            text = blank + text + (strings.rest() if finish and not stopped else "")
            shown = text.rstrip()
            blank = text[len(shown) :]
            yield Piece(shown, tokens, finish)
            if finish:
                return
    finally:
        # A plain iterator has nothing to close.
        close: Callable[[], None] = getattr(steps, "close", lambda: None)
        close()
    raise EndpointError("endpoint.unfinished")
