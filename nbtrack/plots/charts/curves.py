"""Metrics over steps or time, one line a run, or one band over seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.errors import InvalidValueError
from nbtrack.plots.charts.style import (
    CLEAR,
    colour,
    figure,
    graph_objects,
    in_template,
    no_runs,
    nothing,
    plain,
    runs_word,
    short,
    translucent,
)
from nbtrack.plots.data import histories as data
from nbtrack.plots.data.chosen import Chosen, choose
from nbtrack.views.log_axis import wants_log

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

MAX_RUNS = 100
MAX_METRICS = 6
COLUMNS = 2
MAX_NAMED = 20
"""Lines with names beside them; of more, the name of each is shown under the pointer."""
AXIS_TITLES = {"step": "step", "wall": "time (UTC)", "relative": "seconds since the start"}


def curves(
    metric: str | Sequence[str] | None = None,
    *,
    x: data.Axis = "step",
    smoothing: float = 0.0,
    over: str | None = None,
    runs: Any = None,
    experiment: str | Sequence[str] | None = None,
    log_y: bool | None = None,
    max_runs: int = MAX_RUNS,
) -> Any:
    """Draw the histories of metrics.

    Parameters
    ----------
    metric : str or sequence of str, optional
        Keys, such as ``"loss"``; several stand side by side; the first six by default.
    x : {"step", "wall", "relative"}
        Step, time of day (UTC), or seconds since the run began.
    smoothing : float
        Weight of an exponential moving average, from 0 to below 1; the values as logged stay faintly behind it.
    over : str, optional
        Draw the mean of runs that differ in nothing but this, such as ``"params.seed"``, with its 95 % confidence band.
    runs, experiment
        As for :func:`nbtrack.plots.scatter`.
    log_y : bool, optional
        Logarithmic axis; by default where the values ask for it (``nbtrack.views.log_axis``).
    max_runs : int
        At most so many lines; the rest is said under the title.

    Returns
    -------
    plotly.graph_objects.Figure
        At most 2,000 points a line: longer histories are thinned, with their spikes kept.

    Raises
    ------
    NotFoundError
        No run has the metric.
    InvalidValueError
        `x` or `smoothing` is not allowed.
    """
    if not 0 <= smoothing < 1:
        raise InvalidValueError(f"smoothing={smoothing!r} is not allowed; use a number from 0 to below 1, such as 0.6.")
    chosen = choose(runs, experiment)
    keys = data.metrics_named(chosen, metric) if len(chosen) else []
    shown = keys[:MAX_METRICS] if metric is None else keys
    if not shown:
        return no_runs("Curves", runs) if len(chosen) == 0 else nothing("Curves", "no metrics yet")
    logged = sorted({row for key in shown for row in data.rows_with(chosen, key)})
    rows = logged[:max_runs]
    drawer = _Lines(chosen, rows, x, smoothing, over)
    tables = [data.curves(chosen, key, x=x, rows=rows) for key in shown]
    made = [
        trace
        for place, (key, table) in enumerate(zip(shown, tables, strict=True))
        for trace in drawer.traces(key, table, place)
    ]
    notes = [
        runs_word(len(rows)) + (f" of {len(logged):,}; choose with runs=…" if len(logged) > len(rows) else ""),
        f"{len(chosen) - len(logged):,} without these metrics" if len(chosen) > len(logged) else "",
        f"mean over {over} with 95 % band" if over else "",
        f"smoothed {smoothing:g}" if smoothing else "",
        _unreal(tables),
        f"{len(keys) - len(shown)} more metrics" if len(keys) > len(shown) else "",
    ]
    layout = _layout(shown, tables, x, log_y=log_y)
    if over is None and len(rows) > MAX_NAMED:
        layout["showlegend"] = False
    return figure(made, ", ".join(shown), notes, **layout)


class _Lines:
    """Draws the runs of one metric after another, each run in the same colour everywhere."""

    def __init__(self, chosen: Chosen, rows: list[int], x: str, smooth: float, over: str | None) -> None:
        self.labels = [chosen.labels[row] for row in rows]
        self.rows = rows
        self.colours = {row: colour(place) for place, row in enumerate(rows)}
        self.x = x
        self.smooth = smooth
        self.groups = data.seeds(chosen, rows, over) if over else None
        self.named: set[str] = set()

    def traces(self, key: str, table: pd.DataFrame, place: int) -> list[Any]:
        """Return the traces of one metric in one of the subplots."""
        axes = {"xaxis": f"x{place + 1 if place else ''}", "yaxis": f"y{place + 1 if place else ''}"}
        if self.groups is not None:
            return [
                trace
                for index, (name, rows) in enumerate(self.groups.items())
                for trace in self._band(key, table, name, rows, colour(index), axes)
            ]
        return [
            trace
            for row, label in zip(self.rows, self.labels, strict=True)
            for trace in self._line(key, table[table["run"] == row], row, label, axes)
        ]

    def _line(self, key: str, table: pd.DataFrame, row: int, label: str, axes: dict[str, str]) -> list[Any]:
        if table.empty:
            return []
        go = graph_objects()
        shade = self.colours[row]
        name = plain(short(label))
        extra = [
            (f" (of {count} points)" if count > 1 else "") + (f" · {nans} NaN" if nans else "")
            for count, nans in zip(table["count"], table["nans"], strict=True)
        ]
        value = table["value"].to_numpy(dtype=np.float64)
        raw = go.Scatter(
            x=table["x"].to_numpy(),
            y=np.where(np.isfinite(value), value, np.nan),
            mode="lines+markers" if len(table) == 1 else "lines",
            line={"color": translucent(shade, 0.3) if self.smooth else shade, "width": 1 if self.smooth else 1.6},
            hoverinfo="skip" if self.smooth else None,
            hovertemplate=None if self.smooth else self._template(key, label, extra=any(extra)),
            customdata=extra if any(extra) and not self.smooth else None,
            name=name,
            **self._legend(label, hidden=bool(self.smooth)),
            **axes,
        )
        if not self.smooth:
            return [raw]
        calm = data.smoothed(table, self.smooth)
        line = go.Scatter(
            x=calm["x"].to_numpy(),
            y=np.where(np.isfinite(calm["value"]), calm["value"], np.nan),
            mode="lines+markers" if len(calm) == 1 else "lines",
            line={"color": shade, "width": 2},
            hovertemplate=self._template(key, label, extra=False),
            name=name,
            **self._legend(label),
            **axes,
        )
        return [raw, line]

    def _band(
        self, key: str, table: pd.DataFrame, name: str, rows: list[int], shade: str, axes: dict[str, str]
    ) -> list[Any]:
        go = graph_objects()
        found = data.band(table, rows, self.smooth)
        if not len(found["x"]):
            return []
        x = found["x"].astype("datetime64[ms]") if self.x == "wall" else found["x"]
        sure = ~np.isnan(found["low"])
        area = go.Scatter(
            x=np.concatenate([x[sure], x[sure][::-1]]),
            y=np.concatenate([found["high"][sure], found["low"][sure][::-1]]),
            fill="toself",
            fillcolor=translucent(shade, 0.18),
            line={"color": CLEAR},
            hoverinfo="skip",
            name=plain(short(name)),
            **self._legend(name, hidden=True),
            **axes,
        )
        said = [
            f" ± {(high - mean):.4g} ({runs_word(int(n))})" if n > 1 else f" ({runs_word(int(n))})"
            for mean, high, n in zip(found["mean"], found["high"], found["n"], strict=True)
        ]
        line = go.Scatter(
            x=x,
            y=found["mean"],
            mode="lines",
            line={"color": shade, "width": 2},
            hovertemplate=self._template(key, name, extra=True),
            customdata=said,
            name=plain(short(name)),
            **self._legend(name),
            **axes,
        )
        return [area, line]

    def _template(self, key: str, label: str, *, extra: bool) -> str:
        at = {"step": "step %{x}", "wall": "%{x}", "relative": "%{x:.4g} s"}[self.x]
        more = "%{customdata}" if extra else ""
        return f"<b>{in_template(label)}</b><br>{at}<br>{in_template(key)}: %{{y:.5g}}{more}<extra></extra>"

    def _legend(self, label: str, *, hidden: bool = False) -> dict[str, Any]:
        """Return one legend entry a run, however many lines it has."""
        is_first = not hidden and label not in self.named
        if is_first:
            self.named.add(label)
        return {"legendgroup": plain(label), "showlegend": is_first}


def _unreal(tables: list[pd.DataFrame]) -> str:
    runs = {int(row) for table in tables for row in table.loc[(table["nans"] > 0) | (table["infinities"] > 0), "run"]}
    return f"NaN or infinite values in {runs_word(len(runs))}" if runs else ""


def _layout(keys: list[str], tables: list[pd.DataFrame], x: str, *, log_y: bool | None) -> dict[str, Any]:
    """Return axes for one subplot a metric, two in a row."""
    rows = -(-len(keys) // COLUMNS)
    layout: dict[str, Any] = {}
    if len(keys) > 1:
        layout = {
            "grid": {"rows": rows, "columns": COLUMNS, "pattern": "independent", "xgap": 0.3, "ygap": 0.28},
            "height": 130 + 260 * rows,
        }
    for place, (key, table) in enumerate(zip(keys, tables, strict=True)):
        end = str(place + 1) if place else ""
        values = table["value"].to_numpy(dtype=np.float64)
        log = wants_log(values) if log_y is None else log_y
        layout[f"xaxis{end}"] = {"title": {"text": AXIS_TITLES[x]}, "type": "date" if x == "wall" else "linear"}
        layout[f"yaxis{end}"] = {"title": {"text": plain(key)}, "type": "log" if log else "linear"}
        if log:
            layout[f"yaxis{end}"] |= {"exponentformat": "power"}
    return layout
