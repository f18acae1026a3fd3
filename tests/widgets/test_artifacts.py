"""Files of a run, seen from Python."""

from __future__ import annotations

import base64
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
import traitlets

import nbtrack
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.views.watcher import watch
from nbtrack.widgets.artifacts import Artifacts, artifacts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Artifacts]:
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    with nbtrack.start_run("a <run>") as run:
        run.log_text("hello", "notes/<b>hello</b>.md")
        (tmp_path / "dot.png").write_bytes(PNG)
        run.log_artifact(str(tmp_path / "dot.png"), "plots")
    view = artifacts(run)
    yield view
    view.close()
    watch(view._store).close()


def ask(
    view: Artifacts, message: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> tuple[dict[str, Any], list[bytes]]:
    messages: list[tuple[dict[str, Any], list[bytes]]] = []
    monkeypatch.setattr(view, "send", lambda content, buffers=None: messages.append((content, buffers or [])))
    view._receive(view, {"id": 7, "kind": "ask", **message}, [])
    return messages[-1]


def test_a_run_is_named_as_a_person_would(shown: Artifacts) -> None:
    run = nbtrack.get_run(shown.run_id)
    for name in (run, run.info.run_id, run.info.number, f"#{run.info.number}", "a <run>", None):
        view = artifacts(name)
        assert view.run_id == shown.run_id
        view.close()
    with pytest.raises(NotFoundError, match="'a <runs>'"):
        artifacts("a <runs>")


def test_the_front_door_opens_it_whatever_was_imported_before(shown: Artifacts) -> None:
    import nbtrack.artifacts.kinds as kinds  # noqa: PLR0402 - this very form finds the room through its parent

    view = nbtrack.artifacts(shown.run_id, "plots/dot.png", height=300)
    assert (view.path, view.artifacts_height) == ("plots/dot.png", 300)
    assert kinds.kind_of("image/png") == "image"
    view.close()


def test_without_a_run_it_says_what_to_give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbtrack.set_tracking_uri(tmp_path / "new.duckdb")
    monkeypatch.setattr("nbtrack.tracking.active._last_run_id", None)
    with pytest.raises(InvalidValueError, match=r"artifacts\(run\)"):
        artifacts()


def test_the_active_run_is_the_first_choice(shown: Artifacts) -> None:
    with nbtrack.start_run("open") as run:
        view = artifacts()
        assert view.run_id == run.id
        view.close()


def test_another_run_can_be_set_by_name_and_takes_the_path_away(shown: Artifacts) -> None:
    shown.path = "plots/dot.png"
    with nbtrack.start_run("other") as other:
        pass
    version = shown._artifacts_version
    shown.run_id = "other"
    assert (shown.run_id, shown.path) == (other.id, "")
    assert shown._artifacts_version > version
    assert repr(shown) == f"Artifacts('#{nbtrack.get_run('other').info.number} other')"
    with pytest.raises(NotFoundError):
        shown.run_id = "no such run"


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a\\b"])
def test_a_path_that_leaves_the_run_is_refused(shown: Artifacts, path: str) -> None:
    with pytest.raises((InvalidValueError, traitlets.TraitError)):
        shown.path = path
    assert shown.path == ""


def test_the_page_hears_errors_as_answers(shown: Artifacts, monkeypatch: pytest.MonkeyPatch) -> None:
    listed, _ = ask(shown, {"what": "artifacts", "run": shown.run_id, "path": ""}, monkeypatch)
    assert [entry["name"] for entry in listed["entries"]] == ["notes", "plots"]
    refused, _ = ask(shown, {"what": "preview", "run": shown.run_id, "path": "../x"}, monkeypatch)
    assert (refused["kind"], refused["ok"]) == ("answer", False)
    seen, buffers = ask(shown, {"what": "preview", "run": shown.run_id, "path": "plots/dot.png"}, monkeypatch)
    assert (seen["kind"], seen["ok"], seen["view"]) == ("answer", True, "image")
    assert buffers == [PNG]


def test_the_summary_lists_files_and_has_the_first_picture(shown: Artifacts) -> None:
    text, plain = shown.summary()
    assert "&lt;b&gt;hello&lt;/b&gt;.md" in text
    assert "<b>hello" not in text
    assert base64.b64encode(PNG).decode() in text
    assert set(re.findall(r"<(\w+)", text)) <= {"b", "small", "table", "thead", "tbody", "tr", "th", "td", "br", "img"}
    assert plain == repr(shown)


def test_a_run_without_files_says_how_to_keep_one(shown: Artifacts) -> None:
    with nbtrack.start_run("bare") as run:
        pass
    view = artifacts(run)
    assert "log_artifact" in view.summary()[0]
    view.close()


def test_files_that_come_are_told_to_the_page(shown: Artifacts) -> None:
    with nbtrack.start_run("live") as run:
        view = artifacts("a <run>")
        view.table()
        view.run_id = run.id
        before = view._artifacts_version
        run.log_text("x", "late.txt")
        until = time.monotonic() + 20
        while view._artifacts_version == before and time.monotonic() < until:
            time.sleep(0.02)
        assert view._artifacts_version > before
        view.close()


def test_a_metric_does_not_make_the_page_list_again(shown: Artifacts) -> None:
    shown.summary()
    version = shown._artifacts_version
    shown.store_changed()
    assert shown._artifacts_version == version
