"""The best trade-offs between two values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from nbtrack.errors import InvalidValueError
from nbtrack.plots.charts.axes import axis, drawable, hover, is_log, left_out, positions
from nbtrack.plots.charts.scatter import points
from nbtrack.plots.charts.style import QUIET, colour, figure, graph_objects, no_runs, runs_word
from nbtrack.plots.data import pareto as data
from nbtrack.plots.data.chosen import choose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbtrack.plots.data.columns import Column

Goal = Literal["min", "max"]


def pareto_front(
    x: str,
    y: str,
    *,
    goals: tuple[Goal | None, Goal | None] = (None, None),
    runs: Any = None,
    experiment: str | Sequence[str] | None = None,
    log_x: bool | None = None,
    log_y: bool | None = None,
) -> Any:
    """Draw two values of the runs against each other, and the front that no other run beats in both.

    Parameters
    ----------
    x, y : str
        Such as ``"metrics.loss"`` and ``"duration"``.
    goals : pair of {"min", "max", None}
        Which end of each is the better one; None takes what ``set_goal`` said of the metric, else what
        its name says (``acc`` is better large), else ``"min"``.
    runs, experiment, log_x, log_y
        As for :func:`nbtrack.plots.scatter`.

    Returns
    -------
    plotly.graph_objects.Figure
        The last trace is the front.

    Raises
    ------
    NotFoundError, InvalidValueError
        A name that no run has, or a goal that is neither ``"min"`` nor ``"max"``.
    """
    chosen = choose(runs, experiment)
    title = f"Pareto front of {x} and {y}"
    if len(chosen) == 0:
        return no_runs(title, runs)
    columns = across, up = chosen.column(x), chosen.column(y)
    aims = tuple(goal or column.goal or "min" for goal, column in zip(goals, columns, strict=True))
    logs = is_log(across, log_x), is_log(up, log_y)
    drawn = drawable(across, log=logs[0]) & drawable(up, log=logs[1])
    values = [numbers(column, drawn) for column in columns]
    on_front = data.pareto_front(values[0], values[1], (aims[0], aims[1]))
    boxes = hover(chosen, columns)
    rest = points(across, up, boxes, drawn & ~on_front, {"color": QUIET}, name="beaten", showlegend=True)
    words = [
        f"{column.label} {'small' if aim == 'min' else 'large'}" for column, aim in zip(columns, aims, strict=True)
    ]
    notes = [
        f"best: {', '.join(words)}",
        f"{int(on_front.sum())} of {runs_word(len(chosen))} on the front",
        left_out([(across, logs[0]), (up, logs[1])], len(chosen)),
    ]
    return figure(
        [rest, _front(across, up, boxes, on_front, "hv" if aims[0] == "min" else "vh")],
        f"Pareto front of {across.label} and {up.label}",
        notes,
        xaxis=axis(across, log=logs[0]),
        yaxis=axis(up, log=logs[1]),
    )


def numbers(column: Column, drawn: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return values to compare, NaN where nothing is drawn."""
    if column.kind == "category":
        raise InvalidValueError(f"{column.id} holds texts, which have no better end; use a metric, a number or a time.")
    return np.where(drawn, column.data.astype(np.float64), np.nan)


def _front(x: Column, y: Column, boxes: list[str], on_front: np.ndarray[Any, Any], shape: str) -> Any:
    """Return the line: what is reached in one value when the other may be so bad."""
    go = graph_objects()
    at = np.flatnonzero(on_front)
    if len(at):
        at = at[np.lexsort((y.data[at], x.data[at]))]
    across, up = positions(x), positions(y)
    return go.Scatter(
        x=[across[row] for row in at],
        y=[up[row] for row in at],
        mode="lines+markers",
        line={"shape": shape, "width": 2, "color": colour(0)},
        marker={"size": 9, "color": colour(0)},
        hovertext=[boxes[row] for row in at],
        hoverinfo="text",
        name="Pareto front",
    )
