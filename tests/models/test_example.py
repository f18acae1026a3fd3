"""Input examples: written beside a model, and read back in its types."""

from __future__ import annotations

import datetime as dt
import decimal
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from scipy import sparse

from nbtrack.errors import InvalidValueError
from nbtrack.models import convert_input_example_to_serving_input, infer_signature, json_values
from nbtrack.models.example import Example, load_example, load_params, load_serving_example
from nbtrack.models.mlmodel import MLmodel
from nbtrack.models.scoring_input import read_json

if TYPE_CHECKING:
    from pathlib import Path

FRAME = pd.DataFrame(
    {
        "n": np.array([1, 2], dtype="int32"),
        "x": [0.5, None],
        "b": [b"\x00\xff", b"y"],
        "at": pd.to_datetime(["2026-11-23T09:30:00", "2026-11-24T00:00:00"]).astype("datetime64[ns]"),
        "l": [[1.5], []],
        "s": ["a", None],
    }
)


def saved(folder: Path, data: Any, *, signed: bool = True) -> Any:
    """Write an example as a model's, and read it back."""
    found = Example.of(data)
    info = found.write(folder)
    signature = infer_signature(found.data, None, found.params).to_dict() if signed else None
    MLmodel.new(flavors={"x": {}}, saved_input_example_info=info, signature=signature).save(folder)
    return load_example(folder)


def test_a_frame_comes_back_in_its_types(tmp_path: Path):
    again = saved(tmp_path, FRAME)
    assert_frame_equal(again, FRAME, check_dtype=False)
    assert again["n"].dtype == "int32"
    assert again["at"].dtype == "datetime64[ns]"
    assert load_params(tmp_path) is None
    request = json.loads(load_serving_example(tmp_path) or "", parse_constant=pytest.fail)
    assert_frame_equal(read_json(request, MLmodel.load(tmp_path).get_signature()).data, again)


@pytest.mark.parametrize(
    "data",
    [
        np.array([[1.5, 2.5]], dtype="float32"),
        np.array([1, 2], dtype="int8"),
        {"a": np.array([[1.0]]), "b": np.array([1])},
        sparse.csr_matrix(np.eye(2)),
        sparse.csc_matrix(np.eye(2)),
    ],
)
def test_arrays_come_back_in_their_types(tmp_path: Path, data: Any):
    again = saved(tmp_path, data)
    for one, other in zip(arrays(data), arrays(again), strict=True):
        assert one.dtype == other.dtype
        assert (one == other).all()


def arrays(data: Any) -> list[Any]:
    if isinstance(data, dict):
        return list(data.values())
    return [data.toarray() if hasattr(data, "toarray") else data]


def test_plain_values_and_series_come_back(tmp_path: Path):
    for data in ({"a": [1, 2], "b": "x"}, [1, 2], "hello", 3):
        assert saved(tmp_path, data) == data
    assert_frame_equal(saved(tmp_path, pd.Series([1.5], name="y")), pd.DataFrame({"y": [1.5]}))
    assert_frame_equal(saved(tmp_path, pd.DataFrame([[1, 2]])), pd.DataFrame([[1, 2]]))
    assert saved(tmp_path, np.array([1.5]), signed=False).tolist() == [1.5]


def test_params_come_back(tmp_path: Path):
    assert saved(tmp_path, ([1, 2], {"k": 1.5})) == [1, 2]
    assert load_params(tmp_path) == {"k": 1.5}
    assert json.loads(load_serving_example(tmp_path) or "") == {"inputs": [1, 2], "params": {"k": 1.5}}
    with pytest.raises(InvalidValueError, match="'k'"):
        Example.of(([1], {"k": {1}}))


def test_a_model_without_an_example_has_none(tmp_path: Path):
    MLmodel.new(flavors={"x": {}}).save(tmp_path)
    assert load_example(tmp_path) is None
    assert load_params(tmp_path) is None
    assert load_serving_example(tmp_path) is None
    assert convert_input_example_to_serving_input(None) is None


@pytest.mark.parametrize(
    ("text", "kind"), [("no JSON", "dataframe"), ("[1]", "picture"), ("[" * 100_000, "json_object")]
)
def test_a_damaged_example_is_refused(tmp_path: Path, text: str, kind: str):
    (tmp_path / "e.json").write_text(text)
    MLmodel.new(flavors={"x": {}}, saved_input_example_info={"artifact_path": "e.json", "type": kind}).save(tmp_path)
    with pytest.raises(InvalidValueError, match="input example"):
        load_example(tmp_path)


def test_a_huge_example_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    saved(tmp_path, FRAME)
    monkeypatch.setattr("nbtrack.models.example.MAX_BYTES", 10)
    with pytest.raises(InvalidValueError, match="MiB"):
        load_example(tmp_path)


def test_a_sparse_matrix_of_another_format_is_refused():
    with pytest.raises(InvalidValueError, match="tocsr"):
        Example.of(sparse.bsr_matrix(np.eye(2)))


class Pydantic:
    def model_dump(self) -> dict[str, Any]:
        return {"a": 1}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("nan"), None),
        (float("inf"), None),
        (pd.NA, None),
        (pd.NaT, None),
        (np.float32(0.5), 0.5),
        (np.array([1.5, np.inf]), [1.5, None]),
        (np.array(["2026-11-23"], dtype="datetime64[D]"), ["2026-11-23"]),
        (np.datetime64("2026-11-23"), "2026-11-23"),
        (np.datetime64("NaT"), None),
        (np.array([{"a": np.int64(1)}], dtype=object), [{"a": 1}]),
        (bytearray(b"hi"), "aGk="),
        (dt.time(9, 30), "09:30:00"),
        (dt.timedelta(seconds=90), 90.0),
        (decimal.Decimal("1.5"), 1.5),
        ((1, {2: 3}), [1, {"2": 3}]),
        (pd.Series([1, 2]), [1, 2]),
        (pd.Series([1, None], dtype="Int64"), [1, None]),
        (pd.DataFrame({"a": [1, 2], "b": ["x", None]}), [{"a": 1, "b": "x"}, {"a": 2, "b": None}]),
        (Pydantic(), {"a": 1}),
    ],
)
def test_values_become_plain_json(value: Any, expected: Any):
    assert json_values.plain(value) == expected
    json.dumps(json_values.plain(value), allow_nan=False)


def test_what_json_cannot_hold_is_named():
    with pytest.raises(InvalidValueError, match=r"builtins\.object"):
        json_values.plain([object()])
