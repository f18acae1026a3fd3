"""Which run is meant: that of this task or thread, else the only one that is open."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

import nbtrack

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _store(tmp_path: Path):
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")


def test_eight_threads_log_into_one_run_without_loss():
    with nbtrack.start_run() as run, ThreadPoolExecutor(8) as pool:

        def work(thread: int) -> None:
            for step in range(2000):
                nbtrack.log_metric(f"thread {thread}", float(step), step=step)

        list(pool.map(work, range(8)))
    summaries = run.data.summaries
    assert {key: (s.count, s.last, s.step) for key, s in summaries.items()} == {
        f"thread {i}": (2000, 1999.0, 1999) for i in range(8)
    }
    steps = nbtrack.sql("SELECT key, count(DISTINCT step) AS n FROM metrics GROUP BY key")
    assert steps["n"].tolist() == [2000] * 8


def test_a_thread_without_a_run_logs_into_the_innermost_run_of_the_only_chain():
    with nbtrack.start_run(), nbtrack.start_run(nested=True) as child:
        thread = threading.Thread(target=lambda: nbtrack.log_metric("x", 1))
        thread.start()
        thread.join()
    assert child.data.metrics == {"x": 1.0}


def test_between_two_chains_a_thread_does_not_guess():
    ready, done = threading.Barrier(3), threading.Event()

    def hold() -> None:
        with nbtrack.start_run():
            ready.wait()
            done.wait()

    threads = [threading.Thread(target=hold) for _ in range(2)]
    for thread in threads:
        thread.start()
    ready.wait()
    assert nbtrack.active_run() is None
    done.set()
    for thread in threads:
        thread.join()
    assert nbtrack.search_runs()["status"].tolist() == ["FINISHED", "FINISHED"]


def test_threads_that_start_runs_of_their_own_do_not_mix():
    barrier = threading.Barrier(6)

    def work(number: int) -> str:
        barrier.wait()
        with nbtrack.start_run(f"thread {number}") as run:
            barrier.wait()
            for step in range(20):
                nbtrack.log_metric("x", number, step=step)
            nbtrack.log_param("number", number)
            barrier.wait()
        return run.id

    with ThreadPoolExecutor(6) as pool:
        ids = list(pool.map(work, range(6)))
    found = nbtrack.search_runs().set_index("run_id")
    assert found.loc[ids, "params.number"].tolist() == [str(i) for i in range(6)]
    assert found.loc[ids, "metrics.x"].tolist() == [float(i) for i in range(6)]
    counts = nbtrack.sql("SELECT run_id, count(*) AS n FROM metrics GROUP BY run_id")
    assert counts["n"].tolist() == [20] * 6


def test_tasks_that_start_runs_of_their_own_do_not_mix():
    async def work(number: int) -> str:
        with nbtrack.start_run(f"task {number}", nested=False) as run:
            for _ in range(5):
                await asyncio.sleep(0)
                nbtrack.log_metric("x", number)
        return run.id

    async def main() -> list[str]:
        return list(await asyncio.gather(*map(work, range(10))))

    ids = asyncio.run(main())
    found = nbtrack.search_runs().set_index("run_id")
    assert found.loc[ids, "metrics.x"].tolist() == [float(i) for i in range(10)]
    assert found.loc[ids, "run_name"].tolist() == [f"task {i}" for i in range(10)]
    counts = nbtrack.sql("SELECT run_id, count(*) AS n FROM metrics GROUP BY run_id")
    assert counts["n"].tolist() == [5] * 10


def test_tasks_inside_a_run_start_children_of_it():
    async def work() -> str:
        with nbtrack.start_run(nested=True) as run:
            await asyncio.sleep(0)
            assert nbtrack.active_run() is run
        return run.id

    async def main() -> list[str]:
        return list(await asyncio.gather(*(work() for _ in range(5))))

    with nbtrack.start_run() as parent:
        ids = asyncio.run(main())
        assert nbtrack.active_run() is parent
    assert {nbtrack.get_run(i).info.parent_run_id for i in ids} == {parent.id}


def test_the_store_is_chosen_by_hand_or_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert nbtrack.get_tracking_uri() == str(tmp_path / "runs.duckdb")
    nbtrack.set_tracking_uri(None)
    monkeypatch.setenv("NBTRACK_TRACKING_URI", str(tmp_path / "other.duckdb"))
    assert nbtrack.get_tracking_uri() == str(tmp_path / "other.duckdb")
    monkeypatch.delenv("NBTRACK_TRACKING_URI")
    monkeypatch.chdir(tmp_path)
    assert nbtrack.get_tracking_uri() == str(tmp_path / "runs.duckdb")
