"""Which values of runs rise and fall together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.errors import InvalidValueError
from nbtrack.plots.charts.style import (
    DIVERGING,
    figure,
    graph_objects,
    no_runs,
    nothing,
    plain,
    runs_word,
    scale,
    short,
)
from nbtrack.plots.data import relations as data
from nbtrack.plots.data.chosen import Chosen, choose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbtrack.plots.data.columns import Column

MAX_SIDE = 40
RHO = "\u03c1"


def correlation(
    columns: Sequence[str] | None = None,
    *,
    runs: Any = None,
    experiment: str | Sequence[str] | None = None,
) -> Any:
    """Draw Spearman's rank correlation: of params with metrics, or of some columns with one another.

    Parameters
    ----------
    columns : sequence of str, optional
        Columns of numbers, each with each; by default params that differ (rows) with metrics (columns).
    runs, experiment
        As for :func:`nbtrack.plots.scatter`.

    Returns
    -------
    plotly.graph_objects.Figure
        The hover box says how many runs stand behind a number.

    Raises
    ------
    NotFoundError, InvalidValueError
        A name that no run has, or that means several things; a column of texts.
    """
    chosen = choose(runs, experiment)
    title = "Rank correlation"
    if len(chosen) == 0:
        return no_runs(title, runs)
    across, down = sides(chosen, columns)
    if not across or not down:
        return nothing(title, "no two columns of numbers that differ between runs")
    notes = [f"Spearman, {runs_word(len(chosen))}"]
    if max(len(across), len(down)) > MAX_SIDE:
        notes.append(f"the first {MAX_SIDE} columns")
    across, down = across[:MAX_SIDE], down[:MAX_SIDE]
    rho, n = (found.to_numpy() for found in data.correlation(down, across))
    words = [
        [
            f"{plain(row.label)} and {plain(column.label)}<br>"
            + (f"{RHO} = {rho[i, j]:.2f}" if np.isfinite(rho[i, j]) else f"{RHO} unknown: too few runs, or no change")
            + f"<br>{runs_word(int(n[i, j]))} with both"
            for j, column in enumerate(across)
        ]
        for i, row in enumerate(down)
    ]
    made = graph_objects().Heatmap(
        x=list(range(len(across))),
        y=list(range(len(down))),
        z=rho,
        zmin=-1,
        zmax=1,
        colorscale=scale(DIVERGING),
        text=np.where(np.isfinite(rho), np.char.mod("%.2f", np.nan_to_num(rho)), ""),
        texttemplate="%{text}",
        hovertext=words,
        hoverinfo="text",
        xgap=2,
        ygap=2,
        colorbar={"title": {"text": RHO}, "outlinewidth": 0, "thickness": 12},
    )
    return figure([made], title, notes, xaxis=_names(across), yaxis=_names(down) | {"autorange": "reversed"})


def sides(chosen: Chosen, columns: Sequence[str] | None) -> tuple[list[Column], list[Column]]:
    """Return the columns across and down."""
    if columns is not None:
        both = [chosen.column(name) for name in columns]
        texts = next((column.id for column in both if column.kind != "number"), None)
        if texts is not None:
            raise InvalidValueError(f"{texts} holds no numbers; a rank correlation needs numbers.")
        return both, both
    params, metrics = ([chosen.column(name) for name in chosen.keys(group)] for group in ("params", "metrics"))
    return [column for column in metrics if varies(column)], [column for column in params if varies(column)]


def varies(column: Column) -> bool:
    """Return whether runs differ in a column of numbers."""
    return column.kind == "number" and len(np.unique(column.data[column.there])) > 1


def _names(columns: list[Column]) -> dict[str, Any]:
    """Return an axis of places with names: two columns may have the same label."""
    ticks = [plain(short(column.label, 24)) for column in columns]
    return {"tickvals": list(range(len(columns))), "ticktext": ticks, "showgrid": False, "zeroline": False}
