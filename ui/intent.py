"""Whether a typed text is a text to make pairs of, or a question to answer."""

from __future__ import annotations

from loaders import count_tokens

LEAST_TEXT = 20  # characters; less is no material, whatever a person says about it
_LONG, _LONG_WITH_LIST = 60, 400  # estimated tokens of a text that is material by its length
_ENDS = "。！？!?."


def is_material(text: str, *, has_list: bool) -> bool:
    """Whether a typed text is to be made pairs of, rather than answered.

    A question is answered; several sentences are material; with a list at hand only a long text
    is, since talking about it is what a person most likely wants.
    """
    stripped = text.strip()
    if len(stripped) < LEAST_TEXT:
        return False
    tokens = count_tokens(stripped[:20_000])
    if tokens >= _LONG_WITH_LIST:
        return True
    if has_list or stripped.endswith(("?", "？")):
        return False
    return tokens >= _LONG or _sentences(stripped) >= 2


def _sentences(text: str) -> int:
    """Sentences a text has, as its closing marks tell; a point within a number is none."""
    return sum(
        mark in _ENDS and (mark in "。！？" or not following.strip())
        for mark, following in zip(text, [*text[1:], " "], strict=True)
    )
