"""``qa3 completion``: prints what a shell needs to complete commands, options and files."""

from __future__ import annotations

from enum import Enum

import typer

from messages import say

from .help import Command

VARIABLE = "_QA3_COMPLETE"
"""Set by the script when it asks qa3 what may follow; Typer answers."""


class Shell(str, Enum):
    """A shell that is known."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


def add_commands(app: typer.Typer, lang: str) -> None:
    """Adds ``completion`` with its help in a language."""

    @app.command(help=say("cli.completion", lang), cls=Command)
    def completion(
        shell: Shell = typer.Argument(
            metavar="|".join(one.value for one in Shell), help=say("cli.shell", lang)
        ),
    ) -> None:
        from typer.completion import get_completion_script  # type: ignore[attr-defined]  # named there

        script = get_completion_script(prog_name="qa3", complete_var=VARIABLE, shell=shell.value)
        typer.echo(script)


def prepare() -> None:
    """Lets Typer answer, if it is a shell that asks."""
    import os

    if VARIABLE in os.environ:
        from typer.completion import completion_init  # type: ignore[attr-defined]  # as above

        completion_init()
