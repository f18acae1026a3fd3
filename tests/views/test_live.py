"""One run as a page gets it: facts, blobs, questions and orders."""

from __future__ import annotations

import json
import struct
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import nbtrack
from nbtrack.errors import InvalidValueError, NotFoundError, StoreBusyError
from nbtrack.tracking import active
from nbtrack.views import live, questions
from nbtrack.views.live_feed import LiveFeed
from nbtrack.views.live_summary import live_html, live_text

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _store(tmp_path: Path) -> None:
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")


def unpack(blob: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
    (size,) = struct.unpack_from("<I", blob)
    head = json.loads(blob[4 : 4 + size])
    body = blob[-(-(4 + size) // 8) * 8 :]
    found = {}
    for each in head["series"]:
        width = (10 if each.get("bad") else 7) if head["mode"] == "full" else 3
        found[each["key"]] = np.frombuffer(body, "<f8", each["rows"] * width, each["offset"]).reshape(width, -1)
    return head, found


def test_all_first_then_only_what_is_new() -> None:
    with nbtrack.start_run("a", params={"epochs": 4}) as run:
        feed = LiveFeed(run.store, run.id)
        assert feed.changes() is None
        run.log_metric("loss", 1.0, step=0)
        head, curves = unpack(feed.whole())
        assert (head["seq"], head["mode"], head["run"]["status"]) == (1, "full", "RUNNING")
        np.testing.assert_array_equal(curves["loss"][:6, 0], [0, 1, 1, 1, 1, 1])
        assert abs(curves["loss"][6, 0] - time.time() * 1000) < 60_000
        assert feed.changes() is None
        run.log_metrics({"loss": 0.5, "acc": float("nan")}, step=1)
        head, curves = unpack(feed.changes() or b"")
        assert (head["seq"], head["mode"], [each["count"] for each in head["series"]]) == (2, "more", [2, 1])
        np.testing.assert_array_equal(curves["loss"][:2, 0], [1, 0.5])
        assert abs(curves["loss"][2, 0] - time.time() * 1000) < 60_000
        assert np.isnan(curves["acc"][1, 0])
        assert head["run"]["progress"] == {"done": 2, "total": 4, "first": 0, "since": None, "unit": "epoch"}
        feed.close()


@pytest.mark.parametrize("read", ["whole", "changes"])
def test_a_run_that_is_said_to_have_ended_is_there_with_every_point(monkeypatch: pytest.MonkeyPatch, read: str) -> None:
    run = nbtrack.start_run()
    run.log_metric("loss", 1.0)
    feed = LiveFeed(run.store, run.id)
    feed.whole()
    feed._is_stale, feed._read_at = True, 0.0
    looked_at = run.store.get_run

    def end_meanwhile(run_id: str) -> Any:
        if run.is_open:
            run.log_metric("loss", 2.0)
            run.end()
        return looked_at(run_id)

    monkeypatch.setattr(feed.store, "get_run", end_meanwhile)
    head, _ = unpack(getattr(feed, read)() or b"")
    assert (head["run"]["status"], head["series"][0]["count"]) == ("FINISHED", 2)


def test_an_end_that_comes_between_two_readings_is_told_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    run = nbtrack.start_run()
    run.log_metric("loss", 1.0)
    feed = LiveFeed(run.store, run.id)
    curves = feed.store.curves

    def end_meanwhile(run_id: str, n_buckets: int) -> Any:
        run.end()  # its status has been read by now, and the curves know of the record that says otherwise
        return curves(run_id, n_buckets)

    monkeypatch.setattr(feed.store, "curves", end_meanwhile)
    assert unpack(feed.whole())[0]["run"]["status"] == "RUNNING"
    feed._read_at = 0.0
    assert unpack(feed.changes() or b"")[0]["run"]["status"] == "FINISHED"
    assert not feed.is_running


@pytest.mark.parametrize("verb", ["get_run", "curves", "live_state"])
@pytest.mark.parametrize("is_folded", [False, True])
def test_what_a_busy_store_could_not_say_is_said_later(
    monkeypatch: pytest.MonkeyPatch, verb: str, is_folded: bool
) -> None:
    """The last news of a run come as its store folds; nothing comes after them that would ask for another look."""
    run = nbtrack.start_run()
    run.log_metric("loss", 1.0)
    feed = LiveFeed(run.store, run.id)
    feed.whole()
    run.log_metric("loss", 2.0, step=1)
    run.end()
    if is_folded:  # its segments are gone before the feed has read them
        run.store.fold()
    heard = []
    for is_busy in (False, True, True, True, False, False, False):
        feed._read_at = 0.0
        with monkeypatch.context() as patch:
            if is_busy:
                patch.setattr(feed.store, verb, _busy)
            with suppress(StoreBusyError):
                heard.append(feed.changes())
    found = [unpack(blob) for blob in heard if blob]
    assert found[-1][0]["run"]["status"] == "FINISHED"
    assert found[-1][0]["series"] == [] or found[-1][0]["series"][0]["count"] == 2
    assert feed.counts == {"loss": 2}
    assert not feed.is_running
    assert heard[-1] is None


def _busy(*_: object) -> None:
    raise StoreBusyError("runs.duckdb")


def test_what_is_no_number_is_counted() -> None:
    with nbtrack.start_run() as run:
        for step, value in enumerate((1.0, float("nan"), float("inf"), float("-inf"))):
            run.log_metrics({"loss": value, "acc": 1.0}, step=step)
        head, curves = unpack(LiveFeed(run.store, run.id).whole())
    assert {each["key"]: each.get("bad", False) for each in head["series"]} == {"acc": False, "loss": True}
    np.testing.assert_array_equal(curves["loss"][7:], [[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])


def test_a_long_run_is_thinned_and_counts_every_point() -> None:
    with nbtrack.start_run() as run:
        run.store.log_points(run.id, [(1, step, {"loss": float(step == 7777)}) for step in range(10_000)])
        head, curves = unpack(LiveFeed(run.store, run.id).whole())
    assert head["series"][0]["rows"] <= live.BUCKETS
    assert head["series"][0]["count"] == 10_000
    assert curves["loss"][2].max() == 1


def test_a_question_is_answered_for_every_host() -> None:
    with nbtrack.start_run("a") as run:
        run.log_metric("loss", 1.0)
    facts, (blob,) = questions.answer(run.store, {"what": "live", "run": run.id})
    assert facts == {"run": run.id}
    assert unpack(blob)[0]["run"]["status"] == "FINISHED"
    with pytest.raises(InvalidValueError, match="32 hexadecimal"):
        questions.answer(run.store, {"what": "live", "run": "../x"})
    with pytest.raises(NotFoundError):
        questions.answer(run.store, {"what": "live", "run": "0" * 32})


@pytest.mark.parametrize(
    ("said", "params", "steps", "expected"),
    [
        (None, {}, {"loss": 3.0}, None),
        (None, {"epochs": "10"}, {}, None),
        (None, {"epochs": "10"}, {"loss": 3.0}, (4, 10, "epoch")),
        (None, {"epochs": "10"}, {"loss": 300.0}, None),
        (None, {"epochs": "10", "max_steps": "1000"}, {"loss": 300.0}, (301, 1000, "step")),
        (None, {"epochs": "many"}, {"loss": 3.0}, None),
        (None, {"epochs": "10"}, {"system/cpu": 3.0, "knob/lr": 3.0}, None),
        ([5, 20, 0, 1.0], {"epochs": "10"}, {"loss": 3.0}, (5, 20, "")),
        ([5, -1, 0, 1.0], {}, {}, (5, None, "")),
    ],
)
def test_how_far_a_run_is(said: Any, params: Any, steps: Any, expected: Any) -> None:
    found = live.progress(said, params, steps)
    assert (None if found is None else (found["done"], found["total"], found["unit"])) == expected


def test_orders_go_to_a_running_run_only_and_notes_to_any() -> None:
    store = active.get_store()
    with nbtrack.start_run("a") as run:
        stored = store.get_run(run.id)
        with pytest.raises(InvalidValueError, match="cannot be asked to 'explode'"):
            live.order(store, {"do": "explode"}, stored)
        with pytest.raises(NotFoundError, match="Knob 'lr'"):
            live.order(store, {"do": "knob", "key": "lr", "value": 1}, stored)
        run.knob("lr", 1.0)
        live.order(store, {"do": "knob", "key": "lr", "value": 2.0}, stored)
        run._look_at = 0.0
        assert run.knob("lr", 1.0) == 2.0
    stored = store.get_run(run.id)
    with pytest.raises(InvalidValueError, match="is finished; only a running one"):
        live.order(store, {"do": "stop"}, stored)
    live.order(store, {"do": "note", "value": "afterwards"}, stored)
    found = live.facts(store.get_run(run.id), {}, {})
    assert found["note"] == "afterwards"
    assert [event["kind"] for event in found["events"]] == ["knob", "note"]


def test_the_summary_escapes_names_and_draws_curves() -> None:
    with nbtrack.start_run("<b>x</b>") as run:
        for step in range(20):
            run.log_metrics({"loss & co": 1 / (step + 1), "acc": step / 20, "flat": 1.0}, step=step)
    stored = nbtrack.get_run(run.id)
    html = live_html(stored, run.store.curves(run.id, 100))
    assert "<b>x</b>" not in html
    assert "loss &amp; co" in html
    assert html.count("<img") == 1
    assert "finished" in live_text(stored)
    assert len(html) < 12_000
