"""What the service tells of a judge and of the pairs it doubts."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest
from bridges import (
    NAMES,
    judging,
    knows,
    overlooks,
    pairs_of,
    pairs_with_slips,
    refuses_two,
    text_of,
)

from bench.simulated import Simulated
from messages import LANGUAGES


def made(client: httpx.Client, language: str, **settings: Any) -> str:
    """The id of a job that has ended."""
    given = {"text": text_of(language), "name": "桥.txt", **settings}
    answer = client.post("/jobs", json=given)
    assert answer.status_code == 202, answer.text
    job: str = answer.json()["id"]
    for _ in range(600):
        if client.get(f"/jobs/{job}").json()["state"] not in ("waiting", "running"):
            break
        time.sleep(0.05)
    return job


@pytest.fixture(autouse=True)
def small_chunks(server: Simulated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QA3_CHUNK_SIZE", "40")
    server.reply, server.judge = pairs_of, judging(knows)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_job_tells_what_its_judge_was_worth(
    client: httpx.Client, server: Simulated, language: str
) -> None:
    server.judge = judging(refuses_two)
    job = made(client, language)
    shown = client.get(f"/jobs/{job}").json()
    record = client.get(f"/jobs/{job}/list").json()["judge"]
    assert record["trusted"]
    assert record["model"] == server.model
    assert shown["progress"]["judge"] == record
    counts = {name: int(count) for name, count in record.items() if name != "model"}
    assert (
        counts.items()
        <= {name.removeprefix("judge_"): count for name, count in shown["counts"].items()}.items()
    )
    rejected = client.get(f"/jobs/{job}/pairs", params={"state": "rejected"}).json()["pairs"]
    reasons = [f"of {name}" for name in NAMES[language][3:5]]
    assert [one["reason"] for one in rejected] == [
        {"code": "rejected.judge", "fields": {"reason": reason}} for reason in reasons
    ]
    assert [one["pair"]["objection"] for one in rejected] == reasons


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_judge_refused_can_be_taken_back(
    client: httpx.Client, server: Simulated, language: str
) -> None:
    server.judge = judging(refuses_two)
    job = made(client, language)
    first, second = (
        one["pair"]["id"] for one in client.get(f"/jobs/{job}/pairs?state=rejected").json()["pairs"]
    )
    back = client.post(f"/jobs/{job}/pairs/{first}/keep").json()
    assert (back["state"], back["proven"], back["doubtful"]) == ("kept", True, False)
    assert client.get(f"/jobs/{job}/pairs/{second}").json()["state"] == "rejected"
    proven = client.get(f"/jobs/{job}/pairs", params={"proven": True, "page_size": 1000}).json()
    assert first in {one["pair"]["id"] for one in proven["pairs"]}
    assert client.post(f"/jobs/{job}/pairs/{first}/restore").json()["state"] == "rejected"


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_proven_pairs_are_given_where_only_these_are_asked_for(
    client: httpx.Client, server: Simulated, language: str
) -> None:
    server.reply, server.judge = pairs_with_slips, judging(overlooks)
    job = made(client, language)
    everything = client.get(f"/jobs/{job}/pairs").json()
    assert everything["total"] == len(NAMES[language])
    doubtful = [one for one in everything["pairs"] if one["doubtful"]]
    assert [one["proven"] for one in doubtful] == [False, False]
    sound = everything["total"] - len(doubtful)
    assert client.get(f"/jobs/{job}/pairs?proven=true").json()["total"] == sound
    lines = client.get(f"/jobs/{job}/pairs?format=jsonl").text.splitlines()
    assert [json.loads(line)["verdict"] for line in lines].count("refuted") == 2
    proven = client.get(f"/jobs/{job}/pairs?format=jsonl&proven=true").text.splitlines()
    assert len(proven) == sound
    kept = doubtful[0]["pair"]["id"]
    assert client.post(f"/jobs/{job}/pairs/{kept}/keep").json()["doubtful"] is False


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_client_chooses_whether_and_by_whom_pairs_are_checked(
    client: httpx.Client, server: Simulated, language: str
) -> None:
    unchecked = made(client, language, check="off")
    assert client.get(f"/jobs/{unchecked}/list").json()["judge"] is None
    assert client.get(f"/jobs/{unchecked}").json()["progress"]["judge"] is None
    assert not server.checks
    unknown = client.post("/jobs", json={"text": text_of(language), "judge": "nobody"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "settings.unknown_backend")
    wrong = client.post("/jobs", json={"text": text_of(language), "check": "some"})
    assert wrong.status_code == 422
    settings = {"check": "open", "judge": "chatglm3"}
    job = made(client, language, **settings)
    assert settings.items() <= client.get(f"/jobs/{job}").json()["settings"].items()
    described = client.get("/openapi.json").json()["components"]["schemas"]["TextInput"]
    assert "chatglm3" in described["properties"]["judge"]["anyOf"][0]["enum"]
    assert described["properties"]["check"]["anyOf"][0]["enum"] == ["all", "open", "off"]
