"""Finds the source of formulas that a page draws by MathML, KaTeX or MathJax."""

from __future__ import annotations

from typing import Any

from .mathml import latex

_CLASSES = ("katex", "mathjax", "mjx", "mwe-math")


def formula(node: Any, tag: str) -> tuple[str, bool] | None:
    """A formula's LaTeX, and whether it stands on a line of its own; None where there is none.

    What only draws a formula whose source stands elsewhere has an empty one.

    Args:
        node: An element.
        tag: Its name.
    """
    if tag == "math":
        return latex(node), node.get("display") == "block"
    if tag == "script":
        return _of_script(node)
    kinds = (node.get("class") or "").lower()
    if tag != "mjx-container" and not kinds.startswith(_CLASSES):
        return None
    math = next(node.iter("math", "{*}math"), None)
    if math is not None:
        return latex(math), "display" in kinds or node.get("display") in ("true", "block")
    if not kinds.startswith("mathjax"):
        return None
    if _has_source(node):
        return "", False
    source = _parsed(node.get("data-mathml") or "")
    return (source, False) if source else None


def _of_script(node: Any) -> tuple[str, bool] | None:
    kind = node.get("type") or ""
    if kind.startswith("math/tex"):
        return (node.text or "").strip(), "display" in kind
    return (_parsed(node.text or ""), False) if kind.startswith("math/mml") else None


def _has_source(node: Any) -> bool:
    """Whether the script behind a drawn formula holds its source."""
    following = node.getnext()
    while following is not None and following.tag in ("span", "div"):
        following = following.getnext()
    return following is not None and following.tag == "script"


def _parsed(source: str) -> str:
    from lxml import etree, html

    if "<math" not in source:
        return ""
    try:
        return latex(html.fragment_fromstring(source))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return ""
