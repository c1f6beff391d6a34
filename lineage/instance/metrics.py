"""What the server counts, in the form that Prometheus reads."""

from __future__ import annotations

import os

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from .http import InstanceResponse

#: Where workers share their counts; set by the server before it starts several.
SHARED = "PROMETHEUS_MULTIPROC_DIR"


class Metrics:
    """Counts requests by method name, status and time taken."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "lineage_requests",
            "Requests answered.",
            ("method", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "lineage_request_seconds",
            "Time taken by a request.",
            ("method",),
            registry=self._registry,
        )
        self._children: dict[tuple[str, int], tuple[Counter, Histogram]] = {}
        self._running = Gauge(
            "lineage_requests_running",
            "Requests being answered.",
            registry=self._registry,
            multiprocess_mode="livesum",
        )

    def begin(self) -> None:
        """Count a request that came in."""
        self._running.inc()

    def end(self, method: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        self._running.dec()
        metrics = self._children.get((method, status))
        if metrics is None:
            # To look them up by their labels takes a lock and a copy each time.
            metrics = (
                self._requests.labels(method, str(status)),
                self._seconds.labels(method),
            )
            self._children[method, status] = metrics
        counter, histogram = metrics
        counter.inc()
        histogram.observe(seconds)

    def response(self) -> InstanceResponse:
        """Return all counts, of every worker."""
        registry = self._registry
        if os.environ.get(SHARED):
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # untyped there
        headers = {"content-type": "text/plain; version=0.0.4; charset=utf-8"}
        return InstanceResponse(200, generate_latest(registry), headers)
