"""Raised and lowered characters as text: Unicode's own where it has them all, else ^{} and _{}."""

from __future__ import annotations

import re

_PLAIN = "0123456789+-−=()"
_RAISED = str.maketrans(_PLAIN + "ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ")
_LOWERED = str.maketrans(_PLAIN, "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
# Marks of notes, ordinals and trade marks say the same on the line.
_ASIDE = re.compile(r"[\[\]［］〔〕【】*†‡§¶#①-⑳⑴-⒇]")
_ON_THE_LINE = re.compile(
    r"(?:st|nd|rd|th|er|re|o|a|[ºª®™℃°′″'\"’”“‘。，、；：！？.,;:])+$", re.IGNORECASE
)
_MARKS = {"TM": "™", "SM": "℠", "(R)": "®", "(C)": "©"}


def raised(text: str, before: str | None = None) -> str:
    """Raised characters as they are written on the line: 10⁶, x^{max}, 1st, [3].

    Args:
        text: What stands raised.
        before: The text before it, where it is known: letters are an ordinal's behind a digit only.
    """
    if before is not None and text.strip().isalpha() and not before[-1:].isdigit():
        core = text.strip()
        if _ON_THE_LINE.match(core) and core not in _MARKS:
            return text.replace(core, f"^{{{core}}}")
    return _shifted(text, _RAISED, "^")


def lowered(text: str) -> str:
    """Lowered characters as they are written on the line: H₂O, x_{max}.

    Args:
        text: What stands lowered.
    """
    return _shifted(text, _LOWERED, "_")


def _shifted(text: str, table: dict[int, int], sign: str) -> str:
    core = text.strip()
    if not core:
        return text
    lead, tail = text[: text.index(core[0])], text[len(text.rstrip()) :]
    if sign == "^" and core in _MARKS:
        core = _MARKS[core]
    elif all(ord(character) in table for character in core):
        core = core.translate(table)
    elif not any(map(str.isalnum, core)) or (
        sign == "^" and (_ASIDE.search(core) or _ON_THE_LINE.match(core))
    ):
        pass
    else:
        core = f"{sign}{{{core}}}"
    return lead + core + tail
