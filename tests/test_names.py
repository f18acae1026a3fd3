"""What a key, id, step, number and artifact path may look like."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbtrack import names
from nbtrack.errors import InvalidValueError


def test_run_ids_are_unique_and_sort_by_time():
    ids = [names.new_run_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert all(map(names.is_run_id, ids))
    assert [i[:12] for i in ids] == sorted(i[:12] for i in ids)
    assert {i[12] for i in ids} == {"7"}
    assert {i[16] for i in ids} <= set("89ab")


@pytest.mark.parametrize("text", ["", "0" * 31, "0" * 33, "G" * 32, "A" * 32, "0" * 32 + "\n", None, 7, b"0" * 32])
def test_only_32_lower_case_digits_are_a_run_id(text: Any):
    assert not names.is_run_id(text)


@pytest.mark.parametrize(
    "key", ["a", "val/loss", "größe", "a b", "x" * 250, "'; DROP TABLE runs; --", "损失", "p@k=5", "caf\udce9"]
)
def test_any_printable_text_is_a_key(key: str):
    assert names.check_key(key) == key


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("", "has 0 characters; use 1 to 250"),
        ("   ", "not only spaces"),
        ("x" * 251, "has 251 characters"),
        ("a\nb", "control character at position 1"),
        ("a\x00", "control character at position 1"),
        ("a\u2028b", "use printable characters"),
        (3, "Metric key 3 is a int; use a text of 1 to 250 characters, such as 'val/loss'"),
        (None, "is a NoneType"),
    ],
)
def test_a_bad_key_is_told_what_is_allowed(key: Any, says: str):
    with pytest.raises(InvalidValueError, match="Metric key") as caught:
        names.check_key(key, "Metric key")
    assert says in str(caught.value)


@pytest.mark.parametrize("name", ["", " ", "x" * 501, "a\tb", None, 5])
def test_a_bad_name_is_told_what_is_allowed(name: Any):
    with pytest.raises(InvalidValueError, match=r"Run name .* is not allowed; use a text of 1 to 500 printable"):
        names.check_name(name, "Run name")


def test_a_long_value_is_shown_short():
    with pytest.raises(InvalidValueError) as caught:
        names.check_name("x" * 5000)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("step", "whole"),
    [
        (0, 0),
        (-5, -5),
        (2**63 - 1, 2**63 - 1),
        (-(2**63), -(2**63)),
        (3.0, 3),
        (np.int32(7), 7),
        (np.float64(2), 2),
        (None, 0),
    ],
)
def test_whole_numbers_of_64_bits_are_steps(step: Any, whole: int):
    assert names.check_step(step) == whole
    assert type(names.check_step(step)) is int


@pytest.mark.parametrize("step", [0.5, "3", True, math.nan, math.inf, [], "x"])
def test_a_step_that_is_not_whole_is_refused(step: Any):
    with pytest.raises(InvalidValueError, match="is not a whole number; use an int such as 3"):
        names.check_step(step)


@pytest.mark.parametrize("step", [2**63, -(2**63) - 1, 1e30])
def test_a_step_beyond_64_bits_is_refused(step: Any):
    with pytest.raises(InvalidValueError, match="does not fit into 64 bits"):
        names.check_step(step)


class Tensor:
    """Has one element, and says so only through ``item``."""

    def item(self) -> float:
        return 0.25


@pytest.mark.parametrize(
    ("value", "number"),
    [(1, 1.0), (True, 1.0), (np.float32(0.5), 0.5), (np.array(2), 2.0), (Tensor(), 0.25), (np.array([3.0]), 3.0)],
)
def test_one_number_of_any_library_is_a_metric_value(value: Any, number: float):
    assert names.check_number(value) == number


@pytest.mark.parametrize("value", ["0.5", b"1", None, [1], np.array([1, 2]), {}, 1j, 10**400])
def test_what_is_not_one_number_is_refused_by_name(value: Any):
    with pytest.raises(InvalidValueError, match=r"Metric 'loss' received .* which is not one number"):
        names.check_number(value, "loss")


@given(st.floats())
def test_floats_stay_as_they_are(value: float):
    found = names.check_number(value)
    assert found == value or (math.isnan(found) and math.isnan(value))


@pytest.mark.parametrize("path", ["a", "a/b.txt", "plots/Verlust ü.png", ".hidden", "console.log", "a..b", "x" * 1000])
def test_relative_paths_are_artifact_paths(path: str):
    assert names.check_artifact_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../x",
        "a/../b",
        "a//b",
        "a/",
        "./a",
        "a\\b",
        "C:x",
        "a\x00",
        "nul",
        "com1.txt",
        "a. ",
        "a.",
        "x" * 1001,
    ],
)
def test_paths_that_could_leave_the_run_are_refused(path: str):
    with pytest.raises(InvalidValueError, match=r"is not allowed; use a relative path .* 'plots/loss\.png'"):
        names.check_artifact_path(path)


@given(st.text(max_size=40))
def test_an_accepted_path_stays_inside_its_folder(text: str):
    try:
        path = names.check_artifact_path(text)
    except InvalidValueError:
        return
    parts = path.split("/")
    assert path == text
    assert ".." not in parts
    assert all(parts)
