"""Tables of a review: pairs by document, page and kind of question, and what was made of them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import NamedTuple

from messages import say

from .content import Item

__all__ = ["KINDS", "Spent", "spending", "statistics"]

_COLUMNS = {
    "kept": "desk.n_kept",
    "accepted": "desk.n_accepted",
    "rejected": "desk.n_rejected",
    "duplicate": "desk.n_duplicate",
    "unseen": "desk.n_unseen",
}
_MOST_ROWS = 200
_MOST_SLICES = 12
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


class Spent(NamedTuple):
    """What one reply took: when it came, in seconds since 1970, and its tokens."""

    at: float
    prompt: int
    completion: int


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


def spending(spent: Iterable[Spent], price: Sequence[float] | None, language: str) -> str:
    """A table of what the model took in the course of time, as HTML.

    Args:
        spent: One a reply, in order of time.
        price: Per million tokens that go out, and that come back; None where none is known.
        language: ``en`` or ``zh``.
    """
    calls = sorted(spent)
    if not calls:
        return ""
    first, last = calls[0].at, calls[-1].at
    width = max(1.0, (last - first) / _MOST_SLICES)
    rows: dict[int, list[Spent]] = {}
    for call in calls:
        rows.setdefault(min(_MOST_SLICES - 1, int((call.at - first) / width)), []).append(call)
    codes = ("desk.s_calls", "desk.s_out", "desk.s_back", "desk.s_cost")
    heads = [say(code, language) for code in codes][: 4 if price else 3]
    table: dict[str, list[str]] = {}
    for at, within in rows.items():
        when = time.strftime("%m-%d %H:%M:%S", time.localtime(first + at * width))
        out, back = sum(one.prompt for one in within), sum(one.completion for one in within)
        cells = [f"{len(within):,}", f"{out:,}", f"{back:,}"]
        if price:
            cells.append(f"{(out * price[0] + back * price[1]) / 1e6:.4f}")
        table[when] = cells
    return _html(say("desk.spending", language), heads, table)


def _table(title: str, pairs: Sequence[Item], of: Callable[[Item], str], language: str) -> str:
    counts: dict[str, Counter[str]] = {}
    for item in pairs:
        if name := of(item):
            counts.setdefault(name, Counter()).update(_states(item))
    rows = {
        name: [f"{count[column]:,}" for column in _COLUMNS]
        for name, count in list(counts.items())[:_MOST_ROWS]
    }
    return _html(title, [say(code, language) for code in _COLUMNS.values()], rows)


def _html(title: str, heads: Sequence[str], rows: Mapping[str, Sequence[str]]) -> str:
    """A table with its title; empty without rows."""
    if not rows:
        return ""
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "".join(
        f"<tr><th>{escape(name)}</th>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
        for name, cells in rows.items()
    )
    return (
        f'<section class="counts"><h2>{escape(title)}</h2><div tabindex="0" role="region"'
        f' aria-label="{escape(title)}"><table><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div></section>"
    )


def _states(item: Item) -> list[str]:
    """The columns that a pair counts in."""
    review = item.get("review")
    states = [item["state"]] if item["state"] in ("kept", "duplicate") else []
    if review or item["state"] == "kept":
        states.append(review or "unseen")
    return states
