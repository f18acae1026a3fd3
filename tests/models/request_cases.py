"""Requests for comparing a server's reading of them with MLflow; needs only numpy, pandas and scipy."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.models.enforce_cases import ANY, OPTIONAL, TWO, arr, col, mapping, obj, tens

B64 = base64.b64encode(b"hi").decode()
MANY = [col("long", "a"), col("double", "b"), col("string", "c")]
SCORE: dict[str, tuple[list[Any] | None, Any]] = {
    "split": (TWO, {"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2.5], [3, 4]]}}),
    "split index": (TWO, {"dataframe_split": {"columns": ["a", "b"], "index": [7], "data": [[1, 2.5]]}}),
    "split no columns": ([col("long", None), col("double", None)], {"dataframe_split": {"data": [[1, 2.5]]}}),
    "split further key": (TWO, {"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2.5]], "x": 1}}),
    "split no data": (TWO, {"dataframe_split": {"columns": ["a", "b"]}}),
    "split list": (TWO, {"dataframe_split": [[1, 2]]}),
    "split lacks": (TWO, {"dataframe_split": {"columns": ["a"], "data": [[1]]}}),
    "split more": (TWO, {"dataframe_split": {"columns": ["b", "z", "a"], "data": [[1.5, "t", 2]]}}),
    "split ragged": (TWO, {"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3]]}}),
    "split wide": (TWO, {"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}),
    "records": (TWO, {"dataframe_records": [{"a": 1, "b": 2.5}, {"b": 1, "a": 2}]}),
    "records hole": (TWO, {"dataframe_records": [{"a": 1, "b": 2.5}, {"a": 2}]}),
    "records hole in long": (TWO, {"dataframe_records": [{"a": 1, "b": 2.5}, {"b": 2}]}),
    "records dict": (TWO, {"dataframe_records": {"a": 1, "b": 2.5}}),
    "records empty": (TWO, {"dataframe_records": []}),
    "null in double": (TWO, {"dataframe_split": {"columns": ["a", "b"], "data": [[1, None], [2, 1.5]]}}),
    "null in long": (TWO, {"dataframe_split": {"columns": ["a", "b"], "data": [[None, 1.5]]}}),
    "null in text": (MANY, {"dataframe_split": {"columns": ["a", "b", "c"], "data": [[1, 1.5, None], [1, 1.5, "t"]]}}),
    "int in double": (TWO, {"dataframe_records": [{"a": 1, "b": 9}]}),
    "fraction in long": (TWO, {"dataframe_records": [{"a": 1.5, "b": 9}]}),
    "whole float in long": (TWO, {"dataframe_records": [{"a": 2.0, "b": 9}]}),
    "text in long": (TWO, {"dataframe_records": [{"a": "x", "b": 9}]}),
    "number as text in long": (TWO, {"dataframe_records": [{"a": "12", "b": 9}]}),
    "number in text": (MANY, {"dataframe_records": [{"a": 1, "b": 1, "c": 5}]}),
    "true in long": (TWO, {"dataframe_records": [{"a": True, "b": 9}]}),
    "large in integer": ([col("integer", "a")], {"dataframe_records": [{"a": 2**40}]}),
    "boolean": ([col("boolean", "a")], {"dataframe_records": [{"a": True}, {"a": False}]}),
    "null in boolean": ([col("boolean", "a")], {"dataframe_records": [{"a": True}, {"a": None}]}),
    "text in boolean": ([col("boolean", "a")], {"dataframe_records": [{"a": "false"}]}),
    "binary": ([col("binary", "a")], {"dataframe_records": [{"a": B64}]}),
    "binary damaged": ([col("binary", "a")], {"dataframe_records": [{"a": "!!"}]}),
    "datetime": ([col("datetime", "a")], {"dataframe_records": [{"a": "2026-11-23T09:30:00"}, {"a": "2026-11-24"}]}),
    "datetime same": (
        [col("datetime", "a")],
        {"dataframe_records": [{"a": "2026-11-23 09:30:00"}, {"a": "2026-11-24 10:00:00"}]},
    ),
    "datetime zone": ([col("datetime", "a")], {"dataframe_records": [{"a": "2026-11-23T09:30:00Z"}]}),
    "datetime null": ([col("datetime", "a")], {"dataframe_records": [{"a": "2026-11-23"}, {"a": None}]}),
    "datetime text": ([col("datetime", "a")], {"dataframe_records": [{"a": "tomorrow?"}]}),
    "datetime number": ([col("datetime", "a")], {"dataframe_records": [{"a": 1795412345678901000}]}),
    "array column": ([col(arr("double"), "a")], {"dataframe_records": [{"a": [1.5, 2.5]}, {"a": [3.5]}]}),
    "array column wrong": ([col(arr("double"), "a")], {"dataframe_records": [{"a": ["x"]}]}),
    "object column": (
        [col(obj(p="long", q_="string"), "a")],
        {"dataframe_records": [{"a": {"p": 1}}, {"a": {"p": 2, "q": "x"}}]},
    ),
    "map column": ([col(mapping("long"), "a")], {"dataframe_records": [{"a": {"p": 1}}]}),
    "any column": ([col(ANY, "a")], {"dataframe_records": [{"a": {"p": [None]}}]}),
    "optional": (OPTIONAL, {"dataframe_records": [{"a": 1}]}),
    "instances records": (TWO, {"instances": [{"a": 1, "b": 2.5}, {"a": 2, "b": 1}]}),
    "instances hole": (TWO, {"instances": [{"a": 1, "b": 2.5}, {"a": 2}]}),
    "instances columns": (TWO, {"instances": {"a": [1, 2], "b": [1.5, 2.5]}}),
    "instances unequal": (TWO, {"instances": {"a": [1, 2], "b": [1.5]}}),
    "inputs columns": (TWO, {"inputs": {"a": [1, 2], "b": [1.5, 2.5]}}),
    "inputs row": (TWO, {"inputs": {"a": 1, "b": 1.5}}),
    "inputs records": (TWO, {"inputs": [{"a": 1, "b": 1.5}, {"a": 2, "b": 2.5}]}),
    "inputs lacks": (TWO, {"inputs": {"a": [1, 2]}}),
    "inputs text": ([col("string", "q")], {"inputs": {"q": "hello"}}),
    "inputs texts": ([col("string", "q")], {"inputs": {"q": ["hello", "you"]}}),
    "inputs list for one column": ([col("string", "q")], {"inputs": ["hello", "you"]}),
    "inputs list for unnamed": ([col("string", None)], {"inputs": ["hello", "you"]}),
    "inputs scalar for unnamed": ([col("long", None)], {"inputs": 3}),
    "inputs lists for unnamed": ([col("double", None), col("double", None)], {"inputs": [[1.0, 2.0]]}),
    "inputs dict for unnamed": ([col("long", None)], {"inputs": {"a": 1}}),
    "inputs array column": ([col(arr("long"), "q")], {"inputs": {"q": [1, 2]}}),
    "inputs array for one column": ([col(arr("long"), "q")], {"inputs": [1, 2]}),
    "inputs fraction in long": (TWO, {"inputs": {"a": [1.5], "b": [1.5]}}),
    "tensor instances": ([tens("float64", [-1, 2])], {"instances": [[1, 2], [3, 4]]}),
    "tensor inputs": ([tens("float32", [-1, 2])], {"inputs": [[1.5, 2], [3, 4]]}),
    "tensor ragged": ([tens("float64", [-1, 2])], {"inputs": [[1, 2], [3]]}),
    "tensor shape": ([tens("float64", [-1, 2])], {"inputs": [[1, 2, 3]]}),
    "tensor text": ([tens("str", [-1])], {"inputs": ["a", "bc"]}),
    "tensor text in numbers": ([tens("float64", [-1])], {"inputs": ["a"]}),
    "tensor fraction in int": ([tens("int64", [-1])], {"inputs": [1.5]}),
    "tensor dict": ([tens("int64", [-1])], {"inputs": {"a": [1]}}),
    "tensor split": (
        [tens("float64", [-1, 2])],
        {"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3, 4]]}},
    ),
    "tensor split one column": (
        [tens("float64", [-1, 2])],
        {"dataframe_split": {"columns": ["a"], "data": [[[1, 2]], [[3, 4]]]}},
    ),
    "named tensors": ([tens("float64", [-1, 2], "p"), tens("int64", [-1], "q")], {"inputs": {"p": [[1, 2]], "q": [1]}}),
    "named tensor list": ([tens("int64", [-1], "q")], {"inputs": [1, 2]}),
    "named tensors rows": (
        [tens("float64", [-1, 2], "p"), tens("int64", [-1], "q")],
        {"instances": [{"p": [1, 2], "q": 1}, {"p": [3, 4], "q": 2}]},
    ),
    "free split": (None, {"dataframe_split": {"columns": ["a"], "data": [[1], [2]]}}),
    "free records": (None, {"dataframe_records": [{"a": 1}, {"a": 2}]}),
    "free instances": (None, {"instances": [[1, 2], [3, 4]]}),
    "free instances records": (None, {"instances": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]}),
    "free inputs": (None, {"inputs": [[1, 2], [3, 4]]}),
    "free inputs dict": (None, {"inputs": {"a": [1, 2], "b": "x"}}),
    "free inputs records": (None, {"inputs": [{"a": 1}]}),
    "free inputs scalar": (None, {"inputs": "hello"}),
    "two forms": (TWO, {"inputs": [1], "instances": [1]}),
    "no form": (TWO, {"columns": ["a"]}),
    "empty object": (TWO, {}),
    "list": (TWO, [1, 2]),
    "params beside": (TWO, {"dataframe_records": [{"a": 1, "b": 2.5}], "params": {"k": 1}}),
}


def as_body(request: Any) -> str:
    """Return a request as JSON text."""
    return json.dumps(request)
