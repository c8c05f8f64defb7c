"""The rules' verdict on a pair: proven by the text, refuted by it, or open."""

from __future__ import annotations

from ..records import Evidence, Verdict

__all__ = ["verdict_on"]

_LITERAL = ("exact", "normalised", "computed")


def verdict_on(evidence: Evidence, code: str) -> Verdict:
    """The verdict on a pair.

    Args:
        evidence: What ``ground`` found for its answer.
        code: The rules' reason against it, as ``reason_against`` gives it; empty for none.
    """
    if evidence.match != "none" and not (evidence.numbers_ok and evidence.names_ok):
        return "refuted"
    return "proven" if evidence.match in _LITERAL and not code else "open"
