"""Models kept as code, written for nbtrack or for MLflow, which may be there or not."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

import nbtrack
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.models.python_model import PythonModel
from nbtrack.pyfunc import load_model, save_model

if TYPE_CHECKING:
    from pathlib import Path

CODE = """
import nbtrack.models
from nbtrack.models import ModelConfig

K = ModelConfig(development_config={"k": 1}).get("k")

def predict(model_input):
    return [x * K for x in model_input]

nbtrack.models.set_model(predict)
"""


def test_models_are_kept_as_code(tmp_path: Path):
    (tmp_path / "model.py").write_text(CODE)
    save_model(tmp_path / "m", str(tmp_path / "model.py"), model_config={"k": 3})
    assert load_model(tmp_path / "m", trust=True).predict([1, 2]) == [3, 6]
    assert load_model(tmp_path / "m", trust=True, model_config={"k": 5}).predict([1]) == [5]
    save_model(tmp_path / "n", tmp_path / "model.py", input_example=[1, 2])
    assert load_model(tmp_path / "n", trust=True).metadata.get_signature() is not None


THEIR_CODE = """
from mlflow.models import ModelConfig, set_model
from mlflow.pyfunc import PythonModel

class Theirs(PythonModel):
    k = ModelConfig(development_config={"k": 1}).get("k")
    def predict(self, context, model_input, params=None):
        return [x + self.k for x in model_input]

set_model(Theirs())
"""


def test_code_written_for_mlflow_runs_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "mlflow"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mlflow.models", None)
    (tmp_path / "model.py").write_text(THEIR_CODE)
    save_model(tmp_path / "m", tmp_path / "model.py", model_config={"k": 3})
    assert load_model(tmp_path / "m", trust=True).predict([1, 2]) == [4, 5]
    assert sys.modules.get("mlflow.models") is None


def test_code_written_for_mlflow_runs_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    mlflow, models, pyfunc = (ModuleType(name) for name in ("mlflow", "mlflow.models", "mlflow.pyfunc"))
    settings = ModuleType("mlflow.models.model_config")
    models.__dict__.update(set_model=None, model_config=settings, ModelConfig=nbtrack.models.ModelConfig)
    pyfunc.__dict__.update(PythonModel=PythonModel)
    mlflow.__dict__.update(models=models, pyfunc=pyfunc)
    for module in (mlflow, models, pyfunc):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    (tmp_path / "model.py").write_text(THEIR_CODE)
    save_model(tmp_path / "m", tmp_path / "model.py", model_config={"k": 3})
    assert load_model(tmp_path / "m", trust=True).predict([1]) == [4]
    assert models.set_model is None
    assert settings.__dict__.get("__mlflow_model_config__") is None


def test_mlflow_hears_of_models_set_here(monkeypatch: pytest.MonkeyPatch):
    theirs = ModuleType("mlflow.models.model")
    monkeypatch.setitem(sys.modules, "mlflow.models.model", theirs)
    nbtrack.models.set_model(len)
    assert vars(theirs)["__mlflow_model__"] is len


@pytest.mark.parametrize(
    ("code", "problem"),
    [("x = 1", "did not say which object"), ("from nbtrack.models import set_model\nset_model(3)", "received a int")],
)
def test_code_without_a_model_is_refused(tmp_path: Path, code: str, problem: str):
    (tmp_path / "model.py").write_text(code)
    save_model(tmp_path / "m", tmp_path / "model.py")
    before = set(sys.modules)
    with pytest.raises(InvalidValueError, match=problem):
        load_model(tmp_path / "m", trust=True)
    assert set(sys.modules) - before == set()


def test_settings_come_from_a_file_as_well(tmp_path: Path):
    (tmp_path / "config.yaml").write_text("k: 2")
    config = nbtrack.models.ModelConfig(development_config=str(tmp_path / "config.yaml"))
    assert config.to_dict() == {"k": 2}
    with pytest.raises(NotFoundError, match="'j' is not in the model's config"):
        config.get("j")
    with pytest.raises(NotFoundError):
        nbtrack.models.ModelConfig(development_config="nowhere.yaml").to_dict()
    with pytest.raises(InvalidValueError):
        nbtrack.models.ModelConfig(development_config=3).to_dict()
    assert nbtrack.models.ModelConfig().to_dict() == {}
