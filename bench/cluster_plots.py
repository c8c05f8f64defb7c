"""Draws two plots for docs from committed results: the journal's knee, and the simulated runs.

python -m bench.cluster_plots
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .report import RESULTS

DOCS = Path(__file__).resolve().parent.parent / "docs"
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 560, 300, 64, 44, 24, 52
INK, COLOURS = "#22354f", ("#2b6cb0", "#c05621", "#2f855a")
Line = tuple[str, Sequence[tuple[float, float]]]


def plot(title: str, across: str, up: str, lines: Sequence[Line], top: float) -> str:
    """A plot as SVG, its horizontal axis logarithmic.

    Args:
        title: Above it.
        across: What the horizontal axis shows.
        up: What the vertical axis shows.
        lines: Each with its name and its points, left to right.
        top: The largest value of the vertical axis, which begins at 0.
    """
    values = [x for _, points in lines for x, _ in points]
    first, last = math.log10(min(values)), math.log10(max(values))

    def x_of(value: float) -> float:
        return LEFT + (math.log10(value) - first) / (last - first) * (WIDTH - LEFT - RIGHT)

    def y_of(value: float) -> float:
        return HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM)

    head = f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="system-ui, sans-serif"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {head} font-size="12">',
        f"<title>{title}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="10" fill="#fbfbf8"/>',
        f'<text x="{LEFT}" y="24" fill="{INK}" font-size="14">{title}</text>',
    ]
    for step in range(5):
        value = top * step / 4
        y = y_of(value)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#dde3ea"/>')
        parts.append(
            f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" fill="{INK}">{value:g}</text>'
        )
    parts += [
        f'<text x="{x_of(value):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle"'
        f' fill="{INK}">{value:g}</text>'
        for value in sorted(set(values))
    ]
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(
        f'<text x="{middle}" y="{HEIGHT - 12}" text-anchor="middle" fill="{INK}">{across}</text>'
    )
    parts.append(f'<text x="{LEFT}" y="{TOP - 4}" fill="{INK}">{up}</text>')
    for number, (name, points) in enumerate(lines):
        colour = COLOURS[number]
        way = " ".join(f"{x_of(x):.1f},{y_of(y):.1f}" for x, y in points)
        parts.append(f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [
            f'<circle cx="{x_of(x):.1f}" cy="{y_of(y):.1f}" r="3" fill="{colour}"/>'
            for x, y in points
        ]
        parts.append(
            f'<text x="{WIDTH - RIGHT}" y="{TOP + 14 + 16 * number}" text-anchor="end"'
            f' fill="{colour}">{name}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _result(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))
    return found


def main() -> None:
    """Writes both plots."""
    rows = [row for row in _result("cluster")["journal"] if row["requests_a_call"] == 4]
    knee = [(row["nodes"], row["calls_a_second"]) for row in rows]
    most = max(y for _, y in knee)
    text = plot(
        "One journal, measured",
        "nodes that call · 节点数",
        "calls a second · 每秒调用",
        [("4 requests a call", knee)],
        500 * math.ceil(most / 500),
    )
    (DOCS / "cluster-journal.svg").write_text(text, encoding="utf-8")
    runs = _result("cluster_model")["runs"]
    lines = []
    for losses in sorted({row["losses_an_hour"] for row in runs}):
        points = [
            (row["nodes"], row["makespan_over_ideal"])
            for row in runs
            if row["losses_an_hour"] == losses
        ]
        lines.append((f"{losses:.0%} of nodes lost an hour", points))
    highest = max(y for _, points in lines for _, y in points)
    text = plot(
        "Makespan over ideal, simulated",
        "nodes of 32 calls · 节点数",
        "times ideal · 与理想之比",
        lines,
        max(2.0, math.ceil(highest)),
    )
    (DOCS / "cluster-model.svg").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
