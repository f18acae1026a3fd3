"""Data and schemas for comparing enforcement with MLflow; needs only numpy, pandas and scipy."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from tests.models.cases import WHEN, F, Maker, of


def col(kind: Any, name: str | None = "x", *, required: bool = True) -> dict[str, Any]:
    """Return a column in MLflow's JSON form."""
    named = {} if name is None else {"name": name}
    return {**(kind if isinstance(kind, dict) else {"type": kind}), **named, "required": required}


def tens(dtype: str, shape: list[int], name: str | None = None) -> dict[str, Any]:
    """Return a tensor in MLflow's JSON form."""
    return {
        **({} if name is None else {"name": name}),
        "type": "tensor",
        "tensor-spec": {"dtype": dtype, "shape": shape},
    }


def arr(items: Any) -> dict[str, Any]:
    """Return an array type."""
    return {"type": "array", "items": items if isinstance(items, dict) else {"type": items}}


def obj(**properties: Any) -> dict[str, Any]:
    """Return an object type; a name that ends in _ may be missing."""
    kinds = {name: kind if isinstance(kind, dict) else {"type": kind} for name, kind in properties.items()}
    return {
        "type": "object",
        "properties": {name.rstrip("_"): {**kind, "required": not name.endswith("_")} for name, kind in kinds.items()},
    }


def mapping(values: Any) -> dict[str, Any]:
    """Return a map type."""
    return {"type": "map", "values": values if isinstance(values, dict) else {"type": values}}


ANY = {"type": "any"}
TYPES = ["boolean", "integer", "long", "float", "double", "string", "binary", "datetime"]
COLUMNS: dict[str, Maker] = {
    **{
        dtype: of(lambda dtype: pd.Series(np.array([2, 3]).astype(dtype)), dtype)
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
        ]
    },
    "zeros and ones": lambda: pd.Series([0, 1, 1]),
    "Int64": lambda: pd.Series([2, 3], dtype="Int64"),
    "Int64 NA": lambda: pd.Series([2, None], dtype="Int64"),
    "Int32": lambda: pd.Series([2, 3], dtype="Int32"),
    "Float64": lambda: pd.Series([2.5, None], dtype="Float64"),
    "boolean": lambda: pd.Series([True, False], dtype="boolean"),
    "boolean NA": lambda: pd.Series([True, None], dtype="boolean"),
    "NaN": lambda: pd.Series([2.0, np.nan]),
    "text": lambda: pd.Series(["a", "b"]),
    "text None": lambda: pd.Series(["a", None]),
    "object ints": lambda: pd.Series([2, 3], dtype=object),
    "object int None": lambda: pd.Series([2, None], dtype=object),
    "object bool None": lambda: pd.Series([True, None], dtype=object),
    "object mixed": lambda: pd.Series([2, "a"], dtype=object),
    "decimal": lambda: pd.Series([decimal.Decimal("1.5"), decimal.Decimal(2)]),
    "bytes": lambda: pd.Series([b"a", b"b"]),
    "datetime": lambda: pd.Series(pd.to_datetime(["2026-11-23", "2026-11-24"])),
    "datetime NaT": lambda: pd.Series(pd.to_datetime(pd.Series(["2026-11-23", None]))),
    "datetime zone": lambda: pd.Series(pd.to_datetime(["2026-11-23"], utc=True)),
    "date": lambda: pd.Series([dt.date(2026, 11, 23)]),
    "category": lambda: pd.Series(pd.Categorical(["a", "b"])),
    "timedelta": lambda: pd.Series(pd.to_timedelta([1, 2])),
    "empty": lambda: pd.Series([], dtype="float64"),
}
TWO = [col("long", "a"), col("double", "b")]
OPTIONAL = [col("long", "a"), col("double", "b", required=False)]
NESTED: dict[str, tuple[Any, list[Any]]] = {
    "array of doubles": (arr("double"), [[1.5, 2.5]]),
    "array of ints for doubles": (arr("double"), [[1, 2]]),
    "array of large ints for doubles": (arr("double"), [[5, 7]]),
    "array of floats for longs": (arr("long"), [[1.5]]),
    "array of texts": (arr("string"), [["a", "b"]]),
    "array with None": (arr("string"), [["a", None]]),
    "array numpy": (arr("long"), [np.array([1, 2])]),
    "array tuple": (arr("long"), [(1, 2)]),
    "array empty": (arr("long"), [[]]),
    "array None": (arr("long"), [None]),
    "array scalar": (arr("long"), [3]),
    "array of arrays": (arr(arr("long")), [[[1], [2, 3]]]),
    "array of anything": (arr(ANY), [[1, "a", None]]),
    "array of anything None": (arr(ANY), [None]),
    "array of objects": (arr(obj(a="long")), [[{"a": 1}, {"a": 2}]]),
    "array of datetimes": (arr("datetime"), [[WHEN]]),
    "object": (obj(a="long", b="string"), [{"a": 1, "b": "x"}]),
    "object lacks": (obj(a="long", b="string"), [{"a": 1}]),
    "object lacks optional": (obj(a="long", b_="string"), [{"a": 1}]),
    "object optional None": (obj(a="long", b_="string"), [{"a": 1, "b": None}]),
    "object has more": (obj(a="long"), [{"a": 1, "c": 2}]),
    "object wrong type": (obj(a="long"), [{"a": "x"}]),
    "object int for double": (obj(a="double"), [{"a": 3}]),
    "object one for double": (obj(a="double"), [{"a": 1}]),
    "object float for double": (obj(a="double"), [{"a": 3.0}]),
    "object bool": (obj(a="boolean"), [{"a": True}]),
    "object bool for long": (obj(a="long"), [{"a": True}]),
    "object None": (obj(a="long"), [None]),
    "object list": (obj(a="long"), [[1]]),
    "object nested": (obj(a=obj(b=arr("string"))), [{"a": {"b": ["x"]}}]),
    "object any": (obj(a=ANY), [{"a": {"what": [1, None]}}]),
    "object datetime": (obj(a="datetime"), [{"a": WHEN}]),
    "map": (mapping("long"), [{"p": 1, "q": 2}]),
    "map wrong": (mapping("long"), [{"p": "x"}]),
    "map by number": (mapping("long"), [{1: 2}]),
    "map empty": (mapping("long"), [{}]),
    "map None": (mapping("long"), [None]),
    "map of arrays": (mapping(arr("double")), [{"p": [1.5]}]),
    "map of anything": (mapping(ANY), [{"p": None, "q": [1]}]),
    "any": (ANY, [{"a": 1}]),
    "any None": (ANY, [None]),
}
ENFORCE: dict[str, tuple[list[Any], Maker]] = {
    **{
        f"{name} for {wanted}": ([col(wanted)], of(lambda make: F({"x": make()}), make))
        for wanted in TYPES
        for name, make in COLUMNS.items()
    },
    **{
        f"nested {name}": ([col(kind)], of(lambda cells: F({"x": pd.Series(cells, dtype=object)}), cells))
        for name, (kind, cells) in NESTED.items()
    },
    **{
        f"nested optional {name}": (
            [col(kind, required=False)],
            of(lambda cells: F({"x": pd.Series(cells, dtype=object)}), cells),
        )
        for name, (kind, cells) in NESTED.items()
        if name.endswith(("None", "empty", "lacks", "scalar"))
    },
    "order": (TWO, lambda: F({"b": [1.5], "a": [1]})),
    "further columns": (TWO, lambda: F({"c": ["x"], "b": [1.5], "a": [1]})),
    "a column is missing": (TWO, lambda: F({"a": [1]})),
    "all columns are missing": (TWO, lambda: F({"c": [1]})),
    "optional is missing": (OPTIONAL, lambda: F({"a": [1]})),
    "optional is there": (OPTIONAL, lambda: F({"b": [0.5], "a": [1]})),
    "index stays": (TWO, lambda: F({"a": [1, 2], "b": [0.5, 1.5]}, index=["p", "q"])),
    "no rows": (TWO, lambda: F({"a": pd.Series([], dtype="int64"), "b": pd.Series([], dtype="float64")})),
    "dict row": (TWO, lambda: {"a": 1, "b": 0.5}),
    "dict of lists": (TWO, lambda: {"a": [1, 2], "b": [0.5, 1.5]}),
    "dict of arrays": (TWO, lambda: {"a": np.array([1, 2]), "b": np.array([0.5, 1.5])}),
    "dict of unequal lists": (TWO, lambda: {"a": [1, 2], "b": [0.5]}),
    "dict text": ([col("string", "q")], lambda: {"q": "hello"}),
    "dict of texts": ([col("string", "q")], lambda: {"q": ["hello", "you"]}),
    "dict of arrays column": ([col(arr("long"), "q")], lambda: {"q": [1, 2]}),
    "records": (TWO, lambda: [{"a": 1, "b": 0.5}, {"a": 2, "b": 1.5}]),
    "series": ([col("double", "y")], lambda: pd.Series([1.5], name="y")),
    "array for one column": ([col("double", "y")], lambda: np.array([1.5, 2.5])),
    "list for named": (TWO, lambda: [[1, 0.5]]),
    "scalar for unnamed": ([col("long", None)], lambda: 3),
    "list for unnamed": ([col("long", None)], lambda: [1, 2]),
    "list of texts for unnamed": ([col("string", None)], lambda: ["a", "b"]),
    "array for unnamed": ([col("double", None), col("double", None)], lambda: np.array([[1.0, 2.0]])),
    "frame for unnamed": ([col("double", None), col("double", None)], lambda: F({"p": [1.0], "q": [2.0]})),
    "too many for unnamed": ([col("double", None)], lambda: F({"p": [1.0], "q": [2.0]})),
    "too few for unnamed": ([col("double", None), col("double", None)], lambda: F({"p": [1.0]})),
    "None": (TWO, lambda: None),
    "set": (TWO, lambda: {1, 2}),
    # tensors
    "tensor": ([tens("float64", [-1, 2])], lambda: np.zeros((3, 2))),
    "tensor float32": ([tens("float64", [-1, 2])], lambda: np.zeros((3, 2), dtype="float32")),
    "tensor shape": ([tens("float64", [-1, 2])], lambda: np.zeros((3, 4))),
    "tensor dimensions": ([tens("float64", [-1, 2])], lambda: np.zeros(3)),
    "tensor fixed": ([tens("int64", [2, 2])], lambda: np.zeros((2, 2), dtype="int64")),
    "tensor fixed rows": ([tens("int64", [2, 2])], lambda: np.zeros((3, 2), dtype="int64")),
    "tensor text": ([tens("str", [-1])], lambda: np.array(["a", "bc"])),
    "tensor object": ([tens("object", [-1])], lambda: np.array([[1], [1, 2]], dtype=object)),
    "tensor ragged": ([tens("float64", [-1, -1])], lambda: np.array([[1.0], [1.0, 2.0]], dtype=object)),
    "tensor list": ([tens("float64", [-1])], lambda: [1.0, 2.0]),
    "tensor sparse": ([tens("float64", [-1, 3])], lambda: sparse.csr_matrix(np.eye(3))),
    "tensor of frame": ([tens("float64", [-1, 2])], lambda: F({"a": [1.0], "b": [2.0]})),
    "tensor of wide frame": ([tens("float64", [-1, 2])], lambda: F({"a": [1.0], "b": [2.0], "c": [3.0]})),
    "tensor of one column": ([tens("float64", [-1, 2])], lambda: F({"a": [[1.0, 2.0], [3.0, 4.0]]})),
    "tensor of one column of ints": ([tens("float64", [-1, 2])], lambda: F({"a": [[1, 2], [3, 4]]})),
    "tensor of column of arrays": ([tens("float64", [-1, 2])], lambda: F({"a": [np.array([1.0, 2.0])]})),
    "tensor of column of float32 arrays": (
        [tens("float64", [-1, 2])],
        lambda: F({"a": [np.array([1.0, 2.0], dtype="float32")]}),
    ),
    "tensor of scalars": ([tens("float64", [-1])], lambda: F({"a": [1, 2]})),
    "tensor of scalars wide": ([tens("float64", [-1, 2])], lambda: F({"a": [1, 2]})),
    "tensor of empty frame": ([tens("float64", [-1, 2])], F),
    "named tensors": (
        [tens("float64", [-1, 2], "p"), tens("int64", [-1], "q")],
        lambda: {"q": np.array([1]), "p": np.zeros((1, 2)), "r": np.array(1)},
    ),
    "named tensor is missing": (
        [tens("float64", [-1, 2], "p"), tens("int64", [-1], "q")],
        lambda: {"q": np.array([1])},
    ),
    "named tensor list": ([tens("int64", [-1], "q")], lambda: {"q": [1, 2]}),
    "named tensor array": ([tens("int64", [-1], "q")], lambda: np.array([1, 2])),
    "named tensors of frame": (
        [tens("float64", [-1, 2], "p"), tens("int64", [-1], "q")],
        lambda: F({"p": [[1.0, 2.0]], "q": [1]}),
    ),
    "named tensors of array": ([tens("float64", [-1, 2], "p"), tens("int64", [-1], "q")], lambda: np.zeros((1, 2))),
}


def par(kind: str, default: Any = None, shape: list[int] | None = None) -> dict[str, Any]:
    """Return a param in MLflow's JSON form."""
    return {"name": "p", "type": kind, "default": default, "shape": shape}


VALUES: dict[str, Any] = {
    "bool": True,
    "int": 3,
    "large": 2**40,
    "float": 2.5,
    "whole float": 2.0,
    "text": "x",
    "number as text": "3",
    "None": None,
    "list": [1, 2],
    "floats": [1.5],
    "empty": [],
    "lists": [[1]],
    "dict": {"a": 1},
    "datetime": WHEN,
    "date text": "2026-11-23T09:30:00",
    "int32": np.int32(3),
    "int64": np.int64(3),
    "float32": np.float32(2.5),
    "float64": np.float64(2.5),
    "bool_": np.bool_(True),
    "bytes": b"x",
}
ENFORCE_PARAMS: dict[str, tuple[dict[str, Any], Any]] = {
    **{
        f"{name} for {kind}": (par(kind), {"p": value})
        for kind in TYPES
        if kind != "binary"
        for name, value in VALUES.items()
    },
    **{
        f"{name} for list of {kind}": (par(kind, [], [-1]), {"p": value})
        for kind in ("long", "double", "string")
        for name, value in VALUES.items()
    },
    "default": (par("long", 7), {}),
    "default of None": (par("long", 7), None),
    "unknown": (par("long", 7), {"q": 1}),
    "not a dict": (par("long", 7), [1]),
}
