"""Looks after a store: what is in it, what is wrong with it, and the DuckDB file made anew from the history."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import duckdb

from nbtrack.errors import StoreBusyError, StoreError
from nbtrack.journal.segments import check_file, is_alive, list_segments
from nbtrack.store.apply import apply
from nbtrack.store.connect import writing
from nbtrack.store.fold import fold, fold_lock, write_down
from nbtrack.store.history import history_files, is_readable, load_history, salvage
from nbtrack.store.reader import read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def examine(path: Path, folder: Path) -> dict[str, Any]:
    """Return what a look at every part of a store finds; ``problems`` is empty when all is well."""
    problems: list[str] = []
    counts: dict[str, int] = {}
    try:
        with read(path, folder) as reader:
            for table in ("experiments", "runs", "metrics", "params", "tags", "artifacts"):
                counts[table] = reader.con.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]
            if reader.holder:
                problems.append(f"{reader.holder} A copy of it was read.")
    except (duckdb.Error, StoreError) as error:
        problems.append(f"{path} cannot be read ({type(error).__name__}: {error}); run `nbtrack doctor --rebuild`.")
    segments = [s for group in list_segments(folder / "w").values() for s in group]
    for segment in segments:
        with suppress(FileNotFoundError):
            found = check_file(segment.path)
            if found.bad:
                problems.append(
                    f"journal {segment.path.name}: {found.bad} damaged lines, {found.good} whole ones (they are read)"
                )
    files = history_files(folder, "points") + history_files(folder, "events")
    problems += [f"history file {f.name} is damaged" for f in files if not is_readable(f)]
    quarantined = sorted(p.name for p in (folder / "quarantine").glob("*"))
    return {
        "store": str(path),
        "duckdb": duckdb.__version__,
        "counts": counts,
        "bytes": {"file": _size([path]), "history": _size(files), "journals": sum(s.size for s in segments)},
        "writers_alive": sum(is_alive(folder / "w", writer) for writer in {s.writer for s in segments}),
        "quarantined": quarantined,
        "problems": problems,
    }


def rebuild(path: Path, folder: Path, progress: Callable[[str], None] | None = None) -> dict[str, Any]:
    """Make the DuckDB file anew from the history and the journals; the old file is kept beside it.

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
    with fold_lock(folder, timeout=10.0) as mine:
        if not mine:
            raise StoreBusyError(str(path), "another nbtrack process that folds")
        if not history_files(folder, "events") and not list_segments(folder / "w"):
            message = f"{folder} has no history and no journals, so {path} cannot be made anew; put a backup of both in place."
            raise StoreError(message)
        salvage(folder, report)
        new = path.with_name(path.name + ".rebuild")
        new.unlink(missing_ok=True)
        report("reading the history")
        with writing(new) as con:
            records = load_history(con, folder)
            report(f"applying {records} records")
            con.execute("BEGIN")
            apply(con, "main.")
            write_down(con)
            con.execute("INSERT INTO _folded SELECT w, -1, max(q) FROM j WHERE w IS NOT NULL GROUP BY w")
            con.execute("COMMIT")
        kept = _put_aside(path)
        new.replace(path)
    report("folding journals")
    fold(path, folder, timeout=10.0)
    for lost in ("counter", "names.json"):
        (folder / lost).unlink(missing_ok=True)  # made anew from the store when next needed
    return {"records": records, "kept": str(kept) if kept else None}


def _put_aside(path: Path) -> Path | None:
    if not path.exists():
        return None
    kept = path.with_name(f"{path.name}.bak-{time.strftime('%Y%m%d-%H%M%S')}")
    path.rename(kept)
    wal = path.with_name(path.name + ".wal")
    if wal.exists():
        wal.rename(kept.with_name(kept.name + ".wal"))
    return kept


def _size(paths: list[Path]) -> int:
    return sum(p.stat().st_size for p in paths if p.exists())
