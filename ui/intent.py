"""Classifies a typed message: source text to make pairs from, or a question to answer."""

from __future__ import annotations

from loaders import count_tokens

LEAST_TEXT = 20  # characters; a shorter text is never used as source text
_LONG, _LONG_WITH_LIST = 60, 400  # estimated tokens from which a text counts as source text
_ENDS = "。！？!?."


def is_material(text: str, *, has_list: bool) -> bool:
    """Whether a typed message is source text to make pairs from, rather than a question.

    A message that ends in a question mark is a question; several sentences are source text. With a
    finished list only a long text is, since a short one is most likely about the list.
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
    """Number of sentences, counted by their final punctuation; a decimal point does not count."""
    return sum(
        mark in _ENDS and (mark in "。！？" or not following.strip())
        for mark, following in zip(text, [*text[1:], " "], strict=True)
    )
