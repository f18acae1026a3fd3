"""Runs over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.plots.charts.style import TEXT, figure, graph_objects, no_runs, plain, runs_word, short
from nbtrack.plots.data import spans as data
from nbtrack.plots.data.chosen import choose

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

STATUS = {"FINISHED": "#009e73", "RUNNING": "#0072b2", "FAILED": "#d55e00", "KILLED": "#e69f00"}
MAX_NAMES = 60
"""Runs up to which each has its name beside it."""


def timeline(*, runs: Any = None, experiment: str | Sequence[str] | None = None) -> Any:
    """Draw when each run began and ended, by status, children under their parents.

    Parameters
    ----------
    runs, experiment
        As for :func:`nbtrack.plots.scatter`.

    Returns
    -------
    plotly.graph_objects.Figure
        One trace for each status; times are UTC.
    """
    chosen = choose(runs, experiment)
    table = data.timeline(chosen)
    title = "Timeline"
    if table.empty:
        return no_runs(title, runs)
    open_runs = int(table["is_open"].sum())
    without = len(chosen) - len(table)
    notes = [
        runs_word(len(table)),
        f"{open_runs} still running" if open_runs else "",
        f"{without} without a start" if without else "",
        "times are UTC",
    ]
    down: dict[str, Any] = {"autorange": "reversed", "showgrid": False, "zeroline": False, "showticklabels": False}
    if len(table) <= MAX_NAMES:
        names = [
            _indent(depth) + plain(short(label, 32))
            for label, depth in zip(table["label"], table["depth"], strict=True)
        ]
        down |= {"showticklabels": True, "tickvals": list(range(len(table))), "ticktext": names}
    return figure(
        [_bars(table, status) for status in table["status"].unique()],
        title,
        notes,
        barmode="overlay",
        bargap=0.25,
        xaxis={"type": "date"},
        yaxis=down,
        height=max(260, 130 + 22 * min(len(table), MAX_NAMES)),
    )


def _bars(table: pd.DataFrame, status: str) -> Any:
    rows = table[table["status"] == status]
    shade = STATUS.get(status, TEXT)
    boxes = [
        f"<b>{plain(label)}</b><br>{plain(status.lower())}<br>{start:%Y-%m-%d %H:%M:%S} to "
        + ("now" if is_open else f"{end:%Y-%m-%d %H:%M:%S}")
        + f"<br>{seconds_text(seconds)}"
        for label, start, end, seconds, is_open in zip(
            rows["label"], rows["start"], rows["end"], rows["seconds"], rows["is_open"], strict=True
        )
    ]
    return graph_objects().Bar(
        orientation="h",
        base=rows["start"].dt.tz_convert(None).to_numpy(),
        x=(rows["seconds"] * 1000).clip(lower=1).to_numpy(),
        y=rows.index.to_numpy(),
        marker={"color": shade, "line": {"width": 1, "color": shade}},  # a pixel for the shortest
        hovertext=boxes,
        hoverinfo="text",
        textposition="none",
        name=plain(status.lower()),
        showlegend=True,
    )


def seconds_text(seconds: float) -> str:
    """Return a duration in two units at most."""
    for size, name, below, small in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if seconds >= size:
            whole, rest = divmod(seconds, size)
            return f"{whole:.0f} {name} {rest // below:.0f} {small}"
    return f"{seconds:.3g} s"


def _indent(depth: int) -> str:
    return "" if depth == 0 else "\u2514 " * depth
