"""Deletes for good what is in the trash, and gives the disk space back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from nbtrack.errors import StoreBusyError
from nbtrack.store.connect import quoted, writing
from nbtrack.store.fold import fold, fold_lock
from nbtrack.store.history import compact_history
from nbtrack.store.schema import BLOCK_SIZE, BOOKKEEPING, RUN_TABLES, STORAGE_VERSION, TABLES, create_tables

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from nbtrack.artifacts.blobs import Blobs

LOCK_S = 10.0


def purge(
    path: Path, folder: Path, blobs: Blobs, *, older_than_s: float = 0.0, progress: Callable[[str], None] | None = None
) -> dict[str, int]:
    """Delete the runs and experiments that have been in the trash for `older_than_s` seconds, then shrink the store.

    Rows, history, and artifacts that no other run refers to all go; late records of a purged run are dropped. What was taken back with
    ``forget`` leaves the history too.

    Returns
    -------
    dict
        ``runs``, ``experiments``, ``artifact_bytes`` freed, ``file_bytes`` freed in the DuckDB file and the history.

    Raises
    ------
    StoreBusyError
        Another program holds the file; nothing was deleted.
    """
    report = progress or (lambda _: None)
    report("folding journals")
    fold(path, folder, timeout=LOCK_S)
    with fold_lock(folder, LOCK_S) as mine:
        if not mine:
            raise StoreBusyError(str(path), "another nbtrack process that folds")
        before = _size(path, folder)
        with writing(path) as con:
            logged = _digests(con, "SELECT body::JSON->'o'->>'sha256' FROM events WHERE kind = 'artifact'")
            runs = _delete(con, older_than_s)
            report(f"deleted {len(runs)} runs")
            experiments = _delete_experiments(con)
            report("rewriting the history")
            forget_in_history(con, folder, runs)
            used = _digests(con, "SELECT sha256 FROM artifacts")
        report("compacting the DuckDB file")
        compact(path)
        report("removing artifacts")
        used |= _unfolded_blobs(folder)
        # What nobody ever logged may have been put by a process that is about to say so; only a day later it is waste.
        freed = blobs.drop(logged - used) + blobs.sweep(used, older_than_s=86400.0)
    return {
        "runs": len(runs),
        "experiments": experiments,
        "artifact_bytes": freed,
        "file_bytes": max(0, before - _size(path, folder)),
    }


def compact(path: Path) -> None:
    """Write the tables to a new file and put it in place of the old one. Call with ``fold.lock`` held.

    The read-write handle of the old file is kept until the new one is in place, so nobody else can write in between.
    """
    new = path.with_name(path.name + ".compact")
    for leftover in (new, new.with_name(new.name + ".wal")):
        leftover.unlink(missing_ok=True)
    with writing(path) as con:
        con.execute("CHECKPOINT")
        con.execute(f"ATTACH {quoted(new)} AS compacted (STORAGE_VERSION '{STORAGE_VERSION}', BLOCK_SIZE {BLOCK_SIZE})")
        create_tables(con, "compacted.")
        for name in (*TABLES, *BOOKKEEPING):
            order = " ORDER BY run_id, key, step, timestamp" if name == "metrics" else ""
            con.execute(f"INSERT INTO compacted.{name} SELECT * FROM main.{name}{order}")
        con.execute("DETACH compacted")
        new.replace(path)


def forget_in_history(con: DuckDBPyConnection, folder: Path, dropped: list[str]) -> None:
    """Rewrite the history without purged runs and without what was taken back."""
    taken_back = con.execute("SELECT count(*) FROM events WHERE kind = 'forget'").fetchall()[0][0]
    if taken_back:
        con.execute(
            """
            CREATE OR REPLACE TEMP TABLE forgotten AS
            SELECT run_id AS r, unnest((body::JSON->'o'->'params')::VARCHAR[]) AS name, 'params' AS kind FROM events WHERE kind = 'forget'
            UNION ALL
            SELECT run_id, unnest((body::JSON->'o'->'tags')::VARCHAR[]), 'tags' FROM events WHERE kind = 'forget'
            UNION ALL
            SELECT run_id, unnest((body::JSON->'o'->'artifacts')::VARCHAR[]), 'artifact' FROM events WHERE kind = 'forget'
            """
        )
        con.execute(
            """
            DELETE FROM events USING forgotten f WHERE events.run_id = f.r AND events.kind = f.kind
            AND (f.kind <> 'artifact' OR events.body::JSON->'o'->>'path' = f.name)
            AND (f.kind = 'artifact' OR list_contains(json_keys(events.body::JSON->'p'), f.name))
            """
        )
    compact_history(con, folder, drop_runs=dropped, force=bool(dropped or taken_back), forgotten=bool(taken_back))


def _delete(con: DuckDBPyConnection, older_than_s: float) -> list[str]:
    rows = con.execute(
        """
        SELECT run_id FROM runs WHERE
            (lifecycle_stage = 'deleted' AND coalesce(deleted_time, last_seen) <= make_timestamp(epoch_us(now()) - ?))
            OR experiment_id IN (SELECT experiment_id FROM experiments WHERE lifecycle_stage = 'deleted'
                                 AND last_update_time <= make_timestamp(epoch_us(now()) - ?))
        """,
        [int(older_than_s * 1e6), int(older_than_s * 1e6)],
    ).fetchall()
    runs = [run_id for (run_id,) in rows]
    if not runs:
        return runs
    con.execute("BEGIN")
    con.execute("CREATE OR REPLACE TEMP TABLE gone AS SELECT unnest(?) AS run_id", [runs])
    for name in (*RUN_TABLES, "events"):
        con.execute(f"DELETE FROM main.{name} WHERE run_id IN (SELECT run_id FROM gone)")
    con.execute("INSERT INTO main._purged SELECT run_id FROM gone")
    con.execute("COMMIT")
    return runs


def _delete_experiments(con: DuckDBPyConnection) -> int:
    empty = (
        "experiment_id IN (SELECT experiment_id FROM experiments WHERE lifecycle_stage = 'deleted') "
        "AND experiment_id NOT IN (SELECT experiment_id FROM runs)"
    )
    con.execute("BEGIN")
    con.execute(f"DELETE FROM experiment_tags WHERE {empty}")
    count: int = con.execute(f"DELETE FROM experiments WHERE {empty}").fetchall()[0][0]
    con.execute("COMMIT")
    return count


def _digests(con: DuckDBPyConnection, query: str) -> set[str]:
    return {sha256 for (sha256,) in con.execute(query).fetchall() if sha256}


def _unfolded_blobs(folder: Path) -> set[str]:
    """Return digests named by journals that are not folded yet: their runs are going on."""
    found: set[str] = set()
    for file in (folder / "w").glob("*.jnl"):
        con = duckdb.connect()
        try:
            rows = con.execute(
                "SELECT o->>'sha256' FROM read_json(?, format='newline_delimited', ignore_errors=true, "
                "columns={k: 'VARCHAR', o: 'JSON'}) WHERE k = 'artifact'",
                [str(file)],
            ).fetchall()
        finally:
            con.close()
        found |= {sha for (sha,) in rows if sha}
    return found


def _size(path: Path, folder: Path) -> int:
    files = [path, *(folder / "history").glob("*.parquet")]
    return sum(f.stat().st_size for f in files if f.exists())
