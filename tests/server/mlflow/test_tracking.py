"""Runs, params, metrics and experiments over REST: MLflow's rules and words, and a memory that never differs from the store."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from nbtrack.entities import Metric
from nbtrack.errors import NbtrackWarning
from nbtrack.server.mlflow.desk import Desk
from nbtrack.server.mlflow.known import KnownRun
from nbtrack.store.local import LocalStore
from nbtrack.tracking import logged_models
from nbtrack.tracking.client import Client
from tests.server.mlflow.conftest import API, BOTH, open_at

if TYPE_CHECKING:
    from pathlib import Path

STORES = BOTH
T0 = 1_700_000_000_000


def refused(rest, path: str, **body: Any) -> str:
    """Return the message of a request that is not allowed."""
    found = rest.ask("POST", API + path, body)
    assert found.status == 400, found.body
    assert found.json["error_code"] == "INVALID_PARAMETER_VALUE"
    return str(found.json["message"])


def test_params_are_said_once(rest):
    run = rest.run()
    rest.post("runs/log-parameter", run_id=run, key="lr", value="0.1")
    rest.post("runs/log-parameter", run_id=run, key="lr", value="0.1")
    assert refused(rest, "runs/log-parameter", run_id=run, key="lr", value="2") == (
        f"Changing param values is not allowed. Param with key='lr' was already logged with value='0.1' for run ID='{run}'. "
        "Attempted logging new value '2'."
    )
    rest.post("runs/log-parameter", run_id=run, key="long", value="x" * 7000)
    found = {p["key"]: p["value"] for p in rest.get("runs/get", run_id=run)["run"]["data"]["params"]}
    assert found == {"lr": "0.1", "long": "x" * 6000}


def test_a_batch_is_logged_whole_or_not_at_all(rest):
    run = rest.run()
    rest.post("runs/log-parameter", run_id=run, key="p", value="1")
    metrics = [{"key": "m", "value": 1, "timestamp": T0, "step": 0}]
    tags = [{"key": "t", "value": "v"}]
    assert "Changing param values" in refused(
        rest,
        "runs/log-batch",
        run_id=run,
        metrics=metrics,
        tags=tags,
        params=[{"key": "new", "value": "1"}, {"key": "p", "value": "2"}],
    )
    assert "metrics[1].name" in refused(
        rest, "runs/log-batch", run_id=run, metrics=[*metrics, {**metrics[0], "key": "a@b"}], tags=tags
    )
    data = rest.get("runs/get", run_id=run)["run"]["data"]
    assert data["params"] == [{"key": "p", "value": "1"}]
    assert "metrics" not in data
    assert [t["key"] for t in data["tags"]] == ["mlflow.runName"]


@pytest.mark.parametrize(
    ("what", "count", "words"),
    [
        ("metrics", 1001, "at most 1000 metrics"),
        ("params", 101, "at most 100 params"),
        ("tags", 101, "at most 100 tags"),
    ],
)
def test_a_batch_has_limits(rest, what, count, words):
    each = {"value": "1", "timestamp": T0} if what == "metrics" else {"value": "1"}
    found = refused(
        rest, "runs/log-batch", run_id=rest.run(), **{what: [{"key": f"k{i}", **each} for i in range(count)]}
    )
    assert words in found
    assert f"Got {count} {what}" in found


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"key": "m", "timestamp": T0}, "Missing value for required parameter 'value'"),
        ({"value": 1, "timestamp": T0}, "Missing value for required parameter 'key'"),
        ({"key": "m", "value": "high", "timestamp": T0}, "Invalid value \"high\" for parameter 'value' supplied"),
        ({"key": "m", "value": True, "timestamp": T0}, "Invalid value true for parameter 'value' supplied"),
        ({"key": 1, "value": 1, "timestamp": T0}, "Invalid value 1 for parameter 'key' supplied"),
        ({"key": "m", "value": 1, "timestamp": -1}, "Invalid value -1 for parameter 'timestamp' supplied"),
        ({"key": "../m", "value": 1, "timestamp": T0}, "must not resolve to other names"),
        ({"key": "m" * 251, "value": 1, "timestamp": T0}, "'Metric name' exceeds the maximum length of 250 characters"),
        ({"key": "m", "value": 1, "timestamp": T0, "step": 2**63}, "for parameter 'step' supplied"),
    ],
)
def test_a_metric_that_is_not_allowed(rest, body, words):
    assert words in refused(rest, "runs/log-metric", run_id=rest.run(), **body)


def test_what_is_not_there_is_said_in_mlflows_words(rest):
    cases = {
        "runs/get?run_id=" + "0" * 32: f"Run with id={'0' * 32} not found",
        "experiments/get?experiment_id=77": "No Experiment with id=77 exists",
        "experiments/get-by-name?experiment_name=zz": "Could not find experiment with name 'zz'",
        "registered-models/get?name=zz": "Registered Model with name=zz not found",
        "logged-models/m-zz": "Logged model with ID 'm-zz' not found.",
    }
    for path, message in cases.items():
        found = rest.ask("GET", API + path)
        assert found.json == {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": message}
        assert found.status == 404
    assert (
        rest.ask("POST", API + "runs/log-metric", {"run_id": "0" * 32, "key": "m", "value": 1, "timestamp": 1}).status
        == 404
    )
    assert rest.ask("POST", API + "nope", {}).error == (404, "ENDPOINT_NOT_FOUND")


def test_only_statuses_that_exist(rest):
    run = rest.run()
    odd: list[Any] = ["DONE", "running", 0, 6, True, {}]
    for status in odd:
        assert "It must be one of RUNNING" in refused(rest, "runs/update", run_id=run, status=status)
    assert rest.post("runs/update", run_id=run, status=3, end_time=T0)["run_info"]["status"] == "FINISHED"
    assert rest.post("runs/update", run_id=run, status="RUNNING")["run_info"].get("end_time") is None


def test_numbers_that_json_has_not_come_back_as_they_went(rest):
    run = rest.run()
    for value in ("NaN", "Infinity", "-Infinity", 1e308, -0.5):
        rest.post("runs/log-metric", run_id=run, key="m", value=value, timestamp=T0, step=1)
    found = rest.get("metrics/get-history", run_id=run, metric_key="m")["metrics"]
    assert [m["value"] for m in found] == ["-Infinity", -0.5, 1e308, "Infinity", "NaN"]
    assert rest.get("runs/get", run_id=run)["run"]["data"]["metrics"][0]["value"] == "NaN"


def test_a_history_comes_in_pages_and_a_point_sent_twice_is_there_once(rest):
    run = rest.run()
    points = [{"key": "m", "value": i / 7, "timestamp": T0 + i, "step": i} for i in range(1000)]
    for _ in range(2):
        rest.post("runs/log-batch", run_id=run, metrics=points)
    found, token = [], ""
    while token is not None:
        part = rest.get("metrics/get-history", run_id=run, metric_key="m", max_results=300, page_token=token)
        found += part["metrics"]
        token = part.get("next_page_token")
    assert found == points
    thin = rest.get("metrics/get-history-bulk-interval", run_ids=[run], metric_key="m", max_results=10)["metrics"]
    assert [thin[0]["step"], thin[-1]["step"], len(thin)] == [0, 999, 10]


def test_a_search_comes_in_pages_and_views(rest):
    experiment = rest.post("experiments/create", name="pages")["experiment_id"]
    runs = [rest.run(experiment, start_time=T0 + i, tags=[{"key": "i", "value": str(i)}]) for i in range(7)]
    rest.post("runs/delete", run_id=runs[3])
    seen: list[list[str]] = []
    token = None
    while token is not None or not seen:
        part = rest.post("runs/search", experiment_ids=[experiment], max_results=3, page_token=token)
        seen.append([r["info"]["run_id"] for r in part["runs"]])
        token = part.get("next_page_token")
    assert seen == [[runs[6], runs[5], runs[4]], [runs[2], runs[1], runs[0]]]
    by_view = {
        view: [
            r["info"]["run_id"]
            for r in rest.post("runs/search", experiment_ids=[experiment], run_view_type=view).get("runs", [])
        ]
        for view in ("ACTIVE_ONLY", "DELETED_ONLY", "ALL")
    }
    assert (len(by_view["ALL"]), by_view["DELETED_ONLY"]) == (7, [runs[3]])
    found = rest.post(
        "runs/search", experiment_ids=[experiment], filter="tags.i IN ('1', '2')", order_by=["tags.i ASC"]
    )
    assert [r["info"]["run_id"] for r in found["runs"]] == runs[1:3]
    assert rest.post("runs/search", filter="tags.i = '1'") == {}, "without an experiment there is nothing, as in MLflow"


def test_a_run_in_the_trash_takes_nothing(rest):
    run = rest.run()
    rest.post("runs/delete", run_id=run)
    message = f"The run {run} must be in the 'active' state. Current state is deleted."
    assert refused(rest, "runs/set-tag", run_id=run, key="k", value="v") == message
    rest.post("runs/restore", run_id=run)
    rest.post("runs/set-tag", run_id=run, key="k", value="v")
    found = rest.ask("POST", API + "runs/delete-tag", {"run_id": run, "key": "zz"})
    assert found.json["message"] == f"No tag with name: zz in run with id {run}"


def test_what_is_remembered_is_what_the_store_says(rest, store, server):
    """Everything that changes a run, by REST and by the store's own verbs, then both compared."""
    run = rest.run(run_name="a", user_id="me", tags=[{"key": "mlflow.note.content", "value": "n"}])
    rest.post("runs/log-batch", run_id=run, params=[{"key": "p", "value": "1"}], tags=[{"key": "t", "value": "1"}])
    for step, time, value in [(1, T0, 1.0), (1, T0 + 5, 2.0), (1, T0 + 5, "NaN"), (1, T0 + 5, 9.0), (0, T0 + 9, 3.0)]:
        rest.post("runs/log-metric", run_id=run, key="m", value=value, timestamp=time, step=step)
    store.log_metrics(run, 7, {"n": 1.0, "m": math.inf}, (T0 + 1) * 1000)
    client = Client(store.uri)
    store.append(("tags", run, {"t": "2", "mlflow.runName": "b"}, None), ("params", run, {"p": "9", "q": "9"}, None))
    rest.post("runs/delete-tag", run_id=run, key="t")
    dataset = {"name": "d", "digest": "x", "source_type": "code", "source": "{}"}
    for context in ("train", "eval", "train"):
        tags = [{"key": "mlflow.data.context", "value": context}, {"key": "k", "value": "v"}]
        rest.post("runs/log-inputs", run_id=run, datasets=[{"dataset": dataset, "tags": tags}])
    model = rest.post("logged-models", experiment_id="0", name="m", source_run_id=run)["model"]["info"]["model_id"]
    rest.post("runs/outputs", run_id=run, models=[{"model_id": model, "step": 3}])
    rest.post("runs/log-inputs", run_id=run, models=[{"model_id": model}])
    rest.post("runs/update", run_id=run, status="FAILED", end_time=T0 + 10)
    told = rest.get("runs/get", run_id=run)["run"]
    for _ in range(2):
        links = logged_models.links_of(store, [run])[run]
        fresh = KnownRun.of(client.get_run(run), links).told("mlflow-artifacts:/0")
        assert sorted(fresh["data"]["metrics"], key=str) == sorted(told["data"]["metrics"], key=str)
        for each in (fresh, told):
            each["inputs"]["dataset_inputs"].sort(key=str)
        assert {**fresh, "data": None} == {**told, "data": None}
        for part in ("params", "tags"):
            assert sorted(fresh["data"][part], key=str) == sorted(told["data"][part], key=str)
        store.fold(timeout=10)


def test_another_process_is_noticed(rest, store, tmp_path):
    run = rest.run()
    experiment = rest.post("experiments/create", name="theirs")["experiment_id"]
    rest.get("runs/get", run_id=run)
    other = open_at(store.uri, tmp_path)  # a writer of its own, as another process has
    theirs = Client(store.uri)
    other.append(("tags", run, {"by": "other"}, None))
    assert {"key": "by", "value": "other"} in rest.get("runs/get", run_id=run)["run"]["data"]["tags"]
    other.rename_experiment(experiment, "ours")
    assert rest.get("experiments/get-by-name", experiment_name="ours")["experiment"]["experiment_id"] == experiment
    other.append(("tags", run, {"by": "the last"}, None))
    other.close()  # and folded: no journal of it is left
    assert {"key": "by", "value": "the last"} in rest.get("runs/get", run_id=run)["run"]["data"]["tags"]
    assert theirs.get_run(run).data.tags["by"] == "the last"


def test_a_run_of_rest_runs_until_somebody_ends_it(tmp_path: Path):
    """Over a restart of the server, folded or not, and in a store that is made anew from its history."""
    path = tmp_path / "runs.duckdb"
    first = LocalStore(path)
    desk = Desk(first)
    body = {
        "experiment_id": 0,
        "experiment": "Default",
        "name": "r",
        "number": 1,
        "start_us": T0 * 1000,
        "holder": "rest",
    }
    runs = ["0" * 31 + str(i) for i in range(3)]
    for run in runs:
        first.append(("start", run, None, body))
    first.append(("end", runs[1], None, {"status": "FINISHED", "end_us": T0 * 1000, "duration_us": 0, "lost": 0}))
    first.append(("end", runs[2], None, {"status": "FINISHED", "end_us": T0 * 1000, "duration_us": 0, "lost": 0}))
    first.append(("resume", runs[2], None, {"holder": "rest"}))
    first.append(("start", "f" * 32, None, {**body, "holder": None}))
    wanted = {runs[0]: "RUNNING", runs[1]: "FINISHED", runs[2]: "RUNNING"}

    def statuses(store: LocalStore) -> dict[str, str]:
        rows = store.sql("SELECT run_id, status FROM runs")
        return dict(zip(rows["run_id"], rows["status"], strict=True))

    assert statuses(first) == {**wanted, "f" * 32: "RUNNING"}
    first.log_points(runs[0], [(T0 * 1000, 0, {"m": 1.0})])
    desk.close()
    first.writer.close()  # as a process that is killed: nothing is folded
    first.keeper.close()
    dead = {**wanted, "f" * 32: "KILLED"}
    second = LocalStore(path)
    assert statuses(second) == dead
    assert second.fold(timeout=10) is not None
    assert statuses(second) == dead
    second.append(("tags", runs[0], {"a": "b"}, None))
    assert statuses(second) == dead
    second.close()
    path.unlink()
    third = LocalStore(path)
    with pytest.warns(NbtrackWarning, match="made anew from its history"):
        assert statuses(third) == dead
    assert third.get_run(runs[0]).data.metrics == {"m": 1.0}
    third.append(("end", runs[0], None, {"status": "KILLED", "end_us": T0 * 1000, "duration_us": 0, "lost": 0}))
    assert statuses(third)[runs[0]] == "KILLED"
    third.close()


def test_points_of_the_client_are_where_the_store_has_them(rest, store):
    run = rest.run()
    client = Client(store.uri)
    client.log_batch(run, metrics=[Metric("a", 1.5, T0, 2)])
    client.get_run(run)  # which sends what a store elsewhere has not got yet
    rest.post("runs/log-metric", run_id=run, key="a", value=2.5, timestamp=T0 + 1, step=3)
    found = rest.get("metrics/get-history", run_uuid=run, metric_key="a")["metrics"]
    assert [(m["step"], m["value"]) for m in found] == [(2, 1.5), (3, 2.5)]
