"""``qa3 dedupe``: merges pair lists into one without duplicates, without calling a model."""

from __future__ import annotations

from pathlib import Path

import typer

from messages import say

from .options import argument, list_format, option, resolved_settings, with_settings
from .output import Output


def add_commands(app: typer.Typer, lang: str) -> None:
    """Adds ``dedupe`` with its help in a language."""
    offered = with_settings(lang, "embeddings", "embedding_backend", "threshold", "journal")

    @app.command(help=say("cli.dedupe", lang), cls=offered)
    def dedupe(
        context: typer.Context,
        files: list[Path] = argument(lang, ..., says="cli.lists", takes="metavar.files"),
        output: Path = option(lang, ..., "--output", "-o", says="cli.output", takes="metavar.file"),
        format_: str | None = list_format(lang),
        force: bool = option(lang, False, "--force", says="cli.force"),
        quiet: bool = option(lang, False, "--quiet", "-q", says="cli.quiet"),
        as_json: bool = option(lang, False, "--json", says="cli.json"),
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
