"""Processes that log models into one run take turns: who comes second sees the first one's model, and puts it aside whole."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbtrack.store.protocol import Store

LOCK = "logged.lock"
MARKS = "logged"
"""Folder of empty files, named by runs into which a process that did not start them has logged a model."""


@contextmanager
def turn(store: Store, run_id: str, *, is_own: bool) -> Iterator[bool]:
    """Keep all other processes on this machine from logging models; yields whether others have logged some into this run.

    Whoever started the run (`is_own`) knows its models without a look at the database, unless somebody left a mark. Others always look.
    """
    store.make_folder()
    mark = store.folder / MARKS / run_id
    with FileLock(store.folder / LOCK, mode=0o600):
        if is_own:
            yield mark.exists()
            mark.unlink(missing_ok=True)  # the run's own tags say it from here on
            return
        mark.parent.mkdir(mode=0o700, exist_ok=True)
        mark.touch(mode=0o600)
        send = getattr(
            store, "shipper", None
        )  # of a server: what others here have written must be there before it is asked
        if send is not None:
            send.flush()
        yield True
