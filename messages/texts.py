"""Every sentence a user reads, looked up by its code, in Chinese and English.

The texts stand in ``en.json`` and ``zh.json``, one line each, under the same codes with the same
fields; a test holds the two together. Every room may import this one, and it imports none.
"""

import errno
import json
import os
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "zh")
ROOMS = (
    "messages", "prompts", "loaders", "pairs", "chains", "endpoint", "qa3", "cli", "rest", "ui",
    "app_cli", "app_rest", "app_chainlit",
)  # fmt: skip
"""Our packages, and so the roots of our loggers."""


_REASONS = {
    errno.ENOENT: "reason.no_entry",
    errno.EACCES: "reason.no_access",
    errno.EPERM: "reason.not_permitted",
    errno.EISDIR: "reason.is_folder",
    errno.ENOTDIR: "reason.no_folder",
    errno.ENOSPC: "reason.disk_full",
    errno.EROFS: "reason.read_only",
    errno.ENAMETOOLONG: "reason.long_name",
    errno.EIO: "reason.device",
    errno.EADDRINUSE: "reason.address_in_use",
    errno.EADDRNOTAVAIL: "reason.no_address",
}
"""What the system says in its own language of a file or an address, and what we say instead."""


@cache
def _said_by_system() -> dict[object, str]:
    return {os.strerror(number): code for number, code in _REASONS.items()}


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
    texts = _texts(language)
    if fields.get("reason") in _said_by_system():
        fields["reason"] = texts[_said_by_system()[fields["reason"]]]
    return texts[code].format_map(
        {name: _Count(one) if type(one) is int else one for name, one in fields.items()}
    )


class _Count(int):
    """A number that takes its word along: ``{chunks:chunk|chunks}`` is ``1 chunk``."""

    def __format__(self, spec: str) -> str:
        one, several, many = spec.partition("|")
        if not several:
            return int(self).__format__(spec)
        return f"{int(self)} {one if self == 1 else many}"


def at_door(code: str, door: str) -> str:
    """The code of a sentence in the words of a door where it has its own; else the code itself.

    ``backend.lost@page`` is what the page says in place of ``backend.lost``: a person there has
    buttons and no command line.

    Args:
        code: The message's code.
        door: ``page`` or ``service``.
    """
    own = f"{code}@{door}"
    return own if own in _texts(LANGUAGES[0]) else code
