"""Deletes for good what is in the trash, and gives the disk space back."""

from __future__ import annotations

import glob
import json
import time
from typing import TYPE_CHECKING

from nbtrack.errors import StoreBusyError
from nbtrack.journal import control
from nbtrack.journal.segments import is_alive, list_segments, whole_lines
from nbtrack.journal.writer import user_name
from nbtrack.names import new_run_id
from nbtrack.store.apply import NAMED_ORDER
from nbtrack.store.connect import DamagedError, quoted, writing
from nbtrack.store.database_files import remove
from nbtrack.store.fold import fold
from nbtrack.store.fold_lock import fold_lock
from nbtrack.store.history import append_history, compact_history, has_runs, history_files
from nbtrack.store.late import PAST
from nbtrack.store.reader import read
from nbtrack.store.schema import BLOCK_SIZE, BOOKKEEPING, RUN_TABLES, STORAGE_VERSION, TABLES, create_tables

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from nbtrack.artifacts.blobs import Blobs

LOCK_S = 10.0
LEFTOVER_S = 3600.0
_LONG_AGO = "make_timestamp(epoch_us(now()) - ?)"


def purge(
    path: Path, folder: Path, blobs: Blobs, *, older_than_s: float = 0.0, progress: Callable[[str], None] | None = None
) -> dict[str, int]:
    """Delete the runs and experiments that have been in the trash for `older_than_s` seconds, then shrink the store.

    Runs that registered versions came from stay in the trash, and so do their experiments: the files of a model are those of its run.
    Rows, history, backups, and artifacts that no other run refers to all go; late records of a purged run are dropped. What was taken
    back with ``forget`` leaves the history too.

    Returns
    -------
    dict
        ``runs``, ``experiments``, ``kept_runs`` that registered versions need, ``artifact_bytes`` freed, ``file_bytes`` freed in the
        DuckDB file and the history.

    Raises
    ------
    StoreBusyError
        Another program holds the file; nothing was deleted.
    """
    report = progress or (lambda _: None)
    report("folding journals")
    if not path.exists() and history_files(folder, "events"):
        raise DamagedError(path, "it is not there, but its history is")
    fold(path, folder, timeout=LOCK_S)
    with blobs.purging(), fold_lock(folder, LOCK_S) as mine:
        if not mine:
            raise StoreBusyError(str(path), "another nbtrack process that folds")
        before = _size(path, folder)
        runs, experiments, needed = in_trash(path, folder, older_than_s)
        if needed:
            named = ", ".join(sorted({f"{name} {version}" for _, name, version in needed}))
            report(f"keeping runs that registered versions need: {named}")
        with writing(path, LOCK_S) as con:
            logged = _digests(con, "SELECT body::JSON->'o'->>'sha256' FROM events WHERE kind = 'artifact'")
            _delete(con, folder, runs, experiments)
            report(f"deleted {len(runs)} runs; rewriting the history")
            forget_in_history(con, folder, force=bool(experiments))
            used = _digests(con, "SELECT sha256 FROM artifacts")
        report("compacting the DuckDB file")
        compact(path)
        report("removing artifacts")
        _sweep_leftovers(folder)
        for backup in path.parent.glob(f"{glob.escape(path.name)}.bak-*"):
            backup.unlink()  # what is deleted for good must not live on in what rebuilding or migrating has kept
        used |= _unfolded_blobs(folder)
        # What nobody ever logged may have been put by a process that is about to say so; only a day later it is waste.
        freed = blobs.drop(logged - used) + blobs.sweep(used, older_than_s=86400.0)
    return {
        "runs": len(runs),
        "experiments": len(experiments),
        "kept_runs": len({run_id for run_id, _, _ in needed}),
        "artifact_bytes": freed,
        "file_bytes": max(0, before - _size(path, folder)),
    }


def compact(path: Path) -> None:
    """Write the tables to a new file and put it in place of the old one. Call with ``fold.lock`` held.

    The read-write handle of the old file is kept until the new one is in place, so nobody else can write in between.
    """
    new = path.with_name(path.name + ".compact")
    remove(new)
    with writing(path, LOCK_S) as con:
        con.execute("CHECKPOINT")
        con.execute(f"ATTACH {quoted(new)} AS compacted (STORAGE_VERSION '{STORAGE_VERSION}', BLOCK_SIZE {BLOCK_SIZE})")
        create_tables(con, "compacted.")
        for name in (*TABLES, *BOOKKEEPING):
            order = " ORDER BY run_id, key, step, timestamp" if name == "metrics" else ""
            con.execute(f"INSERT INTO compacted.{name} SELECT * FROM main.{name}{order}")
        con.execute("DETACH compacted")
        new.replace(path)


def forget_in_history(con: DuckDBPyConnection, folder: Path, *, force: bool = False) -> None:
    """Rewrite events and history without purged runs and experiments, and without what was taken back."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE gone_experiments AS "
        "SELECT split_part(run_id, '/', 2)::BIGINT AS id FROM _purged WHERE starts_with(run_id, 'experiment/')"
    )
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE forgotten AS
        SELECT r, kind, name, max({NAMED_ORDER}) AS until FROM (
            SELECT r, t, w, q, 'params' AS kind, unnest((o->'params')::VARCHAR[]) AS name FROM past_forgets
            UNION ALL SELECT r, t, w, q, 'tags', unnest((o->'tags')::VARCHAR[]) FROM past_forgets
            UNION ALL SELECT r, t, w, q, 'artifact', unnest((o->'artifacts')::VARCHAR[]) FROM past_forgets
            UNION ALL SELECT r, t, w, q, 'input', unnest((o->'inputs')::VARCHAR[]) FROM past_forgets
        ) GROUP BY r, kind, name
        """.replace("past_forgets", f"({PAST.format(base='main.')} WHERE kind = 'forget')")
    )
    taken_back = con.execute("SELECT count(*) FROM forgotten").fetchall()[0][0]
    if taken_back:
        _forget_in_events(con)
    dropped = [run_id for (run_id,) in con.execute("SELECT DISTINCT run_id FROM _purged").fetchall()]
    force = bool(force or taken_back or has_runs(con, folder, dropped))
    compact_history(con, folder, drop_runs=dropped, force=force)


def _forget_in_events(con: DuckDBPyConnection) -> None:
    order = "{'t': epoch_us(timestamp), 'w': writer, 'q': seq}"
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE cut AS
        SELECT writer, seq, list(f.name) AS names FROM events e JOIN forgotten f ON e.run_id = f.r AND e.kind = f.kind
        WHERE f.kind IN ('params', 'tags') AND {order} < f.until GROUP BY writer, seq
        """
    )
    con.execute(
        """
        UPDATE events SET body = to_json({
            p: map_from_entries(list_filter(map_entries((body::JSON->'p')::MAP(VARCHAR, VARCHAR)),
                                            lambda entry: NOT list_contains(cut.names, entry.key))),
            o: body::JSON->'o'})::VARCHAR
        FROM cut WHERE events.writer = cut.writer AND events.seq = cut.seq
        """
    )
    con.execute(
        f"""
        DELETE FROM events USING forgotten f WHERE events.run_id = f.r AND events.kind = f.kind AND f.kind IN ('artifact', 'input')
        AND (events.body::JSON->'o'->>if(f.kind = 'artifact', 'path', 'name')) = f.name AND {order} < f.until
        """
    )


def in_trash(path: Path, folder: Path, older_than_s: float) -> tuple[list[str], list[int], list[tuple[str, str, int]]]:
    """Return runs and experiments that have been in the trash for long enough; what a living process has just restored is not.

    The third are runs that would have gone, each with the name and number of a registered version that needs it.
    """
    age = int(older_than_s * 1e6)
    with read(path, folder) as reader:
        experiments = reader.con.execute(
            f"SELECT experiment_id FROM experiments WHERE lifecycle_stage = 'deleted' AND last_update_time <= {_LONG_AGO}",
            [age],
        ).fetchall()
        runs = reader.con.execute(
            f"""
            SELECT run_id, experiment_id FROM runs WHERE list_contains(?, experiment_id)
                OR (lifecycle_stage = 'deleted' AND coalesce(deleted_time, last_seen) <= {_LONG_AGO})
            """,
            [[i for (i,) in experiments], age],
        ).fetchall()
        needed = reader.con.execute(
            "SELECT run_id, name, version FROM model_versions WHERE list_contains(?, run_id)",
            [[run_id for run_id, _ in runs]],
        ).fetchall()
    kept = {run_id for run_id, _, _ in needed}
    stay = {experiment for run_id, experiment in runs if run_id in kept}
    return [r for r, _ in runs if r not in kept], [i for (i,) in experiments if i not in stay], needed


def _delete(con: DuckDBPyConnection, folder: Path, runs: list[str], experiments: list[int]) -> None:
    """Delete all rows of runs and experiments, and write down that they were purged, in one transaction."""
    if not runs and not experiments:
        return
    con.execute("BEGIN")
    con.execute("CREATE OR REPLACE TEMP TABLE gone AS SELECT unnest(?::VARCHAR[]) AS run_id", [runs])
    for name in (*RUN_TABLES, "events"):
        con.execute(f"DELETE FROM main.{name} WHERE run_id IN (SELECT run_id FROM gone)")
    for name in ("experiments", "experiment_tags"):
        con.execute(f"DELETE FROM main.{name} WHERE list_contains(?, experiment_id)", [experiments])
    con.execute(
        "DELETE FROM main.events WHERE kind = 'experiment' AND list_contains(?, (body::JSON->'o'->>'experiment_id')::BIGINT)",
        [experiments],
    )
    con.execute("INSERT INTO main._purged SELECT unnest(?)", [[*runs, *map("experiment/{}".format, experiments)]])
    _write_event(con, runs, experiments)
    append_history(con, folder)
    con.execute("COMMIT")
    for run_id in runs:
        control.clear(folder, run_id)  # a run that was killed left them


def _write_event(con: DuckDBPyConnection, runs: list[str], experiments: list[int]) -> None:
    """Put an event about the purge into ``j`` and the events: a file made anew from the history must know what not to take in again."""
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE j AS
        SELECT ?::VARCHAR AS w, q::BIGINT AS q, k, ?::BIGINT AS t, NULL::VARCHAR AS r, NULL::BIGINT AS s,
               NULL::MAP(VARCHAR, DOUBLE) AS m, NULL::MAP(VARCHAR, VARCHAR) AS p, o::JSON AS o
        FROM (VALUES (0, 'hdr', json_object('user', ?::VARCHAR)),
                     (1, 'purge', json_object('runs', ?::VARCHAR[], 'experiments', ?::BIGINT[]))) v(q, k, o)
        """,
        [new_run_id(), time.time_ns() // 1000, user_name(), runs, experiments],
    )
    con.execute(
        "INSERT INTO main.events SELECT w, q, make_timestamp(t), ?, k, r, to_json({p: p, o: o})::VARCHAR FROM j WHERE k <> 'hdr'",
        [user_name()],
    )


def _digests(con: DuckDBPyConnection, query: str) -> set[str]:
    return {sha256 for (sha256,) in con.execute(query).fetchall() if sha256}


def _unfolded_blobs(folder: Path) -> set[str]:
    """Return digests named by journals that are not folded yet: their runs are going on."""
    lines = [line for file in (folder / "w").glob("*.jnl") for line in whole_lines(file) if b'"k":"artifact"' in line]
    return {sha256 for line in lines if (sha256 := json.loads(line)["o"]["sha256"])}


def _size(path: Path, folder: Path) -> int:
    files = [path, *(folder / "history").glob("*.parquet")]
    return sum(f.stat().st_size for f in files if f.exists())


def _sweep_leftovers(folder: Path) -> None:
    """Remove what processes left that were killed before their first record."""
    groups = list_segments(folder / "w")
    for file in (*(folder / "w").glob("*.lock"), *(folder / "w").glob("*.new")):
        is_old = file.stat().st_mtime < time.time() - LEFTOVER_S
        if is_old and file.stem[:32] not in groups and not is_alive(folder / "w", file.stem[:32]):
            file.unlink(missing_ok=True)
