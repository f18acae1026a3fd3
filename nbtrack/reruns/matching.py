"""Compares what a run measured with what it measured when it was made again, metric by metric."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nbtrack.entities import MetricSummary, Run

EQUAL, CLOSE, DIFFERS, MISSING, NEW, TIMING = "equal", "within tolerance", "differs", "missing", "new", "timing"
_TIMING = re.compile(
    r"(?:^|[^a-z])(?:seconds|secs?|time|duration|elapsed|latency|throughput|ms|per_s|per_second)(?:$|[^a-z])"
)


@dataclass(frozen=True, slots=True)
class MetricMatch:
    """One metric before and after.

    Attributes
    ----------
    key : str
    before, after : float or None
        Last values; None where it was not logged.
    result : str
        ``equal``, ``within tolerance``, ``differs``, ``missing`` (not logged any more), ``new``, or ``timing``: a measured time, which
        no machine repeats, and which is not judged.
    points : (int, int)
        How many points were logged, before and after.
    """

    key: str
    before: float | None
    after: float | None
    result: str
    points: tuple[int, int] = (0, 0)

    @property
    def change(self) -> float | None:
        """Return after minus before."""
        return None if self.before is None or self.after is None else self.after - self.before


def match_metrics(before: Run, after: Run | None, tolerance: float) -> tuple[MetricMatch, ...]:
    """Return what became of each metric; those of the machine (``system/``) are left out.

    Parameters
    ----------
    tolerance : float
        Relative: values that differ by less, or both by less than that from 0, are within it.
    """
    old = before.data.summaries
    new = {} if after is None else after.data.summaries
    keys = [key for key in dict.fromkeys([*old, *new]) if not key.startswith("system/")]
    return tuple(_match(key, old.get(key), new.get(key), tolerance) for key in sorted(keys))


def _match(key: str, old: MetricSummary | None, new: MetricSummary | None, tolerance: float) -> MetricMatch:
    before, after = (None if found is None else found.last for found in (old, new))
    points = (old.count if old else 0, new.count if new else 0)
    if old is None or new is None:
        return MetricMatch(key, before, after, NEW if old is None else MISSING, points)
    pairs = [(old.last, new.last), (old.min, new.min), (old.max, new.max)]
    if points[0] == points[1] and all(_same(*pair) for pair in pairs):
        result = EQUAL
    elif _TIMING.search(key.lower()):
        result = TIMING
    elif points[0] == points[1] and all(_is_close(*pair, tolerance) for pair in pairs):
        result = CLOSE
    else:
        result = DIFFERS
    return MetricMatch(key, before, after, result, points)


def _same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


def _is_close(a: float, b: float, tolerance: float) -> bool:
    return _same(a, b) or math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance)


def counterpart(original: Run, found: Sequence[Run], of_own_cell: Iterable[str] = ()) -> Run | None:
    """Return which of the new runs is the original made again: by where it began, whether it is nested, its params and its name.

    Among those that agree in all of this the metrics decide, as in a loop over seeds that are no params.
    """
    own = frozenset(of_own_cell)

    def likeness(run: Run) -> tuple[bool, bool, int, bool, int, int]:
        params = sum(original.data.params.get(key) == value for key, value in run.data.params.items())
        params -= len(original.data.params.keys() ^ run.data.params.keys())
        metrics = original.data.metrics.keys() & run.data.metrics.keys()
        same = sum(_same(original.data.metrics[key], run.data.metrics[key]) for key in metrics)
        is_nested = run.info.parent_run_id is not None
        return (
            not own or run.info.run_id in own,
            is_nested == (original.info.parent_run_id is not None),
            params,
            run.info.run_name == original.info.run_name,
            len(metrics),
            same,
        )

    return max(found, key=likeness, default=None)


def changed_params(before: Run, after: Run | None) -> list[str]:
    """Return ``["lr 0.1 → 0.2"]``: params that are not what they were."""
    if after is None:
        return []
    old, new = before.data.params, after.data.params
    return [
        f"{key} {old.get(key, '(none)')} → {new.get(key, '(none)')}"
        for key in sorted(old | new)
        if old.get(key) != new.get(key)
    ]


def changed_data(before: Run, after: Run | None) -> list[str]:
    """Return a sentence for each dataset that has another digest now."""
    if after is None:
        return []
    old, new = (
        {(i.dataset.name, i.context): i.dataset.digest for i in run.inputs.dataset_inputs} for run in (before, after)
    )
    return [
        f"dataset {' '.join(filter(None, key))} is another: digest {old[key]} before, {new[key]} now"
        for key in old.keys() & new.keys()
        if old[key] != new[key]
    ]
