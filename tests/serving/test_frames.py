"""Rows with their predictions beside them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.serving.frames import scored

FRAME = pd.DataFrame({"id": [7, 8], "x": [1.0, 2.0]})


def giving(found: Any) -> Any:
    return SimpleNamespace(predict=lambda data, params=None: found)


@pytest.mark.parametrize(
    ("found", "columns"),
    [
        (np.array([0, 1]), {"prediction": [0, 1]}),
        ([0.5, 0.6], {"prediction": [0.5, 0.6]}),
        (pd.Series([0, 1], index=[5, 6]), {"prediction": [0, 1]}),
        (np.array([[0.1, 0.9], [0.2, 0.8]]), {"prediction_0": [0.1, 0.2], "prediction_1": [0.9, 0.8]}),
        (np.array([[3.0], [4.0]]), {"prediction": [3.0, 4.0]}),
        (pd.DataFrame({"low": [1, 2], "x": [3, 4]}), {"low": [1, 2], "prediction_x": [3, 4]}),
    ],
)
def test_predictions_become_columns(found: Any, columns: dict[str, list[float]]) -> None:
    rows = scored(giving(found), FRAME, None, None)
    assert {name: list(rows[name]) for name in rows.columns if name not in FRAME.columns} == columns
    assert list(rows["id"]) == [7, 8]


def test_only_chosen_columns_are_copied() -> None:
    assert list(scored(giving([1, 2]), FRAME, ["id"], None).columns) == ["id", "prediction"]
    assert list(scored(giving([1, 2]), FRAME, [], None).columns) == ["prediction"]


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(NotFoundError, match="'idd' is not in the input"):
        scored(giving([1, 2]), FRAME, ["idd"], None)


def test_predictions_that_are_too_few_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="1 predictions for 2 rows"):
        scored(giving([1]), FRAME, None, None)


def test_the_input_is_left_as_it_is() -> None:
    scored(giving([1, 2]), FRAME, None, None)
    assert list(FRAME.columns) == ["id", "x"]
