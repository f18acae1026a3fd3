"""Histories of metrics for a page's charts: many runs and metrics in one question, no more points than a chart has pixels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.errors import InvalidValueError
from nbtrack.names import check_key
from nbtrack.store.protocol import CurveQuery

if TYPE_CHECKING:
    from nbtrack.store.protocol import TrackingStore

MAX_SERIES = 2400
MAX_BUCKETS = 4000
MAX_POINTS = 4_000_000
XS = ("step", "time", "relative")
_PAIR = 2


def answer(store: TrackingStore, question: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    """Answer ``{what: "curves", series: [[run id, metric], …], x, buckets, range}``.

    ``x`` is ``step``, ``time`` (milliseconds), ``relative`` (seconds) or ``metrics.<key>``; ``range`` is ``[low, high]`` in that unit, or
    null for everything. A series with more than ``buckets`` points comes thinned.

    The answer is ``{series, starts, thinned}`` with float64 buffers ``x, y, low, high, count`` (the last three are empty when nothing was
    thinned) and ``odd``: four float64 for each point or bucket with values that are no numbers: its index, NaNs, infinities, negative
    infinities. ``starts`` says where each series begins; see :class:`~nbtrack.store.protocol.CurveRows`.
    """
    series = _series(question.get("series"))
    buckets = max(2, min(int(question.get("buckets") or 1000), MAX_BUCKETS, MAX_POINTS // max(1, len(series))))
    low, high = _range(question.get("range"))
    query = CurveQuery(tuple(series), buckets, check_x(question.get("x") or "step"), low, high)
    rows = store.metric_curves(query)
    buckets_before = np.concatenate([[0], np.cumsum(rows.count > 1)])
    thinned = np.diff(buckets_before[rows.starts]) > 0
    odd = np.flatnonzero(rows.nans + rows.ups + rows.downs)
    bands = [rows.low, rows.high, rows.count] if thinned.any() else [np.empty(0)] * 3
    return (
        {
            "x": query.x,
            "series": series,
            "starts": rows.starts.tolist(),
            "thinned": thinned.tolist(),
        },
        [
            values.astype("<f8").tobytes()
            for values in (
                rows.x,
                rows.y,
                *bands,
                np.column_stack([odd, rows.nans[odd], rows.ups[odd], rows.downs[odd]]),
            )
        ],
    )


def check_x(x: Any) -> str:
    """Return what may stand on the x axis, else raise :class:`InvalidValueError`."""
    text = str(x)
    if text in XS:
        return text
    if text.startswith("metrics.") and len(text) > len("metrics."):
        check_key(text.removeprefix("metrics."), "metric")
        return text
    message = f"x is {x!r}; use 'step', 'time', 'relative', or another metric such as 'metrics.tokens'."
    raise InvalidValueError(message)


def _series(given: Any) -> list[tuple[str, str]]:
    if not isinstance(given, list) or not all(isinstance(pair, list) and len(pair) == _PAIR for pair in given):
        message = f"series is {str(given)[:80]}; send a list of [run id, metric]."
        raise InvalidValueError(message)
    if len(given) > MAX_SERIES:
        message = f"{len(given)} series were asked for at once; ask for at most {MAX_SERIES}."
        raise InvalidValueError(message)
    return [(str(run), str(key)) for run, key in given]


def _range(given: Any) -> tuple[float | None, float | None]:
    if given is None:
        return None, None
    try:
        low, high = (float(end) for end in given)
    except (TypeError, ValueError):
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        message = f"range is {given!r}; send [low, high], two finite numbers, the lower one first."
        raise InvalidValueError(message)
    return low, high
