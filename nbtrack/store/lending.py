"""In-memory DuckDB sessions that are lent to one reader at a time: making one takes longer than most queries.

A session comes back with the temporary tables and views of its last look, and holds no file while it waits: whoever looks at the same store
next may find them as they were left (see ``reader.py``). One in which something went wrong, or in which somebody ran more than queries,
is not lent again.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import duckdb

from nbtrack.errors import NbtrackError
from nbtrack.store.schema import create_tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SAFE: dict[str, Any] = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
QUIET = "SET enable_progress_bar = false"
"""IPython switches the bars on; they have no place under a cell that only searches."""
MAX_IDLE = 4


class Loan:
    """A session that nobody else uses meanwhile.

    Attributes
    ----------
    con : DuckDBPyConnection
        The session; another one after :meth:`renew`.
    memory : object or None
        What a reader says that the temporary tables and views of `con` show.
    path : Path or None
        The store that was read last.
    seen : object or None
        Which file, with which content, was attached last, when that can be told from any other.
    is_spoilt : bool
        Something may have been changed that a new session would see: this one is not lent again.
    """

    def __init__(self) -> None:
        self._instance = duckdb.connect(config=dict(SAFE))
        self.con = self._session()
        self.memory: Any = None
        self.path: Path | None = None
        self.seen: Any = None
        self.is_spoilt = False
        self._has_nothing = False

    def renew(self) -> duckdb.DuckDBPyConnection:
        """Give up the temporary tables and views, for an empty session; what is attached stays."""
        self.memory = None
        self.con.close()
        self.con = self._session()
        return self.con

    def detach(self) -> None:
        """Let go of the file, if there is one."""
        # In the session itself: that ends a result of which not every row was fetched.
        self.con.execute("DETACH DATABASE IF EXISTS d")

    def nothing(self) -> str:
        """Return the prefix of empty tables; they stay with the instance."""
        if not self._has_nothing:
            self.con.execute("ATTACH ':memory:' AS nothing")
            create_tables(self.con, "nothing.")
            self.con.execute(
                "INSERT INTO nothing.experiments VALUES (0, 'Default', 'active', TIMESTAMP 'epoch', TIMESTAMP 'epoch')"
            )
            self._has_nothing = True
        return "nothing."

    def close(self) -> None:
        """Give everything up."""
        self.con.close()
        self._instance.close()

    def _session(self) -> duckdb.DuckDBPyConnection:
        session = self._instance.cursor()
        session.execute(QUIET)
        return session


@contextmanager
def lent(path: Path, *, is_private: bool = False) -> Iterator[Loan]:
    """Lend a session, if possible the one that read `path` last; no file is attached to it afterwards.

    With `is_private` nobody has it before or after.
    """
    loan = Loan() if is_private else _take(path)
    loan.path = path
    loan.is_spoilt = is_private
    try:
        yield loan
    except NbtrackError:  # nothing of that name, say: the session is as it was
        raise
    except BaseException:
        loan.memory = None
        raise
    finally:
        _take_back(loan)


def _take(path: Path) -> Loan:
    for loan in sorted(_idle, key=lambda loan: (loan.path != path, loan.memory is not None)):
        with suppress(ValueError):  # another thread was quicker
            _idle.remove(loan)
            return loan
    return Loan()


def _take_back(loan: Loan) -> None:
    if not loan.is_spoilt and len(_idle) < MAX_IDLE:
        with suppress(duckdb.Error):
            if loan.memory is None:
                loan.renew()  # nobody vouches for what is in it
            loan.detach()
            _idle.append(loan)
            return
    loan.close()


_idle: list[Loan] = []
_inherited: list[Loan] = []


def _drop_in_child() -> None:
    # A forked child must not share an instance with its parent; nor close it, for that waits for threads that it does not have.
    _inherited.extend(_idle)
    _idle.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_drop_in_child)
