"""Several processes on one database; some are killed, and so is the database."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from nbtrack.errors import NbtrackError, UnreachableError
from nbtrack.store.postgres import pool
from nbtrack.store.protocol import RunQuery
from tests.store.kit import end, start
from tests.store.remote.served import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nbtrack.store.postgres.store import PostgresStore
    from tests.store.postgres.cluster import Cluster

    Machine = Callable[[str], PostgresStore]

PRELUDE = """
import json, sys
from nbtrack.store.postgres.store import PostgresStore
from nbtrack.store.protocol import RunQuery
from nbtrack.store.registry_protocol import NewVersion
from nbtrack.store.remote import shipper
from tests.store.kit import start, end
store = PostgresStore(sys.argv[1])
def say(value):
    print(json.dumps(value), flush=True)
"""
CROWD = """
numbers, experiments, versions = [], [], []
for n in range(4):
    run_id = start(store, f"{sys.argv[2]}-{n}")
    store.log_metrics(run_id, 0, {"x": 1.0})
    numbers.append(store.get_run(run_id).info.number)
    experiments.append([store.experiment_id(f"shared {n}"), store.experiment_id(f"{sys.argv[2]} {n}")])
    versions.append(store.registry.create_version("fraud", NewVersion("s3://bucket/model"), makes_model=True).version)
    end(store, run_id)
store.shipper.flush()
say([numbers, experiments, versions])
sys.stdin.readline()
say(len(store.search_runs(RunQuery())))
store.close()
"""
VICTIM = """
shipper.LEASE_S = 3.0
run_id = start(store, "orphan")
for step in range(1000):
    store.log_metrics(run_id, step, {"loss": float(step)})
store.shipper.flush()
say(run_id)
sys.stdin.read()
"""


def child(script: str, url: str, name: str, tmp_path: Path) -> subprocess.Popen[str]:
    places = {"NBTRACK_OUTBOX": str(tmp_path / name / "outbox"), "NBTRACK_CACHE": str(tmp_path / name / "cache")}
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + script, url, name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **places},
    )


def heard(process: subprocess.Popen[str]) -> Any:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def test_no_number_is_given_out_twice_and_each_sees_the_others(url: str, machine: Machine, tmp_path: Path):
    crowd = [child(CROWD, url, name, tmp_path) for name in ("left", "right")]
    said = [heard(process) for process in crowd]
    for process in crowd:
        assert process.stdin is not None
        process.stdin.write("look\n")
        process.stdin.flush()
    assert [heard(process) for process in crowd] == [8, 8]
    assert [process.wait(30) for process in crowd] == [0, 0]
    assert sorted(n for numbers, _, _ in said for n in numbers) == [*range(1, 9)]
    assert sorted(n for _, _, versions in said for n in versions) == [*range(1, 9)]
    shared = [[pair[0] for pair in experiments] for _, experiments, _ in said]
    own = [pair[1] for _, experiments, _ in said for pair in experiments]
    assert shared[0] == shared[1]
    assert sorted([*shared[0], *own]) == [*range(1, 13)]
    store = machine("here")
    assert len(store.search_experiments(max_results=100)) == 13
    assert len(store.search_runs(RunQuery("metrics.x = 1"))) == 8


def test_a_killed_process_is_found_out_when_its_lease_ends(url: str, machine: Machine, tmp_path: Path):
    process = child(VICTIM, url, "victim", tmp_path)
    run_id = heard(process)
    store = machine("here")
    assert store.get_run(run_id).info.status == "RUNNING"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    wait_until(lambda: store.get_run(run_id).info.status == "KILLED")
    assert store.get_run(run_id).data.summaries["loss"].count == 1000


def test_nothing_acknowledged_is_lost_when_the_database_restarts(
    cluster: Cluster, machine: Machine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pool, "REST_S", 0.05)
    store, reader = machine("here"), machine("reader")
    run_id = start(store, "steady")  # type: ignore[arg-type]
    acknowledged = 0
    is_over = threading.Event()

    def log() -> None:
        nonlocal acknowledged
        for step in range(10_000_000):
            store.log_metrics(run_id, step, {"x": float(step)})
            if step % 50 == 0:
                try:
                    store.shipper.flush()
                    acknowledged = step + 1
                except NbtrackError:
                    is_over.wait(0.05)
            if is_over.is_set():
                return

    thread = threading.Thread(target=log)
    thread.start()
    try:
        for mode in ("fast", "immediate"):
            wait_until(lambda before=acknowledged: acknowledged > before + 200)
            cluster.stop(mode)
            so_far = acknowledged
            cluster.start()
            wait_until(lambda: len(_points(reader, run_id)) >= so_far)  # noqa: B023
    finally:
        is_over.set()
        thread.join()
    wait_until(lambda: _sent(store))
    points = _points(reader, run_id)
    assert points == [float(n) for n in range(len(points))]
    assert len(points) >= acknowledged


def test_recording_goes_on_without_the_database(cluster: Cluster, machine: Machine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pool, "REST_S", 0.05)
    store = machine("here")
    cluster.stop()
    try:
        store.shipper.wake = lambda: None  # type: ignore[method-assign]
        assert (store.next_run_number(), store.experiment_id("vision")) == (None, None)
        run_id = start(store, "offline", experiment_id=None, experiment="vision", number=None)  # type: ignore[arg-type]
        store.log_metrics(run_id, 0, {"x": 1.0})
        end(store, run_id)  # type: ignore[arg-type]
        with pytest.raises(UnreachableError, match=r"answer.*nbtrack sync"):
            store.get_run(run_id)
    finally:
        cluster.start()
    wait_until(lambda: _sent(store))
    run = store.get_run(run_id)
    assert (run.info.number, run.info.experiment_id, run.data.metrics) == (1, "1", {"x": 1.0})


def _points(store: PostgresStore, run_id: str) -> list[float]:
    try:
        found: list[float] = store.metric_history(run_id, "x")[2].tolist()
    except NbtrackError:
        return []
    return found


def _sent(store: PostgresStore) -> bool:
    try:
        store.sync()
    except NbtrackError:
        return False
    return True
