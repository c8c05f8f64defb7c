"""Whatever a server does wrong, every chunk ends in one state and no pair is lost or misplaced."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from bench import runs
from bench.runs import account, material, resume_job, run
from bench.simulated import Faults, Simulated
from chains.errors import BackendError

settings_for = partial(runs.settings_for, check="off")
"""Of runs whose pairs nobody checks: every call is one about a chunk."""
PARAGRAPHS = 50
FAULTS = Faults(
    malformed=0.10,
    truncated=0.05,
    too_many=0.10,
    broken=0.03,
    dropped=0.06,
    slow=0.04,
    slow_seconds=2.0,
    refused_word="Workshop 31 was",
)


def test_every_chunk_ends_in_one_state_and_retry_finishes_the_rest() -> None:
    inputs = material(PARAGRAPHS)
    with Simulated() as server:
        expected = run(inputs, settings_for(server)).result
    with Simulated(faults=FAULTS) as server:
        faulty = settings_for(server, concurrency=8, timeout=1)
        done = run(inputs, faulty)
        assert server.struck >= {"malformed", "truncated", "too_many", "broken", "dropped", "slow"}
        result = done.result
        states = result.states()
        assert sum(states.values()) == len(expected.chunks) == len(result.chunks)
        failed = [one for one in result.chunks if one.state == "failed"]
        assert failed
        assert not result.complete
        refused = [one for one in failed if one.reason and one.reason.code == "backend.refused"]
        assert [one.reason.fields["reason"] for one in refused if one.reason] == [
            "this text is not welcome"
        ]
        for one in failed:
            assert one in refused or one.raw
        # Pairs of chunks that did not fail are all there, each in its place.
        good = {one.chunk_id for one in result.chunks if one.state == "pairs"}
        assert {pair for pair in expected.kept if pair.chunk_id in good} == {
            pair for pair in result.kept if pair.chunk_id in good
        }
        again = run(inputs, faulty)
        assert account(again.result) == account(result)
        assert again.job == done.job
        assert again.result.usage.calls == 0
        server.faults = replace(Faults())
        finished = resume_job(done.job, again=True)
        assert finished.job == done.job
        assert account(finished.result) == account(expected)
        assert 0 < finished.result.usage.calls <= 2 * len(failed)
        assert account(run(inputs, faulty).result) == account(expected)


@pytest.mark.parametrize("key", ["sk-right", "sk-other"])
def test_a_refused_key_stops_the_run_at_once(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with Simulated(key="sk-right") as server:
        resolved = settings_for(server, backend="gpt-3.5", chunk_size=60)
        if key == "sk-right":
            assert run(material(6), resolved).result.complete
            return
        with pytest.raises(BackendError) as caught:
            run(material(6), resolved)
    assert caught.value.code == "backend.wrong_key"
    for language in ("en", "zh"):
        assert "OPENAI_API_KEY" in caught.value.say(language)
        assert key not in caught.value.say(language)
        assert server.base_url in caught.value.say(language)


def test_an_unknown_model_stops_the_run_at_once() -> None:
    with Simulated() as server:
        with pytest.raises(BackendError) as caught:
            run(material(20), settings_for(server, model="other"))
        assert caught.value.code == "backend.not_found"
        assert not server.calls


def test_a_server_that_dies_ends_the_run_and_costs_nothing_twice() -> None:
    inputs = material(12)
    with Simulated() as server:
        expected = run(inputs, settings_for(server)).result
    with Simulated() as server:
        first = run(inputs, settings_for(server, max_calls=7))
        paid = set(server.calls)
        address = server.base_url
        assert len(paid) == 7
        server.faults = Faults(broken=1.0, always=True)
        dead = settings_for(server, retry_seconds=0)
        lost = run(inputs, dead).result
        assert lost.states() == first.result.states()
        assert lost.states()["not asked"] > 0
        assert all(
            one.reason and one.reason.code == "backend.lost"
            for one in lost.chunks
            if one.state in ("failed", "not asked")
        )
        server.faults = Faults()
        assert server.base_url == address
        assert account(run(inputs, settings_for(server)).result) == account(expected)
        assert set(server.calls.values()) == {1}
