"""What was written is folded when it is due, whether or not anything is written after it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from nbtrack.store import keeper
from nbtrack.store.keeper import Keeper

if TYPE_CHECKING:
    import pytest

LONG = 30.0


def test_the_last_records_are_folded_too(monkeypatch: pytest.MonkeyPatch):
    """A look reads the tail anew as long as nobody folds it; after a failure it is tried again, after success never."""
    for name, seconds in (("FOLD_S", 0.05), ("RETRY_S", 0.05), ("SYNC_S", 0.0)):
        monkeypatch.setattr(keeper, name, seconds)
    answers, done = [True, False], threading.Event()
    folded: list[bool] = []

    def fold() -> bool:
        folded.append(answers.pop())
        if folded[-1]:
            done.set()
        return folded[-1]

    found = Keeper(lambda: None, fold)
    found.wake()
    assert done.wait(LONG)
    found.close()
    assert folded == [False, True]
