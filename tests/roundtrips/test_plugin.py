"""MLflow on a store in a file, through the plugin: ``nbtrack:///abs/runs.duckdb``."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.tracking._model_registry import utils as registry_utils
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from nbtrack.errors import InvalidValueError
from nbtrack.plugins import addresses, loopback
from nbtrack.store.opening import open_local

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning"),
    pytest.mark.xdist_group("mlflow-plugin"),
]
IS_OLD = mlflow.__version__.startswith("2.")
X, Y = np.array([[0.0], [1.0], [2.0], [3.0]] * 3), np.array([0, 0, 1, 1] * 3)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    found = tmp_path_factory.mktemp("with space") / "runs.duckdb"
    yield found
    loopback.loopback(found).close()


@pytest.fixture(autouse=True)
def client(path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[MlflowClient]:
    """Point MLflow at the file, at an experiment of the test's own; MLflow's server sets the registry for the whole process."""
    uri = f"nbtrack://{path}"
    monkeypatch.setattr(registry_utils, "_registry_uri", None)
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", uri)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    monkeypatch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    monkeypatch.setattr(mlflow.models, "infer_pip_requirements", lambda *args, **options: ["scikit-learn"])
    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment(request.node.name)
    yield MlflowClient()
    while mlflow.active_run():
        mlflow.end_run()
    mlflow.set_tracking_uri(None)


def test_runs_and_files(client: MlflowClient, path: Path, capsys: pytest.CaptureFixture[str]):
    with mlflow.start_run(run_name="r") as run:
        mlflow.log_params({"a": 1, "b": "x"})
        mlflow.log_metrics({"m": 0.5}, step=1)
        mlflow.log_metric("m", 0.25, step=2)
        mlflow.log_text("hello", "dir/a b.txt")
        mlflow.log_input(mlflow.data.from_pandas(pd.DataFrame({"x": [1, 2]}), name="ds"), context="train")
    run_id = run.info.run_id
    assert run.info.artifact_uri.startswith("nbtrack:///")
    assert IS_OLD or "http" not in capsys.readouterr().out
    found = mlflow.get_run(run_id)
    assert (found.info.status, found.data.params, found.data.metrics) == ("FINISHED", {"a": "1", "b": "x"}, {"m": 0.25})
    assert [(m.step, m.value) for m in client.get_metric_history(run_id, "m")] == [(1, 0.5), (2, 0.25)]
    assert [f.path for f in client.list_artifacts(run_id)] == ["dir"]
    assert [f.path for f in client.list_artifacts(run_id, "dir")] == ["dir/a b.txt"]
    assert client.list_artifacts(run_id, "dir/a b.txt") == []
    for uri in (f"runs:/{run_id}/dir/a b.txt", f"{run.info.artifact_uri}/dir/a b.txt"):
        assert mlflow.artifacts.load_text(uri) == "hello"
    frame = mlflow.search_runs(filter_string="metrics.m < 0.3 and params.b = 'x'")
    assert frame["run_id"].tolist() == [run_id]
    # The same file, read by nbtrack.
    store = open_local(path)
    assert store.get_run(run_id).data.metrics == {"m": 0.25}
    assert store.artifact_file(run_id, "dir/a b.txt").read_text() == "hello"


def test_a_grid_search_and_the_registry(client: MlflowClient):
    mlflow.sklearn.autolog(max_tuning_runs=2, registered_model_name="Grid")
    try:
        GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0, 10.0]}, cv=2).fit(X, Y)
    finally:
        mlflow.sklearn.autolog(disable=True)
    runs = mlflow.search_runs(output_format="list")
    (parent,) = [r for r in runs if "mlflow.parentRunId" not in r.data.tags]
    assert len(runs) == 3
    assert {"best_C", "best_cv_score"} <= {*parent.data.params, *parent.data.metrics}
    client.set_registered_model_alias("Grid", "champion", "1")
    version = client.get_model_version_by_alias("Grid", "champion")
    assert version.run_id == parent.info.run_id
    for uri in ("models:/Grid@champion", "models:/Grid/1", f"runs:/{parent.info.run_id}/best_estimator"):
        assert mlflow.sklearn.load_model(uri).predict(X).shape == (12,), uri
    assert [m.name for m in client.search_registered_models()] == ["Grid"]
    source = f"{parent.info.artifact_uri}/best_estimator"
    made = client.create_model_version("Grid", source, run_id=parent.info.run_id)
    assert (made.version, made.source) == ("2", source)


def test_pages_of_mlflow_are_answered(client: MlflowClient, path: Path, monkeypatch: pytest.MonkeyPatch):
    """What MLflow's own server asks a store for, in this process: begun as `mlflow ui` it takes ten seconds."""
    with mlflow.start_run() as run:
        mlflow.log_metric("m", 1.0)
        mlflow.log_text("hello", "a.txt")
        mlflow.log_input(mlflow.data.from_pandas(pd.DataFrame({"x": [1]}), name="ds"))
    run_id, experiment = run.info.run_id, run.info.experiment_id
    for name in ("FILE_STORE", "REGISTRY_STORE"):
        monkeypatch.setenv(f"_MLFLOW_SERVER_{name}", f"nbtrack://{path}")
    monkeypatch.setenv("_MLFLOW_SERVER_ARTIFACT_ROOT", "mlflow-artifacts:/")
    monkeypatch.setenv("_MLFLOW_SERVER_SERVE_ARTIFACTS", "true")
    monkeypatch.setenv("_MLFLOW_SERVER_ARTIFACT_DESTINATION", "./mlartifacts")
    monkeypatch.setenv("MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE", "true")
    from mlflow.server import app, handlers

    monkeypatch.setattr(handlers, "_tracking_store", None)
    monkeypatch.setattr(handlers, "_model_registry_store", None)
    ui = app.test_client()
    ajax = "/ajax-api/2.0/mlflow"
    graph = (
        "query GetRun($data: MlflowGetRunInput!) {mlflowGetRun(input: $data) {run {info {runId} experiment {name}}}}"
    )
    posted = [
        (f"{ajax}/runs/search", {"experiment_ids": [experiment]}, run_id),
        (f"{ajax}/experiments/search-datasets", {"experiment_ids": [experiment]}, '"ds"'),
        (f"{ajax}/logged-models/search", {"experiment_ids": [experiment]}, "{"),
        ("/ajax-api/3.0/mlflow/traces/search", {"locations": []}, "{"),
        (
            "/graphql",
            {"operationName": "GetRun", "query": graph, "variables": {"data": {"runId": run_id}}},
            f'"runId": "{run_id}"',
        ),
    ]
    if IS_OLD:  # it has neither
        posted = [each for each in posted if "logged-models" not in each[0] and "traces" not in each[0]]
    for url, body, wanted in posted:
        answer = ui.post(url, json=body)
        assert answer.status_code == 200, (url, answer.text)
        assert wanted.replace(" ", "") in answer.text.replace(" ", ""), (url, answer.text)
    asked = {
        f"{ajax}/experiments/search?max_results=10": experiment,
        f"{ajax}/runs/get?run_id={run_id}": run_id,
        f"{ajax}/metrics/get-history-bulk-interval?run_ids={run_id}&metric_key=m&max_results=320": run_id,
        f"{ajax}/artifacts/list?run_id={run_id}": "a.txt",
        f"{ajax}/registered-models/search": "{",
        f"{ajax}/model-versions/search": "{",
        f"/get-artifact?run_uuid={run_id}&path=a.txt": "hello",
    }
    for url, wanted in asked.items():
        answer = ui.get(url)
        assert answer.status_code == 200, (url, answer.text)
        assert wanted in answer.text, (url, answer.text)


def test_the_end_of_the_interpreter_ends_the_run_and_a_fork_has_a_server_of_its_own(path: Path):
    """Two things that only a process of its own shows; relative to its folder."""
    program = """if True:
        import os, mlflow
        mlflow.set_tracking_uri("nbtrack:runs.duckdb")
        mlflow.set_experiment("of a script")
        run = mlflow.start_run(run_name="left open").info.run_id
        child = os.fork()
        if child == 0:
            mlflow.MlflowClient().log_metric(run, "of the child", 1)
            os._exit(0)
        os._exit(1) if os.waitpid(child, 0)[1] else print("id", run)
    """
    command = [sys.executable, "-W", "error::UserWarning", "-c", program]
    done = subprocess.run(
        command,
        cwd=path.parent,
        env={**os.environ, "MLFLOW_TRACKING_URI": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = open_local(path).get_run(done.stdout.split("id ")[1].split()[0])
    assert (found.info.run_name, found.info.status, found.data.metrics) == (
        "left open",
        "FINISHED",
        {"of the child": 1.0},
    )


def test_nobody_else_is_let_in(client: MlflowClient, path: Path):
    import httpx

    server = loopback.loopback(path)
    for headers in ({}, {"Authorization": "Bearer guess"}, {"Authorization": "Basic eDp5"}):
        for route in ("/health", "/api/2.0/mlflow/experiments/search", "/api/nbtrack/v1/about"):
            assert httpx.get(server.url + route, headers=headers).status_code == 401
    assert server.secret not in repr(vars(server._server))
    with pytest.raises(MlflowException, match="not found"):
        client.get_run("0" * 32)


@pytest.mark.parametrize(
    "uri", ["nbtrack://host/runs.duckdb", "nbtrack:", "nbtrack:///a/b.txt", "nbtrack:///a.duckdb?x=1"]
)
def test_addresses_that_name_no_file(uri: str):
    with pytest.raises(InvalidValueError, match=r"names no store|DuckDB file"):
        addresses.store_of(uri)


def test_places_outward_and_inward(tmp_path: Path):
    path = tmp_path / "a b" / "runs.duckdb"
    out = addresses.outer("mlflow-artifacts:/1/abc/artifacts", path)
    assert addresses.split(f"{out}/x y.txt") == (path, "1/abc/artifacts/x y.txt")
    assert addresses.inner(out, path) == "mlflow-artifacts:/1/abc/artifacts"
    assert addresses.inner(out, tmp_path / "other.duckdb") == out
    assert addresses.outer("s3://bucket/x", path) == addresses.inner("s3://bucket/x", path) == "s3://bucket/x"
