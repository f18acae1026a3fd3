"""Questions are answered aside: what the page says meanwhile is heard at once."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

import nbtrack
from nbtrack.views.watcher import watch
from nbtrack.widgets.artifacts import Artifacts, artifacts
from nbtrack.widgets.aside import Aside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONG = 20


@pytest.fixture
def view(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Artifacts]:
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    with nbtrack.start_run("a") as run:
        run.log_text("hello", "a.txt")
    monkeypatch.setattr("nbtrack.widgets.panel.sends_from_any_thread", lambda: True)
    view = artifacts(run)
    yield view
    view.close()
    watch(view._store).close()


@pytest.fixture
def answers(view: Artifacts, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(view, "send", lambda content, _=None: found.append(content))
    return found


def test_work_of_a_kind_keeps_its_order_and_holds_up_no_other() -> None:
    aside, free, other, done = Aside(), threading.Event(), threading.Event(), []

    def slow() -> None:
        assert free.wait(LONG)
        done.append("slow")

    aside.do("a", slow)
    aside.do("a", lambda: done.append("after it"))
    aside.do("b", other.set)
    assert other.wait(LONG)
    assert done == []
    free.set()
    aside.wait()
    assert done == ["slow", "after it"]


def test_work_that_fails_does_not_end_the_next_and_threads_end() -> None:
    aside = Aside()
    done: list[int] = []

    def fail() -> None:
        raise RuntimeError

    for number in range(50):
        aside.do("a", fail)
        aside.do("a", partial(done.append, number))
    aside.wait()
    assert done == list(range(50))
    assert "nbtrack-a" not in {thread.name for thread in threading.enumerate()}


def test_traits_do_not_wait_for_a_slow_question_and_edits_come_after_it(
    view: Artifacts, answers: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, free = threading.Event(), threading.Event()
    threads: list[str] = []

    def slow(_: Any, question: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        begun.set()
        assert free.wait(LONG)
        threads.append(threading.current_thread().name)
        return {"path": question["path"]}, []

    monkeypatch.setattr("nbtrack.views.previews.question.answer", slow)
    for number, path in enumerate("abc"):
        view._receive(view, {"kind": "ask", "id": number, "what": "preview", "path": path}, [])
    assert begun.wait(LONG)
    view._handle_msg(
        {"content": {"data": {"method": "update", "state": {"path": "a.txt"}, "buffer_paths": []}}, "buffers": []}
    )
    assert view.path == "a.txt"
    assert answers == []
    free.set()
    view._receive(view, {"kind": "edit", "id": 8, "op": "goal"}, [])
    assert [(each["id"], each.get("path")) for each in answers] == [(0, "a"), (1, "b"), (2, "c"), (8, None)]
    assert set(threads) == {"nbtrack-preview"}


def test_a_question_that_fails_is_answered(view: Artifacts, answers: list[dict[str, Any]]) -> None:
    view._receive(view, {"kind": "ask", "id": 1, "what": "preview", "run": view.run_id, "path": "b.txt"}, [])
    view._receive(view, {"kind": "ask", "id": 2, "what": ["?"]}, [])
    view._receive(view, {"kind": "ask", "id": 3, "what": "preview", "run": view.run_id, "path": "a.txt"}, [])
    view._aside.wait()
    assert {each["id"]: each["ok"] for each in answers} == {1: False, 2: False, 3: True}


def test_where_threads_may_not_send_questions_are_answered_at_once(
    view: Artifacts, answers: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nbtrack.widgets.panel.sends_from_any_thread", lambda: False)
    view._receive(view, {"kind": "ask", "id": 1, "what": "artifacts", "run": view.run_id}, [])
    assert [each["ok"] for each in answers] == [True]
