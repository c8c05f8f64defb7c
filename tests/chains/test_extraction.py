"""One chunk: what a good, a bad, a cut and a refused reply come to, and what is asked for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bench.runs import run, settings_for
from bench.simulated import Faults, Simulated, pairs_reply
from chains.run.inputs import Text

ZH = (
    "赵州桥由隋朝工匠李春设计建造。"
    "赵州桥全长64.4米，跨度37.02米。"
    "桥上的石栏雕刻精美，历代多有修缮。"
)
EN = "The Forth Bridge was opened in 1890. It crosses the Firth of Forth near Edinburgh. " * 2
Messages = list[dict[str, str]]


def outcome(reply: Callable[[Messages], str], text: str = ZH, **given: object) -> tuple[str, int]:
    """A single chunk's state, and how many calls it took."""
    with Simulated(reply=reply) as server:
        result = run([Text(text=text)], settings_for(server, chunk_size=400, **given)).result
        assert len(result.chunks) == 1
        reason = result.chunks[0].reason
        assert (result.chunks[0].raw != "") == (result.chunks[0].state == "failed")
        return (reason.code if reason else "pairs"), sum(server.calls.values())


@pytest.mark.parametrize("text", [ZH, EN])
def test_an_unreadable_reply_is_shown_to_the_model_once(text: str) -> None:
    shown: list[Messages] = []

    def reply(messages: Messages) -> str:
        shown.append(messages)
        if messages[-2]["content"] == "？？ { [":
            return pairs_reply(messages[:-2])
        return "？？ { ["

    assert outcome(reply, text) == ("pairs", 2)
    first, second = shown
    assert second[: len(first)] == first
    assert [one["role"] for one in second[len(first) :]] == ["assistant", "user"]


def test_a_reply_that_stays_unreadable_fails_after_one_repair() -> None:
    assert outcome(lambda _: "？？ { [") == ("reply.unreadable", 2)


@pytest.mark.parametrize("said", ["没有可以提问的内容。", "There is nothing to ask about."])
def test_nothing_to_ask_is_no_failure(said: str) -> None:
    assert outcome(lambda _: said) == ("reply.nothing", 1)


@pytest.mark.parametrize("limit", [{"cuts": True}, {"context": 700}])
def test_what_is_too_long_is_asked_in_parts(limit: dict[str, Any]) -> None:
    """A reply cut at its limit, under a false finish reason, or a refused request."""
    sentences = [f"第{n}号车间于{1800 + n}年落成，共有{n + 12}名工人。" for n in range(12)]
    with Simulated(**limit) as server:
        resolved = settings_for(server, chunk_size=400, max_tokens=250)
        result = run([Text(text="".join(sentences))], resolved).result
    assert len(result.chunks) == 1
    assert result.complete
    assert {pair.answer for pair in result.kept} == set(sentences)
    assert len(server.calls) >= 2
    # Pairs read from the whole reply before it was cut come again from the halves.
    assert result.chunks[0].parsed == len(result.kept) + len(result.duplicates)


def test_a_cut_that_no_halving_mends_fails_with_its_raw_reply() -> None:
    with Simulated(cuts=True) as server:
        result = run([Text(text=ZH)], settings_for(server, chunk_size=400, max_tokens=16)).result
    (failed,) = result.chunks
    assert failed.state == "failed"
    assert failed.reason
    assert failed.reason.code == "reply.truncated"
    assert failed.raw


@pytest.mark.parametrize("language", ["zh", "en"])
def test_one_unwelcome_sentence_costs_no_other(language: str) -> None:
    form = {
        "zh": "第{n}号车间于{year}年在河边落成，由当地的工匠建造，共有{men}名工人在里面做工。",
        "en": "Workshop {n} was opened in {year} beside the river and gave work to {men} people. ",
    }[language]
    sentences = [form.format(n=n, year=1800 + n, men=n + 12).strip() for n in range(12)]
    text = (" " if language == "en" else "").join(sentences)
    with Simulated(faults=Faults(refused_word="1807")) as server:
        result = run([Text(text=text)], settings_for(server, chunk_size=800)).result
    (chunk,) = result.chunks
    assert chunk.state == "failed"
    assert chunk.reason
    assert chunk.reason.code == "backend.refused"
    kept = {pair.answer for pair in result.kept}
    assert kept < set(sentences)
    assert len(kept) >= 9
    assert not any("1807" in answer for answer in kept)


def test_a_backend_that_refuses_every_text_is_asked_no_further() -> None:
    with Simulated(faults=Faults(refused_word="车间")) as server:
        text = "".join(f"第{n}号车间于{1800 + n}年落成，共有{n + 12}名工人。" for n in range(12))
        result = run([Text(text=text)], settings_for(server, chunk_size=800)).result
        assert sum(server.asked.values()) <= 4  # the whole, and its parts
    assert [chunk.state for chunk in result.chunks] == ["failed"]
