"""``MLmodel``, the environment files, and what is lazily public."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import yaml

import nbtrack.models
from nbtrack.errors import InvalidValueError
from nbtrack.models import environment
from nbtrack.models.mlmodel import MLmodel

if TYPE_CHECKING:
    from pathlib import Path

# As MLflow 3.17.2 wrote it.
THEIRS = """
artifact_path: mlflow-artifacts:/1/models/m-0/artifacts
databricks_runtime: null
flavors:
  python_function:
    env: {conda: conda.yaml, virtualenv: python_env.yaml}
    loader_module: mlflow.sklearn
    model_path: model.pkl
    predict_fn: predict
    python_version: 3.11.7
  sklearn: {code: null, pickled_model: model.pkl, serialization_format: cloudpickle, sklearn_version: 1.9.1}
is_signature_from_type_hint: false
mlflow_version: 3.17.2
model_id: m-00000000000000000000000000000000
model_size_bytes: 2219
model_uuid: m-00000000000000000000000000000000
prompts: null
run_id: 0123456789abcdef0123456789abcdef
signature:
  inputs: '[{"type": "double", "name": "x", "required": true}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
  params: null
type_hint_from_example: false
utc_time_created: '2026-11-23 03:25:43.819410'
"""


def test_what_mlflow_wrote_is_read_and_written_again():
    found = MLmodel.from_yaml(THEIRS)
    assert found.extra == {"databricks_runtime": None}
    assert found.model_id == "m-" + "0" * 32
    assert found.pyfunc is not None
    assert repr(found.get_signature()).startswith(
        "inputs: \n  ['x': double (required)]\noutputs: \n  [Tensor('int64', (-1,))]"
    )
    assert yaml.safe_load(found.to_yaml()) == yaml.safe_load(THEIRS)


def test_what_is_not_known_is_left_out():
    found = yaml.safe_load(MLmodel.new(flavors={"x": {}}, mlflow_version=None).to_yaml())
    assert found.keys() == {"flavors", "model_id", "model_uuid", "prompts", "utc_time_created"}
    assert MLmodel.from_yaml("flavors: {}").mlflow_version is None
    assert MLmodel.new(model_id="m-1").model_uuid == "m-1"


def test_environments_come_back(tmp_path: Path):
    environment.write(tmp_path, ["numpy==2.0", "pandas"], constraints=["scipy<2"])
    assert (tmp_path / "constraints.txt").read_text() == "scipy<2\n"
    conda = yaml.safe_load((tmp_path / "conda.yaml").read_text())
    assert conda["dependencies"][-1] == {"pip": ["numpy==2.0", "pandas", "-c constraints.txt"]}
    found = environment.read(tmp_path)
    assert found.requirements == ("numpy==2.0", "pandas", "-c constraints.txt")
    assert found.python == ".".join(map(str, sys.version_info[:3]))
    assert found.build_dependencies[0].startswith("pip==")
    assert environment.installed("no-such-distribution") == "no-such-distribution"


def test_an_environment_may_be_a_list_alone(tmp_path: Path):
    (tmp_path / "requirements.txt").write_text("# these\nnumpy  # and why\n\npandas\n")
    assert environment.read(tmp_path).requirements == ("numpy", "pandas")
    assert environment.read_lines(tmp_path / "nowhere") == ()


def test_damaged_environments_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "python_env.yaml").write_text("build_dependencies: [1, 2]")
    with pytest.raises(InvalidValueError, match="no text"):
        environment.read(tmp_path)
    monkeypatch.setattr(environment, "MAX_BYTES", 3)
    (tmp_path / "requirements.txt").write_text("numpy")
    with pytest.raises(InvalidValueError, match="no requirements file"):
        environment.read_lines(tmp_path / "requirements.txt")


def test_public_names_are_loaded_when_used():
    program = (
        "import sys, nbtrack, nbtrack.models, nbtrack.pyfunc\n"
        "heavy = {'pandas', 'numpy', 'yaml', 'sklearn', 'cloudpickle', 'duckdb', 'scipy', 'skops'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert {"infer_signature", "ModelSignature", "set_model", "get_model_info", "validate_serving_input"} <= set(
        dir(nbtrack.models)
    )
    assert nbtrack.models.Model is nbtrack.models.MLmodel
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = nbtrack.models.nothing
