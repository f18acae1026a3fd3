from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import EVIL

if TYPE_CHECKING:
    from tests.cli.conftest import Desk


def names(desk: Desk, *words: str) -> list[str]:
    return [e["name"] for e in desk.json("experiments", "list", *words)]


def test_the_list(desk: Desk) -> None:
    desk.call("experiments", "create", "empty", "--tag", "owner=mia", "--tag", "why=a=b")
    lines = desk.lines("experiments", "list", "--order-by", "name ASC")
    assert lines == [
        "id  name     runs  last run  tags",
        " 0  Default     0  -",
        " 1  digits      3  3 h ago",
        " 3  empty       0  -         owner=mia, why=a=b",
        " 2  wine        1  2 h ago",
        "4 experiments in runs.duckdb",
    ]


def test_the_list_is_filtered_ordered_and_cut(desk: Desk) -> None:
    assert names(desk, "--filter", "name LIKE 'd%'") == ["digits"]
    assert names(desk, "--order-by", "name DESC", "--limit", "2") == ["wine", "digits"]
    assert "--limit 0 shows all" in desk.lines("experiments", "list", "--limit", "1")[-1]


def test_creating_makes_a_store(empty: Desk) -> None:
    made = empty.json("experiments", "create", "digits, second try", "--tag", "owner=mia")
    assert (made["name"], made["runs"], made["tags"]) == ("digits, second try", 0, {"owner": "mia"})
    assert names(empty, "--filter", "name LIKE 'digits%'") == ["digits, second try"]


def test_creating_says_the_id(empty: Desk) -> None:
    assert empty.call("experiments", "create", "digits").stdout == "Created experiment 'digits' with id 1.\n"


def test_a_name_is_taken_once(desk: Desk) -> None:
    done = desk.call("experiments", "create", "digits")
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: Experiment 'digits' already exists.")
    assert desk.json("experiments", "rename", "wine", "digits", exit_code=1)["error"]["kind"] == "AlreadyExistsError"


@pytest.mark.parametrize("tag", ["owner", "=mia", ""])
def test_a_tag_is_a_pair(desk: Desk, tag: str) -> None:
    assert desk.call("experiments", "create", "new", "--tag", tag).exit_code == 2
    assert "new" not in names(desk)


def test_one_experiment(desk: Desk) -> None:
    shown = desk.call("experiments", "show", "digits").stdout
    assert shown.splitlines()[:3] == ["digits", "id           1", "runs         3"]
    found = desk.json("experiments", "show", "1")
    assert (found["name"], found["runs"], found["lifecycle_stage"]) == ("digits", 3, "active")


def test_renaming(desk: Desk) -> None:
    assert desk.call("experiments", "rename", "digits", "numbers").stdout == "Experiment 'digits' is now 'numbers'.\n"
    assert set(names(desk)) == {"Default", "numbers", "wine"}
    assert (
        desk.json("runs", "list", "--experiment", "numbers", "--limit", "1")[0]["info"]["experiment_name"] == "numbers"
    )


def test_an_experiment_goes_to_the_trash_with_its_runs_and_comes_back(desk: Desk) -> None:
    done = desk.call("experiments", "delete", "digits")
    assert done.stdout == "Experiment 'digits' is in the trash. `nbtrack experiments restore 1` brings it back.\n"
    assert names(desk, "--deleted") == ["digits"]
    assert desk.lines("experiments", "list", "--deleted")[-1] == "1 experiment in the trash in runs.duckdb"
    assert [run["info"]["number"] for run in desk.json("runs", "list")] == [4]
    assert "digits (in the trash)" in desk.call("experiments", "show", "digits").stdout
    assert desk.json("experiments", "restore", "digits")["lifecycle_stage"] == "active"
    assert len(desk.json("runs", "list")) == 4


def test_of_two_of_a_name_the_one_in_use_is_meant_and_restore_means_the_other(desk: Desk) -> None:
    desk.call("experiments", "delete", "wine")
    desk.call("experiments", "create", "wine")
    assert desk.json("experiments", "show", "wine")["runs"] == 0
    done = desk.call("experiments", "restore", "wine")
    assert done.exit_code == 1
    assert "already exists" in done.stderr


def test_default_stays(desk: Desk) -> None:
    assert desk.json("experiments", "delete", "Default", exit_code=1)["error"]["kind"] == "InvalidValueError"


def test_an_experiment_that_is_not_there(desk: Desk) -> None:
    for words in (["show"], ["delete"], ["restore"], ["rename", "x"]):
        done = desk.call("experiments", words[0], "digit", *words[1:])
        assert done.exit_code == 1
        assert done.stderr.startswith("Error: Experiment 'digit' is not in this store. Did you mean 'digits'?")


def test_hostile_names_stay_text(empty: Desk) -> None:
    name = "[red]x[/red] \u2066y"
    empty.call("experiments", "create", name)
    assert r"[red]x[/red] \u2066y" in empty.call("experiments", "list").stdout
    assert r"[red]x[/red] \u2066y" in empty.call("experiments", "show", name).stdout
    assert empty.call("experiments", "create", EVIL).exit_code == 1
