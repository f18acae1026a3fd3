"""Calls as MLflow's users write them: positions, loader modules, what is refused."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

import nbtrack
from nbtrack.errors import InvalidValueError, UntrustedModelError
from nbtrack.models.mlmodel import MLmodel

if TYPE_CHECKING:
    from pathlib import Path

X = pd.DataFrame({"x": [1.0, 2.0]})
POSITIONS = {
    "sklearn": "sk_model name conda_env code_paths serialization_format registered_model_name signature input_example",
    "xgboost": "xgb_model name conda_env code_paths registered_model_name signature input_example",
    "lightgbm": "lgb_model name conda_env code_paths registered_model_name signature input_example",
    "onnx": "onnx_model name conda_env code_paths registered_model_name signature input_example",
    "pytorch": "pytorch_model name conda_env code_paths",
    "statsmodels": "statsmodels_model name conda_env code_paths registered_model_name remove_data signature input_example",
    "pyfunc": "name loader_module data_path code_paths infer_code_paths conda_env python_model artifacts registered_model_name",
}
"""What MLflow 3.17 takes by position; its artifact_path is our name."""
LOADER = """
from pathlib import Path

class Model:
    def __init__(self, times):
        self.times = times

    def predict(self, data, params=None):
        return data["x"] * self.times * (params or {}).get("again", 1.0)

def _load_pyfunc(path):
    return Model(float(Path(path).read_text()))
"""


@pytest.mark.parametrize("door", POSITIONS)
def test_log_model_has_mlflows_positions(door: str) -> None:
    taken = inspect.signature(getattr(nbtrack, door).log_model).parameters.values()
    names = [each.name for each in taken if each.kind is each.POSITIONAL_OR_KEYWORD]
    assert " ".join(names).startswith(POSITIONS[door])


def test_a_call_by_position_is_understood(tmp_path: Path) -> None:
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    model = LinearRegression().fit(X, [1.0, 2.0])
    info = nbtrack.sklearn.log_model(model, "m", None, None, "pickle", "price", None, X, 300, ["scikit-learn"])
    assert info.flavors["sklearn"]["serialization_format"] == "pickle"
    assert (info.artifact_path, info.registered_model_version) == ("m", 1)
    assert info.signature is not None


def test_a_module_of_the_users_loads_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    monkeypatch.syspath_prepend(tmp_path)
    code, data = tmp_path / "loader_of_mine.py", tmp_path / "times.txt"
    code.write_text(LOADER)
    data.write_text("3")
    how: dict[str, Any] = {
        "loader_module": "loader_of_mine",
        "data_path": data,
        "code_paths": [code],
        "input_example": (X, {"again": 1.0}),
    }
    info = nbtrack.pyfunc.log_model("m", **how)
    np.testing.assert_array_equal(nbtrack.pyfunc.load_model(info.model_uri).predict(X, {"again": 2.0}), [6.0, 12.0])
    nbtrack.pyfunc.save_model(tmp_path / "saved", **how)
    conf = MLmodel.load(tmp_path / "saved").flavors["python_function"]
    assert (conf["loader_module"], conf["data"], conf["code"]) == ("loader_of_mine", "data/times.txt", "code")
    with pytest.raises(UntrustedModelError, match="loader_of_mine"):
        nbtrack.pyfunc.load_model(tmp_path / "saved")
    cases: list[dict[str, Any]] = [
        {"data_path": data},
        {"loader_module": "a b"},
        {"loader_module": "a", "python_model": len},
    ]
    for wrong in cases:
        with pytest.raises(InvalidValueError):
            nbtrack.pyfunc.save_model(tmp_path / "new", **wrong)


def test_all_requirements_and_further_ones_exclude_each_other(tmp_path: Path) -> None:
    model = LinearRegression().fit(X, [1.0, 2.0])
    both: dict[str, Any] = {"pip_requirements": ["scikit-learn"], "extra_pip_requirements": ["lark"]}
    with pytest.raises(InvalidValueError, match="give one of them"):
        nbtrack.sklearn.save_model(model, tmp_path / "m", **both)
    assert not (tmp_path / "m").exists()
