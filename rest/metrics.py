"""Prometheus metrics; label values are a fixed set, never client input."""

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
    """The Prometheus metrics of one service.

    Args:
        jobs: Returns all jobs of the journal; called at every scrape.
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
        registry.register(_JobsCollector(jobs))

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self._registry)


class _JobsCollector(Collector):
    """Counts the journal's jobs at every scrape."""

    def __init__(self, jobs: Callable[[], Iterable[Job]]) -> None:
        self._jobs = jobs

    def describe(self) -> Iterable[Metric]:
        """No metrics, so that registering does not read the journal."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Jobs by state, and the tokens and calls they used."""
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


class MetricsMiddleware:
    """ASGI middleware that counts and times requests, labelled with the route's path template.

    Args:
        app: The wrapped ASGI application.
        metrics: The metrics to update.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on and records status and duration."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, streamed, began = 500, False, time.perf_counter()

        async def recording_send(message: Message) -> None:
            nonlocal status, streamed
            if message["type"] == "http.response.start":
                status = message["status"]
                streamed = any(b"event-stream" in value for _, value in message["headers"])
            await send(message)

        try:
            await self._app(scope, receive, recording_send)
        finally:
            page = scope["path"].startswith("/ui")
            route = "page" if page else getattr(scope.get("route"), "path", "other")
            known = scope["method"] in ("GET", "POST", "PATCH", "DELETE", "OPTIONS")
            method = scope["method"] if known else "other"
            self._metrics.requests.labels(method, route, str(status)).inc()
            if not streamed:
                self._metrics.seconds.labels(route).observe(time.perf_counter() - began)
