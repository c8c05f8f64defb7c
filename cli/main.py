"""Builds the Typer app in the user's language, runs it, and turns errors into exit codes."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from messages import LANGUAGES, end_log, log_file, say, start_log

from . import (
    backends,
    chat,
    completion,
    dedupe,
    edit,
    endpoint,
    export,
    extract,
    inspect,
    jobs,
    review,
    serve,
    setup,
    show,
)
from .help import Group, show_help
from .options import Translator, option, printable
from .usage import Misuse, sentence_of

log = logging.getLogger(__name__)
FAILED, MISTAKE, INTERRUPTED = 1, 2, 130
_FLAGS, _WITH_VALUE = ("--verbose", "--debug"), ("--lang", "--log")
"""Options that every command takes."""


def run(arguments: Sequence[str]) -> int:
    """Runs a command; the exit code is 0, 1 if a chunk failed, or 2 for a user error.

    Args:
        arguments: Command-line arguments without the program's name.
    """
    language = language_of(arguments)
    for stream in (sys.stdout, sys.stderr):
        # A console in a legacy code page must not end the run at a character it cannot encode.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    app = build_app(language)
    completion.prepare()
    try:
        code = app(_general_first(arguments), standalone_mode=False, prog_name="qa3")
    except typer.Abort:
        return INTERRUPTED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has closed the pipe; avoid a second error at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:  # noqa: BLE001 - top level: the user never sees a traceback
        return _fail(error, arguments, language)
    finally:
        end_log()
    return code if isinstance(code, int) else 0


def _general_first(arguments: Sequence[str]) -> list[str]:
    """The arguments, with the options of every command before the command they are typed behind."""
    first: list[str] = []
    rest = list(arguments)
    end = rest.index("--") if "--" in rest else len(rest)
    at = 0
    while at < end:
        name, given, _ = rest[at].partition("=")
        width = 2 if name in _WITH_VALUE and not given else 1
        if width > end - at:
            return [*first, name]  # which is refused for want of a value
        if name in (*_FLAGS, *_WITH_VALUE):
            first += rest[at : at + width]
            del rest[at : at + width]
            end -= width
        else:
            at += 1
    return first + rest


def language_of(arguments: Sequence[str]) -> str:
    """``--lang``, else ``QA3_LANG``, else the locale's language, else English."""
    for at, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name == "--lang":
            value = value or (arguments[at + 1] if at + 1 < len(arguments) else "")
            return value if value in LANGUAGES else "en"
    for variable in ("QA3_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(variable):
            return "zh" if os.environ[variable].lower().startswith("zh") else "en"
    return "en"


def build_app(language: str) -> typer.Typer:
    """The Typer app with its help in a language."""
    app = typer.Typer(
        help=say("cli.about", language),
        no_args_is_help=True,
        invoke_without_command=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        cls=Group,
        # The object is each command's translator, from the first option that is read on.
        context_settings={"help_option_names": ["-h", "--help"], "obj": Translator(language)},
    )

    @app.callback()
    def main(
        context: typer.Context,
        lang: str = option(language, language, "--lang", says="cli.lang", one_of=LANGUAGES),
        version: bool = option(  # noqa: ARG001 - handled by its callback
            language, False, "--version", says="cli.version", is_eager=True, callback=_version
        ),
        verbose: bool = option(language, False, "--verbose", says="cli.verbose"),
        debug: bool = option(language, False, "--debug", says="cli.debug"),
        log_to: Path | None = option(
            language, None, "--log", says="cli.log", takes="metavar.file", envvar="QA3_LOG"
        ),
    ) -> None:
        if lang not in LANGUAGES:
            raise Misuse(
                "cli.value", context, name="--lang", value=lang, wanted="|".join(LANGUAGES)
            )
        if context.invoked_subcommand is None:
            show_help(context)
        if verbose or debug or log_to:
            level = logging.DEBUG if debug else logging.INFO if verbose else None
            start_log(level, log_to)

    rooms = (
        *(extract, inspect, jobs, show, review, edit, export, chat, dedupe),
        *(backends, setup, serve, endpoint, completion),
    )
    for module in rooms:
        module.add_commands(app, language)
    return app


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"qa3 {version('qa3')}")
        raise typer.Exit


def _fail(error: Exception, arguments: Sequence[str], language: str) -> int:
    """Prints an error as one line on stderr and returns the exit code."""
    translate = getattr(error, "say", None)  # a SaidError
    if translate is not None:
        typer.echo(f"qa3: {printable(translate(language))}", err=True)
        return MISTAKE
    misused = sentence_of(error, arguments, language)
    if misused is not None:
        typer.echo(f"qa3: {printable(misused)}", err=True)
        return MISTAKE
    log.error("the command failed", exc_info=error)
    kind, reason, file = type(error).__name__, printable(str(error))[:300], log_file()
    if file is not None:
        message = say("cli.unexpected_logged", language, kind=kind, reason=reason, log=file)
    else:
        message = say("cli.unexpected", language, kind=kind, reason=reason)
        if not log.isEnabledFor(logging.DEBUG):
            message = f"{message} {say('cli.how_to_log', language)}"
    typer.echo(f"qa3: {message}", err=True)
    return FAILED
