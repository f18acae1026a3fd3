"""Table, parallel coordinates and curves over the same runs."""

import gzip
from typing import Any

import pytest

import nbtrack
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.views.watcher import watch


def three_runs():
    for index in range(3):
        with nbtrack.start_run(f"run-{index}", params={"lr": 10.0**-index}) as run:
            for step in range(2):
                run.log_metric("loss", 1.0 / (index + 1), step=step)


@pytest.fixture
def board(recorded):
    recorded(three_runs)
    made = nbtrack.runs(order_by="metrics.loss ASC")
    yield made
    made.close()
    watch(made._store).close()


def test_one_brush_for_all(board):
    board.extents = {"params.lr": (0.05, 2)}
    assert board.df["run_name"].tolist() == ["run-1", "run-0"]
    assert board.where == "params.lr BETWEEN 0.05 AND 2"
    assert nbtrack.sql(board.sql)["run_id"].tolist() == board.df["run_id"].tolist()
    assert board.runs == board.df["run_id"].tolist()
    assert set(board.data["run_name"]) == {"run-0", "run-1"}


def test_every_part_of_the_view_is_saved(board):
    board.panes = ["curves"]
    board.axes = ["params.lr", "metrics.loss"]
    board.smoothing = 0.5
    board.columns = ["name", "metrics.loss"]
    board.save_view("mine")
    other = nbtrack.runs(view="mine")
    assert (other.panes, other.axes, other.smoothing, other.columns, other.order_by) == (
        ["curves"],
        ["params.lr", "metrics.loss"],
        0.5,
        ["name", "metrics.loss"],
        ["metrics.loss ASC"],
    )
    with pytest.raises(NotFoundError, match="mine"):
        nbtrack.runs(view="mein")


def test_a_pane_that_there_is_not_is_refused():
    with pytest.raises(InvalidValueError, match="'scatter' is not there; use 'parallel', 'curves', 'compare'"):
        nbtrack.runs(panes=["scatter"])


def test_one_name_stands_for_a_list_of_one(board):
    shown = nbtrack.runs(panes="curves", columns="params.lr", experiment="Default")
    assert (shown.panes, shown.columns) == (["curves"], ["params.lr"])
    assert nbtrack.parallel("loss", axes="params.lr").axes == ["params.lr"]
    for wrong in ({"experiment": 3}, {"columns": [3]}):
        with pytest.raises(InvalidValueError, match="or a list of names"):
            nbtrack.runs(**wrong)
    with pytest.raises(InvalidValueError, match="about one metric, such as 'loss'"):
        nbtrack.parallel(["loss"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("columns", ["name", "params.lrr"], "Did you mean 'params.lr'"),
        ("group_by", "params.lrr", "Did you mean 'params.lr'"),
        ("order_by", ["lr"], "write metrics.lr or params.lr"),
        ("statistics", {"loss": "median"}, "'last', 'min', 'max', 'best'"),
        ("steps", [{"op": "drop", "runs": ["0a"]}], "A step is"),
        ("steps", [{"op": "keep"}], "A step is"),
        ("steps", [{"op": "keep", "extents": {"params.lr": (2, 1)}}], "give the lower end first"),
        ("extents", {"params.lrr": (0, 1)}, "Did you mean 'params.lr'"),
    ],
)
def test_what_is_set_later_is_checked_as_well(board, name, value, words):
    before = getattr(board, name)
    with pytest.raises((InvalidValueError, NotFoundError), match=words):
        setattr(board, name, value)
    assert getattr(board, name) == before


def test_the_page_names_what_it_was_sent(board, monkeypatch):
    monkeypatch.setattr(board._store, "run_columns", None)  # looked up by nobody
    board.set_state({"columns": ["name", "params.of_a_run_that_was_purged"], "group_by": "params.lr"})
    assert board.group_by == "params.lr"
    assert board.columns == ["name", "params.of_a_run_that_was_purged"]


def test_a_view_saved_over_other_runs_brings_what_these_have(board):
    board.axes = ["params.lr", "metrics.loss"]
    board.columns, board.group_by = ["name", "params.lr"], "params.lr"
    board.extents = {"params.lr": (0.05, 2), "metrics.loss": (0, 5)}
    board.save_view("rates")
    with nbtrack.start_run(experiment_id=nbtrack.create_experiment("other")) as run:
        run.log_metric("loss", 1.0)
    shown = nbtrack.runs(experiment="other", view="rates")
    assert (shown.axes, shown.columns, shown.group_by) == (["metrics.loss"], ["name"], None)
    assert shown.extents == {"metrics.loss": [[0, 5]]}
    assert len(shown.df) == 1
    shown.close()


def test_its_summary_is_the_table_with_a_picture(board):
    html, text = board.summary()
    assert "run-2" in html
    assert "<img" in html
    assert text == "nbtrack runs: runs.duckdb, 3 runs"


def test_the_page_is_given_the_open_panes_and_asks_for_others(board, monkeypatch):
    messages: list[tuple[Any, ...]] = []
    monkeypatch.setattr(
        "nbtrack.widgets.board.Board.send", lambda _, content, buffers=(): messages.append((content, *buffers))
    )
    board.panes = ["curves"]
    board._receive(board, {"kind": "need", "bundle": True}, [])
    board._receive(board, {"kind": "need", "part": "parallel"}, [])
    (bundle, code), (part, more) = messages
    code, more = gzip.decompress(code), gzip.decompress(more)
    assert bundle == {"kind": "bundle"}
    assert b"nbt-curve-legend" in code
    assert b"nbt-par-title" not in code
    assert part == {"kind": "part", "name": "parallel"}
    assert b"nbt-par-title" in more
    assert b"nbt-curve-legend" not in more
