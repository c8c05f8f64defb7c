"""Reads pairs from XML and HTML: elements for questions and answers, or tags around labels."""

from __future__ import annotations

import html
import re
from typing import NamedTuple

from .findings import NOTHING_FOUND, Findings, Tail
from .json_walk import Role, role_of

_TAG = re.compile(
    r"<!\[CDATA\[(?P<cdata>.*?)(?:\]\]>|\Z)|<(?P<close>/?)(?P<name>[^\W\d][\w.:-]{0,23})"
    r"(?P<attributes>(?:\s[^<>]{0,2000})?)(?<!/)(?P<empty>/?)>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([\w:-]{1,24})\s{0,4}=\s{0,4}(?:\"([^\"]*)\"|'([^']*)')")
_ROLES: dict[str, Role] = {"dt": "question", "dd": "answer"}
_HALF = re.compile(r"</?\w{0,20}\Z")
_BREAK = re.compile(r"<br\s?/?>", re.IGNORECASE)
_ROW = re.compile(r"<tr\b[^<>]{0,200}>(.*?)(?=</tr>|<tr\b|</table>|\Z)", re.DOTALL | re.IGNORECASE)
_CELL = re.compile(r"<t[dh]\b[^<>]{0,200}>", re.IGNORECASE)
_BETWEEN_ROWS = re.compile(r"\|[ \t]*\n\s*\|")
_TAGGED = re.compile(
    r"(?:\b(?:q|a|question|answer)|问题?|問題?|答案?)\s?\d{0,3}\s?[.:：]?\s?</(?:b|strong|u|em|i|span|p|h\d)>",
    re.IGNORECASE,
)
_BROKEN = re.compile(
    r"<br\s?/?>\s*\**(?:q|a|question|answer|问题?|問題?|答案?)\s?\d{0,3}\s?[:：]", re.IGNORECASE
)
_LINE_BREAK = re.compile(r"\S<br\s?/?>\n", re.IGNORECASE)
_BLOCK = re.compile(
    r"</?(?:p|div|li|ul|ol|h[1-6]|hr|br|section|article|body|html|head|table|thead|tbody|tr"
    r"|blockquote|details|summary)\b[^<>]{0,200}>",
    re.IGNORECASE,
)
_INLINE = re.compile(r"</?(?:b|strong|i|em|u|span|font|t[dh]|label)\b[^<>]{0,200}>", re.IGNORECASE)


class _Element(NamedTuple):
    """The text of one question or answer, and the offsets of its element."""

    role: Role
    text: str
    start: int
    end: int
    closed: bool


def read_markup(text: str) -> Findings:
    """Pairs from elements such as ``<question>`` and ``<answer>``, ``<dt>`` and ``<dd>``.

    Args:
        text: A cleaned reply.
    """
    elements = _elements(text) if "<" in text else []
    roles = {element.role for element in elements}
    if not {"question", "answer"} <= roles:
        return NOTHING_FOUND
    shut = any(element.closed for element in elements)
    pairs: list[tuple[str, str]] = []
    asked: _Element | None = None
    start, end, unanswered = -1, 0, 0
    tail: Tail = "closed"
    for element in elements:
        if element.role == "question":
            unanswered += asked is not None
            asked = element
        elif asked and element.text and not (shut and _HALF.search(element.text)):
            pairs.append((asked.text, element.text))
            start = text.rfind("\n", 0, asked.start) + 1 if start < 0 else start
            end = element.end
            tail = "closed" if element.closed or end < len(text) else "open"
            asked = None
    if asked:
        tail, unanswered = "dropped", unanswered + 1
    return Findings(pairs, max(start, 0), tail, unanswered, end)


def _elements(text: str) -> list[_Element]:
    """The questions and answers in their order; what stands outside them is dropped."""
    found: list[_Element] = []
    role: Role | None = None
    name, pieces, start, position = "", [""], 0, 0
    for tag in _TAG.finditer(text):
        if tag["cdata"] is not None:
            pieces += [html.unescape(text[position : tag.start()]), tag["cdata"]]
            position = tag.end()
            continue
        means = _ROLES.get(tag["name"].lower()) or role_of(tag["name"])
        if tag["name"].lower() == "a" and tag["attributes"]:
            means = None  # a link
        if role and (means or (tag["close"] and tag["name"] == name)):
            pieces.append(html.unescape(text[position : tag.start()]))
            said = _BREAK.sub("\n", "".join(pieces)).strip()
            found.append(_Element(role, said, start, tag.end(), bool(tag["close"])))
            role = None
        if not role and not tag["close"]:
            found.extend(_from_attributes(tag))
        if means in ("question", "answer") and not (tag["close"] or tag["empty"]):
            role, name, pieces, start, position = means, tag["name"], [], tag.start(), tag.end()
    if role:
        pieces.append(html.unescape(text[position:]))
        found.append(_Element(role, "".join(pieces).strip(), start, len(text), closed=False))
    return found


def _from_attributes(tag: re.Match[str]) -> list[_Element]:
    """The pair in the attributes of one tag: ``<pair question="..." answer="..."/>``."""
    found: list[_Element] = []
    for name, double, single in _ATTRIBUTE.findall(tag["attributes"]):
        role = role_of(name)
        if role in ("question", "answer"):
            said = html.unescape(double or single)
            found.append(_Element(role, said, tag.start(), tag.end(), closed=True))
    return found if len(found) > 1 else []


def has_tagged_labels(text: str) -> bool:
    """Whether tags of HTML stand around the labels of a reply or end its lines."""
    return "<" in text and bool(
        _TAGGED.search(text) or _BROKEN.search(text) or len(_LINE_BREAK.findall(text)) > 1
    )


def without_tags(text: str) -> str:
    """The text of HTML as lines, its table rows with bars; other texts unchanged.

    Args:
        text: A cleaned reply.
    """
    if not (_BLOCK.search(text) or _INLINE.search(text) or "&quot;" in text):
        return text
    text = _ROW.sub(_row, text)
    text = html.unescape(_INLINE.sub("", _BLOCK.sub("\n", text)))
    return _BETWEEN_ROWS.sub("|\n|", text).strip()


def _row(row: re.Match[str]) -> str:
    if row.end() == len(row.string):
        return "\n"  # cut
    cells = _CELL.split(row[1])[1:]
    said = [_INLINE.sub("", _BREAK.sub("\n", cell)).strip() for cell in cells]
    return (
        "\n| "
        + " | ".join(text.replace("|", "\\|").replace("\n", "&lt;br>") for text in said)
        + " |\n"
    )
