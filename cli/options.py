"""Shared by all commands: the translator, and command-line options made from ``Settings``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from inspect import Parameter, Signature
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import typer

from messages import say

from .help import Command, Group

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


def with_settings(language: str, *offered: str, group: bool = False) -> Any:
    """A Click command class that takes settings as flags, and ``--config``.

    Names, types and help of the flags come from ``chains.Settings``, which is imported only when
    the command itself runs, to keep ``qa3 --help`` fast.

    Args:
        language: Language of the help: ``en`` or ``zh``.
        offered: Names of settings; one with a short flag is written ``backend -b``.
        group: Whether the command has subcommands.
    """
    parent: Any = Group if group else Command

    class WithSettings(parent):  # type: ignore[misc]  # chosen at run time
        @cached_property
        def _settings(self) -> list[Any]:
            return _flags(language, offered)

        @property
        def setting_names(self) -> frozenset[str]:
            return frozenset(one.name for one in self._settings)

        def get_params(self, ctx: Any) -> list[Any]:
            return [*super().get_params(ctx), *self._settings]

        def invoke(self, ctx: Any) -> Any:
            given = {one.name: ctx.params.pop(one.name) for one in self._settings}
            # Typer before 0.29, which is what Python 3.10 gets, hands over text.
            given["config"] = Path(given["config"]) if given["config"] else None
            ctx.meta[_FLAG_VALUES] = given
            return super().invoke(ctx)

    return WithSettings


PORTS = (0, 65_535)
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


def settings_file(context: typer.Context) -> Path | None:
    """The file that ``--config`` names, for a command made with ``with_settings``."""
    file: Path | None = context.meta[_FLAG_VALUES]["config"]
    return file


def _flags(language: str, offered: Sequence[str]) -> list[Any]:
    """Click options for settings, and ``--config``."""
    from chains import setting_info

    parameters = []
    for name, *short in map(str.split, offered):
        info = setting_info(name)
        # Typed as strings: resolve() reports a wrong value the same way for every origin.
        kind: Any = info.kind if info.kind in (bool, Path) else str
        takes = "|".join(info.choices) or say(_TAKES.get(info.kind, "metavar.text"), language)
        flag = "--" + name.replace("_", "-")
        given = typer.Option(
            None,
            flag,
            *short,
            metavar=takes,
            help=info.help(language),
            show_default=_shown(info.default),
            autocompletion=_offering(info.choices) if info.choices else None,
        )
        parameters.append(
            Parameter(name, Parameter.KEYWORD_ONLY, default=given, annotation=kind | None)
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


def _offering(choices: tuple[str, ...]) -> Callable[[], list[str]]:
    """What a shell's completion asks; a plain function, which Typer looks into."""

    def offered() -> list[str]:
        return list(choices)

    return offered


def _shown(default: object) -> str | bool:
    if default is None or isinstance(default, bool):
        return False
    return f"{default:g}" if isinstance(default, float) else str(default)


_TAKES = {int: "metavar.number", float: "metavar.number", Path: "metavar.file"}


def option(
    language: str,
    default: Any,
    *names: str,
    says: str,
    takes: str = "",
    within: tuple[float, float] | None = None,
    one_of: Iterable[str] = (),
    **more: Any,
) -> Any:
    """An option of a command.

    Args:
        language: Of its help.
        default: Its value if it is not given; ``...`` if it must be.
        names: Its flags.
        says: The code of its help.
        takes: The code of the word for its value; empty for a flag, a range or a choice.
        within: Its least and its greatest value.
        one_of: The values it may have.
        **more: As ``typer.Option`` takes it.
    """
    word = (
        say(takes, language)
        if takes
        else "|".join(str(getattr(one, "value", one)) for one in one_of)
    )
    if within is not None:
        word = "-".join(f"{one:.12g}" for one in within)
        more.update(min=within[0], max=within[1])
    return typer.Option(default, *names, metavar=word or None, help=say(says, language), **more)


def argument(language: str, default: Any, *, says: str, takes: str) -> Any:
    """An argument of a command, as ``option``."""
    return typer.Argument(default, metavar=say(takes, language), help=say(says, language))


def list_format(language: str, *more: str) -> Any:
    """The ``--format`` option of commands that write a list.

    Args:
        language: Of its help.
        *more: Formats that this command alone knows.
    """
    from pairs import FORMATS

    formats = ("、" if language == "zh" else ", ").join((*FORMATS, *more))
    about = say("cli.format", language, formats=formats)
    return typer.Option(None, "--format", metavar=say("metavar.name", language), help=about)


def config_file(language: str) -> Any:
    """The ``--config`` option."""
    return option(language, None, "--config", says="cli.config_file", takes="metavar.file")
