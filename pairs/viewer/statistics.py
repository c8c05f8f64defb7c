"""Tables of a review: pairs by document, page and kind of question, and what was made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from html import escape

from messages import say

from .content import Item

__all__ = ["KINDS", "statistics"]

_COLUMNS = {
    "kept": "desk.n_kept",
    "accepted": "desk.n_accepted",
    "rejected": "desk.n_rejected",
    "duplicate": "desk.n_duplicate",
    "unseen": "desk.n_unseen",
}
_MOST_ROWS = 200
KINDS = {
    "when": "desk.kind_when",
    "where": "desk.kind_where",
    "who": "desk.kind_who",
    "why": "desk.kind_why",
    "how many": "desk.kind_how_many",
    "how": "desk.kind_how",
    "yes or no": "desk.kind_yes_or_no",
    "what": "desk.kind_what",
}
"""Kinds of questions, and the codes of their names."""


def statistics(items: Iterable[Item], documents: Sequence[str], language: str) -> str:
    """Three tables as HTML, every text in them escaped.

    Args:
        items: As the desk has them.
        documents: Their names.
        language: ``en`` or ``zh``.
    """
    pairs = [item for item in items if "pair" in item]

    def document(item: Item) -> str:
        at = item.get("document")
        return str(item.get("source", "")) if at is None else documents[at]

    def page(item: Item) -> str:
        return f"{document(item)}, {item['page']}" if "page" in item else ""

    def kind(item: Item) -> str:
        return say(KINDS[item["kind"]], language)

    tables = (("view.document", document), ("desk.by_page", page), ("desk.by_kind", kind))
    return "\n".join(_table(say(code, language), pairs, of, language) for code, of in tables)


def _table(title: str, pairs: Sequence[Item], of: Callable[[Item], str], language: str) -> str:
    counts: dict[str, Counter[str]] = {}
    for item in pairs:
        if name := of(item):
            counts.setdefault(name, Counter()).update(_states(item))
    if not counts:
        return ""
    head = "".join(f"<th>{escape(say(code, language))}</th>" for code in _COLUMNS.values())
    rows = "".join(
        f"<tr><th>{escape(name)}</th>"
        + "".join(f"<td>{count[column]:,}</td>" for column in _COLUMNS)
        + "</tr>"
        for name, count in list(counts.items())[:_MOST_ROWS]
    )
    return (
        f'<section class="counts"><h2>{escape(title)}</h2><div tabindex="0" role="region"'
        f' aria-label="{escape(title)}"><table><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div></section>"
    )


def _states(item: Item) -> list[str]:
    """The columns that a pair counts in."""
    review = item.get("review")
    states = [item["state"]] if item["state"] in ("kept", "duplicate") else []
    if review or item["state"] == "kept":
        states.append(review or "unseen")
    return states
