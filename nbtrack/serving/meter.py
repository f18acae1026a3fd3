"""What a server says of itself to Prometheus."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from nbtrack.deps import require

if TYPE_CHECKING:
    from nbtrack.serving.held import Held

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
CONTENT_TYPE = "text/plain; version=1.0.0; charset=utf-8"


class Meter:
    """Requests by status, their latency, rows scored, and which model is served.

    Several workers write into one folder, which whoever starts them names in ``PROMETHEUS_MULTIPROC_DIR``; any of them can be asked then.
    """

    def __init__(self) -> None:
        prometheus = require("prometheus_client", "to count requests", extra="serving")
        self._prometheus = prometheus
        self._is_shared = "PROMETHEUS_MULTIPROC_DIR" in os.environ
        self._registry = prometheus.CollectorRegistry()
        mine = {"registry": self._registry}
        self._requests = prometheus.Counter(
            "nbtrack_requests", "Requests for predictions, by status.", ["status"], **mine
        )
        self._seconds = prometheus.Histogram(
            "nbtrack_request_seconds", "Time from the whole request to its answer.", buckets=SECONDS, **mine
        )
        self._rows = prometheus.Counter("nbtrack_rows", "Rows scored.", **mine)
        self._swaps = prometheus.Counter("nbtrack_model_swaps", "Models exchanged for another version.", **mine)
        self._problems = prometheus.Gauge(
            "nbtrack_model_problem", "1 while a newer version cannot be loaded.", multiprocess_mode="max", **mine
        )
        self._model = prometheus.Gauge(
            "nbtrack_model_info", "The model that is served.", ["uri", "version"], multiprocess_mode="max", **mine
        )

    def answered(self, status: int, seconds: float, n_rows: int) -> None:
        """Count a request."""
        self._requests.labels(str(status)).inc()
        self._seconds.observe(seconds)
        if n_rows:
            self._rows.inc(n_rows)

    def holds(self, held: Held, *, is_new: bool = False) -> None:
        """Say which model is served."""
        if is_new:
            self._swaps.inc()
        self._problems.set(1 if held.problem else 0)
        if not self._is_shared:
            self._model.clear()
        self._model.labels(held.served.uri, held.served.key).set(held.served.loaded_at)

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        registry: Any = self._registry
        if self._is_shared:
            multiprocess = require("prometheus_client.multiprocess", "to count requests", extra="serving")
            registry = self._prometheus.CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)
        return bytes(self._prometheus.generate_latest(registry))
