"""``qa3 load`` and ``qa3 split``: shows a document's text and chunks, without calling a model."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from messages import say

from .options import printable, resolved_settings, with_settings


def add_commands(app: typer.Typer, lang: str) -> None:
    """Adds ``load`` and ``split`` with their help in a language."""

    @app.command("load", help=say("cli.load", lang))
    def load_document(
        context: typer.Context,
        doc: Path = typer.Argument(help=say("cli.doc", lang)),
        password: str | None = typer.Option(None, help=say("cli.password", lang)),
        as_json: bool = typer.Option(False, "--json", help=say("cli.json", lang)),
    ) -> None:
        from loaders import count_tokens, load
        from pairs import harmless

        for document in load(doc, password=password):
            metadata = dict(document.metadata)
            if as_json:
                row = {"page_content": document.page_content, "metadata": metadata}
                typer.echo(json.dumps(row, ensure_ascii=False, default=str))
                continue
            head = f"== {metadata.pop('page', '')} {' > '.join(metadata.pop('headings', ()) or ())}"
            warnings = metadata.pop("warnings", ()) or ()
            rest = ", ".join(f"{name}: {value}" for name, value in metadata.items())
            tokens = count_tokens(document.page_content)
            typer.echo(printable(f"{head.rstrip()} ({rest}, tokens: {tokens})"))
            for warning in warnings:
                typer.echo("! " + context.obj(warning["code"], **warning["fields"]), err=True)
            typer.echo(harmless(document.page_content))

    offered = with_settings(lang, "backend -b", "chunk_size", "overlap")

    @app.command("split", help=say("cli.split", lang), cls=offered)
    def split_document(
        context: typer.Context,
        doc: Path = typer.Argument(help=say("cli.doc", lang)),
        password: str | None = typer.Option(None, help=say("cli.password", lang)),
        as_json: bool = typer.Option(False, "--json", help=say("cli.json", lang)),
    ) -> None:
        from chains import read_for, source_note
        from loaders import load
        from pairs import harmless

        documents = list(load(doc, password=password))
        resolved = resolved_settings(context)
        for chunk in read_for(resolved, [documents]).chunks:
            note = source_note(chunk, None, resolved.settings)
            if as_json:
                row = {**chunk.model_dump(), "source_note": note}
                typer.echo(json.dumps(row, ensure_ascii=False))
                continue
            pages = {chunk.first_page, chunk.last_page} - {None}
            place = "-".join(str(page) for page in sorted(filter(None, pages)))
            marked = " boilerplate" if chunk.boilerplate else ""
            typer.echo(
                f"== {chunk.index} [{chunk.span.start}-{chunk.span.end}] {place}{marked}".rstrip()
            )
            for line in note.split("\n"):
                typer.echo(f"# {printable(line)}")
            typer.echo(harmless(chunk.text))
