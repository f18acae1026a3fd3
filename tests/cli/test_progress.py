from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.console import Console

from nbtrack.cli import progress

if TYPE_CHECKING:
    import pytest

    from tests.cli.conftest import Desk


def test_without_a_terminal_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.working("long work", total=2) as work:
        work.say("the second half")
        work.advance()
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_there_is_a_bar_on_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    monkeypatch.delenv("JPY_PARENT_PID", raising=False)
    monkeypatch.setattr(progress, "console", lambda **_: Console(file=shown, force_terminal=True, width=80))
    with progress.working("long [bold]work\x1b[31m", total=2) as work:
        work.advance()
        work.say("file \x07 two")
    assert r"file \x07 two" in shown.getvalue()
    assert "\x07" not in shown.getvalue()


def test_folding_brings_everything_into_the_file(desk: Desk) -> None:
    desk.run(5, "one more", status=None)
    progress.fold(desk.store)
    folded = desk.json("sql", "select count(*) as n from _folded")[0]["n"]
    assert folded >= 1
    assert desk.store.fold() == 0


def test_a_command_in_a_notebook_cell_leaves_no_bar_in_the_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    monkeypatch.setenv("JPY_PARENT_PID", "1")
    monkeypatch.setattr(progress, "console", lambda **_: Console(file=shown, force_terminal=True, width=80))
    with progress.working("long work", total=2) as work:
        work.advance()
    assert not shown.getvalue()
