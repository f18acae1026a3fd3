"""Brushes as filters: the same text in Python and in the page (js/test/runs/where.test.js)."""

import json
from pathlib import Path

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
    ],
)
def test_extents_have_one_form(given, kept):
    assert check_extents(given) == kept


@pytest.mark.parametrize("given", [{"params.lr": [0.1]}, {"params.lr": (2, 1)}, {"params.lr": [("a", "b")]}])
def test_extents_that_mean_nothing_are_refused(given):
    with pytest.raises(InvalidValueError, match=r"params\.lr"):
        check_extents(given)
