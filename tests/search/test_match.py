"""A filter says the same of a thing in memory as the tests' own reading of it."""

from __future__ import annotations

import math

import pytest

from nbtrack.search import parse_filter, parse_order_by
from nbtrack.search.match import matches, ordered

THING: dict[tuple[str, str], str | float] = {
    ("metrics", "acc"): 0.5, ("metrics", "bad"): math.nan, ("params", "lr"): "0.1", ("params", "kind"): "Ridge",
    ("tags", "team"): "a_b", ("attributes", "name"): "Model 1", ("attributes", "creation_time"): 1_700_000_000_000,
}  # fmt: skip
CASES = {
    "": True,
    "metrics.acc = 0.5 AND name = 'Model 1'": True,
    "metrics.acc != 0.5 OR NOT metrics.acc < 0.5": True,
    "metrics.acc BETWEEN 0.4 AND 0.6": True,
    "metrics.acc NOT BETWEEN 0.4 AND 0.6": False,
    "metrics.acc >= 0.5 and metrics.acc <= 0.5 and metrics.acc > 0.4": True,
    "metrics.bad > 0": False,
    "metrics.bad = NaN": True,
    "metrics.nope = 1": False,
    "metrics.nope IS NULL": True,
    "metrics.acc IS NOT NULL": True,
    "params.lr < 0.2": True,
    "params.lr = '0.1'": True,
    "params.kind < 3": False,
    "params.kind IN ('Ridge', 'Lasso')": True,
    "params.kind NOT IN ('Ridge', 'Lasso')": False,
    "params.kind LIKE 'ri%'": False,
    "params.kind ILIKE 'ri%'": True,
    "params.kind NOT LIKE 'R_dge'": False,
    "tags.team LIKE 'a_b'": True,
    "tags.team NOT ILIKE 'A%'": False,
    "created > now - 1d": False,
    "created < now": True,
}


@pytest.mark.parametrize(("text", "wanted"), CASES.items())
def test_a_filter_holds_or_not(text, wanted):
    node = parse_filter(text, subject="logged model")
    assert matches(node, lambda field: THING.get((field.entity, field.key))) is wanted


def test_what_is_missing_comes_last_either_way():
    things = [1.0, math.nan, None, 3.0, 2.0]
    for descending, best in ((False, [1.0, 2.0, 3.0]), (True, [3.0, 2.0, 1.0])):
        found = ordered(things, [(lambda thing: thing, descending)], lambda thing: 0)
        assert found[:3] == best
        assert math.isnan(found[3])
        assert found[4] is None
    assert ordered([3, 1, 2], [], lambda thing: -thing) == [3, 2, 1]


def test_models_are_ordered_by_the_names_of_mlflow():
    (term,) = parse_order_by(["last_updated_timestamp DESC"], subject="logged model")
    assert (term.field.key, term.descending) == ("last_update_time", True)


@pytest.mark.parametrize("operator", ["LIKE", "ILIKE", "NOT LIKE"])
def test_wildcards_cost_no_more_than_they_are(operator):
    """Going back over every way to split the text would take longer than there is."""
    pattern = "%a" * 200 + "%b"
    node = parse_filter(f"params.kind {operator} '{pattern}'")
    assert matches(node, lambda _: "a" * 5000) is operator.startswith("NOT")
