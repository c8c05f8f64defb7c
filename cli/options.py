"""What every command shares: the user's language, and options that mean the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from inspect import Parameter, Signature
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from messages import say

if TYPE_CHECKING:
    from chains import Resolved


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


def with_settings(language: str, *offered: str, after: str = "", group: bool = False) -> Any:
    """The class of a command that takes settings as flags, and ``--config`` after all others.

    What a flag is called, takes and means comes from ``chains.Settings``, which is loaded when the
    command itself is asked for and not to list the commands.

    Args:
        language: Of the help.
        offered: The settings; one with a short flag as ``backend -b``.
        after: The parameter behind which they stand in the help; empty for before all options.
        group: Whether the command has commands of its own.
    """
    shape: Any = TyperGroup if group else TyperCommand

    class WithSettings(shape):  # type: ignore[misc]  # one of two
        @cached_property
        def _settings(self) -> list[Any]:
            return _flags(language, offered)

        def get_params(self, ctx: Any) -> list[Any]:
            own = super().get_params(ctx)
            names = [one.name for one in own]
            arguments = sum(one.param_type_name == "argument" for one in own)
            at = names.index(after) + 1 if after else arguments
            config = names.index("help") if "help" in names else len(own)
            flags, last = self._settings[:-1], self._settings[-1:]
            return [*own[:at], *flags, *own[at:config], *last, *own[config:]]

        def invoke(self, ctx: Any) -> Any:
            ctx.meta[_GIVEN] = {one.name: ctx.params.pop(one.name) for one in self._settings}
            return super().invoke(ctx)

    return WithSettings


_GIVEN = "qa3.given"


def resolved_settings(context: typer.Context, more: dict[str, Any] | None = None) -> Resolved:
    """The settings in force for a command made with ``with_settings``.

    Args:
        context: Of the command.
        more: Settings that its own flags stand for.

    Raises:
        SettingsError: A value cannot be used, or the settings file is wrong.
    """
    from chains import resolve

    given = dict(context.meta[_GIVEN])
    config = given.pop("config")
    return resolve({**given, **(more or {})}, config)


def _flags(language: str, offered: Sequence[str]) -> list[Any]:
    """The options for settings as Typer makes them, and the one for another settings file."""
    from chains import setting_info

    parameters = []
    for name, *short in map(str.split, offered):
        info = setting_info(name)
        # A wrong value is refused with the other origins' in one sentence, not by its flag.
        kind: Any = info.kind if info.kind in (bool, Path) else str
        shown = f"<{info.kind.__name__}>" if info.kind in (int, float) else None
        flag = "--" + name.replace("_", "-")
        option = typer.Option(None, flag, *short, metavar=shown, help=info.help(language))
        parameters.append(
            Parameter(name, Parameter.KEYWORD_ONLY, default=option, annotation=kind | None)
        )
    parameters.append(
        Parameter(
            "config", Parameter.KEYWORD_ONLY, default=config_file(language), annotation=Path | None
        )
    )

    def take(**_given: Any) -> None:
        """Stands for the command whose options these become."""

    take.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # what Typer reads
    app = typer.Typer(add_completion=False)
    app.command()(take)
    made: list[Any] = typer.main.get_command(app).params
    return made


def list_format(language: str) -> Any:
    """The flag for the format a list is written in."""
    from pairs import FORMATS

    formats = ("、" if language == "zh" else ", ").join(FORMATS)
    return typer.Option(None, "--format", help=say("cli.format", language, formats=formats))


def config_file(language: str) -> Any:
    """The flag for another settings file."""
    return typer.Option(None, "--config", help=say("cli.config_file", language))
