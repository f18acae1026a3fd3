"""A training that is recorded gives what it gives by itself, and raises what it raises by itself."""

from __future__ import annotations

import pickle
import random
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import nbtrack
from nbtrack.errors import NbtrackWarning
from nbtrack.tracking import active
from tests.autologging.looks import TWO, X, only, runs

MODELS = {
    "logistic": LogisticRegression(),
    "forest": RandomForestClassifier(3, random_state=1, n_jobs=2),
    "boosted": GradientBoostingClassifier(n_estimators=3, subsample=0.5),
    "sgd": SGDClassifier(),
    "tree": DecisionTreeClassifier(max_features=1),
    "near": KNeighborsClassifier(algorithm="brute"),  # its trees count how often they are asked
    "net": MLPClassifier((3,), max_iter=5),
    "dice": DummyClassifier(strategy="stratified", random_state=np.random.RandomState(5)),
    "pipeline": make_pipeline(StandardScaler(), SGDClassifier()),
}


def trained(name: str) -> tuple[bytes, list[str], object, float]:
    """Train, and return the model's bytes, the warnings, and what the generators of random numbers give next."""
    np.random.seed(11)  # noqa: NPY002 - what estimators without a seed use
    random.seed(11)
    model = pickle.loads(pickle.dumps(MODELS[name]))
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        assert model.fit(X, TWO) is model
    return (
        pickle.dumps(model),
        [str(each.message) for each in heard],
        np.random.get_state(legacy=False)["state"]["key"].tolist(),  # noqa: NPY002
        random.random(),
    )


@pytest.mark.parametrize("name", MODELS)
def test_model_warnings_and_random_numbers_are_the_same(name):
    alone = trained(name)
    nbtrack.autolog(log_models=False)
    assert trained(name) == alone
    only()


def test_an_error_of_the_training_is_raised_as_it_is_and_the_run_fails():
    nbtrack.autolog()
    with pytest.raises(ValueError, match="at least 2 classes"):
        LogisticRegression().fit(X, np.zeros(len(X)))
    assert only().info.status == "FAILED"
    assert "at least 2 classes" in only().data.tags["nbtrack.error"]


class Odd(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn carries no types
    """A classifier of the user's that cannot say anything of itself."""

    def fit(self, X, y=None):  # noqa: N803 - scikit-learn's name
        self.classes_ = [0, 1]
        return self

    def predict(self, X):  # noqa: N803
        raise RuntimeError("no prediction")

    def get_params(self, deep=True):
        raise RuntimeError("no params")


def test_what_cannot_be_recorded_is_a_warning_and_the_rest_is_there():
    nbtrack.autolog(log_models=False)
    with pytest.warns(NbtrackWarning) as heard:
        assert all(Odd().fit(X, TWO).classes_ for _ in range(2))
    told = [str(each.message) for each in heard]
    assert len(told) == len(set(told))
    assert any("RuntimeError: no prediction" in each for each in told)
    assert [run.data.tags["estimator_name"] for run in runs()] == ["Odd", "Odd"]


@pytest.mark.parametrize("verb", ["append", "metrics", "add_artifact", "next_run_number"])
def test_a_store_that_fails_is_one_warning_and_the_training_goes_on(verb, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    nbtrack.autolog(log_models=False)
    store = active.get_store()
    monkeypatch.setattr(type(store.writer if verb == "metrics" else store), verb, fail)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        for _ in range(2):
            model = LogisticRegression().fit(X, TWO)
            model.score(X, TWO)
        from nbtrack.autologging import files

        files.settle()
    assert model.coef_.shape == (1, 3)
    told = [str(each.message) for each in heard if issubclass(each.category, NbtrackWarning)]
    assert told
    assert len(told) == len(set(told))


def test_clones_pickles_and_workers_know_nothing_of_it():
    import cloudpickle  # as workers are sent their work
    from sklearn.model_selection import _validation

    nbtrack.autolog(log_models=False)
    search = GridSearchCV(SGDClassifier(random_state=0), {"alpha": [0.1, 1.0]}, cv=2, scoring="f1").fit(X, TWO)
    again = pickle.loads(pickle.dumps(search))
    np.testing.assert_array_equal(again.predict(X), search.predict(X))
    assert clone(search).get_params().keys() == search.get_params().keys()
    assert len([run for run in runs() if run.info.parent_run_id is None]) == 1
    sent = cloudpickle.dumps((_validation._fit_and_score, search.estimator, search.scorer_))
    assert b"nbtrack" not in sent


def test_a_class_of_a_notebook_is_pickled_without_what_stands_before_its_methods():
    import cloudpickle

    nbtrack.autolog(log_models=False)
    space: dict[str, object] = {"BaseEstimator": BaseEstimator, "__name__": "__main__"}
    exec(
        "class Mine(BaseEstimator):\n def fit(self, X, y=None):\n  self.seen_ = len(X)\n  return self\n"
        " def predict(self, X):\n  return [0] * len(X)\n",
        space,
    )
    model = space["Mine"]().fit(X, TWO)  # type: ignore[operator]
    assert only().data.tags["estimator_name"] == "Mine"
    written = cloudpickle.dumps(model)
    assert b"nbtrack" not in written  # it is loaded where there is none
    assert cloudpickle.loads(written).fit([[1.0]]).seen_ == 1


def test_functions_of_metrics_can_be_pickled_while_autolog_is_on_and_after():
    from sklearn import metrics

    nbtrack.autolog()
    held = metrics.f1_score
    for _ in range(2):
        assert pickle.loads(pickle.dumps(held)) is held
        nbtrack.autolog(disable=True)
    assert Path(metrics.f1_score.__code__.co_filename).name == "hooks.py"
    assert metrics.f1_score(TWO, TWO) == 1.0


def test_threads_train_in_runs_of_their_own():
    nbtrack.autolog(log_models=False)
    models = [LogisticRegression(C=strength) for strength in (0.1, 1.0, 10.0)]
    threads = [threading.Thread(target=model.fit, args=(X, TWO)) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(run.data.params["C"] for run in runs()) == ["0.1", "1.0", "10.0"]
    assert all(run.info.status == "FINISHED" for run in runs())


def test_filters_of_warnings_are_left_as_they_were():
    nbtrack.autolog(log_models=False)
    before = [*warnings.filters]
    LogisticRegression().fit(X, TWO)
    assert [*warnings.filters] == before
