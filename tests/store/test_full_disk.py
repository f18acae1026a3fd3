"""A full disk: the training goes on, one warning is given, and when there is room again everything is there."""

from __future__ import annotations

import traceback
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from tests.store.disks import Disk
from tests.store.processes import quick, running

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("disks")]
MIB = 1 << 20


def in_child(work: Callable[..., Any], *args: Any) -> Any:
    """Return what `work` returns in a process of its own."""
    context = quick()
    ours, theirs = context.Pipe(duplex=False)
    with running(context.Process(target=_answer, args=(theirs, work, args))):
        theirs.close()
        assert ours.poll(240), "no answer"
        is_good, answer = ours.recv()
    assert is_good, answer
    return answer


def _answer(said: Connection, work: Callable[..., Any], args: tuple[Any, ...]) -> None:
    try:
        answer = True, work(*args)
    except BaseException:
        answer = False, traceback.format_exc()
    said.send(answer)


def train_on_a_small_disk(folder: Path, size: int, pretend: bool) -> dict[str, Any]:
    """Log through the API until the disk is full and beyond, make room, go on, end."""
    import nbtrack
    from nbtrack.store.opening import close_all, open_local

    disk = Disk(folder, size, pretend=pretend)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        nbtrack.set_tracking_uri(folder / "runs.duckdb")
        run = nbtrack.start_run("full")
        writer, store = run.store.writer, open_local(folder / "runs.duckdb")
        store.keeper.close()  # folds would need room of their own; they are another test's
        store.keeper.wake = lambda: None  # type: ignore[method-assign]
        disk.fill(leave=400_000)
        full_at = None
        for step in range(6000):
            run.log_metric("loss", 1 / (step + 1), step=step)
            run.log_metrics({f"metric {i}": float(step) for i in range(20)}, step=step)
            if full_at is None and writer.waiting:
                full_at = step
        waited = writer.waiting
        run.log_param("late", "param")
        run.set_tag("late", "tag")
        # The end fits in all the same: kinds on disk before any room is made.
        run.end()
        ended = b'"k":"end"' in b"".join(path.read_bytes() for path in (folder / "runs.nbtrack" / "w").glob("*.jnl"))
        disk.grow()
        with nbtrack.start_run("after") as after:
            after.log_metric("loss", 0.5)
        left = writer.waiting
        close_all()
    found = nbtrack.get_run(run.id)
    return {
        "warnings": [str(w.message) for w in told if w.category.__name__ == "NbtrackWarning"],
        "full_at": full_at,
        "waited": waited,
        "ended": ended,
        "left": left,
        "lost": (run.lost, writer.lost, found.info.lost),
        "status": found.info.status,
        "counts": {s.count for s in found.data.summaries.values()},
        "texts": (found.data.params["late"], found.data.tags["late"]),
        "steps": nbtrack.metric_history(run.id, "loss")["step"].tolist() == list(range(6000)),
        "after": nbtrack.get_run(after.id).info.status,
    }


@pytest.mark.parametrize(("size", "pretend"), [(2, False), (4, False), (8, False), (8, True)])
def test_training_goes_on_while_the_disk_is_full_and_nothing_is_lost(tmp_path: Path, size: int, pretend: bool) -> None:
    found = in_child(train_on_a_small_disk, tmp_path, size * MIB, pretend)
    assert found["full_at"] is not None
    assert found["waited"] > 1000, "records waited in memory"
    assert found["ended"], "the end of the run was written with the room kept for it"
    assert found["left"] == 0
    assert found["lost"] == (0, 0, 0)
    assert len(found["warnings"]) == 1, found["warnings"]
    assert "No space left on device" in found["warnings"][0]
    assert (found["status"], found["after"]) == ("FINISHED", "FINISHED")
    assert (found["counts"], found["steps"]) == ({6000}, True)
    assert found["texts"] == ("param", "tag")


def fold_on_a_small_disk(folder: Path) -> dict[str, Any]:
    """Write more than fits twice, so that no fold can end; make room and fold."""
    import duckdb

    from nbtrack.errors import StoreError
    from nbtrack.store.protocol import RunQuery
    from tests.store.kit import quiet_store, start

    disk = Disk(folder, 6 * MIB)
    store = quiet_store(folder / "runs.duckdb")
    first = start(store, "first")
    store.log_metrics(first, 0, {"x": 1.0})
    assert store.fold()
    second = start(store, "second")
    values = {f"metric {i}": i / 7 for i in range(100)}
    steps = 0
    while steps < 1100 and sum(s.size for g in _segments(store) for s in g) < 2.8 * MIB:
        store.log_metrics(second, steps, values)
        steps += 1
    disk.fill(leave=400_000)
    refused = 0
    for _ in range(5):
        try:
            refused += store.fold() is None
        except StoreError as error:
            refused += "journals keep every record" in str(error)
    store.search_runs(RunQuery())
    leftovers = [path.name for path in (store.folder / "history").iterdir() if path.suffix == ".new"]
    history = len([*(store.folder / "history").glob("*.parquet")])
    disk.grow()
    assert store.fold() is not None
    found = duckdb.connect(str(store.path), read_only=True).execute("SELECT count(*) FROM metrics").fetchall()
    store.writer.close()
    return {
        "is_real": disk.is_real,
        "refused": refused,
        "leftovers": leftovers,
        "history": history,
        "rows": found[0][0],
        "steps": steps,
    }


def _segments(store: Any) -> list[Any]:
    from nbtrack.journal.segments import list_segments

    return [*list_segments(store.folder / "w").values()]


def test_a_fold_that_finds_no_room_leaves_all_as_it_was(tmp_path: Path) -> None:
    found = in_child(fold_on_a_small_disk, tmp_path)
    if found["is_real"]:
        assert found["refused"] == 5
    assert found["leftovers"] == []
    assert found["history"] == 2, "what a failed fold put into the history is taken back"
    assert found["rows"] == 1 + 100 * found["steps"]
