"""What a page of the web interface hears and may say."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import nbtrack
from nbtrack.server import session as session_module
from nbtrack.views.live_runs import LiveRuns
from nbtrack.views.saved import VIEW_TRAITS

if TYPE_CHECKING:
    from tests.server.conftest import Tab

EVIL = "<img src=x onerror=alert(1)>"


def test_the_stream_begins_with_all_runs(tab: Tab) -> None:
    assert tab.follow()["name"] == [EVIL, "b", "a"]


def test_a_run_that_is_recorded_elsewhere_arrives(tab: Tab) -> None:
    tab.follow()
    with nbtrack.start_run("late"):
        pass
    names: list[str] = []
    while "late" not in names:
        names = tab.table()[1]["name"]


def test_questions_are_answered_as_in_the_notebook(tab: Tab) -> None:
    ids = tab.follow()["run_id"]
    content, (matrix,) = tab.message(kind="ask", what="sparks", runs=ids, key="acc", points=5)
    assert content["ok"]
    assert content["id"] == 1
    values = np.frombuffer(matrix, "<f4").reshape(3, 5)
    assert values[2] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])


def test_edits_reach_the_store_and_come_back_over_the_stream(tab: Tab) -> None:
    runs = tab.follow()
    newest = runs["run_id"][0]
    assert tab.message(kind="edit", op="rename", runs=[newest], value="best")[0]["ok"]
    names: list[str] = []
    while "best" not in names:
        names = tab.table()[1]["name"]
    assert nbtrack.get_run(newest).info.run_name == "best"


def test_models_come_to_a_page_that_shows_them_and_are_changed_from_it(tab: Tab) -> None:
    run = tab.follow()["run_id"][0]
    nbtrack.create_registered_model("fraud")
    assert tab.message(kind="need", models=True)[0]["ok"]
    assert [model["name"] for model in next_models(tab)] == ["fraud"]
    change = {"kind": "edit", "op": "registry", "do": "tag", "name": "fraud", "key": "team", "value": EVIL}
    assert tab.message(**change)[0]["ok"]
    assert next_models(tab)[0]["tags"] == {"team": EVIL}
    refused, _ = tab.message(**{**change, "name": "fruad"})
    assert "Did you mean 'fraud'" in refused["error"]
    assert tab.message(kind="ask", what="run-models", run=run)[0]["versions"] == []
    assert "32 hexadecimal digits" in tab.message(kind="ask", what="run-models", run="' OR 1=1")[0]["error"]


def test_a_page_that_lost_its_runs_asks_for_all(tab: Tab) -> None:
    tab.follow()
    assert tab.message(kind="need", data=True)[0]["ok"]
    header, columns = tab.table()
    assert (header["mode"], columns["name"]) == ("full", [EVIL, "b", "a"])


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"kind": "ask", "what": "passwords"}, "'passwords' is not known"),
        ({"kind": "ask", "what": "sparks"}, "KeyError"),
        ({"kind": "edit", "op": "explode"}, "Edit 'explode' is not known"),
        ({"kind": "edit", "op": "delete", "runs": ["0" * 32]}, "not in this store"),
        ({"kind": "shell", "code": "1"}, "kind 'shell' is not known"),
        ({}, "kind None is not known"),
    ],
)
def test_what_cannot_be_answered_says_why(tab: Tab, message: dict[str, object], said: str) -> None:
    tab.follow()
    content, _ = tab.message(**message)
    assert content["ok"] is False
    assert said in content["error"]


def test_a_message_that_is_no_object_is_answered(tab: Tab) -> None:
    tab.follow()
    reply = tab.ask("POST", "/api/message", {"session": tab.session, "content": ["x"]})
    assert b"received list" in reply.read()


def test_a_stream_that_has_nothing_to_say_beats(tab: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "HEARTBEAT_S", 0.05)
    tab.follow()
    assert tab.stream is not None
    while (length := struct.unpack("<I", tab.stream.read(4))[0]) != 0:  # a fold may still have news
        tab.stream.read(length)
    assert struct.pack("<I", length) == session_module.HEARTBEAT


def test_a_store_that_cannot_be_read_for_a_moment_ends_no_stream(tab: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, tries = LiveRuns.whole, []

    def stumbling(runs: LiveRuns) -> bytes:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("busy")
        return whole(runs)

    monkeypatch.setattr(session_module, "RETRY_S", 0.01)
    monkeypatch.setattr(LiveRuns, "whole", stumbling)
    assert tab.follow()["name"] == [EVIL, "b", "a"]
    assert len(tries) == 2


def test_there_are_only_so_many_pages(tab: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "MAX_SESSIONS", 1)
    tab.follow()
    second = tab.ask("GET", "/api/stream")
    assert second.status == 503
    assert b"close some" in second.read()


def test_the_script_is_the_bundle_of_pages(tab: Tab) -> None:
    path = tab.ask("GET", "/").read().decode().split('src="')[1].split('"')[0].removeprefix(".")
    reply = tab.ask("GET", path)
    assert reply.getheader("content-type") == "text/javascript; charset=utf-8"
    assert b"nbt-stage" in reply.read()


def test_saved_views_of_the_notebook_and_of_the_interface_are_made_of_the_same_values(tab: Tab) -> None:
    assert sorted(VIEW_TRAITS) == nbtrack.runs().view_traits
    assert '"_view_traits":["aggregate_by"' in tab.ask("GET", "/").read().decode()


def test_a_run_that_goes_on_is_followed_and_takes_orders(tab: Tab) -> None:
    tab.follow()
    with nbtrack.start_run("going") as run:
        run.knob("lr", 0.1, min=0.0, max=1.0)
        run.log_metric("loss", 1.0, step=0)
        answered, _ = tab.message(kind="need", run=run.id)
        assert answered["ok"]
        head = next_of(tab, run.id)
        assert (head["mode"], head["run"]["status"], head["run"]["knobs"][0]["name"]) == ("full", "RUNNING", "lr")
        run.log_metric("loss", 0.5, step=1)
        while not head["series"] or head["series"][0]["count"] < 2:
            head = next_of(tab, run.id)
        assert head["mode"] == "more"

        assert tab.message(kind="order", run=run.id, order="o1", do="knob", key="lr", value=0.5)[0]["ok"]
        assert tab.message(kind="order", run=run.id, order="o2", do="note", value="looks good")[0]["ok"]
        assert not tab.message(kind="order", run=run.id, order="o3", do="knob", key="nope", value=1)[0]["ok"]
        while run.knob("lr", 0.1, min=0.0, max=1.0) != 0.5:
            run.log_metric("loss", 0.5)
        assert tab.message(kind="order", run=run.id, order="o4", do="stop")[0]["ok"]
        for _ in range(500_000):
            run.log_metric("loss", 0.25)
    while head["run"]["status"] == "RUNNING":
        head = next_of(tab, run.id)
    assert (head["run"]["status"], "looks good" in head["run"]["note"]) == ("FINISHED", True)
    refused, _ = tab.message(kind="order", run=run.id, order="o5", do="stop")
    assert "finished" in refused["error"]


def test_orders_and_news_name_a_run(tab: Tab) -> None:
    ids = tab.follow()["run_id"]
    for kind in ("order", "need"):
        assert "32 hexadecimal digits" in tab.message(kind=kind, run="../x", do="stop")[0]["error"]
        assert not tab.message(kind=kind, run="0" * 32, do="stop")[0]["ok"]
    tab.message(kind="need", run=ids[0])
    assert next_of(tab, ids[0])["run"]["name"] == EVIL
    tab.message(kind="need", run=ids[1])
    assert next_of(tab, ids[1])["mode"] == "full"


def next_models(tab: Tab) -> list[dict[str, Any]]:
    """Return the next news of models."""
    while True:
        content, buffers = tab.frame()
        if content["content"].get("models"):
            found = json.loads(buffers[0])
            assert found["open"] is None
            return list(found["models"])


def next_of(tab: Tab, run_id: str) -> dict[str, Any]:
    """Return the header of the next news of a run."""
    while True:
        content, buffers = tab.frame()
        if content["content"].get("run") == run_id:
            (length,) = struct.unpack_from("<I", buffers[0])
            return json.loads(buffers[0][4 : 4 + length])
