"""Many processes on one store, and somebody's DuckDB session on its file: no error reaches anyone, nobody who writes waits."""

from __future__ import annotations

import time
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from nbtrack.entities import ViewType
from nbtrack.errors import NbtrackWarning
from nbtrack.store.local import LocalStore
from nbtrack.store.protocol import RunQuery
from tests.store.kit import end, quiet_store, start
from tests.store.processes import quick, running

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

SECONDS = 30.0


def write(path: Path, said: Connection) -> None:
    """Log 100 times a second, with the thread that folds; tell how long the caller waited at most, and what was written."""
    store = LocalStore(path)
    run_id = start(store, "busy")
    slowest = 0.0
    step = 0
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        begin = time.perf_counter()
        store.log_metrics(run_id, step, {"x": float(step), "y": 0.5})
        slowest = max(slowest, time.perf_counter() - begin)
        step += 1
        time.sleep(0.01)
    end(store, run_id)
    store.close()
    said.send({"run": run_id, "steps": step, "slowest": slowest, "waiting": store.writer.waiting})


def read(path: Path, said: Connection) -> None:
    """Look again and again; what was seen once must stay, and a copy says since when it is one and who holds the file."""
    warnings.simplefilter("ignore", NbtrackWarning)
    store = LocalStore(path)
    points = looks = copies = 0
    holders = set()
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        columns = store.run_columns(RunQuery(view=ViewType.ALL))
        now = int(sum(columns.metrics["x"]["count"])) if columns.metrics else 0
        assert now >= points, "nothing that was seen goes away"
        points = now
        looks += 1
        if columns.snapshot is not None:
            copies += 1
            assert time.time() - SECONDS < columns.snapshot <= time.time()
            holders.add(columns.holder)
        time.sleep(0.05)
    said.send({"looks": looks, "copies": copies, "holders": holders, "points": points})


def hold(path: Path, said: Connection) -> None:
    """Be a person with the DuckDB command line: hold the file for three seconds, let it go for two, again and again."""
    import os

    import duckdb

    times = 0
    until = time.monotonic() + SECONDS - 6
    while time.monotonic() < until:
        try:
            con = duckdb.connect(str(path))
        except duckdb.IOException:
            time.sleep(0.005)  # somebody folds this moment
            continue
        con.execute("CREATE TABLE IF NOT EXISTS mine AS SELECT 1 AS x")
        time.sleep(3)
        con.close()
        times += 1
        time.sleep(2)
    said.send({"pid": os.getpid(), "times": times})


def answers_of(context: Any, path: Path, *works: Any) -> list[Any]:
    """Return what each of these says at its end, all running at once."""
    pipes = [context.Pipe(duplex=False) for _ in works]
    processes = [
        context.Process(target=work, args=(path, theirs)) for work, (_, theirs) in zip(works, pipes, strict=True)
    ]
    with running(*processes):
        for _, theirs in pipes:
            theirs.close()
        return [ours.recv() for ours, _ in pipes]


@pytest.mark.slow
@pytest.mark.xdist_group("many")
def test_eight_writers_two_readers_and_a_holder_get_along(tmp_path: Path) -> None:
    path = tmp_path / "runs.duckdb"
    first = quiet_store(path)
    end(first, start(first, "first"))
    first.close()
    *wrote, one, other, holder = answers_of(quick(), path, *[write] * 8, read, read, hold)
    with LocalStore(path).reading() as reader:
        found = dict(reader.con.execute("SELECT run_id, count(*) FROM metrics WHERE key = 'x' GROUP BY ALL").fetchall())
        runs = dict(reader.con.execute("SELECT run_id, status FROM runs WHERE name = 'busy'").fetchall())
    assert found == {each["run"]: each["steps"] for each in wrote}
    assert runs == dict.fromkeys(found, "FINISHED")
    assert {each["waiting"] for each in wrote} == {0}
    for looked in (one, other):
        assert looked["looks"] > 10
        assert looked["copies"] > 0, "the holder was seen"
        assert all(f"(PID {holder['pid']})" in who and "python" in who for who in looked["holders"])
        assert looked["points"] > 0
    assert holder["times"] >= 3
    slowest = max(each["slowest"] for each in wrote)
    assert slowest < 3, "nobody who writes waits for a holder of three seconds"
    print(
        f"\n8 writers, {sum(found.values())} records, slowest call {slowest * 1000:.1f} ms; 2 readers, "
        f"{one['looks'] + other['looks']} looks, {one['copies'] + other['copies']} of them at copies; held {holder['times']} times"
    )


def begin_here(path: Path, said: Connection) -> None:
    """Be one of many that use an empty folder first."""
    store = quiet_store(path)
    experiment = store.experiment_id("digits")
    run_id = start(store, "first use", experiment_id=experiment, experiment="digits")
    store.log_metrics(run_id, 0, {"x": 1.0})
    store.close()
    said.send((experiment, run_id))


@pytest.mark.slow
def test_twenty_processes_may_use_an_empty_folder_first(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "folder" / "runs.duckdb"
    found = answers_of(quick(), path, *[begin_here] * 20)
    assert {experiment for experiment, _ in found} == {1}
    store = LocalStore(path)
    assert [e.name for e in store.search_experiments(view=ViewType.ALL)] in (
        ["digits", "Default"],
        ["Default", "digits"],
    )
    runs = store.search_runs(RunQuery(experiment_ids=("1",)))
    assert sorted(run.info.number or 0 for run in runs) == list(range(1, 21))
    assert {run.info.run_id for run in runs} == {run_id for _, run_id in found}
    assert all(run.data.metrics == {"x": 1.0} for run in runs)
