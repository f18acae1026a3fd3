"""Brushes as filters: the same text in Python and in the page (js/test/runs/where.test.js)."""

import json
from math import inf, nan
from pathlib import Path

import numpy as np
import pytest

from nbtrack.errors import InvalidValueError
from nbtrack.search.parser import parse_filter
from nbtrack.views.where import check_extents, where

CASES = json.loads((Path(__file__).parents[1] / "data" / "where_cases.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_a_brush_is_a_filter(case):
    assert where(case["filter"], case["steps"], case["extents"]) == case["where"]


@pytest.mark.parametrize(
    "case", [case for case in CASES if "a = 1" not in case["filter"]], ids=lambda c: c["where"][:20]
)
def test_the_filter_can_be_read(case):
    parse_filter(case["where"])


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"params.lr": (0.1, 1)}, {"params.lr": [[0.1, 1.0]]}),
        ({"params.lr": [(0.1, None), (2, 3)]}, {"params.lr": [[0.1, None], [2.0, 3.0]]}),
        ({"params.m": "a"}, {"params.m": ["a"]}),
        ({"params.m": ["a", None]}, {"params.m": ["a", None]}),
        ({"params.m": None}, {"params.m": [None]}),
        ({"params.lr": 0.1, "params.n": [1, 2, 3]}, {"params.lr": [[0.1, 0.1]], "params.n": [[1, 1], [2, 2], [3, 3]]}),
        ({"params.amp": True, "params.b": [True, False]}, {"params.amp": ["True"], "params.b": ["True", "False"]}),
        ({"metrics.a": (0.1, inf), "metrics.b": (-inf, 1)}, {"metrics.a": [[0.1, None]], "metrics.b": [[None, 1]]}),
        ({"metrics.a": [nan, inf, -inf]}, {"metrics.a": ["NaN", "Infinity", "-Infinity"]}),
        ({"metrics.a": (nan, nan), "metrics.b": nan}, {"metrics.a": ["NaN"], "metrics.b": ["NaN"]}),
        ({"params.lr": [nan], "params.wd": -inf}, {"params.lr": ["nan"], "params.wd": ["-inf"]}),
        ({"params.lr": np.array([0.1, 0.5])}, {"params.lr": [[0.1, 0.5]]}),
    ],
)
def test_extents_have_one_form(given, kept):
    assert check_extents(given) == kept


@pytest.mark.parametrize(
    "given", [{"params.lr": object()}, {"params.lr": (2, 1)}, {"params.lr": [("a", "b")]}, {"params.lr": (nan, 1)}]
)
def test_extents_that_mean_nothing_are_refused(given):
    with pytest.raises(InvalidValueError, match=r"params\.lr"):
        check_extents(given)
