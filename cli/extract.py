"""``qa3 extract``: makes the pair list of documents and reports what is not in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from messages import say

from .options import Translator, argument, list_format, option, resolved_settings, with_settings
from .output import INCOMPLETE, Output, carry_out
from .show import refused_lines
from .usage import Misuse

if TYPE_CHECKING:
    from chains import Estimate, Resolved

_OFFERED = (
    "backend -b", "base_url", "model -m", "prompt", "language", "density", "answers", "kinds",
    "examples", "passes", "temperature", "max_tokens", "concurrency", "timeout", "retry_seconds",
    "chunk_size", "overlap", "include", "embeddings", "embedding_backend", "threshold", "evidence",
    "processes", "check", "judge", "keep_reasoning", "max_calls", "max_tokens_total",
    "requests_per_minute", "tokens_per_minute", "journal", "ray",
)  # fmt: skip


def add_commands(app: typer.Typer, lang: str) -> None:
    """Adds ``extract`` with its help in a language."""
    offered = with_settings(lang, *_OFFERED)

    @app.command(help=say("cli.extract", lang), cls=offered)
    def extract(
        context: typer.Context,
        docs: list[str] = argument(lang, ..., says="cli.docs", takes="metavar.docs"),
        output: Path | None = option(
            lang, None, "--output", "-o", says="cli.output", takes="metavar.file"
        ),
        format_: str | None = list_format(lang),
        force: bool = option(lang, False, "--force", says="cli.force"),
        dry_run: bool = option(lang, False, "--dry-run", says="cli.dry_run"),
        time_one: bool = option(lang, False, "--time-one", says="cli.time_one"),
        quiet: bool = option(lang, False, "--quiet", "-q", says="cli.quiet"),
        as_json: bool = option(lang, False, "--json", says="cli.json"),
        stream: bool = option(lang, False, "--stream", says="cli.stream"),
        verify: bool = option(lang, False, "--verify", says="cli.verify"),
        password: str | None = option(
            lang, None, "--password", says="cli.password", takes="metavar.text"
        ),
        whole_page: bool = option(lang, False, "--whole-page", says="cli.whole_page"),
    ) -> int:
        resolved = resolved_settings(
            context, {"check": "all"} if verify else None, whole_page=whole_page
        )
        if dry_run:
            from chains import estimate

            expected = estimate(docs, resolved, time_one=time_one, password=password)
            return _tell(expected, context.obj, as_json=as_json)
        if stream and as_json:
            raise Misuse("cli.stream_or_json", context)
        destination = Output(output, format_, force, quiet, as_json, stream)
        return _extract(docs, resolved, destination, context.obj, password)


def _extract(
    docs: list[str], resolved: Resolved, output: Output, translate: Translator, password: str | None
) -> int:
    from chains import Journal, Pipeline

    with Journal(resolved.settings.journal) as journal:
        output.check(journal)
        return carry_out(
            lambda progress, stop, begun: Pipeline(
                resolved,
                journal=journal,
                progress=progress,
                stop=stop,
                begun=begun,
                password=password,
            ).run(docs),
            journal,
            output,
            translate,
        )


def _tell(expected: Estimate, translate: Translator, *, as_json: bool) -> int:
    """Prints what a run would cost."""
    from .progress import duration

    for line in refused_lines(expected.refused, translate):
        typer.echo(line, err=True)
    code = INCOMPLETE if expected.refused else 0
    if as_json:
        typer.echo(expected.model_dump_json(indent=2))
        return code
    typer.echo(translate("show.estimate", **expected.model_dump()))
    typer.echo(
        translate("show.estimate_tokens", prompt=expected.prompt, completion=expected.completion)
    )
    if expected.checking is not None:
        typer.echo(translate("show.estimate_checking", **expected.checking.model_dump()))
    if expected.further is not None:
        typer.echo(translate("show.estimate_further", **expected.further.model_dump()))
    if expected.cost is not None:
        typer.echo(translate("show.estimate_cost", cost=f"{expected.cost:.2f}"))
    if expected.checking is not None and expected.cost_unchecked is not None:
        cost = f"{expected.cost_unchecked:.2f}"
        typer.echo(translate("show.estimate_unchecked", cost=cost))
    if expected.cost_at_most is not None:
        typer.echo(translate("show.estimate_at_most", cost=f"{expected.cost_at_most:.2f}"))
    if expected.one is not None and expected.eta is not None:
        eta = duration(expected.eta)
        typer.echo(translate("show.estimate_time", one=f"{expected.one:.1f}", eta=eta))
    return code
