"""Reads a store as it is this moment: folded tables, and over them the rows that the unfolded tail touches."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbtrack.journal.segments import is_alive, list_segments
from nbtrack.store.apply import apply
from nbtrack.store.connect import READ_PATIENCE, reading
from nbtrack.store.records import load
from nbtrack.store.schema import BOOKKEEPING, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from nbtrack.journal.segments import Segment
    from nbtrack.store.connect import Base

Watermark = dict[str, tuple[int, int]]

TRIES = 20
_GROWING = ("metrics", "events")
_WHOLE = ("experiments", "experiment_tags", "settings")


@dataclass(frozen=True, slots=True)
class Reader:
    """An open look at a store: views named like the tables; `snapshot` is the time of the copy when the file is held elsewhere."""

    con: DuckDBPyConnection
    snapshot: float | None = None
    holder: str | None = None
    damaged: list[Path] = field(default_factory=list)


@contextmanager
def read(path: Path, folder: Path, patience: float = READ_PATIENCE) -> Iterator[Reader]:
    """Open a look at the store; close it soon, nobody can fold meanwhile.

    Attaching comes first, listing the journals second: while the file is attached no fold can commit, so no record is missed or seen twice.
    """
    for attempt in range(TRIES):
        with reading(path, patience) as base:
            tail, watermark = _tail(base, folder)
            try:
                damaged = load(base.con, tail, watermark) if tail else []
            except FileNotFoundError:
                # Folded between looking for the DuckDB file and listing: there was none to attach, now there is.
                if attempt == TRIES - 1:
                    raise
                continue
            if tail:
                apply(base.con, base.prefix)
            _make_views(base, folder, has_tail=bool(tail))
            yield Reader(base.con, base.snapshot, base.holder, damaged)
            return


def read_watermark(base: Base) -> Watermark:
    """Return how far each writer has been folded: (segment, sequence number)."""
    rows = base.con.execute(
        f"SELECT writer, max(segment), max(last_seq) FROM {base.prefix}_folded GROUP BY writer"
    ).fetchall()
    return {writer: (segment, last) for writer, segment, last in rows}


def living_writers(con: DuckDBPyConnection, runs: str, folder: Path) -> list[str]:
    """Return the writers with open runs whose process lives."""
    rows = con.execute(f"SELECT DISTINCT writer FROM {runs} WHERE status = 'RUNNING' AND writer IS NOT NULL").fetchall()
    return [writer for (writer,) in rows if is_alive(folder / "w", writer)]


def _tail(base: Base, folder: Path) -> tuple[list[Segment], Watermark]:
    """Return the segments that no fold has taken, and how far each writer has been folded."""
    groups = list_segments(folder / "w")
    if not groups:
        return [], {}
    watermark = read_watermark(base)
    return [s for group in groups.values() for s in group if s.number > watermark.get(s.writer, (-1, -1))[0]], watermark


def _make_views(base: Base, folder: Path, *, has_tail: bool) -> None:
    con, d = base.con, base.prefix
    views = {"all_runs" if name == "runs" else name: _overlay(name, d, has_tail=has_tail) for name in TABLES}
    views |= {name: f"SELECT * FROM {d}{name}" for name in BOOKKEEPING}
    con.execute(";".join(f"CREATE TEMP VIEW {name} AS {query}" for name, query in views.items()))
    # A run whose process is gone has been killed, whatever was last written about it.
    living = ", ".join(f"'{writer}'" for writer in living_writers(con, "all_runs", folder)) or "''"
    is_dead = f"(status = 'RUNNING' AND (writer IS NULL OR writer NOT IN ({living})))"
    con.execute(
        f"""
        CREATE TEMP VIEW runs AS SELECT * REPLACE (
            CASE WHEN {is_dead} THEN 'KILLED' ELSE status END AS status,
            CASE WHEN {is_dead} THEN last_seen ELSE end_time END AS end_time,
            CASE WHEN {is_dead} THEN greatest(0, epoch(last_seen - start_time)) ELSE duration END AS duration
        ) FROM all_runs
        """
    )


def _overlay(name: str, d: str, *, has_tail: bool) -> str:
    if not has_tail:
        return f"SELECT * FROM {d}{name}"
    if name in _WHOLE:
        return f"SELECT * FROM x_{name}"
    if name in _GROWING:
        return f"SELECT * FROM {d}{name} UNION ALL SELECT * FROM x_{name}"
    return f"SELECT * FROM {d}{name} WHERE run_id NOT IN (SELECT run_id FROM touched) UNION ALL SELECT * FROM x_{name}"
