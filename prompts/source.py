"""Where a text comes from, as every request says it: document, headings, pages, the text before."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from pydantic import BaseModel, ConfigDict

from .prompt_file import read_file
from .template import Language

LONGEST_NAME = 120  # characters of a title or heading
LONGEST_LINE = 300  # characters of the whole source line
LONGEST_BEFORE = 260
LONGEST_HEADER = 300
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]{0,300}>|!?\[([^\[\]]{0,200})\]\([^()\s]{1,300}\)")
_QUOTES = str.maketrans({'"': "'", "“": "'", "”": "'", "`": "'", "„": "'"})
_ROLE_MARKS = re.compile(r"<\|+|\|+>|\[/?INST\]|<</?SYS>>", re.IGNORECASE)


class RequestWords(BaseModel):
    """One YAML file: what requests of all prompts share in a language."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    page: str
    pages: str
    before: str
    table_header: str
    kinds: str
    kind: dict[str, str]
    join: str
    examples: str


class Source(BaseModel):
    """What is known of the place of a text.

    Attributes:
        title: The document's name; empty where it says none.
        headings: Those that hold where the text begins, outermost first.
        name: The file's name, shown where there is neither.
        pages: First and last; None without pages.
        before: The end of the text before it.
        table_header: Of the table that it begins in.
    """

    model_config = ConfigDict(frozen=True)

    title: str = ""
    headings: tuple[str, ...] = ()
    name: str = ""
    pages: tuple[int, int] | None = None
    before: str = ""
    table_header: str = ""

    def line(self, language: Language, *, paged: bool = True) -> str:
        """The source on one line; ``-`` where nothing is known.

        Args:
            language: ``zh`` or ``en``.
            paged: Whether pages are part of it.
        """
        words = request_words(language)
        names = [plain(self.title, LONGEST_NAME)]
        for heading in self.headings:
            shown = plain(heading, LONGEST_NAME)
            if shown and not any(_bare(shown) in _bare(name) for name in names[:1] if name):
                names += [] if _bare(shown) == _bare(names[-1]) else [shown]
        shown = _joined([name for name in names if name] or [plain(self.name, LONGEST_NAME)])
        if paged and self.pages is not None:
            first, last = self.pages
            pages = words.page if first == last else words.pages
            shown += pages.format(page=first, first=first, last=last)
        return shown or "-"

    def note(self, language: Language) -> str:
        """The source line, and below it the text before and the head of a cut table, if any.

        Args:
            language: ``zh`` or ``en``.
        """
        words = request_words(language)
        lines = [self.line(language)]
        if before := plain(self.before, LONGEST_BEFORE, end=True):
            lines.append(words.before.format(before=before))
        if header := plain(self.table_header, LONGEST_HEADER):
            lines.append(words.table_header.format(header=header))
        return "\n".join(lines)


@cache
def request_words(language: Language) -> RequestWords:
    """The words that requests share, in ``zh`` or ``en``.

    Raises:
        PromptError: The file is damaged.
    """
    return read_file(f"request.{language}.yaml", RequestWords)


def plain(text: str, most: int, *, end: bool = False) -> str:
    """A text of a document as a name in a request: one line, bounded, no marks that structure it.

    Args:
        text: The text.
        most: Characters.
        end: Whether its end is kept where it is longer, not its beginning.
    """
    text = text[-20 * most :] if end else text[: 20 * most]
    signs = (" " if unicodedata.category(sign)[0] == "C" else sign for sign in text)
    shown = _ROLE_MARKS.sub(" ", _MARKUP.sub(r"\1", "".join(signs)).translate(_QUOTES))
    shown = " ".join(shown.split())
    if len(shown) <= most:
        return shown
    return shown[-most:] if end else shown[: most - 1] + "…"


def _joined(names: list[str]) -> str:
    """The names as a trail; where it is too long, the inmost ones and the first are kept."""
    while len(names) > 2 and len(" > ".join(names)) > LONGEST_LINE:
        del names[1]
    return " > ".join(names)


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).casefold()
