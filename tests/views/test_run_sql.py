"""A filter as SQL, for a page to copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import nbtrack
from nbtrack.errors import SearchSyntaxError
from nbtrack.tracking import active
from nbtrack.views import questions

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _runs(tmp_path: Path) -> None:
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    for rate in (0.1, 0.01):
        with nbtrack.start_run(params={"lr": rate}):
            pass


def sql(**question: object) -> str:
    text: str = questions.answer(active.get_store(), {"what": "run-sql", **question})[0]["sql"]
    return text


def test_the_sql_finds_what_the_filter_finds() -> None:
    assert len(nbtrack.sql(sql(where="params.lr > 0.05"))) == 1
    assert len(nbtrack.sql(sql(where=""))) == 2
    assert len(nbtrack.sql(sql(where="", experiments=["999"]))) == 0


def test_runs_in_the_trash_are_left_out_unless_they_are_shown() -> None:
    nbtrack.delete_run(nbtrack.search_runs("params.lr = '0.1'", output_format="list")[0].info.run_id)
    assert len(nbtrack.sql(sql(where=""))) == 1
    assert len(nbtrack.sql(sql(where="", deleted=True))) == 2


def test_only_filters_and_numbers_go_in() -> None:
    with pytest.raises(SearchSyntaxError):
        sql(where="1; DROP TABLE runs")
    with pytest.raises(ValueError, match="invalid literal"):
        sql(experiments=["1) OR (1=1"])
