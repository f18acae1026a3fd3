"""A run as small static HTML with a picture of its curves, for where there is no kernel."""

from __future__ import annotations

import html
import math
import time
from typing import TYPE_CHECKING

import numpy as np

from nbtrack.entities import RunStatus
from nbtrack.views import svg
from nbtrack.views.live import STOPPED
from nbtrack.views.run_summary import number_text

if TYPE_CHECKING:
    from nbtrack.entities import Run
    from nbtrack.store.live import Array, Curves

COLOURS = {"FINISHED": "#2e9e5b", "RUNNING": "#2f7de1", "FAILED": "#d64545", "KILLED": "#c98a1b"}
MAX_PICTURES = 4
MAX_ROWS = 12
MAX_POINTS = 160
MOST_NAMED = 4
MOST_PARAMS = 8
LONGEST = 40
WIDTH, HEIGHT, GAP, TOP = 220, 90, 16, 20


def live_html(run: Run, found: Curves) -> str:
    """Return status, duration, last metrics and the curves of up to four metrics."""
    keys = [key for key in found.series if not key.startswith(("system/", "knob/"))]
    return _head(run, found) + _params(run) + _table(run, keys) + _picture(run, found, keys[:MAX_PICTURES])


def live_text(run: Run) -> str:
    """Return one line: ``nbtrack run #43 calm-otter: running, 1,200 points, loss 0.31``."""
    keys = [key for key in run.data.summaries if not key.startswith(("system/", "knob/"))]
    points = sum(summary.count for summary in run.data.summaries.values())
    numbers = [f"{key} {number_text(run.data.summaries[key].last)}" for key in keys[:MOST_NAMED]]
    told = [status_text(run), *([f"{points:,} point{'s' if points > 1 else ''}"] if points else []), *numbers]
    return f"nbtrack run #{run.info.number} {run.info.run_name}: {', '.join(told)}"


def status_text(run: Run) -> str:
    """Return how a run is or ended: ``finished, stopped at step 120``."""
    status = str(run.info.status).lower()
    stopped = run.data.tags.get(STOPPED)
    return status if stopped is None else f"{status}, stopped" + (f" at step {stopped}" if stopped else "")


def _head(run: Run, found: Curves) -> str:
    colour = COLOURS.get(str(run.info.status), "#888")
    points = int(sum(columns["count"].sum() for columns in found.series.values()))
    state = status_text(run)
    if run.info.status == RunStatus.RUNNING:
        state += f" as of {time.strftime('%H:%M')}"
    parts = [state, *([_duration(run.info.duration)] if run.info.duration else []), f"{points:,} points"]
    return (
        f'<span style="color:{colour}">●</span> <b>#{run.info.number} {html.escape(run.info.run_name)}</b> '
        f"<small>{html.escape(' · '.join(parts))}</small>"
    )


def _params(run: Run) -> str:
    if not run.data.params:
        return ""
    shown = [f"{key} {text if len(text) <= LONGEST else text[:LONGEST] + '…'}" for key, text in run.data.params.items()]
    more = [f"{len(shown) - MOST_PARAMS} more"] if len(shown) > MOST_PARAMS else []
    return f"<br><small>{html.escape(' · '.join(shown[:MOST_PARAMS] + more))}</small>"


def _table(run: Run, keys: list[str]) -> str:
    if not keys:
        return ""
    cell = 'style="text-align:{};padding:1px 10px"'
    rows = []
    for key in keys[:MAX_ROWS]:
        summary = run.data.summaries.get(key)
        if summary is None:
            continue
        numbers = "".join(
            f"<td {cell.format('right')}>{number_text(value)}</td>"
            for value in (summary.last, summary.min, summary.max)
        )
        rows.append(f"<tr><td {cell.format('left')}>{html.escape(key)}</td>{numbers}</tr>")
    heads = "".join(f"<th {cell.format('right')}>{name}</th>" for name in ("last", "min", "max"))
    more = f"<small>{len(keys) - MAX_ROWS} more metrics</small>" if len(keys) > MAX_ROWS else ""
    return f"<table><thead><tr><th></th>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>{more}"


def _picture(run: Run, found: Curves, keys: list[str]) -> str:
    drawn = [(key, part) for key in keys if (part := _curve(found.series[key]))]
    if not drawn:
        return ""
    parts = []
    for index, (key, part) in enumerate(drawn):
        title = svg.tag("text", svg.words(_short(key)), x=0, y=12, fill=svg.GREY)
        parts.append(svg.tag("g", title, part, transform=f"translate({index * (WIDTH + GAP)},0)"))
    width = len(drawn) * (WIDTH + GAP) - GAP
    alt = f"Curves of run #{run.info.number}: {', '.join(key for key, _ in drawn)}"
    return "<br>" + svg.picture(width, HEIGHT + TOP + 4, *parts, alt=alt)


def _curve(columns: dict[str, Array]) -> str:
    """Return a line through the means, with a band from the smallest to the largest."""
    x, y = columns["step"], columns["mean"]
    good = np.isfinite(y)
    if good.sum() < 2:  # noqa: PLR2004 - a line needs two
        return ""
    pick = np.unique(np.linspace(0, good.sum() - 1, MAX_POINTS).astype(int))
    x, y = x[good][pick], y[good][pick]
    low, high = float(y.min()), float(y.max())
    span_x, span_y = float(x[-1] - x[0]) or 1.0, (high - low) or 1.0
    if not math.isfinite(span_y):
        return ""
    points = [
        (float((a - x[0]) / span_x * WIDTH), float(TOP + (high - b) / span_y * HEIGHT))
        for a, b in zip(x, y, strict=True)
    ]
    frame = svg.tag("path", d=f"M0,{TOP}v{HEIGHT}h{WIDTH}", fill="none", stroke=svg.GREY, stroke_opacity="0.4")
    line = svg.tag(
        "path", d=svg.path(points), fill="none", stroke=svg.CATEGORICAL[0], stroke_width="1.5", stroke_linejoin="round"
    )
    return frame + line


def _short(key: str) -> str:
    return key if len(key) <= 32 else f"…{key[-31:]}"  # noqa: PLR2004 - what fits over a picture


def _duration(seconds: float) -> str:
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} m {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} m"  # noqa: PLR2004
