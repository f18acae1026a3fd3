"""What MLflow makes of some 800 cases, recorded by ``record_mlflow.py``, is what nbtrack makes of them; or better, and then it says why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.models import cases, enforce_cases, ours, request_cases

RECORDED = json.loads((Path(__file__).parents[1] / "data" / "mlflow_models.json").read_text(encoding="utf-8"))
PARTS = list(ours.MAKERS)

LISTED = {"data": {"frame": [["q", "object", [[1, 2]]]], "index": ["0"]}, "params": None}
BETTER: dict[tuple[str, str], Any] = {
    # MLflow makes None the text "n", and times nanoseconds
    ("enforce", "nested array with None"): {"frame": [["x", "object", [["a", None]]]], "index": ["0"]},
    ("enforce", "nested optional array with None"): {"frame": [["x", "object", [["a", None]]]], "index": ["0"]},
    ("enforce", "nested array of datetimes"): {
        "frame": [["x", "object", [["at 2026-11-23 09:30:00"]]]],
        "index": ["0"],
    },
    # a time is no scalar of numpy
    ("enforce", "nested object datetime"): {
        "frame": [["x", "object", [{"a": "at 2026-11-23 09:30:00"}]]],
        "index": ["0"],
    },
    # an array for the only column is that column
    ("enforce", "array for one column"): {"frame": [["y", "float64", [1.5, 2.5]]], "index": ["0", "1"]},
    # the type is the one of the signature
    ("enforce", "tensor of column of float32 arrays"): {"array": "float64", "shape": [1, 2], "values": [[1.0, 2.0]]},
    # MLflow cuts numbers, wraps them round, and takes "false" for true
    ("score", "fraction in long"): ours.REFUSED,
    ("score", "inputs fraction in long"): ours.REFUSED,
    ("score", "tensor fraction in int"): ours.REFUSED,
    ("score", "large in integer"): ours.REFUSED,
    ("score", "true in long"): ours.REFUSED,
    ("score", "number in text"): ours.REFUSED,
    ("score", "null in boolean"): ours.REFUSED,
    ("score", "text in boolean"): ours.REFUSED,
    ("score", "binary damaged"): ours.REFUSED,
    # and fills up short rows
    ("score", "split ragged"): ours.REFUSED,
    # ISO 8601 has more than one form
    ("score", "datetime"): {
        "data": {
            "frame": [["a", "datetime64[ns]", ["at 2026-11-23 09:30:00", "at 2026-11-24 00:00:00"]]],
            "index": ["0", "1"],
        },
        "params": None,
    },
    ("score", "datetime zone"): {
        "data": {"frame": [["a", "datetime64[ns]", ["at 2026-11-23 09:30:00"]]], "index": ["0"]},
        "params": None,
    },
    # lists stay lists, whichever form they came in
    ("score", "inputs array column"): LISTED,
    ("score", "inputs array for one column"): LISTED,
}


def test_every_case_is_recorded():
    known: dict[str, dict[str, Any]] = {
        "infer": cases.INFER,
        "params": cases.PARAMS,
        "enforce": enforce_cases.ENFORCE,
        "enforce params": enforce_cases.ENFORCE_PARAMS,
        "score": request_cases.SCORE,
        "examples": cases.EXAMPLES,
    }
    assert {part: set(RECORDED[part]) for part in PARTS} == {part: set(found) for part, found in known.items()}
    assert all(name in RECORDED[part] for part, name in BETTER)


@pytest.mark.parametrize(("part", "name"), [(part, name) for part in PARTS for name in RECORDED[part]])
def test_outcomes_are_those_of_mlflow(part: str, name: str):
    recorded = RECORDED[part][name]
    is_refused = isinstance(recorded, dict) and ours.REFUSED in recorded
    expected = BETTER.get((part, name), ours.REFUSED if is_refused else as_json_allows(recorded, part))
    assert json.loads(json.dumps(ours.outcome(part, name))) == expected


def as_json_allows(recorded: Any, part: str) -> Any:
    """Return what MLflow wrote with null for its NaN, which is not JSON, and base64 in one line."""
    if part != "examples":
        return recorded
    return json.loads(json.dumps(recorded).replace("NaN", "null").replace("\\n", ""))
