"""Every sentence a user reads, looked up by its code, in Chinese and English.

The texts stand in ``en.json`` and ``zh.json``, one line each, under the same codes with the same
fields; a test holds the two together. Every room may import this one, and it imports none.
"""

import json
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "zh")
ROOMS = (
    "messages", "prompts", "loaders", "pairs", "chains", "endpoint", "qa3", "cli", "rest", "ui",
    "app_cli", "app_rest", "app_chainlit",
)  # fmt: skip
"""Our packages, and so the roots of our loggers."""


@cache
def _texts(language: str) -> dict[str, str]:
    path = Path(__file__).with_name(f"{language}.json")
    texts: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return texts


def say(code: str, language: str = "en", /, **fields: object) -> str:
    """The sentence of a code in a language, its fields filled in.

    Args:
        code: The message's code, such as ``load.empty``.
        language: ``en`` or ``zh``.
        **fields: What stands in the sentence's braces.

    Raises:
        KeyError: No such code, language or field: a fault of the caller, never of the user.
    """
    if language not in LANGUAGES:
        raise KeyError(language)
    return _texts(language)[code].format_map(fields)


def is_said(code: str) -> bool:
    """Whether there is a sentence of this code."""
    return code in _texts(LANGUAGES[0])
