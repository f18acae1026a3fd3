"""Draws the curves and the ratios, once for light pages and once for dark ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from benchmarks.crew import OURS
from benchmarks.words import LABELS, quantity, times

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from matplotlib.axes import Axes

    from benchmarks.findings import Curve, Findings, Row

COLOURS = {
    OURS: "#2f81f7",
    "floor": "#8b949e",
    "DuckDB bulk insert": "#8b949e",
    "nbtrack-postgres": "#1f4e9e",
    "mlflow": "#e0782f",
    "mlflow-postgres": "#9c4f16",
    "optuna": "#2a9d9d",
    "trackio": "#a371f7",
    "tensorboard": "#3fa35c",
    "wigglystuff": "#d64f8a",
    "plotly": "#c9a227",
}
MARKERS = {
    OURS: "o",
    "nbtrack-postgres": "o",
    "mlflow": "s",
    "mlflow-postgres": "s",
    "optuna": "X",
    "trackio": "D",
    "tensorboard": "^",
    "wigglystuff": "v",
    "plotly": "P",
}
THEMES = {"light": ("#1f2328", "#d8dee4"), "dark": ("#e6edf3", "#30363d")}
STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["Helvetica", "Arial", "DejaVu Sans"],
}
LOWEST, HIGHEST = 1e-3, 1e5


def draw(findings: Findings, folder: Path) -> dict[str, str]:
    """Write the plots as SVG to `folder`; return their names and what they show."""
    folder.mkdir(parents=True, exist_ok=True)
    curves = [curve for curve in findings.curves if curve.lines]
    compared = [row for row in findings.rows if row.ours > 0 and (row.peers or row.floor) and row.unit != "points"]
    plots: dict[str, tuple[str, Callable[[str, str], Figure]]] = {}
    if compared:
        plots["ratios"] = ("How many times nbtrack's figure floor and peers are", lambda *t: _ratios(compared, *t))
    for name, label in (("runs", "runs"), ("points", "points"), ("pages", "drawn")):
        panels = [curve for curve in curves if _counted(curve) == label]
        if panels:
            plots[name] = (f"Time against the number of {label}", lambda *t, panels=panels: _curves(panels, *t))
    for name, (_, make) in plots.items():
        for theme, (ink, grid) in THEMES.items():
            style: Any = {**STYLE, "text.color": ink, "svg.hashsalt": name}
            with mpl.rc_context(style):
                make(ink, grid).savefig(folder / f"{name}-{theme}.svg", transparent=True, metadata={"Date": None})
    return {name: alt for name, (alt, _) in plots.items()}


def _counted(curve: Curve) -> str:
    """Return what grows along the x axis: ``"runs"``, ``"points"``, or what is ``"drawn"``."""
    words = curve.x_label.split()
    return next(word for word in ("drawn", "points", "runs") if word in words)


# -- ratios --------------------------------------------------------------------------------------------------------------


def _ratios(shown: list[Row], ink: str, grid: str) -> Figure:
    figure = Figure(figsize=(9.2, 0.6 + 0.27 * len(shown)), layout="constrained")
    axes = figure.subplots()
    _dress(axes, ink, grid)
    axes.set_xscale("log")
    axes.axvline(1, color=COLOURS[OURS], linewidth=2)
    for y, row in enumerate(shown):
        values = {**({"floor": row.floor} if row.floor else {}), **row.peers}
        for name, value in values.items():
            slower = row.ours / value if row.unit.endswith("/s") else value / row.ours  # of rates, the smaller is
            ratio = min(max(slower, LOWEST), HIGHEST)
            marker = "|" if name == "floor" else MARKERS[name]
            axes.plot(ratio, y, marker, color=COLOURS[name], markersize=11 if name == "floor" else 6, markeredgewidth=2)
    axes.set_yticks(
        range(len(shown)), [f"{_plain(row.what)}: {quantity(row.ours, row.unit)}" for row in shown], fontsize=8
    )
    axes.invert_yaxis()
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.xaxis.set_major_locator(LogLocator(numticks=12))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: times(x)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("times nbtrack's figure (the blue line); to the right is slower or larger", color=ink, fontsize=9)
    names = [n for n in ("floor", *MARKERS) if n != OURS and any(n == "floor" or n in row.peers for row in shown)]
    for name in names:
        marker = "|" if name == "floor" else MARKERS[name]
        axes.plot([], [], marker, color=COLOURS[name], markeredgewidth=2, label=LABELS[name])
    figure.legend(loc="outside upper right", ncols=len(names), frameon=False, fontsize=9, labelcolor=ink)
    return figure


def _plain(what: str) -> str:
    return what.replace("`", "")


# -- curves --------------------------------------------------------------------------------------------------------------


def _curves(curves: list[Curve], ink: str, grid: str) -> Figure:
    n_rows = -(-len(curves) // 2)
    figure = Figure(figsize=(9.2, 0.5 + 2.9 * n_rows), layout="constrained")
    grid_of_axes = figure.subplots(n_rows, 2, squeeze=False).ravel()
    handles: dict[str, Any] = {}
    for axes, curve in zip(grid_of_axes, curves, strict=False):
        _dress(axes, ink, grid)
        _panel(axes, curve, ink, handles)
    for axes in grid_of_axes[len(curves) :]:
        axes.set_visible(False)
    figure.legend(
        list(handles.values()),
        list(handles),
        loc="outside upper right",
        ncols=len(handles),
        frameon=False,
        fontsize=9,
        labelcolor=ink,
    )
    return figure


def _panel(axes: Axes, curve: Curve, ink: str, handles: dict[str, Any]) -> None:
    for name, line in curve.lines.items():
        is_floor = name not in MARKERS
        (drawn,) = axes.loglog(
            [x for x, _ in line],
            [y for _, y in line],
            color=COLOURS[name],
            marker=MARKERS.get(name),
            markersize=4,
            linewidth=2.2 if name == OURS else 1.4,
            linestyle="--" if is_floor else "-",
            zorder=3 if name == OURS else 2,
        )
        handles.setdefault("floor" if is_floor else LABELS[name], drawn)
    for x, y in curve.targets:
        mark = axes.plot(x, y, "_", color=ink, markersize=16, markeredgewidth=2, zorder=4)[0]
        handles.setdefault("target", mark)
    axes.set_title(curve.title, color=ink, fontsize=10, loc="left")
    axes.set_xlabel(curve.x_label, color=ink, fontsize=9)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _count(x)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: _duration(y)))
    for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        axis.set_major_locator(LogLocator(subs=(1,) if high > 30 * low else (1, 2, 5), numticks=12))
        axis.set_minor_formatter(NullFormatter())


def _count(x: float) -> str:
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if x >= size:
            return f"{x / size:g}{letter}"
    return f"{x:g}"


def _duration(y: float) -> str:
    value, unit = quantity(y, "s").split()
    return f"{float(value.replace(',', '')):g} {unit}"


def _dress(axes: Axes, ink: str, grid: str) -> None:
    axes.patch.set_visible(False)
    axes.grid(visible=True, color=grid, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=ink, which="both", length=0, labelsize=8)
    for spine in axes.spines.values():
        spine.set_visible(False)
