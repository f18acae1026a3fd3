"""What the registry panel shows and changes, without loading a model."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import nbtrack
from nbtrack.errors import GateRefusedError, InvalidValueError, NotFoundError
from nbtrack.tracking import active
from nbtrack.views import questions, registered
from nbtrack.views.model_edits import edit_model

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.store.protocol import Store
    from tests.stores import Recorded


class Trap:
    """Leaves a trace when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return open, (self.path, "w")


def three_versions() -> None:
    """Two versions of fraud with metrics and params, one of price."""
    from sklearn.linear_model import LogisticRegression

    frame = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0]})
    for number, strength in enumerate([0.1, 1.0], 1):
        with nbtrack.start_run(f"C {strength}", params={"C": strength}) as run:
            run.log_metrics({"auc": 0.7 + number / 10, "loss": float("nan") if number == 1 else 0.2})
            run.log_input(nbtrack.data.from_pandas(frame, name="payments"))
            model = LogisticRegression(C=strength).fit(frame, [0, 0, 1, 1])
            nbtrack.sklearn.log_model(
                model,
                "model",
                input_example=frame[:2],
                registered_model_name="fraud",
                pip_requirements=["scikit-learn"],
            )
    nbtrack.register_model(f"runs:/{run.id}/model", "price")
    nbtrack.set_registered_model_alias("fraud", "champion", 1)


@pytest.fixture
def store(recorded: Recorded) -> Store:
    recorded(three_versions)
    return active.get_store()


def ask(store: Store, **question: Any) -> dict[str, Any]:
    return questions.answer(store, question)[0]


def test_models_are_listed_in_brief(store: Store) -> None:
    found = {model["name"]: model for model in ask(store, what="models")["models"]}
    assert (found["fraud"]["versions"], found["fraud"]["aliases"]) == (2, {"champion": 1})
    assert found["price"]["versions"] == 1


def test_a_model_has_its_versions_with_metrics_newest_first(store: Store) -> None:
    found = ask(store, what="model", name="fraud")
    assert found["metrics"] == [{"key": "auc", "goal": "max"}, {"key": "loss", "goal": "min"}]
    rows = [(v["version"], v["run"], v["aliases"], v["metrics"]) for v in found["versions"]]
    assert rows == [
        (2, "C 1.0", [], [pytest.approx(0.9), 0.2]),
        (1, "C 0.1", ["champion"], [pytest.approx(0.8), "NaN"]),
    ]
    assert [change["op"] for change in found["history"]][:1] == ["alias"]
    assert [(h["alias"], h["version"], h["until"]) for h in found["holders"]] == [("champion", 1, None)]
    assert found["back"] == {}
    nbtrack.set_registered_model_alias("fraud", "champion", 2)
    found = ask(store, what="model", name="fraud")
    (first, now) = found["holders"]
    assert (first["until"], now["version"], now["until"]) == (now["since"], 2, None)
    assert found["back"] == {"champion": 1}


def test_a_run_knows_what_was_registered_from_it(store: Store) -> None:
    newest, oldest = nbtrack.search_runs()["run_id"]
    found = ask(store, what="run-models", run=newest)["versions"]
    assert [(v["name"], v["version"]) for v in found] == [("fraud", 2), ("price", 1)]
    assert ask(store, what="run-models", run=oldest)["versions"][0]["aliases"] == ["champion"]


def test_many_versions_are_told_of_as_each_by_itself(store: Store) -> None:
    wanted = [("price", 1), ("fraud", 1), ("fraud", 9)]
    found = list(registered.about_versions(store, wanted))
    assert [(name, version) for name, version, _ in found] == wanted[:2]
    for name, version, content in found:
        assert content == ask(store, what="model-version", name=name, version=version)


def test_a_version_says_where_it_came_from_and_how_to_load_it(store: Store) -> None:
    found = ask(store, what="model-version", name="fraud", version=1)
    assert found["run"]["name"] == "C 0.1"
    assert found["datasets"][0]["name"] == "payments"
    assert found["params"] == [("C", "0.1")]
    assert found["folder"]["signature"]["inputs"] == [{"type": "double", "name": "x", "required": True}]
    assert "scikit-learn" in found["folder"]["requirements"]
    assert "'models:/fraud@champion'" in found["load"]
    assert "'models:/fraud/2'" in ask(store, what="model-version", name="fraud", version=2)["load"]


def test_a_move_is_looked_at_before_it_is_made(store: Store) -> None:
    nbtrack.expect("fraud", "auc >= champion.auc + 0.5", alias="champion")
    found = ask(store, what="model-move", name="fraud", version=2, alias="champion")
    assert found["before"] == 1
    assert found["metrics"][0] == {
        "key": "auc",
        "before": pytest.approx(0.8),
        "after": pytest.approx(0.9),
        "better": True,
    }
    assert found["params"] == [{"key": "C", "before": "0.1", "after": "1.0"}]
    assert [verdict["holds"] for verdict in found["verdicts"]] == [False]
    new = ask(store, what="model-move", name="fraud", version=2, alias="challenger")
    assert (new["before"], new["metrics"], new["verdicts"]) == (None, [], [])
    compared = ask(store, what="model-move", name="fraud", version=1, to=2)
    assert compared["metrics"][0]["better"] is False


def test_nothing_is_loaded(store: Store, tmp_path: Path) -> None:
    trace = tmp_path / "was-loaded"
    with nbtrack.start_run() as run:
        nbtrack.pyfunc.log_model(python_model=lambda model_input: model_input, name="m", pip_requirements=[])
        (tmp_path / "python_model.pkl").write_bytes(pickle.dumps(Trap(str(trace))))
        run.log_artifact(tmp_path / "python_model.pkl", "m")
    nbtrack.register_model(f"runs:/{run.id}/m", "trap")
    ask(store, what="model", name="trap")
    ask(store, what="model-version", name="trap", version=1)
    assert not trace.exists()


@pytest.mark.parametrize(
    ("question", "error"),
    [
        ({"what": "model", "name": "nobody"}, NotFoundError),
        ({"what": "model-version", "name": "fraud", "version": 9}, NotFoundError),
        ({"what": "model-version", "name": "fraud", "version": "1"}, InvalidValueError),
        ({"what": "model-version", "name": "fraud", "version": True}, InvalidValueError),
        ({"what": "model-move", "name": "fraud", "version": -1}, InvalidValueError),
        ({"what": "run-models", "run": "' OR '1' = '1"}, InvalidValueError),
        ({"what": "model", "name": "x' OR name != '"}, NotFoundError),
    ],
)
def test_questions_of_nothing_are_refused(store: Store, question: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        ask(store, **question)


def test_each_change_is_made_and_stands_in_the_history(store: Store) -> None:
    for change in (
        {"do": "alias", "alias": "champion", "version": 2, "comment": "better"},
        {"do": "rollback", "alias": "champion"},
        {"do": "stage", "version": 1, "stage": "Staging"},
        {"do": "tag", "key": "team", "value": "risk"},
        {"do": "tag", "key": "ok", "value": "yes", "version": 2},
        {"do": "untag", "key": "team"},
        {"do": "describe", "value": "# Fraud", "version": 2},
        {"do": "comment", "value": "looks good"},
        {"do": "expect", "value": "auc >= 0.1", "alias": "champion"},
        {"do": "unexpect", "value": "auc >= 0.1", "alias": "champion"},
        {"do": "unalias", "alias": "champion"},
        {"do": "delete", "version": 2, "comment": "wrong data"},
        {"do": "rename", "value": "card-fraud"},
    ):
        edit_model(store, {"name": "fraud", **change})
    found = ask(store, what="model", name="card-fraud")
    (version,) = found["versions"]
    assert (version["version"], version["stage"], version["aliases"]) == (1, "Staging", [])
    assert found["model"]["tags"] == {}
    ops = [change["op"] for change in found["history"]]
    assert ops[:4] == ["rename", "delete_version", "unalias", "unexpect"]
    assert {"better", "wrong data", "looks good"} <= {change["comment"] for change in found["history"]}
    edit_model(store, {"name": "card-fraud", "do": "delete"})
    assert [model["name"] for model in ask(store, what="models")["models"]] == ["price"]


def test_a_gate_holds_an_alias_back_until_it_is_forced_with_a_reason(store: Store) -> None:
    nbtrack.expect("fraud", "auc >= 0.95", alias="champion")
    move = {"do": "alias", "name": "fraud", "alias": "champion", "version": 2}
    with pytest.raises(GateRefusedError, match="auc"):
        edit_model(store, move)
    with pytest.raises(InvalidValueError, match="comment"):
        edit_model(store, {**move, "force": True})
    edit_model(store, {**move, "force": True, "comment": "the old one is broken"})
    assert nbtrack.get_model_version_by_alias("fraud", "champion").version == 2


def test_what_somebody_else_changed_meanwhile_is_not_written_over(store: Store) -> None:
    alias = {"name": "fraud", "do": "alias", "alias": "champion", "version": 2}
    with pytest.raises(InvalidValueError, match="points at version 1 now"):
        edit_model(store, {**alias, "seen": 2})
    with pytest.raises(InvalidValueError, match="is not there any more"):
        edit_model(store, {**alias, "do": "unalias", "alias": "old", "seen": 1})
    edit_model(store, {**alias, "seen": 1})
    edit_model(store, {**alias, "alias": "new", "seen": None})
    text = {"name": "fraud", "do": "describe", "value": "mine", "version": 1}
    edit_model(store, {**text, "seen": ""})
    with pytest.raises(InvalidValueError, match="Somebody else changed this description"):
        edit_model(store, {**text, "value": "later", "seen": ""})
    edit_model(store, {**text, "value": "later"})
    assert ask(store, what="model", name="fraud")["versions"][1]["description"] == "later"


@pytest.mark.parametrize(
    "change",
    [
        {"do": "load", "name": "fraud"},
        {"do": "describe", "name": "fraud", "value": "x" * 200_001},
        {"do": "alias", "name": "fraud", "alias": "latest", "version": 1},
        {"do": "tag", "name": "fraud", "key": "", "value": "x"},
    ],
)
def test_changes_that_are_not_allowed_change_nothing(store: Store, change: dict[str, Any]) -> None:
    before = ask(store, what="model", name="fraud")
    with pytest.raises(InvalidValueError):
        edit_model(store, change)
    assert ask(store, what="model", name="fraud") == before
