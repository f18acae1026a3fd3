"""Opens the DuckDB file for as short as possible: one read-write opener, many readers, no lock kept between calls."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from nbtrack.errors import StoreBusyError, StoreError
from nbtrack.store.database_files import all_of, existing, remove
from nbtrack.store.fold_lock import is_folding
from nbtrack.store.gate import gate_of
from nbtrack.store.lending import QUIET, SAFE, lent
from nbtrack.store.others import SETTLED_NS
from nbtrack.store.schema import (
    BLOCK_SIZE,
    STORAGE_VERSION,
    check_version,
    initialise,
    is_old,
    is_older,
    migrate,
    readable_version,
    version_of,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from nbtrack.store.lending import Loan

_HOLDER = re.compile(r"held in (.*?) \(PID (\d+)\)")
_DAMAGE = (
    "Corrupt database file",
    "not a valid DuckDB database file",
    "Could not read enough bytes",
    "replaying WAL",
    "INTERNAL Error",
    "FATAL Error",
    "Serialization Error",
)
READ_PATIENCE = 2.0
FOLD_PATIENCE = 30.0
HELD_FOR_LONG_S = 30.0


class DamagedError(StoreError):
    """The DuckDB file cannot be read, or is gone while its history is there."""

    def __init__(self, path: Path, why: object) -> None:
        self.path = path
        self.why = str(why).splitlines()[0]
        super().__init__(
            f"{path} cannot be read ({self.why}); `nbtrack doctor --rebuild` makes it anew from its history."
        )


@dataclass(frozen=True, slots=True)
class Base:
    """An open look at the folded tables: SQL prefix, and the time of the copy when the file itself is held elsewhere.

    `is_new` says that nothing was ever folded into the file, or that there is none; `is_upgraded`, that this is a copy of an older file.
    `loan` is the session unless it is the user's own; `mark` is equal only for the same file with the same content, and None for a copy;
    `is_seen` says that this session saw the very same content before.
    """

    con: duckdb.DuckDBPyConnection
    prefix: str
    snapshot: float | None = None
    holder: str | None = None
    is_new: bool = False
    is_upgraded: bool = False
    loan: Loan | None = None
    mark: Hashable = None
    is_seen: bool = False


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


def is_damage(error: Exception) -> bool:
    """Say whether DuckDB failed because the file is not what it once wrote."""
    return any(part in str(error) for part in _DAMAGE)


@contextmanager
def reading(
    path: Path, patience: float = READ_PATIENCE, *, waits_for_fold: bool = True, is_private: bool = False
) -> Iterator[Base]:
    """Open the folded tables to read, whoever else has the file.

    Whoever is folding is waited for, on a busy machine for half a minute (`waits_for_fold`). When another program holds the file for
    longer than `patience` seconds, a copy is shown instead, with its time. A session of the user's own in this process is shared.
    Without a file the tables are empty. With `is_private` the session may be changed in any way: nobody has it before or after, nor is the
    user's own taken. A file of an older schema that nobody could bring up to date is copied, and the copy is brought up
    to date.

    Raises
    ------
    DamagedError
        The file cannot be read.
    StoreVersionError
        A newer nbtrack made it.
    """
    fold_patience = max(patience, FOLD_PATIENCE) if waits_for_fold else patience
    with gate_of(path).shared(fold_patience), lent(path, is_private=is_private) as loan:
        if not path.exists():
            yield _nothing_yet(loan)
            return
        scratch: Path | None = None
        seen: Hashable = None
        base = Base(loan.con, "d.", loan=loan)
        try:
            try:
                _attach(loan.con, path, patience, fold_patience)
            except _SharedError as error:
                shared = None if is_private else _share(path)
                scratch, base = (None, shared) if shared else _snapshot(loan, path, busy(path, error))
            except StoreBusyError as held:
                scratch, base = _snapshot(loan, path, held)
            else:
                mark, is_settled = _mark(path)
                seen = (path, mark) if is_settled else None
                base = replace(base, mark=mark, is_seen=seen is not None and loan.seen == seen)
            if base.is_seen:
                yield base
                return
            loan.seen = None
            version = readable_version(base.con, str(path), base.prefix)
            if version is None:
                loan.detach()
                yield _nothing_yet(loan)
                return
            if is_older(version):
                loan.detach()
                scratch, base = _snapshot(loan, path, None)
                base = replace(base, is_upgraded=True)
            elif base.mark is not None:
                loan.seen = seen
            yield base
        finally:
            if base.loan is None:
                base.con.close()
            if scratch is not None:
                loan.renew()
                loan.detach()
                shutil.rmtree(scratch.parent, ignore_errors=True)


def _mark(path: Path) -> tuple[Hashable, bool]:
    """Return what an attached file is known by, and whether whatever is written into it from now on gets another one.

    Only its times and sizes are asked for, see :func:`copy_held`; nobody writes meanwhile.
    """
    found = []
    for file in all_of(path):
        with suppress(FileNotFoundError):
            stat = file.stat()
            found.append((stat.st_ino, stat.st_mtime_ns, stat.st_size))
    newest = max((changed_ns for _, changed_ns, _ in found), default=0)
    return tuple(found), newest < time.time_ns() - SETTLED_NS


_held: dict[Path, tuple[float, int | None]] = {}
"""When, and by whom, a file was last found held for longer than a reader waits."""


@contextmanager
def writing(path: Path, patience: float = 0.0) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the file read-write, made when missing and brought to the present schema. Call with ``fold.lock`` held.

    Readers in other processes are waited for, for `patience` seconds.

    Raises
    ------
    StoreBusyError
        Somebody else has the file.
    StoreVersionError
        A newer nbtrack made it.
    """
    with gate_of(path).alone(READ_PATIENCE) as is_free:
        if not is_free:
            raise StoreBusyError(str(path), "a reader in this process", os.getpid())
        if not path.exists():
            _create(path)
        con = _connect(path, patience)
        try:
            con.execute(QUIET)
            con.execute("SET threads = 1")
            initialise(con)
            check_version(con, str(path))
            if is_old(con):
                _keep_old(path, version_of(con))
                migrate(con)
            yield con
        finally:
            con.close()


def _create(path: Path) -> None:
    """Make a new file; it appears with its tables or not at all."""
    new = path.with_name(path.name + ".new")
    remove(new)
    con = duckdb.connect(
        str(new), config={**SAFE, "storage_compatibility_version": STORAGE_VERSION, "default_block_size": BLOCK_SIZE}
    )
    try:
        initialise(con)
    finally:
        con.close()
    new.replace(path)


def _connect(path: Path, patience: float) -> duckdb.DuckDBPyConnection:
    until = time.monotonic() + patience
    while True:
        try:
            return duckdb.connect(str(path), config=dict(SAFE))
        except duckdb.Error as error:
            if is_damage(error):
                raise DamagedError(path, error) from error
            if not is_lock_error(error) and not is_shared(error):
                raise
            if time.monotonic() >= until:
                raise busy(path, error) from error
            _pause()


def _pause() -> None:
    time.sleep(0.003 + random.random() * 0.01)  # noqa: S311 - jitter, not a secret


def _keep_old(path: Path, version: int) -> None:
    """Copy a file as it is before it is brought up to date; in a child process, see :func:`copy_held`."""
    for file in existing(path):
        kept = file.with_name(file.name.replace(path.name, f"{path.name}.bak-v{version}", 1))
        subprocess.run(["cp", "--reflink=auto", str(file), str(kept)], check=True, capture_output=True)  # noqa: S603, S607


class _SharedError(Exception):
    pass


def _attach(con: duckdb.DuckDBPyConnection, path: Path, patience: float, fold_patience: float) -> None:
    # Who held the file for seconds holds it for long: that one is not waited for each time anew, a fold is.
    since, known = _held.get(path, (-HELD_FOR_LONG_S, None))
    begun = time.monotonic()
    while True:
        try:
            con.execute(f"ATTACH {quoted(path)} AS d (READ_ONLY)")
        except duckdb.Error as error:
            if is_shared(error):
                raise _SharedError from error
            if is_damage(error):
                raise DamagedError(path, error) from error
            if not is_lock_error(error):
                raise
            held = busy(path, error)
            is_known = held.pid is not None and held.pid == known and begun - since < HELD_FOR_LONG_S
            waited = time.monotonic() - begun
            is_patient = waited < fold_patience and is_folding(path.with_suffix(".nbtrack"))
            if waited > (min(patience, 0.1) if is_known else patience) and not is_patient:
                _held[path] = (time.monotonic(), held.pid)
                raise held from error
            _pause()
        else:
            _held.pop(path, None)
            return


def _nothing_yet(loan: Loan) -> Base:
    """Show empty tables; they stay with the session, for making them takes longer than reading a young store."""
    return Base(loan.con, loan.nothing(), is_new=True, loan=loan, mark=())


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


def _snapshot(loan: Loan, path: Path, held: StoreBusyError | None) -> tuple[Path, Base]:
    """Attach a copy of the file, brought to the present schema."""
    scratch = copy_held(path)
    taken = time.time()
    try:
        loan.con.execute(f"ATTACH {quoted(scratch)} AS d (READ_ONLY)")
        version = readable_version(loan.con, str(path), "d.")
        if version is not None and is_older(version):
            loan.detach()
            with writing(scratch):
                pass
            loan.con.execute(f"ATTACH {quoted(scratch)} AS d (READ_ONLY)")
    except BaseException:
        shutil.rmtree(scratch.parent, ignore_errors=True)
        raise
    return scratch, Base(loan.con, "d.", taken if held else None, str(held) if held else None, loan=loan)


def copy_held(path: Path) -> Path:
    """Copy a file that another process holds, with its WAL, in a child process, and check that the copy opens.

    The child matters: POSIX locks of a process vanish when it closes *any* handle of the file, so nothing here may ever open it directly.
    """
    scratch = Path(tempfile.mkdtemp(prefix="nbtrack-"))
    for _ in range(10):
        found = existing(path)
        subprocess.run(["cp", "--reflink=auto", *map(str, found), str(scratch)], check=False, capture_output=True)  # noqa: S603, S607
        try:
            duckdb.connect(str(scratch / path.name), read_only=True, config=dict(SAFE)).close()
        except duckdb.Error:
            time.sleep(0.05)  # the holder was writing while we copied
            shutil.rmtree(scratch)
            scratch.mkdir(mode=0o700)
        else:
            return scratch / path.name
    shutil.rmtree(scratch, ignore_errors=True)
    message = f"{path} is held by another program that writes to it all the time; close it there and try again."
    raise StoreError(message)
