"""``qa3 config`` and ``qa3 backends``: the settings in force, and who may answer."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import typer

from messages import say

from .help import WIDEST, wrapped
from .options import option, printable, resolved_settings, with_settings

if TYPE_CHECKING:
    from chains import Resolved


_ORIGINS = {
    "default": "show.from_default",
    "flag": "show.from_flag",
    "environment": "show.from_environment",
    "file": "show.from_file",
}


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

    width = min(shutil.get_terminal_size().columns, WIDEST)
    for name, row in rows.items():
        value, origin = _value(row["value"], lang), _origin(row["from"], lang)
        yield printable(say("show.setting", lang, name=name, value=value, origin=origin))
        yield from (f"    {line}" for line in wrapped(setting_info(name).help(lang), width - 4))
    for name, table in backends.items():
        yield printable(f"[backends.{name}]")
        for key, value in _entries(table):
            yield "    " + printable(f"{key} = {json.dumps(value, ensure_ascii=False)}")


def _value(value: object, lang: str) -> str:
    """A setting's value in words."""
    if value is None:
        return say("show.unset", lang)
    if isinstance(value, bool):
        return say("show.yes" if value else "show.no", lang)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _origin(origin: str, lang: str) -> str:
    kind, _, name = origin.partition(" ")
    return say(_ORIGINS[kind], lang, name=name)


def _entries(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Keys and values of a table as TOML writes them, what is in tables inside it with dots."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _entries(value, f"{above}{key}.")
        elif value not in ([], None):
            yield f"{above}{key}", value


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
