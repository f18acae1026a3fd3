"""The unmodified MLflow client against nbtrack's team server: MLflow 3, and MLflow 2 where that lies over it (``make test-models``)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

import nbtrack
from nbtrack.server.mlflow import uploads
from nbtrack.server.serve import TeamServer
from nbtrack.store.local import LocalStore
from nbtrack.store.postgres.served import ServedDatabase
from tests.store.postgres.cluster import shared
from tests.stores import open_stores

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbtrack.store.served import ServedStore

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning"),
    pytest.mark.xdist_group("mlflow-server"),
]
IS_OLD = mlflow.__version__.startswith("2.")
"""MLflow 2 has no logged models: a model is a folder among the files of its run."""
X, Y = np.array([[0.0], [1.0], [2.0], [3.0]] * 3), np.array([0, 0, 1, 1] * 3)


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    for cluster in shared():
        yield cluster.url(cluster.new_database())


@pytest.fixture(scope="module", params=["file", "database"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedStore]:
    folder = tmp_path_factory.mktemp("team")
    found: ServedStore
    if request.param == "file":
        found = LocalStore(folder / "runs.duckdb")
    else:
        with pytest.MonkeyPatch.context() as env:
            env.setenv("NBTRACK_CACHE", str(folder))
            found = ServedDatabase(request.getfixturevalue("database"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def server(store: ServedStore) -> Iterator[TeamServer]:
    found = TeamServer(store, has_pages=False)
    found.start()
    yield found
    found.close()


@pytest.fixture(autouse=True)
def client(
    server: TeamServer, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[MlflowClient]:
    """Point MLflow at the server, at an experiment of the test's own; requirements are not looked for, which takes 10 s a model."""
    monkeypatch.setenv("NBTRACK_OUTBOX", str(tmp_path / "outbox"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    monkeypatch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    monkeypatch.setattr(mlflow.models, "infer_pip_requirements", lambda *args, **options: ["scikit-learn"])
    mlflow.set_tracking_uri(server.url)
    mlflow.set_experiment(request.function.__name__)
    yield MlflowClient()
    while mlflow.active_run():
        mlflow.end_run()
    mlflow.set_tracking_uri(None)
    for uri in [uri for uri in open_stores() if uri.startswith("postgresql:")]:
        open_stores().pop(uri).close()


def test_fluent_tracking(client: MlflowClient, tmp_path: Path):
    (tmp_path / "f.bin").write_bytes(b"\x00\x01")
    with mlflow.start_run(run_name="r", description="d", tags={"x": "y"}) as run:
        mlflow.log_params({"b": 2, "c": "x"})
        mlflow.log_param("a", 1)
        mlflow.log_metric("m", 0.5, step=1)
        mlflow.log_metrics({"m": 0.6, "n": math.nan, "i": -math.inf}, step=2)
        mlflow.set_tags({"t": "v"})
        mlflow.log_text("hello", "dir/a.txt")
        mlflow.log_artifact(str(tmp_path / "f.bin"))
        for row in (1, 2):
            mlflow.log_table({"x": [row]}, "t.json")
        dataset = mlflow.data.from_pandas(pd.DataFrame({"x": [1, 2]}), name="ds")
        mlflow.log_input(dataset, context="train")
        mlflow.log_metric("on_ds", 1.0, **({} if IS_OLD else {"dataset": dataset}))
        with mlflow.start_run(run_name="child", nested=True) as child:
            mlflow.log_metric("q", 1)
    run_id = run.info.run_id
    found = mlflow.get_run(run_id)
    assert found.info.status == "FINISHED"
    assert found.data.params == {"a": "1", "b": "2", "c": "x"}
    assert (found.data.metrics["m"], found.data.metrics["i"], math.isnan(found.data.metrics["n"])) == (
        0.6,
        -math.inf,
        True,
    )
    assert (found.data.tags["mlflow.note.content"], found.data.tags["t"]) == ("d", "v")
    (used,) = found.inputs.dataset_inputs
    assert (used.dataset.name, {t.key: t.value for t in used.tags}) == ("ds", {"mlflow.data.context": "train"})
    assert mlflow.get_parent_run(child.info.run_id).info.run_id == run_id
    assert [(m.step, m.value) for m in client.get_metric_history(run_id, "m")] == [(1, 0.5), (2, 0.6)]
    assert sorted(f.path for f in client.list_artifacts(run_id)) == ["dir", "f.bin", "t.json"]
    assert [f.path for f in client.list_artifacts(run_id, "dir")] == ["dir/a.txt"]
    assert client.list_artifacts(run_id, "f.bin") == []
    assert mlflow.artifacts.load_text(f"runs:/{run_id}/dir/a.txt") == "hello"
    assert mlflow.load_table("t.json", run_ids=[run_id])["x"].tolist() == [1, 2]
    frame = mlflow.search_runs(filter_string="metrics.m > 0.1 and params.a='1'", order_by=["metrics.m DESC"])
    assert frame["run_id"].tolist() == [run_id]
    assert frame["metrics.n"].isna().all()
    with mlflow.start_run(run_id=run_id):
        mlflow.log_metric("m", 9, step=5)
        assert client.get_run(run_id).info.status == "RUNNING"
    assert client.get_run(run_id).data.metrics["m"] == 9


def test_the_client_by_id(client: MlflowClient):
    experiment = client.create_experiment("by id", tags={"a": "b"})
    client.set_experiment_tag(experiment, "c", "d")
    assert client.get_experiment(experiment).tags == {"a": "b", "c": "d"}
    assert [e.name for e in client.search_experiments(filter_string="name LIKE 'by %' AND tags.a = 'b'")] == ["by id"]
    runs = [client.create_run(experiment, start_time=i, run_name=f"r{i}").info.run_id for i in range(5)]
    for i, run in enumerate(runs):
        client.log_batch(
            run,
            metrics=[Metric("m", i + j / 10, j, j) for j in range(1500)],
            params=[Param(f"p{j}", str(i)) for j in range(150)],
            tags=[RunTag("even", str(i % 2 == 0))],
        )
    client.set_terminated(runs[0], "FAILED", end_time=100)
    assert (client.get_run(runs[0]).info.status, client.get_run(runs[0]).info.end_time) == ("FAILED", 100)
    page = client.search_runs([experiment], "tags.even = 'True'", max_results=2, order_by=["metrics.m ASC"])
    last = client.search_runs(
        [experiment], "tags.even = 'True'", max_results=2, order_by=["metrics.m ASC"], page_token=page.token
    )
    assert [r.info.run_name for r in [*page, *last]] == ["r0", "r2", "r4"]
    assert len(client.get_metric_history(runs[4], "m")) == 1500
    assert len(client.get_run(runs[4]).data.params) == 150
    client.delete_run(runs[1])
    assert len(client.search_runs([experiment])) == 4
    assert len(client.search_runs([experiment], run_view_type=ViewType.ALL)) == 5
    client.restore_run(runs[1])
    client.update_run(runs[1], name="other")
    assert client.get_run(runs[1]).info.run_name == client.get_run(runs[1]).data.tags["mlflow.runName"] == "other"
    client.rename_experiment(experiment, "by another name")
    client.delete_experiment(experiment)
    assert client.get_experiment(experiment).lifecycle_stage == "deleted"
    client.restore_experiment(experiment)
    assert client.get_experiment_by_name("by another name").experiment_id == experiment


def test_errors_reach_the_caller(client: MlflowClient):
    run = client.create_run("0").info.run_id
    client.log_param(run, "a", 1)
    cases: list[tuple[Any, str, str]] = [
        (lambda: client.get_run("0" * 32), "RESOURCE_DOES_NOT_EXIST", "not found"),
        (lambda: client.log_param(run, "a", 2), "INVALID_PARAMETER_VALUE", "Changing param values is not allowed"),
        (lambda: client.create_experiment("Default"), "RESOURCE_ALREADY_EXISTS", "already exists"),
        (lambda: client.search_runs(["0"], "foo = 3"), "INVALID_PARAMETER_VALUE", "foo"),
        (
            lambda: client.get_registered_model("nope"),
            "RESOURCE_DOES_NOT_EXIST",
            "Registered Model with name=nope not found",
        ),
        (lambda: client.delete_tag(run, "nope"), "RESOURCE_DOES_NOT_EXIST", "No tag with name: nope"),
        (lambda: client.log_metric(run, "a@b", 1), "INVALID_PARAMETER_VALUE", "Names may only contain"),
        (lambda: client.download_artifacts(run, "nope"), "RESOURCE_DOES_NOT_EXIST", "nope"),
    ]
    for call, code, words in cases:
        with pytest.raises(MlflowException, match=words) as caught:
            call()
        if not (IS_OLD and words == "nope"):  # MLflow 2 makes one of its own of errors with files
            assert caught.value.error_code == code
    assert client.get_experiment_by_name("nope") is None


def _named(name: str) -> dict[str, str]:
    return {"artifact_path" if IS_OLD else "name": name}


def test_models_by_every_address(client: MlflowClient, store: ServedStore):
    model = LogisticRegression().fit(X, Y)
    with mlflow.start_run() as run:
        mlflow.log_metric("acc", 1.0)
        info = mlflow.sklearn.log_model(model, **_named("model"), registered_model_name="Fraud", input_example=X[:2])
    run_id = run.info.run_id
    client.set_registered_model_alias("Fraud", "champion", 1)
    for uri in (
        f"runs:/{run_id}/model",
        "models:/Fraud/1",
        "models:/Fraud@champion",
        "models:/Fraud/latest",
        info.model_uri,
    ):
        assert mlflow.sklearn.load_model(uri).predict(X).tolist() == Y.tolist(), uri
    assert mlflow.pyfunc.load_model("models:/Fraud@champion").predict(X).tolist() == Y.tolist()
    if not IS_OLD:
        logged = mlflow.get_logged_model(info.model_id)
        assert (logged.name, logged.source_run_id, str(logged.status)) == ("model", run_id, "READY")
        assert [m.key for m in logged.metrics] == ["acc"]
        assert [m.model_id for m in mlflow.search_logged_models(output_format="list")] == [info.model_id]
        assert mlflow.get_run(run_id).outputs.model_outputs[0].model_id == info.model_id
    paths = sorted(f.path for f in client.list_artifacts(run_id, "model"))
    assert len(paths) == len({*paths})
    assert "model/MLmodel" in paths
    # And nbtrack reads it from the same store.
    nbtrack.set_tracking_uri(store.uri)
    try:
        ours = nbtrack.sklearn.load_model(f"runs:/{run_id}/model", trust=True)
        assert ours.predict(X).tolist() == Y.tolist()
        assert nbtrack.sklearn.load_model("models:/Fraud/1", trust=True).predict(X).tolist() == Y.tolist()
    finally:
        nbtrack.set_tracking_uri(None)


def test_a_model_that_nbtrack_logged_is_loaded(client: MlflowClient, store: ServedStore):
    nbtrack.set_tracking_uri(store.uri)
    try:
        with nbtrack.start_run("ours", experiment="of nbtrack") as run:
            form: Literal["cloudpickle", "skops"] = "cloudpickle" if IS_OLD else "skops"  # MLflow 2 does not know skops
            model = LogisticRegression().fit(X, Y)
            nbtrack.sklearn.log_model(model, "clf", registered_model_name="Ours", serialization_format=form)
    finally:
        nbtrack.set_tracking_uri(None)
    for uri in (f"runs:/{run.id}/clf", "models:/Ours/1"):
        assert mlflow.sklearn.load_model(uri).predict(X).tolist() == Y.tolist(), uri
    assert client.get_run(run.id).info.run_name == "ours"


def test_autolog_of_a_grid_search(client: MlflowClient):
    mlflow.sklearn.autolog(max_tuning_runs=2)
    try:
        GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0, 10.0]}, cv=2).fit(X, Y)
    finally:
        mlflow.sklearn.autolog(disable=True)
    experiment = client.search_experiments(filter_string="name = 'test_autolog_of_a_grid_search'")[0].experiment_id
    runs = client.search_runs([experiment])
    (parent,) = [r for r in runs if "mlflow.parentRunId" not in r.data.tags]
    children = [r for r in runs if r.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
    assert len(children) == 2
    assert "best_C" in parent.data.params
    assert "best_cv_score" in parent.data.metrics
    assert "cv_results.csv" in [f.path for f in client.list_artifacts(parent.info.run_id)]
    assert mlflow.sklearn.load_model(f"runs:/{parent.info.run_id}/best_estimator").predict(X).shape == (12,)


def test_the_registry(client: MlflowClient):
    client.create_registered_model("RM", tags={"team": "risk"}, description="text")
    with mlflow.start_run() as run:
        mlflow.sklearn.log_model(LogisticRegression().fit(X, Y), **_named("m"))
    version = mlflow.register_model(f"runs:/{run.info.run_id}/m", "RM", tags={"k": "v"})
    assert (int(version.version), version.run_id) == (1, run.info.run_id)
    client.create_model_version("RM", "s3://bucket/model", description="d")
    client.set_model_version_tag("RM", "1", "a", "b")
    client.delete_model_version_tag("RM", "1", "k")
    client.update_model_version("RM", "1", "new text")
    found = client.get_model_version("RM", "1")
    assert (found.tags, found.description) == ({"a": "b"}, "new text")
    client.transition_model_version_stage("RM", "1", "Production")
    assert [v.version for v in client.get_latest_versions("RM", ["Production"])] == ["1"]
    client.set_registered_model_alias("RM", "champion", "2")
    assert client.get_model_version_by_alias("RM", "champion").version == "2"
    assert client.get_registered_model("RM").aliases == {"champion": "2"}
    client.delete_registered_model_alias("RM", "champion")
    copied = client.copy_model_version("models:/RM/1", "Copy")
    assert (copied.version, copied.run_id) == ("1", run.info.run_id)
    client.rename_registered_model("Copy", "Renamed")
    client.set_registered_model_tag("Renamed", "x", "y")
    assert [m.name for m in client.search_registered_models("name LIKE 'Ren%'")] == ["Renamed"]
    assert [v.version for v in client.search_model_versions("name = 'RM'", order_by=["version_number ASC"])] == [
        "1",
        "2",
    ]
    client.delete_model_version("RM", "2")
    client.delete_registered_model("Renamed")
    with pytest.raises(MlflowException, match="not found"):
        client.get_registered_model("Renamed")


if not IS_OLD:

    def test_webhooks(client: MlflowClient):
        made = client.create_webhook("told", "https://example.org/hook", ["model_version.created"], description="d")
        assert [w.name for w in client.list_webhooks()] == ["told"]
        changed = client.update_webhook(made.webhook_id, status="DISABLED", url="https://example.org/other")
        assert (str(changed.status), changed.url) == ("DISABLED", "https://example.org/other")
        found = client.get_webhook(made.webhook_id)
        assert [str(event) for event in found.events] == ["model_version.created"]
        client.delete_webhook(made.webhook_id)
        assert list(client.list_webhooks()) == []

    def test_a_model_of_no_run(client: MlflowClient):
        model = mlflow.create_external_model(name="outside", params={"a": "1"}, tags={"t": "v"})
        mlflow.set_logged_model_tags(model.model_id, {"u": "w"})
        mlflow.delete_logged_model_tag(model.model_id, "t")
        found = mlflow.get_logged_model(model.model_id)
        assert (found.tags["u"], found.params, found.source_run_id or None) == ("w", {"a": "1"}, None)
        assert "t" not in found.tags
        client.delete_logged_model(model.model_id)
        with pytest.raises(MlflowException, match="not found"):
            mlflow.get_logged_model(model.model_id)


def test_a_large_file_goes_in_parts(client: MlflowClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name, value in {"ENABLE_PROXY_MULTIPART_UPLOAD": "true", "MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": "1000",
                        "MULTIPART_UPLOAD_CHUNK_SIZE": str(5 << 20)}.items():  # fmt: skip
        monkeypatch.setenv(f"MLFLOW_{name}", value)
    sent: list[int] = []
    complete: Any = vars(uploads)["keep"]

    def counted(*args: Any) -> Any:
        sent.append(len(list(args[2].parent.glob("[0-9]"))))
        return complete(*args)

    monkeypatch.setattr(uploads, "keep", counted)
    content = np.random.default_rng(0).bytes(11 << 20)
    (tmp_path / "large.bin").write_bytes(content)
    run = client.create_run("0").info.run_id
    client.log_artifact(run, str(tmp_path / "large.bin"), "dir")
    (tmp_path / "out").mkdir()
    found = client.download_artifacts(run, "dir/large.bin", str(tmp_path / "out"))
    assert Path(found).read_bytes() == content
    assert sent == [3]
