"""``qa3 dedupe``: merges pair lists into one without duplicates, without calling a model."""

from __future__ import annotations

from pathlib import Path

import typer

from messages import say

from .options import list_format, resolved_settings, with_settings
from .output import Output


def add_commands(app: typer.Typer, lang: str) -> None:
    """Adds ``dedupe`` with its help in a language."""
    offered = with_settings(
        lang, "embeddings", "embedding_backend", "threshold", "journal", after="output"
    )

    @app.command(help=say("cli.dedupe", lang), cls=offered)
    def dedupe(
        context: typer.Context,
        files: list[Path] = typer.Argument(help=say("cli.lists", lang)),
        output: Path = typer.Option(..., "--output", "-o", help=say("cli.output", lang)),
        format_: str | None = list_format(lang),
        force: bool = typer.Option(False, "--force", help=say("cli.force", lang)),
        quiet: bool = typer.Option(False, "--quiet", "-q", help=say("cli.quiet", lang)),
        as_json: bool = typer.Option(False, "--json", help=say("cli.json", lang)),
    ) -> None:
        from chains import Journal, merge
        from pairs import write_pairs

        settings = resolved_settings(context).settings
        place = Output(output, format_, force, quiet, as_json)
        translate = context.obj
        with Journal(settings.journal) as opened:
            place.check(opened)
            merged = merge(files, settings, opened)
        write_pairs(merged.kept, output, format_, describe=True)
        if as_json:
            typer.echo(merged.model_dump_json(indent=2))
        if not quiet:
            kept, left_out = len(merged.kept), len(merged.duplicates)
            counts = {"kept": kept, "duplicates": left_out, "conflicts": len(merged.conflicts)}
            judged = merged.embeddings
            typer.echo(
                translate("show.merged", files=len(files), embeddings=judged, **counts), err=True
            )
            typer.echo(translate("show.written", count=kept, file=output), err=True)
