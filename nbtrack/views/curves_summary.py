"""Curves as a small picture, for where there is no kernel."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.store.protocol import CurveQuery
from nbtrack.views import svg
from nbtrack.views.run_summary import number_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbtrack.store.protocol import CurveRows, TrackingStore

Array = np.ndarray[Any, Any]
Named = list[tuple[str, str, str]]
"""Run id, label and colour."""

MAX_RUNS = 10
MAX_METRICS = 2
N_BUCKETS = 240
LONGEST_TITLE = 44
WIDTH, HEIGHT, LEFT, RIGHT, TOP, FOOT = 360, 190, 54, 12, 26, 24


def curves_html(
    store: TrackingStore,
    title: str,
    runs: Named,
    metrics: Sequence[str],
    *,
    n_runs: int,
    x: str,
    is_log: bool = False,
) -> str:
    """Return the first metrics of the first runs as a picture with a legend.

    Parameters
    ----------
    store : TrackingStore
    title : str
    runs : list of (run id, label, colour)
        Those that are drawn.
    metrics : sequence of str
    n_runs : int
        How many runs are on view.
    x : {"step", "time", "relative", "metrics.<key>"}
    is_log : bool
        Logarithmic heights.
    """
    head = f"<b>{html.escape(title)}</b> <small>{html.escape(_said(runs, metrics, n_runs))}</small>"
    runs, metrics = runs[:MAX_RUNS], list(metrics[:MAX_METRICS])
    if not runs or not metrics:
        return head
    series = tuple((run, key) for key in metrics for run, *_ in runs)
    rows = store.metric_curves(CurveQuery(series, N_BUCKETS, x))
    charts = []
    for at, key in enumerate(metrics):
        lines = [(_line(rows, at * len(runs) + i), colour) for i, (_, _, colour) in enumerate(runs)]
        charts.append(svg.tag("g", *_chart(key, lines, x, is_log=is_log), transform=f"translate({at * WIDTH} 0)"))
    alt = f"Curves of {', '.join(metrics)} for {len(runs)} runs"
    return f"{head}<br>{svg.picture(WIDTH * len(metrics), HEIGHT, *charts, alt=alt)}{_legend(runs, metrics, rows)}"


def curves_text(title: str, runs: Named, metrics: Sequence[str], *, n_runs: int) -> str:
    """Return one line."""
    return f"nbtrack curves: {title}, {_said(runs, metrics, n_runs)}"


def _said(runs: Named, metrics: Sequence[str], n_runs: int) -> str:
    drawn = min(len(runs), MAX_RUNS)
    shown = ", ".join(metrics[:MAX_METRICS]) or "no metrics yet"
    more = f" and {len(metrics) - MAX_METRICS} more" if len(metrics) > MAX_METRICS else ""
    return f"{shown}{more} · {drawn} of {n_runs} run{'' if n_runs == 1 else 's'}"


def run_colour(number: float) -> str:
    """Return the colour that a run has in the page, too."""
    return svg.CATEGORICAL[int(number) % len(svg.CATEGORICAL) if math.isfinite(number) else 0]


def _line(rows: CurveRows, slot: int) -> tuple[Array, ...]:
    """Return x, mean, smallest and largest value of a series."""
    part = slice(rows.starts[slot], rows.starts[slot + 1])
    return rows.x[part], rows.y[part], rows.low[part], rows.high[part]


def _chart(key: str, lines: list[tuple[tuple[Array, ...], str]], x_name: str, *, is_log: bool) -> list[str]:
    title = svg.words(svg.ending(key, LONGEST_TITLE))
    parts = [svg.tag("text", title, x=LEFT, y=16, fill=svg.GREY, font_weight="600")]
    if is_log:
        lines = [((x, *map(_logarithm, rest)), colour) for (x, *rest), colour in lines]
    xs = np.concatenate([line[0] for line, _ in lines])
    ys = np.concatenate([values for line, _ in lines for values in line[2:]])
    ys = ys[np.isfinite(ys)]
    if not len(ys):
        return [*parts, svg.tag("text", "no points", x=WIDTH / 2, y=HEIGHT / 2, fill=svg.GREY, text_anchor="middle")]
    to_x, to_y = _scale(xs, LEFT, WIDTH - RIGHT), _scale(ys, HEIGHT - FOOT, TOP)
    frame = [(LEFT, TOP), (LEFT, HEIGHT - FOOT), (WIDTH - RIGHT, HEIGHT - FOOT)]
    parts.append(svg.tag("path", d=svg.path(frame), fill="none", stroke=svg.GREY, stroke_opacity=0.5))
    for value, at in ((ys.min(), HEIGHT - FOOT), (ys.max(), TOP + 9)):
        label = svg.words(number_text(float(10**value if is_log else value)))
        parts.append(svg.tag("text", label, x=LEFT - 5, y=at, fill=svg.GREY, text_anchor="end"))
    sides = ((xs.min(), LEFT, "start"), (xs.max(), WIDTH - RIGHT, "end")) if x_name != "time" else ()
    for value, at, anchor in sides:
        label = svg.words(number_text(float(value)))
        parts.append(svg.tag("text", label, x=at, y=HEIGHT - 9, fill=svg.GREY, text_anchor=anchor))
    name = svg.words(x_name.removeprefix("metrics."))
    parts.append(svg.tag("text", name, x=WIDTH / 2, y=HEIGHT - 9, fill=svg.GREY, text_anchor="middle"))
    for (x, y, low, high), colour in lines:
        look: dict[str, Any] = {"fill": "none", "stroke": colour, "stroke_linejoin": "round"}
        # spikes stand beside the line of means, as in the page
        if (high > low).any():
            seen = np.isfinite(low) & np.isfinite(high)
            ends = (zip(to_x(x[seen]), to_y(part[seen]), strict=True) for part in (low, high))
            spikes = "".join(svg.path(pair) for pair in zip(*ends, strict=True))
            parts.append(svg.tag("path", d=spikes, **look, stroke_opacity=0.45))
        parts += [svg.tag("path", d=svg.path(points), **look, stroke_width=1.4) for points in _pieces(to_x(x), to_y(y))]
    return parts


def _logarithm(values: Array) -> Array:
    return np.log10(np.where(values > 0, values, np.nan))


def _scale(values: Array, low: float, high: float) -> Any:
    smallest, span = float(values.min()), float(values.max() - values.min()) or 1.0
    return lambda value: low + (value - smallest) / span * (high - low)


def _pieces(x: Array, y: Array) -> list[list[tuple[float, float]]]:
    """Return the line in pieces: a value that is no number lifts the pen."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for point in zip(x.tolist(), y.tolist(), strict=True):
        if math.isfinite(point[1]):
            pieces[-1].append(point)
        elif pieces[-1]:
            pieces.append([])
    return [piece for piece in pieces if piece]


def _legend(runs: Named, metrics: list[str], rows: CurveRows) -> str:
    cell = 'style="text-align:{};padding:1px 10px"'
    lines = []
    for index, (_, label, colour) in enumerate(runs):
        values = []
        for at in range(len(metrics)):
            y = _line(rows, at * len(runs) + index)[1]
            values.append(f"<td {cell.format('right')}>{number_text(float(y[-1])) if len(y) else ''}</td>")
        name = f'<span style="color:{colour}">━</span> {html.escape(label)}'
        lines.append(f"<tr><td {cell.format('left')}>{name}</td>{''.join(values)}</tr>")
    heads = "".join(f"<th {cell.format('right')}>{html.escape(key)}</th>" for key in metrics)
    return f"<table><thead><tr><th {cell.format('left')}>run</th>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
