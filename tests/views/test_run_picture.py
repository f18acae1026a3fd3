"""The small picture above the saved table of runs."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

import pytest

import nbtrack
from nbtrack.store.protocol import RunQuery
from nbtrack.tracking import active
from nbtrack.views.run_picture import MOST_DOTS, best_so_far, run_picture

if TYPE_CHECKING:
    from pathlib import Path


def record(values: list[float], key: str = "acc") -> str:
    for value in values:
        with nbtrack.start_run() as run:
            run.log_metric(key, value, step=0)
    return run_picture(active.get_store().run_columns(RunQuery(order_by=("start_time DESC",))))


@pytest.fixture(autouse=True)
def _store(tmp_path: Path) -> None:
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")


def svg_of(image: str) -> str:
    found = re.search(r"base64,([^\"]+)", image)
    assert found is not None
    return base64.b64decode(found[1]).decode()


def test_runs_are_dots_in_order_of_time() -> None:
    image = record([0.5, 0.9, 0.7])
    heights = [float(y) for y in re.findall(r",([\d.]+)h0", svg_of(image))]
    assert heights[1] < heights[2] < heights[0]
    assert 'alt="acc, best of each run, oldest to newest: 0.5 to 0.9"' in image
    assert svg_of(image).count("<path") == 2


def test_what_has_no_better_end_has_no_line_of_the_best() -> None:
    assert svg_of(record([1, 2], "width")).count("<path") == 1


def test_values_that_are_no_numbers_and_names_full_of_html_do_no_harm() -> None:
    image = record([float("nan"), 1.0, float("inf"), 2.0, 2.0], '<img src="x">')
    assert svg_of(image).count("h0") == 3
    assert "<img" not in svg_of(image)
    assert image.count("<img") == 1


def test_one_run_or_none_has_no_picture() -> None:
    assert record([0.5]) == ""


def test_the_best_so_far() -> None:
    import numpy as np

    assert best_so_far(np.array([2.0, 1, 3]), "max").tolist() == [2, 2, 3]
    assert best_so_far(np.array([2.0, 1, 3]), "min").tolist() == [2, 1, 1]


def test_the_picture_stays_small() -> None:
    assert len(record([index % 17 / 3 for index in range(MOST_DOTS + 50)])) < 8_000
