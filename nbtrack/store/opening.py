"""URI -> store; one store object a place and process."""

from __future__ import annotations

import atexit
import os
import threading
from typing import TYPE_CHECKING

from nbtrack.config import is_database, is_server, store_path
from nbtrack.errors import InvalidValueError
from nbtrack.store.local import LocalStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.store.protocol import Store
    from nbtrack.store.served import ServedStore

_open: dict[str, Store] = {}
_lock = threading.Lock()
_owner = os.getpid()


def open_store(uri: str | os.PathLike[str]) -> Store:
    """Return the store at `uri`; the same object for the same place.

    Raises
    ------
    InvalidValueError
        The URI does not name a store that can be opened here.
    MissingPackageError
        A server is named, and ``pip install "nbtrack[remote]"`` has not been done; a database, and ``"nbtrack[postgres]"`` has not.
    """
    if is_server(uri):
        from nbtrack.store.remote.connection import address  # noqa: PLC0415 - only for those who have a server
        from nbtrack.store.remote.store import ServerStore  # noqa: PLC0415

        return _kept(address(os.fspath(uri)), lambda: ServerStore(os.fspath(uri)))
    if is_database(uri):
        from nbtrack.store.postgres.address import shown  # noqa: PLC0415 - only for those who have a database
        from nbtrack.store.postgres.store import PostgresStore  # noqa: PLC0415

        return _kept(shown(os.fspath(uri)), lambda: PostgresStore(os.fspath(uri)))
    return open_local(uri)


def open_local(uri: str | os.PathLike[str]) -> LocalStore:
    """Return the store in a file of this machine; raises ``InvalidValueError`` for any other."""
    if is_server(uri):
        message = (
            f"{os.fspath(uri)!r} is a server; this is done with a store on this machine, there: name a .duckdb file."
        )
        raise InvalidValueError(message)
    if is_database(uri):
        message = "This is done with a store on this machine, not with a database: name a .duckdb file."
        raise InvalidValueError(message)
    path = store_path(uri)
    found = _kept(str(path), lambda: LocalStore(path))
    assert isinstance(found, LocalStore)
    return found


def open_served(uri: str | os.PathLike[str]) -> ServedStore:
    """Return the store at `uri` for a server to stand before: a file of this machine, or a database.

    Raises
    ------
    InvalidValueError
        Another server is named.
    UnreachableError
        The database does not answer.
    MissingPackageError
        ``pip install "nbtrack[postgres]"`` has not been done.
    """
    if not is_database(uri):
        return open_local(uri)
    from nbtrack.store.postgres.address import shown  # noqa: PLC0415 - only for those who have a database
    from nbtrack.store.postgres.served import ServedDatabase  # noqa: PLC0415

    found = _kept(f"{shown(os.fspath(uri))} (served)", lambda: ServedDatabase(os.fspath(uri)))
    assert isinstance(found, ServedDatabase)
    return found


def _kept(name: str, make: Callable[[], Store]) -> Store:
    with _lock:
        if name not in _open:
            _open[name] = make()
        return _open[name]


def close_all() -> None:
    """Flush, seal and fold every store of this process."""
    if os.getpid() != _owner:
        return  # a forked child that leaves through the front door must not fold for its parent
    for store in list(_open.values()):
        store.close()


def _forget_lock_in_child() -> None:
    global _lock, _owner  # noqa: PLW0603
    _lock = threading.Lock()
    _owner = -1


atexit.register(close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_lock_in_child)
