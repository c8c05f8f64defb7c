"""Classifies a typed message: a command, source text to make pairs from, or a question."""

from __future__ import annotations

from loaders import count_tokens
from messages import LANGUAGES, say

LEAST_TEXT = 20  # characters; a shorter text is never used as source text
_LONG, _LONG_WITH_LIST = 60, 400  # estimated tokens from which a text counts as source text
_ENDS = "。！？!?."
COMMANDS = {
    "pairs": ("page.name_pairs", "page.command_pairs", "list-plus"),
    "jobs": ("page.name_jobs", "page.command_jobs", "history"),
    "new": ("page.name_new", "page.command_new", "message-square-plus"),
    "help": ("page.name_help", "page.command_help", "circle-help"),
}
"""The slash commands: name, purpose and icon; the names of all languages are known."""


def command_of(picked: str | None, text: str) -> tuple[str, str]:
    """The command of a message and the rest of its text; empty for none."""
    known = {say(name, spoken): one for one, (name, *_) in COMMANDS.items() for spoken in LANGUAGES}
    if picked:
        return known.get(picked, picked), text
    if text in (begun := _by_starter()):
        return begun[text], ""
    word, _, rest = text.partition(" ")
    if word.startswith("/") and word[1:] in known:
        return known[word[1:]], rest.strip()
    return "", text


def _by_starter() -> dict[str, str]:
    """The command of each starter, by the starter's text."""
    codes = {
        "sample-zh": "page.starter_zh",
        "sample-en": "page.starter_en",
        "pairs": "page.starter_text",
    }
    return {say(code, spoken): name for name, code in codes.items() for spoken in LANGUAGES}


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
