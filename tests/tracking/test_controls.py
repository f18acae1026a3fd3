"""Stop, checkpoint, knobs, notes and progress, seen from the training loop."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

import nbtrack
from nbtrack.errors import InvalidValueError, NbtrackWarning, NotFoundError
from nbtrack.journal.control import new_order

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nbtrack.tracking.controls import Controls
    from nbtrack.tracking.run import ActiveRun


@pytest.fixture(autouse=True)
def _store(tmp_path: Path) -> None:
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")


def events(run: Any) -> list[dict[str, Any]]:
    found = [json.loads(text) for key, text in run.tags.items() if key.startswith("nbtrack.event.")]
    return sorted(found, key=lambda event: event["t"])


def look_now(run: Controls) -> None:
    """Spare the test the quarter of a second between two looks at the file."""
    run._look_at = 0.0


def test_a_stop_ends_the_block_and_what_follows_it_goes_on() -> None:
    with nbtrack.start_run("stopped") as run:
        for step in range(100):
            if step == 7:
                run.take(new_order("stop"))
            run.log_metric("loss", 1.0, step=step)
        pytest.fail("the loop went on")
    assert run.stopped_at == "stopped at step 7"
    stored = nbtrack.get_run(run.id)
    assert stored.info.status == "FINISHED"
    assert stored.data.metrics == {"loss": 1.0}
    assert stored.data.summaries["loss"].step == 7
    assert stored.data.tags["nbtrack.stopped_at"] == "7"
    assert events(run) == [{"t": events(run)[0]["t"], "step": 7, "kind": "stop", "text": "stopped at step 7"}]


@pytest.mark.parametrize(
    "call",
    [
        lambda run: run.knob("lr", 1e-3),
        lambda run: run.progress(1, 10),
        lambda run: run.log_param("size", 3),
        lambda run: run.log_params({"size": 3}),
        lambda run: run.log_metric("loss", 1.0),
        lambda run: run.log_metrics({"loss": 1.0}),
    ],
)
def test_a_loop_that_only_makes_such_calls_can_be_stopped(call: Callable[[ActiveRun], Any]) -> None:
    with nbtrack.start_run() as run:
        call(run)
        run.take(new_order("stop"))
        call(run)
        pytest.fail("the loop went on")
    assert nbtrack.get_run(run.id).info.status == "FINISHED"


def test_a_stop_says_the_last_step_that_was_logged() -> None:
    with nbtrack.start_run() as run:
        for step in range(100):
            if step == 7:
                run.take(new_order("stop"))
            run.knob("lr", 1e-3)
            run.log_metric("loss", 1.0, step=step)
    assert run.last_step == 6
    assert run.stopped_at == "stopped at step 6"


def test_what_starts_and_ends_a_run_is_not_stopped() -> None:
    with nbtrack.start_run() as parent:
        parent.take(new_order("stop"))
        with nbtrack.start_run(params={"size": 3}, nested=True) as child:
            pass
        assert child.params == {"size": "3"}


def test_a_stop_does_not_cut_a_checkpoint_short() -> None:
    with nbtrack.start_run() as run:

        @run.on_checkpoint
        def save() -> None:
            run.log_metric("saved", 1.0)
            run.log_params({"weights": "all"})

        run.take(new_order("checkpoint"))
        run.take(new_order("stop"))
        run.log_metric("loss", 1.0)
        pytest.fail("the loop went on")
    assert run.params == {"weights": "all"}
    assert sorted(event["kind"] for event in events(run)) == ["checkpoint", "stop"]


def test_no_except_exception_swallows_a_stop_and_cleaning_up_may_log() -> None:
    with nbtrack.start_run() as run:
        run.take(new_order("stop"))
        try:
            try:
                run.log_metric("loss", 1.0)
            except Exception:
                pytest.fail("swallowed")
        finally:
            run.log_metric("last", 2.0)
    assert nbtrack.get_run(run.id).data.metrics == {"loss": 1.0, "last": 2.0}


def test_a_loop_that_asks_ends_by_itself() -> None:
    with nbtrack.start_run() as run:
        for step in range(100):
            run.log_metric("loss", 1.0, step=step)
            if run.should_stop:
                break
            run.take(new_order("stop"))
        ended_by_itself = True
    assert ended_by_itself
    assert step == 1
    assert nbtrack.get_run(run.id).info.status == "FINISHED"


def test_an_order_through_the_store_arrives_and_leaves_nothing_behind() -> None:
    with nbtrack.start_run() as run:
        run.log_metric("loss", 1.0)
        run.store.post_order(run.id, new_order("stop"))
        look_now(run)
        run.log_metric("loss", 1.0)
        pytest.fail("the loop went on")
    assert list((run.store.folder / "control").iterdir()) == []


def test_stopping_a_parent_stops_its_child_and_ends_both() -> None:
    with nbtrack.start_run("parent") as parent:
        for _ in range(3):
            with nbtrack.start_run("child", nested=True) as child:
                parent.take(new_order("stop"))
                look_now(child)
                child.log_metric("loss", 1.0)
        pytest.fail("the sweep went on")
    assert not child.is_open
    assert nbtrack.get_run(child.id).info.status == "FINISHED"
    assert parent.stopped_at == "stopped"


def test_each_thread_that_logs_is_stopped_once() -> None:
    ended: list[type] = []

    def train() -> None:
        try:
            while True:
                run.log_metric("loss", 1.0)
        except nbtrack.StopRun as stop:
            ended.append(type(stop))

    with nbtrack.start_run() as run:
        threads = [threading.Thread(target=train) for _ in range(3)]
        for thread in threads:
            thread.start()
        run.take(new_order("stop"))
        for thread in threads:
            thread.join(30)
    assert ended == [nbtrack.StopRun] * 3


def test_samples_of_the_machine_stop_nobody() -> None:
    with nbtrack.start_run() as run:
        run.take(new_order("stop"))
        run.record({"system/cpu": 1.0}, 0)
        reached = True
    assert reached


def test_a_checkpoint_is_made_by_the_training_thread_and_recorded() -> None:
    made: list[int] = []
    with nbtrack.start_run() as run:
        run.on_checkpoint(lambda: made.append(threading.get_ident()))
        run.take(new_order("checkpoint"))
        assert made == []
        run.log_metric("loss", 1.0, step=3)
        run.log_metric("loss", 1.0, step=4)
    assert made == [threading.get_ident()]
    assert [(event["kind"], event["step"]) for event in events(run)] == [("checkpoint", 3)]


def test_a_checkpoint_that_fails_is_a_warning() -> None:
    with nbtrack.start_run() as run:
        run.on_checkpoint(lambda: 1 / 0)
        run.take(new_order("checkpoint"))
        with pytest.warns(NbtrackWarning, match="ZeroDivisionError"):
            run.log_metric("loss", 1.0)
    assert events(run)[0]["text"].startswith("checkpoint failed: ZeroDivisionError")


def test_a_checkpoint_can_be_polled() -> None:
    with nbtrack.start_run() as run:
        assert not run.checkpoint_requested
        run.take(new_order("checkpoint"))
        assert run.checkpoint_requested
        assert not run.checkpoint_requested


def test_a_knob_gives_what_it_was_turned_to_and_every_turn_is_recorded() -> None:
    with nbtrack.start_run() as run:
        seen = []
        for step in range(4):
            seen.append((run.knob("lr", 1e-3, min=1e-5, max=1.0, log=True), run.knob("n", 8), run.knob("aug", True)))
            run.log_metric("loss", 1.0, step=step)
            if step == 1:
                order = new_order("knob", key="lr", value=0.1)
                run.take(order)
                run.take(order)
                run.take(new_order("knob", key="n", value=16.0))
                run.take(new_order("knob", key="aug", value=False))
    assert seen == [(1e-3, 8, True), (1e-3, 8, True), (0.1, 16, False), (0.1, 16, False)]
    assert type(seen[2][1]) is int
    steps, _, values = run.store.metric_history(run.id, "knob/lr")
    assert (steps.tolist(), values.tolist()) == ([0, 1], [1e-3, 0.1])
    assert [event["text"] for event in events(run)] == ["lr 0.001 → 0.1", "n 8 → 16", "aug True → False"]


@pytest.mark.parametrize(
    ("value", "message"), [(2.0, "from 1e-05 to 1"), ("x", "a number"), (float("nan"), "a number from")]
)
def test_a_knob_refuses_what_it_cannot_be(value: Any, message: str) -> None:
    with nbtrack.start_run() as run:
        run.knob("lr", 1e-3, min=1e-5, max=1.0)
        with pytest.raises(InvalidValueError, match=message):
            run.take(new_order("knob", key="lr", value=value))
        with pytest.raises(NotFoundError, match="Did you mean 'lr'"):
            run.take(new_order("knob", key="lrr", value=1.0))
        with pytest.raises(InvalidValueError, match="one of 'a', 'b'"):
            run.knob("kind", "c", choices=["a", "b"])
        with pytest.raises(InvalidValueError, match="give both, above 0"):
            run.knob("wd", 0.1, log=True)


def test_a_bad_order_from_outside_never_reaches_the_training() -> None:
    with nbtrack.start_run() as run:
        run.knob("lr", 1e-3, min=0.0, max=1.0)
        run.store.post_order(run.id, new_order("knob", key="lr", value="x"))
        run.store.post_order(run.id, {"do": "explode"})
        look_now(run)
        with pytest.warns(NbtrackWarning, match="Knob 'lr' cannot be 'x'"):
            run.log_metric("loss", 1.0)
        assert run.knob("lr", 1e-3) == 1e-3


def test_notes_are_added_to_the_note() -> None:
    with nbtrack.start_run(description="first") as run:
        run.note("second")
        run.take(new_order("note", value="third"))
        run.log_metric("loss", 1.0)
    assert nbtrack.get_run(run.id).data.tags["mlflow.note.content"] == "first\n\nsecond\n\nthird"
    assert [event["text"] for event in events(run)] == ["second", "third"]


def test_progress_and_knobs_are_said_while_the_run_goes_on() -> None:
    with nbtrack.start_run() as run:
        run.knob("lr", 1e-3)
        run.progress(3, 10)
        run.progress(10, 10)
        said = run.store.live_state(run.id)
        assert said["progress"][:3] == [10, 10, 3]
        assert [knob["name"] for knob in said["knobs"]] == ["lr"]
        assert not said["checkpoint"]
    assert run.store.live_state(run.id) == {}


def test_a_resumed_run_has_a_mark_where_it_was_resumed() -> None:
    with nbtrack.start_run() as run:
        run.log_metric("loss", 1.0, step=41)
    with nbtrack.start_run(run_id=run.id) as again:
        pass
    assert [(event["kind"], event["step"]) for event in events(again)] == [("restart", 41)]


def test_a_purge_takes_along_what_a_killed_run_left() -> None:
    with nbtrack.start_run() as run:
        pass
    run.store.post_order(run.id, new_order("stop"))
    nbtrack.delete_run(run.id)
    nbtrack.purge()
    assert list((run.store.folder / "control").iterdir()) == []
