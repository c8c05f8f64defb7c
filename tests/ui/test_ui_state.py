"""What is said of a job: one state for its badge, and words that never say more than there is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from string import Formatter

import pytest

from chains.records import Job
from loaders.records import Span
from messages import LANGUAGES, say
from messages import texts as texts_module
from pairs.records import ChunkOutcome, PairList, Reason, TokenUsage
from ui.job_state import STATES, ending, halt_of, paid, state_of
from ui.table import counts_of
from ui.words import told

WHERE: dict[str, str | int] = {
    "backend": "b",
    "address": "http://127.0.0.1:9/v1",
    "reason": "no <b>more</b>",
}
# Every way in which a back end gives up while a person watches.
GIVEN_UP: dict[str, dict[str, str | int]] = {
    "backend.unreachable": {},
    "backend.lost": {},
    "backend.wrong_key": {"variable": "KEY"},
    "backend.no_key": {"variable": "KEY"},
    "backend.no_access": {},
    "backend.no_money": {},
    "backend.no_route": {},
    "backend.not_found": {"model": "m"},
    "backend.empty": {},
    "backend.always_cut": {"most": 9},
    "backend.thought": {"model": "m", "most": 9},
    "budget.calls": {"most": 9},
    "budget.tokens": {"most": 9},
}
MET_HERE = ("backend.", "budget.", "chunk.", "embeddings.", "job.", "journal.", "page.", "reply.",
            "settings.", "weights.")  # fmt: skip
COMMAND_LINE = re.compile(
    r"(?<!\w)--\w|\bqa3 (extract|resume|retry|jobs|show|config|model|doctor|view|export)\b"
    r"|same command|同一命令|原命令"
)


def a_list(asked: int, reason: Reason | None) -> PairList:
    def chunk(at: int, **given: object) -> ChunkOutcome:
        span = Span(start=at, end=at + 1)
        return ChunkOutcome.model_validate({"chunk_id": str(at), "span": span, **given})

    good = [chunk(at, state="pairs") for at in range(asked)]
    rest = [chunk(at, state="not asked", reason=reason) for at in range(asked, 4)]
    return PairList(chunks=(*good, *rest))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", GIVEN_UP)
def test_what_broke_a_run_is_its_state_its_words_and_free_of_commands(
    code: str, language: str
) -> None:
    pairs = a_list(2, Reason(code=code, fields={**WHERE, **GIVEN_UP[code]}))
    halt = halt_of(pairs)
    assert halt is not None
    job = Job(id="j", fingerprint="f", state="stopped")
    state = state_of(job, here=False, stopping=False, halt=halt)
    assert state == "halted"
    (said,) = ending(state, counts_of(pairs), halt, language)
    assert told(halt, language) in said
    assert not COMMAND_LINE.search(said)
    done = say("page.end_done", language, parsed=0, kept=0, duplicates=0, rejected=0)[:4]
    assert not said.startswith(done)
    failed = ending("failed", None, halt, language)[0]
    assert told(halt, language) in failed


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_has_its_words_and_only_a_whole_run_is_done(language: str) -> None:
    by_hand = a_list(1, Reason(code="chunk.not_asked"))
    assert halt_of(by_hand) is None
    words = {state: say(f"page.w_{state.replace(' ', '_')}", language) for state in STATES}
    assert len(set(words.values())) == len(STATES)
    stopped = ending("stopped", counts_of(by_hand), None, language)[0]
    assert "3" in stopped
    partial = ending(
        "partial",
        {**counts_of(by_hand), "parsed": 1, "kept": 1, "chunks_failed": 1},
        None,
        language,
    )
    assert "1" in partial[0]
    assert ending("broken off", None, None, language)


def test_the_badge_follows_the_job_wherever_it_runs() -> None:
    halt = Reason(code="backend.lost", fields=WHERE)
    for given, here, stopping, wanted in (
        ("running", False, False, "running"),
        ("running", False, True, "stopping"),
        ("waiting", False, False, "waiting"),
        ("stopped", True, False, "waiting"),  # taken on again, and not yet begun
        ("stopped", False, True, "halted"),
        ("done", False, False, "done"),
        ("broken off", False, False, "broken off"),
    ):
        job = Job(id="j", fingerprint="f", state=given)
        assert state_of(job, here=here, stopping=stopping, halt=halt) == wanted


@pytest.mark.parametrize("language", LANGUAGES)
def test_time_and_cost_are_told_with_what_they_are_in(language: str) -> None:
    usage = TokenUsage(prompt=1_000_000, completion=500_000, calls=9)
    job = Job(id="j", fingerprint="f", seconds=3723, usage=usage)
    assert "1:02:03" in paid(job, language)
    assert "1,500,000" in paid(job, language)
    dear = job.model_copy(update={"backend": {"price": [1.0, 2.0]}})
    assert "2.00" in paid(dear, language)
    one = say("page.file", "en", name="a", characters=1, chunks=1)
    assert "1 character," in one
    assert "1 chunk." in one


def test_no_error_that_a_person_meets_here_speaks_of_a_command_line() -> None:
    for language in LANGUAGES:
        file = Path(texts_module.__file__).with_name(f"{language}.json")
        known = json.loads(file.read_text(encoding="utf-8"))
        for code, sentence in known.items():
            if code.startswith(MET_HERE) and "@" not in code:
                fields = {name: "x" for _, name, spec, _ in Formatter().parse(sentence) if name}
                if not any("|" in (spec or "") for *_, spec, _ in Formatter().parse(sentence)):
                    said = told(Reason(code=code, fields=fields), language)
                    assert not COMMAND_LINE.search(said), code
