"""Runs as Parquet files, for people without nbtrack: four tables that any reader of Parquet opens, joined by ``run_id``.

    runs.parquet     run_id, number BIGINT, experiment, name, status, start_time TIMESTAMP, end_time TIMESTAMP, duration DOUBLE (seconds),
                     parent_run_id
    params.parquet   run_id, key, value
    tags.parquet     run_id, key, value
    metrics.parquet  run_id, key, step BIGINT, timestamp TIMESTAMP, value DOUBLE: every point that was logged

Everything without a type is text; times are UTC; NaN and infinities are what they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

_OF_RUNS = "run_id IN (SELECT unnest($runs))"
TABLES = {
    "runs": f"""SELECT run_id, number, e.name AS experiment, r.name, status, start_time, end_time, duration, parent_run_id
        FROM runs r LEFT JOIN experiments e USING (experiment_id) WHERE {_OF_RUNS} ORDER BY start_time DESC""",
    "params": f"SELECT run_id, key, value FROM params WHERE {_OF_RUNS} ORDER BY run_id, key",
    "tags": f"""SELECT run_id, key, value FROM tags WHERE {_OF_RUNS}
        AND NOT list_bool_or(list_transform($hidden, lambda start: starts_with(key, start))) ORDER BY run_id, key""",
    "metrics": f"SELECT run_id, key, step, timestamp, value FROM metrics WHERE {_OF_RUNS} ORDER BY run_id, key, step",
}
"""What each file holds."""


def write(con: DuckDBPyConnection, runs: Sequence[str], folder: Path, hidden: Sequence[str] = ()) -> dict[str, int]:
    """Write the tables of some runs into a folder.

    Parameters
    ----------
    con : DuckDBPyConnection
        A look at a store.
    runs : sequence of str
        Run ids.
    folder : Path
    hidden : sequence of str
        Beginnings of the tags that stay out.

    Returns
    -------
    dict of int
        Bytes by file name.
    """
    sizes = {}
    for name, query in TABLES.items():
        path = folder / f"{name}.parquet"
        target = str(path).replace("'", "''")
        values = {"runs": list(runs)} | ({"hidden": [*hidden, "\0"]} if "$hidden" in query else {})
        con.execute(f"COPY ({query}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)", values)
        sizes[path.name] = path.stat().st_size
    return sizes
