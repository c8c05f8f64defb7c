"""Reads LaTeX sources: sections, lists, tables and formulas; commands and comments gone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from .encoding import decode, read_plain
from .grids import Cell, table_text
from .headings import markdown_headings
from .pages import Page, left_out

_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*")
_LEVELS = {"part": 1, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4,
           "paragraph": 5, "subparagraph": 6}  # fmt: skip
_FORMULAS = frozenset(
    "equation align gather multline eqnarray displaymath math flalign alignat".split()
)
_CODE = frozenset("verbatim lstlisting minted Verbatim".split())
_TABLES = frozenset("tabular tabularx longtable tabu array".split())
# Commands whose arguments are no text: how many braces follow at most.
_SILENT = {
    "label": 1, "ref": 1, "eqref": 1, "pageref": 1, "autoref": 1, "cref": 1, "Cref": 1,
    "cite": 1, "citep": 1, "citet": 1, "bibliography": 1, "bibliographystyle": 1, "vspace": 1,
    "hspace": 1, "usepackage": 1, "documentclass": 1, "input": 1, "include": 1, "pagestyle": 1,
    "thispagestyle": 1, "setlength": 2, "setcounter": 2, "newcommand": 2, "renewcommand": 2,
    "definecolor": 3, "color": 1, "index": 1, "hypersetup": 1, "geometry": 1, "cline": 1,
    "fontsize": 2, "graphicspath": 1, "addtocounter": 2, "cmidrule": 1, "author": 1, "date": 1,
}  # fmt: skip
_SIGNS = {"ldots": "…", "dots": "…", "LaTeX": "LaTeX", "TeX": "TeX", "textbackslash": "\\",
          "textasciitilde": "~", "S": "§", "copyright": "©", "quad": " ", "qquad": " ",
          "par": "\n\n", "newline": "\n", "ss": "ß", "ae": "æ", "o": "ø", "pounds": "£",
          "textendash": "–", "textemdash": "—", "degree": "°", "euro": "€"}  # fmt: skip
_TOKEN = re.compile(
    r"""(?P<dollars>\$\$?)|\\(?P<open>[(\[])|\\(?P<name>[A-Za-z]+)\*?[ \t]*|\\(?P<sign>[^A-Za-z])
    |(?P<blank>~)|(?P<dash>-{2,3})|(?P<quote>``|'')|(?P<brace>[{}])""",
    re.VERBOSE | re.DOTALL,
)
_TITLE = re.compile(r"\\title\s*(?:\[[^\]]*\])?\{")
_OPTION = re.compile(r"\s*\[[^\[\]]{0,2000}\]")
_RULE = re.compile(r"\\(?:hline|toprule|midrule|bottomrule)\b")
_GAPS = re.compile(r"\n[ \t]*\n\s*")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_DEEPEST = 40


def read_tex(path: Path, file: str) -> Iterator[Page]:
    """A LaTeX source as one page of Markdown.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.

    Raises:
        LoadError: Its bytes are no text.
    """
    decoded = decode(read_plain(path), file)
    source, comments = _COMMENT.subn(r"\1", decoded.text)
    reading = _Reading()
    found = _TITLE.search(source)
    title = reading.text(_argument(source, found.end() - 1)[0]) if found else ""
    begin = source.find("\\begin{document}")
    end = source.find("\\end{document}")
    body = source[begin + 16 if begin >= 0 else 0 : end if end >= 0 else len(source)]
    text = reading.text(body)
    if title and begin >= 0:
        text = f"# {title}\n\n{text}"
    text = "\n\n".join([text, *reading.notes])
    reading.left_out["comments"] += comments
    notes = {"encoding": decoded.encoding} | ({"title": title} if title else {})
    counts = tuple(left_out(kind, count) for kind, count in reading.left_out.items() if count)
    yield Page(
        text, headings=markdown_headings(text), warnings=(*decoded.warnings, *counts), notes=notes
    )


def _argument(source: str, at: int) -> tuple[str, int]:
    """What stands in the braces opened at a place, and their end; nothing if they do not end."""
    end = _braces(source).get(at)
    return ("", at + 1) if end is None else (source[at + 1 : end], end + 1)


@lru_cache(maxsize=_DEEPEST * 2)
def _braces(source: str) -> dict[int, int]:
    """Where each opened brace is closed."""
    closed: dict[int, int] = {}
    opened: list[int] = []
    for match in _BRACE.finditer(source):
        if match[0] == "{":
            opened.append(match.start())
        elif match[0] == "}" and opened:
            closed[opened.pop()] = match.start()
    return closed


class _Reading:
    """Counts and footnotes of one source."""

    def __init__(self) -> None:
        self.left_out: Counter[str] = Counter()
        self.notes: list[str] = []
        self._unclosed: set[tuple[int, str]] = set()
        self._lists: list[int] = []  # by depth: the item's number, -1 in a list without numbers

    def text(self, source: str, depth: int = 0) -> str:
        """A stretch of LaTeX as Markdown.

        Args:
            source: Without comments.
            depth: How many arguments it stands in.
        """
        if depth > _DEEPEST:
            return source
        out: list[str] = []
        at = 0
        while match := _TOKEN.search(source, at):
            out.append(_joined(source[at : match.start()]))
            written, at = self._token(source, match, depth)
            out.append(written)
        out.append(_joined(source[at:]))
        lines = (line.rstrip() for line in "".join(out).split("\n"))
        return _GAPS.sub("\n\n", "\n".join(lines)).strip()

    def _token(self, source: str, match: re.Match[str], depth: int) -> tuple[str, int]:
        end = match.end()
        if match["dollars"]:
            return _until(source, match.start(), end, match["dollars"])
        if match["open"]:
            return _until(source, match.start(), end, "\\)" if match["open"] == "(" else "\\]")
        if match["name"]:
            return self._command(source, match["name"], end, depth)
        if sign := match["sign"]:
            return ("\n" if sign == "\\" else sign if sign in "%&#_${}" else " "), end
        if match["dash"]:
            return "–" if len(match["dash"]) == 2 else "—", end
        if match["quote"]:
            return "“" if match["quote"] == "``" else "”", end
        return (" " if match["blank"] else ""), end

    def _command(  # noqa: C901 - a table of commands
        self, source: str, name: str, at: int, depth: int
    ) -> tuple[str, int]:
        if name == "begin":
            return self._environment(source, at, depth)
        if name == "end":
            ended, at = _argument(source, at)
            if ended.rstrip("*") in ("itemize", "enumerate", "description") and self._lists:
                self._lists.pop()
            return "\n\n", at
        if name == "item":
            return self._item(source, at, depth)
        if name in _SIGNS:
            return _SIGNS[name], at
        while option := _OPTION.match(source, at):
            at = option.end()
        if name in _SILENT:
            for _ in range(_SILENT[name]):
                while option := _OPTION.match(source, at):
                    at = option.end()
                if source[at : at + 1] == "{":
                    _, at = _argument(source, at)
            return "", at
        if name == "title":
            return "", _argument(source, at)[1]
        if name == "includegraphics":
            self.left_out["pictures"] += 1
            return "", _argument(source, at)[1]
        if source[at : at + 1] != "{":
            return "", at
        argument, after = _argument(source, at)
        if name in ("href", "textcolor", "colorbox") and source[after : after + 1] == "{":
            argument, after = _argument(source, after)
        written = self.text(argument, depth + 1)
        if name in _LEVELS:
            return f"\n\n{'#' * _LEVELS[name]} {' '.join(written.split())}\n\n", after
        if name in ("footnote", "thanks"):
            self.notes.append(f"[{len(self.notes) + 1}] {written}")
            return f"[{len(self.notes)}]", after
        return written, after

    def _item(self, source: str, at: int, depth: int) -> tuple[str, int]:
        label = _OPTION.match(source, at)
        mark = "- "
        if self._lists and self._lists[-1] >= 0:
            self._lists[-1] += 1
            mark = f"{self._lists[-1]}. "
        if label:
            at = label.end()
            mark += f"{self.text(label[0].strip()[1:-1], depth + 1)} "
        return "\n" + "  " * max(0, len(self._lists) - 1) + mark, at

    def _environment(self, source: str, at: int, depth: int) -> tuple[str, int]:
        name, at = _argument(source, at)
        plain = name.rstrip("*")
        if plain in ("itemize", "enumerate", "description"):
            self._lists.append(0 if plain == "enumerate" else -1)
            option = _OPTION.match(source, at)
            return "\n", option.end() if option else at
        if plain in _FORMULAS or plain in _CODE or plain in _TABLES:
            closing = f"\\end{{{name}}}"
            key = (hash(source), closing)
            end = -1 if key in self._unclosed else source.find(closing, at)
            if end < 0:
                self._unclosed.add(key)
                return "", at
            inside, after = source[at:end], end + len(closing)
            if plain in _CODE:
                return f"\n\n```\n{inside.strip(chr(10))}\n```\n\n", after
            if plain in _FORMULAS:
                formula = re.sub(r"\\label\{[^{}]*\}", "", inside).strip()
                return f"\n\n$${formula}$$\n\n", after
            return f"\n\n{self._table(inside, depth)}\n\n", after
        if plain == "thebibliography":
            return "\n\n", _argument(source, at)[1]
        option = _OPTION.match(source, at)
        return "\n\n", option.end() if option else at

    def _table(self, inside: str, depth: int) -> str:
        for _ in range(2):
            option = _OPTION.match(inside)
            inside = inside[option.end() :] if option else inside
            if inside.lstrip().startswith("{"):
                at = inside.index("{")
                rest = inside[_argument(inside, at)[1] :]
                inside = rest if "\\\\" in rest else inside
        rows = []
        for line in re.split(r"\\\\(?:\[[^\]]*\])?", inside):
            cells = []
            for cell in re.split(r"(?<!\\)&", _RULE.sub("", line)):
                wide = re.match(r"\s*\\multicolumn\{(\d{1,3})\}", cell)
                if wide:
                    at = _argument(cell, wide.end())[1]
                    cells.append(Cell(self.text(cell[at:], depth + 1), int(wide[1])))
                else:
                    cells.append(Cell(self.text(cell, depth + 1)))
            rows.append(cells)
        return table_text(rows)


def _until(source: str, start: int, at: int, closing: str) -> tuple[str, int]:
    """A formula as written, and where it ends; no further than a paragraph goes."""
    end = source.find(closing, at, at + 20_000)
    blank = source.find("\n\n", at, at + 20_000)
    if end < 0 or 0 <= blank < end:
        return source[start:at], at
    inside = " ".join(source[at:end].split())
    signs = "$$" if closing in ("$$", "\\]") else "$"
    return f"{signs}{inside}{signs}", end + len(closing)


def _joined(text: str) -> str:
    """Lines of one paragraph as LaTeX joins them: between Chinese characters without a blank."""
    lines = text.split("\n")
    out = [lines[0]]
    for number, line in enumerate(lines[1:], 1):
        blank = not line.strip() and number < len(lines) - 1
        before, after = out[-1][-1:], line.lstrip()[:1]
        if blank:
            out.append("\n\n")
        elif before != "\n":
            out.append("" if before > "\u2e80" and after > "\u2e80" else " ")
        kept = line.lstrip(" \t") if number == len(lines) - 1 else line.strip(" \t")
        out.append("" if blank else kept)
    return "".join(out) if len(lines) > 1 else text
