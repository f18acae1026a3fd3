"""Makes the DuckDB file anew from the history and the journals, when somebody asks for it or when the file is damaged or gone."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import duckdb

from nbtrack.errors import StoreBusyError, StoreError, warn
from nbtrack.journal.segments import list_segments
from nbtrack.store.apply import apply
from nbtrack.store.connect import DamagedError, reading, writing
from nbtrack.store.database_files import existing, move, remove
from nbtrack.store.fold import fold, write_down
from nbtrack.store.fold_lock import fold_lock
from nbtrack.store.history import history_files, load_history, salvage
from nbtrack.store.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LOCK_S = 10.0


def rebuild(path: Path, folder: Path, progress: Callable[[str], None] | None = None) -> dict[str, Any]:
    """Make the DuckDB file anew; the old one is kept beside it.

    Returns
    -------
    dict
        ``records`` read from the history, and ``kept``: where the old file is, or None.

    Raises
    ------
    StoreBusyError
        Another process folds, or another program holds the file; nothing was changed.
    StoreError
        There is no history to rebuild from.
    """
    report = progress or (lambda _: None)
    with fold_lock(folder, timeout=LOCK_S) as mine:
        if not mine:
            raise StoreBusyError(str(path), "another nbtrack process that folds")
        with suppress(DamagedError):
            _refuse_held(path)
        records, kept = _make_anew(path, folder, report)
    report("folding journals")
    fold(path, folder, timeout=LOCK_S)
    for lost in ("counter", "names.json"):
        (folder / lost).unlink(missing_ok=True)  # made anew from the store when next needed
    return {"records": records, "kept": str(kept) if kept else None}


def heal(path: Path, folder: Path, damage: DamagedError) -> None:
    """Make a damaged or lost file anew and tell the user; nothing happens when somebody else has done so meanwhile.

    Raises
    ------
    DamagedError
        It could not be made anew: there is no history, or the folder cannot be written.
    """
    try:
        with fold_lock(folder, timeout=LOCK_S) as mine:
            if not mine:
                raise StoreBusyError(str(path), "another nbtrack process that folds")
            if is_whole(path, folder):
                return
            _, kept = _make_anew(path, folder, lambda _: None)
    except (OSError, duckdb.Error, StoreError) as error:
        raise damage from error
    warn(
        f"{path} could not be read ({damage.why}), so it was made anew from its history"
        + (f"; the old file is kept as {kept.name}." if kept else ".")
    )


def upgrade(path: Path, folder: Path) -> None:
    """Bring an older file to the present schema where that is possible now; a copy is kept beside it."""
    with suppress(OSError, duckdb.Error, StoreError), fold_lock(folder) as mine:
        if mine:
            with writing(path):
                pass


def is_whole(path: Path, folder: Path) -> bool:
    """Read every value of the file and say whether that is possible."""
    try:
        with reading(path) as base:
            if base.is_new:
                return not history_files(folder, "events")
            for name in TABLES:
                base.con.execute(f"SELECT bit_xor(hash(t)) FROM {base.prefix}{name} t").fetchall()
    except (DamagedError, duckdb.Error):
        return False
    return True


def _refuse_held(path: Path) -> None:
    with reading(path, patience=0.5, waits_for_fold=False) as base:
        if base.snapshot is not None:
            raise StoreBusyError(str(path))


def _make_anew(path: Path, folder: Path, report: Callable[[str], None]) -> tuple[int, Path | None]:
    if not history_files(folder, "events") and not list_segments(folder / "w"):
        message = (
            f"{folder} has no history and no journals, so {path} cannot be made anew; put a backup of both in place."
        )
        raise StoreError(message)
    salvage(folder, report)
    new = path.with_name(path.name + ".rebuild")
    remove(new)
    report("reading the history")
    with writing(new) as con:
        records = load_history(con, folder)
        report(f"applying {records} records")
        con.execute("BEGIN")
        con.execute(
            """
            INSERT INTO _purged SELECT unnest((o->'runs')::VARCHAR[]) FROM j WHERE k = 'purge'
            UNION ALL SELECT 'experiment/' || unnest((o->'experiments')::VARCHAR[]) FROM j WHERE k = 'purge'
            """
        )
        write_down(con, apply(con, "main."))
        con.execute("INSERT INTO _folded SELECT w, -1, max(q) FROM j WHERE w IS NOT NULL GROUP BY w")
        con.execute("COMMIT")
    kept = _put_aside(path)
    new.replace(path)
    return records, kept


def _put_aside(path: Path) -> Path | None:
    kept = path.with_name(f"{path.name}.bak-{time.strftime('%Y%m%d-%H%M%S')}")
    is_there = path in existing(path)
    move(path, kept)
    return kept if is_there else None
