"""Optuna: a study and its trials as runs."""

from __future__ import annotations

import json
import pickle

import optuna
import pytest
from sklearn.linear_model import Ridge

import nbtrack
import nbtrack.optuna
from nbtrack.errors import NbtrackWarning
from nbtrack.tracking import active
from tests.autologging.looks import NUMBER, X, runs

optuna.logging.set_verbosity(optuna.logging.ERROR)


def objective(trial: optuna.Trial) -> float:
    x = trial.suggest_float("x", -1, 1)
    kind = trial.suggest_categorical("kind", ["a", "b"])
    trial.report(x, 3)
    if trial.number == 1:
        raise optuna.TrialPruned
    if trial.number == 2:
        raise ValueError("no luck")
    return x**2 + (kind == "a")


def study(**options: object) -> optuna.Study:
    return optuna.create_study(sampler=optuna.samplers.TPESampler(seed=1), **options)  # type: ignore[arg-type]


def test_each_trial_is_a_child_run_of_its_study_and_finds_what_it_finds_without():
    alone = study()
    alone.optimize(objective, 4, catch=(ValueError,))
    nbtrack.autolog()
    watched = study(study_name="mine")
    watched.optimize(objective, 4, catch=(ValueError,))
    assert [(t.params, t.values, t.state) for t in watched.trials] == [
        (t.params, t.values, t.state) for t in alone.trials
    ]
    parent, *trials = runs()
    assert parent.data.tags["optuna.study"] == "mine"
    assert parent.data.metrics["best_value"] == watched.best_value
    assert parent.data.params["best_x"] == str(watched.best_params["x"])
    assert [t.data.tags["optuna.state"] for t in trials] == ["COMPLETE", "PRUNED", "FAIL", "COMPLETE"]
    assert [t.info.status for t in (parent, *trials)] == ["FINISHED", "FINISHED", "FINISHED", "FAILED", "FINISHED"]
    assert "no luck" in trials[2].data.tags["nbtrack.error"]
    assert {t.info.parent_run_id for t in trials} == {parent.info.run_id}
    assert [t.data.params["x"] for t in trials] == [str(t.params["x"]) for t in watched.trials]
    assert trials[0].data.metrics["value"] == watched.trials[0].value
    assert trials[0].data.metrics["intermediate_value"] == watched.trials[0].params["x"]
    spaces = json.loads(active.get_store().artifact_file(parent.info.run_id, "distributions.json").read_text())
    assert spaces["kind"][0]["attributes"]["choices"] == ["a", "b"]


def test_threads_log_and_train_in_the_runs_of_their_trials():
    nbtrack.autolog(log_models=False, log_datasets=False)

    def fits(trial: optuna.Trial) -> float:
        strength = trial.suggest_float("strength", 0.1, 1)
        nbtrack.log_metric("own", trial.number)
        return float(Ridge(strength).fit(X, NUMBER).coef_[0])

    study(directions=["maximize"]).optimize(fits, 4, n_jobs=2)
    parent, *trials = runs()
    assert sorted(t.data.metrics["own"] for t in trials) == [0, 1, 2, 3]
    assert all(t.data.params["alpha"] == t.data.params["strength"] for t in trials)
    assert all(t.info.status == "FINISHED" for t in (parent, *trials))
    assert active.open_runs() == []


@pytest.mark.parametrize("is_explicit", [False, True])
def test_an_error_ends_the_study_as_it_does_without(is_explicit):
    if is_explicit:
        with nbtrack.optuna.StudyCallback() as callback, pytest.raises(ValueError, match="no luck"):
            study().optimize(objective, 4, callbacks=[callback])
    else:
        nbtrack.optuna.autolog()
        with pytest.raises(ValueError, match="no luck"):
            study().optimize(objective, 4)
    parent, *trials = runs()
    assert [t.info.status for t in trials] == ["FINISHED", "FINISHED", "FAILED"]
    assert parent.info.status == ("FINISHED" if is_explicit else "FAILED")


def test_a_callback_records_once_also_with_autolog_and_in_an_open_run():
    nbtrack.autolog()
    both = study(directions=["minimize", "maximize"])
    with nbtrack.start_run() as run:
        both.optimize(lambda trial: (trial.suggest_int("n", 1, 3), 2.0), 2, callbacks=[nbtrack.optuna.StudyCallback()])
        assert run.is_open
    parent, *trials = runs()
    assert [t.info.parent_run_id for t in trials] == [run.id] * 2
    assert trials[0].data.metrics == {"value_0": float(trials[0].data.params["n"]), "value_1": 2.0}
    assert parent.data.tags["optuna.directions"] == "minimize, maximize"
    again = pickle.loads(pickle.dumps(both))
    assert len(again.trials) == 2


def test_a_sweep_is_recorded_once_and_turned_off_is_off():
    plain = vars(optuna.Study)["optimize"]
    nbtrack.autolog()
    assert vars(optuna.Study)["optimize"] is not plain
    nbtrack.sweep(
        lambda x: {"loss": x}, {"x": [1.0, 2.0]}, method="tpe", n_trials=2, metric="loss", direction="min", jobs=1
    )
    assert len(runs()) == 3
    nbtrack.autolog(disable=True)
    assert vars(optuna.Study)["optimize"] is plain


def test_a_store_that_fails_is_a_warning_and_the_study_goes_on(monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    nbtrack.autolog()
    for verb in ("append", "next_run_number"):
        monkeypatch.setattr(type(active.get_store()), verb, fail)
    done = study()
    with pytest.warns(NbtrackWarning):
        done.optimize(objective, 2, callbacks=[])
    nbtrack.autolog()
    with pytest.warns(NbtrackWarning):
        done.optimize(lambda _: 1.0, 1, callbacks=[nbtrack.optuna.StudyCallback()])
    assert len(done.trials) == 3
