"""Parallel coordinates as a small static picture, for where there is no kernel."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.views.log_axis import wants_log
from nbtrack.views.parallel_axes import MOST_AXES
from nbtrack.views.svg import CATEGORICAL, GREY, path, picture, tag, words

if TYPE_CHECKING:
    from nbtrack.store.protocol import RunColumns

Array = np.ndarray[Any, Any]

MOST_LINES = 300
MOST_CATEGORIES = 24
GAP, HEIGHT = 110, 250
TOP, BOTTOM, LANE = 34, 26, 20
HALO = "text{paint-order:stroke;stroke:#fff;stroke-width:3px}@media(prefers-color-scheme:dark){text{stroke:#111}}"
"""Keeps words readable where lines cross them."""
STAR = "#e0690b"
STOPS = ((0x47, 0x2D, 0x7B), (0x2C, 0x72, 0x8E), (0x28, 0xAE, 0x80), (0x8F, 0xC9, 0x3A))
"""Four stops of viridis that read on light and on dark grounds."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One column: its title, where each run stands (0 to 1, NaN = no value), and the texts at its ends."""

    title: str
    places: Array
    marks: tuple[tuple[float, str], ...]


def parallel_picture(
    found: RunColumns, columns: list[str], colour: str | None, statistics: dict[str, str], *, starred: int | None = None
) -> str:
    """Return an ``<img>`` with a line a run; of many runs, an even sample. The line of row `starred` ends at a star."""
    rows = np.unique(np.linspace(0, len(found) - 1, min(len(found), MOST_LINES)).astype(int))
    axes = [axis for name in columns[:MOST_AXES] if (axis := axis_of(found, name, statistics)) is not None]
    width, inside = GAP * max(len(axes), 1), [tag("style", HALO)]
    by = axis_of(found, colour, statistics) if colour else None
    has_missing = any(np.isnan(axis.places).any() for axis in axes)
    floor = HEIGHT - BOTTOM - (LANE if has_missing else 0)
    heights = [np.where(np.isnan(axis.places), HEIGHT - BOTTOM, floor - axis.places * (floor - TOP)) for axis in axes]
    opacity = round(min(0.8, 0.85 * (40 / max(len(rows), 1)) ** 0.33), 2)
    for row in rows:
        line = path((GAP * (i + 0.5), float(ys[row])) for i, ys in enumerate(heights))
        share = math.nan if by is None else float(by.places[row])
        inside.append(
            tag("path", d=line, fill="none", stroke=_colour(share, is_plain=by is None), stroke_opacity=opacity)
        )
    if starred is not None and axes:
        inside.extend(_star([(GAP * (i + 0.5), float(ys[starred])) for i, ys in enumerate(heights)]))
    for i, axis in enumerate(axes):
        inside.extend(_axis(axis, GAP * (i + 0.5), floor))
    if has_missing:
        inside.append(tag("text", words("no value"), x=4, y=HEIGHT - BOTTOM + 14, fill=GREY, font_size="9.5"))
    titles = ", ".join(axis.title for axis in axes)
    return picture(width, HEIGHT, *inside, alt=f"Parallel coordinates of {len(found)} runs: {titles}")


def _star(points: list[tuple[float, float]]) -> list[str]:
    x, y = points[-1]
    star = tag("text", "★", x=x + 5, y=y + 5, fill=STAR, font_size="15")
    return [tag("path", d=path(points), fill="none", stroke=STAR, stroke_width="2.4"), star]


def axis_of(found: RunColumns, name: str, statistics: dict[str, str]) -> Axis | None:
    """Return one column as an axis; None where no run has it."""
    group, _, key = name.partition(".")
    if group in ("params", "tags"):
        texts = (found.params if group == "params" else found.tags).get(key)
        if texts is None or not len(texts):
            return None
        if any(_is_number(text) for text in texts):
            texts = np.array([None if text == "None" else text for text in texts], dtype=object)
        try:
            values = np.array([math.nan if text is None else float(text) for text in texts])
        except ValueError:
            return _categories(key, texts)
        return _numbers(key, values)
    if group == "metrics":
        return _metric(found, key, statistics)
    if name not in found.attributes:
        return None
    values = found.attributes[name]
    if values.dtype.kind == "M":
        seconds = np.where(np.isnat(values), np.nan, values.astype("datetime64[s]").astype(np.float64))
        return _numbers(name, seconds, texts=lambda at: str(np.datetime64(int(at), "s"))[5:16].replace("T", " "))
    return _numbers(name, values.astype(np.float64)) if values.dtype.kind in "fiu" else _categories(name, values)


def _metric(found: RunColumns, key: str, statistics: dict[str, str]) -> Axis | None:
    if key not in found.metrics:
        bare, _, statistic = key.rpartition(".")
        if bare not in found.metrics:
            return None
        key, statistics = bare, {bare: statistic}
    statistic = statistics.get(key, "last")
    name = found.goals.get(key, "max") if statistic == "best" else statistic
    metric = found.metrics[key]
    values = np.where(metric["count"] > 0, metric[name], np.nan)
    return _numbers(key if statistic == "last" else f"{key} ({statistic})", values)


def _numbers(title: str, values: Array, texts: Any = None) -> Axis | None:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return None
    low, high = float(finite.min()), float(finite.max())
    is_log = texts is None and wants_log(finite)
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = np.log(values) if is_log else values
    start, end = (math.log(low), math.log(high)) if is_log else (low, high)
    reach = (end - start) or 1.0
    places = np.full(len(values), 0.5) if low == high else (np.clip(scaled, start, end) - start) / reach
    write = texts or (lambda value: f"{value:.4g}".replace("e-0", "e-"))
    marks = ((0.5, write(low)),) if low == high else ((0.0, write(low)), (1.0, write(high)))
    return Axis(title, np.where(np.isnan(values), np.nan, places), marks)


def _categories(title: str, texts: Array) -> Axis | None:
    present = Counter(text for text in texts if text is not None)
    is_long = len(present) > MOST_CATEGORIES
    known = sorted(present, key=lambda text: (-present[text] if is_long else 0, str(text)))
    if not known:
        return None
    bands = min(len(known), MOST_CATEGORIES)
    place = {text: 1 - (min(index, bands - 1) + 0.5) / bands for index, text in enumerate(known)}
    shown = [(1 - (index + 0.5) / bands, str(text)) for index, text in enumerate(known[:bands])]
    if len(known) > bands:
        shown[-1] = (shown[-1][0], "other")
    return Axis(title, np.array([math.nan if text is None else place[text] for text in texts]), tuple(shown))


def _axis(axis: Axis, x: float, floor: float) -> list[str]:
    parts = [
        tag("line", x1=x, x2=x, y1=TOP, y2=floor, stroke=GREY),
        tag("text", words(_cut(axis.title, 17)), x=x, y=16, fill=GREY, text_anchor="middle", font_weight=600),
    ]
    last = math.inf
    for at, text in axis.marks:
        y = floor - at * (floor - TOP)
        if abs(y - last) < 12:  # noqa: PLR2004 - pixels of a line of text
            continue
        last = y
        parts.append(
            tag(
                "text",
                words(_cut(text, 15)),
                x=x - 5,
                y=round(y + 3.5, 1),
                fill=GREY,
                text_anchor="end",
                font_size="9.5",
            )
        )
    return parts


def _is_number(text: str | None) -> bool:
    try:
        return text is not None and not math.isnan(float(text))
    except ValueError:
        return False


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _colour(share: float, *, is_plain: bool) -> str:
    if is_plain:
        return CATEGORICAL[0]
    if math.isnan(share):
        return GREY
    at = min(max(share, 0.0), 1.0) * (len(STOPS) - 1)
    left = min(int(at), len(STOPS) - 2)
    mixed = (round(a + (b - a) * (at - left)) for a, b in zip(STOPS[left], STOPS[left + 1], strict=True))
    return "#{:02x}{:02x}{:02x}".format(*mixed)
