"""Raised and lowered characters as text: 10⁶, H₂O, x^{n/2}."""

from __future__ import annotations

import re

_PLAIN = "0123456789+-=()abcdefghijklmnoprstuvwxyz"
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"
_UP = str.maketrans(_PLAIN + "−–", _RAISED + "⁻⁻")
_DOWN = str.maketrans("0123456789+-=()aehijklmnoprstuvx−–", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ₋₋")
# Ordinals and signs that typography raises; on the line they mean the same.
_ON_THE_LINE = re.compile(r"st|nd|rd|th|er|re|e|ème|o|os|a|as|tm|sm|™|®|©|℠", re.IGNORECASE)
_MARK = re.compile(r"[\[［〔【]|[*†‡§¶※①-⑳]")
_HAN = re.compile("[\u3400-\u9fff]")
_LONGEST = 40  # characters; longer texts are no exponents


def raised(text: str, before: str = "") -> str:
    """A raised text as it stands in a line: ``⁶``, ``^{n/2}``, or unchanged.

    Args:
        text: What is raised.
        before: The text before it, which tells an ordinal from an exponent.
    """
    text = " ".join(text.split())
    if _ON_THE_LINE.fullmatch(text) and (not text.isalpha() or before[-1:].isdigit()):
        return text
    if not text or _MARK.match(text) or len(text) > _LONGEST:
        return text
    return f"[{text}]" if _HAN.search(text) else _moved(text, _UP, "^")


def lowered(text: str) -> str:
    """A lowered text as it stands in a line: ``₂``, ``_{max}``.

    Args:
        text: What is lowered.
    """
    text = " ".join(text.split())
    return text if not text or len(text) > _LONGEST else _moved(text, _DOWN, "_")


def _moved(text: str, table: dict[int, int], sign: str) -> str:
    if all(ord(one) in table for one in text):
        return text.translate(table)
    return f"{sign}{{{text}}}"
