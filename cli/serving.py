"""``qa3 serve`` and ``qa3 ui``: the other two doors, started from here."""

from __future__ import annotations

from pathlib import Path

import typer

from messages import say

from .context import config_file


def add_commands(app: typer.Typer, lang: str) -> None:
    """Adds ``serve`` and ``ui`` with their help in a language."""

    @app.command(help=say("cli.serve", lang))
    def serve(
        host: str = typer.Option("127.0.0.1", help=say("cli.host", lang)),
        port: int = typer.Option(8001, help=say("cli.port", lang)),
        config: Path | None = config_file(lang),
    ) -> None:
        from app_rest import serve as serve_rest

        serve_rest(host, port, config)

    @app.command(help=say("cli.ui", lang))
    def ui(
        host: str = typer.Option("127.0.0.1", help=say("cli.host", lang)),
        port: int = typer.Option(8002, help=say("cli.port", lang)),
    ) -> None:
        from app_chainlit import serve as serve_ui

        serve_ui(host, port)
