"""How numbers, params and times are written."""

from __future__ import annotations

import math

import pytest

from nbtrack.magics.numbers import change_text, metric_text, param_text
from nbtrack.views.amounts import duration_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.913, "0.913"),
        (0.91342, "0.9134"),
        (1.0, "1"),
        (0.0, "0"),
        (0.001, "0.001"),
        (0.000012, "1.2e-5"),
        (-0.31, "-0.31"),
        (123.456, "123.5"),
        (12345.6, "12,346"),
        (1.5e9, "1.5e9"),
        (math.nan, "nan"),
        (math.inf, "inf"),
    ],
)
def test_metrics(value, text):
    assert metric_text(value) == text


def test_changes_have_a_sign():
    assert change_text(0.012) == "+0.012"
    assert change_text(-0.02) == "-0.02"
    assert change_text(0.0121999) == "+0.0122"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("0.001", "1e-3"),
        ("0.0003", "3e-4"),
        ("1e-05", "1e-5"),
        ("0.01", "0.01"),
        ("0.5", "0.5"),
        ("32", "32"),
        ("1000000", "1000000"),
        ("resnet", "resnet"),
        ("True", "True"),
        ("", ""),
        ("nan", "nan"),
        ("x" * 40, "x" * 23 + "…"),
    ],
)
def test_params(text, shown):
    assert param_text(text) == shown


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.012, "12 ms"),
        (0.34, "0.3 s"),
        (3.21, "3.2 s"),
        (9.96, "10 s"),
        (41.2, "41 s"),
        (125, "2 min 5 s"),
        (3780, "1 h 3 min"),
    ],
)
def test_durations(seconds, text):
    assert duration_text(seconds) == text
