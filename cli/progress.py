"""Shows a run's progress: a live bar on a terminal, an occasional line otherwise."""

from __future__ import annotations

import threading
import time
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import typer

from chains import (
    FAULTS,
    ChunkDone,
    Done,
    Event,
    Prepared,
    RunProgress,
    Verified,
    judge_sentence,
    marks,
)
from pairs import ChunkOutcome, PairList, Reason

from .options import Translator, printable
from .show import refused_lines, sentence

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

SECONDS_BETWEEN_LINES = 10.0
_BY_MODEL = ("rejected.judge", "rejected.answered_otherwise")
"""Reasons that quote the model, each pair with words of its own."""


class ProgressDisplay:
    """Shows a run's events on stderr and keeps its result.

    Args:
        translate: Translates messages into the user's language.
        quiet: Show nothing; the result is kept all the same.
        pairs: Whether pairs are shown on a terminal as they come.

    Attributes:
        result: The list, once the run is done.
        job: The job's id.
    """

    def __init__(self, translate: Translator, *, quiet: bool, pairs: bool = False) -> None:
        from rich.console import Console

        self.result = PairList()
        self.job = ""
        self._translate = translate
        self._quiet = quiet
        self._pairs_shown = pairs and not quiet
        self._console = Console(stderr=True, quiet=quiet, highlight=False, markup=False)
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._progress = RunProgress(pairs=False)
        self._last_line = 0.0
        self._lock = threading.Lock()
        self._seconds = 0.0
        self._adopted = 0
        self._notes: tuple[Reason, ...] = ()

    def __enter__(self) -> ProgressDisplay:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close_bar()

    def show(self, event: Event) -> None:
        """Shows one event."""
        with self._lock:
            self._progress.take(event)
            if isinstance(event, Prepared):
                self._prepared(event)
            elif isinstance(event, ChunkDone):
                self._chunk(event)
            elif isinstance(event, Verified):
                self._verified(event)
            elif isinstance(event, Done):
                self._close_bar()
                self.result, self._seconds = event.result, event.seconds
                self._adopted = event.adopted
                self._notes = event.notes

    def download(self, file: str, done: int, total: int) -> None:
        """Shows how far the download of a model file is; called from the thread that does it."""
        with self._lock:
            if self._bar is None or self._bar.tasks[0].description != file:
                megabytes = round(total / 1e6)
                self._console.print(
                    self._translate("show.download", file=file, megabytes=megabytes), soft_wrap=True
                )
                self._open_bar(file, total, size=True)
            self._advance(done, "")

    def summary(self, output: Path | None) -> None:
        """Prints the outcome of all chunks and pairs, and the cost."""
        result, translate = self.result, self._translate
        states = {state.replace(" ", "_"): count for state, count in result.states().items()}
        lines = []
        if result.refused:
            lines.append(translate("show.refused", count=len(result.refused)))
            lines += [f"  {line}" for line in refused_lines(result.refused, translate)]
        lines.append(translate("show.chunks", total=len(result.chunks), **states))
        lines += [self._failed(one) for one in result.chunks if one.state == "failed"]
        unasked = Counter(
            sentence(one.reason, translate) for one in result.chunks if one.state == "not asked"
        )
        for reason, count in unasked.most_common():
            lines.append("  " + translate("show.not_asked_count", count=count, reason=reason))
        lines += self._pairs()
        usage = result.usage
        lines.append(
            translate(
                "show.cost",
                calls=usage.calls,
                prompt=usage.prompt,
                completion=usage.completion,
                seconds=round(self._seconds),
                job=self.job,
            )
        )
        lines += [sentence(note, translate) for note in self._notes]
        unexpected = any(o.reason and o.reason.code == "chunk.unexpected" for o in result.chunks)
        if unexpected or any(one.reason.code == "pair.fault" for one in result.rejected):
            lines.append(translate("cli.how_to_log"))
        if self._adopted:
            lines.append(translate("show.adopted", count=self._adopted))
        if output:
            lines.append(translate("show.written", count=len(result.kept), file=output))
        for line in lines:
            typer.echo(line, err=True)

    def _pairs(self) -> list[str]:
        """How every pair ended."""
        result, translate = self.result, self._translate
        lines = [
            translate(
                "show.pairs",
                parsed=sum(chunk.parsed for chunk in result.chunks),
                kept=len(result.kept),
                duplicates=len(result.duplicates),
                rejected=len(result.rejected),
            )
        ]
        if result.duplicates:
            count = len(result.duplicates)
            lines.append(
                "  " + translate("show.duplicates", count=count, embeddings=result.embeddings)
            )
        if result.conflicts:
            lines.append("  " + translate("show.conflicts", count=len(result.conflicts)))
        lines += self._checks()
        faults = sum(one.reason.code in FAULTS for one in result.rejected)
        if faults:
            lines.append("  " + translate("show.faults", count=faults))
        reasons = Counter(
            translate("show.refused_by_judge")
            if one.reason.code in _BY_MODEL
            else sentence(one.reason, translate)
            for one in result.rejected
        )
        for reason, count in reasons.most_common():
            lines.append("  " + translate("show.rejected", count=count, reason=reason))
        return lines

    def _checks(self) -> list[str]:
        """What the model that checked the pairs was worth, and what it leaves to a person."""
        result, translate = self.result, self._translate
        lines = []
        if result.judge is not None:
            lines.append(printable(judge_sentence(result.judge, translate.language)))
            if result.judge.unanswered:
                lines.append(translate("show.judge_unanswered", count=result.judge.unanswered))
        elif self._progress.verified[1]:
            lines.append(translate("show.verified", **marks(result)))
        doubtful = sum(pair.doubtful for pair in result.kept)
        if doubtful:
            lines.append(translate("show.doubtful", count=doubtful))
        return [f"  {line}" for line in lines]

    def _failed(self, chunk: ChunkOutcome) -> str:
        span, reason = chunk.span, sentence(chunk.reason, self._translate)
        source = Path(chunk.source).name
        translate = self._translate
        return "  " + translate(
            "show.failed", source=source, start=span.start, end=span.end, reason=reason
        )

    def _prepared(self, event: Prepared) -> None:
        translate = self._translate
        self.job = event.job
        self._progress.snapshot()  # starts the measurement of the speed
        self._console.print(translate("show.prepared", **event.model_dump()), soft_wrap=True)
        if event.small:
            self._console.print(translate("show.small_model"), soft_wrap=True)
        if event.asked_before:
            self._console.print(
                translate("show.asked_before", **event.asked_before.model_dump()), soft_wrap=True
            )
        for line in refused_lines(event.refused, translate):
            self._console.print(line, soft_wrap=True)
        for source, reason in event.warnings:
            name = printable(Path(source).name)
            self._console.print(f"! {name}: {sentence(reason, translate)}", soft_wrap=True)
        self._open_bar("", event.chunks, size=False)

    def _chunk(self, event: ChunkDone) -> None:
        if self._pairs_shown and event.pairs and self._console.is_terminal:
            lines = [f"{printable(one.question)}\n  {printable(one.answer)}" for one in event.pairs]
            self._console.print("\n".join(lines), soft_wrap=True)
        if self._bar is None or self._bar.tasks[0].total != event.total:
            self._open_bar("", event.total, size=False)
        now = self._progress.snapshot()
        text = self._translate(
            "show.progress",
            done=now.done,
            total=now.total,
            pairs=now.pairs,
            failed=now.failed,
            tokens=now.tokens,
            rate=round(now.rate or 0),
            eta="?" if now.eta is None else duration(now.eta),
        )
        self._advance(now.done, text)

    def _verified(self, event: Verified) -> None:
        now = self._progress.snapshot()
        if now.done < now.total:
            return  # the chunks' line says how far the run is
        if self._bar is None or self._bar.tasks[0].total != event.total:
            self._open_bar("", event.total, size=False)
        fields = event.model_dump(include={"done", "total"})
        self._advance(event.done, self._translate("show.verifying", **fields, tokens=now.tokens))

    def _advance(self, done: int, text: str) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, status=text)
        if not self._console.is_terminal and time.monotonic() > (
            self._last_line + SECONDS_BETWEEN_LINES
        ):
            self._last_line = time.monotonic()
            if text:
                self._console.print(text, soft_wrap=True)

    def _open_bar(self, name: str, total: int, *, size: bool) -> None:
        from rich import progress

        self._close_bar()  # rich allows one live display per console
        amount = progress.DownloadColumn() if size else progress.TextColumn("{task.fields[status]}")
        self._bar = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            amount,
            *([progress.TimeRemainingColumn()] if size else []),
            console=self._console,
            transient=True,
            disable=self._quiet or not self._console.is_terminal,
        )
        self._task = self._bar.add_task(name, total=total, status="")
        self._bar.start()

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.stop()
        self._bar = self._task = None


def duration(seconds: float) -> str:
    """Seconds as ``h:mm:ss`` or ``m:ss``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
