"""``qa3 extract``: makes the pair list of documents and reports what is not in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from messages import say

from .options import Translator, list_format, resolved_settings, with_settings
from .output import INCOMPLETE, Output, carry_out
from .show import refused_lines

if TYPE_CHECKING:
    from chains import Estimate, Resolved

_OFFERED = (
    "backend -b", "base_url", "model -m", "prompt", "language", "density", "answers", "kinds",
    "examples", "passes", "temperature", "max_tokens", "concurrency", "timeout", "retry_seconds",
    "chunk_size", "overlap", "include", "embeddings", "embedding_backend", "threshold", "evidence",
    "check", "judge", "keep_reasoning", "max_calls", "max_tokens_total", "requests_per_minute",
    "tokens_per_minute", "journal",
)  # fmt: skip


def add_commands(app: typer.Typer, lang: str) -> None:
    """Adds ``extract`` with its help in a language."""
    offered = with_settings(lang, *_OFFERED, after="output")

    @app.command(help=say("cli.extract", lang), cls=offered)
    def extract(
        context: typer.Context,
        docs: list[str] = typer.Argument(help=say("cli.docs", lang)),
        output: Path | None = typer.Option(None, "--output", "-o", help=say("cli.output", lang)),
        format_: str | None = list_format(lang),
        force: bool = typer.Option(False, "--force", help=say("cli.force", lang)),
        dry_run: bool = typer.Option(False, "--dry-run", help=say("cli.dry_run", lang)),
        time_one: bool = typer.Option(False, "--time-one", help=say("cli.time_one", lang)),
        quiet: bool = typer.Option(False, "--quiet", "-q", help=say("cli.quiet", lang)),
        as_json: bool = typer.Option(False, "--json", help=say("cli.json", lang)),
        verify: bool = typer.Option(False, "--verify", help=say("cli.verify", lang)),
        password: str | None = typer.Option(None, "--password", help=say("cli.password", lang)),
        whole_page: bool = typer.Option(False, "--whole-page", help=say("cli.whole_page", lang)),
    ) -> int:
        resolved = resolved_settings(
            context, {"check": "all"} if verify else None, whole_page=whole_page
        )
        if dry_run:
            from chains import estimate

            expected = estimate(docs, resolved, time_one=time_one, password=password)
            return _tell(expected, context.obj, as_json=as_json)
        destination = Output(output, format_, force=force, quiet=quiet, as_json=as_json)
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
