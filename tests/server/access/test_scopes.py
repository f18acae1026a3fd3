"""Somebody who may work in some experiments and models sees and changes nothing else, by whichever way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from nbtrack.journal.record import event_body, line, metrics_body
from nbtrack.names import new_run_id
from nbtrack.store.protocol import CurveQuery, RunQuery
from nbtrack.store.registry_protocol import NewVersion
from nbtrack.store.traffic import LINES
from tests.server.access.conftest import ML

if TYPE_CHECKING:
    from tests.server.access.conftest import Team

LOG = f"{ML}/runs/log-metric"


def metric(run_id: Any, **more: Any) -> dict[str, Any]:
    return {"run_id": run_id, "key": "a", "value": 1.0, "timestamp": 1, **more}


def status(server: Team, path: str, body: Any = None, method: str = "POST", who: str = "mine") -> int:
    return int(server.ask(who, method, path, **({} if body is None else {"json": body})).status_code)


def test_ones_own_experiment_is_open(server: Team):
    mine = server.runs["mine"]
    assert status(server, LOG, metric(mine)) == 200
    made = server.ask(
        "mine", "POST", f"{ML}/runs/create", json={"experiment_id": server.experiments["mine"], "user_id": "eve"}
    )
    assert made.status_code == 200
    assert made.json()["run"]["info"]["user_id"] == "mine"
    assert status(server, f"{ML}/experiments/create", {"name": "mine/too"}) == 200
    assert status(server, f"{ML}/runs/get?run_id={server.runs['open']}", method="GET") == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("runs/log-metric", {"run_id": "@theirs"}),
        ("runs/log-metric", {"run_id": "@open"}),
        ("runs/log-metric", {"run_id": "@mine", "run_uuid": "@theirs"}),
        ("runs/log-metric", {"run_id": "0" * 32}),
        ("runs/log-metric", {}),
        ("runs/log-metric", []),
        ("runs/log-batch?run_id=@theirs", {"run_id": "@mine"}),
        ("runs/create", {}),
        ("runs/create", {"experiment_id": ""}),
        ("runs/create", {"experiment_id": None}),
        ("runs/create", {"experiment_id": "#theirs"}),
        ("runs/create", {"experiment_id": "#open"}),
        ("runs/set-tag", {"run_id": "@theirs", "key": "a", "value": "b"}),
        ("runs/delete", {"run_id": "@theirs"}),
        ("experiments/delete", {"experiment_id": "#mine"}),
        ("experiments/update", {"experiment_id": "#mine", "new_name": "theirs2"}),
        ("experiments/create", {"name": "yours"}),
        ("experiments/set-experiment-tag", {"experiment_id": "#theirs", "key": "a"}),
        ("logged-models", {"experiment_id": "#mine", "source_run_id": "@theirs", "name": "m"}),
        ("logged-models/search", {"experiment_ids": ["#theirs"]}),
        ("registered-models/create", {"name": "theirs"}),
        ("registered-models/rename", {"name": "mine", "new_name": "mine2"}),
        ("model-versions/create", {"name": "mine", "source": "runs:/@theirs/model"}),
        ("model-versions/create", {"name": "mine", "source": "runs:/@mine/m", "run_id": "@theirs"}),
        ("model-versions/create", {"name": "mine", "source": "models:/theirs/1"}),
        ("model-versions/create", {"name": "mine", "source": "mlflow-artifacts:/#theirs/@theirs/artifacts/m"}),
        ("model-versions/create", {"name": "mine", "source": "runs:/%40theirs/model"}),
        ("model-versions/create", {"name": "mine", "source": "s3://bucket/theirs"}),
        ("model-versions/create", {"name": "mine"}),
        ("webhooks", {"name": "h", "url": "https://example.org", "events": []}),
    ],
)
def test_other_things_are_refused(server: Team, path: str, body: Any):
    def filled(text: str) -> str:
        for name in ("mine", "open", "theirs"):
            text = text.replace(f"@{name}", server.runs[name]).replace(f"#{name}", server.experiments[name])
        return text

    found = server.ask("mine", "POST", f"{ML}/{filled(path)}", json=json.loads(filled(json.dumps(body))))
    if path == "model-versions/create" and body == {"name": "mine"}:
        assert found.status_code == 400
        return
    assert (found.status_code, found.json()["error_code"]) == (403, "PERMISSION_DENIED")
    assert "'mine' does not have" in found.json()["message"]


def test_a_name_that_stands_twice_is_not_read_in_two_ways(server: Team):
    text = json.dumps(metric(server.runs["theirs"]))[:-1] + f', "run_id": "{server.runs["mine"]}"}}'
    for body in (text, "{", "[" * 100_000, '{"a": ' * 50 + "1" + "}" * 50):
        found = server.ask("mine", "POST", LOG, content=body, headers={"content-type": "application/json"})
        assert found.status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "{ml}/runs/get?run_id={theirs}",
        "{ml}/runs/get?run_id={mine}&run_id={theirs}",
        "{ml}/runs/get?run_uuid={theirs}",
        "{ml}/metrics/get-history?run_id={theirs}&metric_key=a",
        "{ml}/metrics/get-history-bulk?run_id={mine}&run_id={theirs}&metric_key=a",
        "{ml}/metrics/get-history-bulk-interval?run_ids={mine}&run_ids={theirs}&metric_key=a",
        "{ml}/artifacts/list?run_id={theirs}",
        "{ml}/experiments/get-by-name?experiment_name=theirs",
        "{ml}/registered-models/get?name=theirs",
        "{ml}/logged-models/m-00000000000000000000000000000000",
        "{ml}/logged-models/search",
        "{ml}/webhooks",
        "{art}/artifacts/3/{theirs}/artifacts/a",
        "{art}/artifacts/3/{mine}/artifacts/../../{theirs}/artifacts/a",
        "{art}/artifacts?path=3/{theirs}/artifacts",
        "{art}/artifacts",
        "/api/nbtrack/v1/blobs/" + "a" * 64,
    ],
)
def test_other_things_are_not_seen(server: Team, path: str):
    where = path.format(ml=ML, art="/api/2.0/mlflow-artifacts", mine=server.runs["mine"], theirs=server.runs["theirs"])
    assert server.ask("mine", "GET", where).status_code == 403


def test_searches_find_ones_own(server: Team):
    server.ask("boss", "POST", f"{ML}/registered-models/create", json={"name": "theirs"})
    server.ask("mine", "POST", f"{ML}/registered-models/create", json={"name": "mine"})
    for method, options in (("POST", {"json": {"max_results": 100}}), ("GET", {})):
        found = server.ask("mine", method, f"{ML}/experiments/search", **options).json()["experiments"]
        assert {"mine", "open"} <= {e["name"] for e in found} <= {"mine", "open", "mine/too"}
    names = server.ask("mine", "GET", f"{ML}/registered-models/search").json()["registered_models"]
    assert [m["name"] for m in names] == ["mine"]
    everything = {"experiment_ids": list(server.experiments.values())}
    found = server.ask("mine", "POST", f"{ML}/runs/search", json=everything).json()["runs"]
    assert {r["info"]["experiment_id"] for r in found} == {server.experiments["mine"], server.experiments["open"]}
    assert len(server.ask("reader", "POST", f"{ML}/runs/search", json=everything).json()["runs"]) == len(found) + 1
    assert (
        server.ask(
            "mine", "POST", f"{ML}/runs/search", json={"experiment_ids": [server.experiments["theirs"]]}
        ).status_code
        == 403
    )
    event = server.store.registry.history("mine")[0]
    assert (event.op, server.store.registry.get("mine").user_id) == ("create", "mine")


def test_verbs_of_nbtrack_know_ones_own(server: Team):
    mine, theirs = server.runs["mine"], server.runs["theirs"]
    assert server.call("mine", "get_run", mine).info.run_id == mine
    allowed = {server.experiments[name] for name in ("mine", "open")}
    for query in (
        RunQuery(),
        RunQuery(experiment_ids=tuple(server.experiments.values())),
        RunQuery(experiment_names=("mine", "theirs", "open")),
    ):
        assert {r.info.experiment_id for r in server.call("mine", "search_runs", query)} == allowed
    assert server.call("mine", "search_runs", RunQuery(experiment_names=("theirs",))) == []
    assert "theirs" not in {e.name for e in server.call("mine", "search_experiments")}
    for verb, arguments in {
        "get_run": (theirs,),
        "sql": ("SELECT 1",),
        "sparks": ([mine, theirs], "a", 8),
        "metric_curves": (CurveQuery(((mine, "a"), (theirs, "a"))),),
        "orders": ({theirs: 0},),
        "post_order": (theirs, {"do": "stop"}),
        "create_experiment": ("yours",),
        "registry.get": ("theirs",),
        "registry.history": (None,),
        "registry.add_version": ("mine", NewVersion("s3://b/c")),
        "registry.copy": ("models:/theirs/1", "mine"),
        "resolve_run": ("theirs",),
        "search_runs": (),
    }.items():
        assert server.call("mine", verb, *arguments) == 403, verb
    assert server.call("mine", "get_run", run_id=mine) == 403  # named: another order could hide what it is about


def test_journals_write_to_ones_own(server: Team):
    def send(writer: str, *bodies: str, after: int = -1) -> Any:
        data = b"".join(line(after + 1 + i, each) for i, each in enumerate(bodies))
        url = f"/api/nbtrack/v1/journals/{writer}?after={after}"
        return server.ask("mine", "POST", url, content=data, headers={"Content-Type": LINES})

    def begin(run_id: str, **about: Any) -> str:
        return event_body("start", 1, run_id, o={"name": "x", "user": "eve", "start_us": 1, "parent": None, **about})

    head, run_id = event_body("hdr", 1, None, o={"user": "eve"}), new_run_id()
    point = metrics_body(run_id, 2, 0, {"a": 1.0})
    assert send("c" * 32, head, begin(run_id, experiment="mine"), point).json() == {"last": 2}
    assert send("c" * 32, metrics_body(run_id, 3, 1, {"a": 2.0}), after=2).status_code == 200
    assert server.store.get_run(run_id).info.user_id == "mine"
    for i, bodies in enumerate(
        [
            (head, begin(new_run_id(), experiment="theirs")),
            (head, begin(new_run_id(), experiment_id=int(server.experiments["theirs"]))),
            (head, begin(new_run_id())),
            (head, begin(server.runs["theirs"], experiment="mine")),
            (head, metrics_body(server.runs["theirs"], 1, 0, {"a": 9.0})),
            (head, metrics_body(new_run_id(), 1, 0, {"a": 9.0})),
            (head, event_body("setting", 1, None, p={"a": "b"})),
        ]
    ):
        assert send(f"{i:032x}", *bodies).status_code == 403, i
    assert server.store.get_run(server.runs["theirs"]).data.metrics == {}


def test_settings_of_admins_are_not_changed_by_journals_of_others(server: Team):
    def send(who: str, writer: str, name: str) -> int:
        bodies = event_body("hdr", 1, None, o={}), event_body("setting", 1, None, o={"name": name, "value": "{}"})
        if name == "webhook/y":  # the same in other words
            bodies = bodies[0], bodies[1].replace('"setting"', '"\\u0073etting"')
        data = b"".join(line(i, each) for i, each in enumerate(bodies))
        url = f"/api/nbtrack/v1/journals/{writer}?after=-1"
        return int(server.ask(who, "POST", url, content=data, headers={"Content-Type": LINES}).status_code)

    assert [
        send("writer", f"{i:032x}", name) for i, name in enumerate(("webhook/x", "webhook/y", "anything"), 100)
    ] == [400] * 3
    assert send("writer", "1" * 32, "goal/a") == send("writer", "2" * 32, "view/mine") == 200
    assert send("boss", "3" * 32, "webhook/x") == 200
    assert {"goal/a", "view/mine", "webhook/x"} == {name for name in server.store.settings() if "/" in name}
