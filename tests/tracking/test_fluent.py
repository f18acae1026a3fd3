"""`import nbtrack as mlflow`: a script written for MLflow works as it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import nbtrack as mlflow
from nbtrack.errors import InvalidValueError, NotFoundError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _store(tmp_path: Path):
    mlflow.set_tracking_uri(tmp_path / "runs.duckdb")
    yield
    mlflow.set_experiment("Default")


def test_the_quickstart_of_mlflow(tmp_path: Path):
    pyplot = pytest.importorskip("matplotlib.figure")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.txt").write_text("a")
    (tmp_path / "model.bin").write_bytes(b"\x00\x01")
    figure = pyplot.Figure()
    figure.subplots().plot([1, 2])

    mlflow.set_experiment("MLflow Quickstart")
    with mlflow.start_run(run_name="first") as run:
        mlflow.log_param("lr", 0.01)
        mlflow.log_params({"solver": "lbfgs", "max_iter": 1000})
        for step in range(3):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"acc": 0.9, "f1": 0.8}, step=3)
        mlflow.set_tag("Training Info", "Basic LR model")
        mlflow.set_tags({"team": "x", "gone": 1})
        mlflow.delete_tag("gone")
        mlflow.log_text("hello", "notes/hello.txt")
        mlflow.log_dict({"a": [1, float("nan")]}, "config.json")
        mlflow.log_dict({"a": 1}, "config.yaml")
        mlflow.log_figure(figure, "plot.png")
        mlflow.log_table({"x": [1, 2]}, "table.json")
        mlflow.log_table({"x": [3]}, "table.json")
        mlflow.log_artifact(str(tmp_path / "model.bin"), "models")
        mlflow.log_artifacts(str(tmp_path / "out"), artifact_path="out")
        mlflow.log_input(pd.DataFrame({"x": [1, 2]}), context="training")
        assert mlflow.active_run() is run
    assert mlflow.active_run() is None

    found = mlflow.search_runs(experiment_names=["MLflow Quickstart"], order_by=["metrics.loss ASC"])
    assert len(found) == 1
    row = found.iloc[0]
    assert (row["run_id"], row["status"], row["params.lr"], row["metrics.loss"]) == (
        run.info.run_id,
        "FINISHED",
        "0.01",
        1 / 3,
    )
    assert row["tags.Training Info"] == "Basic LR model"
    stored = mlflow.last_active_run()
    assert stored
    assert stored.data.metrics == {"loss": 1 / 3, "acc": 0.9, "f1": 0.8}
    assert "gone" not in stored.data.tags
    [used] = stored.inputs.dataset_inputs
    assert used.context == "training"

    client = mlflow.Client()
    names = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert names >= {"notes", "config.json", "config.yaml", "plot.png", "table.json", "models", "out"}
    folder = tmp_path / "down"
    client.download_artifacts(run.info.run_id, "", folder)
    assert (folder / "notes/hello.txt").read_text() == "hello"
    assert json.loads((folder / "config.json").read_text()) == {"a": [1, "NaN"]}
    assert (folder / "models/model.bin").read_bytes() == b"\x00\x01"
    assert (folder / "plot.png").read_bytes().startswith(b"\x89PNG")
    assert mlflow.load_table("table.json")["x"].tolist() == [1, 2, 3]


def test_logging_without_a_run_opens_one():
    mlflow.log_metric("loss", 0.5)
    run = mlflow.active_run()
    assert run
    mlflow.end_run()
    assert mlflow.active_run() is None
    assert mlflow.get_run(run.id).info.status == "FINISHED"
    mlflow.end_run()


def test_a_run_is_found_by_id_number_and_name():
    with mlflow.start_run("brave fox") as run:
        pass
    for name in (run.id, run.id[:20], "1", "#1", "brave fox"):
        assert mlflow.get_run(name).info.run_id == run.id
    with pytest.raises(NotFoundError, match=r"Run 'brave fix' is not in this store\. Did you mean 'brave fox'"):
        mlflow.get_run("brave fix")
    with pytest.raises(NotFoundError, match="is not in this store"):
        mlflow.get_run("0" * 32)


def test_files_can_be_logged_into_another_run(tmp_path: Path):
    with mlflow.start_run() as other:
        pass
    (tmp_path / "f.txt").write_text("f")
    with mlflow.start_run() as run:
        mlflow.log_text("a", "a.txt", run_id=other.id)
        mlflow.log_dict({}, "b.json", run_id=other.id)
        mlflow.log_table({"x": [1]}, "t.json", run_id=other.id)
        mlflow.log_artifact(tmp_path / "f.txt", run_id=other.id)
        mlflow.log_text("own", "own.txt", run_id=run.id)
    client = mlflow.Client()
    assert [f.path for f in client.list_artifacts(other.id)] == ["a.txt", "b.json", "f.txt", "t.json"]
    assert "own.txt" in [f.path for f in client.list_artifacts(run.id)]
    assert mlflow.get_run(other.id).info.status == "FINISHED"


def test_a_folder_is_logged_whole_but_links_do_not_lead_out_of_it(tmp_path: Path):
    inside = tmp_path / "data"
    (inside / "deep").mkdir(parents=True)
    (inside / "deep" / "b.txt").write_text("b")
    (tmp_path / "secret.txt").write_text("secret")
    (inside / "link.txt").symlink_to(tmp_path / "secret.txt")
    with mlflow.start_run() as run:
        mlflow.log_artifact(inside)
        mlflow.log_artifact(inside, "again")
    folder = mlflow.Client().download_artifacts(run.id, dst_path=tmp_path / "out")
    assert {p.relative_to(folder).as_posix() for p in (tmp_path / "out").rglob("*.txt")} >= {
        "data/deep/b.txt",
        "again/data/deep/b.txt",
    }
    assert not list((tmp_path / "out").rglob("link.txt"))


def test_a_table_of_several_runs_says_which_run_a_row_is_from():
    runs = []
    for value in (1, 2):
        with mlflow.start_run(f"run {value}") as run:
            mlflow.log_table({"x": [value]}, "eval/table.json")
            runs.append(run.id)
    frame = mlflow.load_table("eval/table.json", run_ids=runs, extra_columns=["run_id", "run_name"])
    assert frame["x"].tolist() == [1, 2]
    assert frame["run_id"].tolist() == runs
    assert frame["run_name"].tolist() == ["run 1", "run 2"]
    assert mlflow.load_table("eval/table.json")["x"].tolist() == [2]
    with pytest.raises(NotFoundError, match=r"other\.json"):
        mlflow.load_table("other.json")


def test_a_run_goes_to_the_trash_and_comes_back():
    with mlflow.start_run("kept") as run:
        run.log_metric("x", 1)
    mlflow.delete_run(run.id)
    assert mlflow.search_runs().empty
    assert mlflow.search_runs(run_view_type=mlflow.ViewType.DELETED_ONLY)["run_id"].tolist() == [run.id]
    with pytest.raises(InvalidValueError, match="is in the trash; bring it back with restore_run"):
        mlflow.start_run(run_id=run.id)
    mlflow.restore_run(run.id)
    mlflow.restore_run(run.id)
    assert mlflow.search_runs()["metrics.x"].tolist() == [1.0]


def test_purge_deletes_for_good():
    with mlflow.start_run("kept") as kept:
        kept.log_text("kept", "a.txt")
    with mlflow.start_run("gone") as gone:
        gone.log_text("gone" * 1000, "a.txt")
    mlflow.delete_run(gone.id)
    assert mlflow.purge(older_than_days=1)["runs"] == 0
    assert mlflow.purge()["runs"] == 1
    with pytest.raises(NotFoundError):
        mlflow.get_run(gone.id)
    assert mlflow.search_runs(run_view_type=mlflow.ViewType.ALL)["run_id"].tolist() == [kept.id]


def test_the_parent_of_a_run_can_be_asked_for():
    with mlflow.start_run() as parent, mlflow.start_run(nested=True) as child:
        pass
    found = mlflow.get_parent_run(child.id)
    assert found
    assert found.info.run_id == parent.id
    assert mlflow.get_parent_run(parent.id) is None


def test_every_public_name_can_be_loaded():
    assert dir(mlflow) == sorted(mlflow.__all__)
    for name in mlflow.__all__:
        assert getattr(mlflow, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'autolog_everything'"):
        _ = mlflow.autolog_everything
