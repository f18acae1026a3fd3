"""Opens the DuckDB file for as short as possible: one read-write opener, many readers, no lock kept between calls."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from nbtrack.errors import StoreBusyError, StoreError
from nbtrack.store.gate import gate_of
from nbtrack.store.schema import BLOCK_SIZE, STORAGE_VERSION, check_version, create_tables, initialise, migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

_HOLDER = re.compile(r"held in (.*?) \(PID (\d+)\)")
_SAFE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
READ_PATIENCE = 2.0
MAX_IDLE = 4


@dataclass(frozen=True, slots=True)
class Base:
    """An open look at the folded tables: SQL prefix, and the time of the copy when the file itself is held elsewhere."""

    con: duckdb.DuckDBPyConnection
    prefix: str
    snapshot: float | None = None
    holder: str | None = None


def quoted(path: object) -> str:
    """Return a path as an SQL text literal; ATTACH takes no bound values."""
    return "'" + str(path).replace("'", "''") + "'"


def busy(path: Path, error: Exception) -> StoreBusyError:
    """Say who holds the file, as far as DuckDB's message tells."""
    found = _HOLDER.search(str(error))
    return StoreBusyError(str(path), found[1], int(found[2])) if found else StoreBusyError(str(path))


def is_lock_error(error: Exception) -> bool:
    """Say whether DuckDB failed because somebody else has the file."""
    return "lock" in str(error).lower() and "Could not set lock" in str(error)


def is_shared(error: Exception) -> bool:
    """Say whether DuckDB failed because this very process has the file open with other settings."""
    text = str(error)
    return (
        any(
            part in text
            for part in (
                "different configuration",
                "Unique file handle conflict",
                "already attached",
                "same process",
                "in use",
            )
        )
        or type(error).__name__ == "ResourceInUseException"
    )


@contextmanager
def reading(path: Path, patience: float = READ_PATIENCE) -> Iterator[Base]:
    """Open the folded tables to read, whoever else has the file.

    Another process that is folding is waited for. When a program holds the file for longer than `patience` seconds, a copy is shown
    instead, with its time. A session of the user's own in this process is shared. Without a file the tables are empty.
    """
    with gate_of(path).shared(patience), _instance() as con:
        if not path.exists():
            yield _nothing_yet(con)
            return
        scratch: Path | None = None
        base = Base(con, "d.")
        try:
            try:
                _attach(con, path, patience)
            except _SharedError as error:
                shared = _share(path)
                scratch, base = (None, shared) if shared else _snapshot(con, path, busy(path, error))
            except StoreBusyError as held:
                scratch, base = _snapshot(con, path, held)
            check_version(base.con, str(path), base.prefix)
            yield base
        finally:
            if base.con is not con:
                base.con.close()
            if scratch is not None:
                con.execute("DETACH d")
                shutil.rmtree(scratch.parent, ignore_errors=True)


_idle: list[duckdb.DuckDBPyConnection] = []
"""In-memory instances that wait for the next read: making one takes longer than most queries."""


@contextmanager
def _instance() -> Iterator[duckdb.DuckDBPyConnection]:
    """Lend a session of an in-memory instance that nobody else uses; nothing stays attached to it afterwards."""
    try:
        instance = _idle.pop()
    except IndexError:
        instance = duckdb.connect(config=dict(_SAFE))
    session = instance.cursor()
    try:
        yield session
    finally:
        session.close()  # temporary tables and views go with it
        if "d" in {name for (name,) in instance.execute("SELECT database_name FROM duckdb_databases()").fetchall()}:
            instance.execute("DETACH d")
        if len(_idle) < MAX_IDLE:
            _idle.append(instance)
        else:
            instance.close()


def _drop_in_child() -> None:
    _idle.clear()  # a forked child must not share an instance with its parent


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_drop_in_child)


@contextmanager
def writing(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the file read-write, made when missing and brought to the present schema. Call with ``fold.lock`` held.

    Raises
    ------
    StoreBusyError
        Somebody else has the file.
    StoreVersionError
        A newer nbtrack made it.
    """
    config = (
        dict(_SAFE)
        if path.exists()
        else {**_SAFE, "storage_compatibility_version": STORAGE_VERSION, "default_block_size": BLOCK_SIZE}
    )
    with gate_of(path).alone(READ_PATIENCE) as is_free:
        if not is_free:
            raise StoreBusyError(str(path), "a reader in this process", os.getpid())
        try:
            con = duckdb.connect(str(path), config=config)
        except (duckdb.IOException, duckdb.ConnectionException) as error:
            if is_lock_error(error) or is_shared(error):
                raise busy(path, error) from error
            raise
        try:
            con.execute("SET threads = 1")
            initialise(con)
            check_version(con, str(path))
            migrate(con)
            yield con
        finally:
            con.close()


class _SharedError(Exception):
    pass


def _attach(con: duckdb.DuckDBPyConnection, path: Path, patience: float) -> None:
    until = time.monotonic() + patience
    while True:
        try:
            con.execute(f"ATTACH {quoted(path)} AS d (READ_ONLY)")
        except duckdb.Error as error:
            if is_shared(error):
                raise _SharedError from error
            if not is_lock_error(error):
                raise
            if time.monotonic() > until:
                raise busy(path, error) from error
            time.sleep(0.003 + random.random() * 0.01)  # noqa: S311 - jitter, not a secret
        else:
            return


def _nothing_yet(con: duckdb.DuckDBPyConnection) -> Base:
    con.execute("ATTACH ':memory:' AS d")
    create_tables(con, "d.")
    con.execute("INSERT INTO d.experiments VALUES (0, 'Default', 'active', TIMESTAMP 'epoch', TIMESTAMP 'epoch')")
    return Base(con, "d.")


def _share(path: Path) -> Base | None:
    """Join the session that the user has open in this very process, read-write or read-only."""
    for read_only in (False, True):
        try:
            con = duckdb.connect(str(path), read_only=read_only)
        except duckdb.Error:
            continue
        catalog = con.execute("SELECT current_database()").fetchall()[0][0].replace('"', '""')
        return Base(con, f'"{catalog}".main.')
    return None


def _snapshot(con: duckdb.DuckDBPyConnection, path: Path, held: StoreBusyError) -> tuple[Path, Base]:
    scratch = copy_held(path)
    con.execute(f"ATTACH {quoted(scratch)} AS d (READ_ONLY)")
    return scratch, Base(con, "d.", time.time(), str(held))


def copy_held(path: Path) -> Path:
    """Copy a file that another process holds, with its WAL, in a child process, and check that the copy opens.

    The child matters: POSIX locks of a process vanish when it closes *any* handle of the file, so nothing here may ever open it directly.
    """
    scratch = Path(tempfile.mkdtemp(prefix="nbtrack-"))
    for _ in range(10):
        found = [p for p in (path, path.with_name(path.name + ".wal")) if p.exists()]
        subprocess.run(["cp", "--reflink=auto", *map(str, found), str(scratch)], check=False, capture_output=True)  # noqa: S603, S607
        try:
            duckdb.connect(str(scratch / path.name), read_only=True, config=dict(_SAFE)).close()
        except duckdb.Error:
            time.sleep(0.05)  # the holder was writing while we copied
            shutil.rmtree(scratch)
            scratch.mkdir(mode=0o700)
        else:
            return scratch / path.name
    shutil.rmtree(scratch, ignore_errors=True)
    message = f"{path} is held by another program that writes to it all the time; close it there and try again."
    raise StoreError(message)
