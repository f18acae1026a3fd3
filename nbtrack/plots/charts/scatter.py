"""Runs as points."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.plots.charts.axes import axis, colour_by_number, drawable, hover, is_log, left_out, positions
from nbtrack.plots.charts.style import QUIET, colour, figure, graph_objects, no_runs, plain, runs_word, short
from nbtrack.plots.data.chosen import choose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbtrack.plots.data.columns import Column

Array = np.ndarray[Any, Any]

MAX_GROUPS = 12
"""Categories with a legend entry of their own; the others share one."""
MANY = 2000
"""Points from which WebGL draws them."""


def scatter(
    x: str,
    y: str,
    colour_by: str | None = None,
    *,
    runs: Any = None,
    experiment: str | Sequence[str] | None = None,
    log_x: bool | None = None,
    log_y: bool | None = None,
) -> Any:
    """Draw one value of the runs against another.

    Parameters
    ----------
    x, y : str
        Such as ``"params.lr"``, ``"metrics.acc.max"``, ``"duration"``; short names where they mean one thing.
    colour_by : str, optional
        A third value; numbers get a scale, texts a legend.
    runs : str, DataFrame, sequence, view of runs or None
        A filter, the result of ``search_runs``, run ids, or a widget such as ``nbtrack.runs()``; None for all.
    experiment : str or sequence of str, optional
        Where a filter looks; the chosen one by default.
    log_x, log_y : bool, optional
        Logarithmic axes; by default where the values ask for them (``nbtrack.views.log_axis``).

    Returns
    -------
    plotly.graph_objects.Figure

    Raises
    ------
    NotFoundError, InvalidValueError
        A name that no run has, or that means several things.
    """
    chosen = choose(runs, experiment)
    title = f"{y} by {x}"
    if len(chosen) == 0:
        return no_runs(title, runs)
    columns = [chosen.column(name) for name in (x, y, *([colour_by] if colour_by else []))]
    across, up = columns[:2]
    logs = is_log(across, log_x), is_log(up, log_y)
    drawn = drawable(across, log=logs[0]) & drawable(up, log=logs[1])
    points = traces(across, up, columns[2] if colour_by else None, hover(chosen, columns), drawn)
    notes = [runs_word(len(chosen)), left_out([(across, logs[0]), (up, logs[1])], len(chosen))]
    return figure(
        points, f"{up.label} by {across.label}", notes, xaxis=axis(across, log=logs[0]), yaxis=axis(up, log=logs[1])
    )


def traces(x: Column, y: Column, by: Column | None, boxes: list[str], drawn: Array) -> list[Any]:
    """Return the points of the runs that are drawn, coloured by a column."""
    if by is None:
        return [points(x, y, boxes, drawn, {"color": colour(0)}, showlegend=False)]
    if by.kind == "number":
        valued = drawn & by.there
        grey = [points(x, y, boxes, drawn & ~by.there, {"color": QUIET}, name=f"no {plain(by.label)}")]
        marker = colour_by_number(by) if valued.any() else {"color": QUIET}
        if valued.any():
            marker["color"] = marker["color"][valued]
        return [
            points(x, y, boxes, valued, marker, showlegend=False),
            *(grey if (drawn & ~by.there).any() else []),
        ]
    return [
        points(x, y, boxes, drawn & rows, {"color": shade}, name=name, showlegend=True)
        for name, rows, shade in groups(by)
        if (drawn & rows).any()
    ]


def groups(by: Column) -> list[tuple[str, Array, str]]:
    """Return name, runs and colour of each category; the rarest share one entry, and so do runs without a value."""
    codes, names = (by if by.kind == "category" else _as_texts(by)).codes()
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    own = sorted(np.argsort(-counts, kind="stable")[:MAX_GROUPS].tolist())
    found = [(plain(short(names[code])), codes == code, colour(place)) for place, code in enumerate(own)]
    others = ~np.isin(codes, own) & (codes >= 0)
    if others.any():
        found.append((f"{len(names) - len(own)} others", others, QUIET))
    if (codes < 0).any():
        found.append((f"no {plain(by.label)}", codes < 0, QUIET))
    return found


def points(x: Column, y: Column, boxes: list[str], rows: Array, marker: dict[str, Any], **options: Any) -> Any:
    """Return some runs as one trace of points."""
    go = graph_objects()
    at = np.flatnonzero(rows)
    kind = go.Scattergl if len(at) > MANY else go.Scatter
    return kind(
        x=_take(positions(x), at),
        y=_take(positions(y), at),
        mode="markers",
        hovertext=[boxes[row] for row in at],
        hoverinfo="text",
        marker={"size": 8 if len(at) <= MANY else 5, "opacity": 0.85, "line": {"width": 0}, **marker},
        **options,
    )


def _take(values: Any, at: Array) -> Any:
    return [values[row] for row in at] if isinstance(values, list) else values[at]


def _as_texts(column: Column) -> Column:
    there = column.there
    values = np.array([str(value) if ok else None for value, ok in zip(column.data, there, strict=True)], dtype=object)
    return replace(column, kind="category", data=values)
