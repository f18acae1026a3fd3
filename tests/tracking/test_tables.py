from __future__ import annotations

import io
import json
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from nbtrack.artifacts.kinds import TABLE
from nbtrack.errors import InvalidValueError, MissingPackageError
from nbtrack.tracking.tables import INFINITIES, read_table, table_file

FORMATS = ["t.json", "t.parquet"]


def rows_of(data: Any, existing: bytes | None = None) -> dict[str, Any]:
    return json.loads(table_file(existing, data, "t.json").data, parse_constant=pytest.fail)


@pytest.mark.parametrize("path", FORMATS)
def test_a_table_can_be_read_back(path: str):
    frame = pd.DataFrame({"a": [1, 2], "b": [0.5, np.nan], "c": ["x", "é\u2028"], "d": [True, False]})
    file = table_file(None, frame, path)
    assert_frame_equal(read_table(file.data, path), frame)
    assert file.path == path


def test_json_is_mlflows_format():
    assert rows_of({"a": [1, 2], "b": ["x", None]}) == {"columns": ["a", "b"], "data": [[1, "x"], [2, None]]}
    data = table_file(None, {"a": [1, 2], "b": ["x", "y"]}, "t.json").data
    assert pd.read_json(io.StringIO(data.decode()), orient="split").to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}


def test_tables_that_mlflow_wrote_are_read_and_appended_to():
    theirs = pd.DataFrame({"a": [1, 2], "t": [pd.Timestamp("2024-01-01"), pd.NaT]})
    text = theirs.to_json(orient="split", index=False, date_format="iso")
    assert read_table(text.encode(), "t.json")["a"].tolist() == [1, 2]
    assert rows_of({"a": [3], "t": [None]}, text.encode())["data"][-1] == [3, None]


def test_files_know_what_they_are():
    assert table_file(None, {"a": [1]}, "x/T.JSON").mime == TABLE
    assert table_file(None, {"a": [1]}, "t.parquet").mime == "application/vnd.apache.parquet"


@pytest.mark.parametrize("path", FORMATS)
def test_rows_are_appended_and_columns_united(path: str):
    first = table_file(None, {"a": [1], "b": ["x"]}, path).data
    second = table_file(first, {"c": [0.5], "a": [2]}, path).data
    expected = pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": [np.nan, 0.5]})
    assert_frame_equal(read_table(second, path), expected)


@pytest.mark.parametrize("path", FORMATS)
def test_empty_tables_can_be_appended_to(path: str):
    empty = table_file(None, {"a": [], "b": []}, path).data
    assert list(read_table(empty, path).columns) == ["a", "b"]
    full = table_file(empty, {"a": [1], "b": ["x"]}, path).data
    again = table_file(full, pd.DataFrame({"a": [], "b": []}), path).data
    assert read_table(again, path).to_dict("list") == {"a": [1], "b": ["x"]}
    assert len(read_table(table_file(empty, {"a": [], "b": []}, path).data, path)) == 0


texts = st.text(st.characters(codec="utf-8")).filter(lambda text: text not in INFINITIES)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
names = st.text(st.characters(codec="utf-8"), max_size=5)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, list[Any]]:
    n_rows = draw(st.integers(0, 5))
    kinds = st.sampled_from([st.booleans(), st.integers(), st.floats(), texts, scalars])
    return {
        name: draw(st.lists(draw(kinds), min_size=n_rows, max_size=n_rows))
        for name in draw(st.lists(names, max_size=4, unique=True))
    }


@settings(deadline=None)  # a busy machine is no failure
@given(tables())
def test_any_table_survives_json(table: dict[str, list[Any]]):
    frame = pd.DataFrame(table)
    found = read_table(table_file(None, frame, "t.json").data, "t.json")
    assert_frame_equal(
        found, frame, check_dtype=False, check_column_type=False, check_index_type=False, check_exact=True
    )


@settings(deadline=None)  # a busy machine is no failure
@given(tables(), tables())
def test_appending_keeps_the_cells_of_both(first: dict[str, list[Any]], second: dict[str, list[Any]]):
    one, two = rows_of(pd.DataFrame(first)), rows_of(pd.DataFrame(second))
    both = rows_of(pd.DataFrame(second), json.dumps(one).encode())
    n_rows = len(one["data"])
    for part, rows in ((one, both["data"][:n_rows]), (two, both["data"][n_rows:])):
        for row, own in zip(rows, part["data"], strict=True):
            expected = dict.fromkeys(both["columns"]) | dict(zip(part["columns"], own, strict=True))
            assert dict(zip(both["columns"], row, strict=True)) == expected


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(st.floats(), min_size=1))
def test_floats_keep_every_bit_in_parquet(values: list[float]):
    found = read_table(table_file(None, {"x": values}, "t.parquet").data, "t.parquet")
    np.testing.assert_array_equal(found["x"].to_numpy(), np.array(values))


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (np.float32(0.5), 0.5),
        (np.int8(3), 3),
        (np.bool_(True), True),
        (np.array([1.5, np.nan]), [1.5, None]),
        (float("nan"), None),
        (float("-inf"), "-Infinity"),
        (pd.NA, None),
        (pd.NaT, None),
        (np.datetime64("NaT"), None),
        (datetime(2024, 1, 2, 3, tzinfo=UTC), "2024-01-02T03:00:00+00:00"),
        (date(2024, 1, 2), "2024-01-02"),
        (Decimal("1.5"), "1.5"),
        (2**70, 2**70),
        ("001", "001"),
        ("Infinity", "Infinity"),
        ((1, (2, None)), [1, [2, None]]),
        ({1: {"x": np.float64("inf")}}, {"1": {"x": "Infinity"}}),
        ("\ud800", "\ud800"),
        (b"raw", "b'raw'"),
    ],
)
def test_cells_become_strict_json(value: Any, cell: Any):
    column = pd.Series([value], dtype=object)
    assert rows_of(pd.DataFrame({"a": column}))["data"] == [[cell]]


def test_texts_that_look_like_numbers_stay_texts():
    frame = pd.DataFrame({"zip": ["001", "002"], "note": ["Infinity", "and beyond"], "n": ["NaN", None]})
    assert_frame_equal(read_table(table_file(None, frame, "t.json").data, "t.json"), frame)


@pytest.mark.parametrize("values", [[float("inf")], [float("-inf"), None], [1, float("inf")]])
def test_a_column_of_infinities_comes_back_as_numbers(values: list[Any]):
    found = read_table(table_file(None, {"a": values}, "t.json").data, "t.json")["a"]
    np.testing.assert_array_equal(found, pd.Series(values, dtype=float))


@pytest.mark.parametrize("values", [[["x"], "Infinity"], [{}, "Infinity"], [True, "Infinity"], ["x", "Infinity"]])
def test_the_word_infinity_beside_other_things_stays_a_word(values: list[Any]):
    assert read_table(table_file(None, {"a": values}, "t.json").data, "t.json")["a"].tolist() == values


def test_infinities_come_back_as_numbers():
    data = table_file(None, {"a": [1.0, float("inf"), float("-inf"), None]}, "t.json").data
    np.testing.assert_array_equal(read_table(data, "t.json")["a"], [1.0, np.inf, -np.inf, np.nan])


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        ({"a": 1, "b": "x"}, [[1, "x"]]),
        ({"a": [1, 2], "b": "x"}, [[1, "x"], [2, "x"]]),
        ({"a": (1, 2), "b": range(2)}, [[1, 0], [2, 1]]),
        ({"a": np.array([1, 2]), "b": np.eye(2)}, [[1, [1.0, 0.0]], [2, [0.0, 1.0]]]),
        ({"a": np.array(5)}, [[5]]),
        ({"a": pd.Series([1, 2], index=[8, 9]), "b": pd.Series(["x", "y"])}, [[1, "x"], [2, "y"]]),
        ({"a": pd.Index([1, 2]), "b": {"x": 1}}, [[1, {"x": 1}], [2, {"x": 1}]]),
        ({"a": (i for i in (1, 2))}, [[1], [2]]),
        ({"a": object}, [["<class 'object'>"]]),
        ({0: [1], None: [2]}, [[1, 2]]),
        ({"a": None}, [[None]]),
        ({}, []),
    ],
)
def test_dicts_of_many_kinds_are_tables(data: dict[Any, Any], rows: list[list[Any]]):
    assert rows_of(data)["data"] == rows


@pytest.mark.parametrize(
    ("index", "columns"),
    [
        (pd.RangeIndex(2), ["a"]),
        (pd.Index([7, 3]), ["a"]),
        (pd.Index([7, 3], name="id"), ["id", "a"]),
        (pd.Index(["mean", "std"]), ["index", "a"]),
        (pd.to_datetime(["2024-01-01", "2024-01-02"]), ["index", "a"]),
        (pd.MultiIndex.from_tuples([(1, 2), (3, 4)], names=["x", "y"]), ["x", "y", "a"]),
    ],
)
def test_an_index_that_says_something_becomes_a_column(index: pd.Index, columns: list[str]):
    frame = pd.DataFrame({"a": [1, 2]}, index=index)
    assert rows_of(frame)["columns"] == columns
    assert list(frame.columns) == ["a"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"a": [1], "b": [1, 2]}, "different lengths: 'a' 1, 'b' 2; give each the same number"),
        ({"a": [], "b": np.zeros(3)}, "different lengths: 'a' 0, 'b' 3"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "Table column 'a' is there twice"),
        (pd.DataFrame([[1, 2]], columns=[1, "1"]), "Table column '1' is there twice"),
        (pd.DataFrame({"a": [1]}, index=pd.Index(["x"], name="a")), "Table column 'a' is there twice"),
        ([{"a": 1}], "A table was expected, not a list; log a dict of columns such as"),
        (pd.Series([1]), "not a Series"),
        (None, "not a NoneType"),
    ],
)
def test_what_is_no_table_is_explained(data: Any, message: str):
    with pytest.raises(InvalidValueError, match=message):
        table_file(None, data, "t.json")


@pytest.mark.parametrize("path", ["t", "t.csv", "t.json.gz", "json"])
def test_other_extensions_are_refused(path: str):
    for act in (lambda: table_file(None, {"a": [1]}, path), lambda: read_table(b"", path)):
        with pytest.raises(InvalidValueError, match=r"does not end in a format of tables; use \.json or \.parquet"):
            act()


def test_a_path_out_of_the_run_is_refused():
    with pytest.raises(InvalidValueError, match=r"'\.\./t\.json' is not allowed"):
        table_file(None, {"a": [1]}, "../t.json")


@pytest.mark.parametrize(
    "existing",
    [
        b"",
        b"\xff",
        b"{",
        b"[1]",
        b"3",
        b'{"a": 1}',
        b'{"columns": ["a"], "data": [[1, 2]]}',
        b'{"columns": ["a", "a"], "data": []}',
        b'{"columns": 3, "data": []}',
        b'{"columns": ["a"], "data": [3]}',
        b"[" * 100_000,
    ],
)
def test_a_file_that_is_no_table_is_not_appended_to(existing: bytes):
    with pytest.raises(InvalidValueError, match=r"'t\.json' is not a table: it is not JSON with 'columns' and 'data'"):
        table_file(existing, {"a": [1]}, "t.json")


def test_a_file_that_is_no_parquet_is_not_appended_to():
    with pytest.raises(InvalidValueError, match=r"'t\.parquet' is not a Parquet table"):
        table_file(b"PAR1 no", {"a": [1]}, "t.parquet")


def test_mixed_columns_do_not_fit_into_parquet():
    numbers = table_file(None, {"a": [1]}, "t.parquet").data
    with pytest.raises(InvalidValueError, match=r"does not fit into Parquet: .*make each column one type"):
        table_file(numbers, {"a": ["x"]}, "t.parquet")


def test_parquet_needs_pyarrow(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingPackageError, match=r"pyarrow is needed for tables in \.parquet.*pip install pyarrow"):
        table_file(None, {"a": [1]}, "t.parquet")
