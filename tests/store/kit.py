"""Stores for tests: opened without their background thread, started runs, crashes, and everything that a store says at once."""

from __future__ import annotations

import math
import os
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from nbtrack.names import new_run_id
from nbtrack.store.local import LocalStore
from nbtrack.store.reader import read
from nbtrack.store.schema import TABLES

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.store.reader import Reader


def quiet_store(path: Path) -> LocalStore:
    """Open a store that folds only when told to, so that a test knows what is folded; each one writes a journal of its own."""
    store = LocalStore(path)
    store.keeper.wake = lambda: None  # type: ignore[method-assign]
    store.keeper.fold_soon = lambda: None  # type: ignore[method-assign]
    store.writer._on_write = lambda: None
    return store


def start(store: LocalStore, name: str = "a run", run_id: str = "", **more: Any) -> str:
    """Begin a run as ``start_run`` does and return its id."""
    run_id = run_id or new_run_id()
    body = {
        "experiment_id": 0,
        "experiment": "Default",
        "name": name,
        "number": store.next_run_number(),
        "user": "ada",
        "parent": None,
        "start_us": time.time_ns() // 1000,
        **more,
    }
    store.append(("start", run_id, None, body), ("tags", run_id, {"mlflow.runName": name}, None))
    return run_id


def end(store: LocalStore, run_id: str, status: str = "FINISHED") -> None:
    """End a run after a tenth of a second by its own clock."""
    body = {"status": status, "end_us": time.time_ns() // 1000, "duration_us": 100_000, "lost": 0}
    store.append(("end", run_id, None, body))


def crash(store: LocalStore) -> LocalStore:
    """Leave a store as ``kill -9`` would and return the next process's."""
    writer = store.writer
    if writer._alive:
        writer._alive.release()
    for fd in (writer._fd, *writer._unsynced):
        if fd >= 0:
            os.close(fd)
    writer._begin()
    return quiet_store(store.path)


def fold_all(*stores: LocalStore) -> None:
    """Bring every record of these stores into the DuckDB file."""
    for store in stores:
        store.writer.rotate()
    assert stores[0].fold(timeout=10) is not None


def everything(store: LocalStore, without: tuple[str, ...] = ()) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row that a reader sees, in an order of their own; NaN as a text, so that rows compare."""
    with store.reading() as reader:
        return rows_of(reader, without)


def rows_of(reader: Reader, without: tuple[str, ...] = ()) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table of an open look."""
    found = {}
    for name in TABLES:
        if name not in without:
            rows = reader.con.execute(f"SELECT * FROM {name}").fetchall()
            found[name] = sorted((tuple(map(_plain, row)) for row in rows), key=str)
    return found


def everything_at(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of the store at a path."""
    with read(path, path.with_suffix(".nbtrack")) as reader:
        return rows_of(reader)


def assert_same(old: dict[str, list[tuple[Any, ...]]], new: dict[str, list[tuple[Any, ...]]], when: str) -> None:
    """Fail with the rows in which two looks at a store differ."""
    assert not (found := differences(old, new)), f"{when}: {found}"


def differences(old: dict[str, list[tuple[Any, ...]]], new: dict[str, list[tuple[Any, ...]]]) -> dict[str, Any]:
    """Return by table the rows that only one of two looks has; empty when they are the same."""
    found = {}
    for name in old.keys() | new.keys():
        gone, come = Counter(old[name]) - Counter(new[name]), Counter(new[name]) - Counter(old[name])
        if gone or come:
            found[name] = {"gone": [*gone.elements()][:20], "come": [*come.elements()][:20]}
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else (value, math.copysign(1.0, value))
    return value
