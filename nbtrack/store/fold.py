"""Folds sealed journal segments into the DuckDB file: rows and watermark in one transaction, so each record is in exactly once.

Crash points, each harmless: before COMMIT nothing happened (a history file may exist twice, rebuild drops doubles); after COMMIT the
segments are still there, and the next fold sees from the watermark that they are done and only deletes them; history files are merged
into a new one first and deleted then.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb

from nbtrack.errors import StoreBusyError, StoreError, StoreVersionError, warn
from nbtrack.journal.liveness import MARGIN_S
from nbtrack.journal.segments import Segment, is_alive, lease_path, list_segments, lock_path
from nbtrack.store.apply import GROWING, WHOLE, Rows, apply, touched_by
from nbtrack.store.connect import DamagedError, is_damage, reading, writing
from nbtrack.store.fold_lock import fold_lock
from nbtrack.store.history import append_history, compact_history, history_files
from nbtrack.store.marks import Watermark, living, read_watermark, running_writers
from nbtrack.store.records import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from duckdb import DuckDBPyConnection

BUDGET_BYTES = 16 << 20


def no_crash(point: str) -> None:
    """Stand where a test may kill the process."""


crash_point: Callable[[str], None] = no_crash


@dataclass(slots=True)
class Plan:
    """What one fold takes: segments to read, files that can go afterwards, the new watermark."""

    take: list[Segment] = field(default_factory=list)
    done: list[Path] = field(default_factory=list)
    watermark: dict[str, tuple[int, int]] = field(default_factory=dict)
    dead: list[str] = field(default_factory=list)
    is_complete: bool = True


def fold(
    path: Path,
    folder: Path,
    *,
    timeout: float = 0.0,
    progress: Callable[[int], None] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> int | None:
    """Fold what is sealed.

    Parameters
    ----------
    path, folder : Path
        The DuckDB file and the ``X.nbtrack`` folder.
    timeout : float
        Seconds to wait for another folder to finish; 0 leaves at once.
    progress : callable, optional
        Called with the number of records after each transaction.
    should_stop : callable, optional
        Asked after each transaction; what is left is folded another time.

    Returns
    -------
    int or None
        Number of records folded; None when it was somebody else's turn or the file is held (nothing is lost, it is done later).

    Raises
    ------
    DamagedError
        The DuckDB file cannot be read.
    StoreError
        It cannot be written, as on a full disk; the journals stay as they are.
    """
    with fold_lock(folder, timeout) as mine:
        if not mine:
            return None
        total = 0
        while True:
            try:
                count, more = _fold_once(path, folder)
            except (StoreBusyError, StoreVersionError):
                return None
            except duckdb.Error as error:
                if is_damage(error):
                    raise DamagedError(path, error) from error
                message = f"{path} cannot be written now ({error}); the journals keep every record until it can."
                raise StoreError(message) from error
            total += count
            if progress:
                progress(total)
            if not more or should_stop():
                return total


def _fold_once(path: Path, folder: Path) -> tuple[int, bool]:
    if not list_segments(folder / "w"):
        return 0, False
    with reading(path, patience=0.5, waits_for_fold=False) as base:
        if base.snapshot is not None:
            raise StoreBusyError(str(path))
        if base.is_new and history_files(folder, "events"):
            raise DamagedError(path, "it is not there, but its history is")
        watermark = read_watermark(base.con, base.prefix)
    plan = make_plan(folder, watermark)
    count = 0
    if plan.take:
        with writing(path) as con:
            count = commit(con, plan, watermark, folder)
            crash_point("after_commit")
            with suppress(OSError, duckdb.Error):
                compact_history(con, folder, crash_point=crash_point)
        crash_point("after_close")
    _clean(plan, folder)
    return count, not plan.is_complete


def make_plan(folder: Path, watermark: Watermark) -> Plan:
    """Choose the sealed segments to take, up to a budget; liveness is asked before the list is believed."""
    plan = Plan()
    size = 0
    lives = {writer: is_alive(folder / "w", writer, grace_s=MARGIN_S) for writer in list_segments(folder / "w")}
    # Listed after the liveness: a writer that died meanwhile may have opened one more segment first.
    groups = list_segments(folder / "w")
    for writer, alive in lives.items():
        segments = groups.get(writer, [])
        folded = watermark.get(writer, (-1, -1))[0]
        for segment in segments[:-1] if alive else segments:
            if segment.number <= folded:
                plan.done.append(segment.path)
            elif size < BUDGET_BYTES:
                plan.take.append(segment)
                size += segment.size
            else:
                plan.is_complete = False
        if not alive and plan.is_complete:
            plan.dead.append(writer)
    return plan


def commit(con: DuckDBPyConnection, plan: Plan, watermark: Watermark, folder: Path) -> int:
    """Write the rows of a plan, its history and the new watermark in one transaction; return the number of records."""
    for path in (damaged := load(con, plan.take, watermark)):
        _quarantine(path, folder)
    con.execute("BEGIN")
    write_down(con, apply(con, "main."))
    last = dict(con.execute("SELECT w, max(q) FROM j GROUP BY w").fetchall())
    for segment in plan.take:
        seq = max(last.get(segment.writer, -1), watermark.get(segment.writer, (-1, -1))[1])
        plan.watermark[segment.writer] = (segment.number, seq)
    for writer, (number, seq) in plan.watermark.items():
        con.execute("DELETE FROM main._folded WHERE writer = ?", [writer])
        con.execute("INSERT INTO main._folded VALUES (?, ?, ?)", [writer, number, seq])
    _settle_killed(con, plan, folder)
    count: int = con.execute("SELECT count(*) FROM j").fetchall()[0][0]
    history = append_history(con, folder)
    crash_point("before_commit")
    try:
        con.execute("COMMIT")
    except duckdb.Error:
        _withdraw(con, watermark, history)
        raise
    plan.done += [s.path for s in plan.take]
    if damaged:
        warn(
            f"{len(damaged)} journal segments have damaged lines: {', '.join(path.name for path in damaged)}; all whole records "
            f"were kept, the files are in {folder / 'quarantine'} for you to look at."
        )
    return count


def _withdraw(con: DuckDBPyConnection, watermark: Watermark, history: list[Path]) -> None:
    """Take history files back after a failed COMMIT, unless the rows are in all the same."""
    with suppress(duckdb.Error):
        if read_watermark(con, "main.") == watermark:
            for path in history:
                path.unlink(missing_ok=True)


_IN_ORDER = {
    "events": " ORDER BY timestamp, writer, seq",
    "runs": " ORDER BY run_id",
    **dict.fromkeys(("latest", "params", "tags"), " ORDER BY run_id, key"),
}
"""In which order rows are written: whoever asks for a few runs reads the blocks that they are in, and no others."""


def write_down(con: DuckDBPyConnection, rows: Rows) -> None:
    """Replace the touched rows of the folded tables; growing tables only gain rows."""
    for name, query in rows.items():
        if name in WHOLE:
            con.execute(f"DELETE FROM main.{name}")
        elif name not in GROWING:
            of, touched = touched_by(name)
            con.execute(f"DELETE FROM main.{name} WHERE {of} IN (SELECT {of} FROM {touched})")
        con.execute(f"INSERT INTO main.{name} {query}{_IN_ORDER.get(name, '')}")


def _settle_killed(con: DuckDBPyConnection, plan: Plan, folder: Path) -> None:
    """Write down as KILLED the runs whose process is gone and has nothing left to fold."""
    alive = living(running_writers(con, "main.runs"), folder)
    taken = {segment.path for segment in plan.take} | {*plan.done}
    groups = list_segments(folder / "w")
    pending = [w for w, group in groups.items() if any(segment.path not in taken for segment in group)]
    con.execute(
        "UPDATE main.runs SET status = 'KILLED', end_time = last_seen, duration = greatest(0, epoch(last_seen - start_time)) "
        "WHERE status = 'RUNNING' AND NOT list_contains(?, writer) AND NOT list_contains(?, writer)",
        [alive, [w for w in pending if w not in alive]],
    )


def _clean(plan: Plan, folder: Path) -> None:
    for path in plan.done:
        with suppress(OSError):  # Windows: a reader still has it; the next fold tries again
            path.unlink(missing_ok=True)
        crash_point("mid_delete")
    for writer in plan.dead:
        with suppress(OSError):
            lock_path(folder / "w", writer).unlink(missing_ok=True)
            lease_path(folder / "w", writer).unlink(missing_ok=True)


def _quarantine(path: Path, folder: Path) -> None:
    kept = folder / "quarantine" / path.name
    kept.parent.mkdir(mode=0o700, exist_ok=True)
    with suppress(OSError):
        shutil.copy2(path, kept)
        kept.chmod(0o400)
