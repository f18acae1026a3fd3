"""Requests: what the recorded cases do not show."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from nbtrack.errors import InvalidValueError
from nbtrack.models import infer_signature
from nbtrack.models.enforce import enforce_schema
from nbtrack.models.scoring_input import (
    CSV,
    JSON,
    PARQUET,
    UnsupportedMediaError,
    media_type,
    read,
    read_csv,
    read_json,
)
from nbtrack.models.signature import ModelSignature

FRAME = pd.DataFrame(
    {
        "n": [1, 2],
        "x": [0.1, 2.5],
        "ok": [True, False],
        "zip": ["00123", "NA"],
        "at": pd.to_datetime(["2026-11-23T09:30:00", "2026-11-24T00:00:00"]).astype("datetime64[ns]"),
        "list": [[1, 2], [3]],
    }
)
SIGNATURE = infer_signature(FRAME)


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (None, JSON),
        ("", JSON),
        ("application/json", JSON),
        ("Application/JSON; charset=UTF-8", JSON),
        ('text/csv; charset="utf-8";', CSV),
        (PARQUET, PARQUET),
    ],
)
def test_content_types_are_read(header: str | None, kind: str):
    assert media_type(header) == kind


@pytest.mark.parametrize(
    "header", ["text/plain", "application/json; charset=latin-1", "text/csv; header=present", "json", "a/b" * 99]
)
def test_other_content_types_are_refused(header: str):
    with pytest.raises(UnsupportedMediaError, match="not supported"):
        read(b"{}", header)


def test_tables_come_as_csv_with_the_types_of_the_signature():
    body = FRAME.assign(list=FRAME["list"].map(str)).to_csv(index=False).encode()
    found = read(body, "text/csv", SIGNATURE).data
    assert SIGNATURE.inputs is not None
    assert_frame_equal(
        enforce_schema(found, SIGNATURE.inputs), FRAME.assign(zip=pd.Series(["00123", None])), check_dtype=False
    )
    assert found["n"].dtype == "int64"
    assert found["at"].dtype == "datetime64[ns]"


def test_csv_without_a_signature_is_as_pandas_reads_it():
    assert_frame_equal(read_csv(b"a,b\n1,x\n"), pd.DataFrame({"a": [1], "b": ["x"]}))
    unnamed = infer_signature(np.array([[1.0, 2.0]]))
    assert_frame_equal(read(b"a,b\n1,2\n", CSV, unnamed).data, pd.DataFrame({"a": [1.0], "b": [2.0]}))


@pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00", b'a,b\n"1,2'])
def test_csv_that_cannot_be_read_is_refused(body: bytes):
    with pytest.raises(InvalidValueError, match="CSV"):
        read(body, CSV)


@pytest.mark.parametrize(
    ("column", "text"), [("n", "1.5"), ("n", ""), ("ok", "2"), ("x", "many"), ("at", "soon"), ("list", "[1")]
)
def test_cells_of_another_type_are_refused(column: str, text: str):
    row = {"n": "1", "x": "0.5", "ok": "True", "zip": "1", "at": "2026-11-23", "list": '"[1]"'} | {column: text}
    body = f"{','.join(row)}\n{','.join(row.values())}\n".encode()
    with pytest.raises(InvalidValueError, match=r"[Cc]olumn|JSON"):
        read(body, CSV, SIGNATURE)


def test_tables_come_as_parquet():
    buffer = io.BytesIO()
    FRAME.to_parquet(buffer)
    found = read(buffer.getvalue(), PARQUET, SIGNATURE).data
    assert SIGNATURE.inputs is not None
    assert list(enforce_schema(found, SIGNATURE.inputs).columns) == list(FRAME.columns)
    with pytest.raises(InvalidValueError, match="Parquet"):
        read(b"PAR1nonsense", PARQUET)


@pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b"\xff\xfe", b"[" * 100_000, b"3", b'"x"', b"null", b"true"])
def test_json_that_is_no_request_is_refused(body: bytes):
    with pytest.raises(InvalidValueError, match="request"):
        read(body)


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        ({"inputs": [1], "params": [1]}, "params is a JSON array"),
        ({"instances": 3}, "instances is a JSON number"),
        ({"instances": [{"q": 1}]}, "lacks 'n'"),
        ({"dataframe_records": [1]}, "array of objects"),
        ({"dataframe_split": {"data": [[1]], "columns": ["a", "b"]}}, "cannot be read"),
        ({"inputs": {"n": [1, 2], "x": [1]}}, "no number|cannot be read|should be"),
    ],
)
def test_requests_of_the_wrong_form_are_told_the_right_one(request_: dict[str, Any], problem: str):
    with pytest.raises(InvalidValueError, match=problem):
        read_json(request_, SIGNATURE)


def test_requests_to_language_models_go_on_as_they_are():
    found = read_json({"messages": [{"role": "user"}], "temperature": 0.5})
    assert found.data == {"messages": [{"role": "user"}], "temperature": 0.5}
    signature = infer_signature([{"messages": "x"}], None, {"temperature": 0.1})
    found = read_json({"messages": [], "temperature": 0.5}, signature)
    assert (found.data, found.params) == ({"messages": []}, {"temperature": 0.5})


def test_a_model_with_type_hints_gets_what_inputs_holds():
    signature = ModelSignature(infer_signature(["x"]).inputs, is_from_type_hint=True)
    assert read_json({"inputs": ["a", 3]}, signature).data == ["a", 3]
    with pytest.raises(InvalidValueError, match="type hint"):
        read_json({"instances": ["a"]}, signature)


def test_missing_and_further_values():
    signature = infer_signature(pd.DataFrame({"x": [1.5, None], "b": [b"x", b"y"], "s": ["a", "b"]}))
    found = read_json(
        {"dataframe_records": [{"x": None, "b": None, "s": None}, {"x": 2, "b": "eA==", "s": "t", "z": 1}]}, signature
    )
    assert found.data["x"].tolist()[1] == 2.0
    assert found.data["b"].tolist() == [None, b"x"]
    assert found.data["z"].tolist()[1] == 1


@pytest.mark.parametrize(
    ("array", "request_"),
    [
        (np.zeros((1, 2)), [[1, None]]),
        (np.array([True]), [True, False]),
        (np.array(["2026-11-23"], dtype="datetime64[ns]"), ["2026-11-23T09:30:00"]),
        (np.array([[1], [1, 2]], dtype=object), ["x"]),
        (np.array([b"x"]), ["y"]),
    ],
)
def test_arrays_come_in_the_type_of_the_signature(array: np.ndarray[Any, Any], request_: list[Any]):
    signature = infer_signature(array)
    found = read_json({"inputs": request_}, signature).data
    assert found.dtype.kind == array.dtype.kind


@pytest.mark.parametrize(
    ("array", "request_"),
    [
        (np.zeros((1, 2)), [["a", "b"]]),
        (np.zeros((1, 2)), [[None, "b"]]),
        (np.zeros(1), [True]),
        (np.zeros(1, dtype="int64"), [None]),
        (np.zeros(1, dtype="int8"), [300]),
        (np.zeros(1, dtype="float32"), [1e300]),
        (np.zeros(1), [10**400]),
        (np.array(["2026-11-23"], dtype="datetime64[ns]"), ["soon"]),
    ],
)
def test_arrays_of_another_type_are_refused(array: np.ndarray[Any, Any], request_: list[Any]):
    with pytest.raises(InvalidValueError, match="inputs"):
        read_json({"inputs": request_}, infer_signature(array))


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["n", "x", "data", "columns", "a"]), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(st.sampled_from(["dataframe_split", "dataframe_records", "instances", "inputs"]), JSON_VALUES, st.booleans())
def test_no_request_makes_any_other_error(form: str, payload: Any, has_signature: bool):
    signature = SIGNATURE if has_signature else None
    try:
        found = read_json({form: payload}, signature)
        if signature is not None and signature.inputs is not None:
            enforce_schema(found.data, signature.inputs)
    except InvalidValueError:
        pass
