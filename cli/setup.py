"""``qa3 doctor`` and ``qa3 model``: diagnosis, and the models of this machine."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from messages import say

from .help import Command, Group
from .options import argument, option, printable, resolved_settings, with_settings

_MARKS = {"ok": "doctor.mark_ok", "note": "doctor.mark_note", "wrong": "doctor.mark_wrong"}


def add_commands(app: typer.Typer, lang: str) -> None:
    """Adds the commands with their help in a language."""
    examined = with_settings(
        lang, "backend -b", "base_url", "model -m", "max_tokens", "timeout", "embeddings", "journal"
    )

    @app.command(help=say("cli.doctor", lang), cls=examined)
    def doctor(context: typer.Context) -> int:
        from chains import examine

        ok = True
        for finding in examine(resolved_settings(context)):
            mark = say(_MARKS[finding.state], lang)
            typer.echo(f"{mark} {printable(finding.reason.say(lang))}")
            ok = ok and finding.state != "wrong"
        return 0 if ok else 1

    model = typer.Typer(help=say("cli.model", lang), no_args_is_help=True, cls=Group)
    app.add_typer(model, name="model")

    @model.command("list", help=say("cli.model_list", lang), cls=Command)
    def list_models(
        as_json: bool = option(lang, False, "--json", says="cli.json"),
    ) -> None:
        from chains import GGUF_MODELS, find_named

        rows = []
        for one in GGUF_MODELS:
            file = find_named(one.name)
            shown = one.model_dump(include={"name", "repository", "parameters", "license"})
            rows.append({**shown, "file": str(file) if file else None})
        if as_json:
            typer.echo(json.dumps(rows, ensure_ascii=False))
            return
        for row in rows:
            here, name = row["file"], row["name"]
            what = say("show.model_row", lang, **row)
            where = (
                say("show.model_here", lang, file=printable(str(here)))
                if here
                else say("show.model_not_here", lang, name=name)
            )
            typer.echo(f"{name:<28} {what:<32} {where}")

    @model.command("download", help=say("cli.model_download", lang), cls=Command)
    def download_model(
        context: typer.Context,
        name: str | None = argument(lang, None, says="cli.model_name", takes="metavar.name"),
        to: Path | None = option(lang, None, "--to", says="cli.model_to", takes="metavar.folder"),
    ) -> None:
        from chains import download_named

        from .progress import ProgressDisplay

        with ProgressDisplay(context.obj, quiet=False) as showing:
            path = download_named(name, showing.download, to)
        typer.echo(str(path))
