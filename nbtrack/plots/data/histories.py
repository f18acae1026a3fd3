"""Histories of metrics, thinned to what a chart can show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.plots.data.smoothing import mean_band, smooth
from nbtrack.store.protocol import CurveQuery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbtrack.plots.data.chosen import Chosen
    from nbtrack.store.protocol import CurveRows

Array = np.ndarray[Any, Any]
Axis = Literal["step", "wall", "relative"]

AXES = ("step", "wall", "relative")
MAX_POINTS = 2000
COLUMNS = ("run", "x", "value", "mean", "count", "nans", "infinities", "is_thinned")


def metrics_named(chosen: Chosen, metric: str | Sequence[str] | None) -> list[str]:
    """Return the keys of metrics, given with or without ``metrics.``; all of them (without those of the machine) for None.

    Raises
    ------
    NotFoundError
        No run has it.
    """
    known = [full.removeprefix("metrics.") for full in chosen.keys("metrics")]
    if metric is None:
        return known
    wanted = [metric] if isinstance(metric, str) else list(metric)
    everything = set(chosen.found.metrics) if chosen.found is not None else set()
    keys = []
    for name in wanted:
        key = name if name in everything else name.removeprefix("metrics.")
        if key not in everything:
            raise NotFoundError("Metric", name, everything, where="these runs")
        keys.append(key)
    return keys


def curves(
    chosen: Chosen, metric: str, *, x: Axis = "step", max_points: int = MAX_POINTS, rows: Sequence[int] | None = None
) -> pd.DataFrame:
    """Return the history of one metric for each run that has it.

    Parameters
    ----------
    chosen : Chosen
    metric : str
        Key, such as ``"val/loss"``.
    x : {"step", "wall", "relative"}
        Step, time of day (UTC), or seconds since the run began.
    max_points : int
        At most so many points a run; a longer history is thinned to its smallest and largest value in equal ranges of steps.
    rows : sequence of int, optional
        Only these runs.

    Returns
    -------
    DataFrame
        ``run`` (row in `chosen`), ``x``, ``value`` (NaN where it is not finite), ``mean`` (of the points it stands for; NaN in the second
        of two rows for the same), ``count`` (how many these are), ``nans`` and ``infinities`` (how many of them are), ``is_thinned``.

    Raises
    ------
    InvalidValueError
        `x` is none of the three.
    """
    if x not in AXES:
        raise InvalidValueError(f"x={x!r} is not allowed; use 'step', 'wall' or 'relative'.")
    wanted = None if rows is None else set(rows)
    shown = [row for row in rows_with(chosen, metric) if wanted is None or row in wanted]
    if not shown or chosen.store is None:
        return pd.DataFrame({name: [] for name in COLUMNS})
    ids = chosen.ids
    query = CurveQuery(
        series=tuple((ids[row], metric) for row in shown),
        n_buckets=max(1, max_points // 2 - 1),  # the store may cut one more
        x="time" if x == "wall" else x,
    )
    found = chosen.store.metric_curves(query)
    return _table(found, np.repeat(np.array(shown), np.diff(found.starts)), x)


def _table(found: CurveRows, runs: Array, x: Axis) -> pd.DataFrame:
    """Return one row for a point, and two, smallest and largest, for a bucket; a falling stretch shows its largest first."""
    is_thinned = found.count > 1
    of = np.repeat(np.arange(len(runs)), np.where(is_thinned, 2, 1))
    is_second = np.append(False, of[1:] == of[:-1])
    before = np.roll(found.y, 1)
    before[found.starts[:-1]] = -np.inf
    is_rising = ~(found.y < before)
    return pd.DataFrame(
        {
            "run": runs[of],
            "x": found.x.astype("datetime64[ms]")[of] if x == "wall" else found.x[of],
            "value": np.where(is_second == is_rising[of], found.high[of], found.low[of]),
            "mean": np.where(is_second, np.nan, found.y[of]),
            "count": found.count[of].astype(np.int64),
            "nans": found.nans[of].astype(np.int64),
            "infinities": (found.ups + found.downs)[of].astype(np.int64),
            "is_thinned": is_thinned[of],
        }
    )


def rows_with(chosen: Chosen, metric: str) -> list[int]:
    """Return the rows of the runs that logged a metric."""
    if chosen.found is None or metric not in chosen.found.metrics:
        return []
    return [int(row) for row in np.flatnonzero(chosen.found.metrics[metric]["count"] > 0)]


def smoothed(curve: pd.DataFrame, weight: float) -> pd.DataFrame:
    """Return the calmed curve of one run: ``x`` and ``value``, one row for each range of steps."""
    whole = curve[curve["mean"].notna() | ~curve["is_thinned"]]
    return pd.DataFrame({"x": whole["x"].to_numpy(), "value": smooth(whole["mean"], weight, whole["count"])})


def seeds(chosen: Chosen, rows: Sequence[int], over: str) -> dict[str, list[int]]:
    """Return the rows of runs that differ in nothing but `over`, by what names them: the params that vary between groups.

    Parameters
    ----------
    over : str
        Column that is averaged over, such as ``"params.seed"``.
    """
    left_out = chosen.column(over).id
    params = [name for name in chosen.keys("params") if name != left_out]
    settings = chosen.frame[params].iloc[list(rows)].astype(object)
    settings = settings.where(settings.notna(), None)
    varying = [name for name in params if len(set(settings[name])) > 1]
    groups: dict[str, list[int]] = {}
    for row, values in zip(rows, settings[varying].itertuples(index=False, name=None), strict=True):
        said = [f"{name.removeprefix('params.')}={value}" for name, value in zip(varying, values, strict=True)]
        groups.setdefault(", ".join(said) or "all runs", []).append(row)
    return groups


def band(table: pd.DataFrame, rows: Sequence[int], weight: float = 0.0) -> dict[str, Array]:
    """Return mean and 95 % band of the curves of some runs, see :func:`~nbtrack.plots.data.smoothing.mean_band`."""
    lines = []
    for row in rows:
        line = smoothed(table[table["run"] == row], weight)
        x = line["x"].to_numpy()
        lines.append(
            (
                x.astype("datetime64[ms]").astype(np.float64) if x.dtype.kind == "M" else x.astype(float),
                line["value"].to_numpy(),
            )
        )
    return mean_band(lines)
