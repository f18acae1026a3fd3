"""``set_tracking_uri("http://…")``: what works with a file works with a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import nbtrack
from nbtrack.store.remote import connection, shipper
from nbtrack.store.remote.store import ServerStore
from tests.store.remote.served import Served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setenv("NBTRACK_OUTBOX", str(tmp_path / "outbox"))
    monkeypatch.setattr(shipper, "PAUSE_S", 0.02)
    monkeypatch.setattr(connection, "REST_S", 0.05)
    found = Served(tmp_path / "team.duckdb")
    nbtrack.set_tracking_uri(found.url)
    yield found
    nbtrack.Client().store.close()
    nbtrack.set_tracking_uri(None)
    found.stop()


def test_a_training_is_recorded_and_found(served: Served, tmp_path: Path):
    nbtrack.set_experiment("vision")
    with nbtrack.start_run("fox", params={"lr": 0.1}, tags={"team": "x"}) as run:
        for step in range(20):
            run.log_metric("loss", 1 / (1 + step), step)
        nbtrack.log_text("hello", "notes/a.txt")
        with nbtrack.start_run("cub", nested=True):
            nbtrack.log_metric("loss", 9.0)
    nbtrack.set_experiment(None)
    assert run.number == 1
    frame = nbtrack.search_runs("metrics.loss < 1", experiment_names=["vision"])
    assert frame["run_id"].tolist() == [run.id]
    found = nbtrack.get_run(run.id)
    assert (found.info.status, found.data.params["lr"], found.data.summaries["loss"].count) == ("FINISHED", "0.1", 20)
    assert len(nbtrack.metric_history(run.id, "loss")) == 20
    assert nbtrack.sql("SELECT count(*) AS n FROM runs")["n"].tolist() == [2]
    assert (served.store.artifact_file(run.id, "notes/a.txt")).read_text() == "hello"
    assert nbtrack.get_tracking_uri() == served.url
    nbtrack.set_experiment("vision")
    nbtrack.set_experiment_tag("owner", "ada")
    nbtrack.set_experiment(None)
    vision = nbtrack.get_experiment_by_name("vision")
    assert vision is not None
    assert vision.tags == {"owner": "ada"}


def test_views_show_the_runs_of_a_server(served: Served):
    ids = []
    for n in range(3):
        with nbtrack.start_run(f"run {n}", params={"lr": n}) as run:
            run.log_metric("score", float(n))
        ids.append(run.id)
    board = nbtrack.runs()
    assert len(board.df) == 3
    assert nbtrack.compare(*ids[:2]).df is not None
    assert nbtrack.live(ids[0]) is not None
    assert nbtrack.registry() is not None
    html, _ = board.summary()
    assert "run 2" in html


def test_a_run_begins_and_ends_without_the_server(served: Served):
    served.is_down = True
    chosen = nbtrack.set_experiment("on the train")
    assert (chosen.experiment_id, chosen.name) == ("", "on the train")
    with nbtrack.start_run("offline") as run:
        run.log_metric("loss", 0.5)
    nbtrack.set_experiment(None)
    assert run.number is None
    served.is_down = False
    store = nbtrack.Client().store
    assert isinstance(store, ServerStore)
    store.sync()
    found = nbtrack.get_run(run.id)
    assert (found.info.status, found.info.number, found.data.metrics["loss"]) == ("FINISHED", 1, 0.5)
    assert nbtrack.get_experiment(found.info.experiment_id).name == "on the train"
