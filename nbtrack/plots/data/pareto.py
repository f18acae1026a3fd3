"""The runs that no other run beats in both of two values."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbtrack.errors import InvalidValueError

Array = np.ndarray[Any, Any]

GOALS = ("min", "max")


def pareto_front(x: Any, y: Any, goals: tuple[str, str] = ("min", "min")) -> Array:
    """Return which points no other point beats: as good in both values and better in one.

    Parameters
    ----------
    x, y : array_like of float, shape (n,)
        Points with NaN or an infinity in one of them are never on the front, and beat none.
    goals : pair of {"min", "max"}
        Which end of `x` and of `y` is the better one.

    Returns
    -------
    ndarray of bool, shape (n,)
        Equal points are on it together.

    Raises
    ------
    InvalidValueError
        A goal is neither ``"min"`` nor ``"max"``.

    Notes
    -----
    Sorted by `x` and then `y`, a point is on the front when its `y` is below that of every point before (H. T. Kung, F. Luccio and
    F. P. Preparata, "On Finding the Maxima of a Set of Vectors", JACM 22(4), 1975): O(n log n).
    """
    costs = [_cost(values, goal) for values, goal in zip((x, y), goals, strict=True)]
    there = np.flatnonzero(np.isfinite(costs[0]) & np.isfinite(costs[1]))
    points = np.column_stack([cost[there] for cost in costs])
    unique, of_point = np.unique(points, axis=0, return_inverse=True)  # sorted by x, then y
    lowest_before = np.minimum.accumulate(np.concatenate([[np.inf], unique[:, 1]]))[:-1]
    is_front = np.zeros(len(costs[0]), dtype=bool)
    is_front[there] = (unique[:, 1] < lowest_before)[of_point.reshape(-1)]
    return is_front


def _cost(values: Any, goal: str) -> Array:
    if goal not in GOALS:
        raise InvalidValueError(f"Goal {goal!r} is not allowed; use 'min' or 'max'.")
    plain = np.asarray(values, dtype=np.float64)
    return plain if goal == "min" else -plain
