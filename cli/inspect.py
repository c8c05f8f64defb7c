"""``qa3 load`` and ``qa3 split``: shows a document's text and chunks, without calling a model."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from messages import say

from .options import Translator, argument, option, printable, resolved_settings, with_settings

if TYPE_CHECKING:
    from chains import Resolved
    from loaders import Chunk


def add_commands(app: typer.Typer, lang: str) -> None:
    """Adds ``load`` and ``split`` with their help in a language."""
    read = with_settings(lang, "include")

    @app.command("load", help=say("cli.load", lang), cls=read)
    def load_document(
        context: typer.Context,
        doc: Path = argument(lang, ..., says="cli.doc", takes="metavar.doc"),
        password: str | None = option(lang, None, says="cli.password", takes="metavar.text"),
        as_json: bool = option(lang, False, "--json", says="cli.json"),
        whole_page: bool = option(lang, False, "--whole-page", says="cli.whole_page"),
    ) -> None:
        include = resolved_settings(context, whole_page=whole_page).settings.included
        _load(doc, password, include, context.obj, as_json=as_json)

    offered = with_settings(
        lang, "backend -b", "model -m", "language", "chunk_size", "overlap", "include"
    )

    @app.command("split", help=say("cli.split", lang), cls=offered)
    def split_document(
        context: typer.Context,
        doc: Path = argument(lang, ..., says="cli.doc", takes="metavar.doc"),
        password: str | None = option(lang, None, says="cli.password", takes="metavar.text"),
        as_json: bool = option(lang, False, "--json", says="cli.json"),
        whole_page: bool = option(lang, False, "--whole-page", says="cli.whole_page"),
    ) -> None:
        resolved = resolved_settings(context, whole_page=whole_page)
        _split(doc, password, resolved, context.obj, as_json=as_json)


def _load(
    doc: Path,
    password: str | None,
    include: frozenset[str],
    translate: Translator,
    *,
    as_json: bool,
) -> None:
    from loaders import count_tokens, load, peak_memory
    from pairs import harmless

    began, pages = time.monotonic(), 0
    for document in load(doc, password=password, include=include):
        pages += 1
        if as_json:
            row = {"page_content": document.page_content, "metadata": document.metadata}
            typer.echo(json.dumps(row, ensure_ascii=False, default=str))
            continue
        if pages == 1:
            for line in _about(document.metadata, translate):
                typer.echo(line)
        typer.echo(_head(document.metadata, count_tokens(document.page_content), translate))
        for _, level, title in document.metadata.get("outline") or ():
            typer.echo(f"{'  ' * level}- {printable(title)}")
        for warning in document.metadata.get("warnings") or ():
            typer.echo("! " + translate(warning["code"], **warning["fields"]), err=True)
        typer.echo(harmless(document.page_content))
    cost = {"pages": pages, "seconds": round(time.monotonic() - began, 1)}
    if memory := peak_memory():
        cost["megabytes"] = memory >> 20
    said = translate("cli.load_memory" if memory else "cli.load_cost", **cost)
    # Beside the pages: what is read from there holds a Document a line.
    typer.echo(json.dumps(cost) if as_json else said, err=True)


def _split(
    doc: Path, password: str | None, resolved: Resolved, translate: Translator, *, as_json: bool
) -> None:
    from chains import read_for, request_notes
    from loaders import count_tokens, load
    from pairs import harmless

    include = resolved.settings.included
    documents = list(load(doc, password=password, include=include))
    chunks = read_for(resolved, [documents]).chunks
    for chunk, note in zip(chunks, request_notes(chunks, resolved), strict=True):
        if as_json:
            row = {**chunk.model_dump(), "source_note": note}
            typer.echo(json.dumps(row, ensure_ascii=False))
            continue
        typer.echo(_place(chunk, count_tokens(chunk.text), translate))
        for line in note.split("\n"):
            typer.echo(f"# {printable(line)}")
        typer.echo(harmless(chunk.text))


def _about(metadata: Mapping[str, Any], translate: Translator) -> Iterator[str]:
    """What is known of a whole document: its title and how it is encoded."""
    for name, code in (("title", "load.about_title"), ("encoding", "load.about_encoding")):
        if metadata.get(name):
            yield translate(code, value=str(metadata[name]))


def _head(metadata: Mapping[str, Any], tokens: int, translate: Translator) -> str:
    """Where a Document stands: its page, the headings it begins under, its size."""
    page = metadata.get("page")
    trail = " > ".join(metadata.get("headings") or ())
    place = translate("load.page", page=page) if page else translate("load.text")
    return f"== {place}{_part(trail)}{_part(translate('load.tokens', tokens=tokens))}"


def _place(chunk: Chunk, tokens: int, translate: Translator) -> str:
    """Where a chunk stands: its number, characters and pages, and its size."""
    first, last = chunk.first_page, chunk.last_page
    pages = f"{first}" if last in (None, first) else f"{first}-{last}"
    page = translate("load.page", page=pages) if first else ""
    span = {"start": chunk.span.start, "end": chunk.span.end}
    place = translate("split.chunk", number=chunk.index + 1, **span)
    marked = translate("split.boilerplate") if chunk.boilerplate else ""
    return f"== {place}{_part(page)}{_part(translate('load.tokens', tokens=tokens))}{_part(marked)}"


def _part(part: str) -> str:
    return f" | {printable(part)}" if part else ""
