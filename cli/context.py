"""What every command shares: the user's language, and options that mean the same everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import typer

from messages import say


@dataclass(frozen=True)
class Said:
    """Speaks the user's language."""

    language: str

    def __call__(self, code: str, /, **fields: object) -> str:
        """The sentence of a code."""
        return say(code, self.language, **fields)


def setting(language: str, name: str, *flags: str) -> Any:
    """A flag for one of the settings; None when not given, so that other sources may speak."""
    flag = "--" + name.replace("_", "-")
    return typer.Option(None, flag, *flags, help=say(f"setting.{name}", language))


def config_file(language: str) -> Any:
    """The flag for another settings file."""
    return typer.Option(None, "--config", help=say("cli.config_file", language))
