"""Parallel coordinates as a static picture."""

from __future__ import annotations

import base64
import math
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import nbtrack
from nbtrack.store.protocol import RunQuery
from nbtrack.tracking import active
from nbtrack.views.parallel_summary import MOST_LINES, axis_of, parallel_picture

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.store.protocol import RunColumns

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def found(tmp_path: Path) -> RunColumns:
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    for index, model in enumerate(["mlp", "<b>&", None, "cnn"]):
        params = {"lr": 10.0**-index, "depth": None if index == 1 else index}
        with nbtrack.start_run(params=params | ({"model": model} if model else {})) as run:
            for step, value in enumerate([3.0 + index, 2.0 + index, math.nan if index == 3 else 2.5 + index]):
                run.log_metric("loss", value, step=step)
    return active.get_store().run_columns(RunQuery(order_by=("start_time ASC",)))


def drawn(image: str) -> ET.Element:
    text = re.search(r"base64,([^\"]+)", image)
    assert text
    return ET.fromstring(base64.b64decode(text[1]))


def places(found: RunColumns, name: str, statistics: dict[str, str] | None = None) -> list[float]:
    axis = axis_of(found, name, statistics or {})
    assert axis is not None
    return [round(float(place), 3) for place in axis.places]


def test_numbers_far_apart_stand_on_a_log_axis_and_none_is_no_value(found: RunColumns) -> None:
    assert places(found, "params.lr") == [1.0, 0.667, 0.333, 0.0]
    assert np.isnan(places(found, "params.depth")[1])
    assert places(found, "params.depth")[0] == 0.0


def test_a_metric_shows_the_statistic_asked_for(found: RunColumns) -> None:
    assert (
        places(found, "metrics.loss", {"loss": "min"}) == places(found, "metrics.loss.min") == [0.0, 0.333, 0.667, 1.0]
    )
    assert np.isnan(places(found, "metrics.loss")[3])
    assert axis_of(found, "metrics.accuracy", {}) is None


def test_the_picture_is_well_formed_whatever_was_logged(found: RunColumns) -> None:
    image = parallel_picture(found, ["params.lr", "params.model", "start_time", "metrics.loss"], "metrics.loss", {})
    assert 'alt="Parallel coordinates of 4 runs: lr, model, start_time, loss"' in image
    svg = drawn(image)
    assert len(svg.findall(f"{SVG}path")) == 4
    assert "<b>&" in [text.text for text in svg.iter(f"{SVG}text")]
    assert "no value" in [text.text for text in svg.iter(f"{SVG}text")]


def test_many_runs_are_sampled() -> None:
    count = 5 * MOST_LINES
    numbers = np.arange(count, dtype=np.float64)
    metric = {"last": numbers, "min": numbers, "max": numbers, "count": np.ones(count)}
    found = _columns(count, {"loss": metric})
    image = parallel_picture(found, ["metrics.loss", "metrics.loss.max"], None, {})
    assert len(drawn(image).findall(f"{SVG}path")) == MOST_LINES
    assert len(image) < 60_000


def _columns(count: int, metrics: dict[str, dict[str, np.ndarray]]) -> RunColumns:
    from nbtrack.store.protocol import RunColumns

    return RunColumns(
        attributes={"run_id": np.array([f"{i:032x}" for i in range(count)])}, params={}, metrics=metrics, tags={}
    )
