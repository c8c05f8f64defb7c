"""What drawings in Office documents hold beside text boxes: charts, diagrams, pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from .charts import chart_text
from .ooxml import RELATION, Package, Relation, local

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_MOST_POINTS = 2000  # of one diagram


def drawing_blocks(
    node: Any, package: Package, relations: dict[str, Relation], counts: Counter[str]
) -> list[str]:
    """The values of charts and the words of diagrams below an element; all else is counted.

    Args:
        node: A drawing, its graphic frame, or a shape.
        package: Where the parts are.
        relations: Of the part that the drawing stands in.
        counts: Takes what is not read, by the words of ``left_out``.
    """
    blocks: list[str] = []
    objects = pictures = 0
    for one in _shown(node):
        name = local(one)
        if name in ("OLEObject", "oleObj", "objectEmbed", "control"):
            objects += 1
        elif name in ("pic", "imagedata"):
            pictures += 1
        elif name == "chart" and one.get(f"{RELATION}id"):
            text = _chart(one, package, relations)
            blocks += [text] if text else []
            counts["charts"] += not text
        elif name == "relIds":
            counts["drawings"] += 1
            blocks += _diagram(one, package, relations)
        elif name == "textpath" and (one.get("string") or "").strip():
            blocks.append(one.get("string").strip())
    counts["objects"] += objects
    counts["pictures"] += pictures if not objects else 0  # an object is shown by a picture
    return blocks


def _shown(node: Any) -> Iterator[Any]:
    """An element and all below it, but for the older form of what has a newer one."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        newer = local(one) == "AlternateContent" and any(local(c) == "Choice" for c in one)
        below = [c for c in one if not (newer and local(c) == "Fallback")]
        waiting += reversed(below)


def _chart(node: Any, package: Package, relations: dict[str, Relation]) -> str:
    relation = relations.get(node.get(f"{RELATION}id") or "")
    root = package.xml(relation.target) if relation and not relation.external else None
    return chart_text(root) if root is not None else ""


def _diagram(node: Any, package: Package, relations: dict[str, Relation]) -> list[str]:
    """The words of a diagram, in the order its author typed them."""
    relation = relations.get(node.get(f"{RELATION}dm") or "")
    root = package.xml(relation.target) if relation and not relation.external else None
    if root is None:
        return []
    lines = []
    for point in list(root.iter(f"{_DIAGRAM}pt"))[:_MOST_POINTS]:
        if point.get("type", "node") == "node":
            text = " ".join("".join(one.text or "" for one in point.iter(f"{_A}t")).split())
            lines += [f"- {text}"] if text else []
    return ["\n".join(lines)] if lines else []
