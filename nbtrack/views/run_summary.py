"""The runs table as a small static HTML table, for where there is no kernel: GitHub, nbconvert, an untrusted or reopened notebook.

Only what Jupyter's sanitiser lets through: tables and ``style`` attributes. Every text is escaped.
"""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, Any

from nbtrack.views.run_picture import run_picture

if TYPE_CHECKING:
    from nbtrack.store.protocol import RunColumns

MAX_ROWS = 10
MAX_METRICS = 5
MAX_PARAMS = 4

_CELL = 'style="text-align:{align};padding:2px 10px"'
_COLOURS = {"FINISHED": "#2e9e5b", "RUNNING": "#2f7de1", "FAILED": "#d64545", "KILLED": "#c98a1b"}


def number_text(value: float) -> str:
    """Return a number with at most four significant digits."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{value:.4g}".replace("e-0", "e-").replace("e+0", "e")


def summary_html(found: RunColumns, title: str) -> str:
    """Return the first rows as an HTML table."""
    if len(found) == 0:
        return (
            f"<p><b>{html.escape(title)}</b>: no runs yet. Record one with <code>with nbtrack.start_run():</code></p>"
        )
    metrics, params = _chosen(found)
    heads = ["", "run", *params, *metrics]
    aligns = ["right", "left", *["left"] * len(params), *["right"] * len(metrics)]
    rows = [_row(found, index, params, metrics) for index in range(min(len(found), MAX_ROWS))]
    head = "".join(
        f"<th {_CELL.format(align=a)}>{html.escape(text)}</th>" for text, a in zip(heads, aligns, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td {_CELL.format(align=a)}>{cell}</td>" for cell, a in zip(row, aligns, strict=True))
        + "</tr>"
        for row in rows
    )
    more = f"<br><small>{len(found) - MAX_ROWS} more runs</small>" if len(found) > MAX_ROWS else ""
    drawn = f"<br>{image}" if (image := run_picture(found)) else ""
    count = f"{len(found)} run{'s' if len(found) != 1 else ''}"
    heading = f"<b>{html.escape(title)}</b> <small>{count}</small>{drawn}"
    return f"{heading}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def summary_text(found: RunColumns, title: str) -> str:
    """Return one line of plain text."""
    return f"nbtrack runs: {title}, {len(found)} runs"


def _chosen(found: RunColumns) -> tuple[list[str], list[str]]:
    varied = [key for key, values in found.params.items() if len(set(values)) > 1]
    metrics = [key for key in found.metrics if not key.startswith("system/")]
    return metrics[:MAX_METRICS], varied[:MAX_PARAMS]


def _row(found: RunColumns, index: int, params: list[str], metrics: list[str]) -> list[str]:
    attributes: dict[str, Any] = {name: values[index] for name, values in found.attributes.items()}
    number = attributes["number"]
    label = "" if number is None or math.isnan(float(number)) else f"#{int(number)}"
    colour = _COLOURS.get(str(attributes["status"]), "#888")
    status = f'<span style="color:{colour}" title="{html.escape(str(attributes["status"]))}">●</span>'
    texts = [found.params[key][index] for key in params]
    values = [(found.metrics[key]["last"][index], found.metrics[key]["count"][index]) for key in metrics]
    return [
        f"{status} {label}",
        html.escape(_short(str(attributes["name"]))),
        *["" if text is None else html.escape(_short(str(text))) for text in texts],
        *[number_text(float(value)) if count else "" for value, count in values],
    ]


def _short(text: str, limit: int = 40) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
