"""What is counted, in Prometheus' text form; labels come from ours alone, never from a client."""

from __future__ import annotations

import time
from collections import Counter as Counts
from collections.abc import Callable, Iterable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chains import Job

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
JOB_STATES = ("waiting", "running", "done", "partial", "stopped", "failed", "broken off")


class Metrics:
    """The counters of one service.

    Args:
        jobs: Gives the jobs of the journal when they are looked at.
    """

    def __init__(self, jobs: Callable[[], Iterable[Job]]) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        labels = ("method", "route", "status")
        self.requests = Counter("qa3_requests", "Requests answered", labels, registry=registry)
        self.seconds = Histogram(
            "qa3_request_seconds",
            "Seconds until a request was answered whole; streams not counted",
            ("route",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.listeners = Gauge("qa3_listeners", "Open event streams", registry=registry)
        self.uploaded = Counter("qa3_uploaded_bytes", "Bytes of files taken", registry=registry)
        self.pairs = Counter("qa3_pairs", "Pairs given by /pairs", registry=registry)
        self.tokens = Counter(
            "qa3_tokens", "Tokens paid for by /pairs and /ask", ("kind",), registry=registry
        )
        registry.register(_Jobs(jobs))

    def text(self) -> bytes:
        """Everything in Prometheus' text form."""
        return generate_latest(self._registry)


class _Jobs(Collector):
    """The journal's jobs, looked up when they are asked for."""

    def __init__(self, jobs: Callable[[], Iterable[Job]]) -> None:
        self._jobs = jobs

    def describe(self) -> Iterable[Metric]:
        """Nothing is looked up when the counters are made."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Jobs by state, and what they took."""
        jobs = list(self._jobs())
        states = Counts(job.state for job in jobs)
        by_state = GaugeMetricFamily("qa3_jobs", "Jobs in the journal", labels=["state"])
        for state in JOB_STATES:
            by_state.add_metric([state], states[state])
        yield by_state
        tokens = GaugeMetricFamily(
            "qa3_job_tokens", "Tokens the journal's jobs took", labels=["kind"]
        )
        tokens.add_metric(["prompt"], sum(job.usage.prompt for job in jobs))
        tokens.add_metric(["completion"], sum(job.usage.completion for job in jobs))
        yield tokens
        calls = GaugeMetricFamily("qa3_job_calls", "Calls the journal's jobs took")
        calls.add_metric([], sum(job.usage.calls for job in jobs))
        yield calls


class Measuring:
    """Counts every request that reaches a route, under the route's own pattern.

    Args:
        app: What answers.
        metrics: What counts.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers as the app does, and counts."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, streamed, began = 500, False, time.perf_counter()

        async def counting(message: Message) -> None:
            nonlocal status, streamed
            if message["type"] == "http.response.start":
                status = message["status"]
                streamed = any(b"event-stream" in value for _, value in message["headers"])
            await send(message)

        try:
            await self._app(scope, receive, counting)
        finally:
            page = scope["path"].startswith("/ui")
            route = "page" if page else getattr(scope.get("route"), "path", "other")
            known = scope["method"] in ("GET", "POST", "PATCH", "DELETE", "OPTIONS")
            method = scope["method"] if known else "other"
            self._metrics.requests.labels(method, route, str(status)).inc()
            if not streamed:
                self._metrics.seconds.labels(route).observe(time.perf_counter() - began)
