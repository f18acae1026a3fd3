"""What the views of a page will ask, answered beforehand.

Answers are stored with their questions, and the page finds them again (``js/src/page/answers.js``). Where a reader chooses freely among
runs (small curves, curves), the answer for each run or metric is stored and the page puts the asked one together from those.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.exports.compare_answers import compare, pools
from nbtrack.exports.curve_answers import curves
from nbtrack.exports.model_answers import models
from nbtrack.exports.run_answers import artifacts, importance, live, saved_views
from nbtrack.wire.parcel import parcel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from nbtrack.exports.wanted import Entry, Wanted

ANSWERED_STATE = ("filter", "steps", "statistics", "runs", "base", "run_id", "model")
SPARK_POINTS = 40
SPARK_RUNS = 2_000
SPARK_METRICS = 12
KEPT_BITS = np.uint32(0xFFFFE000)
"""A small curve is 16 pixels high: ten bits of the mantissa are plenty, and zeros compress well."""


def gather(wanted: Wanted, views: Iterable[tuple[str, dict[str, Any]]]) -> list[bytes]:
    """Return the stored answers of each view, given by its name and state, as parcels."""
    parcels = []
    done: set[tuple[str, str]] = set()
    for view, state in views:
        for source in SOURCES.get(view, ()):
            about = {} if source in OF_ALL_RUNS else source_state(state)
            key = source.__name__, json.dumps(about, sort_keys=True, default=str)
            if key in done:
                continue
            done.add(key)
            wanted.say(f"answers for {view}")
            entries = list(source(wanted, state))
            if entries:
                parcels.append(_packed(entries))
    return parcels


def source_state(state: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a state that answers depend on: steps of a story often differ in the brush alone."""
    return {name: state[name] for name in ANSWERED_STATE if name in state}


def _packed(entries: list[Entry]) -> bytes:
    content = [{"question": q, "content": c, "buffers": len(buffers)} for q, c, buffers in entries]
    return parcel({"entries": content}, [buffer for _, _, buffers in entries for buffer in buffers])


def sparks(wanted: Wanted, _: dict[str, Any]) -> Iterator[Entry]:
    """Yield the outlines of the metrics, one matrix a metric."""
    runs = wanted.run_ids[:SPARK_RUNS]
    keys = [key for key in wanted.metrics if not key.startswith("system/")][:SPARK_METRICS]
    if len(wanted.run_ids) > SPARK_RUNS and keys:
        wanted.leave_out(f"Small curves are there for the newest {SPARK_RUNS:,} runs.")
    for key in keys:
        has = [run for run, count in zip(runs, wanted.found.metrics[key]["count"], strict=False) if count > 1]
        if not has:
            continue
        matrix = wanted.store.sparks(has, key, SPARK_POINTS).astype("<f4")
        bits = matrix.view(np.uint32)
        bits[~np.isnan(matrix)] &= KEPT_BITS
        yield {"what": "sparks", "runs": has, "key": key, "points": SPARK_POINTS}, {}, [matrix.tobytes()]


SOURCES: dict[str, tuple[Callable[[Wanted, dict[str, Any]], Iterator[Entry]], ...]] = {
    "run-table": (sparks, saved_views),
    "parallel": (importance, saved_views),
    "curves": (curves, saved_views),
    "board": (sparks, importance, curves, saved_views),
    "compare": (compare,),
    "selection": (pools,),
    "artifacts": (artifacts,),
    "live": (live,),
    "registry": (models,),
}
"""What answers the questions of each view of the front end, and of whoever compares the runs that a reader selects."""
OF_ALL_RUNS = (sparks, curves, pools, saved_views)
"""Those that do not depend on the state of a view."""
