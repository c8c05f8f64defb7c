"""The model at the desk: better words for a pair, more pairs of a passage, what both would cost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bench.runs import material, resume_job, run, settings_for
from bench.simulated import Simulated, pairs_reply
from chains.jobs.suggestions import Suggestions, better_wording, cost_of, pairs_about
from chains.journal.jobs import Jobs
from chains.journal.lists import leave_out, load_list
from chains.journal.replies import Journal
from chains.llm.open_backends import OpenBackends
from messages import LANGUAGES
from messages.errors import SaidError
from pairs.records import QAPair
from prompts.wording import wording_prompt

REWORDING = re.compile(r"(?:Old question|原问题)[:：] ?(.*)\n(?:Old answer|原答案)[:：] ?(.*)\Z")
Messages = list[dict[str, str]]


@dataclass
class Desk:
    """A finished job of both languages, and what its server answers from now on."""

    journal: Journal
    server: Simulated
    job: str
    sent: list[Messages] = field(default_factory=list)

    def answers(self, reply: str | Callable[[Messages], str]) -> None:
        def answer(messages: Messages) -> str:
            self.sent.append(messages)
            return reply if isinstance(reply, str) else reply(messages)

        self.server.reply = answer

    def pair(self, *, chinese: bool) -> QAPair:
        kept = load_list(self.journal, self.job).kept
        return next(one for one in kept if one.question.isascii() != chinese)

    def about(self, pair: QAPair) -> Suggestions:
        span = pair.evidence.span
        assert span
        return pairs_about(self.journal, None, self.job, pair.source, span.start, span.end)


@pytest.fixture
def desk(tmp_path: Path, server: Simulated) -> Iterator[Desk]:
    with Journal(tmp_path / "j.sqlite") as journal:
        yield Desk(journal, server, run([*material(4)], settings_for(server), journal.path).job)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pair_gets_better_words_from_its_passage_and_is_paid_for_once(
    desk: Desk, language: str
) -> None:
    pair = desk.pair(chinese=language == "zh")
    desk.answers(
        "问题：更好的问题是什么？\n答案：更好的答案"
        if language == "zh"
        else "Question: Which is better?\nAnswer: this one"
    )
    leave_out(desk.journal, desk.job, pair.id)  # wherever it ended
    before = cost_of(desk.journal, None, desk.job, pair=pair.id)
    assert not before.known
    assert desk.sent == []
    wording = better_wording(desk.journal, None, desk.job, pair.id)
    assert "better" in wording.question or "更好" in wording.question
    assert (wording.usage.calls, len(desk.sent)) == (1, 1)
    (asked,) = desk.sent
    assert pair.evidence.sentence in asked[-1]["content"]
    said = REWORDING.search(asked[-1]["content"])
    assert said
    assert (said[1], said[2]) == (pair.question, pair.answer)
    again = better_wording(desk.journal, None, desk.job, pair.id)
    assert (again.question, again.usage.calls, len(desk.sent)) == (wording.question, 0, 1)
    assert cost_of(desk.journal, None, desk.job, pair=pair.id).known


def test_the_worked_example_is_never_taken_for_the_pair(desk: Desk) -> None:
    for chinese, language in ((True, "zh"), (False, "en")):
        desk.answers(wording_prompt(language).example_reply)
        with pytest.raises(SaidError) as refused:
            better_wording(desk.journal, None, desk.job, desk.pair(chinese=chinese).id)
        assert refused.value.code == "suggestion.unreadable"


@pytest.mark.parametrize("chinese", [True, False])
def test_a_passage_gives_pairs_with_evidence_that_the_list_has_not(
    desk: Desk, *, chinese: bool
) -> None:
    pair = desk.pair(chinese=chinese)
    new = ("多少人？", "问：多少人？\n答：") if chinese else ("How many?", "Q: How many?\nA: ")
    desk.answers(lambda messages: f"{pairs_reply(messages)}\n{new[1]}{pair.answer}")
    found = desk.about(pair)
    assert [one.question for one in found.pairs] == [new[0]]
    assert found.pairs[0].evidence.span == pair.evidence.span
    assert found.usage.calls == 1
    # The job's own prompt asks about the passage alone; what stands before it helps to understand.
    assert desk.sent[0][-1]["content"].rstrip().endswith(pair.evidence.quote.strip())
    assert desk.about(pair).usage.calls == 0
    span = pair.evidence.span
    assert span
    cost = cost_of(desk.journal, None, desk.job, source=pair.source, start=span.start, end=span.end)
    assert (cost.known, cost.model, cost.cost) == (True, "simulated", None)


def test_what_was_suggested_changes_no_list_and_goes_with_its_job(desk: Desk) -> None:
    made = load_list(desk.journal, desk.job)
    pair = desk.pair(chinese=True)
    desk.answers("问：新的？\n答：新答案")
    desk.about(pair)
    better_wording(desk.journal, None, desk.job, pair.id)
    assert load_list(desk.journal, desk.job) == made
    desk.server.reply = pairs_reply
    resume_job(desk.job, again=True, journal=desk.journal.path)
    assert load_list(desk.journal, desk.job).kept == made.kept
    Jobs(desk.journal).delete(desk.job)
    assert desk.journal.rows("SELECT COUNT(*) FROM replies") == [(0,)]


def test_another_backend_can_be_asked_and_its_price_is_told(desk: Desk) -> None:
    with Simulated(model="better", reply=lambda _: "Q: Whose is it?\nA: theirs") as other:
        resolved = settings_for(other, backend="priced")
        resolved.backends["priced"] = {
            "base_url": other.base_url, "model": "better", "price": [1.0, 2.0]
        }  # fmt: skip
        pair = desk.pair(chinese=False).id
        cost = cost_of(desk.journal, resolved, desk.job, pair=pair)
        assert cost.cost == pytest.approx((cost.prompt + 2 * cost.completion) / 1e6)
        backends = OpenBackends()
        asked = [better_wording(desk.journal, resolved, desk.job, pair, backends) for _ in range(2)]
        backends.close()
        assert [one.question for one in asked] == ["Whose is it?"] * 2
        assert sum(other.calls.values()) == 1
        assert cost_of(desk.journal, resolved, desk.job, pair=pair).cost == 0.0


def test_what_cannot_be_suggested_is_said(desk: Desk) -> None:
    pair = desk.pair(chinese=True)
    source, text_end = pair.source, 10**6
    desk.answers("没有可以提问的内容。")
    wrong: list[tuple[str, Callable[[], object]]] = [
        ("suggestion.nothing", lambda: desk.about(pair)),
        ("edit.unknown", lambda: better_wording(desk.journal, None, desk.job, "0" * 12)),
        ("suggestion.unreadable", lambda: better_wording(desk.journal, None, desk.job, pair.id)),
        *(
            ("suggestion.no_passage", lambda of=of: pairs_about(desk.journal, None, desk.job, *of))
            for of in ((source, 5, 5), (source, 0, text_end), (source, -1, 4), ("other", 0, 9))
        ),
        ("job.unknown", lambda: better_wording(desk.journal, None, "nobody", pair.id)),
    ]
    for code, ask in wrong:
        with pytest.raises(SaidError) as refused:
            ask()
        assert refused.value.code == code
        assert all(refused.value.say(language) for language in LANGUAGES)
    desk.server.reply = pairs_reply
    with pytest.raises(SaidError) as refused:
        desk.about(desk.pair(chinese=False))
    assert refused.value.code == "suggestion.all_known"


def test_a_passage_too_long_and_a_server_that_is_gone_are_said(desk: Desk) -> None:
    pair = desk.pair(chinese=True)
    small = settings_for(desk.server, backend="small")
    small.backends["small"] = {
        "base_url": desk.server.base_url, "model": "simulated", "context": 256, "max_tokens": 128
    }  # fmt: skip
    with pytest.raises(SaidError) as refused:
        pairs_about(desk.journal, small, desk.job, pair.source, 0, 200)
    assert refused.value.code == "suggestion.too_long"
    desk.server.context = 10  # as the server counts
    with pytest.raises(SaidError) as refused:
        better_wording(desk.journal, None, desk.job, pair.id)
    assert refused.value.code == "suggestion.too_long"
    gone = settings_for(desk.server, base_url="http://127.0.0.1:9/v1", retry_seconds=0)
    for ask in (
        lambda: better_wording(desk.journal, gone, desk.job, pair.id),
        lambda: pairs_about(desk.journal, gone, desk.job, pair.source, 0, 50),
    ):
        with pytest.raises(SaidError) as refused:
            ask()
        assert refused.value.code.startswith("backend.")
        assert all("127.0.0.1:9" in refused.value.say(language) for language in LANGUAGES)
