"""``qa3 completion``: prints what a shell needs to complete commands, options and files."""

from __future__ import annotations

import typer

from messages import say

from .help import Command
from .usage import Misuse

VARIABLE = "_QA3_COMPLETE"
"""Set by the script when it asks qa3 what may follow; Typer answers."""


SHELLS = ("bash", "zsh", "fish", "powershell")


def shells() -> list[str]:
    """The shells that are known."""
    return list(SHELLS)


def add_commands(app: typer.Typer, lang: str) -> None:
    """Adds ``completion`` with its help in a language."""

    @app.command(help=say("cli.completion", lang), cls=Command)
    def completion(
        context: typer.Context,
        shell: str = typer.Argument(
            metavar=say("metavar.shell", lang), help=say("cli.shell", lang), autocompletion=shells
        ),
    ) -> None:
        if shell not in SHELLS:
            wanted = "|".join(SHELLS)
            name = say("metavar.shell", lang)
            raise Misuse("cli.value", context, name=name, value=shell, wanted=wanted)
        from typer.completion import get_completion_script  # type: ignore[attr-defined]  # there

        typer.echo(get_completion_script(prog_name="qa3", complete_var=VARIABLE, shell=shell))


def prepare() -> None:
    """Lets Typer answer, if it is a shell that asks."""
    import os

    if VARIABLE in os.environ:
        from typer.completion import completion_init  # type: ignore[attr-defined]  # as above

        completion_init()
