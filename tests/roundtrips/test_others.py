"""XGBoost, LightGBM, PyTorch, ONNX and statsmodels: ours in MLflow, MLflow's in ours."""

from __future__ import annotations

from importlib import import_module

import mlflow.pyfunc
import numpy as np
import pytest

import nbtrack.pyfunc
from nbtrack.errors import InvalidValueError, UntrustedModelError
from nbtrack.models.mlmodel import MLmodel
from tests.roundtrips.other_models import CASES

UNPICKLED = ("pytorch", "statsmodels")


def assert_same(found, expected):
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        for name, values in expected.items():
            np.testing.assert_allclose(found[name], values, rtol=1e-4, atol=1e-6)
    else:
        np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=1e-6, atol=1e-7)


def theirs(flavor):
    return import_module(f"mlflow.{flavor}")


def ours(flavor):
    return import_module(f"nbtrack.{flavor}")


def options_of(flavor):
    return {"serialization_format": "pickle"} if flavor == "pytorch" else {}


@pytest.mark.parametrize("name", CASES)
def test_mlflow_loads_ours_and_predicts_the_same(name, tmp_path):
    case = CASES[name]()
    ours(case.flavor).save_model(case.model, tmp_path / "m")
    assert_same(mlflow.pyfunc.load_model(str(tmp_path / "m")).predict(case.given), case.expected)
    native = theirs(case.flavor).load_model(str(tmp_path / "m"))
    assert type(native).__name__ == type(ours(case.flavor).load_model(tmp_path / "m", trust=True)).__name__


@pytest.mark.parametrize("name", CASES)
def test_ours_comes_back_and_predicts_the_same(name, tmp_path):
    case = CASES[name]()
    ours(case.flavor).save_model(case.model, tmp_path / "m")
    loaded = nbtrack.pyfunc.load_model(tmp_path / "m", trust=case.flavor in UNPICKLED)
    assert_same(loaded.predict(case.given), case.expected)


@pytest.mark.parametrize("name", CASES)
def test_theirs_is_loaded_here_and_predicts_the_same(name, tmp_path):
    case = CASES[name]()
    path = tmp_path / "m"
    theirs(case.flavor).save_model(case.model, str(path), pip_requirements=["numpy"], **options_of(case.flavor))
    if case.flavor in UNPICKLED:
        with pytest.raises(UntrustedModelError):
            nbtrack.pyfunc.load_model(path)
    loaded = nbtrack.pyfunc.load_model(path, trust=case.flavor in UNPICKLED)
    assert_same(loaded.predict(case.given), case.expected)


@pytest.mark.parametrize("name", CASES)
def test_the_same_is_written_of_a_model_as_mlflow_writes(name, tmp_path):
    case = CASES[name]()
    ours(case.flavor).save_model(case.model, tmp_path / "ours")
    theirs(case.flavor).save_model(
        case.model, str(tmp_path / "theirs"), pip_requirements=["numpy"], **options_of(case.flavor)
    )
    mine, other = (MLmodel.load(tmp_path / folder).flavors for folder in ("ours", "theirs"))
    for flavor, conf in other.items():
        wanted = {key: value for key, value in conf.items() if not key.startswith(("skops_", "serialization_"))}
        assert {key: mine[flavor].get(key) for key in wanted} == wanted


@pytest.mark.parametrize("form", ["cloudpickle", "pickle"])
def test_an_estimator_of_lightgbm_may_be_a_pickle(form, tmp_path):
    case = CASES["lightgbm_classifier"]()
    ours("lightgbm").save_model(case.model, tmp_path / "m", serialization_format=form)
    assert_same(mlflow.pyfunc.load_model(str(tmp_path / "m")).predict(case.given), case.expected)
    with pytest.raises(UntrustedModelError, match="lightgbm"):
        ours("lightgbm").load_model(tmp_path / "m")


def test_an_exported_graph_goes_both_ways(tmp_path):
    case = CASES["pytorch_eager"]()
    example = case.given[:3]
    ours("pytorch").save_model(case.model, tmp_path / "a", serialization_format="pt2", input_example=example)
    assert_same(mlflow.pyfunc.load_model(str(tmp_path / "a")).predict(case.given), case.expected)
    theirs("pytorch").save_model(case.model, str(tmp_path / "b"), input_example=example, pip_requirements=["torch"])
    assert_same(nbtrack.pyfunc.load_model(tmp_path / "b", trust=True).predict(case.given), case.expected)
    with pytest.raises(UntrustedModelError):
        nbtrack.pyfunc.load_model(tmp_path / "b")


def test_a_tensor_is_an_example(tmp_path):
    import torch

    case = CASES["pytorch_eager"]()
    ours("pytorch").save_model(case.model, tmp_path / "m", input_example=torch.from_numpy(case.given[:2]))
    loaded = mlflow.pyfunc.load_model(str(tmp_path / "m"))
    assert loaded.metadata.signature.inputs.to_dict()[0]["tensor-spec"] == {"dtype": "float32", "shape": (-1, 4)}
    assert_same(loaded.predict(case.given), case.expected)


def test_a_frame_of_torch_keeps_its_index(tmp_path):
    case = CASES["pytorch_eager"]()
    ours("pytorch").save_model(case.model, tmp_path / "m")
    import pandas as pd

    given = pd.DataFrame(case.given, index=range(500, 500 + len(case.given)))
    mine = nbtrack.pyfunc.load_model(tmp_path / "m", trust=True).predict(given)
    pd.testing.assert_frame_equal(mine, mlflow.pyfunc.load_model(str(tmp_path / "m")).predict(given))


def test_onnx_takes_frames_and_dicts(tmp_path):
    case = CASES["onnx_logistic"]()
    ours("onnx").save_model(case.model, tmp_path / "m", onnx_session_options={"intra_op_num_threads": 1})
    from tests.roundtrips import data

    mine, other = nbtrack.pyfunc.load_model(tmp_path / "m"), mlflow.pyfunc.load_model(str(tmp_path / "m"))
    assert_same(mine.predict({"X": case.given}), case.expected)
    frame = data.numbers()
    with pytest.raises(ValueError, match=r"must (all )?be (of the )?same length"):
        other.predict(frame)
    with pytest.raises(ValueError, match=r"must (all )?be (of the )?same length"):
        mine.predict(frame)


def test_a_class_that_is_not_xgboosts_is_not_imported(tmp_path):
    case = CASES["xgboost_booster"]()
    ours("xgboost").save_model(case.model, tmp_path / "m")
    file = tmp_path / "m" / "MLmodel"
    file.write_text(file.read_text().replace("xgboost.core.Booster", "subprocess.Popen"))
    with pytest.raises(InvalidValueError, match="no model of XGBoost"):
        nbtrack.pyfunc.load_model(tmp_path / "m")


def test_tensors_of_onnx_do_not_lead_out_of_the_folder(tmp_path):
    import onnx

    case = CASES["onnx_logistic"]()
    ours("onnx").save_model(case.model, tmp_path / "m")
    (tmp_path / "secret").write_bytes(bytes(64))
    tensor = onnx.helper.make_tensor("w", onnx.TensorProto.FLOAT, [1], bytes(4), raw=True)
    onnx.external_data_helper.set_external_data(tensor, location="../secret")
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    case.model.graph.initializer.append(tensor)
    (tmp_path / "m" / "model.onnx").write_bytes(case.model.SerializeToString())
    with pytest.raises(InvalidValueError, match=r"\.\./secret"):
        ours("onnx").load_model(tmp_path / "m")
