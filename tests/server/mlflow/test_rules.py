"""What is allowed of experiments, runs and histories, what MLflow 2 says of models, and how errors are told."""

from __future__ import annotations

import errno
import json
from typing import TYPE_CHECKING

import pytest

from nbtrack.errors import AlreadyExistsError, GateRefusedError, JournalError, NbtrackError, StoreBusyError
from nbtrack.server.mlflow.desk import Desk, Remembered
from nbtrack.server.mlflow.errors import shown, told
from nbtrack.store.local import LocalStore
from tests.server.mlflow.conftest import API, FILES

if TYPE_CHECKING:
    from pathlib import Path


def message(rest, path: str, **body) -> str:
    found = rest.ask("POST", API + path, body)
    assert 400 <= found.status < 500, found.body
    return str(found.json["message"])


def test_experiments(rest):
    assert message(rest, "experiments/create", name=" ") == "Invalid experiment name: ' '"
    assert "maximum length of 500" in message(rest, "experiments/create", name="x" * 501)
    one = rest.post("experiments/create", name="one", tags=[{"key": "a", "value": "b"}])["experiment_id"]
    rest.post("experiments/delete", experiment_id=one)
    assert message(rest, "experiments/delete", experiment_id=one) == f"No Experiment with id={one} exists"
    assert "Cannot rename" in message(rest, "experiments/update", experiment_id=one, new_name="x")
    assert "'active' state" in message(rest, "experiments/set-experiment-tag", experiment_id=one, key="k", value="v")
    assert "'active' state" in message(rest, "runs/create", experiment_id=one)
    assert rest.get("experiments/search", view_type="DELETED_ONLY")["experiments"][0]["name"] == "one"
    rest.post("experiments/restore", experiment_id=one)
    assert "No Experiment" in message(rest, "experiments/restore", experiment_id=one)
    assert "No tag with name: zz" in message(rest, "experiments/delete-experiment-tag", experiment_id=one, key="zz")
    assert "valid integer" in message(rest, "experiments/delete", experiment_id="one")
    assert message(rest, "experiments/delete", experiment_id="0").startswith("The Default experiment")
    rest.post("experiments/create", name="two")
    pages = [rest.post("experiments/search", max_results=1, order_by=["name DESC"], filter="name IN ('one', 'two')")]
    pages.append(
        rest.post("experiments/search", max_results=1, order_by=["name DESC"], filter="name IN ('one', 'two')",
                  page_token=pages[0]["next_page_token"])
    )  # fmt: skip
    assert [e["name"] for page in pages for e in page["experiments"]] == ["two", "one"]


def test_an_experiment_whose_artifacts_are_elsewhere(rest):
    made = rest.post("experiments/create", name="elsewhere", artifact_location="s3://bucket/folder/")["experiment_id"]
    found = rest.get("experiments/get", experiment_id=made)["experiment"]
    assert (found["artifact_location"], "tags" in found) == ("s3://bucket/folder", False)
    run = rest.run(made)
    assert rest.get("runs/get", run_id=run)["run"]["info"]["artifact_uri"] == f"s3://bucket/folder/{run}/artifacts"
    for place in ("runs:/x", "file:///tmp", "/tmp", "mlflow-artifacts:/x", "s3://b/../c"):
        assert message(rest, "experiments/create", name="no", artifact_location=place), place
    assert message(rest, "experiments/set-experiment-tag", experiment_id=made, key="mlflow.artifactLocation", value="/")


def test_names_of_runs(rest):
    assert "different values" in message(
        rest, "runs/create", run_name="a", tags=[{"key": "mlflow.runName", "value": "b"}]
    )
    assert "maximum length" in message(rest, "runs/create", run_name="x" * 501)
    assert rest.post("runs/create", tags=[{"key": "mlflow.runName", "value": "b"}])["run"]["info"]["run_name"] == "b"
    assert rest.post("runs/create")["run"]["info"]["run_name"], "words of nbtrack"
    assert (
        rest.ask("GET", API + "runs/get").json["message"].startswith("Missing value for required parameter 'run_id'.")
    )
    assert rest.ask("GET", API + "runs/get?run_id=-x").status == 400


def test_histories_are_asked_for_as_mlflow_asks(rest):
    run = rest.run()
    for step in (1, 2, 3):
        rest.post("runs/log-metric", run_id=run, key="m", value=step, timestamp=step, step=step)
    bulk = API + "metrics/get-history-bulk-interval?"
    for query in ("metric_key=m", f"run_ids={run}", f"run_ids={run}&metric_key=m&start_step=1", f"run_ids={run}&metric_key=m&max_results=0",
                  f"run_ids={run}&metric_key=m&start_step=3&end_step=1", "metric_key=m&" + f"run_ids={run}&" * 101):  # fmt: skip
        assert rest.ask("GET", bulk + query).status == 400, query
    found = rest.get("metrics/get-history-bulk-interval", run_ids=[run], metric_key="m", start_step=2, end_step=3)[
        "metrics"
    ]
    assert [(m["step"], m["run_id"]) for m in found] == [(2, run), (3, run)]
    assert (
        len(rest.get("metrics/get-history-bulk", run_id=[run, rest.run()], metric_key="m", max_results=2)["metrics"])
        == 2
    )
    for query in ("", f"run_id={run}", "metric_key=m&" + f"run_id={run}&" * 101):
        assert rest.ask("GET", API + "metrics/get-history-bulk?" + query).status == 400, query
    assert rest.ask("GET", API + f"metrics/get-history?run_id={run}").status == 400
    assert rest.get("metrics/get-history", run_id=run, metric_key="zz") == {}
    assert "at most" in message(rest, "runs/search", experiment_ids=["0"], max_results=50_001)
    assert "positive" in message(rest, "runs/search", experiment_ids=["0"], max_results=0)


def test_batches_that_are_too_large_or_say_a_param_twice(rest):
    run = rest.run()
    assert "at most 1000000 bytes" in message(
        rest, "runs/log-batch", run_id=run, tags=[{"key": "a", "value": "x" * 1_000_001}]
    )
    twice = [{"key": "p", "value": "1"}] * 2
    assert "Duplicate parameter keys have been submitted: ['p']" in message(
        rest, "runs/log-batch", run_id=run, params=twice
    )
    datasets = [{"dataset": {"name": "x" * 501, "digest": "d", "source_type": "code", "source": "{}"}}]
    assert "'name' exceeds" in message(rest, "runs/log-inputs", run_id=run, datasets=datasets)
    assert "at most 1000 datasets" in message(rest, "runs/log-inputs", run_id=run, datasets=datasets * 1001)


def test_mlflow_2_says_that_a_run_has_a_model(rest, store):
    run = rest.run()
    uuid = "0123456789abcdef" * 2
    model = {
        "artifact_path": "model",
        "run_id": run,
        "flavors": {"sklearn": {}},
        "utc_time_created": "now",
        "model_uuid": uuid,
    }
    rest.put(f"0/{run}/artifacts/model/MLmodel", b"x")
    for text in (
        "{",
        "[]",
        json.dumps({"run_id": run}),
        json.dumps({**model, "flavors": 1}),
        json.dumps({**model, "artifact_path": "../x"}),
    ):
        assert message(rest, "runs/log-model", run_id=run, model_json=text)
    for _ in range(2):
        rest.post("runs/log-model", run_id=run, model_json=json.dumps(model))
    tags = {t["key"]: t["value"] for t in rest.get("runs/get", run_id=run)["run"]["data"]["tags"]}
    assert [m["model_uuid"] for m in json.loads(tags["mlflow.log-model.history"])] == [uuid, uuid]
    assert rest.ask("GET", FILES + f"0/models/m-{uuid}/artifacts/MLmodel").body == b"x"


def test_a_server_that_begins_again_remembers_runs_that_are_open(tmp_path: Path):
    first = LocalStore(tmp_path / "runs.duckdb")
    body = {"experiment_id": 0, "experiment": "Default", "name": "r", "number": 1, "start_us": 0}
    first.append(("start", "a" * 32, None, {**body, "holder": "rest"}), ("start", "b" * 32, None, body))
    store = LocalStore(tmp_path / "runs.duckdb")
    desk = Desk(store)
    for run_id, is_remembered in (("a" * 32, True), ("b" * 32, False)):
        with desk.run(run_id) as known:
            assert known.status == "RUNNING"
        with desk.run(run_id) as again:
            assert (again is known) == is_remembered, "one that has a process may die without a word"
    with desk.run("a" * 32) as known:
        pass
    store.append(("resume", "a" * 32, None, None))
    with desk.run("a" * 32) as again:
        assert again is not known, "this process leads it now"
    desk.close()
    first.close()
    store.close()


def test_the_oldest_memory_goes_first():
    kept: Remembered[int] = Remembered(2)
    for name in ("a", "b", "a", "c"):
        kept.keep(name, 1)
    assert [*kept] == ["a", "c"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (AlreadyExistsError("Thing", "x"), "RESOURCE_ALREADY_EXISTS"),
        (GateRefusedError("m", "champion", 1, ["acc"]), "PERMISSION_DENIED"),
        (JournalError(errno.ENOSPC, "/secret/path"), "TEMPORARILY_UNAVAILABLE"),
        (StoreBusyError("/secret/path"), "TEMPORARILY_UNAVAILABLE"),
        (OSError(errno.ENOSPC, "full", "/secret/path"), "TEMPORARILY_UNAVAILABLE"),
        (NbtrackError("words"), "INVALID_PARAMETER_VALUE"),
        (KeyError("/secret/path"), "INTERNAL_ERROR"),
    ],
)
def test_an_error_is_told_without_paths(error, code):
    found, text = told(error)
    assert found == code
    assert "/secret" not in text


def test_a_value_is_shown_short():
    assert len(shown("x" * 1000)) == 200
    assert shown({1, 2}) == "{1, 2}"
