"""Data for comparing signatures and examples with MLflow; needs only numpy, pandas and scipy, as MLflow's side runs it, too."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

Maker = Callable[[], Any]

F = pd.DataFrame
WHEN = dt.datetime(2026, 11, 23, 9, 30)  # noqa: DTZ001 - columns have no zone


def of(make: Callable[[Any], Any], given: Any) -> Maker:
    """Return a maker that gives what `make` makes of something."""
    return lambda: make(given)


# -- schemas are made out from these -------------------------------------------------------------------------------------

INFER: dict[str, Maker] = {
    **{
        f"column {dtype}": of(lambda dtype: F({"x": np.array([0, 1, 1]).astype(dtype)}), dtype)
        for dtype in [
            "bool",
            "int8",
            "int16",
            "int32",
            "int64",
            "uint8",
            "uint16",
            "uint32",
            "uint64",
            "float16",
            "float32",
            "float64",
            "complex128",
        ]
    },
    **{
        f"nullable {dtype}": of(lambda dtype: F({"x": pd.array([1, 0, None], dtype=dtype)}), dtype)
        for dtype in ["Int8", "Int16", "Int32", "Int64", "UInt8", "UInt32", "UInt64", "Float32", "Float64", "boolean"]
    },
    "nullable complete": lambda: F({"x": pd.array([1, 2], dtype="Int64")}),
    "text": lambda: F({"x": ["a", "b"]}),
    "text missing": lambda: F({"x": ["a", None]}),
    "text nothing": lambda: F({"x": pd.Series([None, None], dtype="str")}),
    "object text": lambda: F({"x": pd.Series(["a", "b"], dtype=object)}),
    "object nothing": lambda: F({"x": pd.Series([None, None], dtype=object)}),
    "object ints": lambda: F({"x": pd.Series([1, 2], dtype=object)}),
    "object int None": lambda: F({"x": pd.Series([1, None], dtype=object)}),
    "object mixed": lambda: F({"x": pd.Series([1, "a"], dtype=object)}),
    "object bool None": lambda: F({"x": pd.Series([True, None], dtype=object)}),
    "bytes": lambda: F({"x": [b"a", b"b"]}),
    "bytearray": lambda: F({"x": [bytearray(b"a")]}),
    "datetime": lambda: F({"x": pd.to_datetime(["2026-11-23", "2026-11-24"])}),
    "datetime NaT": lambda: F({"x": pd.to_datetime(pd.Series(["2026-11-23", None]))}),
    "datetime zone": lambda: F({"x": pd.to_datetime(["2026-11-23"], utc=True)}),
    "date": lambda: F({"x": [dt.date(2026, 11, 23)]}),
    "timedelta": lambda: F({"x": pd.to_timedelta([1, 2])}),
    "decimal": lambda: F({"x": [decimal.Decimal("1.5")]}),
    "category text": lambda: F({"x": pd.Categorical(["a", "b"])}),
    "category int": lambda: F({"x": pd.Categorical([1, 2])}),
    "float NaN": lambda: F({"x": [1.0, np.nan]}),
    "two columns": lambda: F({"b": [1], "a": [2.0]}),
    "columns by number": lambda: F([[1, 2.0]]),
    "columns twice": lambda: F([[1, 2]], columns=["a", "a"]),
    "empty frame": lambda: F({"a": pd.Series([], dtype="float64"), "b": pd.Series([], dtype=object)}),
    "no columns": lambda: F(index=[0, 1]),
    "lists": lambda: F({"x": [[1, 2], [3]]}),
    "lists empty": lambda: F({"x": [[1, 2], []]}),
    "lists None": lambda: F({"x": [[1, 2], None]}),
    "lists of lists": lambda: F({"x": [[["a"]], [["b", "c"], []]]}),
    "arrays": lambda: F({"x": [np.array([1.0, 2.0]), np.array([3.0])]}),
    "arrays float32": lambda: F({"x": [np.array([1.0], dtype="float32")]}),
    "array empty": lambda: F({"x": [np.array([]), np.array([1])]}),
    "dicts": lambda: F({"x": [{"a": 1, "b": "t"}, {"a": 2}]}),
    "dicts nested": lambda: F({"x": [{"a": {"b": [1.5]}}, {"a": {"b": [], "c": None}}]}),
    "dicts None": lambda: F({"x": [{"a": None}, {"a": 1}]}),
    "list of None": lambda: F({"x": [[None], [1]]}),
    "lists mixed": lambda: F({"x": [[1, "a"]]}),
    "series": lambda: pd.Series([1.0, 2.0], name="y"),
    "series no name": lambda: pd.Series([1, 2]),
    "array 1d": lambda: np.array([1.0, 2.0]),
    "array 2d": lambda: np.zeros((3, 4), dtype="float32"),
    "array text": lambda: np.array(["a", "bcd"]),
    "array bytes": lambda: np.array([b"a", b"bcd"]),
    "array object": lambda: np.array([[1], [1, 2]], dtype=object),
    "array bool": lambda: np.array([[True], [False]]),
    "array datetime": lambda: np.array(["2026-11-23"], dtype="datetime64[D]"),
    "array 0d": lambda: np.array(3.0),
    "array empty 2d": lambda: np.zeros((0, 3)),
    "sparse csr": lambda: sparse.csr_matrix(np.eye(3)),
    "sparse csc": lambda: sparse.csc_matrix(np.eye(3, dtype="float32")),
    "dict of arrays": lambda: {"a": np.zeros((2, 2)), "b": np.array([1, 2])},
    "dict of scalars": lambda: {"a": 1, "b": "x", "c": 2.5, "d": True, "e": None, "f": b"y", "g": WHEN},
    "dict of lists": lambda: {"a": [1, 2], "b": ["x", None], "c": []},
    "dict nested": lambda: {"a": {"b": [1, 2], "c": {"d": "x"}}},
    "dict mixed": lambda: {"a": np.array([1.0]), "b": 1},
    "dict empty": dict,
    "dict by number": lambda: {1: "a"},
    "list of ints": lambda: [1, 2],
    "list of texts": lambda: ["a", "b"],
    "list of lists": lambda: [[1, 2], [3, 4]],
    "list of dicts": lambda: [{"a": 1, "b": "x"}, {"a": 2}, {"a": None, "c": [1.0]}],
    "list mixed": lambda: [1, "a"],
    "list empty": list,
    "list of numpy": lambda: [np.int32(1), np.int32(2)],
    "scalar int": lambda: 3,
    "scalar text": lambda: "a",
    "scalar float": lambda: 2.5,
    "scalar bool": lambda: True,
    "scalar datetime": lambda: WHEN,
    "scalar numpy": lambda: np.float32(1.5),
    "scalar bytes": lambda: b"a",
    "set": lambda: {1, 2},
}

PARAMS: dict[str, Maker] = {
    "int": lambda: {"a": 1},
    "float": lambda: {"a": 1.5},
    "text": lambda: {"a": "x"},
    "bool": lambda: {"a": True},
    "datetime": lambda: {"a": WHEN},
    "date": lambda: {"a": dt.date(2026, 11, 23)},
    "list": lambda: {"a": [1, 2], "b": [1.5], "c": ["x", "yz"], "d": [True]},
    "list mixed numbers": lambda: {"a": [1, 2.5]},
    "list empty": lambda: {"a": []},
    "list of lists": lambda: {"a": [[1]]},
    "dict": lambda: {"a": {"b": 1, "c": "x"}},
    "dict nested": lambda: {"a": {"b": {"c": [1, 2]}}},
    "None": lambda: {"a": None},
    "numpy": lambda: {"a": np.int32(1), "b": np.float32(0.5)},
    "array": lambda: {"a": np.array([1, 2])},
    "bytes": lambda: {"a": b"x"},
    "set": lambda: {"a": {1}},
    "not a dict": lambda: [1],
    "number as name": lambda: {1: 2},
}

EXAMPLES: dict[str, Maker] = {
    "frame": lambda: F({"a": [1, 2], "b": [0.5, 1.5], "c": ["x", "y"]}),
    "frame missing": lambda: F({"a": [1.5, np.nan], "c": ["x", None]}),
    "frame by number": lambda: F([[1, 2.5]]),
    "frame bytes": lambda: F({"a": [b"hi"]}),
    "frame datetime": lambda: F({"a": pd.to_datetime(["2026-11-23T09:30:00"])}),
    "frame lists": lambda: F({"a": [[1, 2], [3]]}),
    "frame dicts": lambda: F({"a": [{"p": 1, "q": [None, "x"]}]}),
    "frame bool": lambda: F({"a": [True, False]}),
    "array": lambda: np.array([[1.5, 2.5]]),
    "array NaN": lambda: np.array([1.5, np.nan]),
    "array int": lambda: np.array([[1, 2]]),
    "array float32": lambda: np.array([0.5], dtype="float32"),
    "dict of arrays": lambda: {"a": np.array([[1.0, 2.0]]), "b": np.array([1])},
    "dict": lambda: {"a": 1, "b": ["x"], "c": None},
    "dict mixed": lambda: {"a": np.array([1.0]), "b": 1},
    "list": lambda: [1, 2],
    "list of dicts": lambda: [{"a": 1}, {"a": 2}],
    "list of arrays": lambda: [np.array([1])],
    "text": lambda: "hello",
    "number": lambda: 3,
    "datetime": lambda: WHEN,
    "sparse csr": lambda: sparse.csr_matrix(np.array([[1.0, 0.0], [0.0, 2.0]])),
    "sparse csc": lambda: sparse.csc_matrix(np.array([[1.0, 0.0], [0.0, 2.0]])),
    "with params": lambda: (F({"a": [1]}), {"k": 2, "s": "t", "l": [1.5]}),
    "with no params": lambda: (F({"a": [1]}), {}),
    "chat": lambda: {"messages": [{"role": "user", "content": "hi"}]},
    "chat with params": lambda: ({"messages": []}, {"temperature": 0.5}),
    "tuple": lambda: (1, 2),
    "set": lambda: {1},
}


# -- how outcomes are written down ---------------------------------------------------------------------------------------


def written(value: Any) -> Any:
    """Return data in a form in which two outcomes can be compared: kinds, types and values."""
    if isinstance(value, pd.DataFrame):
        columns = [
            [str(name), kind(value.iloc[:, i].dtype), cells(value.iloc[:, i].tolist())]
            for i, name in enumerate(value.columns)
        ]
        return {"frame": columns, "index": [str(label) for label in value.index]}
    if isinstance(value, np.ndarray):
        return {"array": kind(value.dtype), "shape": list(value.shape), "values": cells(value.tolist())}
    if hasattr(value, "toarray"):
        return {"sparse": written(value.toarray())}
    if isinstance(value, dict):
        return {"dict": {str(name): written(item) for name, item in value.items()}}
    if isinstance(value, list):
        return [written(item) for item in value]
    return cells(value)


def kind(dtype: Any) -> str:
    """Return the name of a type; texts and objects are the same, and the length of texts does not matter."""
    name = str(dtype)
    return "object" if name in ("str", "string", "object") or name.startswith(("<U", "|S")) else name


def cells(value: Any) -> Any:
    """Return values as JSON can hold them."""
    if isinstance(value, (list, tuple)):
        return [cells(item) for item in value]
    if isinstance(value, np.ndarray):
        return {"array": kind(value.dtype), "values": cells(value.tolist())}
    if isinstance(value, dict):
        return {str(name): cells(item) for name, item in value.items()}
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, (np.datetime64, dt.date)):
        return "at " + str(pd.Timestamp(value))
    if isinstance(value, np.generic):
        return cells(value.item())
    if isinstance(value, (bytes, bytearray)):
        return "bytes " + bytes(value).hex()
    return value if isinstance(value, (str, bool, int, float)) else f"{type(value).__name__} {value}"
