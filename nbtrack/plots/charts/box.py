"""How a value is spread within each category."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.errors import InvalidValueError
from nbtrack.plots.charts.axes import axis, drawable, hover, is_log, left_out
from nbtrack.plots.charts.scatter import groups
from nbtrack.plots.charts.style import figure, graph_objects, no_runs, plain, runs_word
from nbtrack.plots.data.chosen import choose

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_POINTS = 1000
"""Runs up to which every one is drawn beside its box; above, only those far from the others."""


def box(
    y: str,
    by: str | None = None,
    *,
    runs: Any = None,
    experiment: str | Sequence[str] | None = None,
    log_y: bool | None = None,
) -> Any:
    """Draw a box for each value of a param: median, quartiles, and the runs themselves beside it.

    Parameters
    ----------
    y : str
        Numbers, such as ``"metrics.acc"``.
    by : str, optional
        Such as ``"params.model"``; one box of all runs without it.
    runs, experiment, log_y
        As for :func:`nbtrack.plots.scatter`.

    Returns
    -------
    plotly.graph_objects.Figure

    Raises
    ------
    NotFoundError, InvalidValueError
        A name that no run has, or that means several things; `y` holds texts.
    """
    return _boxes("Box", y, by, runs, experiment, log_y)


def violin(
    y: str,
    by: str | None = None,
    *,
    runs: Any = None,
    experiment: str | Sequence[str] | None = None,
    log_y: bool | None = None,
) -> Any:
    """Draw the density for each value of a param; see :func:`nbtrack.plots.box`."""
    return _boxes("Violin", y, by, runs, experiment, log_y)


def _boxes(kind: str, y: str, by: str | None, runs: Any, experiment: Any, log_y: bool | None) -> Any:  # noqa: FBT001
    chosen = choose(runs, experiment)
    title = f"{y} by {by}" if by else y
    if len(chosen) == 0:
        return no_runs(title, runs)
    up = chosen.column(y)
    if up.kind != "number":
        swapped = by is not None and chosen.column(by).kind == "number"
        hint = f" Did you mean {kind.lower()}({by!r}, {y!r})?" if swapped else ""
        raise InvalidValueError(f"{up.id} holds no numbers; boxes show numbers, such as a metric.{hint}")
    across = chosen.column(by) if by else None
    log = is_log(up, log_y)
    drawn = drawable(up, log=log)
    boxes = hover(chosen, [up, *([across] if across else [])])
    pieces = groups(across) if across else [(plain(up.label), np.ones(len(chosen), dtype=bool), "#0072b2")]
    shape = getattr(graph_objects(), kind)
    every = "all" if len(chosen) <= MAX_POINTS else "outliers"
    look = {"boxpoints": every} if kind == "Box" else {"points": every, "meanline": {"visible": True}}
    made = [
        shape(
            y=up.data[rows],
            name=f"{name} ({rows.sum()})",
            marker={"color": shade, "size": 5, "opacity": 0.7},
            jitter=0.4,
            pointpos=-1.6,
            hovertext=[boxes[row] for row in np.flatnonzero(rows)],
            hoverinfo="y+text",
            hoveron="boxes+points" if kind == "Box" else "violins+points",
            showlegend=False,
            **look,
        )
        for name, one, shade in pieces
        if (rows := one & drawn).any()
    ]
    heading = f"{up.label} by {across.label}" if across else up.label
    across_axis = {"title": {"text": plain(across.label)}} if across else {}
    notes = [runs_word(len(chosen)), left_out([(up, log)], len(chosen))]
    return figure(made, heading, notes, xaxis=across_axis | {"type": "category"}, yaxis=axis(up, log=log))
