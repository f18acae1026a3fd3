"""Folders looked into and loaded, tensors from tables, and what else the recorded cases leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from nbtrack.errors import InvalidValueError
from nbtrack.models import infer_signature, loading
from nbtrack.models.enforce import enforce_params, enforce_schema
from nbtrack.models.mlmodel import MLmodel
from nbtrack.models.pyfunc import PyFuncModel
from nbtrack.models.schema import ColSpec, DataType, Schema, TensorSpec
from nbtrack.models.uri import is_model_id, parse
from nbtrack.pyfunc import load_model, save_model
from tests.models import kit

if TYPE_CHECKING:
    from pathlib import Path


def test_risks_are_told_for_each_way_of_loading(tmp_path: Path):
    save_model(tmp_path / "m", lambda model_input: model_input)
    (risk,) = loading.risks_of(tmp_path / "m")
    assert risk.file == "python_model.pkl"
    with pytest.raises(InvalidValueError, match="not of flavor 'sklearn'"):
        loading.risks_of(tmp_path / "m", "sklearn")
    conf = {"python_function": {"loader_module": "theirs", "data": "data", "code": "gone"}}
    files = {"data/a.pkl": kit.trapped(tmp_path / "canary"), "data/note.txt": b"hello"}
    told = loading.risks_of(kit.folder(tmp_path / "n", conf, files))
    assert [risk.file for risk in told] == ["MLmodel", "data/a.pkl"]


def test_a_model_has_its_example_as_a_request(tmp_path: Path):
    save_model(tmp_path / "m", lambda model_input: model_input, input_example=[1, 2])
    model = load_model(tmp_path / "m", trust=True)
    assert '"inputs"' in str(model.serving_example)
    bare = PyFuncModel(MLmodel.new(flavors={"python_function": {}}), None, lambda data, params: (data, params))
    assert (bare.input_example, bare.serving_example, bare.input_schema, bare.params_schema) == (None, None, None, None)
    assert bare.predict(1, {"a": 2}) == (1, {"a": 2})


TENSOR = Schema([TensorSpec(np.dtype("float64"), (-1, 2))])


@pytest.mark.parametrize(
    ("data", "schema", "problem"),
    [
        (pd.DataFrame({"a": [{"x": 1}]}), TENSOR, "column of dict"),
        (pd.DataFrame({"a": [[1.0, 2.0], [3.0]]}), TENSOR, "cannot be made one"),
        (pd.DataFrame({"a": [[1.0, 2.0, 3.0, 4.0]]}), TENSOR, "1 rows make 2"),
        (pd.DataFrame({"a": [1.0]}), TENSOR, "column of single values"),
        (pd.DataFrame({"a": [[1.0]]}), Schema([TensorSpec(np.dtype("float64"), (2, 2))]), "only \\(-1"),
        (
            pd.DataFrame({"t": pd.Series([], dtype=object)}),
            Schema([TensorSpec(np.dtype("float64"), (-1, 2), "t")]),
            "no rows",
        ),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), Schema([ColSpec(DataType.long, "a")]), "same name"),
        ([[1, 2], [3]], Schema([ColSpec(DataType.long), ColSpec(DataType.long)]), "cells"),
        (np.zeros((2, 2, 2)), Schema([ColSpec(DataType.double)]), "cannot be made a table"),
    ],
)
def test_what_does_not_fit_is_told_why(data: Any, schema: Schema, problem: str):
    with pytest.raises(InvalidValueError, match=problem):
        enforce_schema(data, schema)


def test_params_without_a_schema_are_ignored_with_a_warning():
    assert enforce_params(None, None) is None
    assert enforce_params({}, None) == {}
    for given in ({"a": 1}, [1]):
        with pytest.warns(UserWarning, match="ignored"):
            assert enforce_params(given, None) == {}


def test_the_data_is_left_as_it_is():
    frame = pd.DataFrame({"x": [{"a": 1}], "n": np.array([1], dtype="int32")})
    before = frame.copy(deep=True)
    schema = infer_signature(pd.DataFrame({"x": [{"a": 1}], "n": [1]})).inputs
    assert schema is not None
    found = enforce_schema(frame, schema)
    found["x"].iloc[0]["a"] = 5
    pd.testing.assert_frame_equal(frame, before)
    assert found["n"].dtype == "int64"


def test_many_missing_columns_are_counted():
    schema = Schema([ColSpec(DataType.long, f"c{i}") for i in range(30)])
    with pytest.raises(InvalidValueError, match="'c19' and 10 more"):
        enforce_schema(pd.DataFrame({"x": [1]}), schema)


URIS: dict[str, tuple[str, dict[str, Any]]] = {
    "model": ("path", {"path": "model"}),
    "../model": ("path", {"path": "../model"}),
    "C:\\models\\m": ("path", {"path": "C:\\models\\m"}),
    "file:///tmp/a%20b": ("path", {"path": "/tmp/a b"}),
    "file://localhost/tmp/m": ("path", {"path": "/tmp/m"}),
    f"runs:/{'0' * 32}/a/b": ("run", {"run_id": "0" * 32, "path": "a/b"}),
    f"RUNS:/{'0' * 32}/a/": ("run", {"run_id": "0" * 32, "path": "a"}),
    "models:/fraud/3": ("version", {"name": "fraud", "version": 3}),
    "models:/fraud@champion": ("alias", {"name": "fraud", "alias": "champion"}),
    "models:/fraud/latest": ("latest", {"name": "fraud"}),
    "models:/fraud/production": ("stage", {"name": "fraud", "stage": "Production"}),
    "models:/m@x/2": ("version", {"name": "m@x", "version": 2}),
    f"models:/m-{'a' * 32}": ("model_id", {"model_id": f"m-{'a' * 32}"}),
    "s3://bucket/model": ("remote", {}),
}


@pytest.mark.parametrize("text", URIS)
def test_uris_are_taken_apart(text: str):
    kind, fields = URIS[text]
    found = parse(text)
    assert found.kind == kind
    assert {name: getattr(found, name) for name in fields} == fields
    assert found.is_registered == (kind in ("version", "alias", "latest", "stage"))


def test_ids_of_models_are_known_by_their_form():
    assert is_model_id(f"m-{'0' * 32}")
    assert not is_model_id("m-1")
    assert not is_model_id(3)
