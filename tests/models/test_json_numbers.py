"""The short way of requests of numbers: the same as the long one, wherever it is taken."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbtrack.errors import InvalidValueError
from nbtrack.models import scoring_input
from nbtrack.models.column_types import DataType
from nbtrack.models.enforce import enforce_schema
from nbtrack.models.json_numbers import plain_numbers
from nbtrack.models.schema import ColSpec, Schema
from nbtrack.models.signature import ModelSignature

TYPES = ("double", "float", "long", "integer", "boolean", "string")
NAMES = ("x", "y", "z")

EDGES = (0.0, -0.0, 1e39, -1e39, 1e308, 2.0**31, -(2.0**31), 2.0**53, 0.1, float("nan"), float("inf"))
WHOLE_EDGES = (2**31 - 1, 2**31, -(2**31), 2**53 - 1, 2**53 + 1, 2**63, 2**64, 10**400)
FLOATS = st.one_of(st.floats(), st.sampled_from(EDGES), st.integers(-1000, 1000).map(float))
WHOLE = st.one_of(st.integers(-1000, 1000), st.sampled_from(WHOLE_EDGES))
ODD = st.one_of(st.none(), st.booleans(), st.sampled_from(["1", "much", [1.0]]))
CELLS = st.sampled_from([FLOATS, WHOLE, st.one_of(FLOATS, WHOLE), st.one_of(FLOATS, WHOLE, ODD)])


@st.composite
def requests(draw: Any) -> tuple[dict[str, Any], Schema]:
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    types = draw(st.one_of(st.just("double"), st.just("long"), st.none()))
    specs = [ColSpec(types or draw(st.sampled_from(TYPES)), name, draw(st.booleans())) for name in names]
    cells, n_rows = draw(CELLS), draw(st.integers(0, 4))
    given_names = list(draw(st.one_of(st.just(names), st.permutations(names), st.just((*names[1:], "more")))))
    rows = [[draw(cells) for _ in given_names] for _ in range(n_rows)]
    form = draw(st.sampled_from(["split", "records", "instances", "inputs", "columns", "row", "uneven"]))
    records = [dict(zip(given_names, row, strict=True)) for row in rows]
    bodies: dict[str, Any] = {
        "split": lambda: {"dataframe_split": {"columns": given_names, "data": rows}},
        "records": lambda: {"dataframe_records": records},
        "instances": lambda: {"instances": records},
        "inputs": lambda: {"inputs": records},
        "columns": lambda: {"inputs": {name: [row[i] for row in rows] for i, name in enumerate(given_names)}},
        "row": lambda: {"inputs": {name: draw(cells) for name in given_names}},
        "uneven": lambda: {
            "dataframe_split": {"columns": given_names, "data": [*rows, [draw(cells)] * (len(names) - 1)]}
        },
    }
    return bodies[form](), Schema(specs)


def outcome(body: dict[str, Any], schema: Schema) -> Any:
    """What the model is given, or what is said instead."""
    try:
        data = scoring_input.read(json.dumps(body).encode(), signature=ModelSignature(schema)).data
        return enforce_schema(data, schema)
    except InvalidValueError as error:
        return str(error)


@given(requests())
def test_the_short_way_gives_what_the_long_one_gives(request: tuple[dict[str, Any], Schema]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        short = outcome(*request)
        patched.setattr(scoring_input, "plain_numbers", lambda *_: None)
        long = outcome(*request)
    if isinstance(long, str):
        assert short == long
        return
    pd.testing.assert_frame_equal(short, long, check_exact=True)
    assert short.to_numpy().flags.f_contiguous == long.to_numpy().flags.f_contiguous, "sums may depend on it"
    zeros = [np.signbit(found.select_dtypes("float").to_numpy()) for found in (short, long)]
    assert np.array_equal(*zeros), "-0.0 is not 0.0"


WINE = Schema([ColSpec(DataType.double, "acid"), ColSpec(DataType.double, "hue")])


@pytest.mark.parametrize(
    ("form", "payload"),
    [
        ("dataframe_split", {"columns": ["acid", "hue"], "data": [[1.5, 2]]}),
        ("dataframe_records", [{"acid": 1.5, "hue": 2}]),
        ("instances", [{"acid": 1.5, "hue": 2}]),
        ("inputs", {"acid": [1.5], "hue": [2]}),
        ("inputs", {"acid": 1.5, "hue": 2}),
    ],
)
def test_every_form_has_a_short_way(form: str, payload: Any) -> None:
    found = plain_numbers(form, payload, WINE)
    assert found is not None
    assert found.to_dict("list") == {"acid": [1.5], "hue": [2.0]}


def test_a_name_given_to_the_columns_stays_with_one_request() -> None:
    for _ in range(2):
        found = plain_numbers("inputs", {"acid": 1.5, "hue": 2}, WINE)
        assert found is not None
        assert found.columns.name is None
        found.columns.name = "what a model may do"
