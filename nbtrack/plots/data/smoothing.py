"""Calmer curves, and several curves as one band."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbtrack.errors import InvalidValueError

Array = np.ndarray[Any, Any]

MAX_GRID = 1000
NORMAL = 1.960
# Two-sided 95 % quantiles of Student's t for 1 to 30 degrees of freedom (scipy.stats.t.ppf(0.975, n)): SciPy is not always there.
STUDENT = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)


def smooth(values: Any, weight: float, counts: Any = None) -> Array:
    """Return the exponential moving average without the pull towards the first value, as TensorBoard draws it.

    Parameters
    ----------
    values : array_like of float, shape (n,)
        Values that are not finite stay as they are and do not count.
    weight : float
        Share of what came before, from 0 (nothing changes) to below 1.
    counts : array_like of int, shape (n,), optional
        How many points each value stands for, in a thinned history.

    Raises
    ------
    InvalidValueError
        The weight is out of its range.
    """
    if not 0 <= weight < 1:
        raise InvalidValueError(f"smooth={weight!r} is not allowed; use a number from 0 to below 1, such as 0.6.")
    plain = np.array(values, dtype=np.float64)
    times = np.ones(len(plain)) if counts is None else np.asarray(counts, dtype=np.float64)
    kept = weight**times
    total = share = 0.0
    for row in np.flatnonzero(np.isfinite(plain)):
        total = total * kept[row] + plain[row] * (1 - kept[row])
        share = share * kept[row] + (1 - kept[row])
        plain[row] = total / share if share > 0 else plain[row]
    return plain


def mean_band(curves: list[tuple[Array, Array]], max_points: int = MAX_GRID) -> dict[str, Array]:
    """Return the mean of several curves and where it lies with 95 % confidence.

    Each curve is read between its own points along straight lines, and ends where it ends.

    Parameters
    ----------
    curves : list of (x, y)
        Each a pair of float arrays of shape (n,), `x` ascending; points that are not finite are left out.
    max_points : int
        The band is given at the curves' own places, or at so many evenly spaced ones when there are more.

    Returns
    -------
    dict of ndarray, each of shape (m,)
        ``x``, ``mean``, ``low``, ``high`` (Student's t; NaN where only one curve is), ``n`` (curves there).
    """
    finite = [(x[ok], y[ok]) for x, y in curves if (ok := np.isfinite(x) & np.isfinite(y)).any()]
    if not finite:
        return {name: np.empty(0) for name in ("x", "mean", "low", "high", "n")}
    grid = np.unique(np.concatenate([x for x, _ in finite]))
    if len(grid) > max_points:
        grid = np.linspace(grid[0], grid[-1], max_points)
    rows = np.stack([np.interp(grid, x, y, left=np.nan, right=np.nan) for x, y in finite])
    n = np.sum(~np.isnan(rows), axis=0)
    mean = np.divide(np.nansum(rows, axis=0), n, out=np.full(len(grid), np.nan), where=n > 0)
    squares = np.nansum((rows - mean) ** 2, axis=0)
    spread = np.sqrt(np.divide(squares, n - 1, out=np.full(len(grid), np.nan), where=n > 1))
    half = quantile(n - 1) * spread / np.sqrt(np.maximum(n, 1))
    return {"x": grid, "mean": mean, "low": mean - half, "high": mean + half, "n": n}


def quantile(degrees: Array) -> Array:
    """Return the two-sided 95 % quantile of Student's t by degrees of freedom; NaN for none."""
    table = np.array([np.nan, *STUDENT, NORMAL])
    return np.asarray(table[np.clip(degrees, 0, len(table) - 1)])
