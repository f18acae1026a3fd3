"""Following a run through growing journals: every point once, also when a fold takes the journal away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from nbtrack.journal.follow import Follower, GapError
from nbtrack.journal.segments import list_segments
from nbtrack.names import new_run_id
from nbtrack.store.local import LocalStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LocalStore]:
    made = LocalStore(tmp_path / "runs.duckdb")
    yield made
    made.close()


def begin(store: LocalStore) -> str:
    run = new_run_id()
    body = {"experiment_id": 0, "experiment": "Default", "name": "a", "number": 1, "start_us": 1}
    store.append(("start", run, None, body))
    return run


def log(store: LocalStore, run: str, steps: range) -> None:
    for step in steps:
        store.log_metrics(run, step, {"loss": float(step)})


def steps_of(follower: Follower) -> list[float]:
    return follower.news().points.get("loss", ([], [], []))[0]


def test_what_a_look_saw_and_what_follows_are_all_points(store: LocalStore) -> None:
    run, other = begin(store), begin(store)
    log(store, run, range(5))
    found = store.curves(run, 100)
    np.testing.assert_array_equal(found.series["loss"]["step"], np.arange(5))
    log(store, run, range(5, 8))
    log(store, other, range(100, 103))
    follower = Follower(store.folder, run, found.cut)
    assert steps_of(follower) == [5, 6, 7]
    assert steps_of(follower) == []
    store.append(("params", run, {"lr": "1"}, None))
    assert follower.news().has_other
    assert not follower.news().has_other
    follower.close()


def test_folds_in_between_take_nothing_away_and_bring_nothing_twice(store: LocalStore) -> None:
    run = begin(store)
    log(store, run, range(3))
    store.fold()
    log(store, run, range(3, 6))
    follower = Follower(store.folder, run, store.curves(run, 100).cut)
    seen = []
    for begin_at in range(6, 60, 6):
        log(store, run, range(begin_at, begin_at + 3))
        if begin_at % 4:
            seen += steps_of(follower)
        log(store, run, range(begin_at + 3, begin_at + 6))
        if begin_at % 18 == 0:
            seen += steps_of(follower)
            store.fold()
    seen += steps_of(follower)
    assert seen == list(range(6, 60))
    follower.close()


def test_a_segment_that_came_and_went_is_a_gap(store: LocalStore) -> None:
    run = begin(store)
    follower = Follower(store.folder, run, store.curves(run, 100).cut)
    follower.news()
    for part in range(3):
        log(store, run, range(part * 3, part * 3 + 3))
        store.fold()
    log(store, run, range(9, 12))
    with pytest.raises(GapError):
        follower.news()
    follower.close()


def test_a_damaged_line_is_a_gap(store: LocalStore) -> None:
    run = begin(store)
    follower = Follower(store.folder, run, store.curves(run, 100).cut)
    log(store, run, range(3))
    ((segment,),) = list_segments(store.folder / "w").values()
    data = segment.path.read_bytes()
    at = data.rfind(b'{"q":')
    segment.path.write_bytes(data[:at] + b"#" + data[at + 1 :])
    with pytest.raises(GapError):
        follower.news()
    follower.close()
    segment.path.write_bytes(data)
