"""``qa3 config`` and ``qa3 backends``: the settings in force, and who may answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import typer

from messages import say

from .options import option, printable, resolved_settings, with_settings

if TYPE_CHECKING:
    from chains import Resolved


def add_commands(app: typer.Typer, lang: str) -> None:
    """Adds the commands with their help in a language."""

    @app.command("config", help=say("cli.config", lang), cls=with_settings(lang))
    def show_config(
        context: typer.Context,
        backend: str | None = option(
            lang, None, "--backend", "-b", says="cli.config_backend", takes="metavar.name"
        ),
        as_json: bool = option(lang, False, "--json", says="cli.json"),
    ) -> None:
        resolved = resolved_settings(context)
        if backend is not None:
            typer.echo(_written(backend, resolved), nl=False)
            return
        rows, backends = _settings(resolved), _backends(resolved)
        if as_json:
            typer.echo(json.dumps({"settings": rows, "backends": backends}, ensure_ascii=False))
            return
        for line in _lines(rows, backends, lang):
            typer.echo(line)

    @app.command("backends", help=say("cli.backends", lang), cls=with_settings(lang))
    def list_backends(
        context: typer.Context,
        as_json: bool = option(lang, False, "--json", says="cli.json"),
    ) -> None:
        from chains import PROVIDERS, all_backends, lacking

        rows = []
        for backend in all_backends(resolved_settings(context)):
            lacks = lacking(backend)
            rows.append(
                {
                    "name": backend.name,
                    "model": backend.model,
                    "address": None if backend.embedded else backend.base_url or backend.provider,
                    "ready": lacks is None,
                    "lacks": lacks.reason.say(lang) if lacks else None,
                }
            )
        known = [name for name in PROVIDERS if name not in {row["name"] for row in rows}]
        if as_json:
            typer.echo(json.dumps({"backends": rows, "known": known}, ensure_ascii=False))
            return
        for row in rows:
            where = f"  {row['address']}" if row["address"] else ""
            typer.echo(printable(f"{row['name']}: {row['model']}{where}"))
            typer.echo(f"  {printable(str(row['lacks'] or say('show.backend_ready', lang)))}")
        typer.echo(say("show.backends_known", lang, names=", ".join(known)))


def _written(name: str, resolved: Resolved) -> str:
    """A settings file for a backend: the user's own or a built-in one, or a ready-made table."""
    from chains import PROVIDERS, all_backends, as_toml, choose

    found = next((one for one in all_backends(resolved) if one.name == name), None)
    if found is None and name in PROVIDERS:
        return as_toml(name, PROVIDERS[name].table())
    if found is None:
        settings = resolved.settings.model_copy(update={"backend": name})
        found = choose(resolved.model_copy(update={"settings": settings}))
    table = found.model_dump(mode="json", exclude_none=True, exclude={"name"})
    return as_toml(name, {key: value for key, value in table.items() if value != {}})


def _lines(
    rows: dict[str, dict[str, Any]], backends: dict[str, dict[str, Any]], lang: str
) -> Iterator[str]:
    from chains import setting_info

    for name, row in rows.items():
        shown = "-" if row["value"] is None else row["value"]
        yield f"{name:<14} {printable(str(shown)):<12} ({printable(row['from'])})"
        yield f"{'':<14} {setting_info(name).help(lang)}"
    for name, row in backends.items():
        yield printable(f"[backends.{name}]")
        for key, value in row.items():
            yield "  " + printable(f"{key} = {json.dumps(value, ensure_ascii=False)}")


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
