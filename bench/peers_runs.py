"""Runs one tool once: starts it, kills it half-way if requested, and scores its output."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.peers_documents import Document, write
from bench.peers_model import Form, Model, Score
from bench.peers_tools import Call, Pairs, Tool, environment, journalled, read_safely
from bench.simulated import Faults, Simulated

LONGEST = 240.0
"""Seconds after which a run is given up."""
CONTEXT = 9000
"""Characters the model takes at once; a model of 8,192 tokens takes no more Chinese."""
_LOOK = 0.01
_CONTROLS = re.compile("\x1b\\[[0-9;?]*[A-Za-z]")
_TELLING = re.compile(
    "error|fail|omitted|can't|not asked|rejected [1-9]|bad request|too many requests", re.IGNORECASE
)
_FINE = re.compile("failed: 0|[^0-9]0 failed", re.IGNORECASE)
_PLACE = re.compile(r"(?:https?:/)?/[^ ]+/")


@dataclass(frozen=True)
class Case:
    """One test case, the same for every tool.

    Attributes:
        name: Its key in the results.
        documents: What the folder holds.
        faults: What goes wrong at the server.
        form: How the model writes its replies.
        seconds: What a reply takes, shortest and longest.
        inventions: Share of replies with an invented pair.
        width: Calls at the same time.
        kill: Whether the run is killed when half the calls are answered, and begun again.
        asked: What the model asks about a text, where lines of sentences are not what it reads.
    """

    name: str
    documents: tuple[Document, ...]
    faults: Faults = field(default_factory=Faults)
    form: Form = "as asked"
    seconds: tuple[float, float] = (0.05, 0.15)
    inventions: float = 0.0
    width: int = 8
    kill: bool = False
    asked: Callable[[str], Pairs] | None = None

    def model(self) -> Model:
        """A model that knows the documents."""
        every = (fact for document in self.documents for fact in document.facts)
        return Model(every, self.form, self.seconds, self.inventions, self.asked)


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        code: Its exit code; minus the signal where it was killed.
        ended: When, by the monotonic clock.
        seconds: How long it took from its start.
        first: Seconds to the first pair on disk; None where there was none.
        memory: Peak resident megabytes of its largest process.
        output: What it printed.
    """

    code: int
    ended: float
    seconds: float
    first: float | None
    memory: float
    output: str


@dataclass(frozen=True)
class Outcome:
    """The result of a case.

    Attributes:
        ended: The last run.
        score: Of the pairs on disk at its end.
        calls: Requests the model answered.
        again: Of these, those it had answered before.
        waited: Seconds the calls took, all together.
        longest: Seconds the longest call took.
        asking: Seconds from the first request to the end.
        on_disk: What lay on disk when it was killed.
    """

    ended: Ended
    score: Score
    calls: int
    again: int
    waited: float
    longest: float
    asking: float
    on_disk: dict[str, int] = field(default_factory=dict)

    def ideal(self, width: int) -> float:
        """The least seconds its calls can take."""
        return max(self.waited / width, self.longest)


def carry_out(tool: Tool, programs: Path, case: Case, expected: int = 0) -> Outcome:
    """What comes of a case with a tool.

    Args:
        tool: Which.
        programs: Of its environment.
        case: Which.
        expected: Calls a whole run makes, to know the half of a run to be killed.
    """
    model = case.model()
    with (
        tempfile.TemporaryDirectory() as folder,
        Simulated(
            reply=model.reply, faults=case.faults, context=CONTEXT, bound=lambda text: text
        ) as server,
    ):
        work = Path(folder) / "work"
        work.mkdir()
        documents = write(case.documents, Path(folder) / "documents")
        call = Call(documents, work, server.base_url, case.width)
        commands = tool.commands(programs, call)
        on_disk: dict[str, int] = {}
        if case.kill:
            run(commands, work, lambda: tool.read(work), lambda: model.answered >= expected // 2)
            on_disk = _lies(tool, work, model)
        ended = run(commands, work, lambda: tool.read(work))
        return Outcome(
            ended=ended,
            score=model.score(read_safely(tool.read, work)),
            calls=sum(server.calls.values()),
            again=sum(count - 1 for count in server.calls.values()),
            waited=model.waited,
            longest=model.longest,
            asking=ended.ended - model.first if model.first else 0.0,
            on_disk=on_disk,
        )


def run(
    commands: Sequence[Sequence[str]],
    work: Path,
    read: Callable[[], Pairs],
    over: Callable[[], bool] = lambda: False,
    longest: float = LONGEST,
) -> Ended:
    """How commands end that are run one after the other.

    Args:
        commands: Programs with their arguments; after a failing one comes none.
        work: Where they run.
        read: The pairs on disk.
        over: Once true, the command under way is killed, with no chance to clean up.
        longest: Seconds after which it is killed too.
    """
    started = time.monotonic()
    log = work / "said.txt"
    log.write_bytes(b"")
    first, memory, code = None, 0.0, 0
    for command in commands:
        with log.open("ab") as said:
            child = subprocess.Popen(
                command,
                cwd=work,
                stdout=said,
                stderr=subprocess.STDOUT,
                env=environment(QA3_HOME=str(work / "home"), COLUMNS="200"),
                start_new_session=True,
            )
        done = killed = False
        while not done:
            pid, status, used = os.wait4(child.pid, os.WNOHANG)
            done = pid != 0
            if done:
                code = child.returncode = os.waitstatus_to_exitcode(status)
                memory = max(memory, used.ru_maxrss / 1024)
            if first is None and read_safely(lambda _: read(), work):
                first = time.monotonic() - started
            if not done and not killed and (over() or time.monotonic() - started > longest):
                os.killpg(child.pid, signal.SIGKILL)
                killed = True
            time.sleep(0 if done else _LOOK)
        if code:
            break
    ended = time.monotonic()
    output = log.read_text(encoding="utf-8", errors="replace")
    return Ended(code, ended, ended - started, first, round(memory), _CONTROLS.sub("", output))


def words(output: str) -> list[str]:
    """What a tool said of what went wrong, and its last line; shortened."""
    lines = [line.strip() for line in re.split("[\r\n]+", output) if line.strip()]
    telling = [line for line in lines if _TELLING.search(line) and not _FINE.search(line)]
    chosen = [_PLACE.sub("", line)[:200] for line in [*telling[:1], *telling[-1:], *lines[-1:]]]
    return list(dict.fromkeys(chosen))


def _lies(tool: Tool, work: Path, model: Model) -> dict[str, int]:
    """What a killed run left on disk: facts with a pair, and replies in a journal."""
    score = model.score(read_safely(tool.read, work))
    return {"pairs": score.recovered, "replies": journalled(work)}
