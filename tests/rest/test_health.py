"""What is said to whoever watches the service."""

from __future__ import annotations

import time

import httpx
from prometheus_client.parser import text_string_to_metric_families

from bench.simulated import Simulated

CHINESE = "赵州桥由隋朝工匠李春设计建造。赵州桥全长64.4米，跨度37.02米。"


def counted(client: httpx.Client) -> dict[tuple[str, ...], float]:
    """Every number of /metrics by its name and labels."""
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_it_is_ready_once_backend_and_embedding_are(
    client: httpx.Client, server: Simulated
) -> None:
    until = time.monotonic() + 30
    while client.get("/ready").status_code != 200:
        assert time.monotonic() < until
        time.sleep(0.05)
    said = client.get("/ready").json()
    assert said == {
        "ready": True,
        "checks": dict.fromkeys(("backend", "embeddings", "journal"), "ok"),
    }
    assert server.base_url not in client.get("/ready").text


def test_a_backend_that_is_gone_makes_it_not_ready(client: httpx.Client, server: Simulated) -> None:
    server.key = "another"
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["backend"] == "backend.wrong_key"
    assert client.get("/health").json() == {"status": "ok"}


def test_what_happened_is_counted_under_names_of_ours(client: httpx.Client) -> None:
    client.post("/pairs/invoke", json={"input": CHINESE})
    client.get("/jobs/0123456789abcdef")
    client.get("/a-path-of-a-clients")
    client.post("/files", files=[("file", ("a.txt", CHINESE.encode()))])
    said = counted(client)
    assert said["qa3_requests_total", "POST", "/pairs/invoke", "200"] == 1
    assert said["qa3_requests_total", "GET", "/jobs/{job}", "404"] == 1
    assert said["qa3_pairs_total",] == 2
    assert said["qa3_jobs", "done"] == 1
    assert said["qa3_uploaded_bytes_total",] == len(CHINESE.encode())
    assert said["qa3_tokens_total", "prompt"] > 0
    assert said["qa3_job_calls",] == 2  # one about the chunk, one to check its pairs
    assert not any("a-path-of-a-clients" in label for key in said for label in key)
