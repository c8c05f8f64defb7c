"""Reads XML: books and articles (FB2, JATS, DocBook, TEI) as text, everything else as records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .article import BLOCKS
from .errors import LoadError
from .jsontexts import record_text
from .options import LoadOptions
from .pages import Page, left_out
from .webpage import decode_html, parse_html
from .webtext import WebText
from .zips import declares

_MOST_TAGS = 3_000_000
_PROLOG = 1 << 16
_DEEPEST = 100
_PARAGRAPHS = ("p", "para", "simpara", "v", "l")
_SECTIONS = frozenset(
    "section sec chapter part appendix preface sect1 sect2 sect3 sect4 sect5 div abstract".split()
)
_TITLES = frozenset(("title", "head", "article-title", "book-title"))
# What each element of these vocabularies is in HTML, which one writer makes text of.
_AS_HTML = {
    "para": "p", "simpara": "p", "formalpara": "div", "v": "p", "l": "p", "text-author": "p",
    "subtitle": "h5", "cite": "blockquote", "epigraph": "blockquote", "disp-quote": "blockquote",
    "emphasis": "em", "italic": "em", "bold": "strong", "strikethrough": "del", "strike": "del",
    "superscript": "sup", "subscript": "sub", "image": "img", "graphic": "img", "figure": "figure",
    "itemizedlist": "ul", "orderedlist": "ol", "listitem": "li", "list-item": "li", "item": "li",
    "programlisting": "pre", "screen": "pre", "literallayout": "pre", "row": "tr", "entry": "td",
    "cell": "td", "variablelist": "dl", "term": "dt", "tgroup": "div", "informaltable": "table",
    "table-wrap": "div", "label": "span", "poem": "div", "stanza": "div", "def-list": "dl",
    "def": "dd", "fn": "aside", "inlinegraphic": "img", "mediaobject": "div",
}  # fmt: skip
_APART = frozenset(
    "binary stylesheet journal-meta article-id pub-date permissions history custom-meta-group "
    "document-info publish-info src-title-info genre lang coverpage encodingdesc profiledesc "
    "revisiondesc publicationstmt sourcedesc colophon indexterm remark processing-meta".split()
)
_TOLD = frozenset(("book-title", "annotation"))
_NOTES = frozenset(("footnote", "fn", "note"))


def read_xml(path: Path, file: str, options: LoadOptions) -> Iterator[Page]:
    """An XML file as one page: a text with its headings, or records with their fields.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.
        options: What of struck passages is read.

    Raises:
        LoadError: It is no XML, declares entities, or has more elements than can be held.
    """
    from lxml import etree

    data = path.read_bytes()
    if declares(data[:_PROLOG]):
        raise LoadError("load.xml_broken", file=file)
    if data.count(b"<") > _MOST_TAGS:
        raise LoadError("load.too_many_tags", file=file, most=f"{_MOST_TAGS:,}")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, recover=True,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise LoadError("load.xml_broken", file=file) from error
    deep = any("depth" in entry.message.lower() for entry in parser.error_log)
    if deep or root is None or not (len(root) or "".join(root.itertext()).strip()):
        raise LoadError("load.xml_broken", file=file)
    _plain_names(root)
    if root.tag == "html":
        page = parse_html(decode_html(data, file).text, file, options.include)
        yield Page(page.text, headings=page.headings, warnings=page.left_out)
    elif next(root.iter(*_PARAGRAPHS), None) is not None:
        yield _text(root, options)
    else:
        value = _value(root, 0)
        yield Page(record_text(_records(value)), headings=())


def _plain_names(root: Any) -> None:
    """Takes the namespaces off all names."""
    for node in root.iter():
        if isinstance(node.tag, str):
            node.tag = node.tag.rpartition("}")[2].lower()


def _text(root: Any, options: LoadOptions) -> Page:
    pictures = sum(1 for _ in root.iter("image", "graphic", "imagedata"))
    title = next((node for node in root.iter(*_TITLES) if "".join(node.itertext()).strip()), None)
    words = " ".join("".join(title.itertext()).split()) if title is not None else ""
    _to_html(root, 0, 0, in_notes=False)
    writer = WebText(lambda _: False, options.include)
    writer.walk(root)
    text, headings = writer.finish()
    writer.left_out["pictures"] = pictures
    counts = tuple(left_out(kind, count) for kind, count in writer.left_out.items() if count)
    return Page(text, headings=headings, warnings=counts, notes={"title": words} if words else {})


def _to_html(  # noqa: C901 - a table of elements
    node: Any, level: int, depth: int, *, in_notes: bool
) -> None:
    """Renames an element and all in it to what they are in HTML.

    Args:
        node: The element.
        level: How many sections it stands in.
        depth: How deep it stands in the tree.
        in_notes: Whether it stands among notes, whose titles are their numbers.
    """
    tag = node.tag
    if depth > _DEEPEST or tag == "math":
        return
    is_notes = tag in _NOTES or node.get("name") in ("notes", "comments")
    inside = level + (tag in _SECTIONS)
    for child in list(node):
        if not isinstance(child.tag, str):
            continue
        if child.tag in _APART or (tag == "title-info" and child.tag not in _TOLD):
            _drop(child)
        else:
            _to_html(child, inside, depth + 1, in_notes=in_notes or is_notes)
    if tag in _TITLES:
        whole = tag in ("article-title", "book-title")
        node.tag = "div" if in_notes else "h1" if whole else f"h{min(level + 1, 6)}"
        for part in node.iter("p"):
            part.tag = "span"
            part.tail = f" {part.tail or ''}"
    elif is_notes:
        node.tag = "aside"
        node.set("role", "doc-footnote")
    elif tag == "list":
        kind = node.get("list-type") or node.get("type") or ""
        node.tag = "ol" if kind in ("order", "ordered", "arabic") else "ul"
    elif tag == "xref" or (tag == "a" and node.get("type") == "note"):
        is_note = tag == "a" or (node.get("ref-type") or "") in ("fn", "table-fn")
        node.tag = "sup" if is_note else "span"
        if is_note:
            node.set("class", "noteref")
    elif tag in _AS_HTML:
        node.tag = _AS_HTML[tag]
    elif tag not in BLOCKS and len(node) and not (node.text or "").strip():
        node.tag = "div"


def _drop(node: Any) -> None:
    above, before = node.getparent(), node.getprevious()
    if node.tail and before is not None:
        before.tail = (before.tail or "") + node.tail
    elif node.tail:
        above.text = (above.text or "") + node.tail
    above.remove(node)


def _value(node: Any, depth: int) -> Any:
    """An element as JSON would have it: its attributes and children are fields."""
    fields: dict[str, Any] = {
        name.rpartition("}")[2]: value for name, value in node.attrib.items() if value.strip()
    }
    children = [child for child in node if isinstance(child.tag, str)]
    if depth > _DEEPEST or not children:
        text = " ".join("".join(node.itertext()).split())
        if not fields:
            return text
        return {**fields, node.tag: text} if text else fields
    for child in children:
        value = _value(child, depth + 1)
        if child.tag in fields:
            held = fields[child.tag]
            if isinstance(held, list):
                held.append(value)
            else:
                fields[child.tag] = [held, value]
        else:
            fields[child.tag] = value
    return fields


def _records(value: Any) -> list[Any]:
    """The records of a file whose root is hardly more than a list of them."""
    while isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    return value if isinstance(value, list) else [value]
