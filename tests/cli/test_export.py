"""``nbtrack export`` and ``nbtrack ui``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbtrack.server import running

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Desk


@pytest.fixture(autouse=True)
def _same_store_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nbtrack.tracking.active._chosen_uri", None)


def test_runs_are_written_into_one_page(desk: Desk, tmp_path: Path) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text("# Why\n**because**", encoding="utf-8")
    page = tmp_path / "demo.html"
    (first,) = desk.lines("export", str(page), "--notes", str(notes), "--title", "Best", width=200)
    assert first.startswith(f"Wrote {page} (")
    assert "4 runs" in first
    text = page.read_text(encoding="utf-8")
    assert "<strong>because</strong>" in text
    assert "<h1>Best</h1>" in text


def test_json_says_where_and_how_large(desk: Desk, tmp_path: Path) -> None:
    page = tmp_path / "demo.html"
    found = desk.json("export", str(page), "--filter", "metrics.accuracy > 0.96", "--views", "runs, parallel")
    assert found == {"path": str(page), "bytes": page.stat().st_size, "runs": 1, "left_out": []}


def test_notes_can_come_from_stdin(desk: Desk, tmp_path: Path) -> None:
    done = desk.call("export", str(tmp_path / "demo.html"), "--notes", "-", stdin="*hello*")
    assert done.exit_code == 0, done.output
    assert "<em>hello</em>" in (tmp_path / "demo.html").read_text(encoding="utf-8")


def test_what_cannot_be_written_says_why(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_bytes(b"\xff\xfe")
    page = tmp_path / "demo.html"
    assert (
        "no UTF-8"
        in desk.json("export", str(page), "--notes", str(tmp_path / "notes.md"), exit_code=1)["error"]["message"]
    )
    page.write_text("mine")
    assert "--overwrite" not in desk.call("export", str(page)).stdout
    assert desk.json("export", str(page), exit_code=1)["error"]["kind"] == "AlreadyExistsError"
    assert desk.call("export", str(page), "--overwrite").exit_code == 0


def test_ui_prints_its_address_and_opens_a_browser_when_asked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr(running.Interface, "run", lambda interface: interface.close())
    first, second = desk.lines("ui", "--open", "--token", "geheim", width=200)
    assert first.endswith("/open?token=geheim")
    assert opened == [first]
    assert second == "Ctrl+C ends it."
    desk.lines("ui")
    assert len(opened) == 1
    assert desk.json("ui")["store"] == desk.store.uri


def test_ui_refuses_what_others_could_reach(desk: Desk) -> None:
    done = desk.call("ui", "--host", "0.0.0.0")
    assert done.exit_code == 1
    assert "ssh -L" in done.stderr
