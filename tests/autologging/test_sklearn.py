"""scikit-learn: what a fit leaves in its run."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn import metrics
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import nbtrack
import nbtrack.sklearn
from nbtrack.autologging import answers
from nbtrack.tracking.digests import frame_digest
from tests.autologging.looks import NUMBER, THREE, TWO, X, only, paths, runs

WEIGHTS = np.linspace(0.1, 2, len(X))


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("y", [TWO, THREE, np.array(["no", "yes"])[TWO]])
def test_metrics_of_classes_are_those_of_scikit_learn(y, weights):
    nbtrack.sklearn.autolog(log_models=False, log_post_training_metrics=False)
    model = LogisticRegression().fit(X, y, sample_weight=weights)
    found, proba = model.predict(X), model.predict_proba(X)
    is_two = len(set(y)) == 2
    common = {"sample_weight": weights}
    wanted = {
        name: getattr(metrics, name)(y, found, average="weighted", **common)
        for name in ("precision_score", "recall_score", "f1_score")
    }
    wanted["accuracy_score"] = wanted["score"] = metrics.accuracy_score(y, found, **common)
    wanted["log_loss"] = metrics.log_loss(y, proba, **common)
    if is_two:
        wanted["roc_auc"] = metrics.roc_auc_score(y, proba[:, 1], **common)
    elif weights is None:
        wanted["roc_auc"] = metrics.roc_auc_score(y, proba, average="weighted", multi_class="ovo")
    got = {key.removeprefix("training_"): value for key, value in only().data.metrics.items()}
    assert got == pytest.approx(wanted, rel=1e-12)
    drawn = {"training_roc_curve.svg", "training_precision_recall_curve.svg"} if is_two else set()
    always = {"training_confusion_matrix.svg", "estimator.html", "feature_importance.json", "feature_importance.svg"}
    assert paths(only()) == always | drawn


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_metrics_of_numbers_are_those_of_scikit_learn(weights):
    nbtrack.sklearn.autolog(log_models=False, log_post_training_metrics=False)
    model = Ridge().fit(X, NUMBER, sample_weight=weights)
    found = model.predict(X)
    wanted = {
        f"training_{name}": getattr(metrics, name)(NUMBER, found, sample_weight=weights)
        for name in ("mean_squared_error", "mean_absolute_error", "r2_score", "root_mean_squared_error")
    }
    wanted["training_score"] = wanted["training_r2_score"]
    assert only().data.metrics == pytest.approx(wanted, rel=1e-12)


def test_one_of_two_classes_may_be_the_one_that_counts():
    nbtrack.sklearn.autolog(log_models=False, pos_label=1)
    found = LogisticRegression().fit(X, TWO).predict(X)
    assert only().data.metrics["training_f1_score"] == pytest.approx(metrics.f1_score(TWO, found))


def test_a_fit_is_a_run_with_params_tags_data_and_model():
    nbtrack.autolog(log_input_examples=True)
    model = LogisticRegression(C=0.5).fit(X, TWO)
    run = only()
    assert run.info.status == "FINISHED"
    assert run.data.params == {key: str(value) for key, value in model.get_params().items()}
    assert run.data.tags["estimator_class"] == "sklearn.linear_model._logistic.LogisticRegression"
    assert run.data.tags["mlflow.autologging"] == "sklearn"
    (used,) = run.inputs.dataset_inputs
    assert (used.context, used.dataset.profile.count('"name"')) == ("train", 3)
    uri = f"runs:/{run.info.run_id}/model"
    info = nbtrack.models.get_model_info(uri)
    assert [each.name for each in info.signature.inputs] == ["a", "b", "c"]
    np.testing.assert_array_equal(nbtrack.sklearn.load_model(uri).predict(X), model.predict(X))
    assert nbtrack.active_run() is None


def test_a_fit_in_an_open_run_is_logged_there_and_the_next_one_beside_it():
    nbtrack.autolog(log_models=False)
    with nbtrack.start_run() as run:
        for strength in (1.0, 2.0):
            Ridge(alpha=strength).fit(X, NUMBER)
        assert run.is_open
    found = only()
    assert (found.data.params["alpha"], found.data.params["alpha-2"], "solver-2" in found.data.params) == (
        "1.0",
        "2.0",
        False,
    )
    assert list(nbtrack.metric_history(run.id, "training_score")["step"]) == [0, 1]
    assert {"estimator.html", "estimator-2.html"} <= paths(found)


def test_parts_of_a_model_are_no_runs_of_their_own():
    nbtrack.autolog(log_models=False)
    make_pipeline(StandardScaler(), LogisticRegression(C=2)).fit(X, TWO)
    VotingClassifier([("a", LogisticRegression()), ("b", SVC())]).fit(X, TWO)
    StandardScaler().fit_transform(X)
    KMeans(2, n_init=1, random_state=0).fit_predict(X)
    first, second, third = runs()
    assert first.data.params["logisticregression__C"] == "2"
    assert (
        first.data.params["steps"]
        == "[(standardscaler, StandardScaler()), (logisticregression, LogisticRegression(C=2))]"
    )
    assert second.data.tags["estimator_name"] == "VotingClassifier"
    assert third.data.tags["estimator_name"] == "KMeans"


def test_threads_of_joblib_know_that_they_train_parts():
    from joblib import parallel_config  # type: ignore[import-untyped]

    nbtrack.autolog(log_models=False)
    with parallel_config(backend="threading", n_jobs=2):
        VotingClassifier([("a", LogisticRegression()), ("b", LogisticRegression(C=2))]).fit(X, TWO)
    assert only().data.tags["estimator_name"] == "VotingClassifier"


def test_the_best_candidates_of_a_search_are_child_runs():
    nbtrack.sklearn.autolog(log_models=False, max_tuning_runs=2, extra_tags={"team": "x"})
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    search = GridSearchCV(pipeline, {"logisticregression__C": [0.001, 0.1, 1.0]}, cv=2).fit(X, TWO)
    found = runs()
    (parent,) = [run for run in found if run.info.parent_run_id is None]
    children = [run for run in found if run is not parent]
    assert {run.info.parent_run_id for run in children} == {parent.info.run_id}
    scores = search.cv_results_["mean_test_score"]
    assert sorted(run.data.metrics["mean_test_score"] for run in children) == sorted(scores)[-2:]
    assert all(run.data.tags["team"] == "x" and run.info.status == "FINISHED" for run in children)
    best = max(children, key=lambda run: run.data.metrics["mean_test_score"])
    assert best.data.params["logisticregression__C"] == str(search.best_params_["logisticregression__C"])
    assert best.data.params["logisticregression__max_iter"] == "100"
    assert len(best.inputs.dataset_inputs) == 1
    assert parent.data.metrics["best_cv_score"] == search.best_score_
    assert parent.data.params["best_logisticregression__C"] == best.data.params["logisticregression__C"]
    assert "cv_results.csv" in paths(parent)


def test_data_of_other_kinds_are_described_too():
    nbtrack.autolog(log_models=False)
    LinearRegression().fit([[0.0], [1.0], [3.0]], [0, 1, 2])
    LinearRegression().fit(sparse.csr_matrix(X.to_numpy()), np.stack([NUMBER, NUMBER], axis=1))
    listed, thin = runs()
    assert '"features_shape":[3,1]' in listed.inputs.dataset_inputs[0].dataset.profile.replace(" ", "")
    assert "indptr" in thin.inputs.dataset_inputs[0].dataset.profile
    assert thin.data.metrics["training_r2_score"] == pytest.approx(thin.data.metrics["training_score"])


def test_what_is_measured_later_belongs_to_the_run_of_the_training():
    nbtrack.autolog(log_models=False)
    model = RandomForestClassifier(3, random_state=0).fit(X, TWO)
    x_test, y_test = X.iloc[::2], TWO[::2]
    score = model.score(x_test, y_test)
    again = metrics.accuracy_score(y_test, model.predict(x_test))
    f1 = metrics.f1_score(y_test, model.predict(x_test))
    metrics.accuracy_score(y_test, y_test)  # no prediction of the model
    found = only().data.metrics
    assert found["RandomForestClassifier_score_x_test"] == score == again == found["accuracy_score_x_test"]
    assert found["f1_score_x_test"] == f1
    assert [each.context for each in only().inputs.dataset_inputs] == ["train", "eval"]
    assert "metric_info.json" in paths(only())


@pytest.mark.parametrize("table", [X, X.astype({"a": "float32"}), X.set_index("c")])
def test_data_changed_in_place_are_other_data(table):
    nbtrack.autolog(log_models=False)
    table = table.copy()
    digests = []
    for change in (0.0, 0.0, 0.5):
        table.iloc[31, 1] += change
        Ridge().fit(table, NUMBER)
        (used,) = runs()[-1].inputs.dataset_inputs
        digests.append(used.dataset.digest)
    assert digests[2] == frame_digest(table)[0] != digests[0] == digests[1]


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(5, random_state=0),
        make_pipeline(StandardScaler(), LogisticRegression()),
        make_pipeline(StandardScaler(), "passthrough", SVC()),
        make_pipeline(LogisticRegression()),
        GridSearchCV(make_pipeline(StandardScaler(), RandomForestClassifier(3, random_state=1)), {}, cv=2),
    ],
)
@pytest.mark.parametrize("y", [TWO, np.array(["x", "y", "z"])[THREE]])
def test_answers_are_those_that_the_model_gives_itself(model, y):
    model.fit(X, y)
    classes, chances = answers.of(model, X)
    np.testing.assert_array_equal(classes, model.predict(X))
    assert (chances is None) is not hasattr(model, "predict_proba")
    if chances is not None:
        np.testing.assert_array_equal(chances, model.predict_proba(X))
