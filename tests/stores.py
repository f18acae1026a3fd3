"""Stores of tests: recorded once and copied for each test that wants them, and let go of when their test is over."""

from __future__ import annotations

import gc
import shutil
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

Recorded = Callable[[Callable[[], object]], Any]
"""Calls what records runs the first time in this process, and makes a copy of its store the one in use."""


def open_stores() -> dict[str, Any]:
    """Return the stores that this process has open, by their URI."""
    opening = sys.modules.get("nbtrack.store.opening")
    return opening._open if opening else {}


def let_go(uris: set[str]) -> None:
    """Close stores on this machine without the fold that nobody will read: it costs more than many a test."""
    stores = open_stores()
    for uri in uris:
        store = stores[uri]
        if hasattr(store, "keeper"):  # one on a server has more to say before it goes
            del stores[uri]
            store.keeper._is_closing = True
            store.keeper._wake.set()  # its thread ends by itself; see wait_for_keepers
            store.writer.close()


def wait_for_keepers() -> None:
    """End the thread of every store, also of those that tests made by themselves, so that none is inside DuckDB any more."""
    kind = getattr(sys.modules.get("nbtrack.store.keeper"), "Keeper", None)
    for each in gc.get_objects() if kind else ():
        if type(each) is kind:
            each._is_closing = True
            each._wake.set()
    for thread in threading.enumerate():
        if thread.name == "nbtrack-keeper":
            thread.join(timeout=10)


def settle(folder: Path) -> None:
    """Fold the stores in `folder` and close them, so that their files can be copied."""
    for uri, store in list(open_stores().items()):
        if uri.startswith(str(folder)):
            store.fold(timeout=10)
            store.close()
            del open_stores()[uri]


class Copies:
    """The stores that were recorded once, in a folder of their own."""

    def __init__(self, new_folder: Callable[[str], Path]) -> None:
        self._new_folder = new_folder
        self._recorded: dict[Callable[[], object], tuple[Path, Any]] = {}

    def put(self, record: Callable[[], object], folder: Path) -> Any:
        """Bring what `record` records into `folder` as ``runs.duckdb``, choose it, and return what `record` returned."""
        import nbtrack

        if record not in self._recorded:
            master = self._new_folder("recorded")
            nbtrack.set_tracking_uri(master / "runs.duckdb")
            returned = record()
            settle(master)
            self._recorded[record] = master, returned
        master, returned = self._recorded[record]
        shutil.copytree(master, folder, dirs_exist_ok=True)
        nbtrack.set_tracking_uri(folder / "runs.duckdb")
        return returned
