"""Runs begin, nest, are resumed, and end as their block ends."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

import nbtrack
from nbtrack.errors import InvalidValueError, NbtrackWarning, NotFoundError, RunAlreadyActiveError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _store(tmp_path: Path):
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")


def status(run: nbtrack.ActiveRun) -> str:
    return nbtrack.get_run(run.id).info.status


def test_runs_nest_to_any_depth():
    runs = [nbtrack.start_run()]
    runs += [nbtrack.start_run(nested=True) for _ in range(49)]
    for run in reversed(runs):
        assert nbtrack.active_run() is run
        nbtrack.end_run()
    assert nbtrack.active_run() is None
    parents = nbtrack.sql("SELECT run_id, parent_run_id FROM runs ORDER BY number")
    assert parents["parent_run_id"].tolist()[1:] == [run.id for run in runs[:-1]]
    assert parents["parent_run_id"].isna().tolist()[0]


def test_a_second_run_must_say_that_it_is_nested():
    with nbtrack.start_run("first") as run:
        with pytest.raises(RunAlreadyActiveError, match=r"'first' .* is still open. End it with .*nested=True"):
            nbtrack.start_run()
        assert nbtrack.active_run() is run


def test_a_parent_can_be_said_by_id():
    with nbtrack.start_run() as parent:
        pass
    with nbtrack.start_run(parent_run_id=parent.id) as child:
        assert child.parent_run_id == parent.id


@pytest.mark.parametrize("by_position", [True, False])
def test_a_run_is_resumed_where_it_stopped(by_position: bool):
    with nbtrack.start_run("long", params={"lr": 1}, tags={"a": 1}) as first:
        first.log_metric("loss", 0.5)
        first.log_metric("loss", 0.4)
    before = nbtrack.get_run(first.id).info.duration
    again = nbtrack.start_run(first.id) if by_position else nbtrack.start_run(run_id=first.id, tags={"b": 2})
    with again:
        assert (again.id, again.number, again.name) == (first.id, 1, "long")
        assert status(again) == "RUNNING"
        again.log_metric("loss", 0.3)
        again.log_metric("other", 1)
        with pytest.warns(NbtrackWarning, match="Param 'lr' is '1' already and stays so"):
            again.log_param("lr", 2)
        again.log_param("new", 3)
    assert nbtrack.metric_history(first.id, "loss")["step"].tolist() == [0, 1, 2]
    stored = nbtrack.get_run(first.id)
    assert stored.data.params == {"lr": "1", "new": "3"}
    assert stored.data.tags["a"] == "1"
    assert ("b" in stored.data.tags) is not by_position
    assert stored.info.status == "FINISHED"
    assert (stored.info.duration or 0) > (before or 0)  # the time before counts too
    assert len(nbtrack.search_runs()) == 1


def test_a_resumed_run_may_get_another_name():
    with nbtrack.start_run("old") as run:
        pass
    with nbtrack.start_run("new", run_id=run.id):
        pass
    assert nbtrack.get_run(run.id).info.run_name == "new"


def test_what_is_not_there_cannot_be_resumed():
    with pytest.raises(NotFoundError, match=r"Run '0{32}' is not in this store"):
        nbtrack.start_run("0" * 32)
    assert nbtrack.active_run() is None


def test_a_run_is_resumed_by_number_or_name_too():
    with nbtrack.start_run("first") as run:
        pass
    for name in ("first", "#1"):
        with nbtrack.start_run(run_id=name) as again:
            assert again.id == run.id
    assert status(run) == "FINISHED"


def test_a_store_chosen_while_a_run_is_open_is_for_the_next_run(tmp_path: Path):
    with nbtrack.start_run("here") as run:
        with pytest.warns(
            NbtrackWarning, match=r"Run 'here' is open and stays in .*runs\.duckdb; runs that start from now"
        ):
            nbtrack.set_tracking_uri(tmp_path / "other.duckdb")
        nbtrack.log_metric("loss", 0.5)
    with nbtrack.start_run("there") as other:
        pass
    assert run.data.metrics == {"loss": 0.5}
    assert other.store.uri == str(tmp_path / "other.duckdb")


def test_a_child_process_is_told_when_its_name_is_not_used_and_may_nest(monkeypatch: pytest.MonkeyPatch):
    run = nbtrack.start_run("parent", experiment="of the parent")
    run.end()
    for name, value in run.env.items():
        monkeypatch.setenv(name, value)
    with (
        pytest.warns(NbtrackWarning, match="the name 'mine' is not used; start_run"),
        nbtrack.start_run("mine") as joined,
    ):
        assert joined.id == run.id
    with nbtrack.start_run("child", nested=True) as child:
        assert child.parent_run_id == run.id
        assert child.info.experiment_name == "of the parent"
    assert nbtrack.get_run(child.id).info.run_name == "child"


def test_a_bad_name_opens_nothing():
    with pytest.raises(InvalidValueError, match=r"Run name .* is not allowed"):
        nbtrack.start_run("a\nb")
    assert nbtrack.active_run() is None


# -- how runs end --------------------------------------------------------------------------------------------------------


def test_an_exception_makes_a_run_failed_and_its_text_is_kept_without_secrets():
    with pytest.raises(ValueError, match="bad"), nbtrack.start_run() as run:
        raise ValueError("bad url https://ada:hunter2secret@host/x")
    found = nbtrack.get_run(run.id)
    assert found.info.status == "FAILED"
    assert found.data.tags["nbtrack.error"].startswith("ValueError: bad url")
    assert "hunter2secret" not in found.data.tags["nbtrack.error"]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (KeyboardInterrupt(), "KILLED"),
        (SystemExit(0), "FINISHED"),
        (SystemExit(None), "FINISHED"),
        (SystemExit(3), "KILLED"),
        (MemoryError(), "FAILED"),
    ],
)
def test_a_run_ends_as_its_block_does(error: BaseException, expected: str):
    with pytest.raises(type(error)), nbtrack.start_run() as run:
        raise error
    assert status(run) == expected
    assert nbtrack.active_run() is None


@pytest.mark.parametrize("word", ["FINISHED", "failed", "KILLED"])
def test_a_run_is_ended_with_a_status(word: str):
    run = nbtrack.start_run()
    nbtrack.end_run(word)
    run.end("FINISHED")
    assert status(run) == word.upper()


def test_a_status_that_is_not_there_leaves_the_run_open():
    run = nbtrack.start_run()
    with pytest.raises(InvalidValueError, match="A run does not end 'DONE'; use one of FINISHED, FAILED, KILLED"):
        nbtrack.end_run("DONE")
    with pytest.raises(InvalidValueError, match="A run does not end 'RUNNING'"):
        nbtrack.end_run("RUNNING")
    assert nbtrack.active_run() is run
    run.end()


def test_the_duration_is_kept_and_the_last_run_is_remembered():
    with nbtrack.start_run() as run:
        pass
    found = nbtrack.last_active_run()
    assert found
    assert found.info.run_id == run.id
    assert found.info.duration is not None
    assert found.info.end_time is not None
    assert found.info.duration >= 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
def test_a_place_that_cannot_be_written_falls_back_to_the_home_folder_with_one_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    nbtrack.set_tracking_uri("/proc/nbtrack/runs.duckdb")
    other = tmp_path / "home/.nbtrack/runs.duckdb"
    with pytest.warns(NbtrackWarning) as caught:
        nbtrack.set_experiment("digits")
    [warning] = caught
    assert str(warning.message) == (
        f"/proc/nbtrack/runs.duckdb cannot be written; this run is recorded in {other}. "
        f"To read it here: nbtrack.set_tracking_uri({str(other)!r})."
    )
    for _ in range(2):
        with nbtrack.start_run() as run:
            nbtrack.log_metric("loss", 0.5)
    found = nbtrack.last_active_run()
    assert found
    assert found.data.metrics == {"loss": 0.5}
    nbtrack.tracking.active.set_experiment_name(None)
    nbtrack.set_tracking_uri(other)
    assert nbtrack.get_run(run.id).info.experiment_name == "digits"
    assert len(nbtrack.search_runs(search_all_experiments=True)) == 2


def test_a_parent_that_is_not_there_is_refused_and_one_may_be_named():
    with pytest.raises(NotFoundError, match="Run 'nope' is not in this store"):
        nbtrack.start_run(parent_run_id="nope")
    with pytest.raises(NotFoundError):
        nbtrack.start_run(parent_run_id="0" * 32)
    with nbtrack.start_run("up") as up:
        pass
    with nbtrack.start_run(parent_run_id="up") as child:
        assert child.parent_run_id == up.id


def test_an_experiment_chosen_after_the_parent_began_counts_for_the_next_child():
    with nbtrack.start_run("parent", experiment="one") as parent:
        with nbtrack.start_run(nested=True) as first:
            pass
        nbtrack.set_experiment("two")
        with nbtrack.start_run(nested=True) as second:
            pass
    nbtrack.tracking.active.set_experiment_name(None)
    assert [run.info.experiment_name for run in (parent, first, second)] == ["one", "one", "two"]


def test_in_a_process_started_for_a_run_the_first_start_run_is_that_run_and_further_ones_are_children(monkeypatch):
    led = nbtrack.start_run(experiment="projects")
    nbtrack.tracking.active.pop(led)  # as in another process, which leads it
    monkeypatch.setenv("NBTRACK_RUN_ID", led.id)
    nbtrack.log_param("rows", 10)  # before any start_run: into the run, and it is in nobody's way
    for lr in (0.1, 0.2, 0.3):
        with nbtrack.start_run():
            nbtrack.log_param("lr", lr)
    nbtrack.log_metric("mean", 0.2)
    nbtrack.end_run()
    led.end()
    found = nbtrack.get_run(led.id)
    assert (found.data.params, found.data.metrics) == ({"rows": "10", "lr": "0.1"}, {"mean": 0.2})
    among = nbtrack.search_runs(experiment_names=["projects"], output_format="list")
    assert sorted(run.data.params["lr"] for run in among if run.info.parent_run_id == led.id) == ["0.2", "0.3"]
