"""Entity <-> JSON: strict JSON, whatever the value."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbtrack.entities import Metric, RunStatus
from nbtrack.wire import dumps, number_from_json, number_to_json, plain


@given(st.floats())
def test_every_number_survives_the_journey(value: float):
    back = number_from_json(json.loads(json.dumps(number_to_json(value), allow_nan=False)))
    assert back == value or (math.isnan(back) and math.isnan(value))
    assert math.isnan(value) or math.copysign(1, back) == math.copysign(1, value)


def test_json_has_no_words_for_some_numbers():
    assert [number_to_json(x) for x in (math.nan, math.inf, -math.inf, 0.5)] == ["NaN", "Infinity", "-Infinity", 0.5]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Metric("loss", math.nan, 1, 2), {"key": "loss", "value": "NaN", "timestamp": 1, "step": 2}),
        ({1: (1, 2)}, {"1": [1, 2]}),
        ({"a": {3}}, {"a": [3]}),
        (np.float32(0.5), 0.5),
        (np.float64("inf"), "Infinity"),
        (np.int64(7), 7),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
        (PurePosixPath("a/b"), "a/b"),
        (RunStatus.KILLED, "KILLED"),
        ([None, True, "ü"], [None, True, "ü"]),
        (Metric, str(Metric)),
    ],
)
def test_values_become_what_json_can_say(value: Any, expected: Any):
    assert plain(value) == expected
    assert json.loads(dumps(value)) == expected


def test_text_stays_readable_and_can_be_indented():
    assert dumps({"ö": 1}) == '{"ö": 1}'
    assert dumps({"a": 1}, indent=2) == '{\n  "a": 1\n}'
