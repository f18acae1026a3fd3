"""Histories for charts: one question, checked, answered with binary columns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import nbtrack
from nbtrack.errors import InvalidValueError
from nbtrack.tracking import active
from nbtrack.views import questions
from nbtrack.views.curves_summary import curves_html

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stores import Recorded

NAMES = ("x", "y", "low", "high", "count", "odd")


def one_run() -> str:
    with nbtrack.start_run("a<b>") as run:
        for step in range(300):
            values = {"loss": 50.0 if step == 123 else 1 / (step + 1), "tokens": step * 64.0}
            if step % 100 == 0:
                values["acc"] = math.nan if step == 100 else step / 300
            run.log_metrics(values, step=step)
    return run.info.run_id


@pytest.fixture
def run_id(recorded: Recorded) -> str:
    return recorded(one_run)


def ask(**question: Any) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
    content, buffers = questions.answer(active.get_store(), {"what": "curves", **question})
    return content, {name: np.frombuffer(buffer, "<f8") for name, buffer in zip(NAMES, buffers, strict=True)}


def test_histories_are_thinned_without_losing_a_spike_or_an_end(run_id: str):
    content, columns = ask(series=[[run_id, "loss"], [run_id, "acc"], [run_id, "none"]], buckets=50)
    assert content["thinned"] == [True, False, False]
    start, end, *_ = content["starts"]
    loss = {name: values[start:end] for name, values in columns.items() if name != "odd"}
    assert (len(loss["x"]), loss["count"].sum(), loss["high"].max()) == (50, 300, 50.0)
    assert (loss["x"][0], loss["y"][0], loss["x"][-1], loss["y"][-1]) == (0, 1.0, 299, 1 / 300)
    assert columns["x"][end:].tolist() == [0, 100, 200]
    index, *odd = columns["odd"]
    assert (columns["x"][int(index)], odd) == (100, [1, 0, 0])


def test_a_range_is_finer_and_has_its_ends(run_id: str):
    _, columns = ask(series=[[run_id, "loss"]], buckets=50, range=[100, 130])
    assert columns["x"].tolist() == list(range(100, 131))
    assert columns["y"].max() == 50.0
    _, columns = ask(series=[[run_id, "loss"]], buckets=5, range=[100, 130])
    assert (columns["x"][0], columns["x"][-1], columns["high"].max()) == (100, 130, 50.0)


@pytest.mark.parametrize(("x", "last"), [("metrics.tokens", 299 * 64.0), ("step", 299.0)])
def test_x_is_a_step_or_another_metric(run_id: str, x: str, last: float):
    _, columns = ask(series=[[run_id, "loss"]], x=x, buckets=20)
    assert (columns["x"][0], columns["x"][-1], columns["count"].sum()) == (0, last, 300)


def test_x_is_a_time(run_id: str):
    start = nbtrack.get_run(run_id).info.start_time
    _, clock = ask(series=[[run_id, "loss"]], x="time", buckets=20)
    _, since = ask(series=[[run_id, "loss"]], x="relative", buckets=20)
    np.testing.assert_allclose(clock["x"][-1] - start, since["x"][-1] * 1000, atol=1)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ({"series": "all"}, "series is all"),
        ({"series": [["a"]]}, "list of"),
        ({"series": [["a", "b"]] * 3000}, "at most 2400"),
        ({"series": [], "x": "epoch"}, "'metrics.tokens'"),
        ({"series": [], "range": [3, 1]}, "lower one first"),
        ({"series": [], "range": [0, math.nan]}, "finite"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_with_the_way_out(tmp_path: Path, question: Any, words: str):
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    with pytest.raises(InvalidValueError, match=words):
        ask(**question)


def test_the_picture_is_safe_and_has_a_legend(run_id: str):
    html = curves_html(active.get_store(), "study", [(run_id, "a<b>", "#0072b2")], ["loss", "acc"], n_runs=3, x="step")
    assert "1 of 3 runs" in html
    assert "a&lt;b&gt;" in html
    assert "<b>" not in html.replace("<b>study</b>", "")
    assert html.count("data:image/svg+xml;base64,") == 1
