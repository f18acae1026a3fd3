"""Curves, seen from Python."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

import pytest

import nbtrack
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.views.watcher import watch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbtrack.widgets.curves import Curves
    from tests.stores import Recorded


def three_runs() -> None:
    for index, name in enumerate(["a", "b", "c"]):
        with nbtrack.start_run(name, params={"seed": index, "model": "mlp"}) as run:
            run.log_metric("once", 1.0)
            for step in range(4):
                run.log_metrics({"loss": 1 / (step + 1), "acc": step / 4, "tokens": 10.0 * step}, step=step)


@pytest.fixture
def curves(recorded: Recorded) -> Iterator[Curves]:
    recorded(three_runs)
    shown = nbtrack.curves()
    yield shown
    shown.close()
    watch(shown._store).close()


def test_the_points_that_are_drawn_come_back_as_one_table(curves: Curves) -> None:
    data = curves.data
    assert list(data.columns) == ["run_id", "run_name", "key", "step", "timestamp", "value"]
    assert data["run_name"].unique().tolist() == ["c", "b", "a"]
    assert data["key"].unique().tolist() == ["acc", "loss", "tokens"]
    assert len(data) == 3 * 3 * 4
    curves.metrics = ["loss"]
    curves.filter = "params.seed < 2"
    curves.max_drawn = 1
    assert (curves.data["run_name"].unique().tolist(), len(curves.data)) == (["b"], 4)


def test_selected_runs_are_drawn_alone(curves: Curves) -> None:
    curves.selected = [nbtrack.get_run("a").info.run_id]
    assert curves.data["run_name"].unique().tolist() == ["a"]
    assert "1 of 3 runs" in curves.summary()[1]


def test_runs_may_be_named(curves: Curves) -> None:
    some = nbtrack.curves("loss", runs=["a", 3])
    assert sorted(some.df["run_name"]) == ["a", "c"]
    found = nbtrack.search_runs()
    for one in ("a", 1, nbtrack.get_run("a"), found[found["tags.mlflow.runName"] == "a"]):
        assert nbtrack.curves("loss", runs=one).df["run_name"].tolist() == ["a"]
    with pytest.raises(NotFoundError):
        nbtrack.curves("loss", runs=["nobody"])


@pytest.mark.parametrize("given", [{"metrics": 3}, {"metrics": ["loss", None]}, {"smoothing": "a"}, {"runs": 2.5}])
def test_what_has_the_wrong_type_is_refused_in_words(curves: Curves, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError):
        nbtrack.curves(**given)


def test_what_cannot_be_drawn_is_refused_before_anything_is_shown(curves: Curves) -> None:
    with pytest.raises(NotFoundError, match=r"'los'.*'loss'"):
        nbtrack.curves("los")
    with pytest.raises(NotFoundError, match=r"'lod'.*'loss'"):
        nbtrack.curves("loss", x="metrics.lod")
    with pytest.raises(NotFoundError, match=r"params\.model"):
        nbtrack.curves("loss", facet_by="model")
    with pytest.raises(InvalidValueError, match="below 1"):
        nbtrack.curves("loss", smoothing=1)
    with pytest.raises(InvalidValueError, match="lower one first"):
        curves.x_range = [3.0, 1.0]
    with pytest.raises(InvalidValueError, match="relative"):
        curves.x = "epoch"


def test_the_view_can_be_kept_and_brought_back(curves: Curves) -> None:
    curves.smoothing = 0.6
    curves.x_range = [1.0, 2.0]
    curves.aggregate_by = ["params.model"]
    curves.save_view("smooth")
    other = nbtrack.curves()
    other.load_view("smooth")
    assert (other.smoothing, other.x_range, other.aggregate_by) == (0.6, [1.0, 2.0], ["params.model"])


def test_another_x_zooms_out(curves: Curves) -> None:
    curves.x_range = [1.0, 2.0]
    curves.x = "relative"
    assert curves.x_range is None
    curves.apply_view({"x": "step", "x_range": [0.0, 2.0]})
    assert (curves.x, curves.x_range) == ("step", [0.0, 2.0])


def test_the_summary_is_a_picture_and_a_line_of_text(curves: Curves) -> None:
    html, text = curves.summary()
    assert 'src="data:image/svg+xml;base64,' in html
    assert text == "nbtrack curves: runs.duckdb, acc, loss and 1 more · 3 of 3 runs"


def test_the_picture_is_logarithmic_when_the_view_is_and_long_names_end_in_their_own_chart(curves: Curves) -> None:
    key = "a/very/long/metric/name/that/somebody/built/from/parts/and/loss"
    with nbtrack.start_run("long") as run:
        for step in range(1000):  # more than a picture has pixels: spikes down to where no logarithm is
            run.log_metric(key, 1000.0 if step == 7 else -1.0 if step % 5 else 0.1, step=step)
    shown = nbtrack.curves(key, runs=["long"])
    plain, *_ = shown.summary()
    shown.log_y = True
    logarithmic, _ = shown.summary()
    pictures = [base64.b64decode(found.split("base64,")[1].split('"')[0]).decode() for found in (plain, logarithmic)]
    for picture, least in zip(pictures, ("-1", "0.1"), strict=True):
        assert re.findall(r'text-anchor="end">([^<]*)<', picture)[:2] == [least, "1000"]
        assert ">…" in picture
        assert "parts/and/loss<" in picture
        assert "nan" not in picture
    assert pictures[0] != pictures[1]


def test_a_store_without_runs_is_no_error(tmp_path: Path) -> None:
    nbtrack.set_tracking_uri(tmp_path / "empty.duckdb")
    empty = nbtrack.curves("loss")
    assert empty.data.empty
    assert "0 of 0 runs" in empty.summary()[1]
