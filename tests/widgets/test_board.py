"""Table, parallel coordinates and curves over the same runs."""

import gzip

import pytest

import nbtrack
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.views.watcher import watch


@pytest.fixture
def board(tmp_path):
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    for index in range(3):
        with nbtrack.start_run(f"run-{index}", params={"lr": 10.0**-index}) as run:
            for step in range(2):
                run.log_metric("loss", 1.0 / (index + 1), step=step)
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


def test_its_summary_is_the_table_with_a_picture(board):
    html, text = board.summary()
    assert "run-2" in html
    assert "<img" in html
    assert text == "nbtrack runs: runs.duckdb, 3 runs"


def test_the_page_is_given_the_open_panes_and_asks_for_others(board, monkeypatch):
    monkeypatch.setattr(
        "nbtrack.widgets.board.Board.send", lambda _, content, buffers=(): messages.append((content, *buffers))
    )
    messages = []
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
