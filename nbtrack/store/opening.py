"""URI -> store; one store object a place and process."""

from __future__ import annotations

import atexit
import os
import threading
from typing import TYPE_CHECKING

from nbtrack.config import store_path
from nbtrack.store.local import LocalStore

if TYPE_CHECKING:
    from pathlib import Path

_open: dict[Path, LocalStore] = {}
_lock = threading.Lock()
_owner = os.getpid()


def open_store(uri: str | os.PathLike[str]) -> LocalStore:
    """Return the store at `uri`; the same object for the same place.

    Raises
    ------
    InvalidValueError
        The URI does not name a store that can be opened here.
    """
    path = store_path(uri)
    with _lock:
        if path not in _open:
            _open[path] = LocalStore(path)
        return _open[path]


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
