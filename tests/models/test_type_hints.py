"""Type hints of predict as signatures, and input brought into their form."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pydantic
import pytest

from nbtrack.errors import InvalidValueError
from nbtrack.models.mlmodel import MLmodel
from nbtrack.models.python_model import PythonModel, TypeHints
from nbtrack.models.type_hints import convert, signature_of
from nbtrack.pyfunc import load_model, save_model

if TYPE_CHECKING:
    from pathlib import Path


class Row(pydantic.BaseModel):
    name: str
    size: int
    tags: list[str] | None = None


# As MLflow 3.17.2 makes them out.
HINTS = {
    "texts": (list[str], "[string (required)]"),
    "numbers": (list[int], "[long (required)]"),
    "floats": (list[float], "[double (required)]"),
    "booleans": (list[bool], "[boolean (required)]"),
    "bytes": (list[bytes], "[binary (required)]"),
    "times": (list[dt.datetime], "[datetime (required)]"),
    "anything": (list[Any], "[Any (required)]"),
    "lists": (list[list[str]], "[Array(string) (required)]"),
    "maps": (list[dict[str, int]], "[Map(str -> long) (required)]"),
    "maps of lists": (list[dict[str, list[str]]], "[Map(str -> Array(string)) (required)]"),
    "either": (list[int | str], "[Any (required)]"),
    "models": (
        list[Row],
        "[{name: string (required), size: long (required), tags: Array(string) (optional)} (required)]",
    ),
}
SILENT = [
    None,
    list,
    str,
    dict[str, str],
    pd.DataFrame,
    np.ndarray,
    list[np.ndarray],
    list[dict[int, str]],
    list[str] | None,
    list[str | None],
]


@pytest.mark.parametrize("name", HINTS)
def test_hints_are_signatures(name: str):
    hint, inputs = HINTS[name]
    found = signature_of(TypeHints(hint, None))
    assert found is not None
    assert repr(found.inputs) == inputs
    assert repr(found.outputs) == "[Any (required)]"
    assert found.is_from_type_hint


def test_what_comes_out_need_not_be_a_list():
    for hint, outputs in (
        (list[int], "[long (required)]"),
        (str, "[string (required)]"),
        (pd.DataFrame, "[Any (required)]"),
    ):
        found = signature_of(TypeHints(list[str], hint))
        assert found is not None
        assert repr(found.outputs) == outputs


@pytest.mark.parametrize("hint", SILENT)
def test_other_hints_say_nothing(hint: Any):
    assert signature_of(TypeHints(hint, None)) is None
    assert convert("as it is", hint) == "as it is"


@pytest.mark.parametrize(
    ("data", "hint", "expected"),
    [
        (["a"], list[str], ["a"]),
        (pd.DataFrame({"q": ["a", "b"]}), list[str], ["a", "b"]),
        (pd.Series([1, 2]), list[int], [1, 2]),
        (np.array([1, 2]), list[int], [1, 2]),
        (pd.DataFrame({"q": [np.array(["a"])]}), list[list[str]], [["a"]]),
        (pd.DataFrame({"a": [1], "b": [2]}), list[dict[str, int]], [{"a": 1, "b": 2}]),
        (pd.DataFrame({0: [{"a": 1}]}), list[dict[str, int]], [{"a": 1}]),
        (["2026-11-23T09:30:00"], list[dt.datetime], [dt.datetime(2026, 11, 23, 9, 30)]),  # noqa: DTZ001
        (["aGk="], list[bytes], [b"hi"]),
        ([None, 1], list[int | str | None], None),
        ([{"k": None}], list[dict[str, int | None]], [{"k": None}]),
        ([{"k": [1]}], list[Any], [{"k": [1]}]),
        ([{"name": "a", "size": 1}], list[Row], [Row(name="a", size=1)]),
        ([Row(name="a", size=1)], list[Row], [Row(name="a", size=1)]),
        (pd.DataFrame({"name": ["a"], "size": [1], "tags": [None]}), list[Row], [Row(name="a", size=1)]),
    ],
)
def test_input_takes_the_form_of_the_hint(data: Any, hint: Any, expected: Any):
    assert convert(data, hint) == (data if expected is None else expected)


@pytest.mark.parametrize(
    ("data", "hint", "problem"),
    [
        ("a", list[str], "should be a list"),
        (["a", 3], list[str], r"the input\[1\] should be str; received '3' \(int\)"),
        ([True], list[int], "should be int"),
        ([1], list[dict[str, int]], "should be a dict"),
        ([{"a": "x"}], list[dict[str, int]], r"\['a'\] should be int"),
        ([["a"], "b"], list[list[str]], "should be a list"),
        (["soon"], list[dt.datetime], "no datetime"),
        (["!"], list[bytes], "no bytes"),
        ([{"name": "a", "size": "1"}], list[Row], "no Row.*size"),
        ([3], list[Row], "should be a dict"),
        (pd.DataFrame({"a": ["x"], "b": ["y"]}), list[str], "one column"),
        ([1] * 9, list[str], "And 4 more"),
    ],
)
def test_input_of_another_form_is_refused_row_by_row(data: Any, hint: Any, problem: str):
    with pytest.raises(InvalidValueError, match=problem):
        convert(data, hint)


def test_a_model_with_hints_is_signed_and_checked(tmp_path: Path):
    class Lengths(PythonModel):
        def predict(self, model_input: list[str], params: dict[str, Any] | None = None) -> list[int]:
            return [len(text) * (params or {}).get("times", 1) for text in model_input]

    save_model(tmp_path / "m", Lengths(), input_example=(["a"], {"times": 1}))
    found = MLmodel.load(tmp_path / "m")
    assert found.is_signature_from_type_hint
    assert found.get_signature() is not None
    model = load_model(tmp_path / "m", trust=True)
    assert model.predict(["a", "bcd"]) == [1, 3]
    assert model.predict(["a"], {"times": 2}) == [2]
    with pytest.raises(InvalidValueError, match="should be str"):
        model.predict([3])
