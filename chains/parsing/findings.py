"""What one way of reading finds in a reply."""

from __future__ import annotations

from typing import Literal, NamedTuple

Tail = Literal["closed", "open", "dropped"]


class Findings(NamedTuple):
    """Pairs in the order of the reply, and how the reading came to its end.

    Attributes:
        pairs: Questions and answers, as yet untrimmed.
        start: Where the first of them begins, in characters of the cleaned reply.
        tail: ``closed`` where the last pair is provably whole, ``open`` where it runs up to the
            end of the reply, ``dropped`` where an unfinished one after it was left out.
        unanswered: How many questions stood there without an answer.
    """

    pairs: list[tuple[str, str]]
    start: int = 0
    tail: Tail = "closed"
    unanswered: int = 0


NOTHING_FOUND = Findings([])
