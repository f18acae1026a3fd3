"""The live panel, seen from Python."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

import nbtrack
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.widgets.live import Live, live
from tests.views.test_live import unpack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Messages = list[tuple[dict[str, Any], list[bytes]]]


@pytest.fixture(autouse=True)
def _store(tmp_path: Path) -> None:
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")


@pytest.fixture
def panels() -> Iterator[list[Live]]:
    made: list[Live] = []
    yield made
    for panel in made:
        panel.close()


def sent(panel: Live, monkeypatch: pytest.MonkeyPatch) -> Messages:
    messages: Messages = []
    monkeypatch.setattr(panel, "send", lambda content, buffers=None: messages.append((content, buffers or [])))
    return messages


def wait_for(is_so: Any) -> None:
    until = time.monotonic() + 30
    while not is_so() and time.monotonic() < until:
        time.sleep(0.05)
    assert is_so()


def test_which_run_is_meant(panels: list[Live]) -> None:
    with pytest.raises(NotFoundError, match="It has no run yet"):
        live()
    with nbtrack.start_run("first") as first:
        panels.append(live())
    with nbtrack.start_run("second"):
        pass
    panels += [live(), live("first"), live(1), live("#1"), live(nbtrack.get_run(first.id)), live(first)]
    assert [panel.run.info.run_name for panel in panels] == ["first", "second", *["first"] * 5]
    with pytest.raises(NotFoundError, match="Did you mean 'first'"):
        live("fist")


def test_the_panel_follows_until_the_run_has_ended(panels: list[Live], monkeypatch: pytest.MonkeyPatch) -> None:
    with nbtrack.start_run() as run:
        panel = live()
        panels.append(panel)
        messages = sent(panel, monkeypatch)
        panel.table()
        panel._watch()
        for step in range(300):
            run.log_metric("loss", 1.0, step=step)
        wait_for(lambda: panel._feed.counts == {"loss": 300})
    following = panel._thread
    wait_for(lambda: following is not None and not following.is_alive())
    assert unpack(messages[-1][1][0])[0]["run"]["status"] == "FINISHED"


def test_a_run_of_another_process_that_dies(
    panels: list[Live], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import nbtrack, time\nrun = nbtrack.start_run('far')\n"
        "for step in range(500): run.log_metric('loss', 1.0, step=step)\n"
        "print('logged', flush=True)\ntime.sleep(600)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "logged\n"
        panel = live()
        panels.append(panel)
        messages = sent(panel, monkeypatch)
        head, _ = unpack(panel.table())
        assert (head["run"]["status"], head["run"]["here"], head["series"][0]["count"]) == ("RUNNING", False, 500)
        panel._receive(panel, {"kind": "order", "id": 3, "order": "a", "do": "stop"}, [])
        assert messages[-1][0]["ok"]
        panel._watch()
    finally:
        process.kill()
        process.wait()
    following = panel._thread
    wait_for(lambda: following is not None and not following.is_alive())
    head, _ = unpack([buffers for content, buffers in messages if content["kind"] == "data"][-1][0])
    assert (head["run"]["status"], head["run"]["died"], head["series"][0]["count"]) == ("KILLED", True, 500)


def test_an_order_that_comes_twice_is_obeyed_once(panels: list[Live], monkeypatch: pytest.MonkeyPatch) -> None:
    with nbtrack.start_run() as run:
        panel = live()
        panels.append(panel)
        messages = sent(panel, monkeypatch)
        message = {"kind": "order", "id": 3, "order": "a", "do": "note", "value": "seen"}
        panel.hear_early(message)
        run.log_metric("loss", 1.0)
        panel._receive(panel, message, [])
        run.log_metric("loss", 1.0)
        assert messages[-1][0]["ok"]
        panel._receive(panel, {**message, "order": "b", "do": "explode"}, [])
        assert "cannot be asked to 'explode'" in messages[-1][0]["error"]
    panel._receive(panel, message, [])
    assert messages[-1][0]["ok"], "the second time may come when the run has ended"
    assert nbtrack.get_run(run.id).data.tags["mlflow.note.content"] == "seen"


def test_what_is_heard_early_is_answered_early(panels: list[Live], monkeypatch: pytest.MonkeyPatch) -> None:
    with nbtrack.start_run() as run:
        panel = live()
        panels.append(panel)
        messages = sent(panel, monkeypatch)
        panel._watch()
        panel.hear_early({"kind": "order", "id": 7, "order": "a", "do": "note", "value": "seen"})
        with suppress(NotFoundError):  # who calls it takes no notice of errors
            panel.hear_early({"kind": "order", "id": 8, "order": "b", "do": "knob", "key": "lr", "value": 1})
        wait_for(lambda: len([content for content, _ in messages if content["kind"] == "answer"]) == 2)
        run.log_metric("loss", 1.0)
    answers = {content["id"]: content for content, _ in messages if content["kind"] == "answer"}
    assert answers[7]["ok"]
    assert "Knob 'lr'" in answers[8]["error"]


def test_what_names_no_run_is_refused_in_words() -> None:
    for wrong in (1.5, [1], True):
        with pytest.raises(InvalidValueError, match="named by id, number or name; received"):
            live(wrong)  # type: ignore[arg-type]


def test_another_run_can_be_put_in_its_place(panels: list[Live]) -> None:
    with nbtrack.start_run("first"):
        panel = live()
        panels.append(panel)
    with nbtrack.start_run("second") as second:
        panel.run_id = second.id
        assert unpack(panel.table())[0]["run"]["name"] == "second"
        assert repr(panel) == "Live(#2 'second')"
    html, plain = panel.summary()
    assert "second" in html
    assert plain == "nbtrack run #2 second: finished"
