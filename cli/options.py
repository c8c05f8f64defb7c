"""What every command shares: the user's language, and options that mean the same everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import typer

from messages import say


@dataclass(frozen=True)
class Said:
    """Speaks the user's language."""

    language: str

    def __call__(self, code: str, /, **fields: object) -> str:
        """The sentence of a code; what others named drives no terminal and begins no line."""
        plain = {
            name: _plain(str(value)) if isinstance(value, str | PurePath) else value
            for name, value in fields.items()
        }
        return say(code, self.language, **plain)


def printable(text: str) -> str:
    """A text on one line, without what would drive the reader's terminal or turn letters round."""
    return _plain(" ".join(text.split()))


def _plain(text: str) -> str:
    return "".join(char if char.isprintable() or char == "\u3000" else " " for char in text)


def setting(language: str, name: str, *flags: str) -> Any:
    """A flag for one of the settings; None when not given, so that other sources may speak."""
    flag = "--" + name.replace("_", "-")
    return typer.Option(None, flag, *flags, help=say(f"setting.{name}", language))


def config_file(language: str) -> Any:
    """The flag for another settings file."""
    return typer.Option(None, "--config", help=say("cli.config_file", language))
