"""Small SVG plots: a stacked bar, and a coverage strip along a text."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

__all__ = ["bar", "strip"]

_WIDTH = 400
_HEIGHT = 14
_LEAST = 3.0
"""Units of width below which a part could not be seen."""


def bar(parts: Sequence[tuple[str, str, int]], label: str) -> str:
    """A bar as wide as its place, each part as wide as its share; blank where all are 0.

    Args:
        parts: Each with the name of its colour, its name, and how many it counts.
        label: Name of the whole, for screen readers.
    """
    total = sum(count for _, _, count in parts)
    drawn: list[str] = []
    at = 0.0
    some = [part for part in parts if part[2]]
    spare = _WIDTH - _LEAST * len(some)
    for colour, name, count in some:
        width = _LEAST + spare * count / total
        drawn.append(
            f'<rect class="{colour}" x="{at:.2f}" y="0" width="{width:.2f}" height="{_HEIGHT}">'
            f"<title>{escape(name)}: {count}</title></rect>"
        )
        at += width
    return _drawing(drawn, f"{label}: {total}")


def strip(covered: Sequence[float | None], label: str) -> str:
    """A text from its beginning to its end, each part as strong in colour as it is covered.

    Args:
        covered: Of each part the covered share, 0..1; None where there is nothing to cover.
        label: For screen readers.
    """
    width = _WIDTH / max(1, len(covered))
    drawn = [
        f'<rect class="{"uncovered" if share == 0 else "covered"}" x="{at * width:.2f}" y="0"'
        f' width="{width + 0.3:.2f}" height="{_HEIGHT}"'
        f' fill-opacity="{0.25 + 0.75 * share if share else 1:.2f}"/>'
        for at, share in enumerate(covered)
        if share is not None
    ]
    return _drawing(drawn, label)


def _drawing(drawn: list[str], label: str) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none"'
        f' shape-rendering="crispEdges" role="img"'
        f' aria-label="{escape(label)}">{"".join(drawn)}</svg>'
    )
