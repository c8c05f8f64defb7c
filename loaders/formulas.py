"""Formulas of Office documents (OMML) as LaTeX."""

from __future__ import annotations

import re
from typing import Any

_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_DEEPEST = 40
_TEX = re.compile(r"[\\^_]")
_NARY = {"∑": "\\sum", "∏": "\\prod", "∫": "\\int", "∬": "\\iint", "∭": "\\iiint", "∮": "\\oint",
         "⋃": "\\bigcup", "⋂": "\\bigcap", "∐": "\\coprod"}  # fmt: skip
_ACCENTS = {"\u0302": "\\hat", "\u0303": "\\tilde", "\u0305": "\\bar", "\u0304": "\\bar",
            "\u0307": "\\dot", "\u0308": "\\ddot", "\u20d7": "\\vec", "\u20d6": "\\overleftarrow",
            "\u030c": "\\check", "\u0306": "\\breve", "\u0301": "\\acute",
            "\u0300": "\\grave"}  # fmt: skip
_FUNCTIONS = frozenset(
    "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh log ln lg exp lim max min sup inf "
    "det dim gcd deg arg ker".split()
)
_BRACES = {"{": "\\{", "}": "\\}", "": "."}


def latex(node: Any) -> str:
    """A formula as it is written in a text: LaTeX between dollar signs, plain where it is plain.

    Args:
        node: An ``m:oMath`` element or one that holds some.
    """
    text = " ".join(_inside(node, 0).split())
    return f"${text}$" if _TEX.search(text) else text


def _inside(node: Any, depth: int) -> str:
    if node is None:
        return ""
    if depth > _DEEPEST:
        return "".join(one.text or "" for one in node.iter(f"{_M}t"))
    return "".join(_one(child, depth) for child in node if isinstance(child.tag, str))


def _one(node: Any, depth: int) -> str:
    name = node.tag.rpartition("}")[2]
    if not node.tag.startswith(_M):
        return "" if name in ("rPr", "del", "moveFrom") else _inside(node, depth + 1)
    if name == "t":
        return node.text or ""
    if name == "r":
        return "".join(one.text or "" for one in node.iter(f"{_M}t"))
    if name.endswith("Pr"):
        return ""
    writer = _WRITERS.get(name)
    return writer(node, depth + 1) if writer else _inside(node, depth + 1)


def _part(node: Any, name: str, depth: int) -> str:
    return _inside(node.find(f"{_M}{name}"), depth).strip()


def _property(node: Any, name: str, default: str) -> str:
    found = node.find(f"{_M}{node.tag.rpartition('}')[2]}Pr/{_M}{name}")
    return default if found is None else (found.get(f"{_M}val") or "")


def _fraction(node: Any, depth: int) -> str:
    above, below = _part(node, "num", depth), _part(node, "den", depth)
    if _property(node, "type", "bar") == "lin":
        return f"{above}/{below}"
    if _property(node, "type", "bar") == "noBar":
        return f"\\binom{{{above}}}{{{below}}}"
    return f"\\frac{{{above}}}{{{below}}}"


def _root(node: Any, depth: int) -> str:
    degree = _part(node, "deg", depth)
    return f"\\sqrt{f'[{degree}]' if degree else ''}{{{_part(node, 'e', depth)}}}"


def _scripts(node: Any, depth: int) -> str:
    core = _part(node, "e", depth)
    low, high = _part(node, "sub", depth), _part(node, "sup", depth)
    low, high = f"_{{{low}}}" if low else "", f"^{{{high}}}" if high else ""
    return f"{{}}{low}{high}{core}" if node.tag == f"{_M}sPre" else f"{core}{low}{high}"


def _nary(node: Any, depth: int) -> str:
    sign = _property(node, "chr", "∫")
    low, high = _part(node, "sub", depth), _part(node, "sup", depth)
    limits = (f"_{{{low}}}" if low else "") + (f"^{{{high}}}" if high else "")
    return f"{_NARY.get(sign, sign)}{limits} {_part(node, 'e', depth)}"


def _delimited(node: Any, depth: int) -> str:
    left, right = _property(node, "begChr", "("), _property(node, "endChr", ")")
    between = _property(node, "sepChr", "|")
    inner = between.join(_inside(e, depth).strip() for e in node.findall(f"{_M}e"))
    if left in "([|" and right in ")]|" and left and right:
        return f"{left}{inner}{right}"
    return f"\\left{_BRACES.get(left, left)} {inner} \\right{_BRACES.get(right, right)}"


def _function(node: Any, depth: int) -> str:
    name = _part(node, "fName", depth)
    word = re.match(r"[A-Za-z]+", name)
    name = f"\\{name}" if word and word[0] in _FUNCTIONS else name
    return f"{name} {_part(node, 'e', depth)}"


def _accent(node: Any, depth: int) -> str:
    sign = _ACCENTS.get(_property(node, "chr", "\u0302"), "\\hat")
    return f"{sign}{{{_part(node, 'e', depth)}}}"


def _bar(node: Any, depth: int) -> str:
    above = _property(node, "pos", "bot") == "top"
    return f"\\{'overline' if above else 'underline'}{{{_part(node, 'e', depth)}}}"


def _limit(node: Any, depth: int) -> str:
    core, limit = _part(node, "e", depth), _part(node, "lim", depth)
    core = f"\\{core}" if core in _FUNCTIONS else core
    return f"{core}{'_' if node.tag == f'{_M}limLow' else '^'}{{{limit}}}"


def _matrix(node: Any, depth: int) -> str:
    rows = [
        " & ".join(_inside(e, depth).strip() for e in row.findall(f"{_M}e"))
        for row in node.findall(f"{_M}mr")
    ]
    return "\\begin{matrix}" + " \\\\ ".join(rows) + "\\end{matrix}"


def _lines(node: Any, depth: int) -> str:
    rows = [_inside(e, depth).strip() for e in node.findall(f"{_M}e")]
    text = " \\\\ ".join(rows)
    return f"\\begin{{aligned}}{text}\\end{{aligned}}" if len(rows) > 1 else text


_WRITERS = {
    "f": _fraction, "rad": _root, "sSup": _scripts, "sSub": _scripts, "sSubSup": _scripts,
    "sPre": _scripts, "nary": _nary, "d": _delimited, "func": _function, "acc": _accent,
    "bar": _bar, "limLow": _limit, "limUpp": _limit, "m": _matrix, "eqArr": _lines,
}  # fmt: skip


_CALL = re.compile(r"\\([a-z]+)((?:\\[a-z]+\d*\s*|\s)*)\(", re.IGNORECASE)
_LONGEST_FIELD = 2000  # characters


def field_formula(code: str) -> str:
    """What an ``EQ`` field shows, the way formulas and ringed numbers were set before OMML.

    Args:
        code: The field's instruction.
    """
    return " ".join(_field(code[:_LONGEST_FIELD].strip()[2:], 0).split())


def _field(code: str, depth: int) -> str:
    out: list[str] = []
    at = 0
    while (call := _CALL.search(code, at)) and depth < _DEEPEST:
        end = _closing(code, call.end())
        parts = [_field(part, depth + 1).strip() for part in _arguments(code[call.end() : end])]
        out += [code[at : call.start()], _call(call[1].lower(), call[2].lower(), parts)]
        at = end + 1
    return "".join(out) + re.sub(r"\\\*\s*\S+(?:\s*\"[^\"]*\"|\s*:[^\\]*)?", "", code[at:])


def _call(name: str, switches: str, parts: list[str]) -> str:
    first, last = (parts or [""])[0], (parts or [""])[-1]
    if name == "f" and len(parts) == 2:
        return f"$\\frac{{{first}}}{{{last}}}$"
    if name == "r":
        return f"$\\sqrt{f'[{first}]' if len(parts) == 2 and first else ''}{{{last}}}$"
    if name == "o" and len(parts) == 2:
        if first in ("○", "〇", "◯") and last.isdigit():
            return chr(0x245F + int(last)) if 0 < int(last) <= 20 else f"({last})"
        return last  # the reading of a word stands over it
    if name == "s":
        return ("^" if "up" in switches else "_") + f"{{{first}}}"
    return "".join(parts)


def _closing(code: str, at: int) -> int:
    open_ = 1
    for place in range(at, len(code)):
        open_ += {"(": 1, ")": -1}.get(code[place], 0)
        if not open_:
            return place
    return len(code)


def _arguments(code: str) -> list[str]:
    parts, open_ = [""], 0
    for sign in code:
        open_ += {"(": 1, ")": -1}.get(sign, 0)
        if sign in ",;，" and not open_:
            parts.append("")
        else:
            parts[-1] += sign
    return parts
