"""Connections to PostgreSQL: shared by threads, made anew when broken, and with errors that say what to do."""

from __future__ import annotations

import logging
import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from nbtrack.errors import RemoteError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

    from nbtrack.store.postgres.address import Address

    Con = psycopg.Connection[Any]

CONNECT_S = 5
LOCK_S = 30
STATEMENT_S = 300
IDLE_S = 60
"""A transaction whose process hangs is ended by the database after so long, and its locks with it."""
SIZE = 8
REST_S = 10.0
"""After the database has not answered, nobody waits for it again for so long."""
GLOBAL_LOCK = 0x6E627472
"""Advisory lock of whoever gives out an id or changes what has one: experiments, registered models, the schema."""
WRITER_LOCK = 0x6E6277
"""Class of the advisory locks of writers: one delivery of each at a time."""
_SETTINGS = (
    f"SELECT set_config('lock_timeout', '{LOCK_S}s', false), set_config('statement_timeout', '{STATEMENT_S}s', false), "
    f"set_config('idle_in_transaction_session_timeout', '{IDLE_S}s', false), set_config('application_name', 'nbtrack', false)"
)
_BUSY = {"55P03", "57014", "53100", "53200", "53300", "40P01", "40001"}
"""Lock or statement timeout, no room, no memory, too many connections, deadlock: the database is there, and says not now."""


def _nothing() -> None:
    pass


class Pool:
    """The connections of one process to one database.

    Parameters
    ----------
    address : Address

    Attributes
    ----------
    silence : callable
        Makes of what is wrong the text for whoever asks: gets the address as it may be shown, and what happened.
    rest_s : float, optional
        Instead of REST_S.
    timeout_s : float
        How long somebody waits for a connection.
    """

    def __init__(self, address: Address) -> None:
        import psycopg  # noqa: PLC0415 - an optional package

        self._psycopg = psycopg
        self.address = address
        self._lock = threading.Lock()
        self._pool: Any = None
        self._pid = 0
        self._here = threading.local()
        self.rests_until = 0.0
        self.silence = _silence
        self.rest_s: float | None = None
        self.timeout_s = float(CONNECT_S + LOCK_S)
        # Told by our own errors; without a handler Python would print it, too.
        logging.getLogger("psycopg.pool").addHandler(logging.NullHandler())

    @property
    def is_changing(self) -> bool:
        """Say whether this thread is inside a transaction."""
        return getattr(self._here, "con", None) is not None and self._pid == os.getpid()

    @property
    def is_resting(self) -> bool:
        """Say whether the database has not answered just now."""
        return time.monotonic() < self.rests_until

    @contextmanager
    def connection(self) -> Iterator[Con]:
        """Lend a connection: that of this thread's transaction, if there is one."""
        if self.is_changing:
            yield self._here.con
            return
        with self.answering(), self._open().connection() as con:
            yield con

    @contextmanager
    def transaction(self) -> Iterator[Con]:
        """Do several things at once or none of them; inside another transaction of this thread it is part of that one."""
        if self.is_changing:
            yield self._here.con
            return
        then: list[tuple[Callable[[], None], Callable[[], None]]] = []
        try:
            with self.connection() as con, con.transaction():
                self._here.con, self._here.then = con, then
                try:
                    yield con
                finally:
                    self._here.con = None
        except BaseException:
            for _, otherwise in then:
                otherwise()
            raise
        for action, _ in then:
            action()

    def after_commit(self, action: Callable[[], None], otherwise: Callable[[], None] = _nothing) -> None:
        """Do something when the transaction of this thread has been committed, or when it has not, as far as anybody knows."""
        assert self.is_changing
        self._here.then.append((action, otherwise))

    def connect(self) -> Con:
        """Open a connection beside the pool: its errors say why."""
        with self.answering():
            con = self._psycopg.Connection.connect(**self._options())
            _configure(con)
            return con

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Say errors of the database in our words."""
        if self.is_resting:
            raise UnreachableError(self.silence(self.address.shown, "has not answered just now"))
        try:
            yield
        except self._psycopg.Error as error:
            raise self.told(error) from error
        self.rests_until = 0.0

    def close(self) -> None:
        """Let go of all connections."""
        with self._lock:
            if self._pool is not None and self._pid == os.getpid():
                self._pool.close(timeout=2.0)
            self._pool = None

    # -- inside ------------------------------------------------------------------------------------------------------

    def _open(self) -> Any:
        """Return the pool of this process: a forked child needs one of its own."""
        from psycopg_pool import ConnectionPool  # noqa: PLC0415

        with self._lock:
            if self._pool is None or self._pid != os.getpid():
                self._pid, self._here = os.getpid(), threading.local()
                self._pool = ConnectionPool(
                    kwargs=self._options(),
                    min_size=0,
                    max_size=SIZE,
                    num_workers=1,
                    timeout=self.timeout_s,
                    max_idle=60.0,
                    reconnect_timeout=CONNECT_S,
                    configure=_configure,
                    check=ConnectionPool.check_connection,
                    open=True,
                )
            return self._pool

    def _options(self) -> dict[str, Any]:
        # Prepared statements and poolers such as pgbouncer do not go together.
        given = {"connect_timeout": CONNECT_S, "keepalives_idle": 30, "tcp_user_timeout": 60_000}
        return {**given, **self.address.parameters, "autocommit": True, "prepare_threshold": None}

    def told(self, error: psycopg.Error) -> Exception:
        """Return an error of the database in our words."""
        state = error.sqlstate or ""
        said = self.address.without_secrets(error.diag.message_primary or str(error))
        if state in _BUSY:
            return UnreachableError(self.silence(self.address.shown, f"cannot answer now ({said})"))
        if isinstance(error, (self._psycopg.OperationalError, self._psycopg.InterfaceError)):
            self.rests_until = time.monotonic() + (REST_S if self.rest_s is None else self.rest_s)
            return UnreachableError(self.silence(self.address.shown, f"does not answer ({said})"))
        return RemoteError(f"{self.address.shown} refuses: {said} ({type(error).__name__}).")


def _silence(where: str, what: str) -> str:
    return (
        f"{where} {what}. Runs recorded meanwhile are kept here and go there later, by themselves or by `nbtrack sync`."
    )


def _configure(con: Con) -> None:
    con.execute(_SETTINGS)
