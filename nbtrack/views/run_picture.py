"""The runs of a table as one small picture: a dot for each run in order of time, and a line for the best so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.views.goals import goal_of, headlines
from nbtrack.views.svg import CATEGORICAL, GREY, path, picture, tag, words

if TYPE_CHECKING:
    from nbtrack.store.protocol import RunColumns

Array = np.ndarray[Any, Any]

WIDTH, HEIGHT = 420, 78
LEFT, RIGHT, TOP, BOTTOM = 4, 4, 16, 5
MOST_DOTS = 200
"""The newest so many runs are dots: a summary is saved with the notebook."""
FEWEST = 2
MOST_WORDS = 72


def run_picture(found: RunColumns) -> str:
    """Return an ``<img>`` of the metric that people look at first, over runs in the order in which they began; "" for fewer than two."""
    for key in headlines(found.metrics, found.goals):
        goal = goal_of(key, found.goals)
        parts = found.metrics[key]
        values = np.where(parts["count"] > 0, parts[goal or "last"], np.nan)
        order = np.argsort(found.attributes["start_time"], kind="stable")
        shown = values[order]
        shown = shown[np.isfinite(shown)][-MOST_DOTS:]
        if len(shown) >= FEWEST:
            return _drawn(shown, key, goal)
    return ""


def best_so_far(values: Array, goal: str) -> Array:
    """Return at each place the best value up to there."""
    return np.maximum.accumulate(values) if goal == "max" else np.minimum.accumulate(values)


def _drawn(values: Array, key: str, goal: str | None) -> str:
    low, high = float(values.min()), float(values.max())
    across = LEFT + np.linspace(0, 1, len(values)) * (WIDTH - LEFT - RIGHT)
    up = HEIGHT - BOTTOM - (values - low) / ((high - low) or 1.0) * (HEIGHT - TOP - BOTTOM)
    radius = 3 if len(values) <= MOST_DOTS // 4 else 2
    # a line of no length with round ends is a dot, in a quarter of the letters of a <circle>
    dots = "".join(f"M{x:.1f},{y:.1f}h0" for x, y in zip(across, up, strict=True))
    said = f"{key}, {'best' if goal else 'last'} of each run, oldest to newest: {low:.4g} to {high:.4g}"
    drawn = [
        tag("text", words(said if len(said) <= MOST_WORDS else said[: MOST_WORDS - 1] + "…"), x=LEFT, y=11, fill=GREY),
        tag(
            "path",
            d=dots,
            stroke=CATEGORICAL[0],
            stroke_width=2 * radius,
            stroke_linecap="round",
            stroke_opacity="0.75",
        ),
    ]
    if goal is not None:
        reached = HEIGHT - BOTTOM - (best_so_far(values, goal) - low) / ((high - low) or 1.0) * (HEIGHT - TOP - BOTTOM)
        steps = [0, *(np.flatnonzero(np.diff(reached)) + 1), len(across) - 1]
        corners = [(across[index], y) for index in steps for y in reached[max(index - 1, 0) : index + 1]]
        drawn.insert(1, tag("path", d=path(corners), fill="none", stroke=GREY, stroke_width="1"))
    return picture(WIDTH, HEIGHT, *drawn, alt=said)
