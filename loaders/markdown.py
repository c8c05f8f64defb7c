"""Reads Markdown as it is written, without what its author wrote for programs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from .encoding import decode, read_plain
from .errors import LoadError
from .headings import markdown_headings
from .options import LoadOptions
from .pages import Page, left_out
from .raised import lowered, raised
from .webpage import parse_html

_FRONT = re.compile(r"\s{0,9}(---|\+\+\+)[ \t]*\n")
_LONGEST_FRONT = 50_000  # characters
_FIELD_LINE = re.compile(r"[\w.\"'-]{1,80}\s*[:=]|\s|#|- |[\]})]|$")
_TITLE = re.compile(r"^title\s*[:=]\s*(.+)$", re.MULTILINE | re.IGNORECASE)
_START = re.compile(
    r"""^[ ]{0,3}(?P<fence>`{3,}|~{3,})
    |^\[(?://|comment)\]:[ ]?(?:\#|<>)[^\n]*\n?(?P<remark>)
    |^[ ]{0,3}\[[^\]\n]{1,99}\]:[ ]*<?data:[^\s(]*[^\n]*(?P<definition>)
    |(?P<ticks>`+)
    |(?P<comment><!--)
    |!\[(?P<picture>[^\]\n]{0,500})\]\([ ]*(?P<address><?data:[^()\n]*|[^()\n]{0,1000})\)
    |<(?P<close>/?)(?P<tag>[a-zA-Z][a-zA-Z0-9]{0,9})(?=[\s/>])[^<>]{0,3000}>
    |(?P<note>\[\^[^\]\s]{1,60}\]:?)
    |(?P<struck>~~)(?=[^\s~])""",
    re.MULTILINE | re.VERBOSE,
)
_WHOLE = {"table": "</table>", "ruby": "</ruby>", "math": "</math>"}
_UNSEEN = {"script": "</script>", "style": "</style>"}
_MOVED = ("sup", "sub")
_STRUCK = ("del", "s", "strike")
_INLINE = frozenset(
    "a abbr b big bdi bdo cite code em font i ins kbd label mark picture q samp small source span "
    "strong tt u var wbr center div p section article details summary figure figcaption header "
    "footer main aside nav blockquote ul ol dl dt dd video audio iframe thead tbody tr td th hr "
    "table ruby rt rp svg path object embed input button form".split()
)
_MARKUP = re.compile(r"<[^<>]{0,3000}>")
_ALT = re.compile(r"\balt\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_LONGEST_RAISED = 300  # characters
_LONGEST_STRUCK = 5000


def read_markdown(path: Path, file: str, options: LoadOptions) -> Iterator[Page]:
    """A Markdown file as one page with its headings.

    Front matter and comments are no text of it, nor are pictures written out in it; tables in
    HTML become tables of Markdown.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.
        options: ``struck`` among what they include keeps passages struck through.

    Raises:
        LoadError: Its bytes are no text.
    """
    decoded = decode(read_plain(path), file)
    text, title = _front_matter(decoded.text)
    reading = _Reading(text, file, options.include)
    text = reading.text()
    headings = markdown_headings(text)
    notes = {"encoding": decoded.encoding}
    if title or (headings and headings[0].level == 1):
        notes["title"] = title or headings[0].title
    counts = tuple(left_out(kind, count) for kind, count in reading.left_out.items() if count)
    yield Page(text, headings=headings, warnings=(*decoded.warnings, *counts), notes=notes)


def _front_matter(text: str) -> tuple[str, str]:
    """A text without the fields before it, and the title among them."""
    opened = _FRONT.match(text)
    if not opened:
        return text, ""
    head = text[opened.end() : opened.end() + _LONGEST_FRONT]
    ends = ("---", "...") if opened[1] == "---" else ("+++",)
    size = 0
    for line in head.split("\n"):
        size += len(line) + 1
        if line.rstrip() in ends:
            found = _TITLE.search(head[:size])
            title = found[1].strip().strip("\"'") if found else ""
            return text[opened.end() + size :].lstrip("\n"), title
        if not _FIELD_LINE.match(line):
            break
    return text, ""


class _Reading:
    """One pass over a Markdown text, which code and formulas pass unchanged."""

    def __init__(self, text: str, file: str, include: frozenset[str]) -> None:
        self.left_out: Counter[str] = Counter()
        self._source = text
        self._lower = text.lower()
        self._file = file
        self._include = include
        self._closed: dict[str, int] = {}

    def text(self) -> str:
        """The text as a reader sees it."""
        out: list[str] = []
        at = 0
        while match := _START.search(self._source, at):
            out.append(self._source[at : match.start()])
            written, at = self._token(match, "".join(out[-2:])[-2:])
            out.append(written)
        out.append(self._source[at:])
        return "".join(out)

    def _until(self, closing: str, at: int) -> int:
        """Where a closing mark ends; -1 where there is none, which is looked for only once."""
        if self._closed.get(closing) == -1:
            return -1
        found = self._lower.find(closing, at)
        self._closed[closing] = found
        return -1 if found < 0 else found + len(closing)

    def _near(self, closing: str, at: int, most: int) -> int:
        """Where a closing mark ends that begins within some characters; -1 where there is none."""
        found = self._lower.find(closing, at, at + most)
        return -1 if found < 0 else found + len(closing)

    def _token(self, match: re.Match[str], before: str) -> tuple[str, int]:
        """What stands in place of a token, and where the text goes on."""
        start, end = match.span()
        if match["fence"]:
            closing = self._until("\n" + match["fence"], end)
            line = self._source.find("\n", closing) if closing > 0 else -1
            stop = len(self._source) if line < 0 else line
            return self._source[start:stop], stop
        if match["ticks"]:
            closing = self._until(match["ticks"], end)
            stop = closing if closing > 0 else end
            return self._source[start:stop], stop
        if match["comment"]:
            closing = self._until("-->", end)
            self.left_out["comments"] += closing > 0
            return ("", self._after_comment(start, closing)) if closing > 0 else (match[0], end)
        if match["remark"] is not None:
            self.left_out["comments"] += 1
            return "", end
        if match["definition"] is not None:
            return "", end
        if match["picture"] is not None:
            self.left_out["pictures"] += 1
            is_text = not match["address"].lstrip("<").startswith("data:")
            return match[0] if is_text else match["picture"], end
        if match["note"]:
            mark = match["note"]
            return (f"[{mark[2:-2]}]" if mark.endswith(":") else f"[{mark[2:-1]}]"), end
        if match["struck"]:
            closing = self._near("~~", end, _LONGEST_STRUCK)
            if not 0 < closing - end < _LONGEST_STRUCK or "\n\n" in self._source[end:closing]:
                return match[0], end
            return self._struck(self._source[start:closing]), closing
        return self._tag(match, before)

    def _after_comment(self, start: int, closing: int) -> int:
        """Past a comment, and past its line's end where nothing else stands in the line."""
        alone = start == 0 or self._source[start - 1] == "\n"
        return closing + 1 if alone and self._source[closing : closing + 1] == "\n" else closing

    def _struck(self, passage: str) -> str:
        if "struck" in self._include:
            return passage
        self.left_out["struck"] += 1
        return ""

    def _tag(  # noqa: C901 - a table of elements
        self, match: re.Match[str], before: str
    ) -> tuple[str, int]:
        start, end = match.span()
        name = match["tag"].lower()
        if match["close"]:
            return (
                "" if name in _INLINE or name in _STRUCK or _is_heading(name) else match[0]
            ), end
        if name in _UNSEEN and (closing := self._until(_UNSEEN[name], end)) > 0:
            return "", closing
        if name in _WHOLE and (closing := self._until(_WHOLE[name], end)) > 0:
            return self._html(self._source[start:closing], name == "table"), closing
        if name in _MOVED or name in _STRUCK:
            most = _LONGEST_RAISED if name in _MOVED else _LONGEST_STRUCK
            closing = self._near(f"</{name}>", end, most)
            if 0 < closing - end <= most:
                inner = _MARKUP.sub("", self._source[end : closing - len(name) - 3])
                if name in _STRUCK:
                    return self._struck(f"~~{inner}~~"), closing
                if 'href="#' in self._source[end:closing] or inner.startswith("[^"):
                    return f"[{inner.strip('[]^ ')}]", closing
                return (lowered(inner) if name == "sub" else raised(inner, before)), closing
        if name == "img":
            self.left_out["pictures"] += 1
            found = _ALT.search(match[0])
            return (found[1] or found[2] or "" if found else ""), end
        if name == "br":
            line = self._source[self._source.rfind("\n", 0, start) + 1 : start]
            return (" " if line.lstrip().startswith("|") else "\n"), end
        if name == "li":
            return "- ", end
        if _is_heading(name):
            return "#" * int(name[1]) + " ", end
        return ("" if name in _INLINE else match[0]), end

    def _html(self, markup: str, block: bool) -> str:
        try:
            page = parse_html(markup, self._file, self._include)
        except LoadError:
            return markup
        for warning in page.left_out:
            self.left_out[warning["code"].rpartition(".")[2]] += warning["fields"]["count"]
        return f"\n\n{page.text}\n\n" if block else page.text


def _is_heading(name: str) -> bool:
    return len(name) == 2 and name[0] == "h" and name[1] in "123456"
