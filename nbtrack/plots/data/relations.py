"""How values of runs hang together: rank correlation, and a surface through scattered points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbtrack.plots.data.columns import Column

Array = np.ndarray[Any, Any]

FEWEST = 3
"""Runs below which a correlation says nothing."""


def correlation(rows: Sequence[Column], columns: Sequence[Column]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return Spearman's rank correlation of each of `rows` with each of `columns`.

    Returns
    -------
    rho : DataFrame of shape (len(rows), len(columns))
        From -1 to 1; NaN where fewer than three runs have both values, or one never changes.
    n : DataFrame of the same shape
        Runs that have both.
    """
    names = list(dict.fromkeys([column.id for column in (*rows, *columns)]))
    values = {column.id: np.where(column.there, column.data, np.nan) for column in (*rows, *columns)}
    table = pd.DataFrame(values, columns=names, dtype=np.float64)
    there = table.notna().to_numpy().astype(np.int64)
    n = pd.DataFrame(there.T @ there, names, names)
    rho = table.corr(method="spearman", min_periods=FEWEST)
    chosen = [column.id for column in rows], [column.id for column in columns]
    return rho.loc[chosen], n.loc[chosen]


def surface(x: Array, y: Array, z: Array, size: int = 40, power: float = 3.0) -> tuple[Array, Array, Array]:
    """Return a grid through scattered points, each place a mean of all points weighted by nearness (after [1]_).

    Parameters
    ----------
    x, y, z : ndarray of float, shape (n,)
        Finite; `x` and `y` as they are drawn, so logarithms for a logarithmic axis.
    size : int
        Places along each axis.
    power : float
        How fast the weight of a point falls with its distance.

    Returns
    -------
    x, y : ndarray, shape (size,)
    z : ndarray, shape (size, size)
        By y, then x; between the smallest and the largest value.

    References
    ----------
    .. [1] D. Shepard, "A two-dimensional interpolation function for irregularly-spaced data", ACM '68.
    """
    grid_x, grid_y = (np.linspace(values.min(), values.max(), size) for values in (x, y))
    across, along = (max(float(np.ptp(values)), np.finfo(float).tiny) for values in (x, y))
    out = np.empty((size, size))
    right = ((grid_x[:, None] - x) / across) ** 2
    for row, place in enumerate(grid_y):  # one row at a time: size times n numbers fit into the memory of any machine
        squares = right + ((place - y) / along) ** 2
        weights = 1.0 / np.maximum(squares, 1e-12) ** (power / 2)
        out[row] = (weights @ z) / weights.sum(axis=1)
    return grid_x, grid_y, out


def cells(x: Column, y: Column, z: Array) -> tuple[list[str], list[str], Array, Array]:
    """Return the mean of `z` for each pair of values of `x` and `y`.

    Returns
    -------
    x, y : list of str
        Distinct values, in order.
    mean, n : ndarray, shape (len(y), len(x))
        NaN and 0 where no run has the pair.
    """
    (at_x, names_x), (at_y, names_y) = x.codes(), y.codes()
    there = (at_x >= 0) & (at_y >= 0) & np.isfinite(z)
    shape = (len(names_y), len(names_x))
    total, n = np.zeros(shape), np.zeros(shape, dtype=np.int64)
    np.add.at(total, (at_y[there], at_x[there]), z[there])
    np.add.at(n, (at_y[there], at_x[there]), 1)
    return names_x, names_y, np.divide(total, n, out=np.full(shape, np.nan), where=n > 0), n
