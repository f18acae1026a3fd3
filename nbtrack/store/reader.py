"""Reads a store as it is this moment: folded tables, and over them the rows that the unfolded tail touches."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb

from nbtrack.errors import StoreError
from nbtrack.journal.segments import is_bare, list_segments
from nbtrack.store.apply import GROWING, WHOLE, Rows, apply, touched_by
from nbtrack.store.connect import READ_PATIENCE, DamagedError, is_damage, reading
from nbtrack.store.history import history_files
from nbtrack.store.marks import Watermark, living, read_watermark, running_writers
from nbtrack.store.parts import Parts, parts_of
from nbtrack.store.rebuild import heal, upgrade
from nbtrack.store.records import load
from nbtrack.store.schema import BOOKKEEPING, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import Any

    from duckdb import DuckDBPyConnection

    from nbtrack.journal.segments import Segment
    from nbtrack.store.connect import Base
    from nbtrack.store.lending import Loan

Groups = dict[str, list["Segment"]]

TRIES = 20
MAX_REMEMBERED_BYTES = 8 << 20
"""What was made of longer tails is not kept in memory for the next look."""


@dataclass(frozen=True, slots=True)
class Reader:
    """An open look at a store: views named like the tables; `snapshot` is the time of the copy when the file is held elsewhere.

    `parts` are the same tables for who looks for one run.
    """

    con: DuckDBPyConnection
    snapshot: float | None = None
    holder: str | None = None
    damaged: list[Path] = field(default_factory=list)
    loan: Loan | None = None
    parts: Parts | None = None

    def run(self, query: str, values: Sequence[Any] = ()) -> DuckDBPyConnection:
        """Run SQL of somebody else. Unless it only selects, this session is nobody's afterwards."""
        kinds = {statement.type for statement in self.con.extract_statements(query)}
        if self.loan and kinds != {duckdb.StatementType.SELECT}:
            self.loan.is_spoilt = True
        return self.con.execute(query, list(values))


@dataclass(slots=True)
class Memory:
    """What the temporary tables and views of a session show.

    They serve the next look too as long as nothing has changed (`key`), and the `views`, SQL by name, for as long as they say the same.
    """

    key: tuple[Any, ...]
    damaged: list[Path]
    writers: list[str]
    views: dict[str, str]
    watermark: Watermark
    parts: Parts | None


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
    memory: Memory | None = base.loan.memory if base.loan else None
    is_known = base.is_seen and memory is not None and memory.key[:2] == (path, base.mark)
    watermark = memory.watermark if memory and is_known else read_watermark(base.con, base.prefix)
    tail = _unfolded(list_segments(folder / "w"), watermark)
    if {s.path for s in _unfolded(before, watermark)} - {s.path for s in tail}:
        message = "a fold has taken journals meanwhile, into a file that we do not see"
        raise FileNotFoundError(message)
    # The file is attached by now and the journals only grow: what is equal has the same content.
    key = (path, base.mark, base.prefix, frozenset(watermark.items()), tuple((s.path, s.size) for s in tail))
    if memory is None or base.mark is None or memory.key != key:
        if base.loan:
            base.loan.memory = None
        memory = _prepare(base, tail, watermark, key, memory.views if memory else {})
        if base.loan and base.mark is not None and sum(s.size for s in tail) <= MAX_REMEMBERED_BYTES:
            base.loan.memory = memory
    _show(base.con, memory.views, {"runs": _runs_now(living(memory.writers, folder))})
    return Reader(base.con, base.snapshot, base.holder, memory.damaged, base.loan, memory.parts)


def _prepare(
    base: Base, tail: list[Segment], watermark: Watermark, key: tuple[Any, ...], views: dict[str, str]
) -> Memory:
    tail = [segment for segment in tail if not is_bare(segment)]  # applying nothing takes as long as the search itself
    damaged: list[Path] = []
    rows: Rows = {}
    if tail:
        damaged = load(base.con, tail, watermark)
        rows = apply(base.con, base.prefix)
    elif views:
        base.con.execute("DROP TABLE IF EXISTS j")
    wanted = {"all_runs" if name == "runs" else name: _overlay(name, base.prefix, rows.get(name)) for name in TABLES}
    wanted |= {name: f"SELECT * FROM {base.prefix}{name}" for name in BOOKKEEPING}
    _show(base.con, views, wanted)
    parts = parts_of(base.con, base.prefix, rows)
    return Memory(key, damaged, running_writers(base.con, "all_runs"), views, watermark, parts)


def _unfolded(groups: Groups, watermark: Watermark) -> list[Segment]:
    """Return the segments that no fold has taken."""
    return [s for group in groups.values() for s in group if s.number > watermark.get(s.writer, (-1, -1))[0]]


def _show(con: DuckDBPyConnection, views: dict[str, str], wanted: dict[str, str]) -> None:
    """Make the views that do not say yet what they should."""
    changed = {name: query for name, query in wanted.items() if views.get(name) != query}
    if changed:
        con.execute(";".join(f"CREATE OR REPLACE TEMP VIEW {name} AS {query}" for name, query in changed.items()))
        views |= changed


def _runs_now(alive: list[str]) -> str:
    """Return the query of `runs`: a run whose process is gone has been killed, whatever was last written about it."""
    shown = ", ".join(f"'{writer}'" for writer in alive)
    is_dead = f"(status = 'RUNNING' AND (writer IS NULL OR writer NOT IN ({shown})))"
    return f"""
        SELECT * REPLACE (
            CASE WHEN {is_dead} THEN 'KILLED' ELSE status END AS status,
            CASE WHEN {is_dead} THEN last_seen ELSE end_time END AS end_time,
            CASE WHEN {is_dead} THEN greatest(0, epoch(last_seen - start_time)) ELSE duration END AS duration
        ) FROM all_runs
    """


def _overlay(name: str, d: str, rows: str | None) -> str:
    """Return the query of a table: the folded rows, and over them those that the tail touches, if it touches any."""
    if rows is None:
        return f"SELECT * FROM {d}{name}"
    if name in WHOLE:
        return rows
    if name in GROWING:
        return f"SELECT * FROM {d}{name} UNION ALL {rows}"
    of, touched = touched_by(name)
    return f"SELECT * FROM {d}{name} WHERE {of} NOT IN (SELECT {of} FROM {touched}) UNION ALL {rows}"
