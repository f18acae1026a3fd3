"""Every folded record, as compressed Parquet: the truth from which a lost or damaged DuckDB file is made anew."""

from __future__ import annotations

import os
from contextlib import suppress
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
MERGE_BYTES = 32 << 20
_OPTIONS = "(FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2)"
_POINTS = "SELECT w, q, t, r, s, unnest(map_keys(m)) AS key, unnest(map_values(m)) AS value FROM j WHERE k = 'm'"
_EVENTS = "SELECT w, q, k, t, r, p, o::VARCHAR AS o FROM j WHERE k <> 'm'"

_KEPT_EVENTS = """
    WITH s AS ({source}), cut AS (
        SELECT w, q, list(name) AS names FROM s JOIN forgotten f ON s.r = f.r AND s.k = f.kind
        WHERE f.kind IN ('params', 'tags') AND {{'t': t, 'w': w, 'q': q}} < until GROUP BY w, q
    )
    SELECT w, q, k, t, r, CASE WHEN names IS NULL THEN p ELSE
        map_from_entries(list_filter(map_entries(p), lambda entry: NOT list_contains(names, entry.key))) END AS p, o
    FROM s LEFT JOIN cut USING (w, q)
    WHERE NOT (k IN ('artifact', 'input') AND EXISTS (
        SELECT 1 FROM forgotten f WHERE f.kind = s.k AND f.r = s.r AND {{'t': s.t, 'w': s.w, 'q': s.q}} < f.until
        AND f.name = (s.o::JSON->>if(s.k = 'artifact', 'path', 'name'))))
    AND NOT (k = 'experiment' AND (o::JSON->>'experiment_id')::BIGINT IN (SELECT id FROM gone_experiments))
"""


def append_history(con: DuckDBPyConnection, folder: Path) -> list[Path]:
    """Write the records of ``j`` to new history files, metric points apart from everything else; return the files."""
    made = []
    for leftover in (folder / "history").glob("*.new"):
        leftover.unlink(missing_ok=True)  # of a fold that was killed: we hold the lock now
    for kind, query, order in (("points", _POINTS, "r, key, w, q"), ("events", _EVENTS, "w, q")):
        if con.execute(f"SELECT count(*) FROM j WHERE k {'=' if kind == 'points' else '<>'} 'm'").fetchall()[0][0]:
            made.append(folder / "history" / f"{kind}-{new_run_id()}.parquet")
            write_parquet(con, f"SELECT * FROM ({query}) ORDER BY {order}", made[-1])
    return made


def write_parquet(con: DuckDBPyConnection, query: str, path: Path) -> None:
    """Write the rows of a query; the file appears whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    try:
        con.execute(f"COPY ({query}) TO {quoted(new)} {_OPTIONS}")
        with new.open("rb") as file:
            os.fsync(file.fileno())
    except BaseException:
        new.unlink(missing_ok=True)  # a full disk must not be filled further at each try
        raise
    new.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make new names in a folder survive a power cut; where folders cannot be opened (Windows), the system does."""
    with suppress(OSError):
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def history_files(folder: Path, kind: str) -> list[Path]:
    """Return the history files of a kind, oldest first."""
    return sorted((folder / "history").glob(f"{kind}-*.parquet"))


def compact_history(
    con: DuckDBPyConnection,
    folder: Path,
    *,
    drop_runs: list[str] | None = None,
    force: bool = False,
    crash_point: Callable[[str], None] = lambda _: None,
) -> None:
    """Merge many small history files into one of each kind, leaving out doubles.

    Parameters
    ----------
    drop_runs : list of str, optional
        Runs that are dropped for good.
    force : bool
        Merge all files, and leave out what the temporary tables ``forgotten(r, kind, name, until)`` and ``gone_experiments(id)`` name.
    crash_point : callable, optional
        Where a test may kill the process: the new file is there, the old ones still are.
    """
    con.execute("CREATE OR REPLACE TEMP TABLE dropped AS SELECT unnest(?::VARCHAR[]) AS r", [drop_runs or []])
    for kind, order in (("points", "r, key, w, q"), ("events", "w, q")):
        files = history_files(folder, kind) if force else _many_small(folder, kind)
        if not files:
            continue
        con.execute("SET VARIABLE files = ?", [[str(f) for f in files]])
        same = "w, q, key" if kind == "points" else "w, q"
        query = (
            f"SELECT DISTINCT ON ({same}) * FROM read_parquet(getvariable('files'), hive_partitioning=false) "
            "ANTI JOIN dropped USING (r)"
        )
        if force and kind == "events":
            query = _KEPT_EVENTS.format(source=query)
        write_parquet(con, f"{query} ORDER BY {order}", folder / "history" / f"{kind}-{new_run_id()}.parquet")
        crash_point("mid_compaction")
        for file in files:
            file.unlink(missing_ok=True)


def has_runs(con: DuckDBPyConnection, folder: Path, runs: list[str]) -> bool:
    """Say whether anything of these runs is in the history."""
    for kind in ("points", "events"):
        files = [str(f) for f in history_files(folder, kind)]
        query = "SELECT 1 FROM read_parquet(?, hive_partitioning=false) WHERE list_contains(?, r) LIMIT 1"
        if files and runs and con.execute(query, [files, runs]).fetchall():
            return True
    return False


def _many_small(folder: Path, kind: str) -> list[Path]:
    """Return the files to merge: the small ones when there are many, so that nothing large is written again and again."""
    small = [f for f in history_files(folder, kind) if f.stat().st_size < MERGE_BYTES]
    return small if len(small) > MAX_FILES else []


def load_history(con: DuckDBPyConnection, folder: Path) -> int:
    """Fill ``j`` with every event of the history and one metric record per point; return their number."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE j({J_COLUMNS})")
    points, events = history_files(folder, "points"), history_files(folder, "events")
    if events:
        con.execute(
            "INSERT INTO j SELECT DISTINCT ON (w, q) w, q, k, t, r, NULL, NULL, p, o::JSON FROM read_parquet(?, hive_partitioning=false)",
            [[str(f) for f in events]],
        )
    if points:
        con.execute(
            "INSERT INTO j SELECT DISTINCT ON (w, q, key) w, q, 'm', t, r, s, MAP([key], [value]), NULL, NULL "
            "FROM read_parquet(?, hive_partitioning=false)",
            [[str(f) for f in points]],
        )
    count: int = con.execute("SELECT count(*) FROM j").fetchall()[0][0]
    return count


def is_readable(path: Path) -> bool:
    """Say whether a history file is whole: every value of it is read."""
    con = duckdb.connect()
    try:
        con.execute("SELECT bit_xor(hash(f)) FROM read_parquet(?, hive_partitioning=false) f", [str(path)]).fetchall()
    except duckdb.Error:
        return False
    finally:
        con.close()
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
