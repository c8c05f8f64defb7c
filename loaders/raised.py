"""Raised and lowered characters as text: Unicode's own where it has them all, else ^{} and _{}."""

from __future__ import annotations

import re

_PLAIN = "0123456789+-−–=()"
_RAISED = str.maketrans(_PLAIN + "ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿⁱ")
_LOWERED = str.maketrans(_PLAIN, "₀₁₂₃₄₅₆₇₈₉₊₋₋₋₌₍₎")
# Marks of notes, ordinals and trade marks say the same on the line.
_ASIDE = re.compile(r"[\[\]［］〔〕【】*†‡§¶#※①-⑳⑴-⒇]")
_ON_THE_LINE = re.compile(
    r"(?:st|nd|rd|th|er|re|ème|os|as|tm|sm|e|o|a|[ºª®©™℠℃°′″'\"’”“‘。，、；：！？.,;:])+$",
    re.IGNORECASE,
)
_MARKS = {"TM": "™", "SM": "℠", "(R)": "®", "(C)": "©"}
_HAN = re.compile("[\u3400-\u9fff]")
_LONGEST = 40  # characters; longer texts are no exponents


def raised(text: str, before: str | None = None) -> str:
    """Raised characters as they are written on the line: 10⁶, x^{max}, 1st, [3].

    Args:
        text: What stands raised.
        before: The text before it, which tells an ordinal from an exponent; None if unknown.
    """
    core = text.strip()
    if core in _MARKS:
        return text.replace(core, _MARKS[core])
    ordinal = before is None or not core.isalpha() or before.rstrip()[-1:].isdigit()
    if _ASIDE.search(core) or (ordinal and _ON_THE_LINE.match(core)):
        return text
    if _HAN.search(core) and len(core) <= _LONGEST:
        return text.replace(core, f"[{core}]")
    return _shifted(text, _RAISED, "^")


def lowered(text: str) -> str:
    """Lowered characters as they are written on the line: H₂O, x_{max}.

    Args:
        text: What stands lowered.
    """
    return _shifted(text, _LOWERED, "_")


def _shifted(text: str, table: dict[int, int], sign: str) -> str:
    core = text.strip()
    if all(ord(character) in table for character in core):
        return text.translate(table)
    if not any(map(str.isalnum, core)) or len(core) > _LONGEST:
        return text
    return text.replace(core, f"{sign}{{{' '.join(core.split())}}}")
