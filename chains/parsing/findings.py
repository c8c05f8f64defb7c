"""The result of one reader: JSON, markup, tables, labels or lists."""

from __future__ import annotations

from typing import Literal, NamedTuple

Tail = Literal["closed", "open", "dropped"]


class Findings(NamedTuple):
    """Pairs in the order of the reply, and whether the last one is complete.

    Attributes:
        pairs: Questions and answers, not trimmed yet.
        start: Offset of the first pair, in characters of the cleaned reply.
        tail: ``closed`` if the last pair is certainly complete, ``open`` if it runs up to the
            end of the reply, ``dropped`` if an unfinished one after it was left out.
        unanswered: The number of questions without an answer.
        end: Offset behind the last pair; 0 if its layout goes on to the reply's end.
    """

    pairs: list[tuple[str, str]]
    start: int = 0
    tail: Tail = "closed"
    unanswered: int = 0
    end: int = 0


NOTHING_FOUND = Findings([])
