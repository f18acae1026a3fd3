"""What stores ask one another arrives as it was sent, and nothing else can be made to arrive."""

from __future__ import annotations

import json
import math
import struct
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbtrack.entities import Metric, Run, RunData, RunInfo, RunInputs, ViewType
from nbtrack.store.protocol import RunQuery
from nbtrack.wire.codec import Codec
from nbtrack.wire.parcel import parcel

CODEC = Codec([Metric, Run, RunData, RunInfo, RunInputs, RunQuery])


def back(value: Any) -> Any:
    return CODEC.decode(CODEC.encode(value))


@dataclass(frozen=True)
class Stranger:
    """A class that nobody allowed."""

    a: int = 1


def test_entities_come_back_as_they_were():
    run = Run(RunInfo("a" * 32, "größe", None, "0", "x", "RUNNING", 1), RunData({"loss": 0.5}, {"lr": "1"}))
    assert back([run, (1, "a"), {"k": run.data}, None, True]) == [run, (1, "a"), {"k": run.data}, None, True]
    query = RunQuery("metrics.x > 1", order_by=("a", "b"), view=ViewType.ALL, run_ids=("r",))
    assert back(query) == query


@pytest.mark.parametrize(
    "value", [math.inf, -math.inf, 1e308, 2**62, -(2**70), 0.1, "NaN", {"$f": "x"}, {1: 2}, {"": {}}]
)
def test_odd_values_come_back(value: Any):
    assert back({"v": value}) == {"v": value}


def test_nan_comes_back():
    assert math.isnan(back(math.nan))
    assert math.isnan(back(Metric("a", math.nan)).value)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.int64).reshape(2, 3),
        np.array([], dtype=np.float32),
        np.array([1.5, math.nan, -math.inf]),
        np.array([True, False]),
        np.array(["2026-01-01T00:00:00.000001", "NaT"], dtype="datetime64[us]"),
        np.arange(4, dtype=">i4"),
        np.arange(10)[::2],
    ],
)
def test_arrays_come_back(array: np.ndarray):
    found = back(array)
    assert (found.dtype.kind, found.shape) == (array.dtype.kind, array.shape)
    np.testing.assert_array_equal(found, array)
    found[:] = found  # may be written to


def test_objects_and_tables_come_back():
    objects = np.array(["a", None, "é"], dtype=object)
    assert back(objects).tolist() == ["a", None, "é"]
    table = pd.DataFrame({"x": [1, 2], "y": [0.5, math.nan], "z": ["a", None], 7: [pd.Timestamp("2026-01-01"), pd.NaT]})
    found = back(table)
    assert list(found.columns) == ["x", "y", "z", 7]
    assert found["x"].tolist() == [1, 2]
    assert found["z"].tolist()[0] == "a"
    assert found["z"].isna().tolist() == [False, True]
    assert found[7].tolist() == [pd.Timestamp("2026-01-01"), pd.NaT]
    assert len(back(pd.DataFrame({"a": []}))) == 0


@pytest.mark.parametrize("value", [Stranger(), object(), lambda: 1, 1j, [Stranger()]])
def test_what_nobody_allowed_does_not_leave(value: Any):
    with pytest.raises(TypeError, match="does not travel"):
        CODEC.encode(value)


HOSTILE = [
    {"$d": ["Stranger", {}]},
    {"$d": ["Metric", {"key": "a", "value": 1, "evil": 2}]},
    {"$d": ["Metric"]},
    {"$a": ["O", [1], 0]},
    {"$a": ["<f8", [10**9], 0]},
    {"$a": ["<f8", [1], 7]},
    {"$a": ["V8", [1], 0]},
    {"$f": "1e5"},
    {"$z": 1},
    {"$t": 7},
    {"$m": [[[], 1]]},
    {"$b": "x"},
    {"$p": [["a", [1]], ["b", [1, 2]]]},
]


@pytest.mark.parametrize("content", HOSTILE, ids=lambda content: json.dumps(content)[:40])
def test_what_nobody_allowed_does_not_arrive(content: Any):
    with pytest.raises(ValueError, match=r"."):
        CODEC.decode(parcel(content, [b"12345678"]))


def test_depth_is_limited():
    deep: Any = 1
    for _ in range(100):
        deep = [deep]
    with pytest.raises(ValueError, match="levels"):
        CODEC.decode(parcel(deep))


@given(st.binary(max_size=64))
def test_any_bytes_are_a_value_or_a_value_error(data: bytes):
    for each in (data, struct.pack("<I", len(data)) + data):
        with suppress(ValueError):
            CODEC.decode(each)


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(PLAIN)
def test_any_json_comes_back(value: Any):
    assert back(value) == value
