"""Runs as lines through parallel axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.plots.charts.axes import drawable, is_log, log_ticks, number_text
from nbtrack.plots.charts.style import (
    QUIET,
    TEXT,
    VIRIDIS,
    few,
    figure,
    graph_objects,
    no_runs,
    nothing,
    plain,
    runs_word,
    scale,
    short,
    steps,
)
from nbtrack.plots.data.chosen import Chosen, choose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbtrack.plots.data.columns import Column

Array = np.ndarray[Any, Any]

MAX_PARAMS = 7
MAX_METRICS = 3
MAX_TICKS = 24
FEW_VALUES = 8
"""Distinct numbers up to which each is a tick."""
GAP = 0.12
"""How far below an axis the place of runs without a value is, as a share of its length."""


def parallel_coordinates(
    columns: Sequence[str] | None = None,
    colour_by: str | None = None,
    *,
    runs: Any = None,
    experiment: str | Sequence[str] | None = None,
) -> Any:
    """Draw each run as a line through one axis a column; drag along an axis to keep some.

    ``nbtrack.parallel()`` is the live one, which gives its brush back as values; this one is for slides, papers and reports.

    Parameters
    ----------
    columns : sequence of str, optional
        Such as ``["params.lr", "metrics.acc"]``; by default params that differ, then metrics.
    colour_by : str, optional
        Column that colours the lines; by default the last axis.
    runs, experiment
        As for :func:`nbtrack.plots.scatter`.

    Returns
    -------
    plotly.graph_objects.Figure
        Runs without a value pass through ``none`` below the axis. Plotly shows no hover box on these lines.

    Raises
    ------
    NotFoundError, InvalidValueError
        A name that no run has, or that means several things.
    """
    chosen = choose(runs, experiment)
    title = "Parallel coordinates"
    if len(chosen) == 0:
        return no_runs(title, runs)
    axes = [chosen.column(name) for name in (columns or automatic(chosen))]
    if not axes:
        return nothing(title, "no params or metrics yet")
    by = chosen.column(colour_by) if colour_by else axes[-1]
    missing = [f"{int((~column.there).sum())} without {column.label}" for column in axes if not column.there.all()]
    go = graph_objects()
    drawn = go.Parcoords(
        dimensions=[dimension(column) for column in axes],
        line=line(by),
        labelfont={"size": 12, "color": TEXT},
        tickfont={"size": 11, "color": TEXT, "shadow": "none"},
        rangefont={"size": 1, "color": "rgba(0,0,0,0)"},
        unselected={"line": {"color": "#88888e", "opacity": 0.08}},
    )
    notes = [runs_word(len(chosen)), f"colour: {by.label}", few(missing)]
    return figure([drawn], title, notes, margin={"l": 90, "r": 90, "t": 140, "b": 40})


def automatic(chosen: Chosen) -> list[str]:
    """Return the axes shown until the reader chooses: params that differ, then metrics."""
    params = [name for name in chosen.keys("params") if chosen.frame[name].nunique(dropna=False) > 1]
    return [*params[:MAX_PARAMS], *chosen.keys("metrics")[:MAX_METRICS]]


def dimension(column: Column) -> dict[str, Any]:
    """Return one axis; a logarithmic one holds exponents, one of texts their places."""
    label = plain(short(column.label, 24))
    if column.kind == "category":  # plotly shows the ticks of these axes as they are, tags and all
        values, names = column.codes()
        ticks: dict[str, Any] = {
            "tickvals": list(range(len(names))),
            "ticktext": [short(name, 18) for name in names],
        }
        low, high = 0.0, max(len(names) - 1.0, 1.0)
        if len(names) > MAX_TICKS:
            every = -(-len(names) // MAX_TICKS)
            ticks = {name: shown[::every] for name, shown in ticks.items()}
        there = values >= 0
    else:
        log = is_log(column, None)
        there = drawable(column, log=log)
        values = _positions(column, log=log)
        low, high = _ends(values[there])
        ticks = log_ticks(values[there]) if log else _ticks(column, low, high)
    if not there.all():
        below = low - GAP * (high - low)
        values = np.where(there, values, below)
        ticks = {"tickvals": [below, *ticks["tickvals"]], "ticktext": ["none", *ticks["ticktext"]]}
        low = below
    return {"label": label, "values": values, "range": [low, high], **ticks}


def line(by: Column) -> dict[str, Any]:
    """Return colours of the lines, with their colour bar."""
    bar: dict[str, Any] = {"title": {"text": plain(by.label)}, "outlinewidth": 0, "thickness": 12}
    if by.kind == "category":
        codes, names = by.codes()
        n = max(len(names), 1)
        shown = range(0, n, -(-n // MAX_TICKS))
        bar |= {
            "tickvals": [index + 0.5 for index in shown],
            "ticktext": [plain(short(names[i])) for i in shown if i < len(names)],
        }
        return {
            "color": np.maximum(codes, 0) + 0.5,
            "cmin": 0,
            "cmax": n,
            "colorscale": steps(n),
            "showscale": True,
            "colorbar": bar,
        }
    log = is_log(by, None)
    there = drawable(by, log=log)
    if not there.any():
        return {"color": QUIET}
    values = _positions(by, log=log)
    low, high = _ends(values[there])
    bar |= log_ticks(values[there]) if log else _ticks(by, low, high)
    return {
        "color": np.where(there, values, low),
        "cmin": low,
        "cmax": high,
        "colorscale": scale(VIRIDIS),
        "showscale": True,
        "colorbar": bar,
    }


def _positions(column: Column, *, log: bool) -> Array:
    values = column.data.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log10(values) if log else values


def _ends(values: Array) -> tuple[float, float]:
    if len(values) == 0:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _ticks(column: Column, low: float, high: float) -> dict[str, Any]:
    at = np.unique(column.data[column.there].astype(np.float64))
    if not 0 < len(at) <= FEW_VALUES:
        at = np.linspace(low, high, 5)
    if column.kind == "time":
        return {
            "tickvals": at.tolist(),
            "ticktext": [str(np.datetime64(int(ms), "ms"))[:16].replace("T", " ") for ms in at],
        }
    return {"tickvals": at.tolist(), "ticktext": [number_text(value) for value in _round(at)]}


def _round(values: Array) -> Array:
    """Return numbers without the noise of their last digits."""
    return np.array([float(f"{value:.4g}") for value in values])
