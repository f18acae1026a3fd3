"""The client works on runs by id, as MLflow's does, and raises when it cannot."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

import nbtrack
from nbtrack.entities import Metric, Param, RunTag, ViewType
from nbtrack.errors import AlreadyExistsError, InvalidValueError, NotFoundError


@pytest.fixture
def client(tmp_path: Path) -> nbtrack.Client:
    return nbtrack.Client(tmp_path / "runs.duckdb")


def test_a_run_lives_from_its_creation_to_its_end(client: nbtrack.Client):
    run = client.create_run("0", start_time=1_700_000_000_000, tags={"team": "x"}, run_name="by hand")
    run_id = run.info.run_id
    assert (run.info.status, run.info.run_name, run.info.number) == ("RUNNING", "by hand", 1)
    assert run.info.start_time == 1_700_000_000_000
    client.log_metric(run_id, "loss", 0.5, timestamp=1_700_000_000_500, step=1)
    client.log_param(run_id, "lr", 0.1)
    client.set_tag(run_id, "stage", "a")
    client.delete_tag(run_id, "team")
    client.update_run(run_id, name="renamed")
    client.set_terminated(run_id, "FAILED", end_time=1_700_000_002_000)
    found = client.get_run(run_id)
    assert (found.info.status, found.info.run_name, found.info.duration) == ("FAILED", "renamed", 2.0)
    assert (found.data.params, found.data.metrics) == ({"lr": "0.1"}, {"loss": 0.5})
    assert found.data.tags == {"mlflow.runName": "renamed", "stage": "a"}
    assert nbtrack.active_run() is None


def test_a_batch_is_written_whole_or_not_at_all(client: nbtrack.Client):
    run_id = client.create_run().info.run_id
    points = [Metric("loss", 1 / (i + 1), 1_700_000_000_000 + i, i) for i in range(1500)]
    client.log_batch(run_id, points, [Param("lr", "1")], [RunTag("a", "b")])
    with pytest.raises(InvalidValueError, match="Metric 'bad' received"):
        client.log_batch(run_id, [Metric("good", 1.0), Metric("bad", "x")], [Param("new", "1")])  # type: ignore[arg-type]
    client.log_batch(run_id)
    assert client.get_metric_history(run_id, "loss") == points
    found = client.get_run(run_id)
    assert (set(found.data.metrics), found.data.params, found.data.tags["a"]) == ({"loss"}, {"lr": "1"}, "b")
    client.set_terminated(run_id)


def test_odd_numbers_come_back_in_a_history(client: nbtrack.Client):
    run_id = client.create_run().info.run_id
    client.log_batch(run_id, [Metric("x", math.nan, 5, 0), Metric("x", -math.inf, 4, -1)])
    first, second = client.get_metric_history(run_id, "x")
    assert (first.value, first.step, first.timestamp) == (-math.inf, -1, 4)
    assert math.isnan(second.value)
    client.set_terminated(run_id)


def test_files_are_listed_and_downloaded(client: nbtrack.Client, tmp_path: Path):
    run_id = client.create_run().info.run_id
    client.log_text(run_id, "hello", "notes/a.txt")
    client.log_dict(run_id, {"a": 1}, "config.json")
    client.log_table(run_id, {"x": [1]}, "notes/t.json")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "b.txt").write_text("b")
    client.log_artifact(run_id, tmp_path / "in" / "b.txt", "files")
    client.log_artifacts(run_id, tmp_path / "in", "more")
    top = client.list_artifacts(run_id)
    assert sorted((f.path, f.is_dir) for f in top) == [
        ("config.json", False),
        ("files", True),
        ("more", True),
        ("notes", True),
    ]
    [text, _] = client.list_artifacts(run_id, "notes")
    assert (text.path, text.file_size, text.mime) == ("notes/a.txt", 5, "text/plain")
    assert Path(client.download_artifacts(run_id, "notes/a.txt")).read_text() == "hello"
    folder = client.download_artifacts(run_id, "notes", tmp_path / "out")
    assert sorted(p.name for p in Path(folder).iterdir()) == ["a.txt", "t.json"]
    with pytest.raises(NotFoundError, match=r"Artifact 'nots' is not in run .*Did you mean 'notes'"):
        client.download_artifacts(run_id, "nots")
    with pytest.raises(InvalidValueError, match="Artifact path"):
        client.download_artifacts(run_id, "../x")
    client.set_terminated(run_id)


def test_what_cannot_be_done_raises(client: nbtrack.Client, tmp_path: Path):
    run_id = client.create_run().info.run_id
    with pytest.raises(InvalidValueError, match="A run does not end 'DONE'"):
        client.set_terminated(run_id, "DONE")
    with pytest.raises(InvalidValueError, match="not one number"):
        client.log_metric(run_id, "x", "a lot")  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="is not here"):
        client.log_artifact(run_id, tmp_path / "nothing")
    with pytest.raises(NotFoundError, match="Tag 'q' is not in run"):
        client.delete_tag(run_id, "q")
    for ask in (client.get_run, client.delete_run, client.set_terminated):
        with pytest.raises(NotFoundError, match=r"Run '0{32}' is not in this store"):
            ask("0" * 32)
    for log in (
        lambda: client.log_metric("0" * 32, "a", 1),
        lambda: client.log_param("0" * 32, "a", 1),
        lambda: client.set_tag("0" * 32, "a", 1),
        lambda: client.log_text("0" * 32, "a", "a.txt"),
    ):
        with pytest.raises(NotFoundError, match=r"Run '0{32}' is not in this store"):
            log()
    client.set_terminated(run_id)


def test_times_and_statuses_are_as_said(client: nbtrack.Client):
    run_id = client.create_run().info.run_id
    client.log_metric(run_id, "loss", 0.5, timestamp=0)
    assert [point.timestamp for point in client.get_metric_history(run_id, "loss")] == [0]
    client.set_terminated(run_id)
    client.update_run(run_id, status="RUNNING")
    assert client.get_run(run_id).info.status == "RUNNING"
    client.update_run(run_id, status="KILLED")
    assert client.get_run(run_id).info.status == "KILLED"


def test_the_id_of_an_experiment_is_told_when_its_name_was_given(client: nbtrack.Client):
    client.create_experiment("digits")
    with pytest.raises(NotFoundError, match="That is the name of the experiment with id '1'"):
        client.delete_experiment("digits")
    with pytest.raises(
        NotFoundError, match=r"Experiment id .x. is not in this store\. Experiment ids are whole numbers"
    ):
        client.search_runs(["x"])


def test_runs_and_experiments_go_to_the_trash_and_come_back(client: nbtrack.Client):
    experiment_id = client.create_experiment("digits", tags={"a": "1"})
    with pytest.raises(AlreadyExistsError, match="Experiment 'digits' already exists"):
        client.create_experiment("digits")
    run_id = client.create_run(experiment_id).info.run_id
    client.set_terminated(run_id)
    client.delete_run(run_id)
    assert client.search_runs([experiment_id]) == []
    assert [r.info.run_id for r in client.search_runs([experiment_id], "", ViewType.DELETED_ONLY)] == [run_id]
    client.restore_run(run_id)
    assert [r.info.run_id for r in client.search_runs()] == [run_id]
    client.rename_experiment(experiment_id, "numbers")
    found = client.get_experiment_by_name("numbers")
    assert found == client.get_experiment(experiment_id)
    client.delete_experiment(experiment_id)
    with pytest.raises(InvalidValueError, match="'numbers' is in the trash; restore it first"):
        client.create_run(experiment_id)
    assert "numbers" not in [e.name for e in client.search_experiments()]
    client.restore_experiment(experiment_id)
    assert "numbers" in [e.name for e in client.search_experiments(order_by=["name"])]
