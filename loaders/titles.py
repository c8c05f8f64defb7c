"""The name of a document: what its file says it is, else what stands at its head."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from langchain_core.documents import Document

from .heading_numbers import number_of
from .pages import Heading

LONGEST_TITLE = 120  # characters
_HEAD = 200  # characters within which the first heading must stand to name the whole
_LONGEST_LINE = 90  # columns, Chinese characters counted twice
_LEFT_OVER = re.compile(
    r"untitled(?: document)?(?: ?\d+)?|无标题.{0,9}|未命名.{0,9}|新建.{0,12}文[档件].{0,4}|"
    r"(?:new |word )?document ?\d*|文[档稿] ?\d*|(?:powerpoint )?presentation ?\d*|演示文稿 ?\d*|"
    r"幻灯片 ?\d*|slide ?\d*|sheet ?\d*|book ?\d+|工作[簿表] ?\d*|title|标题|default|index|"
    r"none|null|n/?a|unknown|\(?(?:no|unknown) (?:sub)?title\)?|"
    r"home ?page|home|首页|cover|封面|(?:table of )?contents|目\s{0,4}录|"
    r"\S+\.(?:docx?|pptx?|xlsx?|pdf|txt|rtf|odt|odp|indd|pmd|qxd|tex|dvi|e?ps|x?html?|jpe?g|png|"
    r"tiff?|md|wpd|cdr|ai|fm|pages|key|wps)",
    re.IGNORECASE,
)
_PRINTED = re.compile(
    r"microsoft (?:word|powerpoint|excel) ?-\s*(?P<name>.*?)(?:\.(?:docx?|pptx?|xlsx?|rtf|wps))?",
    re.IGNORECASE,
)
"""What Office's printer driver wrote: the name that somebody gave the file is its title."""
_SENTENCE_ENDS = "。，；！？：,;:.!?…、"
_NOT_FIRST = "，。、；：！？)）]】”’|=<>*+~`@_-—·•●"
_CAPTION = re.compile(
    r"(?:table|figure|fig\.)\s?[0-9]|[表图圖]\s{0,2}[0-9一二三四五六七八九十]", re.IGNORECASE
)
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]{0,300}>|!?\[([^\[\]]{0,200})\]\([^()\s]{1,300}\)")
_EMPHASIS = re.compile(r"\A(?:#{1,6}\s|[*_]{2})|[*_]{2}\Z")


def document_title(first: Document, outline: Sequence[Heading]) -> str:
    """The name of a document on one line; empty where it says none, and its file's name is left.

    Its metadata's title, unless that was left over from a program or a template; else the heading
    that stands first and above all others; else its first line, if that stands out as a title.

    Args:
        first: Its first Document.
        outline: The headings that begin in it.
    """
    text = first.page_content
    heading = _first_heading(outline, text, paged="page" in first.metadata)
    named = clean_title(str(first.metadata.get("title") or ""))
    if named and _is_one_of_many(named, outline):
        named = ""
    # Templates hand their title down to slides and reports: the first page shows the true one.
    if named and "page" in first.metadata and heading and _bare(named) not in _bare(text):
        named = ""
    if named or heading:
        return named or heading
    headed = outline and not text[: outline[0].start].strip()
    return "" if headed else _first_line(text)


def clean_title(title: str) -> str:
    """A title on one line, without control characters and of bounded length; empty if it is none.

    Args:
        title: As a file, or whoever wrote it, gives it.
    """
    shown = "".join(" " if _is_control(sign) else sign for sign in title[: 20 * LONGEST_TITLE])
    shown = _EMPHASIS.sub("", _MARKUP.sub(r"\1", " ".join(shown.split()))).strip()
    if printed := _PRINTED.fullmatch(shown):
        shown = printed["name"]
    if _LEFT_OVER.fullmatch(shown) or not any(sign.isalpha() for sign in shown):
        return ""
    if len(shown) <= LONGEST_TITLE:
        return shown
    cut = shown[:LONGEST_TITLE]
    return (cut.rpartition(" ")[0] if " " in cut[LONGEST_TITLE // 2 :] else cut) + "…"


def _is_control(sign: str) -> bool:
    return unicodedata.category(sign) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")


def _is_one_of_many(title: str, outline: Sequence[Heading]) -> bool:
    """Whether a title is but the first of several headings of the highest level."""
    highest = min((heading.level for heading in outline), default=0)
    same = [heading for heading in outline if heading.level == highest]
    return len(same) > 1 and _bare(same[0].title) == _bare(title)


def _first_heading(outline: Sequence[Heading], text: str, *, paged: bool) -> str:
    """The heading at the text's head that all others stand under; of a page the first one."""
    if not outline:
        return ""
    first = outline[0]
    highest = min(heading.level for heading in outline)
    alone = sum(heading.level == highest for heading in outline) == 1
    at_head = len(text[: first.start].strip()) <= (0 if paged else _HEAD)
    if first.level > highest or not (alone or paged) or not at_head or number_of(first.title):
        return ""
    if paged and not _bare(text).startswith(_bare(first.title)):  # as a bookmark names a page
        return ""
    return clean_title(first.title)


def _first_line(text: str) -> str:
    """The first line, if it stands out as a title: short, on its own, and no sentence."""
    head = text[: 10 * _LONGEST_LINE].lstrip("\n\r\t \u3000\ufeff\x0c")
    line, _, rest = head.partition("\n")
    line = line.strip()
    bare = line.strip("[]【】《》 ")
    columns = sum(2 if sign > "\u2e7f" else 1 for sign in bare)
    if not 4 <= columns <= _LONGEST_LINE or bare[-1] in _SENTENCE_ENDS or bare[0] in _NOT_FIRST:
        return ""
    if (
        bare[0].islower()
        or number_of(bare)
        or _CAPTION.match(bare)
        or "://" in bare
        or "\t" in bare
    ):
        return ""
    if sum(sign.isalpha() for sign in bare) < 0.5 * len("".join(bare.split())):
        return ""
    below = rest.split("\n", 1)[0]
    runs_on = below.strip() and (below[0].islower() or 1.4 * len(line) > len(below.rstrip()) > 40)
    return "" if runs_on else clean_title(bare)


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).casefold()
