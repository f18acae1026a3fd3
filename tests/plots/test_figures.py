"""The charts, by their traces."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

import nbtrack
from nbtrack import plots
from nbtrack.errors import InvalidValueError, MissingPackageError, NotFoundError
from nbtrack.plots.charts import curves as curves_module
from nbtrack.plots.charts import style
from nbtrack.plots.charts.timeline import seconds_text
from nbtrack.views.svg import CATEGORICAL

if TYPE_CHECKING:
    from collections.abc import Callable

ALL: dict[str, Callable[..., go.Figure]] = {
    "box": lambda **given: plots.box("acc", "model", **given),
    "contour": lambda **given: plots.contour("lr", "seed", "acc", **given),
    "correlation": plots.correlation,
    "curves": lambda **given: plots.curves("acc", **given),
    "heatmap": lambda **given: plots.heatmap("model", "seed", "acc", **given),
    "importance": lambda **given: plots.importance("acc", **given),
    "parallel_coordinates": plots.parallel_coordinates,
    "pareto_front": lambda **given: plots.pareto_front("loss", "acc", **given),
    "scatter": lambda **given: plots.scatter("lr", "acc", **given),
    "timeline": plots.timeline,
    "violin": lambda **given: plots.violin("acc", "model", **given),
}


def subtitle(figure: go.Figure) -> str:
    return figure.layout.title.subtitle.text or ""


def all_texts(value: Any) -> list[str]:
    """Return every text anywhere in a figure but for templates, which hold markup of ours."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for name, inner in value.items() if name != "template" for text in all_texts(inner)]
    if isinstance(value, list | tuple):
        return [text for inner in value for text in all_texts(inner)]
    return []


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_chart_is_a_figure_that_can_be_saved(name: str, study: list[str]) -> None:
    figure = ALL[name]()
    assert isinstance(figure, go.Figure)
    assert len(figure.data) > 0 or "10 are needed" in figure.layout.annotations[0].text
    assert len(figure.to_json()) > 500
    assert figure.layout.paper_bgcolor is None  # the template's, so that one's own template wins
    assert figure.layout.template.layout.paper_bgcolor == "rgba(0,0,0,0)"


@pytest.mark.parametrize("name", sorted(ALL))
def test_an_empty_store_gives_an_empty_figure_that_says_so(name: str) -> None:
    figure = ALL[name]()
    assert len(figure.data) == 0
    assert figure.layout.annotations[0].text == "no runs yet"


@pytest.mark.parametrize("name", sorted(ALL))
def test_one_run_is_enough(name: str) -> None:
    with nbtrack.start_run("only", params={"lr": 0.1, "model": "cnn", "seed": 1}) as run:
        run.log_metrics({"acc": 0.5, "loss": 1}, step=0)
    assert isinstance(ALL[name](), go.Figure)


@pytest.mark.parametrize("name", sorted(ALL))
def test_names_are_shown_and_not_read_as_html(name: str, study: list[str]) -> None:
    with nbtrack.start_run("<img src=x>", params={"lr": 1, "model": "<script>", "seed": 1}) as run:
        run.log_metrics({"acc": 1, "loss": 1}, step=0)
    figure = ALL[name]()
    lines = [trace for trace in figure.data if trace.type == "parcoords"]
    as_they_are = [text for trace in lines for axis in trace.dimensions for text in axis.ticktext or ()]
    texts = [text for text in all_texts(figure.to_dict()) if text not in as_they_are]
    assert [text for text in texts if "<img" in text or "<script" in text or "<b>bold" in text] == []
    templates = [trace.hovertemplate or "" for trace in figure.data if hasattr(trace, "hovertemplate")]
    assert [text for text in templates if "brace}" in text or "& %{x}" in text] == []


@pytest.mark.parametrize("name", sorted(ALL))
def test_nothing_finite_is_no_reason_to_fail(name: str) -> None:
    for value in (float("nan"), float("inf"), -float("inf")):
        with nbtrack.start_run(params={"lr": "nan", "model": "cnn", "seed": 1}) as run:
            run.log_metrics({"acc": value, "loss": value}, step=0)
    assert isinstance(ALL[name](), go.Figure)


def test_points_without_a_value_are_counted_under_the_title(study: list[str]) -> None:
    figure = plots.scatter("lr", "acc", colour_by="model")
    assert {trace.name: len(trace.x) for trace in figure.data} == {"cnn": 2, "mlp": 2}
    assert subtitle(figure) == "6 runs · 2 of 6 runs not drawn: 1 without lr, 1 without acc"
    assert figure.layout.xaxis.type == "log"
    assert figure.layout.yaxis.type == "linear"
    assert figure.data[0].marker.color == CATEGORICAL[0]
    assert "#1 &lt;b&gt;bold" in figure.data[0].hovertext[-1]
    assert "lr: 1" in figure.data[0].hovertext[-1]


def test_axes_can_be_chosen(study: list[str]) -> None:
    figure = plots.scatter("lr", "loss.max", log_x=False, log_y=True)
    assert (figure.layout.xaxis.type, figure.layout.yaxis.type) == ("linear", "log")
    assert figure.layout.yaxis.title.text == "loss (max)"


def test_numbers_colour_on_a_scale_and_runs_without_one_are_grey(study: list[str]) -> None:
    figure = plots.scatter("acc", "loss", colour_by="lr")
    scaled, grey = figure.data
    assert scaled.marker.color == pytest.approx([-3, -2, -1, 0], abs=1e-9)
    assert scaled.marker.colorbar.title.text == "lr"
    assert grey.name == "no lr"


def test_the_front_follows_the_goals(study: list[str]) -> None:
    figure = plots.pareto_front("loss", "acc")
    assert list(figure.data[-1].x) == pytest.approx([1 / 15])
    assert "loss small, acc large · 1 of 6 runs on the front" in subtitle(figure)
    other = plots.pareto_front("loss", "acc", goals=("max", None))
    assert len(other.data[-1].x) == 5
    assert other.data[-1].line.shape == "vh"
    with pytest.raises(InvalidValueError, match="have no better end"):
        plots.pareto_front("model", "acc")


def test_curves_have_one_line_a_run_and_one_colour_everywhere(study: list[str]) -> None:
    figure = plots.curves(["acc", "loss"])
    assert len(figure.data) == 10
    assert [trace.showlegend for trace in figure.data] == [True] * 5 + [False] * 5
    assert figure.data[0].line.color == figure.data[5].line.color
    assert figure.data[5].xaxis == "x2"
    assert subtitle(figure) == "5 runs · 1 without these metrics"


def test_smooth_curves_keep_the_logged_values_behind(study: list[str]) -> None:
    raw, calm = plots.curves("acc", runs=[study[1]], smoothing=0.5).data
    assert list(raw.y) == pytest.approx(list(0.1 + np.arange(10) / 100))
    assert raw.hoverinfo == "skip"
    assert calm.y[-1] < raw.y[-1]
    with pytest.raises(InvalidValueError, match=r"smoothing=1\.5"):
        plots.curves("acc", smoothing=1.5)
    with pytest.raises(NotFoundError, match="Metric 'accuracy'"):
        plots.curves("accuracy")


@pytest.mark.parametrize(("x", "kind"), [("step", "linear"), ("wall", "date"), ("relative", "linear")])
def test_curves_over_seeds_are_one_band(x: Any, kind: str) -> None:
    for seed in range(3):
        with nbtrack.start_run(params={"lr": 0.1, "seed": seed}) as run:
            for step in range(5):
                run.log_metric("acc", seed + step, step=step)
    figure = plots.curves("metrics.acc", over="params.seed", x=x)
    assert [trace.name for trace in figure.data if trace.showlegend] == ["all runs"]
    assert figure.layout.xaxis.type == kind
    if x == "step":
        area, line = figure.data
        assert list(line.y) == pytest.approx([1, 2, 3, 4, 5])
        assert max(area.y) == pytest.approx(5 + 4.303 / 3**0.5, abs=1e-3)


def test_gaps_and_infinities_are_said() -> None:
    with nbtrack.start_run("gap") as run:
        for step, value in enumerate([1.0, float("nan"), float("inf"), 2.0]):
            run.log_metric("m", value, step=step)
    figure = plots.curves()
    assert "NaN or infinite values in 1 run" in subtitle(figure)
    assert figure.data[0].y[0] == 1
    assert np.isnan(figure.data[0].y[1:3]).all()


def test_more_runs_than_lines_are_said(study: list[str]) -> None:
    figure = plots.curves("acc", max_runs=2)
    assert len(figure.data) == 2
    assert subtitle(figure).startswith("2 runs of 5; choose with runs=")


def test_parallel_axes_have_a_place_for_nothing(study: list[str]) -> None:
    lines = plots.parallel_coordinates(["lr", "model", "acc"], colour_by="model").data[0]
    lr, model, _ = lines.dimensions
    assert lr["values"][0] == lr.tickvals[0] < -4  # newest first: run 5 has no lr; logarithmic
    assert lr.ticktext[0] == "none"
    assert list(model.ticktext) == ["cnn", "mlp"]
    assert lines.line.cmax == 2
    assert [axis.label for axis in plots.parallel_coordinates().data[0].dimensions] == [
        "lr",
        "model",
        "seed",
        "acc",
        "loss",
    ]


def test_boxes_show_their_runs(study: list[str]) -> None:
    figure = plots.box("acc", "model")
    assert [trace.name for trace in figure.data] == ["cnn (2)", "mlp (3)"]
    assert figure.data[0].boxpoints == "all"
    with pytest.raises(InvalidValueError, match="holds no numbers"):
        plots.box("model")


def test_a_surface_or_cells(study: list[str]) -> None:
    assert [trace.type for trace in plots.contour("lr", "seed", "acc").data] == ["contour", "scatter"]
    (cells,) = plots.contour("model", "seed", "acc").data
    assert cells.type == "heatmap"
    assert list(cells.x) == ["cnn", "mlp"]


def test_correlation_says_how_many_runs_stand_behind_it(study: list[str]) -> None:
    (cells,) = plots.correlation().data
    assert cells.z[0][0] == pytest.approx(-1)
    assert "4 runs with both" in cells.hovertext[0][0]
    with pytest.raises(InvalidValueError, match="holds no numbers"):
        plots.correlation(["lr", "model"])


def test_the_param_that_moves_a_metric_is_found() -> None:
    rng = np.random.default_rng(0)
    for index in range(40):
        lr, width = float(10 ** rng.uniform(-4, 0)), int(rng.integers(1, 100))
        params = {"lr": lr, "width": width, "<b>": "None" if index % 2 else 3, "same": 1}
        with nbtrack.start_run(params=params) as run:
            run.log_metric("acc", float(np.log10(lr)) + 0.01 * index % 2, step=0)
    figure = plots.importance("acc")
    (bars,) = figure.data
    assert figure.layout.yaxis.ticktext[0] == "lr"
    assert sorted(figure.layout.yaxis.ticktext) == ["&lt;b&gt;", "lr", "width"]
    assert bars.x[0] > 0.5
    assert "may be chance" in bars.hovertext[-1]
    assert subtitle(figure).startswith("40 runs · a random forest foretells")
    assert list(plots.importance("acc", ["width"]).layout.yaxis.ticktext) == ["width"]


def test_the_timeline_colours_by_status(study: list[str]) -> None:
    with pytest.raises(RuntimeError), nbtrack.start_run("broken"):
        raise RuntimeError
    figure = plots.timeline()
    assert {trace.name: len(trace.y) for trace in figure.data} == {"finished": 6, "failed": 1}
    assert figure.layout.yaxis.ticktext[-1] == "#7 broken"
    assert [seconds_text(s) for s in (0.0123, 61, 3660, 90_000)] == ["0.0123 s", "1 min 1 s", "1 h 1 min", "1 d 1 h"]


def test_ten_thousand_runs_are_drawn() -> None:
    n = 10_000
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"a": rng.random(n), "b": 10 ** rng.uniform(-5, 0, n), "m": rng.choice(list("abcdefghijklmnop"), n)}
    )
    figure = plots.scatter("a", "b", colour_by="m", runs=frame)
    assert sum(len(trace.x) for trace in figure.data) == n
    assert figure.data[-1].name == "4 others"
    others = [
        plots.parallel_coordinates(["a", "b", "m"], runs=frame),
        plots.contour("a", "b", "a", runs=frame),
        plots.box("a", "m", runs=frame),
    ]
    for made in others:
        assert len(made.to_json()) < 8_000_000


def test_without_plotly_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch, study: list[str]) -> None:
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    with pytest.raises(MissingPackageError, match=r'pip install "nbtrack\[plots\]"'):
        plots.scatter("lr", "acc")


def test_long_notes_are_wrapped_and_many_lines_have_their_names_under_the_pointer(study: list[str]) -> None:
    figure = style.figure([], "Title", ["<b> " + "word " * 30, "end"])
    lines = figure.layout.title.subtitle.text.split("<br>")
    assert len(lines) == 2
    assert max(map(len, lines)) <= style.LINE + len("&lt;&gt;")
    assert figure.layout.margin.t > style.template().layout.margin.t
    assert plots.curves("acc").layout.showlegend is None
    for index in range(curves_module.MAX_NAMED + 1):
        with nbtrack.start_run(f"more {index}") as run:
            run.log_metric("acc", 1.0, step=0)
            run.log_metric("acc", 2.0, step=1)
    assert plots.curves("acc").layout.showlegend is False


def test_boxes_of_texts_by_numbers_say_what_was_meant(study: list[str]) -> None:
    with pytest.raises(InvalidValueError, match=r"Did you mean box\('acc', 'model'\)"):
        plots.box("model", "acc")
