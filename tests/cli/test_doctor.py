from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.cli.options import open_local

if TYPE_CHECKING:
    from tests.cli.conftest import Desk


def test_a_store_that_is_well(desk: Desk) -> None:
    lines = desk.lines("doctor", width=200)
    assert lines[0] == f"store        {desk.store.uri}"
    assert lines[2].startswith("holds        3 experiments, 4 runs, 9 metrics, ")
    assert lines[-1] == "All is well."
    found = desk.json("doctor")
    assert found["problems"] == []
    assert found["counts"]["runs"] == 4


def test_damage_is_a_problem_and_an_exit_code(desk: Desk) -> None:
    desk.store.close()
    damaged = next((desk.store.folder / "history").glob("events*.parquet"))
    damaged.chmod(0o600)
    damaged.write_bytes(b"not what it was")
    done = desk.call("doctor", width=300)
    assert done.exit_code == 1
    assert done.stderr == f"Problem: history file {damaged.name} is damaged\n"
    assert "All is well." not in done.stdout
    assert desk.json("doctor", exit_code=1)["problems"] == [f"history file {damaged.name} is damaged"]


def test_rebuilding_keeps_every_run_and_the_old_file(desk: Desk) -> None:
    before = desk.json("runs", "list")
    made = desk.call("doctor", "--rebuild", width=300)
    assert made.exit_code == 0, made.output
    assert made.stdout.startswith("Made anew from ")
    assert "; the old file is " in made.stdout
    assert desk.json("runs", "list") == before


def test_rebuilding_as_json(desk: Desk) -> None:
    found = desk.json("doctor", "--rebuild")
    assert found["rebuilt"]["records"] > 0
    assert found["problems"] == []


def test_a_store_without_history_cannot_be_rebuilt(empty: Desk) -> None:
    empty.store.folder.mkdir()
    error = empty.json("doctor", "--rebuild", exit_code=1)["error"]
    assert error["kind"] == "StoreError"
    assert "no history" in error["message"]


def test_a_folder_names_the_store_in_it(desk: Desk) -> None:
    assert open_local(str(desk.store.path.parent)).path == desk.store.path
