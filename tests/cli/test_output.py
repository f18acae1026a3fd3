from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING

from rich.console import Console

from nbtrack.cli.output import clean, json_text, show_json, text
from tests.cli.conftest import EVIL

if TYPE_CHECKING:
    import pytest


def test_control_characters_become_visible() -> None:
    assert clean(EVIL) == r"[bold red]evil[/] \x1b[31mred\u202etxt"
    assert clean("a\nb\tc\x7f\x9b\u2028\ud800") == r"a\nb\tc\x7f\x9b\u2028\ud800"
    assert clean("žluťoučký 🐎") == "žluťoučký 🐎"


def test_square_brackets_are_no_markup() -> None:
    out = io.StringIO()
    Console(file=out, width=80).print(text("[bold]x[/bold]"))
    assert "[bold]x[/bold]" in out.getvalue()


def test_json_is_strict_and_safe_for_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"nan": float("nan"), "text": f"{EVIL}\ud800\x9b2J", "horse": "🐎"}
    show_json(value)
    printed = capsys.readouterr().out
    assert json.loads(printed) == {"nan": "NaN", "text": f"{EVIL}\ud800\x9b2J", "horse": "🐎"}
    assert not {"\x1b", "\x9b", "\u202e", "\ud800"} & set(printed)
    assert "🐎" in printed


def test_json_fits_an_ascii_stdout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert json_text("🐎 ž").isascii()
    assert json.loads(json_text("🐎 ž")) == "🐎 ž"
