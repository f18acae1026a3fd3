"""What the server says of itself to Prometheus: requests by route, streams, records taken, the store's folds and sizes, the process.

Counting is a dictionary and an addition in the event loop. prometheus-client, which knows the two text formats, is loaded with the first
question for them: a server that nobody asks pays neither its time at the start nor its memory.
"""

from __future__ import annotations

import platform
import re
import threading
import time
from bisect import bisect_left
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from nbtrack.deps import require
from nbtrack.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from nbtrack.server.sizes import Sizes
    from nbtrack.store.protocol import Record

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds of the histogram."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
STREAM = "/api/stream"
RECORDS = "nbtrack.records"
"""Key of a request's scope: how many records of a journal came with it."""
NO_ROUTE = "none"
"""Route of what was refused before a route was looked for, and of what is not there."""
_PAGES = frozenset(
    {"/", STREAM, "/api/message", "/open", "/sign-in", "/sign-out", "/docs", "/openapi.json", "/metrics"}
)
_SCRIPT = re.compile(r"/[\w.\-]+\.js")


class Meter:
    """Counts what one server does; follows its store to count what is written by requests.

    Parameters
    ----------
    sizes : Sizes
        Of the store.
    """

    def __init__(self, sizes: Sizes) -> None:
        self.sizes = sizes
        self.in_progress = 0
        self.streams = 0
        self._requests: defaultdict[tuple[str, str, str], int] = defaultdict(int)
        self._seconds: defaultdict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0] * (len(BOUNDS) + 2))
        self._bytes: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._lock = threading.Lock()
        self._written = 0
        self._delivered = 0
        self._registry: Any = None

    # -- counting ----------------------------------------------------------------------------------------------------

    def answered(self, scope: Scope, status: int, seconds: float, received: int, sent: int) -> None:
        """Count a request that has ended."""
        route, method = route_of(scope, status), scope["method"] if scope["method"] in METHODS else "other"
        self._requests[route, method, str(status) if status else "none"] += 1
        self._bytes[route, "received"] += received
        self._bytes[route, "sent"] += sent
        if route != STREAM:  # its time is that of the page
            row = self._seconds[route, method]
            row[bisect_left(BOUNDS, seconds)] += 1
            row[-1] += seconds
        self._delivered += scope.get(RECORDS, 0)

    def records(self, records: Sequence[Record]) -> None:
        """Count what this process has written to its journal."""
        with self._lock:
            self._written += len(records)

    def points(self, run_id: str, points: Sequence[tuple[int, int, dict[str, float]]]) -> None:
        """Count the records of metric points that this process has written."""
        del run_id
        with self._lock:
            self._written += len(points)

    # -- telling -----------------------------------------------------------------------------------------------------

    def text(self, accept: str = "") -> tuple[bytes, str]:
        """Return everything, and its content type, in the format that is asked for: Prometheus' text, or OpenMetrics."""
        client = require("prometheus_client", "to tell Prometheus how the server does", extra="server")
        if self._registry is None:
            self._registry = client.CollectorRegistry(auto_describe=False)
            self._registry.register(self)
            client.ProcessCollector(registry=self._registry)
        encode, content_type = client.exposition.choose_encoder(accept)
        return bytes(encode(self._registry)), str(content_type)

    def describe(self) -> list[Any]:
        """Name nothing beforehand: nothing is measured to register."""
        return []

    def collect(self) -> Iterator[Any]:
        """Yield the families of metrics."""
        core = require("prometheus_client.core", "to tell Prometheus how the server does", extra="server")
        yield from self._of_requests(core)
        gauges = [
            ("requests_in_progress", "Requests that are being answered, streams not counted.", self.in_progress),
            ("streams_open", "Open pages of the web interface.", self.streams),
        ]
        for name, about, value in gauges:
            yield core.GaugeMetricFamily(f"nbtrack_{name}", about, value)
        taken = core.CounterMetricFamily(
            "nbtrack_journal_records", "Records taken, of requests and of journals from elsewhere.", labels=["way"]
        )
        taken.add_metric(["request"], self._written)
        taken.add_metric(["journal"], self._delivered)
        yield taken
        yield from self._of_store(core)
        build = core.GaugeMetricFamily("nbtrack_build_info", "What runs here; always 1.", labels=["version", "python"])
        build.add_metric([__version__, platform.python_version()], 1)
        yield build

    def _of_requests(self, core: Any) -> Iterator[Any]:
        requests = core.CounterMetricFamily(
            "nbtrack_http_requests", "Requests answered.", labels=["route", "method", "status"]
        )
        for (route, method, status), n in list(self._requests.items()):
            requests.add_metric([route, method, status], n)
        yield requests
        seconds = core.HistogramMetricFamily(
            "nbtrack_http_request_seconds", "Time to the end of the answer.", labels=["route", "method"]
        )
        for (route, method), row in list(self._seconds.items()):
            so_far = 0.0
            buckets: list[tuple[str, float]] = []
            for bound, n_here in zip((*map(str, BOUNDS), "+Inf"), row, strict=False):
                so_far += n_here
                buckets.append((bound, so_far))
            seconds.add_metric([route, method], buckets, row[-1])
        yield seconds
        moved = core.CounterMetricFamily("nbtrack_http_bytes", "Bytes of bodies.", labels=["route", "direction"])
        for (route, direction), n in list(self._bytes.items()):
            moved.add_metric([route, direction], n)
        yield moved

    def _of_store(self, core: Any) -> Iterator[Any]:
        sizes = core.GaugeMetricFamily("nbtrack_store_bytes", "Of the store, on this machine.", labels=["part"])
        for part, n in self.sizes.parts().items():
            sizes.add_metric([part], n)
        yield sizes
        yield core.GaugeMetricFamily(
            "nbtrack_store_fold_age_seconds",
            "How long the oldest record that is only in a journal has waited; 0 when none is.",
            self.sizes.fold_age(),
        )


class Metering:
    """The outermost middleware: sees also what is refused."""

    def __init__(self, app: ASGIApp, meter: Meter) -> None:
        self.app = app
        self._meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a request, its bytes and its time."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status, n_in, n_out = time.perf_counter(), 0, 0, 0

        async def heard() -> Message:
            nonlocal n_in
            message = await receive()
            n_in += len(message.get("body", b""))
            return message

        async def said(message: Message) -> None:
            nonlocal status, n_out
            if message["type"] == "http.response.start":
                status = message["status"]
            n_out += len(message.get("body", b""))
            await send(message)

        meter, is_stream = self._meter, scope["path"] == STREAM
        meter.streams += is_stream
        meter.in_progress += not is_stream
        try:
            await self.app(scope, heard, said)
        finally:
            meter.streams -= is_stream
            meter.in_progress -= not is_stream
            meter.answered(scope, status, time.perf_counter() - began, n_in, n_out)


def route_of(scope: Scope, status: int) -> str:
    """Return the template of a request's route: never what a client makes up, of which there is no end."""
    path = getattr(scope.get("route"), "path", None)
    if path is not None:
        return str(path)
    if status in (401, 404, 405):
        return NO_ROUTE
    whole: str = scope["path"]
    if whole in _PAGES:
        return whole
    return "/{script}.js" if _SCRIPT.fullmatch(whole) else NO_ROUTE
