"""``qa3 serve`` and ``qa3 ui``: start the REST service and the Chainlit page."""

from __future__ import annotations

from pathlib import Path

import typer

from messages import say

from .help import Command
from .options import PORTS, config_file, option


def add_commands(app: typer.Typer, lang: str) -> None:
    """Adds ``serve`` and ``ui`` with their help in a language."""

    @app.command(help=say("cli.serve", lang), cls=Command)
    def serve(
        host: str = option(lang, "127.0.0.1", says="cli.host", takes="metavar.address"),
        port: int = option(lang, 8001, says="cli.port", within=PORTS),
        token_file: Path | None = option(lang, None, says="cli.token_file", takes="metavar.file"),
        allowed_host: list[str] = option(lang, [], says="cli.allowed_host", takes="metavar.name"),
        cors_origin: list[str] = option(lang, [], says="cli.cors_origin", takes="metavar.address"),
        allow_base_url: bool = option(lang, False, "--allow-base-url", says="cli.allow_base_url"),
        max_upload_mb: int = option(lang, 200, says="cli.max_upload_mb", within=(1, 100_000)),
        max_pages: int = option(lang, 5000, says="cli.max_pages", within=(1, 1_000_000)),
        max_files: int = option(lang, 20, says="cli.max_files", within=(1, 1000)),
        queue: int = option(lang, 100, says="cli.queue", within=(1, 100_000)),
        jobs_at_once: int = option(lang, 8, says="cli.jobs_at_once", within=(1, 64)),
        page: bool = option(lang, True, "--page/--no-page", says="cli.page"),
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

    @app.command(help=say("cli.ui", lang), cls=Command)
    def ui(
        host: str = option(lang, "127.0.0.1", says="cli.host", takes="metavar.address"),
        port: int = option(lang, 8002, says="cli.port", within=PORTS),
        config: Path | None = config_file(lang),
    ) -> None:
        from ui.server import serve as serve_ui

        serve_ui(host, port, config)
