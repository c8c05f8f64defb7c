"""``qa3 config``, ``qa3 doctor`` and ``qa3 model``: settings, diagnosis and model downloads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from messages import say

from .options import printable, resolved_settings, with_settings

if TYPE_CHECKING:
    from chains import Resolved


def add_commands(app: typer.Typer, lang: str) -> None:
    """Adds the commands with their help in a language."""

    @app.command("config", help=say("cli.config", lang), cls=with_settings(lang))
    def show_config(
        context: typer.Context,
        as_json: bool = typer.Option(False, "--json", help=say("cli.json", lang)),
    ) -> None:
        from chains import setting_info

        resolved = resolved_settings(context)
        rows, backends = _settings(resolved), _backends(resolved)
        if as_json:
            typer.echo(json.dumps({"settings": rows, "backends": backends}, ensure_ascii=False))
            return
        for name, row in rows.items():
            shown = "-" if row["value"] is None else row["value"]
            typer.echo(f"{name:<14} {printable(str(shown)):<12} ({printable(row['from'])})")
            typer.echo(f"{'':<14} {setting_info(name).help(lang)}")
        for name, row in backends.items():
            typer.echo(printable(f"[backends.{name}]"))
            for key, value in row.items():
                typer.echo("  " + printable(f"{key} = {json.dumps(value, ensure_ascii=False)}"))

    @app.command(help=say("cli.doctor", lang), cls=with_settings(lang, "backend -b"))
    def doctor(context: typer.Context) -> int:
        from chains import examine

        ok = True
        for finding in examine(resolved_settings(context)):
            mark = {"ok": "ok  ", "note": "note", "wrong": "FAIL"}[finding.state]
            typer.echo(f"{mark} {printable(finding.reason.say(lang))}")
            ok = ok and finding.state != "wrong"
        return 0 if ok else 1

    model = typer.Typer(help=say("cli.model", lang), no_args_is_help=True)
    app.add_typer(model, name="model")

    @model.command("download", help=say("cli.model_download", lang))
    def download_model(
        context: typer.Context,
        name: str | None = typer.Argument(None, help=say("cli.model_name", lang)),
        to: Path | None = typer.Option(None, "--to", help=say("cli.model_to", lang)),
    ) -> None:
        from chains import download_named

        from .progress import ProgressDisplay

        with ProgressDisplay(context.obj, quiet=False) as showing:
            path = download_named(name, showing.download, to)
        typer.echo(str(path))


def _settings(resolved: Resolved) -> dict[str, dict[str, Any]]:
    """Each setting's value and where it comes from."""
    values = resolved.settings.model_dump(mode="json")
    return {
        name: {"value": value, "from": resolved.origins[name]} for name, value in values.items()
    }


def _backends(resolved: Resolved) -> dict[str, dict[str, Any]]:
    """Each backend's table; an API key is masked."""
    from chains import all_backends, secret

    tables: dict[str, dict[str, Any]] = {}
    for backend in all_backends(resolved):
        table = backend.model_dump(mode="json", exclude_none=True, exclude={"name"})
        if backend.api_key_env:
            table["api_key"] = "****" if secret(backend.api_key_env) else None
        tables[backend.name] = table
    return tables
