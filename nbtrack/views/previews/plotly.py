"""plotly figures: their traces as plain numbers, for a small picture drawn without plotly."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

import numpy as np

from nbtrack.views.previews.file import MB, Answer, File, Part, UnreadableError, clip

MAX_BYTES = 64 * MB
MAX_FIGURE = 16 * MB
MAX_TRACES = 30
MAX_POINTS = 4000
MAX_CELLS = 128
MAX_LABELS = 200

_LINES = {"scatter", "scattergl", "bar", "histogram"}
_TYPES = {"i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"}


def preview(file: File, part: Part) -> Answer:
    """Return ``{traces, title, x_title, y_title, left_out}``; ``part = {"figure": true}`` returns the file's text for plotly itself.

    A trace is ``{type, mode, name, color, x, y}`` or, for heatmaps, ``{type, z, rows, columns}``; x and y are numbers or texts.
    """
    data = file.whole(MAX_BYTES, "The figure view")
    if part.get("figure"):
        return {"figure": file.whole(MAX_FIGURE, "plotly in a page").decode("utf-8")}, []
    figure = json.loads(data)
    if not isinstance(figure, dict) or not isinstance(figure.get("data"), list):
        message = "it has no 'data' with traces."
        raise UnreadableError(message)
    layout = figure["layout"] if isinstance(figure.get("layout"), dict) else {}
    traces: list[dict[str, Any]] = []
    left_out: dict[str, int] = {}
    for trace in figure["data"]:
        kind = str(trace.get("type") or "scatter") if isinstance(trace, dict) else "?"
        drawn = _trace(trace, kind) if kind in _LINES | {"heatmap"} and len(traces) < MAX_TRACES else None
        if drawn is None:
            left_out[clip(kind, 40)] = left_out.get(kind, 0) + 1
        else:
            traces.append(drawn)
    has_cut = any(trace.get("is_cut") for trace in traces)
    return {
        "traces": traces,
        "n_traces": len(figure["data"]),
        "left_out": left_out,
        "title": _title(layout),
        "x_title": _title(layout.get("xaxis")),
        "y_title": _title(layout.get("yaxis")),
        "x_log": _is_log(layout.get("xaxis")),
        "y_log": _is_log(layout.get("yaxis")),
        "can_plotly": file.size <= MAX_FIGURE,
        "notes": [f"Long traces are drawn with {MAX_POINTS:,} points." if has_cut else ""],
    }, []


def _trace(trace: dict[str, Any], kind: str) -> dict[str, Any] | None:
    if kind == "heatmap":
        return _heatmap(trace)
    if kind == "histogram":
        return _histogram(trace)
    x, y = _values(trace.get("x")), _values(trace.get("y"))
    if x is None and y is None:
        return None
    if y is None or x is None:
        known = x if y is None else y
        counted: list[Any] = list(range(len(known or [])))
        x, y = (x, counted) if y is None else (counted, y)
    assert x is not None
    n = min(len(x), len(y))
    step = max(1, -(-n // MAX_POINTS))
    return {
        "type": "bar" if kind == "bar" else "line",
        "horizontal": kind == "bar" and trace.get("orientation") == "h",
        "mode": clip(trace.get("mode") or ("lines" if n > 20 else "lines+markers"), 30),  # noqa: PLR2004
        "name": clip(trace.get("name") or "", 100),
        "color": _colour(trace),
        "x": x[:n:step],
        "y": y[:n:step],
        "is_cut": step > 1,
    }


def _heatmap(trace: dict[str, Any]) -> dict[str, Any] | None:
    z = trace.get("z")
    array = (
        _decoded(z) if isinstance(z, dict) else np.array([[_number(v) for v in row] for row in z or []], dtype=float)
    )
    if array is None or array.ndim != 2 or not array.size:  # noqa: PLR2004
        return None
    rows, columns = (max(1, -(-n // MAX_CELLS)) for n in array.shape)
    thumb = np.asarray(array[::rows, ::columns], dtype=float)
    return {
        "type": "heatmap",
        "name": clip(trace.get("name") or "", 100),
        "rows": thumb.shape[0],
        "columns": thumb.shape[1],
        "z": [_plain(value) for value in thumb.reshape(-1).tolist()],
        "is_cut": max(rows, columns) > 1,
    }


def _histogram(trace: dict[str, Any]) -> dict[str, Any] | None:
    values = _values(trace.get("x"))
    numbers = [value for value in values or [] if isinstance(value, (int, float))]
    if not numbers or len(numbers) < len(values or []) / 2:
        return None
    counts, edges = np.histogram(np.array(numbers, dtype=float), bins=min(40, max(5, int(len(numbers) ** 0.5))))
    middle = ((edges[1:] + edges[:-1]) / 2).tolist()
    name = clip(trace.get("name") or "", 100)
    return {"type": "bar", "name": name, "color": _colour(trace), "x": middle, "y": counts.tolist()}


def _values(given: Any) -> list[Any] | None:
    """Return the values of an axis as numbers, texts and None."""
    if isinstance(given, dict):
        array = _decoded(given)
        return None if array is None or array.ndim != 1 else [_plain(value) for value in array.tolist()]
    if not isinstance(given, list):
        return None
    return [clip(value, MAX_LABELS) if isinstance(value, str) else _plain(_number(value)) for value in given]


def _decoded(packed: dict[str, Any]) -> np.ndarray[Any, Any] | None:
    """Return an array that plotly packed as ``{"bdata": base64, "dtype": "f8", "shape": "3, 4"}``."""
    dtype, text = str(packed.get("dtype")), packed.get("bdata")
    if dtype not in _TYPES or not isinstance(text, str):
        return None
    try:
        flat = np.frombuffer(base64.b64decode(text, validate=True), dtype=f"<{dtype}")
    except (binascii.Error, ValueError) as cause:
        message = "an array in it is damaged."
        raise UnreadableError(message) from cause
    shape = str(packed.get("shape") or flat.size)
    return flat.reshape([int(n) for n in shape.split(",")])


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else float("nan")


def _plain(value: float) -> float | None:
    return value if value - value == 0 else None


def _colour(trace: dict[str, Any]) -> str:
    """Return the colour of a trace when it is one; the page checks that it is nothing else."""
    for part in ("line", "marker"):
        colour = trace[part].get("color") if isinstance(trace.get(part), dict) else None
        if isinstance(colour, str):
            return clip(colour, 40)
    return ""


def _title(holder: Any) -> str:
    title = holder.get("title") if isinstance(holder, dict) else None
    if isinstance(title, dict):
        title = title.get("text")
    return clip(title, 200) if isinstance(title, str) else ""


def _is_log(axis: Any) -> bool:
    return isinstance(axis, dict) and axis.get("type") == "log"
