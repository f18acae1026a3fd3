"""XGBoost and LightGBM record themselves: trainings and estimators, in rounds."""

from __future__ import annotations

import warnings

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV

import nbtrack
import nbtrack.lightgbm
import nbtrack.xgboost
from nbtrack.autologging import files, switch
from nbtrack.errors import NbtrackWarning
from nbtrack.tracking.stop import StopRun

DICE = np.random.default_rng(1)
X = pd.DataFrame(DICE.normal(size=(80, 3)), columns=["a", "b", "c"])
Y = (X["a"] + DICE.normal(size=80) / 2 > 0).astype(int)


@pytest.fixture(autouse=True)
def _store(tmp_path):
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    switch.forget()
    yield
    switch.forget()
    files.settle()
    nbtrack.set_tracking_uri(None)


def xgboost_train(rounds=4, **options):
    table = xgboost.DMatrix(X, Y)
    tests = [(xgboost.DMatrix(X[:20], Y[:20]), "test")]
    params = {"objective": "binary:logistic", "eval_metric": "logloss", "max_depth": 2, "seed": 3}
    return xgboost.train(params, table, rounds, evals=tests, verbose_eval=False, **options)


def xgboost_fit():
    model = xgboost.XGBClassifier(n_estimators=4, max_depth=2, eval_metric="logloss", random_state=3)
    return model.fit(X, Y, eval_set=[(X[:20], Y[:20])], verbose=False)


def lightgbm_train(rounds=4, **options):
    table = lightgbm.Dataset(X, Y)
    params = {"objective": "binary", "verbose": -1, "max_depth": 2, "seed": 3}
    tests = table.create_valid(X[:20], Y[:20])
    return lightgbm.train(params, table, rounds, valid_sets=[tests], valid_names=["test"], **options)


def lightgbm_fit():
    model = lightgbm.LGBMClassifier(n_estimators=4, max_depth=2, verbose=-1, random_state=3)
    return model.fit(X, Y, eval_X=(X[:20],), eval_y=(Y[:20],))


TRAININGS = {
    "xgboost_train": (xgboost_train, "test-logloss"),
    "xgboost_fit": (xgboost_fit, "validation_0-logloss"),
    "lightgbm_train": (lightgbm_train, "test-binary_logloss"),
    "lightgbm_fit": (lightgbm_fit, "valid_0-binary_logloss"),
}


def runs():
    files.settle()
    return [nbtrack.get_run(run_id) for run_id in nbtrack.search_runs(order_by=["start_time ASC"])["run_id"]]


def bytes_of(model):
    booster = getattr(model, "booster_", model)
    booster = booster.get_booster() if hasattr(booster, "get_booster") else booster
    return booster.save_raw() if hasattr(booster, "save_raw") else booster.model_to_string()


@pytest.mark.parametrize("name", TRAININGS)
def test_a_training_is_a_run_with_its_rounds_and_the_model_is_the_same(name):
    train, metric = TRAININGS[name]
    alone = train()
    nbtrack.autolog()
    model = train()
    assert bytes_of(model) == bytes_of(alone)
    (run,) = runs()
    assert (run.info.status, run.data.tags["mlflow.autologging"]) == ("FINISHED", name.split("_")[0])
    assert run.data.params["max_depth"] == "2"
    assert list(nbtrack.metric_history(run.info.run_id, metric)["step"]) == [0, 1, 2, 3]
    assert {each.context for each in run.inputs.dataset_inputs} == {"train", "eval"}
    found = {each.path for each in nbtrack.Client().list_artifacts(run.info.run_id)}
    kind = "weight" if name.startswith("xgboost") else "gain"
    assert {"model", f"feature_importance_{kind}.json", f"feature_importance_{kind}.svg"} <= found
    info = nbtrack.models.get_model_info(f"runs:/{run.info.run_id}/model")
    assert [each.name for each in info.signature.inputs] == ["a", "b", "c"]
    if name.endswith("_fit"):
        assert run.data.metrics["training_accuracy_score"] == accuracy_score(Y, model.predict(X))


def test_the_best_round_and_the_users_own_callbacks_stay():
    nbtrack.autolog(log_models=False)
    mine: list[object] = []
    stopping = lightgbm.early_stopping(2, verbose=False)
    first = lightgbm_train(60, callbacks=[stopping])
    second = xgboost_train(60, callbacks=mine, early_stopping_rounds=2)
    assert mine == []
    one, two = runs()
    assert one.data.metrics["best_iteration"] == first.best_iteration
    assert one.data.metrics["stopped_iteration"] == first.best_iteration + 2
    assert two.data.metrics["best_iteration"] == second.best_iteration
    assert two.data.metrics["stopped_iteration"] == second.num_boosted_rounds() - 1


def test_parts_of_a_search_are_no_runs_and_a_later_score_is_logged():
    nbtrack.autolog(log_models=False)
    nbtrack.xgboost.autolog(log_models=False, importance_types=["gain"])
    GridSearchCV(xgboost.XGBClassifier(n_estimators=2), {"max_depth": [1, 2]}, cv=2).fit(X, Y)
    parents = [run for run in runs() if run.info.parent_run_id is None]
    assert [run.data.tags["estimator_name"] for run in parents] == ["GridSearchCV"]
    model = xgboost_fit()
    score = model.score(X, Y)
    run = runs()[-1]
    assert run.data.metrics["XGBClassifier_score_X"] == score


@pytest.mark.parametrize("train", [xgboost_train, lightgbm_train])
def test_a_stop_ends_a_training_in_order_with_the_model_so_far(train, monkeypatch):
    nbtrack.autolog(log_models=False)
    run_type = type(nbtrack.start_run())
    nbtrack.end_run()

    def stop_at_2(run, metrics, step):
        if step == 2:
            raise StopRun(run, step)

    monkeypatch.setattr(run_type, "log_metrics", stop_at_2)
    model = train(20)
    assert (model.num_boosted_rounds() if train is xgboost_train else model.num_trees()) == 3
    with nbtrack.start_run() as outer:  # which ends quietly with its Stop
        train(20)
        pytest.fail("a Stop of a run of the user's goes on to its block")
    assert not outer.is_open


def test_a_round_that_cannot_be_logged_is_one_warning(monkeypatch):
    nbtrack.autolog(log_models=False)

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    from nbtrack.tracking import active

    monkeypatch.setattr(type(active.get_store().writer), "metrics", fail)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", NbtrackWarning)
        model = lightgbm_train()
    assert model.num_trees() == 4
    assert len([each for each in heard if issubclass(each.category, NbtrackWarning)]) == 1
