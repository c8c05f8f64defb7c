"""What a client of the service is told is for clients: no flags, no commands, no inner address."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from bench.serving import free_port
from bench.simulated import Simulated
from messages import LANGUAGES
from rest.error_handlers import sentence

CHINESE = "赵州桥由隋朝工匠李春设计建造。"
Start = Callable[..., httpx.Client]
FOR_THE_MACHINE = re.compile(
    r"(?<![-\w])--?[a-z]|qa3 [a-z]|pip install|QA3_|\.toml|SSL_CERT|NO_PROXY|\busing? -|"
    r"environment variable|settings file|same command|环境变量|设置文件|同一命令|原命令|<address>"
)
WHEN_IT_STARTS = (
    "rest.any_origin", "rest.bad_origin", "rest.no_package", "rest.token_file", "rest.token_needed",
    "rest.token_weak",
)  # fmt: skip
OF_OTHER_DOORS = (
    "export.", "job.none", "settings.", "edit.number", "edit.one_thing", "load.page_scanned"
)  # fmt: skip
REACHED = ("backend", "embeddings", "endpoint", "weights", "journal", "job", "load", "rest", "edit")
SETTINGS = (
    "settings.unknown_backend",
    "settings.ready_backend",
    "settings.no_examples",
    "export.write",
)
NOTES = ("backend.learnt", "backend.prompt_cut")  # only as code and fields


def texts(language: str) -> dict[str, str]:
    path = Path("messages") / f"{language}.json"
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found


def fields_of(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_answer_speaks_of_the_machine_the_service_runs_on(language: str) -> None:
    every = texts(language)
    for code, text in every.items():
        if "@" in code:
            continue  # a door's words, said in place of the message before it
        reached = code.partition(".")[0] in REACHED and not code.startswith(OF_OTHER_DOORS)
        if code in (*WHEN_IT_STARTS, *NOTES) or not (reached or code in SETTINGS):
            continue
        fields = {name: f"<{name}>" for name in fields_of(text)}
        told = sentence(code, language, fields)
        assert not FOR_THE_MACHINE.search(told), (code, told)


def test_a_sentence_for_clients_stands_beside_one_and_asks_for_no_other_field() -> None:
    every = texts("en")
    for code, text in every.items():
        base, _, door = code.partition("@")
        if door:
            assert fields_of(text) <= fields_of(every[base]), code


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_answer_names_the_address_of_a_backend(
    start: Start, server: Simulated, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    server.model = "another"
    nobody = f"127.0.0.1:{free_port()}"
    for place, code in (
        (server.base_url.split("/")[2], "backend.not_found"),
        (nobody, "backend.unreachable"),
    ):
        monkeypatch.setenv("QA3_BASE_URL", f"http://{place}/v1")
        client = start()
        client.headers["Accept-Language"] = language
        job = client.post("/jobs", json={"text": CHINESE}).json()["id"]
        answers = [
            client.get(f"/jobs/{job}/events"),
            client.post("/pairs/invoke", json={"input": CHINESE}),
            client.post("/pairs/stream", json={"input": CHINESE}),
            client.post("/ask", json={"question": "?"}),
            *(
                client.get(path)
                for path in ("/jobs", f"/jobs/{job}", f"/jobs/{job}/list", "/ready")
            ),
        ]
        assert answers[1].json()["code"] == code
        for answer in answers:
            assert place not in answer.text, answer.url


def test_a_body_that_is_not_said_to_be_json_is_415(client: httpx.Client) -> None:
    bodies = {
        "/pairs/invoke": {"input": CHINESE},
        "/pairs/batch": {"inputs": [CHINESE]},
        "/pairs/stream": {"input": CHINESE},
        "/pairs/stream_log": {"input": CHINESE},
        "/pairs/stream_events": {"input": CHINESE},
        "/ask": {"question": "?"},
        "/jobs": {"text": CHINESE},
    }
    for path, body in bodies.items():
        for kind in (None, "text/plain", "application/x-www-form-urlencoded", "json"):
            headers = {"Content-Type": kind} if kind else {}
            answer = client.post(path, content=json.dumps(body).encode(), headers=headers)
            assert answer.status_code == 415, (path, kind)
            assert "application/json" in answer.json()["detail"] or path == "/jobs"
        headers = {"Content-Type": "application/json; charset=utf-8"}
        answer = client.post(path, content=json.dumps(body).encode(), headers=headers)
        assert answer.status_code in (200, 202)
