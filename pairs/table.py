"""A list of pairs as rows: for a notebook's page, for pandas, for datasets."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from messages import say

from .files.formats import row
from .records import PairList, QAPair
from .viewer.places import harmless

if TYPE_CHECKING:
    import datasets
    import pandas as pd

SHOWN = 20
"""Pairs that a notebook shows; the rest is counted."""


def to_pandas(pairs: Sequence[QAPair]) -> pd.DataFrame:
    """The pairs as a table, a row each, with the columns of the JSON format.

    Args:
        pairs: In order.

    Raises:
        ImportError: pandas is not installed.
    """
    import pandas as pd

    return pd.DataFrame([row(pair) for pair in pairs])


def to_dataset(pairs: Sequence[QAPair]) -> datasets.Dataset:
    """The pairs as a Hugging Face dataset, with the columns of the JSON format.

    Args:
        pairs: In order.

    Raises:
        ImportError: datasets is not installed.
    """
    import datasets

    rows = [row(pair) for pair in pairs]
    names = dict.fromkeys(name for one in rows for name in one)
    return datasets.Dataset.from_dict({name: [one.get(name) for one in rows] for name in names})


def summary(pairs: PairList) -> str:
    """A list in one line: how many pairs are kept, left out and in doubt, and what is missing."""
    states = pairs.states()
    parts = {
        "kept": len(pairs.kept),
        "duplicates": len(pairs.duplicates),
        "rejected": len(pairs.rejected),
        "conflicts": len(pairs.conflicts),
        "chunks failed": states["failed"],
        "chunks not asked": states["not asked"],
        "documents refused": len(pairs.refused),
    }
    always = {"kept", "duplicates", "rejected"}
    told = (f"{count} {name}" for name, count in parts.items() if count or name in always)
    return f"PairList({', '.join(told)})"


def as_html(pairs: PairList, language: str = "en") -> str:
    """A list for a notebook: its counts, and the first pairs with the sentence that proves each.

    Args:
        pairs: The list; every text in it is escaped.
        language: Of the column names: ``en`` or ``zh``.
    """
    names = ("table.question", "table.answer", "table.place", "table.evidence")
    head = "".join(f"<th>{escape(say(name, language))}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td style='text-align:left'>{_cell(text)}</td>" for text in texts)
        + "</tr>"
        for pair in pairs.kept[:SHOWN]
        for texts in [(pair.question, pair.answer, _place(pair), pair.evidence.sentence)]
    )  # fmt: skip
    more = len(pairs.kept) - SHOWN
    rest = f"<p>{escape(say('table.more', language, count=more))}</p>" if more > 0 else ""
    refused = "".join(f"<li>{_cell(one.say(language))}</li>" for one in pairs.refused[:SHOWN])
    return (
        f"<p>{_cell(summary(pairs))}</p><ul>{refused}</ul>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}"
    )


def _place(pair: QAPair) -> str:
    name = Path(pair.source).name
    page: Any = pair.evidence.page or pair.page
    return f"{name}, {page}" if page else name


def _cell(text: str) -> str:
    return escape(harmless(text))
