"""Shared by all commands: the translator, and command-line options made from ``Settings``."""

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
class Translator:
    """Fills in messages in the user's language, made safe to print."""

    language: str

    def __call__(self, code: str, /, **fields: object) -> str:
        """The message of a code; strings in its fields lose line breaks and control characters."""
        plain = {
            name: _plain(str(value)) if isinstance(value, str | PurePath) else value
            for name, value in fields.items()
        }
        return say(code, self.language, **plain)


def printable(text: str) -> str:
    """A text on one line, without terminal control and bidirectional override characters."""
    return _plain(" ".join(text.split()))


def _plain(text: str) -> str:
    return "".join(char if char.isprintable() or char == "\u3000" else " " for char in text)


def with_settings(language: str, *offered: str, after: str = "", group: bool = False) -> Any:
    """A Click command class that takes settings as flags, and ``--config`` after all other options.

    Names, types and help of the flags come from ``chains.Settings``, which is imported only when
    the command itself runs, to keep ``qa3 --help`` fast.

    Args:
        language: Language of the help: ``en`` or ``zh``.
        offered: Names of settings; one with a short flag is written ``backend -b``.
        after: The parameter that they follow in the help; empty to put them before all options.
        group: Whether the command has subcommands.
    """
    parent: Any = TyperGroup if group else TyperCommand

    class WithSettings(parent):  # type: ignore[misc]  # chosen at run time
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
            ctx.meta[_FLAG_VALUES] = {one.name: ctx.params.pop(one.name) for one in self._settings}
            return super().invoke(ctx)

    return WithSettings


_FLAG_VALUES = "qa3.given"


def resolved_settings(
    context: typer.Context, more: dict[str, Any] | None = None, *, whole_page: bool = False
) -> Resolved:
    """The settings in force for a command made with ``with_settings``.

    Args:
        context: The command's context.
        more: Further settings, from the command's own options.
        whole_page: Whether the whole of web pages is to be read, as well as what ``include`` says.

    Raises:
        SettingsError: A value cannot be used, or the settings file is wrong.
    """
    from chains import resolve

    given = dict(context.meta[_FLAG_VALUES])
    config = given.pop("config")
    if whole_page:
        named = given.get("include") or resolve(given, config).settings.include or ""
        given["include"] = f"{named},page"
    return resolve({**given, **(more or {})}, config)


def _flags(language: str, offered: Sequence[str]) -> list[Any]:
    """Click options for settings, and ``--config``."""
    from chains import setting_info

    parameters = []
    for name, *short in map(str.split, offered):
        info = setting_info(name)
        # Typed as strings: resolve() reports a wrong value the same way for every origin.
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
        """Takes the options; only its signature is used."""

    take.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # read by Typer
    app = typer.Typer(add_completion=False)
    app.command()(take)
    params: list[Any] = typer.main.get_command(app).params
    return params


def list_format(language: str) -> Any:
    """The ``--format`` option of commands that write a list."""
    from pairs import FORMATS

    formats = ("、" if language == "zh" else ", ").join(FORMATS)
    return typer.Option(None, "--format", help=say("cli.format", language, formats=formats))


def config_file(language: str) -> Any:
    """The ``--config`` option."""
    return typer.Option(None, "--config", help=say("cli.config_file", language))
