"""Parallel coordinates, seen from Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import traitlets

import nbtrack
from nbtrack.errors import InvalidValueError, NotFoundError, SearchSyntaxError
from nbtrack.views.watcher import watch
from nbtrack.widgets.parallel import Parallel, parallel
from tests.widgets.blob import unpack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stores import Recorded


def twelve_runs() -> None:
    for index in range(12):
        params = {"lr": 10.0 ** -(index % 4), "model": ("cnn", "mlp")[index % 2], "epochs": 3}
        with nbtrack.start_run(f"run-{index:02d}", params=params) as run:
            for step in range(3):
                run.log_metrics({"loss": index / 10 + step, "acc": 1 - index / 20}, step=step)


@pytest.fixture
def plot(recorded: Recorded) -> Iterator[Parallel]:
    recorded(twelve_runs)
    shown = parallel("loss")
    yield shown
    shown.close()
    watch(shown._store).close()


def names(plot: Parallel) -> set[str]:
    return set(plot.df["run_name"])


def test_a_brush_set_in_python_filters_what_comes_back(plot: Parallel) -> None:
    plot.extents = {"params.lr": (0.01, 0.1), "params.model": "cnn"}
    assert plot.extents == {"params.lr": [[0.01, 0.1]], "params.model": ["cnn"]}
    assert plot.where == "params.lr BETWEEN 0.01 AND 0.1 AND params.model IN ('cnn')"
    assert names(plot) == {"run-02", "run-06", "run-10"}
    assert len(nbtrack.sql(plot.sql)) == len(plot.runs) == 3


def test_runs_are_ids_on_view_and_can_be_set(plot: Parallel) -> None:
    best = nbtrack.search_runs("metrics.loss < 2.2", output_format="list")
    plot.extents = {"params.lr": (0.5, 2)}
    plot.runs = [run.info.run_id for run in best]
    assert plot.extents == {}
    assert names(plot) == {"run-00", "run-01"}
    assert set(plot.runs) == {run.info.run_id for run in best}
    with pytest.raises(InvalidValueError, match="runs is a list of run ids"):
        plot.runs = plot.runs[0]
    with pytest.raises(NotFoundError):
        plot.runs = ["f" * 32]


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"extents": {"params.lrr": (0, 1)}}, NotFoundError, "Did you mean 'params.lr'"),
        ({"extents": {"lost": (0, 1)}}, SearchSyntaxError, "Unknown attribute 'lost'"),
        ({"extents": {"params.lr": (2, 1)}}, InvalidValueError, "give the lower end first"),
        ({"axes": ["lr", "metrics.loss"]}, NotFoundError, "params.lr"),
        ({"colour_by": "params.modle"}, NotFoundError, "params.model"),
        ({"axis_kinds": {"params.lr": "cubic"}}, traitlets.TraitError, "cubic"),
    ],
)
def test_what_no_run_has_is_refused(plot: Parallel, change: dict[str, Any], error: type[Exception], words: str) -> None:
    [(name, value)] = change.items()
    before = getattr(plot, name)
    with pytest.raises(error, match=words):
        setattr(plot, name, value)
    assert getattr(plot, name) == before


def test_a_column_is_looked_up_once(plot: Parallel, monkeypatch: pytest.MonkeyPatch) -> None:
    plot.extents = {"params.lr": (0, 1)}
    monkeypatch.setattr(type(plot._store), "run_columns", lambda *_: pytest.fail("asked the store"))
    plot.extents = {"params.lr": (0, 0.5)}
    plot.axes = ["params.lr"]


def test_the_metric_may_name_its_statistic(plot: Parallel) -> None:
    assert (plot.parallel_metric, plot.statistics) == ("loss", {})
    smallest = parallel("metrics.loss.min", axes=["params.lr", "metrics.loss"], height=200)
    assert (smallest.parallel_metric, smallest.statistics) == ("loss", {"loss": "min"})
    smallest.close()
    with pytest.raises(NotFoundError, match=r"Did you mean 'metrics\.loss"):
        parallel("los")
    with pytest.raises(SearchSyntaxError):
        parallel(filter="params.lr >")
    with pytest.raises(NotFoundError, match="colour"):
        parallel(colour_by="params.colour")


def test_a_metric_key_with_dots_is_found_whole(plot: Parallel) -> None:
    with nbtrack.start_run("dotted") as run:
        run.log_metric("val.max", 0.5)
    shown = parallel("val.max")
    assert (shown.parallel_metric, shown.statistics) == ("val.max", {})
    shown.close()


def test_the_page_gets_the_runs_and_the_answers_that_it_asks_for(
    plot: Parallel, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[dict[str, Any], list[bytes]]] = []
    monkeypatch.setattr(plot, "send", lambda content, buffers=None: sent.append((content, buffers or [])))
    plot._receive(plot, {"kind": "need", "data": True}, [])
    head, _ = unpack(sent[0][1][0])
    assert head["rows"] == 12
    plot._receive(plot, {"kind": "ask", "id": 1, "what": "importance", "metric": "loss", "experiments": []}, [])
    plot._receive(plot, {"kind": "ask", "id": 2, "what": "run-sql", "where": "params.lr < 0.5"}, [])
    plot._receive(plot, {"kind": "edit", "id": 3, "op": "goal", "runs": [], "key": "loss", "value": "min"}, [])
    answers = {content["id"]: content for content, _ in sent if content["kind"] == "answer"}
    assert [answers[number]["ok"] for number in (1, 2, 3)] == [True, True, True]
    assert answers[1]["runs"] == 12
    assert "SELECT" in answers[2]["sql"]


def test_the_summary_is_a_picture_of_the_runs_on_view(plot: Parallel) -> None:
    html, text = plot.summary()
    assert text == "nbtrack parallel coordinates: runs.duckdb, 12 runs"
    assert 'alt="Parallel coordinates of 12 runs: lr, model, loss"' in html
    assert "<script" not in html
    plot.extents = {"params.model": ["mlp"]}
    html, text = plot.summary()
    assert "6 runs" in text
    assert "params.model IN (&#x27;mlp&#x27;)" in html
    plot.filter = "name = 'nobody'"
    assert "<img" not in plot.summary()[0]


def test_a_saved_view_brings_back_axes_and_brush_and_leaves_alone_what_is_gone(plot: Parallel) -> None:
    plot.extents = {"params.lr": (0.01, 0.1)}
    plot.axes = ["params.lr", "metrics.loss"]
    plot.axis_kinds = {"params.lr": "rank"}
    plot.save_view("rates")
    again = parallel("acc", view="rates")
    assert (again.extents, again.axes, again.axis_kinds) == (plot.extents, plot.axes, {"params.lr": "rank"})
    again.apply_view({"extents": {"params.gone": [[0, 1]]}, "inverted_axes": ["params.lr"]})
    assert (again.extents, again.inverted_axes) == (plot.extents, ["params.lr"])
    again.close()


def test_repr_says_what_is_shown(plot: Parallel) -> None:
    assert repr(plot) == "Parallel('runs.duckdb')"
