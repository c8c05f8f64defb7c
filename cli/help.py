"""Help in the user's language, laid out for the terminal's width: Chinese takes two columns."""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from messages import say

from .usage import Misuse, nearest, refuse_repeated

WIDEST, NARROWEST = 100, 40
NAMES = (
    30  # columns at most that an option's names take before its help begins on a line of its own
)
_OPENING, _CLOSING = r"（《“‘「『【(\[", re.escape("，。、；：！？）》”’」』】…,.;:!?)]")
_WIDE = (
    "\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60"
)
_PIECE = re.compile(
    rf" +|[{_OPENING}]*(?:[{_WIDE}]|[^ {_WIDE}{_OPENING}]+)[{_CLOSING}]*|[{_OPENING}]+"
)


class _Ours:
    """What commands and groups of them share. ``ctx.obj`` holds the language."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As Typer does; an error tells where it happened."""
        try:
            rest: list[str] = super().parse_args(ctx, args)  # type: ignore[misc]  # Typer's
        except Exception as error:
            if getattr(error, "ctx", ctx) is None:
                error.ctx = ctx  # type: ignore[attr-defined]  # a usage error
            raise
        return rest

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Writes the help."""
        formatter.write(_whole(self, ctx))


class Command(_Ours, TyperCommand):
    """A command whose help and refusals are ours."""

    allow_extra_args = True  # refused below, in the user's language

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As Typer does, but for words too many, empty ones, and options given twice."""
        if not ctx.resilient_parsing:
            refuse_repeated(self.get_params(ctx), args, ctx)
        rest = super().parse_args(ctx, args)
        if ctx.resilient_parsing:
            return rest
        if rest:
            raise Misuse("cli.too_many", ctx, word=rest[0])
        for one in self.get_params(ctx):
            value = ctx.params.get(one.name)
            if one.param_type_name == "argument" and (value == "" or value == [""]):
                raise Misuse("cli.missing", ctx, name=one.metavar, about=getattr(one, "help", ""))
        return rest


class Group(_Ours, TyperGroup):
    """A command with subcommands, likewise."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As Typer does, but for names that are no command."""
        if not ctx.resilient_parsing and self.get_command(ctx, args[0]) is None:
            raise Misuse("cli.no_command", ctx, name=args[0], near=nearest(args[0], self.commands))
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As Typer does, but help that nobody asked for is no error."""
        if not args and self.no_args_is_help and not ctx.resilient_parsing:
            show_help(ctx)
        return super().parse_args(ctx, args)


def show_help(ctx: Any) -> None:
    """Prints a command's help where it was typed without what it needs, and ends it.

    Raises:
        Exit: Always, with the code of a user error.
    """
    typer.echo(ctx.get_help())
    raise typer.Exit(2)


def display_width(text: str) -> int:
    """Columns that a text takes on a terminal."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def wrapped(text: str, width: int) -> Iterator[str]:
    """The lines of a text, each at most so many columns wide.

    Chinese may break between any two characters but before closing and after opening punctuation.

    Args:
        text: On one line; of several, each is wrapped by itself.
        width: In columns.
    """
    for paragraph in text.splitlines():
        line = ""
        for piece in _PIECE.findall(paragraph):
            if display_width(line + piece.rstrip()) > width and line:
                yield line.rstrip()
                line = ""
            line += piece if line else piece.lstrip()
            while display_width(line.rstrip()) > width:  # one long word
                cut = next(n for n in range(len(line), 0, -1) if display_width(line[:n]) <= width)
                yield line[:cut]
                line = line[cut:]
        yield line.rstrip()


def examples(path: str, language: str) -> list[str]:
    """The lines of a command's examples: each a comment, then the command.

    Args:
        path: The command's names with a dot between them; empty for qa3 itself.
        language: ``en`` or ``zh``.
    """
    return say(f"example.{path or 'qa3'}", language).splitlines()


def _whole(command: Any, ctx: Any) -> str:
    language = ctx.obj.language
    columns = shutil.get_terminal_size().columns
    width = max(NARROWEST, min(columns, WIDEST))
    path = ctx.command_path
    usage = " ".join((path, *_usage(command, ctx, language)))
    sections = [
        *wrapped(say("help.usage", language, usage=usage), width),
        "",
        *wrapped(command.help or "", width),
    ]
    params = [one for one in command.get_params(ctx) if not getattr(one, "hidden", False)]
    arguments = [one for one in params if one.param_type_name == "argument"]
    settings: frozenset[str] = getattr(command, "setting_names", frozenset())
    options = [one for one in params if one not in arguments]
    own = [one for one in options if one.name not in settings]
    common = [one for one in options if one.name in settings]
    tables = (
        ("help.arguments", [(_argument(one), _about(one, language)) for one in arguments]),
        ("help.options", [(_names(one), _about(one, language)) for one in own]),
        ("help.settings", [(_names(one), _about(one, language)) for one in common]),
        ("help.commands", [(name, one.help or "") for name, one in _commands(command)]),
    )
    for heading, rows in tables:
        if rows:
            title = [typer.style(one, bold=True) for one in wrapped(say(heading, language), width)]
            sections += ["", *title, *_table(rows, width)]
    shown = [f"  {line}" for line in examples(path.replace(" ", ".")[4:], language)]
    heading = typer.style(say("help.examples", language), bold=True)
    return "\n".join([*sections, "", heading, *shown]) + "\n"


def _commands(command: Any) -> Iterable[tuple[str, Any]]:
    found: dict[str, Any] = getattr(command, "commands", {})
    return found.items()


def _usage(command: Any, ctx: Any, language: str) -> Iterator[str]:
    yield f"[{say('help.options_word', language)}]"
    for one in command.get_params(ctx):
        if one.param_type_name == "argument":
            yield _argument(one) if one.required else f"[{_argument(one)}]"
        elif one.required:
            yield f"{one.opts[-1]} {one.metavar}"
    if isinstance(command, Group):
        word = say("help.command_word", language)
        yield f"{word} ..." if command.no_args_is_help else f"[{word}]"


def _argument(param: Any) -> str:
    return f"{param.metavar}..." if param.nargs != 1 else str(param.metavar)


def _names(param: Any) -> str:
    """An option's names, the short one first, and what it takes."""
    long = "/".join(one for one in (*param.opts, *param.secondary_opts) if one.startswith("--"))
    short = next((one for one in param.opts if not one.startswith("--")), "")
    takes = "" if param.is_flag else f" {param.metavar}"
    return (f"{short}, " if short else "    ") + long + takes


def _about(param: Any, language: str) -> str:
    """A parameter's help, with its default, the environment variable, and whether it is needed."""
    about = say("help.help", language) if param.name == "help" else param.help or ""
    default = _default(param)
    notes = [
        *([say("help.default", language, value=default)] if default else []),
        *([say("help.variable", language, name=param.envvar)] if param.envvar else []),
        *([say("help.required", language)] if param.required else []),
    ]
    joined = say("help.and", language).join(notes)
    return about + say("help.notes", language, notes=joined) if notes else about


def _default(param: Any) -> str:
    shown = getattr(param, "show_default", None)
    if isinstance(shown, str):
        return shown
    value = param.default.value if isinstance(param.default, Enum) else param.default
    if getattr(param, "is_flag", False):
        return param.opts[0] if value and param.secondary_opts else ""
    return str(value) if isinstance(value, str | int | float) and value != "" else ""


def _table(rows: list[tuple[str, str]], width: int) -> Iterator[str]:
    """Names and what is said of them, in two columns."""
    fits = [display_width(name) for name, _ in rows if display_width(name) <= NAMES]
    first = max(fits, default=4)
    indent = " " * (first + 4)
    for name, about in rows:
        lines = list(wrapped(about, width - len(indent)))
        if display_width(name) > first:
            yield from (f"  {part}" for part in wrapped_names(name, width - 2))
        else:
            lines[:1] = [f"  {name}{' ' * (first - display_width(name))}  {lines[0]}".rstrip()]
            yield lines.pop(0)
        yield from (indent + line for line in lines)


def wrapped_names(name: str, width: int) -> list[str]:
    """The lines of an option's names, whose indentation stays."""
    indent = len(name) - len(name.lstrip())
    return [" " * indent + line for line in wrapped(name.lstrip(), width - indent)]
