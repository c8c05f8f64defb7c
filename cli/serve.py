"""``qa3 serve`` and ``qa3 ui``: start the REST service and the Chainlit page."""

from __future__ import annotations

from pathlib import Path

import typer

from messages import say

from .options import config_file


def add_commands(app: typer.Typer, lang: str) -> None:
    """Adds ``serve`` and ``ui`` with their help in a language."""

    @app.command(help=say("cli.serve", lang))
    def serve(
        host: str = typer.Option("127.0.0.1", help=say("cli.host", lang)),
        port: int = typer.Option(8001, help=say("cli.port", lang)),
        token_file: Path | None = typer.Option(None, help=say("cli.token_file", lang)),
        allowed_host: list[str] = typer.Option([], help=say("cli.allowed_host", lang)),
        cors_origin: list[str] = typer.Option([], help=say("cli.cors_origin", lang)),
        allow_base_url: bool = typer.Option(
            False, "--allow-base-url", help=say("cli.allow_base_url", lang)
        ),
        max_upload_mb: int = typer.Option(200, min=1, help=say("cli.max_upload_mb", lang)),
        max_pages: int = typer.Option(5000, min=1, help=say("cli.max_pages", lang)),
        max_files: int = typer.Option(20, min=1, max=1000, help=say("cli.max_files", lang)),
        queue: int = typer.Option(100, min=1, help=say("cli.queue", lang)),
        jobs_at_once: int = typer.Option(8, min=1, max=64, help=say("cli.jobs_at_once", lang)),
        page: bool = typer.Option(True, "--page/--no-page", help=say("cli.page", lang)),
        config: Path | None = config_file(lang),
    ) -> None:
        from app_rest import serve as serve_rest
        from rest.config import Limits, access_for

        access = access_for(
            host,
            token_file=token_file,
            hosts=tuple(allowed_host),
            origins=tuple(cors_origin),
            base_url=allow_base_url,
        )
        limits = Limits(
            file_bytes=max_upload_mb * 1_000_000,
            pages=max_pages,
            files=max_files,
            waiting=queue,
            waiting_of_one=max(1, queue // 2),
            jobs_at_once=jobs_at_once,
        )
        serve_rest(host, port, config, access=access, limits=limits, page=page)

    @app.command(help=say("cli.ui", lang))
    def ui(
        host: str = typer.Option("127.0.0.1", help=say("cli.host", lang)),
        port: int = typer.Option(8002, help=say("cli.port", lang)),
        config: Path | None = config_file(lang),
    ) -> None:
        from ui.server import serve as serve_ui

        serve_ui(host, port, config)
