"""Killed or ended half-way through a job, the next service finishes it; nothing is asked twice."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx

from bench.runs import long_text
from bench.serving import Served
from bench.simulated import Simulated

PARAGRAPHS = 12
UNDONE = {"failed", "not asked"}
SLOW = {"QA3_CHUNK_SIZE": "20", "QA3_CONCURRENCY": "2"}


def until_done(client: httpx.Client, job: str) -> dict[str, Any]:
    """The list, as the job's listeners get it."""
    with client.stream("GET", f"/jobs/{job}/events") as stream:
        for line in stream.iter_lines():
            if line.startswith("data: "):
                event: dict[str, Any] = json.loads(line[6:])
                if event["event"] in ("done", "failed"):
                    return event
    raise AssertionError("the events ended before the job")


def begin(client: httpx.Client, name: str) -> str:
    answer = client.post(
        "/jobs",
        json={
            "text": long_text(PARAGRAPHS),
            "name": f"{name}.txt",
            "prompt_text": f"{name}:\n{{text}}",
        },
    )
    assert answer.status_code == 202
    job: str = answer.json()["id"]
    return job


def wait_until_answered(server: Simulated, calls: int) -> None:
    until = time.monotonic() + 60
    while sum(server.calls.values()) < calls:
        assert time.monotonic() < until
        time.sleep(0.005)


def test_a_job_outlives_kill_9_and_a_polite_end(tmp_path: Path) -> None:
    with Simulated(latency=0.1) as server:
        with Served(tmp_path, server, environment=SLOW) as killed, killed.client() as client:
            job = begin(client, "报告")
            begun = begin(client, "report")
            wait_until_answered(server, 6)
            killed.kill()
        in_flight = server.most_at_once
        so_far = sum(server.calls.values())
        with Served(tmp_path, server, environment=SLOW) as ended, ended.client() as client:
            assert client.get(f"/jobs/{job}").json()["state"] in ("running", "waiting")
            wait_until_answered(server, so_far + 6)
        assert ended.child.returncode in (0, -15)
        with Served(tmp_path, server, environment=SLOW) as last, last.client() as client:
            assert client.get("/jobs").json()["total"] == 2
            for one in (job, begun):
                done = until_done(client, one)
                assert done["event"] == "done"
                assert not {chunk["state"] for chunk in done["result"]["chunks"]} & UNDONE
                assert client.get(f"/jobs/{one}").json()["state"] == "done"
                kept = client.get(f"/jobs/{one}/pairs").json()["total"]
                assert kept == len(done["result"]["kept"]) > PARAGRAPHS
        # A call in flight when the process was killed was answered to nobody who could keep it;
        # whoever was ended politely waited for his.
        again = sum(times - 1 for times in server.calls.values())
        assert again <= in_flight
        assert max(server.calls.values()) <= 2
