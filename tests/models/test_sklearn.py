"""scikit-learn models here, without MLflow: formats, what is said, doors, runs."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import nbtrack
import nbtrack.pyfunc
import nbtrack.sklearn
from nbtrack.errors import InvalidValueError, NbtrackWarning, UntrustedModelError
from nbtrack.models.flavors import flavor, flavor_of, names
from nbtrack.models.flavors.harmless import HARMLESS
from nbtrack.models.mlmodel import MLmodel

X = pd.DataFrame({"a": np.arange(12.0), "b": np.arange(12.0)[::-1] % 5})
Y = np.arange(12) % 2


class Halve(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn carries no types
    """A transformer of a file of the user's."""

    def fit(self, X, y=None):  # noqa: N803 - scikit-learn's name
        self.fitted_ = True
        return self

    def transform(self, X):  # noqa: N803
        return X / 2


def form_of(path):
    return MLmodel.load(path).flavors["sklearn"]["serialization_format"]


def test_a_pipeline_and_a_search_are_skops_and_need_no_leave(tmp_path):
    pipeline = make_pipeline(SimpleImputer(), LogisticRegression())
    for index, model in enumerate(
        (pipeline, GridSearchCV(pipeline, {"logisticregression__C": [1, 2]}, cv=2, scoring="f1"))
    ):
        path = tmp_path / str(index)
        nbtrack.sklearn.save_model(model.fit(X, Y), path)
        assert form_of(path) == "skops"
        np.testing.assert_array_equal(nbtrack.sklearn.load_model(path).predict(X), model.predict(X))


def test_every_harmless_type_is_there_in_this_version_of_its_library():
    from importlib import import_module

    missing = [
        name for name in HARMLESS if not hasattr(import_module(name.rpartition(".")[0]), name.rpartition(".")[2])
    ]
    assert not missing


def test_a_forest_is_cloudpickle_without_a_warning_that_nobody_can_do_anything_about(tmp_path):
    forest = RandomForestClassifier(3, random_state=0).fit(X, Y)
    nbtrack.sklearn.save_model(forest, tmp_path / "m")
    assert form_of(tmp_path / "m") == "cloudpickle"
    with pytest.raises(UntrustedModelError, match=r"model\.pkl"):
        nbtrack.sklearn.load_model(tmp_path / "m")


def test_trust_of_one_type_is_enough_for_skops_and_of_another_is_not(tmp_path):
    forest = RandomForestClassifier(3, random_state=0).fit(X, Y)
    nbtrack.sklearn.save_model(forest, tmp_path / "m", skops_trusted_types=["sklearn.tree._tree.Tree"])
    assert form_of(tmp_path / "m") == "skops"
    for leave in (False, ["sklearn.tree.Tree"]):
        with pytest.raises(UntrustedModelError, match=r"sklearn\.tree\._tree\.Tree"):
            nbtrack.sklearn.load_model(tmp_path / "m", trust=leave)
    for load in (nbtrack.sklearn.load_model, nbtrack.pyfunc.load_model):
        np.testing.assert_array_equal(
            load(tmp_path / "m", trust=["sklearn.tree._tree.Tree"]).predict(X), forest.predict(X)
        )


def test_skops_that_is_asked_for_and_impossible_is_an_error(tmp_path):
    model = make_pipeline(FunctionTransformer(partial(np.multiply, 2)), Ridge()).fit(X, Y)
    with pytest.raises(InvalidValueError, match="skops cannot take this Pipeline"):
        nbtrack.sklearn.save_model(model, tmp_path / "m", serialization_format="skops")
    assert not (tmp_path / "m").exists()


def test_a_class_of_the_users_is_cloudpickle(tmp_path):
    model = make_pipeline(Halve(), Ridge()).fit(X, Y)
    with pytest.warns(NbtrackWarning, match=r"skops does not trust.*Halve"):
        nbtrack.sklearn.save_model(model, tmp_path / "m")
    np.testing.assert_array_equal(nbtrack.sklearn.load_model(tmp_path / "m", trust=True).predict(X), model.predict(X))


@pytest.mark.parametrize(
    "options", [{"serialization_format": "joblib"}, {"pyfunc_predict_fn": "_fit"}, {"pyfunc_predict_fn": "a.b"}]
)
def test_options_are_checked(options, tmp_path):
    with pytest.raises(InvalidValueError, match=next(iter(options))):
        nbtrack.sklearn.save_model(Ridge().fit(X, Y), tmp_path / "m", **options)


def test_a_method_that_the_model_does_not_have_is_not_called(tmp_path):
    nbtrack.sklearn.save_model(LogisticRegression().fit(X, Y), tmp_path / "m")
    file = tmp_path / "m" / "MLmodel"
    file.write_text(file.read_text().replace("predict_fn: predict", "predict_fn: __reduce__"))
    with pytest.raises(InvalidValueError, match="__reduce__"):
        nbtrack.pyfunc.load_model(tmp_path / "m")


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "%2e%2e/x", "a\\..\\b"])
def test_the_file_of_a_model_does_not_lead_out_of_its_folder(path, tmp_path):
    nbtrack.sklearn.save_model(LogisticRegression().fit(X, Y), tmp_path / "m")
    file = tmp_path / "m" / "MLmodel"
    file.write_text(file.read_text().replace("pickled_model: model.skops", f"pickled_model: '{path}'"))
    with pytest.raises(InvalidValueError):
        nbtrack.sklearn.load_model(tmp_path / "m", trust=True)


def test_a_model_of_a_run_is_loaded_by_its_uri_without_leave(tmp_path):
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    forest = RandomForestClassifier(3, random_state=0).fit(X, Y)
    with nbtrack.start_run() as run:
        info = nbtrack.sklearn.log_model(forest, "model", input_example=X[:2])
    assert info.model_uri == f"runs:/{run.id}/model"
    assert info.signature is not None
    for uri in (info.model_uri, f"models:/{info.model_id}"):
        np.testing.assert_array_equal(nbtrack.sklearn.load_model(uri).predict(X), forest.predict(X))
        np.testing.assert_array_equal(nbtrack.pyfunc.load_model(uri).predict(X), forest.predict(X))


def test_a_second_model_of_the_name_is_loaded_at_once(tmp_path):
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    with nbtrack.start_run():
        for slope in (1.0, 2.0, 3.0):
            info = nbtrack.sklearn.log_model(Ridge(alpha=0).fit(X[["a"]], slope * X["a"]), "model")
            assert nbtrack.sklearn.load_model(info.model_uri).coef_[0] == pytest.approx(slope)


def test_flavors_claim_their_own_and_import_nothing():
    assert set(names()) == {"xgboost", "lightgbm", "pytorch", "onnx", "statsmodels", "sklearn", "pyfunc"}
    assert flavor_of(Ridge()).name == "sklearn"
    for name, module in (
        ("xgboost", "xgboost.core"),
        ("lightgbm", "lightgbm.basic"),
        ("pytorch", "torch.nn"),
        ("statsmodels", "statsmodels.x"),
    ):
        stranger = type("Booster", (), {"__module__": module})()
        assert flavor(name).claims(stranger)
        assert flavor_of(stranger).name == name
    with pytest.raises(InvalidValueError, match="No flavor"):
        flavor_of(3)
