"""All curves of one run at once, thinned, and how far into the journals they reach."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.names import INT64_MAX
from nbtrack.store.marks import REST

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Array = np.ndarray[Any, Any]
COLUMNS = ("step", "min", "max", "mean", "last", "count", "time", "nans", "ups", "downs")


@dataclass(frozen=True, slots=True)
class Curves:
    """The metrics of a run at one moment.

    Attributes
    ----------
    series : dict
        By metric, then ``step`` and ``time`` (first of its bucket; milliseconds UTC), ``min``, ``max``, ``mean``, ``last``, ``count``, and
        how many of the points are ``nans``, ``ups`` (infinite) and ``downs``: float64 of shape (n_buckets,).
    cut : dict
        Sequence number of the last record that is in it, by writer.
    writer : str or None
        Whose process leads the run.
    has_died : bool
        The process is gone without having ended the run.
    """

    series: dict[str, dict[str, Array]]
    cut: dict[str, int]
    writer: str | None = None
    has_died: bool = False


def curves(con: DuckDBPyConnection, run_id: str, n_buckets: int) -> Curves:
    """Return the curves of a run, each thinned to at most `n_buckets` equal ranges of steps with spikes kept."""
    rows = con.execute(
        f"""
        WITH spans AS (SELECT key, min(step) AS low, max(step)::HUGEINT - min(step) AS span FROM metrics WHERE run_id = ? GROUP BY key)
        SELECT key, min(step)::DOUBLE AS step, min(value) FILTER (NOT isnan(value)) AS min,
               max(value) FILTER (NOT isnan(value)) AS max, avg(value) FILTER (isfinite(value)) AS mean,
               arg_max(value, step) AS last, count(*)::DOUBLE AS count, epoch_ms(min(timestamp))::DOUBLE AS time,
               count(*) FILTER (isnan(value))::DOUBLE AS nans, count(*) FILTER (value = 'infinity')::DOUBLE AS ups,
               count(*) FILTER (value = '-infinity')::DOUBLE AS downs
        FROM metrics JOIN spans USING (key) WHERE run_id = ?
        GROUP BY key, (step{"" if _is_narrow(con, run_id) else "::HUGEINT"} - low) // greatest(1, -(-(span + 1) // ?)) ORDER BY key, 2
        """,
        [run_id, run_id, n_buckets],
    ).fetchnumpy()
    keys = np.asarray(rows["key"], dtype=object)
    columns = {name: _filled(rows[name]) for name in COLUMNS}
    borders = [0, *(np.flatnonzero(keys[1:] != keys[:-1]) + 1), len(keys)] if len(keys) else [0]
    series = {str(keys[a]): {name: values[a:b] for name, values in columns.items()} for a, b in pairwise(borders)}
    query = f"SELECT nullif(a.writer, '{REST}'), a.status <> r.status FROM all_runs a JOIN runs r USING (run_id) WHERE run_id = ?"
    (writer, has_died), *_ = con.execute(query, [run_id]).fetchall() or [(None, False)]
    return Curves(series, _cut(con), writer, bool(has_died))


def _is_narrow(con: DuckDBPyConnection, run_id: str) -> bool:
    """Say whether steps fit into 63 bits, as they nearly always do: wide integers take three times as long."""
    query = "SELECT coalesce(max(step)::HUGEINT - min(step), 0) FROM metrics WHERE run_id = ?"
    return int(con.execute(query, [run_id]).fetchall()[0][0]) <= INT64_MAX


def _cut(con: DuckDBPyConnection) -> dict[str, int]:
    rows = con.execute("SELECT writer, max(last_seq) FROM _folded GROUP BY writer").fetchall()
    cut = {str(writer): int(last) for writer, last in rows}
    has_tail = con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'j' AND temporary").fetchall()
    if has_tail[0][0]:
        for writer, last in con.execute("SELECT w, max(q) FROM j GROUP BY w").fetchall():
            cut[str(writer)] = max(cut.get(str(writer), -1), int(last))
    return cut


def _filled(values: Any) -> Array:
    plain = np.asarray(values, dtype=np.float64).copy()
    if isinstance(values, np.ma.MaskedArray):
        plain[np.ma.getmaskarray(values)] = np.nan
    return plain
