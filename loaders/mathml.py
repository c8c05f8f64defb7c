"""MathML as LaTeX."""

from __future__ import annotations

import re
from typing import Any

_DEEPEST = 60
_STYLE = re.compile(r"^\{\\(?:display|text|script)style\s*(.*)\}$", re.DOTALL)
_FUNCTIONS = frozenset(
    "sin cos tan cot sec csc sinh cosh tanh arcsin arccos arctan log ln lg exp lim max min sup inf "
    "det dim ker gcd arg deg".split()
)
_OPERATORS = {"∑": "\\sum", "∏": "\\prod", "∫": "\\int", "∮": "\\oint", "⋃": "\\bigcup",
              "⋂": "\\bigcap", "&": "\\&", "%": "\\%", "\u2061": "", "\u2062": "", "\u2063": "",
              "−": "-", "{": "\\{", "}": "\\}"}  # fmt: skip
_ACCENTS = {"^": "hat", "ˆ": "hat", "¯": "bar",
            "‾": "overline", "→": "vec", "⃗": "vec", "~": "tilde",
            "˜": "tilde", "˙": "dot", "¨": "ddot", "⏞": "overbrace"}  # fmt: skip


def latex(math: Any) -> str:
    """A formula as LaTeX without its dollars: the author's own where the page keeps it.

    Args:
        math: A ``math`` element of any namespace.
    """
    for node in math.iter():
        if _name(node) == "annotation" and "tex" in (node.get("encoding") or "").lower():
            return _trimmed(node.text or "")
    written = " ".join(_write(math, 0).split())
    return written or _trimmed(math.get("alttext") or "")


def _trimmed(source: str) -> str:
    source = " ".join(source.split())
    while wrapped := _STYLE.match(source):
        source = wrapped[1].strip()
    return source


def _name(node: Any) -> str:
    tag = node.tag if isinstance(node.tag, str) else ""
    return tag.rpartition("}")[2].rpartition(":")[2].lower()


def _write(node: Any, depth: int) -> str:
    if depth > _DEEPEST:
        return " ".join(node.itertext())
    name = _name(node)
    if name in ("annotation", "annotation-xml", "mphantom", "none", "mprescripts", ""):
        return ""
    if name in ("mi", "mn", "mo", "ms", "mtext"):
        return _token(name, " ".join("".join(node.itertext()).split()))
    parts = [_write(child, depth + 1) for child in node if isinstance(child.tag, str)]
    if name == "mtable":
        rows = " \\\\ ".join(part for part in parts if part)
        return f"\\begin{{matrix}} {rows} \\end{{matrix}}"
    if name in ("mtr", "mlabeledtr"):
        return " & ".join(parts)
    if name == "mfenced":
        signs = (node.get("separators") or ",")[:1]
        return f"{node.get('open', '(')}{signs.join(parts)}{node.get('close', ')')}"
    if name == "msqrt":
        return f"\\sqrt{{{''.join(parts)}}}"
    shape = _SHAPES.get(name)
    if shape and len(parts) >= shape[0]:
        if name in ("mover", "munder") and (accent := _ACCENTS.get(parts[1])):
            under = accent.replace("over", "under") if name == "munder" else accent
            return f"\\{under}{{{parts[0]}}}"
        return shape[1].format(*parts)
    return "".join([node.text.strip() if node.text and name != "math" else "", *parts])


_SHAPES = {
    "mfrac": (2, "\\frac{{{0}}}{{{1}}}"),
    "mroot": (2, "\\sqrt[{1}]{{{0}}}"),
    "msup": (2, "{0}^{{{1}}}"),
    "msub": (2, "{0}_{{{1}}}"),
    "msubsup": (3, "{0}_{{{1}}}^{{{2}}}"),
    "mmultiscripts": (3, "{0}_{{{1}}}^{{{2}}}"),
    "mover": (2, "{0}^{{{1}}}"),
    "munder": (2, "{0}_{{{1}}}"),
    "munderover": (3, "{0}_{{{1}}}^{{{2}}}"),
}


def _token(name: str, text: str) -> str:
    if name == "mi" and text in _FUNCTIONS:
        return f"\\{text} "
    if name == "mo":
        known = _OPERATORS.get(text, text)
        return f" {known} " if len(known) > 2 and known.isalpha() else known
    if name in ("mtext", "ms") and text:
        return f"\\text{{{text}}}"
    return text
