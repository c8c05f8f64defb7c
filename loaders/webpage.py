"""Reads HTML as Markdown: what the page is about, with its headings, lists, tables and formulas."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .article import remove_furniture
from .encoding import Decoded, decode, decode_declared
from .errors import LoadError
from .options import LoadOptions
from .pages import Heading, Page, left_out
from .webtext import WebText

_HIDDEN = re.compile(
    r"display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}(?:hidden|collapse)"
    r"|font-size\s{0,3}:\s{0,3}0(?![.\d])|opacity\s{0,3}:\s{0,3}0(?![.\d])",
    re.IGNORECASE,
)
_HIDDEN_CLASSES = frozenset(
    "sr-only visually-hidden visuallyhidden screen-reader-text screen-reader-only".split()
)
_BRACE = re.compile(r"[^{}]{0,20000}[{}]")
_SELECTOR = re.compile(r"\s*(?:[a-z]{1,10})?([.#][\w-]{1,80})\s*", re.IGNORECASE)
_MOST_STYLE = 500_000  # characters of a page's style sheets
_MOST_HIDDEN = 0.2  # share of a page's text; a style sheet that hides more has it shown on a click
_CHARSET = re.compile(
    rb"""<meta[^>]{0,300}charset\s{0,9}=\s{0,9}["']?\s{0,9}([A-Za-z0-9_:.\-]{2,30})""",
    re.IGNORECASE,
)
_XML_CHARSET = re.compile(rb"""^\s*<\?xml[^>]{0,100}encoding\s*=\s*["']([A-Za-z0-9_.\-]{2,30})""")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
_MOST_TAGS = 3_000_000  # each takes some 200 bytes of memory once it is read


_MOST_TO_CHOOSE = 10_000_000  # characters; a larger page is no article


@dataclass(frozen=True)
class Webpage:
    """A page as it was read.

    Attributes:
        text: Its Markdown.
        title: What its head calls it; empty where that is silent.
        headings: With their places in the text.
        left_out: Warnings of what was not read.
    """

    text: str
    title: str
    headings: tuple[Heading, ...]
    left_out: tuple[dict[str, Any], ...]


def read_html(path: Path, file: str, options: LoadOptions) -> Iterator[Page]:
    """A web page as one page of Markdown.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.
        options: ``page`` among what they include reads menus and all, ``hidden`` and ``struck``
            such passages.

    Raises:
        LoadError: Its bytes are no text, or nothing but markup.
    """
    decoded = decode_html(path.read_bytes(), file)
    page = parse_html(decoded.text, file, options.include, choose=True)
    notes = {"encoding": decoded.encoding}
    if page.title:
        notes["title"] = page.title
    warnings = (*decoded.warnings, *page.left_out)
    yield Page(page.text, headings=page.headings, warnings=warnings, notes=notes)


def decode_html(data: bytes, file: str) -> Decoded:
    """The text of HTML bytes in the encoding they declare, if it holds, else as any other text.

    Args:
        data: The page.
        file: Its name, for errors.

    Raises:
        LoadError: No encoding explains the bytes.
    """
    declared = _CHARSET.search(data[:8192]) or _XML_CHARSET.match(data[:200])
    if declared:
        decoded = decode_declared(data, declared[1].decode("ascii"))
        if decoded:
            return decoded
    return decode(data, file)


def html_text(markup: str, file: str) -> tuple[str, str]:
    """The Markdown of a page's visible text, menus left out, and its title.

    Args:
        markup: The page.
        file: Its name, for errors.

    Raises:
        LoadError: The markup holds nothing that can be parsed, or more tags than a page has.
    """
    page = parse_html(markup, file)
    return page.text, page.title


def parse_html(
    markup: str, file: str, include: frozenset[str] = frozenset(), *, choose: bool = False
) -> Webpage:
    """A page's visible text as Markdown.

    Args:
        markup: The page.
        file: Its name, for errors.
        include: Words of ``INCLUDABLE``.
        choose: Whether it may hold menus and adverts, as a page of the web does.

    Raises:
        LoadError: The markup holds nothing that can be parsed, or more tags than a page has.
    """
    from lxml import etree, html

    if markup.count("<") > _MOST_TAGS:
        raise LoadError("load.too_many_tags", file=file, most=f"{_MOST_TAGS:,}")
    try:
        parser = html.HTMLParser(remove_comments=True, remove_pis=True, huge_tree=True)
        tree = html.document_fromstring(_DECLARATION.sub("", markup), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise LoadError("load.html_broken", file=file) from error
    if any("depth" in entry.message for entry in parser.error_log):
        # What lies deeper than the parser goes would be lost without a word.
        raise LoadError("load.html_broken", file=file)
    title = " ".join((tree.findtext(".//title") or "").split())
    hidden = _hidden_test(tree)
    whole = "page" in include
    writer = WebText(hidden, include)
    if choose and not whole and len(markup) <= _MOST_TO_CHOOSE:
        writer.left_out["page"] = remove_furniture(tree, hidden)
    elif not whole:
        for menu in list(tree.iter("nav")):
            menu.drop_tree()
    body = tree.find("body")
    writer.walk(body if body is not None else tree)
    text, headings = writer.finish()
    counts = ((kind, count) for kind, count in writer.left_out.items() if count)
    return Webpage(text, title, headings, tuple(left_out(kind, count) for kind, count in counts))


def _hidden_test(tree: Any) -> Callable[[Any], bool]:
    """Says of an element of a page whether a reader sees it."""
    names = _hidden_names(tree)

    def is_hidden(node: Any) -> bool:
        attributes = node.attrib
        if not attributes:
            return False
        if "hidden" in attributes and attributes["hidden"] != "until-found":
            return True
        if "style" in attributes and _HIDDEN.search(attributes["style"]):
            return True
        kinds = attributes.get("class", "").split()
        if any(kind in _HIDDEN_CLASSES for kind in kinds):
            return True
        return bool(names) and (
            any("." + kind in names for kind in kinds) or "#" + attributes.get("id", "") in names
        )

    return is_hidden


def _hidden_names(tree: Any) -> frozenset[str]:
    """The classes and ids, with their sign, that the page's style sheets hide on the screen."""
    names: set[str] = set()
    left = _MOST_STYLE
    for sheet in tree.iter("style"):
        text = (sheet.text or "")[:left]
        left -= len(text)
        depth, selectors = 0, ""
        for part in _BRACE.findall(text):
            if part.endswith("{"):
                depth += 1
                selectors = part[:-1] if depth == 1 else ""
            else:
                depth = max(0, depth - 1)
                if selectors and depth == 0 and _HIDDEN.search(part):
                    found = (_SELECTOR.fullmatch(one) for one in selectors.split(","))
                    names |= {match[1] for match in found if match}
    if not names:
        return frozenset()
    total = hidden = 0
    for node in tree.iter():
        size = len((node.text or "").strip()) if isinstance(node.tag, str) else 0
        total += size
        kinds = {"." + kind for kind in (node.get("class") or "").split()}
        if (kinds | {"#" + (node.get("id") or "")}) & names:
            hidden += sum(len(text.strip()) for text in node.itertext())
    return frozenset(names) if hidden <= _MOST_HIDDEN * total else frozenset()
