"""Histories for an exported page: every series that it may draw, for each x axis that needs no choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.views.curves import MAX_POINTS as MAX_ASKED
from nbtrack.views.curves import MAX_SERIES, XS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbtrack.exports.wanted import Entry, Wanted

MAX_POINTS = 1_500_000
"""Points of one x axis: at about four bytes each, 6 MB of a page."""
MAX_POINTS_OF_TIMES = 300_000
"""Beyond this only steps are stored: times compress badly, and three axes are three times the size."""
LEAST_POINTS = 1_000
FINER = (4_000, 2_000)
"""Points of a curve where nobody said how many: as many as there is room for, so that zooming in shows more."""
_Y = (1, 2, 3)
"""Buffers with values: y, low, high."""


def curves(wanted: Wanted, _: dict[str, Any]) -> Iterator[Entry]:
    """Yield answers that together hold every series, the newest runs first."""
    buckets = wanted.history_points or fitting(wanted)
    series, points = chosen_series(wanted, buckets)
    at_once = max(1, min(MAX_SERIES, MAX_ASKED // buckets))
    for x in XS if points <= MAX_POINTS_OF_TIMES else XS[:1]:
        for begin in range(0, len(series), at_once):
            wanted.say(f"curves, {begin:,} of {len(series):,}")
            part = [list(pair) for pair in series[begin : begin + at_once]]
            question = {"what": "curves", "series": part, "x": x, "range": None, "buckets": buckets}
            for asked, content, buffers in wanted.ask(question):
                rounded = [as_single(data) if i in _Y else data for i, data in enumerate(buffers)]
                yield {**asked, "series": None}, content, rounded


def fitting(wanted: Wanted) -> int:
    """Return how many points a curve may have so that all of them still have their times with them."""
    counts = np.concatenate([[0.0], *(wanted.found.metrics[key]["count"] for key in wanted.metrics)])
    fits = (points for points in FINER if np.minimum(counts, points).sum() <= MAX_POINTS_OF_TIMES)
    return next(fits, LEAST_POINTS)


def chosen_series(wanted: Wanted, buckets: int) -> tuple[list[tuple[str, str]], int]:
    """Return run and metric of the series that fit, and how many points they have."""
    series: list[tuple[str, str]] = []
    points = 0
    counts = {key: wanted.found.metrics[key]["count"] for key in wanted.metrics}
    for row, run in enumerate(wanted.run_ids):
        for key, of_runs in counts.items():
            count = min(int(of_runs[row]), buckets)
            if not count:
                continue
            if points + count > MAX_POINTS:
                wanted.leave_out(
                    f"Curves are there for the newest {row:,} runs; fewer history_points leave room for more."
                )
                return series, points
            points += count
            series.append((run, key))
    return series, points


def as_single(data: bytes) -> bytes:
    """Return float64 rounded to what single precision keeps: a chart shows no more, and the zeros compress."""
    with np.errstate(over="ignore"):
        return np.frombuffer(data, "<f8").astype("<f4").astype("<f8").tobytes()
