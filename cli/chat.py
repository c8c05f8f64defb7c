"""``qa3 chat``: a conversation at the terminal, free or about documents; reads stdin if piped."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Literal

import typer

from messages import say

from .options import Translator, option, resolved_settings, with_settings
from .usage import Misuse

if TYPE_CHECKING:
    from chains import Journal, PairRetriever, Resolved


def add_commands(app: typer.Typer, lang: str) -> None:
    """Adds ``chat`` with its help in a language."""
    offered = with_settings(
        lang, "backend -b", "base_url", "model -m", "temperature", "max_tokens", "timeout",
        "retry_seconds", "include", "embeddings", "embedding_backend", "journal",
    )  # fmt: skip

    @app.command(help=say("cli.chat", lang), cls=offered)
    def chat(
        context: typer.Context,
        job: str | None = option(lang, None, "--job", says="cli.chat_job", takes="metavar.job"),
        file: list[str] | None = option(
            lang, None, "--file", says="cli.chat_file", takes="metavar.file"
        ),
        prompt: str | None = option(
            lang, None, "--prompt", says="cli.chat_prompt", takes="metavar.name"
        ),
        system: str | None = option(
            lang, None, "--system", says="cli.chat_system", takes="metavar.text"
        ),
    ) -> int:
        if job and file:
            raise Misuse("cli.chat_either", context)
        resolved = resolved_settings(context, {"prompt": prompt})
        return _chat(resolved, job, file or [], system, context.obj)


def _chat(
    resolved: Resolved, job: str | None, files: list[str], system: str | None, translate: Translator
) -> int:
    from chains import Dialogue, Journal

    from .chat_loop import Conversation, Downloads

    downloads = Downloads(translate)
    own = system if system is not None else _prompt(resolved, translate)
    with ExitStack() as open_:
        retriever = None
        if job or files:
            journal = open_.enter_context(Journal(resolved.settings.journal))
            retriever = _retriever(journal, resolved, job, files)
        dialogue = open_.enter_context(
            Dialogue(resolved, system=own, retriever=retriever, progress=downloads.progress)
        )
        talk = Conversation(dialogue, translate, downloads)
        typer.echo(
            translate("show.chat_model", model=dialogue.model, backend=resolved.settings.backend),
            err=True,
        )
        if retriever is not None:
            counts = {"pairs": retriever.pairs, "passages": retriever.passages}
            used = retriever.embeddings
            typer.echo(translate("show.chat_documents", embeddings=used, **counts), err=True)
        return talk.run()


def _retriever(
    journal: Journal, resolved: Resolved, job: str | None, files: list[str]
) -> PairRetriever:
    from chains import Jobs, PairRetriever, RetrieverCache

    if job:
        chosen = None if resolved.origins["embeddings"] == "default" else resolved
        return RetrieverCache(journal).of_job(Jobs(journal).find(job), chosen)
    return PairRetriever.of_texts(files, journal, resolved=resolved)


def _prompt(resolved: Resolved, translate: Translator) -> str | None:
    """The system prompt of ``--prompt``; None for one from a settings file, which makes pairs."""
    from chains import choose, choose_prompt
    from prompts import built_in_system

    if resolved.origins["prompt"] != "flag":
        return None
    language: Literal["zh", "en"] = "zh" if translate.language == "zh" else "en"
    name, own = choose_prompt(choose(resolved), resolved.settings)
    text = own.get(language) if isinstance(own, dict) else own
    return built_in_system(name, language) if text is None else text
