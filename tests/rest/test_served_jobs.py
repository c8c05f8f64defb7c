"""Jobs over HTTP: begun, listened to from anywhere, stopped, gone on with, edited and deleted."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from doubles import Gate

from bench.runs import long_text
from bench.simulated import Simulated
from chains.events import Done
from chains.journal.replies import Journal
from chains.run.inputs import Text
from chains.run.pipeline import Pipeline
from chains.settings import resolve
from rest.config import Limits

CHINESE = "赵州桥由隋朝工匠李春设计建造。赵州桥全长64.4米，跨度37.02米。"
ENGLISH = "The Forth Bridge was opened in 1890. It crosses the Firth of Forth near Edinburgh."
BOTH = f"{CHINESE}\n\n{ENGLISH}"


def events(client: httpx.Client, job: str, last: str = "") -> list[tuple[str, str, dict[str, Any]]]:
    """Id, name and data of everything a listener is told until the stream ends."""
    told, id_, name = [], "", ""
    headers = {"Last-Event-ID": last} if last else {}
    with client.stream("GET", f"/jobs/{job}/events", headers=headers) as stream:
        assert stream.status_code in (200, 204)
        for line in stream.iter_lines():
            field, _, value = line.partition(": ")
            if field == "id":
                id_ = value
            elif field == "event":
                name = value
            elif field == "data":
                told.append((id_, name, json.loads(value)))
    return told


def begin(client: httpx.Client, text: str = BOTH, **settings: Any) -> str:
    answer = client.post("/jobs", json={"text": text, "name": "桥.txt", **settings})
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/jobs/{answer.json()['id']}"
    job: str = answer.json()["id"]
    return job


def test_a_job_is_begun_by_text_upload_and_form_alike(client: httpx.Client) -> None:
    sent = client.post("/files", files=[("file", ("桥.txt", BOTH.encode()))])
    assert sent.status_code == 201
    file = sent.json()["files"][0]["id"]
    by_upload = client.post("/jobs", json={"files": [file]}).json()["id"]
    form = {"temperature": "0", "language": "auto"}
    by_form = client.post("/jobs", files=[("file", ("桥.txt", BOTH.encode()))], data=form).json()[
        "id"
    ]
    lists = []
    by_text = begin(client)
    for job in (by_text, by_upload, by_form):
        assert events(client, job)[-1][1] == "done"
        made = client.get(f"/jobs/{job}/list").json()
        lists.append([(pair["question"], pair["answer"], pair["source"]) for pair in made["kept"]])
    assert len(lists[0]) == 4
    assert lists[0] == lists[1] == lists[2]
    assert client.get("/files").json()["files"] == sent.json()["files"]  # the form's is gone
    listed = client.get("/jobs", params={"page_size": 2}).json()
    assert listed["total"] == 3
    assert [one["id"] for one in listed["jobs"]] == [by_text, by_form]
    assert listed["jobs"][0]["state"] == "done"


def test_a_listener_that_comes_back_hears_the_rest_once(client: httpx.Client) -> None:
    job = begin(client, long_text(6), density="all")
    everything = events(client, job)
    assert everything[0][1] == "prepared"
    assert everything[-1][1] == "done"
    for place, (id_, _, _) in enumerate(everything):
        assert events(client, job, id_) == everything[place + 1 :]
    last = everything[-1][0]
    answer = client.get(f"/jobs/{job}/events", headers={"Last-Event-ID": last})
    assert answer.status_code == 204
    for strange in ("x", "0-99", "-"):
        assert events(client, job, strange) == everything
    assert events(client, job, last + "9" * 20) == []


def test_pairs_come_while_the_job_goes_on(client: httpx.Client, gate: Gate) -> None:
    job = begin(client)
    heard: list[str] = []
    with client.stream("GET", f"/jobs/{job}/events") as stream:
        for line in stream.iter_lines():
            if line.startswith("event: "):
                heard.append(line[7:])
            if heard == ["prepared"] and not gate.open.is_set():
                assert client.get(f"/jobs/{job}").json()["state"] == "running"
                assert client.get(f"/jobs/{job}/pairs").status_code == 409
                assert client.delete(f"/jobs/{job}").status_code == 409
                gate.open.set()
    assert heard == ["prepared", "chunk", "verified", "done"]


def test_a_cancelled_job_keeps_what_it_has_and_goes_on_later(
    client: httpx.Client, gate: Gate, server: Simulated
) -> None:
    job = begin(client, long_text(8), max_calls=100)
    assert gate.reached.acquire(timeout=60)
    stopping = client.post(f"/jobs/{job}/cancel")
    assert stopping.status_code == 202
    assert stopping.json()["stopping"]
    gate.open.set()
    told = events(client, job)
    assert told[-1][1] == "done"
    states = {chunk["state"] for chunk in told[-1][2]["result"]["chunks"]}
    assert "not asked" in states or states == {"pairs"}
    assert client.post(f"/jobs/{job}/cancel").json()["code"] == "rest.not_here"
    assert client.post(f"/jobs/{job}/retry").status_code == 202
    assert events(client, job)[-1][1] == "done"
    assert client.get(f"/jobs/{job}").json()["state"] == "done"
    assert set(server.calls.values()) == {1}


def test_a_waiting_job_is_cancelled_without_waiting_for_its_turn(
    start: Callable[..., httpx.Client], gate: Gate
) -> None:
    client = start(Limits(jobs_at_once=1))
    first = begin(client)
    assert gate.reached.acquire(timeout=60)
    second = begin(client, ENGLISH)
    assert client.get(f"/jobs/{second}").json()["state"] == "waiting"
    assert client.post(f"/jobs/{second}/cancel").status_code == 202
    assert events(client, second)[-1][2]["result"]["chunks"][0]["state"] == "not asked"
    assert client.get(f"/jobs/{second}").json()["state"] == "stopped"
    gate.open.set()
    assert events(client, first)[-1][1] == "done"


def test_the_list_comes_page_by_page_and_in_every_format(client: httpx.Client) -> None:
    job = begin(client)
    events(client, job)
    whole = client.get(f"/jobs/{job}/pairs").json()
    assert whole["total"] == 4
    pages = [
        client.get(f"/jobs/{job}/pairs", params={"page": n, "page_size": 3}).json()["pairs"]
        for n in (1, 2, 3)
    ]
    assert pages[0] + pages[1] == whole["pairs"]
    assert pages[2] == []
    questions = [one["pair"]["question"] for one in whole["pairs"]]
    for format_ in ("jsonl", "json", "csv", "xlsx", "markdown", "alpaca", "sharegpt", "openai"):
        file = client.get(f"/jobs/{job}/pairs", params={"format": format_})
        assert file.status_code == 200
        assert f"pairs-{job}" in file.headers["content-disposition"]
        if format_ == "csv":
            rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
            assert [row["question"] for row in rows] == questions
        elif format_ != "xlsx":
            assert all(question in file.text for question in questions)
    assert client.get(f"/jobs/{job}/pairs", params={"state": "rejected"}).json()["total"] == 0


def test_a_person_changes_the_list(client: httpx.Client) -> None:
    job = begin(client)
    events(client, job)
    first = client.get(f"/jobs/{job}/pairs").json()["pairs"][0]["pair"]
    place = f"/jobs/{job}/pairs/{first['id']}"
    changed = client.patch(place, json={"question": "谁设计了赵州桥？", "answer": "李春"}).json()
    assert changed["state"] == "kept"
    assert changed["pair"]["edited"]
    assert changed["pair"]["evidence"]["quote"] == "李春"
    assert client.delete(place).status_code == 204
    assert client.get(place).json()["state"] == "rejected"
    assert client.get(f"/jobs/{job}/pairs").json()["total"] == 3
    assert client.post(f"{place}/keep").json()["pair"]["question"] == "谁设计了赵州桥？"
    restored = client.post(f"{place}/restore").json()
    assert restored == {
        "state": "kept",
        "pair": first,
        "duplicate_of": None,
        "reason": None,
        "proven": True,
        "doubtful": False,
    }
    assert "谁设计了赵州桥" not in client.get(f"/jobs/{job}/pairs?format=jsonl").text


def test_a_job_is_deleted_with_everything(client: httpx.Client) -> None:
    job = begin(client)
    events(client, job)
    assert client.delete(f"/jobs/{job}").status_code == 204
    for answer in (client.get(f"/jobs/{job}"), client.delete(f"/jobs/{job}")):
        assert answer.status_code == 404
        assert answer.json()["code"] == "job.unknown"


def test_a_job_of_the_command_line_is_seen_here(
    client: httpx.Client, gate: Gate, server: Simulated
) -> None:
    told: list[Any] = []

    def elsewhere() -> None:
        with Journal() as journal:
            told.extend(Pipeline(resolve(), journal=journal).run([Text(text=BOTH, name="t")]))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    assert gate.reached.acquire(timeout=60)
    (job,) = client.get("/jobs").json()["jobs"]
    assert job["state"] == "running"
    cancelled = client.post(f"/jobs/{job['id']}/cancel")  # it reads the wish in the journal
    assert (cancelled.status_code, cancelled.json()["stopping"]) == (202, True)
    assert client.post(f"/jobs/{job['id']}/retry").json()["code"] == "job.busy"
    names: list[str] = []
    with client.stream("GET", f"/jobs/{job['id']}/events") as stream:
        for line in stream.iter_lines():
            if line.startswith("event: "):
                names.append(line[7:])
                gate.open.set()
    thread.join()
    assert names[0] == "progress"
    assert names[-1] == "done"
    assert isinstance(told[-1], Done)
    kept = client.get(f"/jobs/{job['id']}/list").json()["kept"]
    assert [pair["id"] for pair in kept] == [pair.id for pair in told[-1].result.kept]
    assert Path(server.base_url).name == "v1"


def test_files_that_cannot_be_read_are_named_and_the_others_go_on(client: httpx.Client) -> None:
    given = [
        ("file", ("桥.txt", "赵州桥由隋朝工匠李春设计建造。".encode(), "text/plain")),
        ("file", ("坏.pdf", b"%PDF-1.4 broken", "application/pdf")),
    ]
    uploaded = client.post("/files", files=given).json()
    ids = [one["id"] for one in uploaded["files"]]
    job = client.post("/jobs", json={"files": ids}).json()
    assert events(client, job["id"])[-1][1] == "done"
    told = client.get(f"/jobs/{job['id']}").json()["refused"]
    assert ["坏.pdf" in one["detail"] for one in told] == [True]
    refused = client.get(f"/jobs/{job['id']}/list").json()["refused"]
    assert [one["fields"]["file"] for one in refused] == ["坏.pdf"]
    assert client.post("/jobs", json={"files": ids[1:]}).status_code == 422
