"""What a client can do wrong: each mistake has its status, its code, and a sentence to read."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.serving import Served
from bench.simulated import Simulated, pairs_reply
from rest.config import Limits

CHINESE = "赵州桥由隋朝工匠李春设计建造。"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
NOBODY = "0" * 16
Start = Callable[..., httpx.Client]
WAYS = ("invoke", "batch", "stream")


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    assert body["code"] == code
    assert body["detail"]
    assert "Traceback" not in answer.text
    assert 'File "' not in answer.text
    return body


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_field_that_is_wrong_is_named_in_the_clients_language(
    client: httpx.Client, language: str
) -> None:
    for given, field in (
        ({"input": {"text": CHINESE, "threshold": 7}}, "input.threshold"),
        ({"input": {"text": CHINESE, "threshold": "0.5"}}, "input.threshold"),
        ({"input": {"text": CHINESE, "max_tokens": 3}}, "input.max_tokens"),
        ({"input": {"text": CHINESE, "language": "fr"}}, "input.language"),
        ({"input": {"text": CHINESE, "colour": 1}}, "input.colour"),
        ({"input": {"text": " \n\t"}}, "input.text"),
        ({"input": {"files": []}}, "input.files"),
        ({"input": {"files": ["x"]}}, "input.files.0"),
        ({"input": {}}, "input.text"),
        ({"input": ""}, "input"),
        ({"input": 5}, "input"),
        ({}, "input"),
        (
            {"input": CHINESE, "config": {"configurable": {"threshold": 7}}},
            "config.configurable.threshold",
        ),
        ({"input": CHINESE, "config": {"run_id": "x"}}, "config.run_id"),
    ):
        answer = client.post("/pairs/invoke", json=given, headers={"Accept-Language": language})
        body = refused(answer, 422, "rest.invalid")
        assert [one["field"] for one in body["fields"]] == [field]
        assert field in body["detail"]
        assert ("请求" in body["detail"]) == (language == "zh")


def test_bodies_that_are_none(client: httpx.Client) -> None:
    json = {"Content-Type": "application/json"}
    refused(client.post("/pairs/invoke", content=b"{", headers=json), 422, "rest.invalid")
    refused(
        client.post("/pairs/invoke", content=b'{"input": "\xff"}', headers=json), 400, "rest.body"
    )
    refused(client.post("/jobs", content=b"{", headers=json), 422, "rest.invalid")
    refused(client.post("/jobs", content=b"\xff\xfe", headers=json), 422, "rest.invalid")
    refused(client.post("/jobs", content=b"text"), 415, "rest.not_multipart")
    refused(client.post("/files", json={}), 415, "rest.not_multipart")
    deep = b'{"input": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    assert client.post("/pairs/invoke", content=deep, headers=json).status_code in (400, 422)
    half = '{"input": "\\ud83d 桥", "config": {"configurable": {"language": "\\ud83d"}}}'.encode()
    body = client.post("/pairs/invoke", content=half, headers=json)
    assert body.status_code == 422


def test_broken_forms(client: httpx.Client) -> None:
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
    for content in (
        b"",
        b"nothing",
        b"--x",
        head + b"cut off",
        b"--x\r\n\r\nno name\r\n--x--\r\n",
        b"--x\r\nContent-Disposition: attachment\r\n\r\nx\r\n--x--\r\n",
        b"--x\r\n" + b"A: b\r\n" * 500 + b"\r\nx\r\n--x--\r\n",
        b"--x\r\nA: " + b"b" * 100_000 + b"\r\n\r\nx\r\n--x--\r\n",
    ):
        refused(client.post("/files", content=content, headers=form), 400, "rest.body")
    refused(client.post("/files", content=b"--x--\r\n", headers=form), 422, "rest.no_upload")
    nameless = {"Content-Type": "multipart/form-data"}
    refused(client.post("/files", content=head, headers=nameless), 415, "rest.not_multipart")
    assert client.get("/files").json() == {"files": []}


@pytest.mark.parametrize("path", ["/files", "/jobs"])
def test_documents_that_cannot_be_read(client: httpx.Client, path: str) -> None:
    for name, content, status, code in (
        ("old.doc", OLE, 415, "rest.formats"),
        ("book.djvu", b"AT&TFORM" + bytes(100), 415, "rest.formats"),
        ("empty.txt", b"", 422, "load.empty"),
        ("broken.pdf", b"no pdf at all", 422, "load.pdf_broken"),
    ):
        answer = client.post(path, files=[("file", (name, content))])
        body = refused(answer, status, code)
        assert name in body["detail"]
        assert (".pdf" in body["detail"] and ".docx" in body["detail"]) or status != 415
    assert client.get("/files").json() == {"files": []}
    assert client.get("/jobs").json()["total"] == 0


def test_what_is_not_there(client: httpx.Client) -> None:
    for path in ("/nothing", "/pairs/playground/../../pyproject.toml", "/files/"):
        assert client.get(path).status_code in (404, 405, 307)
    refused(client.get(f"/files/{NOBODY}"), 404, "rest.no_file")
    refused(client.delete(f"/files/{NOBODY}"), 404, "rest.no_file")
    refused(client.post("/jobs", json={"files": [NOBODY]}), 404, "rest.no_file")
    for place in (f"/jobs/{NOBODY}", f"/jobs/{NOBODY}/pairs", f"/jobs/{NOBODY}/events"):
        refused(client.get(place), 404, "job.unknown")
    refused(client.post(f"/jobs/{NOBODY}/retry"), 404, "job.unknown")
    refused(client.put("/jobs"), 405, "rest.method")
    assert client.put("/jobs").headers["allow"] == "GET, POST"


def test_a_backend_that_fails_is_told_with_its_reason(
    client: httpx.Client, server: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.model = "another"
    body = refused(client.post("/pairs/invoke", json={"input": CHINESE}), 502, "backend.not_found")
    assert "simulated" in body["detail"]
    with client.stream("POST", "/pairs/stream", json={"input": CHINESE}) as stream:
        told = "".join(stream.iter_text())
    assert '"status_code": 502' in told
    assert told.rstrip().splitlines()[-2] == "event: error"
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    given = {"input": {"text": CHINESE, "backend": "gpt-3.5"}}
    refused(client.post("/pairs/invoke", json=given), 502, "backend.no_key")
    job = client.post("/jobs", json={"text": CHINESE}).json()["id"]
    with client.stream("GET", f"/jobs/{job}/events", headers={"Accept-Language": "zh"}) as stream:
        failed = "".join(stream.iter_text())
    assert "event: failed" in failed
    assert "后端" in failed
    assert client.get(f"/jobs/{job}").json()["failure"]["code"] == "backend.not_found"
    refused(
        client.post("/ask", json={"question": "?", "model": "oracle"}),
        422,
        "settings.unknown_backend",
    )


@pytest.fixture
def held(server: Simulated) -> Iterator[threading.Event]:
    """Replies come once it is set."""
    gate = threading.Event()

    def reply(messages: list[dict[str, str]]) -> str:
        assert gate.wait(60)
        return pairs_reply(messages)

    server.reply = reply
    yield gate
    gate.set()


def test_a_full_queue_says_when_to_come_back(start: Start, held: threading.Event) -> None:
    client = start(Limits(jobs_at_once=1, waiting=3, waiting_of_one=2))
    statuses = []
    for n in range(6):
        answer = client.post("/jobs", json={"text": f"{CHINESE}{n}"})
        statuses.append(answer.status_code)
        if answer.status_code == 429:
            refused(answer, 429, "rest.too_many_jobs")
            assert int(answer.headers["retry-after"]) > 0
    assert statuses[-1] == 429
    assert statuses.count(202) in (2, 3)
    full = start(Limits(jobs_at_once=1, waiting=1, waiting_of_one=100))
    answers = [full.post("/jobs", json={"text": f"{n}{CHINESE}"}) for n in range(4)]
    refused(answers[-1], 503, "job.queue_full")
    assert int(answers[-1].headers["retry-after"]) > 0
    held.set()


def test_no_more_is_answered_at_once_than_there_is_room_for(
    start: Start, held: threading.Event, server: Simulated
) -> None:
    client = start(Limits(at_once=2, at_once_of_one=1))
    first = threading.Thread(target=lambda: client.post("/pairs/invoke", json={"input": CHINESE}))
    first.start()
    while not server.at_once:
        assert first.is_alive()
    refused(client.post("/pairs/invoke", json={"input": CHINESE}), 429, "rest.too_many")
    refused(client.post("/ask", json={"question": "?"}), 429, "rest.too_many")
    assert client.get("/health").status_code == 200
    held.set()
    first.join()
    assert client.post("/pairs/invoke", json={"input": CHINESE}).status_code == 200


def test_whoever_goes_away_is_not_worked_for(
    client: httpx.Client, held: threading.Event, server: Simulated, home: Path
) -> None:
    long = "\n\n".join(f"第{n}号车间于{1800 + n}年在河边落成。" * 40 for n in range(12))
    with pytest.raises(httpx.ReadTimeout):
        client.post("/pairs/invoke", json={"input": long}, timeout=1.5)
    held.set()
    (job,) = client.get("/jobs").json()["jobs"]
    while job["state"] == "running":
        job = client.get(f"/jobs/{job['id']}").json()
    assert job["state"] == "stopped"
    assert sum(server.calls.values()) < 5
    assert home.exists()


def test_what_a_closing_service_cannot_finish_is_refused_and_not_taken_up(tmp_path: Path) -> None:
    slow = {"QA3_CHUNK_SIZE": "200", "QA3_CONCURRENCY": "1"}
    answers: dict[str, httpx.Response] = {}
    with Simulated(latency=0.3) as server:
        with Served(tmp_path, server, environment=slow) as ended, ended.client() as client:

            def ask(way: str) -> None:
                one = "\n\n".join(f"{way}第{n}号车间在河边落成。" * 40 for n in range(12))
                given = {"inputs": [one, one]} if way == "batch" else {"input": one}
                answers[way] = client.post(f"/pairs/{way}", json=given)

            asking = [threading.Thread(target=ask, args=(way,)) for way in WAYS]
            for one in asking:
                one.start()
            until = time.monotonic() + 60
            while server.at_once < len(WAYS):
                assert time.monotonic() < until
            ended.child.terminate()
            for one in asking:
                one.join()
        with Served(tmp_path, server, environment=slow) as last, last.client() as client:
            jobs = client.get("/jobs").json()["jobs"]
    assert {job["state"] for job in jobs} == {"stopped"}
    for way in ("invoke", "batch"):
        refused(answers[way], 503, "rest.closing")
    assert answers["stream"].text.rstrip().splitlines()[-2] == "event: error"
    assert '"status_code": 503' in answers["stream"].text
