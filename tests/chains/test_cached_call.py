"""What a failed call means, how long it is tried again, and what a run may spend."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from doubles import WAIT
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage

from bench.runs import account, material, run, settings_for
from bench.simulated import Faults, Simulated, pairs_reply
from chains.errors import BackendError
from chains.journal.replies import Journal
from chains.llm.backends import choose
from chains.llm.errors import Kind, classify, is_overflow, may_pass, reason_of
from chains.llm.limits import Budget, Pace
from chains.llm.retry import jittered, retry_after, until_answered
from chains.llm.stream import error_of
from chains.records import THOUGHT, Reply
from chains.settings import resolve

FOREVER = threading.Event()


class FailedError(Exception):
    """A call that failed with a status, as provider packages raise it."""

    body: object = None

    def __init__(self, status: int | None, said: str = "", wait: str = "") -> None:
        super().__init__(said)
        self.status_code = status
        self.response = SimpleNamespace(headers={"retry-after": wait} if wait else {})


class APITimeoutError(Exception):
    """Known by its name alone, as provider packages have it."""


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (FailedError(429), True),
        (FailedError(500), True),
        (FailedError(503), True),
        (FailedError(408), True),
        (FailedError(400), False),
        (FailedError(401), False),
        (FailedError(404), False),
        (FailedError(402), False),
        (FailedError(429, "You exceeded your quota: insufficient_quota"), False),
        (APITimeoutError(), True),
        (ConnectionResetError(), True),
        (ValueError("<html>"), True),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"), False),
        (RuntimeError("ours"), False),
    ],
)
def test_only_what_may_pass_is_asked_again(error: Exception, *, passing: bool) -> None:
    assert may_pass(error) is passing


FAILURES: list[tuple[Exception, Kind]] = [
    (FailedError(401), "wrong_key"),
    (FailedError(403, "prompt is too long"), "wrong_key"),
    (FailedError(404), "not_found"),
    (FailedError(402), "no_money"),
    (FailedError(429, "You exceeded your quota: insufficient_quota"), "no_money"),
    (FailedError(429, "too many tokens this minute"), "lost"),
    (FailedError(503, "context too long"), "lost"),
    (APITimeoutError(), "lost"),
    (ConnectionRefusedError(), "lost"),
    (KeyError("choices"), "lost"),
    (FailedError(413), "too_long"),
    (FailedError(400, "prompt is too long: 210000 tokens"), "too_long"),
    (FailedError(400, "this text is not welcome"), "refused"),
    (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"), "refused"),
    (RuntimeError("ours"), "refused"),
]


@pytest.mark.parametrize(("error", "kind"), FAILURES)
def test_a_failure_is_of_one_kind(error: Exception, kind: Kind) -> None:
    assert classify(error) == kind


@pytest.mark.parametrize(("error", "kind"), FAILURES)
def test_a_conversation_has_a_sentence_for_every_kind(error: Exception, kind: Kind) -> None:
    said = error_of(error, choose(resolve({"backend": "gpt-3.5"})))
    shared = {"wrong_key": "backend.wrong_key", "not_found": "backend.not_found"}
    assert said.code == shared.get(kind, f"chat.{kind}")
    assert str(said)
    assert isinstance(said, BackendError) == (kind != "too_long")


@pytest.mark.parametrize(
    "body",
    [
        {"code": "insufficient_quota", "message": "Rate limit reached, try again in a minute."},
        {"type": "insufficient_quota", "message": "Please try again later."},
        {"type": "exceeded_current_quota_error", "message": "busy"},
        {"type": "billing_error", "message": "request rejected"},
        {"code": "billing_hard_limit_reached", "message": "too many requests"},
        {"code": "Arrearage", "message": "Access denied."},
        {"error": {"code": "AccountOverdueError", "message": "forbidden"}},
        {"code": "InsufficientBalance", "message": "稍后再试"},
        {"error": {"code": "1113", "message": "请求频率过高，请稍后再试"}},
        {"base_resp": {"status_code": 1008, "status_msg": "error"}},
        {"code": 30001, "message": "Sorry"},
        {"code": "FailedOperation.ResourcePackExhausted", "message": "资源不可用"},
    ],
)
@pytest.mark.parametrize("status", [400, 402, 403, 429, 503])
def test_a_code_says_that_the_money_is_used_up_whatever_the_words(
    status: int, body: dict[str, Any]
) -> None:
    failed = FailedError(status)
    failed.body = body
    assert classify(failed) == "no_money"
    assert not may_pass(failed)


@pytest.mark.parametrize(
    "body",
    [
        {"code": "rate_limit_exceeded", "type": "tokens", "message": "Limit 1113 a minute."},
        {"type": "rate_limit_error", "message": "This request would exceed your rate limit."},
        {"code": "Throttling.RateQuota", "message": "Requests rate limit exceeded"},
    ],
)
def test_a_rate_limit_is_waited_for(body: dict[str, Any]) -> None:
    failed = FailedError(429)
    failed.body = body
    assert may_pass(failed)


def test_an_odd_answer_is_asked_for_again_a_few_times_only() -> None:
    tries: list[int] = []

    def odd() -> AIMessage:
        tries.append(1)
        raise KeyError("choices")

    with pytest.raises(KeyError):
        until_answered(odd, seconds=60, pace=Pace(), tokens=0, stop=threading.Event())
    assert len(tries) == 3


def test_a_call_slower_than_the_budget_is_tried_again_all_the_same() -> None:
    tries: list[int] = []

    def slow() -> AIMessage:
        tries.append(1)
        if len(tries) == 1:
            time.sleep(0.3)
            raise FailedError(504, wait="0.01")
        return AIMessage("答")

    # The jitter's bound after a first failure is 1 s.
    done = until_answered(slow, seconds=1.1, pace=Pace(), tokens=0, stop=threading.Event())
    assert done.text == "答"
    assert len(tries) == 2


def test_a_server_that_asks_for_more_than_the_budget_is_given_up_at_once() -> None:
    started = time.monotonic()

    def busy() -> AIMessage:
        raise FailedError(429, wait="3600")

    with pytest.raises(FailedError):
        until_answered(busy, seconds=30, pace=Pace(), tokens=0, stop=threading.Event())
    assert time.monotonic() - started < 5


def test_a_stop_ends_the_waiting() -> None:
    stop = threading.Event()

    def busy() -> AIMessage:
        stop.set()
        raise FailedError(503, wait="60")

    started = time.monotonic()
    with pytest.raises(FailedError):
        until_answered(busy, seconds=600, pace=Pace(), tokens=0, stop=stop)
    assert time.monotonic() - started < 5


@given(st.text(max_size=30))
def test_any_retry_after_gives_seconds(said: str) -> None:
    assert retry_after(FailedError(429, wait=said)) >= 0


def test_retry_after_is_read_as_number_and_date() -> None:
    assert retry_after(FailedError(429, wait="7")) == 7
    assert retry_after(FailedError(429, wait="0.5")) == 0.5
    date = formatdate(1_000_060, usegmt=True)
    assert retry_after(FailedError(429, wait=date), now=lambda: 1_000_000) == 60
    assert retry_after(FailedError(429, wait=date), now=lambda: 2_000_000) == 0
    assert retry_after(FailedError(429)) == 0


@given(st.integers(1, 10_000))
def test_waits_are_bounded(tries: int) -> None:
    assert 0 <= jittered(tries) <= 30


@pytest.mark.parametrize(
    ("said", "long"),
    [
        ("This model's maximum context length is 8192 tokens, however you requested 9000", True),
        ("the request exceeds the available context size", True),
        ("prompt is too long: 210000 tokens", True),
        ("Range of input length should be [1, 6000]", True),
        ("输入长度超过上限", True),
        ("this text is not welcome", False),
        ("内容不合规", False),
        ("temperature must be below 2", False),
    ],
)
def test_a_context_overflow_is_told_from_other_refusals(said: str, *, long: bool) -> None:
    assert is_overflow(FailedError(400, said)) is long


def test_an_empty_account_is_no_passing_limit() -> None:
    assert classify(FailedError(402)) == "no_money"
    assert classify(FailedError(429, "slow down")) != "no_money"


@given(st.text())
def test_a_reason_is_one_short_line(said: str) -> None:
    reason = reason_of(ValueError(said))
    assert reason
    assert "\n" not in reason
    assert len(reason) <= 300


@pytest.mark.parametrize(("calls", "tokens"), [(17, None), (None, 170), (17, 100)])
def test_a_budget_is_never_passed_and_used_up(calls: int | None, tokens: int | None) -> None:
    budget, used = Budget(calls, tokens), [0, 0]
    lock = threading.Lock()

    def one(n: int) -> None:
        if budget.take(20):
            return
        took = 10 if n % 5 else None
        with lock:
            used[0] += took is not None
            used[1] += took or 0
        budget.settle(20, took)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(200)))
    assert used[0] <= (calls or 200)
    assert used[1] <= (tokens or 10_000)
    # What is left does not hold another call, of which 20 tokens are set aside.
    assert used[0] == calls or (tokens is not None and used[1] > tokens - 20)


@pytest.mark.parametrize("given", [{"max_calls": 5}, {"max_tokens_total": 6000}])
def test_a_budget_leaves_the_rest_unasked_and_the_next_run_goes_on(given: dict[str, int]) -> None:
    inputs = material(8)
    with Simulated() as server:
        expected = run(
            inputs, settings_for(server, check="off", concurrency=3, max_tokens=100)
        ).result
        server.calls.clear()
        small = {"check": "off", "concurrency": 3, "max_tokens": 101}
        first = run(inputs, settings_for(server, **small, **given)).result
        assert first.states()["not asked"] > 0
        assert first.usage.calls == sum(server.calls.values()) > 0
        assert first.usage.calls <= given.get("max_calls", 10**9)
        spent = first.usage.prompt + first.usage.completion
        assert spent <= given.get("max_tokens_total", 10**9)
        rest = run(inputs, settings_for(server, **small)).result
        assert account(rest) == account(expected)
        assert set(server.calls.values()) == {1}


def test_a_pace_spreads_calls_over_the_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    stop = threading.Event()
    monkeypatch.setattr(stop, "wait", waited.append)
    monkeypatch.setattr("chains.llm.limits.time.monotonic", lambda: 1000.0)
    calls = Pace(requests=60)
    for _ in range(4):
        calls.wait(100, stop)
    assert waited == [1, 2, 3]
    waited.clear()
    tokens = Pace(tokens=600)
    tokens.wait(50, stop)
    tokens.settle(50, 20)
    tokens.wait(10, stop)
    assert waited == [2]
    waited.clear()
    paused = Pace()
    paused.wait(10, stop)
    paused.pause(7)
    paused.wait(10, stop)
    assert waited == [7]


def test_a_run_keeps_to_its_pace() -> None:
    with Simulated() as server:
        resolved = settings_for(server, concurrency=8, requests_per_minute=1200)
        started = time.monotonic()
        run(material(6), resolved)
        assert time.monotonic() - started >= (len(server.calls) - 1) * 0.05


def test_a_model_that_answered_before_is_asked_many_things_at_once() -> None:
    together, first = threading.Barrier(4), iter(range(4))

    def at_once(messages: list[dict[str, str]]) -> str:
        if next(first, None) is not None:
            together.wait(WAIT)
        return pairs_reply(messages)

    with Simulated() as server:
        run(material(2), settings_for(server, check="off", concurrency=4))
        server.reply = at_once
        assert run(material(8), settings_for(server, check="off", concurrency=4)).result.complete
        assert not together.broken


def test_the_first_replies_of_a_known_model_may_be_of_no_use() -> None:
    first = iter(range(9))

    def silent_at_first(messages: list[dict[str, str]]) -> str:
        return "" if next(first, None) is not None else pairs_reply(messages)

    with Simulated() as server:
        resolved = settings_for(server, check="off", concurrency=1)
        run(material(2), resolved)
        server.reply = silent_at_first
        states = run(material(8), resolved).result.states()
        assert states["failed"] > 1
        assert states["pairs"] > 1
        server.reply = lambda _: ""
        assert run(material(200), resolved).result.states()["not asked"] > 1


@pytest.mark.parametrize(
    ("said", "well"),
    [
        ((), False),
        (("stop", "stop"), True),
        (("stop", "length", "stop"), True),
        (("length", "stop", "length"), False),
        ((THOUGHT, "stop", "stop", "stop"), False),
    ],
)
def test_how_a_model_answered_last_is_known(
    said: tuple[str, ...], well: bool, tmp_path: Path
) -> None:
    cut = ("length", THOUGHT)
    with Journal(tmp_path / "journal.sqlite") as journal:
        other = Reply(chunk_id="1", text="-", model="other", truncated=True)
        journal.keep({"other": other})
        replies = [
            Reply(chunk_id="1", text="-", model="m", finish_reason=one, truncated=one in cut)
            for one in said
        ]
        journal.keep({str(n): reply for n, reply in enumerate(replies)})
        assert journal.answers_well("m") is well
        assert not journal.answers_well("other")


def test_a_server_that_was_busy_is_asked_until_it_answers() -> None:
    with Simulated(faults=Faults(too_many=0.5, broken=0.3, dropped=0.2)) as server:
        assert run(material(3), settings_for(server, concurrency=4)).result.complete
        assert set(server.asked.values()) == {2}
        assert set(server.calls.values()) == {1}
