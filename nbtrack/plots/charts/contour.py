"""A value over two params, as a surface seen from above."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.errors import InvalidValueError
from nbtrack.plots.charts.axes import axis, drawable, hover, is_log, left_out, number_text
from nbtrack.plots.charts.scatter import points
from nbtrack.plots.charts.style import (
    TEXT,
    VIRIDIS,
    figure,
    graph_objects,
    no_runs,
    nothing,
    plain,
    runs_word,
    scale,
    short,
)
from nbtrack.plots.data.chosen import choose
from nbtrack.plots.data.relations import cells, surface

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbtrack.plots.data.columns import Column

FEWEST = 4
"""Runs from which a surface is drawn; fewer are points."""


def contour(
    x: str,
    y: str,
    z: str,
    *,
    runs: Any = None,
    experiment: str | Sequence[str] | None = None,
    log_x: bool | None = None,
    log_y: bool | None = None,
) -> Any:
    """Draw a value over two others: a surface through the runs where both are numbers, the mean of each cell where one is a text.

    Parameters
    ----------
    x, y : str
        Such as ``"params.lr"`` and ``"params.depth"``.
    z : str
        Numbers, such as ``"metrics.acc"``.
    runs, experiment, log_x, log_y
        As for :func:`nbtrack.plots.scatter`.

    Returns
    -------
    plotly.graph_objects.Figure
        The surface is interpolated between runs by nearness; the runs are the points on it.

    Raises
    ------
    NotFoundError, InvalidValueError
        A name that no run has, or that means several things; `z` holds texts.
    """
    chosen = choose(runs, experiment)
    if len(chosen) == 0:
        return no_runs(f"{z} by {x} and {y}", runs)
    across, up, height = columns = [chosen.column(name) for name in (x, y, z)]
    if height.kind != "number":
        raise InvalidValueError(f"{height.id} holds no numbers; a surface shows numbers, such as a metric.")
    title = f"{height.label} by {across.label} and {up.label}"
    if "category" in (across.kind, up.kind):
        return _cells(title, columns, len(chosen))
    logs = is_log(across, log_x), is_log(up, log_y)
    drawn = drawable(across, log=logs[0]) & drawable(up, log=logs[1]) & height.there
    made = []
    if drawn.sum() >= FEWEST:
        made.append(_surface(columns, logs, drawn))
    marker = {"color": TEXT, "size": 5, "line": {"color": "#ffffff", "width": 1}}
    made.append(points(across, up, hover(chosen, columns), drawn, marker, showlegend=False))
    notes = [runs_word(len(chosen)), left_out([(across, logs[0]), (up, logs[1]), (height, False)], len(chosen))]
    return figure(made, title, notes, xaxis=axis(across, log=logs[0]), yaxis=axis(up, log=logs[1]))


def heatmap(x: str, y: str, z: str, *, runs: Any = None, experiment: str | Sequence[str] | None = None) -> Any:
    """Draw the mean of a value for each pair of two others; see :func:`nbtrack.plots.contour`."""
    chosen = choose(runs, experiment)
    if len(chosen) == 0:
        return no_runs(f"{z} by {x} and {y}", runs)
    columns = [chosen.column(name) for name in (x, y, z)]
    if columns[2].kind != "number":
        raise InvalidValueError(f"{columns[2].id} holds no numbers; a heat map shows numbers, such as a metric.")
    across, up, height = columns
    return _cells(f"{height.label} by {across.label} and {up.label}", columns, len(chosen))


def _surface(columns: list[Column], logs: tuple[bool, bool], drawn: np.ndarray[Any, Any]) -> Any:
    x, y = (
        np.log10(column.data[drawn]) if log else column.data[drawn].astype(np.float64)
        for column, log in zip(columns, logs, strict=False)
    )
    grid_x, grid_y, z = surface(x, y, columns[2].data[drawn])
    if columns[0].kind == "time":
        grid_x = grid_x.astype("datetime64[ms]")
    if columns[1].kind == "time":
        grid_y = grid_y.astype("datetime64[ms]")
    return graph_objects().Contour(
        x=10.0**grid_x if logs[0] else grid_x,
        y=10.0**grid_y if logs[1] else grid_y,
        z=z,
        colorscale=scale(VIRIDIS),
        contours={"showlines": False},
        ncontours=24,
        colorbar={"title": {"text": plain(columns[2].label)}, "outlinewidth": 0, "thickness": 12},
        hoverinfo="skip",
    )


def _cells(title: str, columns: list[Column], n_runs: int) -> Any:
    across, up, height = columns
    z = np.where(height.there, height.data, np.nan)
    names_x, names_y, mean, n = cells(across, up, z)
    if not names_x or not names_y:
        return nothing(title, f"no run has {across.label}, {up.label} and {height.label}")
    words = [
        [
            f"{plain(across.label)}: {plain(one)}<br>{plain(up.label)}: {plain(other)}<br>"
            f"mean {plain(height.label)}: {number_text(mean[row, at])}<br>{runs_word(int(n[row, at]))}"
            for at, one in enumerate(names_x)
        ]
        for row, other in enumerate(names_y)
    ]
    made = graph_objects().Heatmap(
        x=[plain(short(name)) for name in names_x],
        y=[plain(short(name)) for name in names_y],
        z=mean,
        colorscale=scale(VIRIDIS),
        colorbar={"title": {"text": plain(height.label)}, "outlinewidth": 0, "thickness": 12},
        xgap=2,
        ygap=2,
        hovertext=words,
        hoverinfo="text",
    )
    notes = [runs_word(n_runs), "mean of each cell", left_out([(column, False) for column in columns], n_runs)]
    axes = [{"title": {"text": plain(column.label)}, "type": "category"} for column in (across, up)]
    return figure([made], title, notes, xaxis=axes[0], yaxis=axes[1])
