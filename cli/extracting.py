"""``qa3 extract``: documents in, a list out, and an account of everything that is not in it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import typer

from messages import say

from .context import Said, config_file, setting

if TYPE_CHECKING:
    from chains.settings import Resolved

INCOMPLETE = 1
SHOWN = 6  # pairs a document, where the list goes to a file


def add_commands(app: typer.Typer, lang: str) -> None:
    """Adds ``extract`` with its help in a language."""

    @app.command(help=say("cli.extract", lang))
    def extract(
        context: typer.Context,
        docs: list[str] = typer.Argument(help=say("cli.docs", lang)),
        output: Path | None = typer.Option(None, "--output", "-o", help=say("cli.output", lang)),
        backend: str | None = setting(lang, "backend", "-b"),
        base_url: str | None = setting(lang, "base_url"),
        model: str | None = setting(lang, "model", "-m"),
        prompt: str | None = setting(lang, "prompt"),
        language: str | None = setting(lang, "language"),
        density: str | None = setting(lang, "density"),
        temperature: str | None = setting(lang, "temperature"),
        max_tokens: str | None = setting(lang, "max_tokens"),
        concurrency: str | None = setting(lang, "concurrency"),
        chunk_size: str | None = setting(lang, "chunk_size"),
        embeddings: str | None = setting(lang, "embeddings"),
        threshold: str | None = setting(lang, "threshold"),
        evidence: str | None = setting(lang, "evidence"),
        journal: Path | None = setting(lang, "journal"),
        format_: str | None = typer.Option(None, "--format", help=say("cli.format", lang)),
        force: bool = typer.Option(False, "--force", help=say("cli.force", lang)),
        dry_run: bool = typer.Option(False, "--dry-run", help=say("cli.dry_run", lang)),
        quiet: bool = typer.Option(False, "--quiet", "-q", help=say("cli.quiet", lang)),
        as_json: bool = typer.Option(False, "--json", help=say("cli.json", lang)),
        config: Path | None = config_file(lang),
    ) -> int:
        given: dict[str, Any] = {
            "backend": backend,
            "base_url": base_url,
            "model": model,
            "prompt": prompt,
            "language": language,
            "density": density,
            "temperature": temperature,
            "max_tokens": max_tokens,
            "concurrency": concurrency,
            "chunk_size": chunk_size,
            "embeddings": embeddings,
            "threshold": threshold,
            "evidence": evidence,
            "journal": journal,
        }
        from chains.settings import resolve

        resolved = resolve(given, config)
        if dry_run:
            return _estimate(docs, resolved, context.obj, as_json=as_json)
        return _extract(
            docs, resolved, context.obj, output, format_, force=force, quiet=quiet, as_json=as_json
        )


def _extract(
    docs: list[str],
    resolved: Resolved,
    said: Said,
    output: Path | None,
    format_: str | None,
    *,
    force: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    from chains.journal import Journal
    from chains.pipeline import Pipeline
    from pairs.export import write_pairs

    from .progress import Showing
    from .showing import show_pairs

    with Journal(resolved.settings.journal) as journal:
        if output:
            _check_output(output, format_, journal, force=force)
        stop = threading.Event()
        with _stopping(stop, said), Showing(said, quiet=quiet) as showing:
            pipeline = Pipeline(resolved, journal=journal, progress=showing.download, stop=stop)
            for event in pipeline.run(docs):
                showing.show(event)
        result, job = showing.result, showing.job
        if output:
            write_pairs(result.kept, output, format_)
            journal.keep_output(job, output)
    if as_json:
        typer.echo(result.model_dump_json(indent=2))
    elif not output:
        show_pairs(result.kept, said)
    elif not quiet:
        show_pairs(result.kept, said, most=SHOWN)
    if not quiet:
        showing.summary(output)
        if stop.is_set():
            typer.echo(said("cli.stopped"), err=True)
    return 0 if result.complete else INCOMPLETE


def _check_output(output: Path, format_: str | None, journal: Any, *, force: bool) -> None:
    """Before a call is paid for: the file can be written and is ours to replace.

    Raises:
        ExportError: It is not.
    """
    from pairs.errors import ExportError
    from pairs.export import check_writable, format_of

    format_of(output, format_)
    check_writable(output)
    if output.exists() and not force and not journal.wrote_output(output):
        raise ExportError("export.exists", file=str(output))


@contextmanager
def _stopping(stop: threading.Event, said: Said) -> Iterator[None]:
    """Ctrl-C finishes the calls under way; a second one leaves at once, replies being saved."""

    def interrupted(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - signal's form
        if stop.is_set():
            os._exit(130)
        stop.set()
        typer.echo("\n" + said("cli.stopping"), err=True)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _estimate(docs: list[str], resolved: Resolved, said: Said, *, as_json: bool) -> int:
    from chains.estimating import estimate

    expected = estimate(docs, resolved)
    if as_json:
        typer.echo(expected.model_dump_json(indent=2))
        return 0
    typer.echo(said("show.estimate", **expected.model_dump()))
    typer.echo(said("show.estimate_tokens", prompt=expected.prompt, completion=expected.completion))
    if expected.cost is not None:
        typer.echo(said("show.estimate_cost", cost=f"{expected.cost:.2f}"))
    return 0
