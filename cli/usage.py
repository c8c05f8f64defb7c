"""What was typed and cannot be understood, said in one sentence of the user's language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from messages import say


class Misuse(Exception):  # noqa: N818 - what it says is the user's fault
    """A command line that asks for what there is not.

    Not a ``SaidError``, whose package takes a third of a second to load.

    Args:
        code: The message's code.
        context: Of the command that was typed.
        fields: What stands in the sentence's braces.
    """

    def __init__(self, code: str, context: Any, **fields: object) -> None:
        super().__init__(code)
        self.code, self.ctx, self.fields = code, context, fields


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that was probably meant; empty if none is near."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, list(known), 1)), "")


def sentence_of(error: Exception, arguments: Sequence[str], language: str) -> str | None:
    """What is wrong with a command line, and what to do; None if that is not the error.

    Args:
        error: A ``Misuse``, or what Typer raises; by its class's name, since whose class it is
            depends on Typer's version.
        arguments: What was typed, without the program's name.
        language: ``en`` or ``zh``.
    """
    if not isinstance(error, Misuse) and not hasattr(error, "format_message"):
        return None
    context: Any = getattr(error, "ctx", None)
    reason = _reason(error, context, arguments, language)
    path = context.command_path if context else "qa3"
    return say("cli.usage", language, reason=reason, command=path)


def refuse_repeated(params: Sequence[Any], arguments: Sequence[str], context: Any) -> None:
    """Refuses an option that is given two values where it takes one: which is meant?

    Args:
        params: Of the command.
        arguments: What was typed for it.
        context: Of the command.

    Raises:
        Misuse: One is.
    """
    taking = {
        name: one
        for one in params
        if one.param_type_name == "option" and not one.is_flag and not one.multiple
        for name in one.opts
    }
    given: dict[str, str] = {}
    rest = iter(arguments)
    for typed in rest:
        if typed == "--":
            return
        name, equals, value = typed.partition("=")
        if name in taking:
            value, name = value if equals else next(rest, ""), taking[name].opts[0]
            if given.setdefault(name, value) != value:
                fields = {"name": name, "first": _short(given[name]), "second": _short(value)}
                raise Misuse("cli.twice", context, **fields)


def _reason(error: Any, context: Any, arguments: Sequence[str], language: str) -> str:
    kind, param = type(error).__name__, getattr(error, "param", None)
    if isinstance(error, Misuse):
        near = error.fields.get("near")
        meant = say("cli.meant", language, near=near) if near else ""
        return say(error.code, language, **error.fields) + meant
    if kind == "NoSuchOption":
        name = error.option_name
        near = nearest(name, _options(context))
        meant = say("cli.meant", language, near=near) if near else ""
        return say("cli.no_option", language, name=_short(name)) + meant
    if kind == "BadOptionUsage":
        name = error.option_name
        flag = any(name in (*one.opts, *one.secondary_opts) for one in _flags(context))
        return say("cli.no_value" if flag else "cli.needs_value", language, name=_short(name))
    if param is not None:
        named = param.metavar if param.param_type_name == "argument" else param.opts[0]
        if kind == "MissingParameter":
            return say("cli.missing", language, name=named, about=param.help or "")
        value = _given(param, arguments)
        return say("cli.value", language, name=named, value=_short(value), wanted=param.metavar)
    return str(error.format_message())


def _options(context: Any) -> list[str]:
    """Every option that may be typed at a command, those of qa3 itself included."""
    commands = {one.command: one for one in (context, context.find_root())}
    return [
        name
        for command, one in commands.items()
        for param in command.get_params(one)
        if param.param_type_name == "option"
        for name in (*param.opts, *param.secondary_opts)
    ]


def _flags(context: Any) -> list[Any]:
    params = context.command.get_params(context) if context else []
    return [one for one in params if getattr(one, "is_flag", False)]


def _given(param: Any, arguments: Sequence[str]) -> str:
    """What was typed as an option's value, or stands in its environment variable."""
    import os

    for at, typed in reversed(list(enumerate(arguments))):
        name, equals, value = typed.partition("=")
        if name in param.opts:
            return value if equals else "".join(arguments[at + 1 : at + 2])
    return os.environ.get(param.envvar, "") if isinstance(param.envvar, str) else ""


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."
