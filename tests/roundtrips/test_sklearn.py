"""scikit-learn models: ours in MLflow, MLflow's in ours."""

from __future__ import annotations

import warnings

import mlflow.pyfunc
import mlflow.sklearn
import numpy as np
import pytest

import nbtrack.pyfunc
import nbtrack.sklearn
from nbtrack.errors import NbtrackWarning, UntrustedModelError
from nbtrack.models.flavors.harmless import HARMLESS
from nbtrack.models.mlmodel import MLmodel
from tests.roundtrips.sklearn_models import MODELS, WITHOUT_PREDICT

COMPILED = {"pipeline_columns_forest", "tree", "hist_boosting", "boosting", "outliers", "neighbours"}
"""Models with compiled objects, which neither skops nor nbtrack trusts without leave: trees of both kinds."""
FEW = ("pipeline_columns_logistic", "pipeline_columns_forest", "grid_search", "pipeline_text", "kmeans")


def save(model, path, **options) -> MLmodel:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NbtrackWarning)
        nbtrack.sklearn.save_model(model, path, **options)
    return MLmodel.load(path)


@pytest.mark.parametrize("name", MODELS)
def test_mlflow_loads_ours_and_predicts_the_same(name, tmp_path):
    model, given = MODELS[name]()
    saved = save(model, tmp_path / "m")
    expected = model.predict(given)
    np.testing.assert_array_equal(mlflow.pyfunc.load_model(str(tmp_path / "m")).predict(given), expected)
    np.testing.assert_array_equal(mlflow.sklearn.load_model(str(tmp_path / "m")).predict(given), expected)
    assert saved.flavors["sklearn"]["serialization_format"] == ("cloudpickle" if name in COMPILED else "skops")


@pytest.mark.parametrize("name", MODELS)
def test_ours_comes_back_and_predicts_the_same(name, tmp_path):
    model, given = MODELS[name]()
    save(model, tmp_path / "m")
    trust = name in COMPILED
    expected = model.predict(given)
    np.testing.assert_array_equal(nbtrack.pyfunc.load_model(tmp_path / "m", trust=trust).predict(given), expected)
    np.testing.assert_array_equal(nbtrack.sklearn.load_model(tmp_path / "m", trust=trust).predict(given), expected)


@pytest.mark.parametrize("form", ["skops", "cloudpickle", "pickle"])
@pytest.mark.parametrize("name", FEW)
def test_theirs_is_loaded_here_and_predicts_the_same(name, form, tmp_path):
    model, given = MODELS[name]()
    trusted = sorted(HARMLESS | {"sklearn.tree._tree.Tree"})
    path = tmp_path / "m"
    mlflow.sklearn.save_model(
        model, str(path), serialization_format=form, skops_trusted_types=trusted, pip_requirements=["scikit-learn"]
    )
    leave = (["sklearn.tree._tree.Tree"] if name in COMPILED else False) if form == "skops" else True
    expected = model.predict(given)
    np.testing.assert_array_equal(nbtrack.pyfunc.load_model(path, trust=leave).predict(given), expected)
    np.testing.assert_array_equal(nbtrack.sklearn.load_model(path, trust=leave).predict(given), expected)


def test_the_types_that_a_model_of_theirs_trusts_are_not_trusted_here(tmp_path):
    model, _ = MODELS["tree"]()
    mlflow.sklearn.save_model(
        model, str(tmp_path / "m"), skops_trusted_types=["sklearn.tree._tree.Tree"], pip_requirements=["scikit-learn"]
    )
    with pytest.raises(UntrustedModelError, match=r"sklearn\.tree\._tree\.Tree"):
        nbtrack.sklearn.load_model(tmp_path / "m")


def test_types_that_the_user_trusts_keep_a_forest_in_skops_for_both(tmp_path):
    model, given = MODELS["pipeline_columns_forest"]()
    saved = save(model, tmp_path / "m", skops_trusted_types=["sklearn.tree._tree.Tree"])
    assert saved.flavors["sklearn"]["serialization_format"] == "skops"
    expected = model.predict(given)
    np.testing.assert_array_equal(mlflow.sklearn.load_model(str(tmp_path / "m")).predict(given), expected)
    again = nbtrack.sklearn.load_model(tmp_path / "m", trust=["sklearn.tree._tree.Tree"])
    np.testing.assert_array_equal(again.predict(given), expected)


@pytest.mark.parametrize("name", ["predict_proba", "predict_log_proba"])
def test_another_method_predicts_in_both(name, tmp_path):
    model, given = MODELS["logistic"]()
    save(model, tmp_path / "m", pyfunc_predict_fn=name)
    expected = getattr(model, name)(given)
    np.testing.assert_array_equal(nbtrack.pyfunc.load_model(tmp_path / "m").predict(given), expected)
    np.testing.assert_array_equal(mlflow.pyfunc.load_model(str(tmp_path / "m")).predict(given), expected)


@pytest.mark.parametrize("name", WITHOUT_PREDICT)
def test_a_model_that_cannot_predict_is_kept_for_its_library_alone(name, tmp_path):
    model = WITHOUT_PREDICT[name]()
    with pytest.warns(NbtrackWarning, match="no method predict"):
        nbtrack.sklearn.save_model(model, tmp_path / "m")
    assert list(MLmodel.load(tmp_path / "m").flavors) == ["sklearn"]
    assert type(mlflow.sklearn.load_model(str(tmp_path / "m"))) is type(model)
    assert type(nbtrack.sklearn.load_model(tmp_path / "m")) is type(model)


def test_signature_and_example_are_read_by_mlflow(tmp_path):
    model, given = MODELS["pipeline_columns_logistic"]()
    nbtrack.sklearn.save_model(model, tmp_path / "m", input_example=given[:3])
    theirs = mlflow.pyfunc.load_model(str(tmp_path / "m"))
    assert theirs.metadata.signature.inputs.input_names() == list(given.columns)
    assert theirs.input_example.shape == (3, given.shape[1])
    mine = mlflow.models.infer_signature(given[:3], model.predict(given[:3]))
    assert theirs.metadata.signature.to_dict() == mine.to_dict()
    ours = nbtrack.pyfunc.load_model(tmp_path / "m")
    for loaded in (theirs, ours):
        np.testing.assert_array_equal(loaded.predict(given.assign(more=1)), model.predict(given))
        with pytest.raises(Exception, match="city"):
            loaded.predict(given.drop(columns="city"))
