"""Predictions of every kind as strict JSON."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest

from nbtrack.serving.predictions import as_json, n_rows


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (np.array([1, 2]), [1, 2]),
        (np.array([0.5, np.nan, np.inf]), [0.5, None, None]),
        (np.array([[1.0, 2.0]]), [[1.0, 2.0]]),
        (np.array(["a", None], dtype=object), ["a", None]),
        (np.array(["2026-01-02T03:04:05"], dtype="datetime64[ns]"), ["2026-01-02T03:04:05"]),
        (np.float32(0.5), 0.5),
        (pd.Series([1, 2], name="y"), [1, 2]),
        (pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]),
        (pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}), [{"a": 1}, {"a": None}]),
        (
            pd.DataFrame({"t": pd.Series([pd.Timestamp("2026-01-02"), pd.NaT])}),
            [{"t": "2026-01-02T00:00:00"}, {"t": None}],
        ),
        (pd.Series(pd.Categorical(["low", "high"])), ["low", "high"]),
        ({"mean": np.array([1.0])}, {"mean": [1.0]}),
        ([np.int64(1), (2, 3)], [1, [2, 3]]),
        ([b"\x00\x01"], ["AAE="]),
        ([dt.date(2026, 1, 2)], ["2026-01-02"]),
        ("text", "text"),
        (None, None),
    ],
)
def test_predictions_become_plain_json(found: object, wanted: object) -> None:
    assert json.loads(as_json(found)) == {"predictions": wanted}


def test_two_columns_of_one_name_stay_apart_as_far_as_json_can() -> None:
    frame = pd.DataFrame([[1, 2]], columns=["a", "a"])
    assert json.loads(as_json(frame))["predictions"] == [{"a": 2}]


def test_sparse_matrices_are_written_out() -> None:
    from scipy.sparse import csr_matrix

    assert json.loads(as_json(csr_matrix(np.eye(2))))["predictions"] == [[1.0, 0.0], [0.0, 1.0]]


def test_what_nobody_knows_is_written_as_text() -> None:
    assert json.loads(as_json(object()))["predictions"].startswith("<object")


@pytest.mark.parametrize(
    ("found", "n"), [(np.zeros((3, 2)), 3), ([1, 2], 2), (5, 1), (np.float64(1), 1), ({"a": [1, 2]}, 1)]
)
def test_rows_are_counted(found: object, n: int) -> None:
    assert n_rows(found) == n
