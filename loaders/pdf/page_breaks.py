"""Sentences that go on over a page break: their end is moved to the page where they begin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ..errors import LoadError
from ..pages import Heading, Page
from ..sentences import closes_sentence
from .paragraphs import glue

_LONGEST = 600  # characters of a sentence's end; more is no end of one
_FEWEST = 12  # characters of a paragraph that may go on
_END = re.compile(r"[。！？]+[”’」』）]?|[.!?]+[\"”’)]?(?=\s|$)")
_GOES_ON = re.compile("[a-z\u3400-\u9fff\u3040-\u30ff，、；]")


def join_sentences(pages: Iterator[Page]) -> Iterator[Page]:
    """The pages, each with the whole of the sentence it ends in.

    Args:
        pages: In order; one is held back until the next is there.

    Raises:
        LoadError: As ``pages`` does, after the page held back.
    """
    before: Page | None = None
    try:
        for page in pages:
            after = page
            if before is not None:
                before, after = _joined(before, page)
                yield before
            before = after
    except LoadError:  # the page held back was read all the same
        if before is not None:
            yield before
        raise
    if before is not None:
        yield before


def _joined(before: Page, after: Page) -> tuple[Page, Page]:
    tail, head = before.text.rsplit("\n", 1)[-1], after.text.split("\n", 1)[0]
    if len(tail) < _FEWEST or closes_sentence(tail) or tail.startswith("|"):
        return before, after
    if not _GOES_ON.match(head) or any(heading.start == 0 for heading in after.headings or ()):
        return before, after
    end = _END.search(head)
    if end is None or end.end() > _LONGEST or "recognised" in str(before.warnings):
        return before, after
    hyphen = tail.endswith("-") and tail[-2:-1].isalpha() and head[0].islower()
    whole = glue(tail.removesuffix("-") if hyphen else tail, head[: end.end()], hyphen=hyphen)
    rest = after.text[end.end() :].lstrip()
    moved = len(after.text) - len(rest)
    headings = tuple(
        Heading(one.start - moved, one.level, one.title) for one in after.headings or ()
    )
    text = before.text[: len(before.text) - len(tail)] + whole
    return replace(before, text=text), replace(after, text=rest, headings=headings)
