"""Trials on a Dask cluster; its scheduler and workers are in this process."""

from __future__ import annotations

import time
from typing import Any

import dask
import distributed
import pytest

import nbtrack
from nbtrack.errors import InvalidValueError, NbtrackWarning
from nbtrack.sweeps import linear
from nbtrack.tracking import active


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None, protocol="inproc"
    ) as found:
        yield found


@pytest.fixture(autouse=True)
def _store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")


def test_trials_run_on_a_cluster_and_their_failures_and_prunes_are_told(cluster):
    def train(run, x):
        if x > 2:
            raise ValueError("too much")
        for step in range(4):
            run.report(abs(x) + 1 / (step + 1), step)

    options: dict[str, Any] = {"method": "random", "n_trials": 16, "seed": 2, "metric": "loss", "pruner": "median"}
    with distributed.Client(cluster) as client:
        with pytest.warns(NbtrackWarning, match="ValueError: too much"):
            found = nbtrack.sweep(train, {"x": linear(-3, 3)}, **options, cluster=client)
        assert client.status == "running"
    assert found.is_done
    assert found.failed
    assert found.standing.pruned > 0
    assert [trial.status for trial in found.trials] == found.runs["status"].tolist()
    assert {trial.error for trial in found.failed} == {"ValueError: too much"}
    assert active.open_runs() == []


def test_an_interrupt_stops_what_goes_on_there(cluster):
    def train(run, x):
        distributed.Event(f"begun-{x}").set()
        step = 0
        try:
            while x:
                run.log_metric("loss", 1.0, step=(step := step + 1))
                time.sleep(0.01)
        finally:
            distributed.Event(f"ended-{x}").set()
        return 0

    def interrupts(news):
        if news.kind == "ended":
            assert distributed.Event("begun-1").wait(30)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nbtrack.sweep(train, {"x": [0, 1]}, metric="loss", cluster=cluster, listener=interrupts)
    with distributed.Client(cluster):
        assert distributed.Event("ended-1").wait(30)
    assert nbtrack.search_runs("parent_run_id IS NOT NULL", order_by=["number"])["status"].tolist() == [
        "FINISHED",
        "KILLED",
    ]


def test_an_address_without_a_scheduler_is_refused():
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "100ms"}),
        pytest.raises(InvalidValueError, match="no Dask scheduler"),
    ):
        nbtrack.sweep(lambda x: x, {"x": [1]}, direction="max", cluster="tcp://127.0.0.1:9")
    assert len(nbtrack.search_runs()) == 0
