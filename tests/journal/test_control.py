"""Orders for a run, and what it says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbtrack.journal.control import Inbox, clear, new_order, post, read_state, write_state
from nbtrack.names import new_run_id

if TYPE_CHECKING:
    from pathlib import Path


def test_each_order_is_handed_out_once(tmp_path: Path) -> None:
    run = new_run_id()
    inbox = Inbox(tmp_path, run)
    assert inbox.new() == []
    post(tmp_path, run, new_order("stop"))
    post(tmp_path, run, new_order("knob", key="lr", value=0.5))
    assert [(order["do"], order["key"], order["value"]) for order in inbox.new()] == [
        ("stop", None, None),
        ("knob", "lr", 0.5),
    ]
    assert inbox.new() == []


def test_orders_for_an_earlier_life_are_not_taken(tmp_path: Path) -> None:
    run = new_run_id()
    post(tmp_path, run, new_order("stop"))
    assert Inbox(tmp_path, run).new() == []


def test_a_line_that_is_still_being_written_waits_and_nonsense_is_passed_over(tmp_path: Path) -> None:
    run = new_run_id()
    inbox = Inbox(tmp_path, run)
    post(tmp_path, run, new_order("stop"))
    path = tmp_path / "control" / f"{run}.jsonl"
    whole = path.read_bytes()
    path.write_bytes(b"nonsense\n[1]\n" + whole[:-5])
    assert inbox.new() == []
    path.write_bytes(b"nonsense\n[1]\n" + whole)
    assert [order["do"] for order in inbox.new()] == ["stop"]


def test_what_a_run_says_is_replaced_and_goes_with_it(tmp_path: Path) -> None:
    run = new_run_id()
    assert read_state(tmp_path, run) == {}
    write_state(tmp_path, run, {"progress": [1, 2]})
    write_state(tmp_path, run, {"progress": [2, 2]})
    assert read_state(tmp_path, run) == {"progress": [2, 2]}
    post(tmp_path, run, new_order("stop"))
    clear(tmp_path, run)
    clear(tmp_path, run)
    assert list((tmp_path / "control").iterdir()) == []


def test_no_name_but_a_run_id_becomes_a_path(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="run id"):
        post(tmp_path, "../../x", new_order("stop"))
