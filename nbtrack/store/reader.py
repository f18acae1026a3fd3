"""Reads a store as it is this moment: folded tables, and over them the rows that the unfolded tail touches."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb

from nbtrack.errors import StoreError
from nbtrack.journal.segments import is_bare, list_segments
from nbtrack.store.apply import apply
from nbtrack.store.apply_registry import MODEL_TABLES
from nbtrack.store.connect import READ_PATIENCE, DamagedError, is_damage, reading
from nbtrack.store.history import history_files
from nbtrack.store.marks import Watermark, living_writers, read_watermark
from nbtrack.store.rebuild import heal, upgrade
from nbtrack.store.records import load
from nbtrack.store.schema import BOOKKEEPING, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from nbtrack.journal.segments import Segment
    from nbtrack.store.connect import Base

Groups = dict[str, list["Segment"]]

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
def read(path: Path, folder: Path, patience: float = READ_PATIENCE, *, is_private: bool = False) -> Iterator[Reader]:
    """Open a look at the store; close it soon, nobody can fold meanwhile.

    Attaching comes first, reading the journals second: while the file is attached no fold can commit, so no record is missed or seen twice.
    A damaged or lost file is made anew from its history first, an older one is brought up to date.

    Raises
    ------
    DamagedError
        The file cannot be read, and could not be made anew.
    StoreVersionError
        A newer nbtrack made the file.
    """
    with ExitStack() as stack:
        reader = _open(stack, path, folder, patience, is_private=is_private)
        try:
            yield reader
        except duckdb.Error as error:
            if not is_damage(error):
                raise
            stack.close()
            heal(path, folder, DamagedError(path, error))
            message = (
                f"{path} turned out to be damaged and was checked and made anew from its history; please do that again."
            )
            raise StoreError(message) from error


def _open(stack: ExitStack, path: Path, folder: Path, patience: float, *, is_private: bool) -> Reader:
    for attempt in range(TRIES):
        is_last = attempt == TRIES - 1
        with ExitStack() as trial:
            try:
                # Listed before the file is opened, too: where it is a copy, or none, a fold may come in between.
                before = list_segments(folder / "w")
                base = trial.enter_context(reading(path, patience, is_private=is_private))
                if base.is_upgraded and attempt == 0:
                    trial.close()
                    upgrade(path, folder)
                    continue
                reader = _look(base, path, folder, before)
            except DamagedError as damage:
                if is_last:
                    raise
                trial.close()
                heal(path, folder, damage)
            except FileNotFoundError:
                if is_last:
                    raise
            except duckdb.Error as error:
                if is_last or not is_damage(error):
                    raise
                trial.close()
                heal(path, folder, DamagedError(path, error))
            else:
                stack.enter_context(trial.pop_all())
                return reader
    raise AssertionError


def _look(base: Base, path: Path, folder: Path, before: Groups) -> Reader:
    if base.is_new and history_files(folder, "events"):
        raise DamagedError(path, "it is not there, but its history is")
    watermark = read_watermark(base.con, base.prefix)
    tail = _unfolded(list_segments(folder / "w"), watermark)
    if {s.path for s in _unfolded(before, watermark)} - {s.path for s in tail}:
        message = "a fold has taken journals meanwhile, into a file that we do not see"
        raise FileNotFoundError(message)
    tail = [segment for segment in tail if not is_bare(segment)]  # applying nothing takes as long as the search itself
    damaged = load(base.con, tail, watermark) if tail else []
    if tail:
        apply(base.con, base.prefix)
    _make_views(base, folder, has_tail=bool(tail))
    return Reader(base.con, base.snapshot, base.holder, damaged)


def _unfolded(groups: Groups, watermark: Watermark) -> list[Segment]:
    """Return the segments that no fold has taken."""
    return [s for group in groups.values() for s in group if s.number > watermark.get(s.writer, (-1, -1))[0]]


def _make_views(base: Base, folder: Path, *, has_tail: bool) -> None:
    con, d = base.con, base.prefix
    views = {"all_runs" if name == "runs" else name: _overlay(name, d, has_tail=has_tail) for name in TABLES}
    views |= {name: f"SELECT * FROM {d}{name}" for name in BOOKKEEPING}
    con.execute(";".join(f"CREATE TEMP VIEW {name} AS {query}" for name, query in views.items()))
    # A run whose process is gone has been killed, whatever was last written about it.
    living = ", ".join(f"'{writer}'" for writer in living_writers(con, "all_runs", folder))
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
    if name in MODEL_TABLES:
        of, touched = "registry_id", "touched_models"
    else:
        of, touched = "run_id", "touched"
    return f"SELECT * FROM {d}{name} WHERE {of} NOT IN (SELECT {of} FROM {touched}) UNION ALL SELECT * FROM x_{name}"
