"""``qa3 jobs``, ``qa3 resume`` and ``qa3 retry``: lists earlier runs and continues them."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from messages import say

from .options import (
    Translator,
    argument,
    list_format,
    option,
    printable,
    resolved_settings,
    with_settings,
)
from .output import Output, carry_out
from .show import refused_lines, sentence
from .usage import Misuse

if TYPE_CHECKING:
    from chains import Job, Resolved

_CHANGEABLE = (
    "concurrency", "timeout", "retry_seconds", "max_calls", "max_tokens_total",
    "requests_per_minute", "tokens_per_minute", "embeddings", "embedding_backend", "threshold",
    "evidence", "processes", "check", "ray",
)  # fmt: skip
"""Settings that may change when a job is resumed; the others are part of its requests."""
_STATES = {
    "waiting": "job.waiting",
    "running": "job.running",
    "done": "job.done",
    "partial": "job.partial",
    "stopped": "job.stopped",
    "failed": "job.failed",
    "broken off": "job.broken_off",
}
_IN_HAND = ("waiting", "running")
_UNITS = {"h": 3600, "d": 86_400, "w": 604_800}
MOST_DIGITS = 7
"""Of a length of time, with its unit."""


def add_commands(app: typer.Typer, lang: str) -> None:
    """Adds the commands with their help in a language."""
    jobs = typer.Typer(help=say("cli.jobs", lang), invoke_without_command=True)
    app.add_typer(jobs, name="jobs")
    with_journal = with_settings(lang, "journal")

    @jobs.callback(cls=with_settings(lang, "journal", group=True))
    def list_jobs(
        context: typer.Context,
        as_json: bool = option(lang, False, "--json", says="cli.json"),
    ) -> None:
        if context.invoked_subcommand is None:
            _list(context.obj, resolved_settings(context), as_json=as_json)

    @jobs.command("show", help=say("cli.jobs_show", lang), cls=with_journal)
    def show_job(
        context: typer.Context,
        job: str = argument(lang, ..., says="cli.job", takes="metavar.job"),
        as_json: bool = option(lang, False, "--json", says="cli.json"),
    ) -> None:
        _show(job, context.obj, resolved_settings(context), as_json=as_json)

    @jobs.command("delete", help=say("cli.jobs_delete", lang), cls=with_journal)
    def delete_job(
        context: typer.Context,
        jobs: list[str] = argument(lang, None, says="cli.jobs_job", takes="metavar.job"),
        older_than: str | None = option(
            lang, None, "--older-than", says="cli.older_than", takes="metavar.time"
        ),
    ) -> None:
        if bool(jobs) == (older_than is not None):
            raise Misuse("cli.jobs_either", context)
        before = None if older_than is None else time.time() - _seconds(older_than, context)
        _delete(jobs or [], before, resolved_settings(context), context.obj)

    _add_resume(app, "resume", say("cli.resume", lang), lang)
    _add_resume(app, "retry", say("cli.retry", lang), lang)


def _add_resume(app: typer.Typer, name: str, about: str, lang: str) -> None:
    offered = with_settings(lang, *_CHANGEABLE, "journal")

    @app.command(name, help=about, cls=offered)
    def resume_job(
        context: typer.Context,
        job: str = argument(lang, ..., says="cli.job", takes="metavar.job"),
        output: Path | None = option(
            lang, None, "--output", "-o", says="cli.output", takes="metavar.file"
        ),
        format_: str | None = list_format(lang),
        force: bool = option(lang, False, "--force", says="cli.force"),
        quiet: bool = option(lang, False, "--quiet", "-q", says="cli.quiet"),
        as_json: bool = option(lang, False, "--json", says="cli.json"),
    ) -> int:
        resolved = resolved_settings(context)
        changes = {
            one: getattr(resolved.settings, one)
            for one in _CHANGEABLE
            if resolved.origins[one] == "flag"
        }
        destination = Output(output, format_, force=force, quiet=quiet, as_json=as_json)
        return _resume(job, resolved, changes, destination, context.obj, again=name == "retry")


def _resume(
    name: str,
    resolved: Resolved,
    changes: dict[str, Any],
    output: Output,
    translate: Translator,
    *,
    again: bool,
) -> int:
    from chains import Jobs, Journal, resume

    with Journal(resolved.settings.journal) as journal:
        job = Jobs(journal).find(name)
        if output.path is None and job.output:
            output = output.at(Path(job.output["path"]), job.output["format"])
        output.check(journal, job.id)
        return carry_out(
            lambda progress, stop, begun: resume(
                journal, job, changes, progress=progress, stop=stop, begun=begun, again=again
            ),
            journal,
            output,
            translate,
        )


def _seconds(length: str, context: typer.Context) -> float:
    """Seconds of a length of time such as 30d."""
    unit = _UNITS.get(length[-1:].lower())
    if unit is None or not length[:-1].isdecimal() or len(length) > MOST_DIGITS:
        raise Misuse("cli.value", context, name="--older-than", value=length, wanted="12h, 30d, 8w")
    return int(length[:-1]) * unit


def _delete(
    names: list[str], before: float | None, resolved: Resolved, translate: Translator
) -> None:
    from chains import Jobs, Journal

    with Journal(resolved.settings.journal) as opened:
        jobs = Jobs(opened)
        if before is None:
            # All are looked up before one is deleted: a slip of the pen deletes nothing.
            found = list(dict.fromkeys(jobs.find(name).id for name in names))
        else:
            old = (job for job in jobs.all() if job.created < before)
            found = [job.id for job in old if job.state not in _IN_HAND]
        for one in found:
            jobs.delete(one)
            typer.echo(translate("show.deleted", job=one))
        if not found:
            typer.echo(translate("show.none_deleted"), err=True)


def _list(translate: Translator, resolved: Resolved, *, as_json: bool) -> None:
    from chains import Jobs, Journal

    with Journal(resolved.settings.journal) as journal:
        found = Jobs(journal).all()
    if as_json:
        typer.echo(json.dumps([_as_json(job) for job in found], ensure_ascii=False))
        return
    for job in found:
        typer.echo(_line(job, translate))
    if not found:
        typer.echo(translate("show.no_jobs"), err=True)


def _as_json(job: Job) -> dict[str, Any]:
    return {**job.model_dump(), "counts": job.progress.counts()}


def _line(job: Job, translate: Translator) -> str:
    chunks, pairs = job.progress.chunks, job.progress.pairs
    return translate(
        "show.job",
        job=job.id,
        state=translate(_STATES[job.state]),
        when=time.strftime("%Y-%m-%d %H:%M", time.localtime(job.created)),
        done=chunks.done,
        chunks=chunks.total,
        pairs=pairs.kept if pairs else 0,
        tokens=job.usage.prompt + job.usage.completion,
        source=", ".join(Path(source).name for source in job.sources),
    )


def _show(name: str, translate: Translator, resolved: Resolved, *, as_json: bool) -> None:
    from chains import Jobs, Journal, judge_sentence

    with Journal(resolved.settings.journal) as journal:
        job = Jobs(journal).find(name)
        outcomes = Jobs(journal).outcomes(job.id)
    if as_json:
        whole = {
            **_as_json(job),
            "outcomes": [outcome.model_dump(mode="json") for outcome in outcomes],
        }
        typer.echo(json.dumps(whole, ensure_ascii=False))
        return
    typer.echo(_line(job, translate))
    if job.failure:
        typer.echo(sentence(job.failure, translate))
    usage, seconds = job.usage, round(job.seconds)
    typer.echo(
        translate(
            "show.cost",
            calls=usage.calls,
            prompt=usage.prompt,
            completion=usage.completion,
            seconds=seconds,
            job=job.id,
        )
    )
    if job.progress.judge:
        typer.echo(printable(judge_sentence(job.progress.judge, translate.language)))
    for key, value in job.settings.items():
        if value is not None:
            typer.echo(f"  {key} = {printable(json.dumps(value, ensure_ascii=False)[:200])}")
    for line in refused_lines(job.refused, translate, most=len(job.refused)):
        typer.echo(line)
    for outcome in outcomes:
        if outcome.state not in ("failed", "not asked"):
            continue
        span, reason = outcome.span, sentence(outcome.reason, translate)
        code = "show.failed" if outcome.state == "failed" else "show.not_asked"
        source = Path(outcome.source).name
        typer.echo(translate(code, source=source, start=span.start, end=span.end, reason=reason))
        for line in outcome.raw.splitlines():
            typer.echo(f"    | {printable(line)}")
