"""A sweep as small static HTML: how it stands, its trials as parallel coordinates, and the best of them."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.views.amounts import duration_text, number_text, param_text
from nbtrack.views.parallel_summary import parallel_picture

if TYPE_CHECKING:
    from nbtrack.store.protocol import RunColumns

MOST_ROWS = 5
STATES = {"running": "#2f7de1", "paused": "#c98a1b", "done": "#2e9e5b"}


def sweep_html(found: RunColumns, standing: dict[str, Any], title: str, axes: list[str]) -> str:
    """Return one line, a picture and a table.

    Parameters
    ----------
    found : RunColumns
        The trials that have ended.
    standing : dict
        See :meth:`nbtrack.widgets.sweep.Sweep.tell`.
    title : str
    axes : list of str
        Columns from left to right, the metric last.
    """
    colour = STATES.get(str(standing.get("state")), "#888")
    parts = [html.escape(part) for part in _parts(standing)]
    name = f"#{standing.get('number')} {title}"
    line = f'<span style="color:{colour}">●</span> <b>{html.escape(name)}</b> <small>{" · ".join(parts)}</small>'
    metric = standing.get("metric")
    if not len(found) or not axes or metric is None:
        return f"<div>{line}</div>"
    order = _order(found, metric, standing.get("direction"))
    starred = int(order[0]) if len(order) and standing.get("direction") else None
    drawn = parallel_picture(found, axes, f"metrics.{metric}", {}, starred=starred)
    return f"<div>{line}</div>{drawn}{_table(found, order, axes, is_starred=starred is not None)}"


def sweep_text(standing: dict[str, Any], title: str) -> str:
    """Return one line: ``nbtrack sweep #5 sweep of lr: done · 18 of 18 trials · best acc 0.913 (lr 1e-3)``."""
    return f"nbtrack sweep #{standing.get('number')} {title}: {' · '.join(_parts(standing))}"


def _parts(standing: dict[str, Any]) -> list[str]:
    parts = [str(standing.get("state")), f"{standing.get('done', 0)} of {standing.get('total', 0)} trials"]
    parts += [f"{standing[kind]} {kind}" for kind in ("failed", "pruned") if standing.get(kind)]
    best = standing.get("best")
    if best:
        params = ", ".join(f"{name} {param_text(str(text))}" for name, text in best["params"].items())
        parts.append(f"★ best {standing.get('metric')} {number_text(float(best['value']))} ({params})")
    if standing.get("elapsed"):
        parts.append(duration_text(float(standing["elapsed"])))
    return parts


def _order(found: RunColumns, metric: str, direction: str | None) -> Any:
    """Return the rows that have the metric, the best first; in their order when nobody knows which is better."""
    if metric not in found.metrics:
        return np.arange(0)
    column = found.metrics[metric]
    values = np.where(column["count"] > 0, column["last"], math.nan)
    rows = np.flatnonzero(~np.isnan(values))
    if direction is None:
        return rows
    signed = -values[rows] if direction == "max" else values[rows]
    return rows[np.argsort(signed, kind="stable")]


def _table(found: RunColumns, order: Any, axes: list[str], *, is_starred: bool) -> str:
    """Return the best trials with their params and value."""
    head = "".join(f"<th>{html.escape(axis.partition('.')[2])}</th>" for axis in axes)
    rows = [f"<tr><th></th><th>run</th>{head}</tr>"]
    for place, row in enumerate(order[:MOST_ROWS]):
        cells = "".join(f"<td>{html.escape(_cell(found, axis, int(row)))}</td>" for axis in axes)
        star = "★" if is_starred and place == 0 else ""
        rows.append(f"<tr><td>{star}</td><td>#{found.attributes['number'][row]}</td>{cells}</tr>")
    return f"<table>{''.join(rows)}</table>"


def _cell(found: RunColumns, axis: str, row: int) -> str:
    group, _, key = axis.partition(".")
    if group == "metrics":
        return number_text(float(found.metrics[key]["last"][row]))
    texts = found.params.get(key)
    text = None if texts is None else texts[row]
    return "" if text is None else param_text(str(text))
