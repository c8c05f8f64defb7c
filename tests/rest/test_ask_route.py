"""/ask as those know it who come from the earlier service, and answers drawn from a job's list."""

from __future__ import annotations

import json

import httpx
import pytest

from bench.simulated import Simulated

CHINESE = "赵州桥由隋朝工匠李春设计建造。赵州桥全长64.4米，跨度37.02米。"
ENGLISH = "The Forth Bridge was opened in 1890. It crosses the Firth of Forth near Edinburgh."


@pytest.fixture
def echo(server: Simulated) -> list[list[dict[str, str]]]:
    """Every request the model gets; it answers with the last message."""
    asked: list[list[dict[str, str]]] = []

    def reply(messages: list[dict[str, str]]) -> str:
        asked.append(messages)
        return f"回答 {len(asked)}: {messages[-1]['content']}"

    server.reply = reply
    return asked


def test_a_question_is_answered_under_a_prompt(
    client: httpx.Client, echo: list[list[dict[str, str]]]
) -> None:
    for question, prompt in (("桥有多长？", "用一句话回答。"), ("How long is it?", "Be brief.")):
        given = {
            "question": question, "model": 2, "prompt": prompt, "max_tokens": 64, "temperature": 0.2
        }  # fmt: skip
        answer = client.post("/ask", json=given)
        assert answer.status_code == 200, answer.text
        assert question in answer.json()["answer"]
        assert answer.json()["model"] == "simulated"
        assert answer.json()["sources"] == []
        assert answer.json()["usage"]["calls"] == 1
        assert prompt in echo[-1][0]["content"]


def test_earlier_turns_are_told(client: httpx.Client, echo: list[list[dict[str, str]]]) -> None:
    history = [
        {"role": "user", "text": "我叫李春。"},
        {"role": "assistant", "text": "你好，李春。"},
    ]
    answer = client.post("/ask", json={"question": "我叫什么？", "history": history})
    assert answer.status_code == 200
    assert "我叫李春。" in json.dumps(echo[-1], ensure_ascii=False)


def test_the_answer_comes_from_a_jobs_list_with_its_sources(
    client: httpx.Client, server: Simulated
) -> None:
    job = client.post("/jobs", json={"text": f"{CHINESE}\n\n{ENGLISH}", "name": "桥.txt"}).json()
    with client.stream("GET", f"/jobs/{job['id']}/events") as stream:
        assert "event: done" in "".join(stream.iter_text())
    pairs = client.get(f"/jobs/{job['id']}/pairs").json()["pairs"]
    paid = sum(server.calls.values())
    for one in pairs[:1] + pairs[-1:]:
        given = {"question": one["pair"]["question"], "job": job["id"]}
        answer = client.post("/ask", json=given).json()
        assert answer["answer"] == one["pair"]["answer"]
        assert answer["found"]
        assert answer["sources"][0]["source"] == "桥.txt"
    assert sum(server.calls.values()) == paid  # the very question stands in the list
    edited = f"/jobs/{job['id']}/pairs/{pairs[0]['pair']['id']}"
    client.patch(edited, json={"answer": "李春设计了它"})
    again = client.post("/ask", json={"question": pairs[0]["pair"]["question"], "job": job["id"]})
    assert again.json()["answer"] == "李春设计了它"


def test_what_cannot_be_asked(client: httpx.Client) -> None:
    for given, status in (
        ({"question": " "}, 422),
        ({"question": "?", "model": 3}, 422),
        ({"question": "?", "model": True}, 422),
        ({"question": "?", "prompt": " "}, 422),
        ({"question": "?", "history": [{"role": "system", "text": "x"}]}, 422),
        ({"question": "?", "job": "0" * 8}, 404),
    ):
        assert client.post("/ask", json=given).status_code == status, given
