"""Reads RTF: paragraphs, headings, lists, tables and notes, each character in its own code page."""

from __future__ import annotations

import mmap
import re
from collections.abc import Collection, Iterator
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path

from .errors import LoadError
from .headings import markdown_headings
from .pages import Page
from .rtftext import Decoder, RtfText, charset_codec

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?[0-9]{1,10})? ?|((?:\\'[0-9a-fA-F]{2})+)|\\([^a-zA-Z])|([{}])|[\r\n\0]+"
    rb"|([^\\{}\r\n\0]+)"
)
_BRACE = re.compile(rb"[{}]|\\bin([0-9]{1,10}) ?|\\[^a-zA-Z]")
_MOST_TOKENS = 3_000_000  # some ten seconds
_DEEPEST = 1000  # groups in each other; programs write some twenty

_TEXT = {
    "tab": "\t", "line": "\n", "emdash": "—", "endash": "–", "emspace": " ", "enspace": " ",
    "qmspace": " ", "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“",
    "rdblquote": "”", "lbr": "\n", "softline": "\n",
}  # fmt: skip
_SIGNS = {"~": " ", "_": "-", "\r": None, "\n": None}
# Groups that are no text of the page, though nothing in the file says that they may be passed over.
_SKIPPED = frozenset(
    "colortbl pict objdata fldinst nonshppict shprslt nonesttables listtable revtbl filetbl "
    "xe tc txe rxe template themedata colorschememapping datastore latentstyles sp pn pntxta "
    "pntxtb private generator author operator company manager category keywords comment doccomm "
    "hlinkbase creatim revtim printim buptim mmathPict objclass objname mdeg do_private "
    "list listlevel listname listoverride background ftnsep ftnsepc ftncn aftnsep aftnsepc "
    "aftncn falt panose".split()
)
# Groups that may be passed over by who does not know them; these are known.
_KNOWN = frozenset("shppict shpinst shptxt dptxbxtext ud nesttableprops moMath moMathPara".split())
_HEADERS = frozenset("header headerl headerr headerf footer footerl footerr footerf".split())
_COUNTED = {"pict": "pictures", "object": "objects"}
_KINDS = {"fonttbl": "font", "stylesheet": "sheet", "info": "skip"}
# What stands before and behind a group's text; \b and \v enclose a paragraph's number or bullet.
_AROUND = {
    "moMath": ("$", "$"), "mnum": ("\\frac{", "}"), "mden": ("{", "}"), "msup": ("^{", "}"),
    "msub": ("_{", "}"), "mrad": ("\\sqrt{", "}"), "listtext": ("\b", "\v"),
    "pntext": ("\b", "\v"),
}  # fmt: skip
_SWITCHES = {"v": "hidden", "deleted": "deleted", "strike": "struck", "striked": "struck"}
_SHIFTS = {"super": 1, "up": 1, "sub": -1, "dn": -1, "nosupersub": 0}
_CODE_PAGES = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}


@dataclass
class _Group:
    """What holds until a group's closing brace."""

    kind: str = ""  # "", or what takes the text instead: font, style, title, skip
    font: int = -1
    wide_font: int | None = None
    unicode_skip: int = 1
    hidden: bool = False
    struck: bool = False
    deleted: bool = False
    shift: int = 0  # 1 raised, -1 lowered
    closing: str = ""  # written where the group ends


@dataclass
class _Style:
    """A style of the style sheet while it is read."""

    number: int = 0
    level: int = 0
    name: list[str] = field(default_factory=list)


_HEADING = re.compile(r"(?:heading|标题|標題|Überschrift|Titre)\s{0,2}([1-9])\b", re.IGNORECASE)


def read_rtf(path: Path, file: str, include: Collection[str] = ()) -> Iterator[Page]:
    """An RTF file as one page of Markdown.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.
        include: What is read though it is left out otherwise, such as ``hidden``.

    Raises:
        LoadError: It is nested or long beyond what a document is.
    """
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        reader = _Reader(data, file, frozenset(include))
        reader.run()
    text = reader.out.text()
    title = " ".join("".join(reader.title).split())
    yield Page(
        text,
        headings=markdown_headings(text),
        warnings=reader.out.warnings(),
        notes={"title": title} if title else {},
    )


class _Reader:
    def __init__(self, data: mmap.mmap, file: str, include: frozenset[str]) -> None:
        self._data = data
        self._file = file
        self._include = include
        self._at = 0
        self._group = _Group()
        self._stack: list[_Group] = []
        self._starred = False
        self._first = False  # whether the next word is a group's first
        self._skip = 0  # characters behind \u that stand for it where Unicode is unknown
        self._decoder = Decoder()
        self._style = _Style()
        self._levels: dict[int, int] = {}
        self.title: list[str] = []
        self.out = RtfText()

    def run(self) -> None:
        """Reads the whole file."""
        for _ in range(_MOST_TOKENS):
            match = _TOKEN.match(self._data, self._at)
            if match is None:
                if self._at >= len(self._data):
                    break
                self._at += 1  # a lone backslash
                continue
            self._at = match.end()
            self._token(match)
            if not self._stack and match[5] == b"}":
                break  # what follows the document's group is no part of it
        else:
            raise LoadError("load.too_many_tags", file=self._file, most=f"{_MOST_TOKENS:,}")
        self._flush()

    def _token(self, match: re.Match[bytes]) -> None:
        word, number, code, sign, brace, literal = match.groups()
        if literal is not None:
            self._literal(literal)
        elif code is not None:
            data = bytes.fromhex(code.replace(b"\\'", b"").decode("ascii"))
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            self._decoder.add(data[skipped:], coded=True)
        elif brace is not None:
            self._flush()
            self._skip = 0
            self._open() if brace == b"{" else self._close()
        elif sign is not None:
            self._sign(sign.decode("latin-1"))
        elif word is not None:
            self._flush()
            self._word(word.decode("ascii"), None if number is None else int(number))
        blank = literal is not None and literal.isspace()
        if match.lastindex is not None and brace is None and sign != b"*" and not blank:
            self._first = False

    def _literal(self, literal: bytes) -> None:
        skipped = min(self._skip, len(literal))
        self._skip -= skipped
        if skipped < len(literal):
            self._decoder.add(literal[skipped:], coded=False)

    def _sign(self, sign: str) -> None:
        if sign == "*":
            self._starred = self._first
        elif self._skip:
            self._skip -= 1
        elif sign in "\\{}":
            self._decoder.add(sign.encode(), coded=False)
        elif sign in "\r\n":
            self._flush()
            self._word("par", None)
        elif sign in _SIGNS:
            self._flush()
            self._write(_SIGNS[sign] or "")

    def _open(self) -> None:
        if len(self._stack) >= _DEEPEST:
            raise LoadError("load.nested", file=self._file)
        self._stack.append(self._group)
        self._group = copy(self._group)
        self._group.closing = ""
        self._first, self._starred = True, False

    def _close(self) -> None:
        self._first = self._starred = False
        if not self._stack:
            return
        ended, self._group = self._group, self._stack.pop()
        if ended.closing:
            self._write(ended.closing)
        if ended.kind == "style" and self._group.kind == "sheet":
            self._end_style()
        elif ended.kind == "aside" != self._group.kind:
            self.out.end_aside()

    def _flush(self) -> None:
        if self._decoder.waiting:
            self._write(self._decoder.text(self._group.font, self._group.wide_font))

    def _write(self, text: str) -> None:
        group = self._group
        if group.kind == "style":
            self._style.name.append(text)
        elif group.kind == "font":
            self._decoder.name_font(group.font, text)
        elif group.kind == "title":
            self.title.append(text)
        elif group.kind in ("", "aside"):
            for kind, is_so in (
                ("deletions", group.deleted), ("hidden", group.hidden), ("struck", group.struck),
            ):  # fmt: skip
                if is_so and kind not in self._include:
                    self.out.leave_out(kind, text)
                    return
            self.out.write(text, group.shift)

    def _skip_group(self) -> None:
        """Goes to the closing brace of the group that is open."""
        depth = 1
        for match in iter(lambda: _BRACE.search(self._data, self._at), None):
            self._at = match.end()
            if match[0] == b"{":
                depth += 1
            elif match[1] is not None:
                self._at = min(self._at + int(match[1]), len(self._data))
            elif match[0] == b"}":
                depth -= 1
                if not depth:
                    self._at -= 1
                    return
        self._at = len(self._data)

    def _word(self, word: str, number: int | None) -> None:
        if word == "u" and number is not None:
            self._write(self._decoder.sign(number & 0xFFFF, self._group.font))
            self._skip = self._group.unicode_skip
            return
        self._skip = 0
        if word == "upr" and self._data[self._at : self._at + 1] == b"{":
            # A text in two forms: the second one is in Unicode.
            self._at += 1
            self._skip_group()
            self._at += 1
        elif word == "bin":
            self._at = min(self._at + max(number or 0, 0), len(self._data))
        elif (not self._first or not self._destination(word)) and not self._state(word, number):
            self._layout(word, number)

    def _destination(self, word: str) -> bool:
        """Whether a group's first word says what the group is for."""
        group = self._group
        if word in _COUNTED:
            self.out.count(_COUNTED[word])
        if word == "annotation" or word in _HEADERS:
            self._beside("comments" if word == "annotation" else "headers")
        elif word == "footnote":
            self._aside(self.out.note_mark())
        elif word in _SKIPPED or word.endswith("Pr") or (self._starred and word not in _KNOWN):
            self._skip_group()
        elif word in _AROUND and group.kind in ("", "aside"):
            before, group.closing = _AROUND[word]
            self._write(before)
        elif word in _KINDS or (word == "title" and group.kind == "skip"):
            group.kind = _KINDS.get(word, word)
        elif group.kind == "sheet":
            group.kind = "style"
            self._style = _Style()
            return False
        else:
            return word in _KNOWN
        return True

    def _beside(self, kind: str) -> None:
        """A comment, or a page's header or footer."""
        if kind in self._include:
            self._aside("")
        else:
            self.out.leave_out(kind, "", apart=True)
            self._skip_group()

    def _aside(self, label: str) -> None:
        self._group = replace(self._group, kind="aside", shift=0, hidden=False)
        self.out.begin_aside(label)

    def _end_style(self) -> None:
        heading = _HEADING.match("".join(self._style.name).strip())
        level = int(heading[1]) if heading else self._style.level
        if level:
            self._levels[self._style.number] = min(level, 6)

    def _state(self, word: str, number: int | None) -> bool:
        """Whether a word says how the text behind it is set."""
        group, on = self._group, number != 0
        if word in ("f", "af"):
            self._font(word, number or 0)
        elif word in ("dbch", "loch", "hich"):
            group.wide_font = -1 if word == "dbch" else None
        elif word == "uc":
            group.unicode_skip = max(number or 0, 0)
        elif word in _SWITCHES:
            setattr(group, _SWITCHES[word], on)
        elif word in _SHIFTS:
            group.shift = _SHIFTS[word] if on else 0
        elif word == "plain":
            group.hidden = group.struck = group.deleted = False
            group.shift, group.wide_font = 0, None
        else:
            return self._code_page(word, number or 0)
        return True

    def _code_page(self, word: str, number: int) -> bool:
        """Whether a word says how bytes are decoded."""
        group = self._group
        if word in ("fcharset", "cpg") and group.kind == "font":
            codec = charset_codec(number) if word == "fcharset" else f"cp{number}"
            self._decoder.fonts[group.font] = codec
        elif word == "ansicpg":
            self._decoder.set_default(f"cp{number}")
        elif word in _CODE_PAGES:
            self._decoder.set_default(_CODE_PAGES[word])
        elif word == "deff":
            group.font = number
        else:
            return False
        return True

    def _font(self, word: str, number: int) -> None:
        group = self._group
        if word == "f":
            group.font = number
        if group.wide_font is not None:
            group.wide_font = number

    def _layout(self, word: str, number: int | None) -> None:
        kind = self._group.kind
        if kind == "style":
            if word == "s":
                self._style.number = number or 0
            elif word == "outlinelevel":
                self._style.level = (number or 0) + 1 if (number or 0) < 9 else 0
        elif kind not in ("", "aside"):
            return
        elif word in _TEXT:
            self._write(_TEXT[word])
        elif word == "s":
            self.out.set_level(self._levels.get(number or 0, 0))
        elif word == "outlinelevel":
            level = number or 0
            self.out.set_level(min(level + 1, 6) if level < 9 else 0)
        else:
            self.out.layout(word, number)
