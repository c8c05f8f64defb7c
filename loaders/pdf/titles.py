"""The title of a PDF: the first large lines of its first page."""

from __future__ import annotations

from collections.abc import Sequence

from ..heading_numbers import number_of
from ..sentences import closes_sentence
from ..titles import clean_title
from .paragraphs import Paragraph

_LARGER = 1.2  # times the height of the running text
_NEARLY = 0.55  # of the largest line's height: a company's name above its report's
_ALIKE = 0.8  # of the largest line's height: further lines of the title itself
_COVER = 400  # characters up to which a page may be all title, with no running text to compare
_FIRST = 12  # paragraphs among which a title stands
_MOST = 4  # paragraphs of a title
_LONGEST = 160  # characters of one of its paragraphs


def first_page_title(
    blocks: Sequence[tuple[int, Paragraph]], usual: float
) -> tuple[str, tuple[int, ...]]:
    """The title on a first page, and where its paragraphs begin; empty where nothing is larger.

    Args:
        blocks: The page's paragraphs, each with its place in the page's text.
        usual: The height of its running text, in points; 0.0 where it has none.
    """
    if sum(len(block.text) for _, block in blocks) <= _COVER:
        # A cover's running text is its title.
        usual = min((_height(block) for _, block in blocks), default=0.0)
    head = [one for one in blocks[:_FIRST] if not one[1].lines[0].table]
    named = [one for one in head if _is_name(one[1].text) and _height(one[1]) >= _LARGER * usual]
    if not named:
        return "", ()
    tallest = max(_height(block) for _, block in named)
    main = next(at for at, one in enumerate(head) if one in named and _height(one[1]) == tallest)
    first = last = main
    while first and head[first - 1] in named and _height(head[first - 1][1]) >= _NEARLY * tallest:
        first -= 1
    while last + 1 < len(head) and head[last + 1] in named:
        if _height(head[last + 1][1]) < _ALIKE * tallest and not _is_cover_line(head[last + 1][1]):
            break
        last += 1
    taken = head[first : last + 1][:_MOST]
    title = clean_title(" ".join(" ".join(block.text.split()) for _, block in taken))
    return (title, tuple(at for at, _ in taken)) if title else ("", ())


def _height(block: Paragraph) -> float:
    return max(line.height for line in block.lines)


def _is_name(text: str) -> bool:
    letters = sum(sign.isalpha() for sign in text)
    if len(text) > _LONGEST or "@" in text or closes_sentence(text) or number_of(text):
        return False
    return letters >= max(2, 0.5 * len("".join(text.split())))


def _is_cover_line(block: Paragraph) -> bool:
    """Whether a line says which of several reports a cover is of: its year or its kind."""
    text = block.text.strip()
    return len(text) <= 40 and any(sign.isdecimal() for sign in text) and _says_more(text)


def _says_more(text: str) -> bool:
    return text.rstrip().endswith(("报告", "报告书", "说明书", "年报", "季报")) or "eport" in text
