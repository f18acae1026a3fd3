"""Histories of metrics: whole, thinned for a chart, and as small outlines for many runs at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.names import INT64_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

Array = np.ndarray[Any, Any]


def history(con: DuckDBPyConnection, run_id: str, key: str) -> tuple[Array, Array, Array]:
    """Return every point of one metric of one run, by step, then time.

    Returns
    -------
    step : ndarray of int64, shape (n_points,)
    timestamp : ndarray of datetime64[ms], shape (n_points,)
        UTC.
    value : ndarray of float64, shape (n_points,)
        NaN and infinities as logged.

    Raises
    ------
    NotFoundError
        The run has no such metric; the message names those it has.
    """
    rows = con.execute(
        "SELECT step, timestamp, value FROM metrics WHERE run_id = ? AND key = ?", [run_id, key]
    ).fetchnumpy()
    step, timestamp, value = (np.asarray(rows[name]) for name in ("step", "timestamp", "value"))
    timestamp = timestamp.astype("datetime64[ms]")
    if len(step) == 0:
        raise _no_metric(con, run_id, key)
    # Points come out as they were folded, nearly always in order already; checking is far cheaper than sorting.
    in_order = step[1:] > step[:-1]
    if not in_order.all():
        order = np.lexsort((timestamp, step))
        step, timestamp, value = step[order], timestamp[order], value[order]
    return step, timestamp, value


def buckets(con: DuckDBPyConnection, run_id: str, key: str, n_buckets: int) -> dict[str, Array]:
    """Return a history thinned to at most `n_buckets` equal ranges of steps, spikes kept.

    Each bucket has its smallest and largest value with NaN left out, so a line drawn through them looks like the whole one (after [1]_).

    Returns
    -------
    dict of ndarray, each of shape (n,), n <= n_buckets
        ``step`` (first of the bucket), ``timestamp``, ``min``, ``max``, ``first``, ``last``, ``mean``, ``count``, ``nans``.

    References
    ----------
    .. [1] U. Jugel et al., "M4: A Visualization-Oriented Time Series Data Aggregation", PVLDB 7(10), 2014.
    """
    if n_buckets < 1:
        message = f"n_buckets is {n_buckets}; use a whole number from 1, such as 1000."
        raise InvalidValueError(message)
    (low, high, count), *_ = con.execute(
        "SELECT min(step), max(step), count(*) FROM metrics WHERE run_id = ? AND key = ?", [run_id, key]
    ).fetchall()
    if count == 0:
        raise _no_metric(con, run_id, key)
    span = int(high) - int(low)
    width = max(1, -(-(span + 1) // n_buckets))
    # Wide integers take three times as long, and steps that span more than 63 bits are rare.
    step = "step" if span <= INT64_MAX else "step::HUGEINT"
    rows = con.execute(
        f"""
        SELECT min(step) AS step, min(timestamp) AS timestamp, min(value) FILTER (NOT isnan(value)) AS min,
               max(value) FILTER (NOT isnan(value)) AS max, arg_min(value, step) AS first, arg_max(value, step) AS last,
               avg(value) FILTER (isfinite(value)) AS mean, count(*) AS count, count(*) FILTER (isnan(value)) AS nans
        FROM metrics WHERE run_id = ? AND key = ?
        GROUP BY ({step} - ?) // ? ORDER BY 1
        """,
        [run_id, key, low, width],
    ).fetchnumpy()
    return {name: _filled(values) for name, values in rows.items()}


def sparks(con: DuckDBPyConnection, run_ids: Sequence[str], key: str, n_points: int) -> Array:
    """Return the outline of one metric for each run: float32 of shape (n_runs, n_points), NaN = nothing there."""
    out = np.full((len(run_ids), n_points), np.nan, dtype=np.float32)
    if not run_ids:
        return out
    rows = con.execute(
        """
        WITH wanted AS (SELECT unnest(?) AS run_id, generate_subscripts(?, 1) - 1 AS pos),
             points AS (SELECT pos, step, value FROM metrics JOIN wanted USING (run_id) WHERE key = ?),
             spans AS (SELECT pos, min(step) AS low, greatest(max(step)::HUGEINT - min(step), 1) AS span FROM points GROUP BY pos)
        SELECT pos, least((step::HUGEINT - low) * ? // span, ? - 1)::BIGINT AS slot, arg_max(value, step) AS value
        FROM points JOIN spans USING (pos) GROUP BY ALL
        """,
        [list(run_ids), list(run_ids), key, n_points, n_points],
    ).fetchnumpy()
    where = np.asarray(rows["pos"], dtype=np.int64), np.asarray(rows["slot"])
    out[where] = np.asarray(rows["value"])
    for row in out:
        _bridge(row)
    return out


def _bridge(row: Array) -> None:
    """Draw straight lines over the slots between two points; before the first and after the last stays empty."""
    there = np.flatnonzero(~np.isnan(row))
    if len(there) > 1:
        inside = np.arange(there[0], there[-1] + 1)
        row[inside] = np.interp(inside, there, row[there])


def _filled(values: Any) -> Array:
    """Return a plain array; a mean or extreme of nothing is NaN."""
    plain = np.asarray(values)
    if isinstance(values, np.ma.MaskedArray) and plain.dtype.kind == "f":
        plain[np.ma.getmaskarray(values)] = np.nan
    return plain


def _no_metric(con: DuckDBPyConnection, run_id: str, key: str) -> NotFoundError:
    known = [k for (k,) in con.execute("SELECT key FROM latest WHERE run_id = ?", [run_id]).fetchall()]
    return NotFoundError("Metric", key, known, where=f"run {run_id}")
