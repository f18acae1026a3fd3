"""An open run records whatever is logged into it, and never stops the training."""

from __future__ import annotations

import math
import warnings
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import nbtrack
from nbtrack.errors import InvalidValueError, NbtrackError, NbtrackWarning
from nbtrack.names import INT64_MAX, INT64_MIN, new_run_id
from nbtrack.store.opening import open_local
from nbtrack.tracking.starting import join

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nbtrack.tracking.run import ActiveRun


@pytest.fixture(autouse=True)
def _store(tmp_path: Path):
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")


def points(run: ActiveRun, key: str) -> list[tuple[int, float]]:
    found = nbtrack.metric_history(run.id, key)
    return list(zip(found["step"].tolist(), found["value"].tolist(), strict=True))


# -- metrics -------------------------------------------------------------------------------------------------------------


def test_without_a_step_each_key_counts_for_itself():
    with nbtrack.start_run() as run:
        for value in (0.5, 0.4, 0.3):
            run.log_metric("loss", value)
        run.log_metric("acc", 0.9)
    assert points(run, "loss") == [(0, 0.5), (1, 0.4), (2, 0.3)]
    assert points(run, "acc") == [(0, 0.9)]


def test_metrics_that_are_logged_together_share_a_step_that_none_of_them_has_had():
    with nbtrack.start_run() as run:
        run.log_metrics({"a": 1})
        run.log_metrics({"b": 1, "a": 2})
        run.log_metric("a", 3)
        run.log_metric("b", 3)
    assert points(run, "a") == [(0, 1), (1, 2), (2, 3)]
    assert points(run, "b") == [(1, 1), (2, 3)]


def test_numbers_that_are_not_finite_are_kept():
    with nbtrack.start_run() as run:
        for value in (math.nan, math.inf, -math.inf, -0.0, 5e-324, 1.7976931348623157e308):
            run.log_metric("x", value)
    kept = [value for _, value in points(run, "x")]
    assert math.isnan(kept[0])
    assert kept[1:] == [math.inf, -math.inf, 0.0, 5e-324, 1.7976931348623157e308]
    assert math.copysign(1, kept[3]) == -1
    summary = run.data.summaries["x"]
    assert (summary.count, summary.nans, summary.min, summary.max) == (6, 1, -math.inf, math.inf)


def test_steps_are_any_int64_in_any_order():
    steps = [7, -3, INT64_MAX, 0, INT64_MIN, 2**53 + 1]
    with nbtrack.start_run() as run:
        for step in steps:
            run.log_metric("x", float(step % 10), step=step)
    assert [step for step, _ in points(run, "x")] == sorted(steps)
    assert run.data.metrics["x"] == float(INT64_MAX % 10)


def test_two_points_of_one_step_are_both_kept():
    with nbtrack.start_run() as run:
        run.log_metric("x", 1, step=3)
        run.log_metric("x", 2, step=3)
        run.log_metric("x", 2, step=3)
    assert points(run, "x") == [(3, 1), (3, 2), (3, 2)]


def test_a_point_may_bring_its_own_time():
    with nbtrack.start_run() as run:
        run.log_metric("x", 1, step=0, timestamp=1_600_000_000_123)
        run.log_metrics({"x": 2}, step=1, timestamp=1_500_000_000_000)
    times = nbtrack.metric_history(run.id, "x")["timestamp"].astype("int64").tolist()
    assert times == [1_600_000_000_123, 1_500_000_000_000]


def test_scalars_of_numpy_are_numbers():
    with nbtrack.start_run() as run:
        scalars: Any = {"a": np.float32(0.5), "b": np.int64(3), "c": np.array(2), "d": True}
        step: Any = np.int64(4)
        run.log_metrics(scalars, step=step)
    assert run.data.metrics == {"a": 0.5, "b": 3.0, "c": 2.0, "d": 1.0}
    assert points(run, "a") == [(4, 0.5)]


# -- keys and texts ------------------------------------------------------------------------------------------------------

ODD_KEYS = [
    "val/loss",
    "größe mit leer",
    "损失 🎉",
    "'; DROP TABLE runs; --",
    '"quoted"',
    "a\\b",
    "100%",
    "{x}",
    "metrics.loss",
    "x" * 250,
]


def test_any_printable_key_is_kept_as_it_is():
    with nbtrack.start_run() as run:
        run.log_params(dict.fromkeys(ODD_KEYS, "v"))
        run.log_metrics(dict.fromkeys(ODD_KEYS, 0.5))
        run.set_tags(dict.fromkeys(ODD_KEYS, "t"))
    data = run.data
    assert set(data.params) == set(data.metrics) == set(ODD_KEYS)
    assert {k: v for k, v in data.tags.items() if k in ODD_KEYS} == dict.fromkeys(ODD_KEYS, "t")
    frame = nbtrack.search_runs()
    assert {f"params.{key}" for key in ODD_KEYS} <= set(frame.columns)


@pytest.mark.parametrize("value", ["", "None", "a\nb\tc", "ü 🎉", "'; DROP TABLE params; --", "\x00 nul", '{"a": 1}'])
def test_any_text_is_a_param(value: str):
    with nbtrack.start_run(params={"text": value}) as run:
        pass
    assert run.data.params["text"] == value


def test_a_param_of_a_megabyte_is_kept():
    with nbtrack.start_run() as run:
        run.log_param("prompt", "ä" * 500_000 + "end")
    assert run.data.params["prompt"] == "ä" * 500_000 + "end"


def test_ten_thousand_params_are_kept():
    many = {f"layer{i}/units": i for i in range(10_000)}
    with nbtrack.start_run() as run:
        run.log_params(many)
    assert run.data.params == {key: str(value) for key, value in many.items()}


def test_a_param_is_returned_and_kept_as_text():
    with nbtrack.start_run() as run:
        assert run.log_param("lr", 0.1) == 0.1
        run.log_params({"layers": [1, 2], "none": None, "flag": True})
    assert run.data.params == {"lr": "0.1", "layers": "[1, 2]", "none": "None", "flag": "True"}


def test_the_first_value_of_a_param_stays():
    with nbtrack.start_run() as run:
        run.log_param("lr", 0.1)
        run.log_param("lr", 0.1)
        with pytest.warns(
            NbtrackWarning, match=r"Param 'lr' is '0\.1' already and stays so; '0\.2' is kept in the run's events"
        ):
            run.log_params({"lr": 0.2, "new": 1})
        assert run.params == {"lr": "0.1", "new": "1"}
    assert run.data.params == {"lr": "0.1", "new": "1"}
    assert run.data.tags["mlflow.runName"] == run.name
    events = nbtrack.sql("SELECT body FROM events WHERE kind = 'params'")["body"].tolist()
    assert any("0.2" in body for body in events)
    assert run.lost == 0


def test_tags_change_and_go():
    with nbtrack.start_run(tags={"stage": "a", "gone": 1}) as run:
        run.set_tag("stage", "b")
        run.delete_tag("gone")
        run.delete_tag("never there")
    tags = run.data.tags
    assert tags["stage"] == "b"
    assert "gone" not in tags
    assert "gone" not in run.tags


def test_name_note_and_parent_follow_mlflows_tags():
    with nbtrack.start_run("first", description="**why**") as parent, nbtrack.start_run(nested=True) as run:
        run.rename("second")
        assert run.name == "second"
        run.set_tag("mlflow.note.content", "because")
    found = nbtrack.get_run(run.id)
    assert found.info.run_name == "second"
    assert found.info.parent_run_id == parent.id == found.data.tags["mlflow.parentRunId"]
    assert found.data.tags["mlflow.note.content"] == "because"
    assert parent.data.tags["mlflow.note.content"] == "**why**"
    run.store.append(("untag", run.id, None, {"keys": ["mlflow.parentRunId"]}))
    assert nbtrack.get_run(run.id).info.parent_run_id is None


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 501])
def test_a_bad_name_is_refused(name: str):
    with nbtrack.start_run("good") as run, pytest.raises(InvalidValueError, match="Run name"):
        run.rename(name)
    assert nbtrack.get_run(run.id).info.run_name == "good"


# -- what cannot be recorded ---------------------------------------------------------------------------------------------


class Broken:
    """A user's object whose every conversion fails in a way of its own."""

    def __float__(self) -> float:
        raise RuntimeError("no number today")

    def __str__(self) -> str:
        raise RuntimeError("no text today")

    def items(self) -> None:
        raise RuntimeError("no items today")


MISTAKES: list[tuple[str, Callable[[ActiveRun], Any]]] = [
    ("not one number", lambda run: run.log_metric("x", "a lot")),  # type: ignore[arg-type]
    ("not one number", lambda run: run.log_metric("x", np.array([1, 2]))),  # type: ignore[arg-type]
    ("RuntimeError: no number today", lambda run: run.log_metric("x", Broken())),  # type: ignore[arg-type]
    ("has 0 characters", lambda run: run.log_metric("", 1)),
    ("TypeError", lambda run: run.log_metric(["x"], 1)),  # type: ignore[arg-type]
    ("not a whole number", lambda run: run.log_metric("x", 1, step=0.5)),  # type: ignore[arg-type]
    ("64 bits", lambda run: run.log_metric("x", 1, step=2**63)),
    ("is not in milliseconds", lambda run: run.log_metric("x", 1, 0, timestamp="now")),  # type: ignore[arg-type]
    ("AttributeError", lambda run: run.log_metrics(None)),  # type: ignore[arg-type]
    ("64 bits", lambda run: run.log_metrics({"x": 1}, step=-(2**64))),
    ("AttributeError", lambda run: run.log_params(None)),  # type: ignore[arg-type]
    ("no items today", lambda run: run.log_params(Broken())),  # type: ignore[arg-type]
    ("no text today", lambda run: run.log_param("x", Broken())),
    ("control character", lambda run: run.log_param("a\nb", 1)),
    ("Tag key", lambda run: run.set_tag(5, 1)),  # type: ignore[arg-type]
    ("Tag key", lambda run: run.delete_tag("")),
    ("is not here", lambda run: run.log_artifact("no such file.txt")),
    ("is not here", lambda run: run.log_artifacts("no such folder")),
    ("Artifact path", lambda run: run.log_text("x", "../out.txt")),
    ("Artifact path", lambda run: run.log_bytes(b"x", "/abs.txt")),
    ("", lambda run: run.log_figure("not a figure", "a.png")),
    ("", lambda run: run.log_table("not a table", "a.json")),
    ("", lambda run: run.log_input(object())),
    ("", lambda run: run.log_image("not an image", "a.png")),
    ("too large", lambda run: run.log_param("x", "y" * (9 << 20))),
]


@pytest.fixture(scope="module")
def open_run(tmp_path_factory: pytest.TempPathFactory) -> ActiveRun:
    return join(open_local(tmp_path_factory.mktemp("mistakes")), new_run_id())


@pytest.mark.parametrize(("says", "mistake"), MISTAKES)
def test_a_mistake_is_one_warning_and_a_count(open_run: ActiveRun, says: str, mistake: Callable[[ActiveRun], Any]):
    open_run.lost = 0
    open_run._warned.clear()
    with pytest.warns(NbtrackWarning, match=says) as caught:
        mistake(open_run)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mistake(open_run)
    assert [str(w.message)[:14] for w in caught] == ["Not recorded: "]
    assert open_run.lost == 2


@pytest.mark.parametrize("mistake", [mistake for _, mistake in MISTAKES])
def test_strict_mode_raises(open_run: ActiveRun, monkeypatch: pytest.MonkeyPatch, mistake: Callable[[ActiveRun], Any]):
    open_run.lost = 0
    monkeypatch.setenv("NBTRACK_STRICT", "1")
    with pytest.raises((NbtrackError, RuntimeError, TypeError, ValueError, AttributeError)):
        mistake(open_run)
    assert open_run.lost == 0


def test_the_training_goes_on_after_a_mistake_and_the_run_tells_of_it():
    run = nbtrack.start_run()
    with pytest.warns(NbtrackWarning, match="not one number"):
        run.log_metric("x", "a lot")  # type: ignore[arg-type]
    run.log_metric("after", 1)
    with pytest.warns(NbtrackWarning, match=f"Run '{run.name}': 1 calls could not be recorded"):
        run.end()
    found = nbtrack.get_run(run.id)
    assert found.info.lost == 1
    assert found.info.status == "FINISHED"
    assert found.data.metrics == {"after": 1.0}


def test_a_bad_value_does_not_take_its_neighbours_along():
    run = nbtrack.start_run()
    with pytest.warns(NbtrackWarning):
        run.log_metrics({"a": 1, "bad": "x", "": 2, "worse": Broken(), "b": 2})  # type: ignore[dict-item]
    with pytest.warns(NbtrackWarning):
        run.log_params({"a": 1, "bad": Broken(), "\n": 2, "b": 2})
    with pytest.warns(NbtrackWarning):
        run.set_tags({"a": 1, "bad": Broken(), "x" * 251: 2, "b": 2})
    with pytest.warns(NbtrackWarning, match="too large"):
        run.log_params({"huge": "y" * (9 << 20), "c": 3})
    with pytest.warns(NbtrackWarning, match="8 calls could not"):
        run.end()
    assert run.data.metrics == {"a": 1, "b": 2}
    assert run.data.params == {"a": "1", "b": "2", "c": "3"}
    assert {run.data.tags["a"], run.data.tags["b"]} == {"1", "2"}


def test_many_texts_that_are_too_large_together_are_all_kept():
    with nbtrack.start_run() as run:
        run.log_params({f"text{i}": "y" * 1_000_000 for i in range(12)})
    assert len(run.data.params) == 12


# -- the handle ----------------------------------------------------------------------------------------------------------


def test_a_run_tells_what_this_process_has_logged_and_what_is_stored():
    with nbtrack.start_run("fox", params={"lr": 1}) as run:
        run.log_metric("loss", 0.5)
        assert (run.params, run.metrics) == ({"lr": "1"}, {"loss": 0.5})
        assert run.data.params == {"lr": "1"}
        assert repr(run) == "<Run #1 'fox' (open)>"
    assert repr(run) == "<Run #1 'fox' (ended)>"
    assert run.url == run.info.artifact_uri == f"runs:/{run.id}"
    assert run.number == 1
    assert run.env["NBTRACK_RUN_ID"] == run.id


def test_runs_are_numbered_and_named():
    runs = []
    for _ in range(3):
        with nbtrack.start_run() as run:
            runs.append(run)
    assert [run.number for run in runs] == [1, 2, 3]
    assert [run.name.rpartition("-")[2] for run in runs] == ["1", "2", "3"]
    assert all(a.id < b.id for a, b in pairwise(runs))


@pytest.mark.parametrize(
    "timestamp", [1_795_000_000_000_000_000, 1_795_000_000_000_000, 10**30, "now", float("nan"), True]
)
def test_a_time_that_is_not_in_milliseconds_is_said_and_counted(timestamp: Any):
    with nbtrack.start_run() as run:
        with pytest.warns(NbtrackWarning, match="is not in milliseconds UTC"):
            run.log_metric("loss", 1, timestamp=timestamp)
        with pytest.warns(NbtrackWarning, match="1 calls could not be recorded"):
            run.end()
    assert run.data.metrics == {}


def test_the_summary_of_a_metric_has_the_time_of_its_last_value():
    with nbtrack.start_run() as run:
        run.log_metric("loss", 1, step=0, timestamp=1_700_000_000_000)
        run.log_metric("loss", 2, step=1, timestamp=1_700_000_001_000)
    assert run.data.summaries["loss"].timestamp == 1_700_000_001_000


def test_one_file_is_no_folder_of_artifacts(tmp_path: Path):
    (tmp_path / "a.txt").write_text("a")
    with nbtrack.start_run() as run:
        with pytest.warns(NbtrackWarning, match=r"a\.txt is a file; log_artifact stores one file"):
            run.log_artifacts(tmp_path / "a.txt")
        run.lost = 0
