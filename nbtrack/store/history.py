"""Every folded record, as compressed Parquet: the truth from which a lost or damaged DuckDB file is made anew."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import duckdb

from nbtrack.names import new_run_id
from nbtrack.store.connect import quoted
from nbtrack.store.records import J_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from duckdb import DuckDBPyConnection

MAX_FILES = 64
_OPTIONS = "(FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2)"
_POINTS = "SELECT w, q, t, r, s, unnest(map_keys(m)) AS key, unnest(map_values(m)) AS value FROM j WHERE k = 'm'"
_EVENTS = "SELECT w, q, k, t, r, p, o::VARCHAR AS o FROM j WHERE k <> 'm'"

_WITHOUT_FORGOTTEN = """
    SELECT w, q, k, t, r, o, CASE WHEN hidden IS NULL THEN p ELSE
        map_from_entries(list_filter(map_entries(p), lambda e: NOT list_contains(hidden, e.key))) END AS p
    FROM ({source}) s
    LEFT JOIN (SELECT r, kind AS k, list(name) AS hidden FROM forgotten WHERE kind <> 'artifact' GROUP BY ALL) USING (r, k)
    WHERE NOT (k = 'artifact' AND EXISTS
        (SELECT 1 FROM forgotten f WHERE f.kind = 'artifact' AND f.r = s.r AND f.name = s.o::JSON->>'path'))
"""


def append_history(con: DuckDBPyConnection, folder: Path) -> None:
    """Write the records of ``j`` to new history files: metric points apart from everything else."""
    for kind, query, order in (("points", _POINTS, "r, key, w, q"), ("events", _EVENTS, "w, q")):
        if con.execute(f"SELECT count(*) FROM j WHERE k {'=' if kind == 'points' else '<>'} 'm'").fetchall()[0][0]:
            write_parquet(
                con, f"SELECT * FROM ({query}) ORDER BY {order}", folder / "history" / f"{kind}-{new_run_id()}.parquet"
            )


def write_parquet(con: DuckDBPyConnection, query: str, path: Path) -> None:
    """Write the rows of a query; the file appears whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    con.execute(f"COPY ({query}) TO {quoted(new)} {_OPTIONS}")
    with new.open("rb") as file:
        os.fsync(file.fileno())
    new.replace(path)


def history_files(folder: Path, kind: str) -> list[Path]:
    """Return the history files of a kind, oldest first."""
    return sorted((folder / "history").glob(f"{kind}-*.parquet"))


def compact_history(
    con: DuckDBPyConnection,
    folder: Path,
    *,
    drop_runs: list[str] | None = None,
    force: bool = False,
    forgotten: bool = False,
) -> None:
    """Merge many small history files into one of each kind, leaving out doubles.

    Parameters
    ----------
    drop_runs : list of str, optional
        Runs that are dropped for good.
    force : bool
        Merge even a few files.
    forgotten : bool
        Leave out what the temporary table ``forgotten(r, name, kind)`` names.
    """
    con.execute("CREATE OR REPLACE TEMP TABLE dropped AS SELECT unnest(?::VARCHAR[]) AS r", [drop_runs or []])
    for kind, order in (("points", "r, key, w, q"), ("events", "w, q")):
        files = history_files(folder, kind)
        if not files or (len(files) < MAX_FILES and not force):
            continue
        con.execute("SET VARIABLE files = ?", [[str(f) for f in files]])
        query = "SELECT DISTINCT * FROM read_parquet(getvariable('files')) ANTI JOIN dropped USING (r)"
        if forgotten and kind == "events":
            query = _WITHOUT_FORGOTTEN.format(source=query)
        write_parquet(con, f"{query} ORDER BY {order}", folder / "history" / f"{kind}-{new_run_id()}.parquet")
        for file in files:
            file.unlink(missing_ok=True)


def load_history(con: DuckDBPyConnection, folder: Path) -> int:
    """Fill ``j`` with every event of the history and one metric record per point; return their number."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE j({J_COLUMNS})")
    points, events = history_files(folder, "points"), history_files(folder, "events")
    if events:
        con.execute(
            "INSERT INTO j SELECT DISTINCT ON (w, q) w, q, k, t, r, NULL, NULL, p, o::JSON FROM read_parquet(?)",
            [[str(f) for f in events]],
        )
    if points:
        con.execute(
            "INSERT INTO j SELECT DISTINCT ON (w, q, key) w, q, 'm', t, r, s, MAP([key], [value]), NULL, NULL FROM read_parquet(?)",
            [[str(f) for f in points]],
        )
    count: int = con.execute("SELECT count(*) FROM j").fetchall()[0][0]
    return count


def is_readable(path: Path) -> bool:
    """Say whether a history file is whole."""
    try:
        duckdb.connect().execute("SELECT count(*) FROM read_parquet(?)", [str(path)]).fetchall()
    except duckdb.Error:
        return False
    return True


def salvage(folder: Path, report: Callable[[str], None]) -> None:
    """Put damaged history files aside, so that one of them does not hide the others."""
    for kind in ("points", "events"):
        for file in history_files(folder, kind):
            if not is_readable(file):
                aside = folder / "quarantine" / file.name
                aside.parent.mkdir(mode=0o700, exist_ok=True)
                file.replace(aside)
                report(f"history file {file.name} is damaged; put aside in {aside}")
