"""The thread that tells views of changes: what could not be read is told again, though nothing changes any more."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from nbtrack.errors import StoreBusyError
from nbtrack.views.watcher import Watcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEADLINE_S = 20


class Shown:
    """A view that cannot read the store the first times."""

    def __init__(self, n_failures: int = 0) -> None:
        self.n_failures = n_failures
        self.n_told = 0

    def store_changed(self) -> None:
        self.n_told += 1
        if self.n_told <= self.n_failures:
            raise StoreBusyError("runs.duckdb")


class Store:
    """A store that changes when `now` does; a text instead of a number is one that cannot be seen."""

    def __init__(self) -> None:
        self.now: int | str = 0

    def signature(self) -> int:
        if isinstance(self.now, str):
            raise OSError(self.now)
        return self.now


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def watcher(store: Store) -> Iterator[Watcher]:
    found = Watcher(store)  # type: ignore[arg-type] # all that it asks of a store
    yield found
    found.close()


def until(is_so: Callable[[], bool]) -> bool:
    by = time.monotonic() + DEADLINE_S
    while not is_so() and time.monotonic() < by:
        time.sleep(0.02)
    return is_so()


def test_a_change_is_told_until_it_could_be_read(store: Store, watcher: Watcher) -> None:
    able, busy = Shown(), Shown(n_failures=2)
    for shown in (able, busy):
        watcher.add(shown)
    assert (able.n_told, busy.n_told) == (0, 0)
    store.now = 1
    assert until(lambda: busy.n_told == 3)
    watcher.look_now()
    time.sleep(1)
    assert busy.n_told == 3, "nothing has changed since"


def test_a_store_that_cannot_be_seen_for_a_while_is_looked_at_again(store: Store, watcher: Watcher) -> None:
    shown = Shown()
    store.now = "the disk is away"
    watcher.add(shown)
    store.now = 1
    assert until(lambda: shown.n_told > 0)
    before = shown.n_told
    store.now = "away again"
    time.sleep(0.3)
    store.now = 2
    assert until(lambda: shown.n_told > before)
