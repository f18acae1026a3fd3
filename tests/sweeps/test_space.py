"""Spaces: what a grid tries, what is drawn, and what a text means."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbtrack.errors import InvalidValueError, SearchSyntaxError
from nbtrack.sweeps.ranges import Choices, choices, ints, label, linear, log
from nbtrack.sweeps.space import space_of


def test_a_grid_has_every_combination_and_the_last_name_changes_fastest():
    space = space_of({"lr": log(1e-5, 1e-3, 3), "depth": [2, 4], "seed": 3})
    assert space.grid_size() == 6
    assert [(p["lr"], p["depth"], p["seed"]) for p in space.grid()] == [
        (lr, depth, 3) for lr in (1e-5, 1e-4, 1e-3) for depth in (2, 4)
    ]


@pytest.mark.parametrize(
    ("dimension", "values"),
    [
        (linear(0, 1, 3), [0.0, 0.5, 1.0]),
        (log(1, 100, 1), [1.0]),
        (ints(1, 4), [1, 2, 3, 4]),
        (ints(16, 64, 24), [16, 40, 64]),
        (ints(3, 40, log=True), [4, 8, 16, 32]),
        (ints(1, 8, log=True), [1, 2, 4, 8]),
        (choices("a", None), ["a", None]),
    ],
)
def test_what_a_grid_tries_of_a_range(dimension, values):
    assert dimension.grid() == values


def test_numpy_values_become_pythons_own():
    [params] = space_of({"x": np.float64(2.5), "n": np.arange(3, 4)}).grid()
    assert params == {"x": 2.5, "n": 3}
    assert [type(value) for value in params.values()] == [float, int]


@given(st.integers(0, 2**31), st.integers(0, 1000))
def test_what_is_drawn_is_in_its_range_and_does_not_depend_on_the_order_of_names(seed, number):
    given = {"lr": log(1e-5, 1e-2), "x": linear(-2, 3), "n": ints(1, 10, 3), "m": ints(1, 9, log=True), "o": ["a", "b"]}
    drawn = space_of(given).draw(seed, number)
    assert 1e-5 <= drawn["lr"] <= 1e-2
    assert -2 <= drawn["x"] <= 3
    assert drawn["n"] in (1, 4, 7, 10)
    assert 1 <= drawn["m"] <= 9
    assert drawn["o"] in ("a", "b")
    assert space_of(dict(reversed(given.items()))).draw(seed, number) == drawn


def test_all_whole_numbers_of_a_range_are_drawn():
    space = space_of({"n": ints(1, 4), "m": ints(1, 3, log=True)})
    drawn = [space.draw(0, number) for number in range(100)]
    assert {p["n"] for p in drawn} == {1, 2, 3, 4}
    assert {p["m"] for p in drawn} == {1, 2, 3}


def test_a_text_means_what_python_says():
    text = "lr=log(1e-5,1e-2,6) depth=[2, 4,8] opt=[adam,'s gd'] n=ints(1,4) x = linear(0,1,3) b=[true,None] s=[[1,2],[3]] c=relu"
    assert space_of(text) == space_of(
        {
            "lr": log(1e-5, 1e-2, 6),
            "depth": [2, 4, 8],
            "opt": ["adam", "s gd"],
            "n": ints(1, 4),
            "x": linear(0, 1, 3),
            "b": [True, None],
            "s": [[1, 2], [3]],
            "c": "relu",
        }
    )


@pytest.mark.parametrize(
    ("text", "problem", "place"),
    [
        ("", "is empty", (0, 1)),
        ("lr", "After lr comes =", (2, 3)),
        ("lr=log(1e-5", "A comma or ) was expected", (11, 12)),
        ("lr=log(3,1)", "is not a range", (3, 11)),
        ("lr=log(1)", "Too few or too many numbers", (3, 9)),
        ("a=1 a=2", "'a' is there twice", (4, 5)),
        ("a=[", "is not closed", (2, 3)),
        ("a='b", "quote does not end", (2, 4)),
        ("a=[]", "nothing to choose from", (2, 4)),
        ("a=__import__('os')", "__import__(…) is not known", (2, 12)),
        ("=3", "name was expected", (0, 1)),
    ],
)
def test_a_text_that_cannot_be_read_is_pointed_at(text, problem, place):
    with pytest.raises(SearchSyntaxError) as raised:
        space_of(text)
    assert problem in raised.value.problem
    assert (raised.value.start, raised.value.end) == place


@pytest.mark.parametrize(
    "make",
    [
        lambda: space_of({}),
        lambda: space_of({"a": []}),
        lambda: space_of([1, 2]),
        lambda: log(0, 1),
        lambda: linear(2, 1),
        lambda: linear(1, float("inf")),
        lambda: ints(1.5, 3),  # type: ignore[arg-type]
        lambda: ints(0, 8, log=True),
        lambda: log(1, 2, 0),
        lambda: list(space_of({"lr": log(1, 2)}).grid()),
    ],
)
def test_what_is_no_space_is_refused(make):
    with pytest.raises(InvalidValueError):
        make()


def test_values_of_any_kind_have_the_same_label_in_every_process():
    assert [label(v) for v in (1e-4, "a", None, int, len, (1, [2.0]))] == [
        "0.0001",
        "a",
        "None",
        "int",
        "len",
        "[1, [2.0]]",
    ]
    kinds = Choices((int, len, None))
    assert [kinds.read(label(value)) for value in kinds.values] == list(kinds.values)
