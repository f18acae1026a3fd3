"""A column as an axis, as a colour, and as words in a hover box."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.plots.charts.style import VIRIDIS, few, plain, scale, short
from nbtrack.views.log_axis import wants_log

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbtrack.plots.data.chosen import Chosen
    from nbtrack.plots.data.columns import Column

Array = np.ndarray[Any, Any]

NONE = "\u2013"
"""Stands where a run has no value: a dash."""


def positions(column: Column) -> Any:
    """Return the values as plotly takes them: NaN or None where nothing can be drawn."""
    if column.kind == "number":
        return np.where(column.there, column.data, np.nan)
    if column.kind == "time":
        return column.data
    return [None if value is None else plain(short(str(value))) for value in column.data]


def drawable(column: Column, *, log: bool = False) -> Array:
    """Return which runs have a place on the axis: bool of shape (n_runs,)."""
    there = column.there
    if log and column.kind == "number":
        with np.errstate(invalid="ignore"):
            return there & (column.data > 0)
    return there


def is_log(column: Column, wanted: bool | None) -> bool:  # noqa: FBT001 - what the caller was given
    """Return whether the axis is logarithmic: as wanted, else as the values ask for."""
    return column.is_log if wanted is None else wanted and column.kind == "number"


def axis(column: Column, *, log: bool = False) -> dict[str, Any]:
    """Return the layout of an axis."""
    made: dict[str, Any] = {"title": {"text": plain(column.label)}}
    if column.kind == "category":
        order = column.codes()[1]
        made |= {"type": "category", "categoryorder": "array", "categoryarray": [plain(short(name)) for name in order]}
    elif column.kind == "time":
        made |= {"type": "date"}
    else:
        made |= (
            {"type": "log", "dtick": 1, "exponentformat": "power"}
            if log and _decades(column) > 1
            else {"type": "log" if log else "linear"}
        )
    return made


def left_out(columns: Sequence[tuple[Column, bool]], n: int) -> str:
    """Return a note on the runs that cannot be drawn, by column; "" when all can be.

    Parameters
    ----------
    columns : sequence of (Column, bool)
        Each with whether its axis is logarithmic.
    n : int
        Number of runs.
    """
    drawn = np.ones(n, dtype=bool)
    reasons: list[str] = []
    for column, log in columns:
        there = column.there
        if (~there).any():
            unreal = int(np.isinf(column.data).sum()) if column.kind == "number" else 0
            missing = int((~there).sum()) - unreal
            reasons += [f"{missing} without {column.label}"] if missing else []
            reasons += [f"{unreal} with infinite {column.label}"] if unreal else []
        if log and (off := int((there & ~drawable(column, log=True)).sum())):
            reasons.append(f"{off} with {column.label} ≤ 0 on a logarithmic axis")
        drawn &= drawable(column, log=log)
    return f"{int((~drawn).sum()):,} of {n:,} runs not drawn: {few(reasons)}" if reasons else ""


def hover(chosen: Chosen, columns: Sequence[Column]) -> list[str]:
    """Return the hover box of each run: its number and name, then values; a missing one is said."""
    shown = list({column.id: column for column in columns}.values())
    heads = [f"<b>{plain(label)}</b>" for label in chosen.labels]
    lines = [[f"{plain(column.label)}: {text}" for text in texts(column)] for column in shown]
    return ["<br>".join(row) for row in zip(heads, *lines, strict=True)]


def texts(column: Column) -> list[str]:
    """Return the values as words."""
    if column.kind == "number":
        return [number_text(value) for value in column.data]
    if column.kind == "time":
        return [NONE if np.isnat(value) else str(value).replace("T", " ")[:19] for value in column.data]
    return [NONE if value is None else plain(short(str(value), 80)) for value in column.data]


def number_text(value: float) -> str:
    """Return a number with at most five significant digits."""
    if np.isnan(value):
        return NONE
    if np.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{value:.5g}"


def colour_by_number(column: Column) -> dict[str, Any]:
    """Return the marker of points coloured by a number, with its colour bar; a logarithmic one where the values ask for it."""
    values = positions(column)
    log = wants_log(column.data)
    bar: dict[str, Any] = {"title": {"text": plain(column.label)}, "outlinewidth": 0, "thickness": 12}
    if log:
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.log10(values)
        bar |= log_ticks(values)
    return {"color": values, "colorscale": scale(VIRIDIS), "colorbar": bar, "showscale": True}


def log_ticks(exponents: Array) -> dict[str, Any]:
    """Return ticks at powers of ten for values that are exponents already; at ends and middle where these are too few."""
    low, high = np.nanmin(exponents), np.nanmax(exponents)
    whole = np.arange(np.ceil(low), np.floor(high) + 1)
    if len(whole) > 8:  # noqa: PLR2004 - more do not fit
        whole = whole[:: -(-len(whole) // 8)]
    at = whole if len(whole) > 1 else np.linspace(low, high, 3)
    return {"tickvals": at.tolist(), "ticktext": [f"{10.0**power:.3g}" for power in at]}


def _decades(column: Column) -> float:
    there = column.data[drawable(column, log=True)]
    return float(np.log10(there.max() / there.min())) if len(there) else 0.0
