"""``qa3 load`` and ``qa3 split``: shows a document's text and chunks, without calling a model."""

from __future__ import annotations

import json
import time
from pathlib import Path

import typer

from messages import say

from .options import printable, resolved_settings, with_settings


def add_commands(app: typer.Typer, lang: str) -> None:
    """Adds ``load`` and ``split`` with their help in a language."""
    read = with_settings(lang, "include")

    @app.command("load", help=say("cli.load", lang), cls=read)
    def load_document(
        context: typer.Context,
        doc: Path = typer.Argument(help=say("cli.doc", lang)),
        password: str | None = typer.Option(None, help=say("cli.password", lang)),
        as_json: bool = typer.Option(False, "--json", help=say("cli.json", lang)),
        whole_page: bool = typer.Option(False, "--whole-page", help=say("cli.whole_page", lang)),
    ) -> None:
        from loaders import count_tokens, load, peak_memory
        from pairs import harmless

        include = resolved_settings(context, whole_page=whole_page).settings.included
        began, pages = time.monotonic(), 0
        for document in load(doc, password=password, include=include):
            pages += 1
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
        cost = {"pages": pages, "seconds": round(time.monotonic() - began, 1)}
        if memory := peak_memory():
            cost["megabytes"] = memory >> 20
        said = context.obj("cli.load_memory" if memory else "cli.load_cost", **cost)
        # Beside the pages: what is read from there holds a Document a line.
        typer.echo(json.dumps(cost) if as_json else said, err=True)

    offered = with_settings(lang, "backend -b", "chunk_size", "overlap", "include")

    @app.command("split", help=say("cli.split", lang), cls=offered)
    def split_document(
        context: typer.Context,
        doc: Path = typer.Argument(help=say("cli.doc", lang)),
        password: str | None = typer.Option(None, help=say("cli.password", lang)),
        as_json: bool = typer.Option(False, "--json", help=say("cli.json", lang)),
        whole_page: bool = typer.Option(False, "--whole-page", help=say("cli.whole_page", lang)),
    ) -> None:
        from chains import read_for, request_notes
        from loaders import load
        from pairs import harmless

        resolved = resolved_settings(context, whole_page=whole_page)
        include = resolved.settings.included
        documents = list(load(doc, password=password, include=include))
        chunks = read_for(resolved, [documents]).chunks
        for chunk, note in zip(chunks, request_notes(chunks, resolved), strict=True):
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
