from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Desk


def numbers(desk: Desk, *words: str) -> list[int]:
    return [run["info"]["number"] for run in desk.json("runs", "list", *words)]


def tags(desk: Desk, run: str) -> dict[str, str]:
    found: dict[str, str] = desk.json("runs", "show", run)["data"]["tags"]
    return found


# ---------------------------------------------------------------- show


def test_the_card_of_a_run(desk: Desk) -> None:
    lines = desk.lines("runs", "show", "mlp 64", width=70)
    assert lines[0] == "╭─ #3 mlp 64  ✓ finished ────────────────────────────────────────────╮"
    inside = [line[2:-1].rstrip() for line in lines[1:-1]]
    assert inside[0] == "id          00000000000000000000000000000003"
    assert inside[1] == "experiment  digits"
    assert inside[2].startswith("started     20")
    assert inside[2].endswith("(3 h ago)")
    assert inside[3:] == [
        "took        4 m 10 s",
        "user        mia",
        "",
        "The one",
        "of the paper",
        "",
        "Metrics    last    min    max  points",
        "accuracy   0.97   0.97   0.97       1",
        "loss      0.125  0.125  0.125       1",
        "",
        "Params",
        "epochs     10",
        "lr         0.1",
        "optimizer  adam",
        "",
        "Tags",
        "owner  mia",
        "",
        "Datasets",
        "digits    training, digest abcd1234",
        "",
        "Artifacts",
        "plots/loss.png  1.5 kB",
        "model.txt          2 B",
    ]


def test_the_card_shows_the_error_and_the_parent(desk: Desk) -> None:
    failed = desk.call("runs", "show", "4").stdout
    assert r"ValueError: \x1b[2Jboom" in failed
    assert "1 (1 NaN)" in failed
    assert "child of    #1 study" in desk.call("runs", "show", "2").stdout


@pytest.mark.parametrize("name", ["3", "#3", "mlp 64", "0" * 31 + "3"])
def test_a_run_goes_by_number_name_and_id(desk: Desk, name: str) -> None:
    assert desk.json("runs", "show", name)["info"]["number"] == 3


def test_a_run_as_json_has_its_files_and_data(desk: Desk) -> None:
    run = desk.json("runs", "show", "3")
    assert [(file["path"], file["file_size"]) for file in run["artifacts"]] == [
        ("plots/loss.png", 1500),
        ("model.txt", 2),
    ]
    assert run["inputs"]["dataset_inputs"][0]["dataset"]["digest"] == "abcd1234"


def test_long_values_are_folded_and_cut(empty: Desk) -> None:
    empty.run(1, "long", params={"config": "x" * 5000}, metrics=[{f"m{i}": 1.0 for i in range(60)}])
    shown = empty.call("runs", "show", "1").stdout
    assert "(5,000" in shown
    assert "… and 20 more (--json has all)" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_a_run_that_is_not_there(desk: Desk) -> None:
    for words in (["show", "mlp 46"], ["delete", "mlp 46"], ["restore", "mlp 46"], ["tag", "mlp 46", "a=b"]):
        done = desk.call("runs", *words)
        assert done.exit_code == 1
        assert done.stderr.startswith("Error: Run 'mlp 46' is not in this store. Did you mean 'mlp 64'")
        assert done.stdout == ""


def test_an_id_that_is_not_there(desk: Desk) -> None:
    error = desk.json("runs", "delete", "f" * 32, exit_code=1)["error"]
    assert (error["kind"], error["exit_code"]) == ("NotFoundError", 1)


# ---------------------------------------------------------------- delete and restore


def test_runs_go_to_the_trash_and_come_back(desk: Desk) -> None:
    done = desk.call("runs", "delete", "2", "mlp 64", "#2")
    assert done.stdout == "In the trash: #2 mlp 32, #3 mlp 64. `nbtrack runs restore 2 3` brings back.\n"
    assert numbers(desk) == [4, 1]
    assert "in the trash" in desk.call("runs", "show", "2").stdout
    done = desk.call("runs", "restore", "2", "3")
    assert done.stdout == "Back from the trash: #2 mlp 32, #3 mlp 64.\n"
    assert numbers(desk) == [4, 3, 2, 1]


def test_deleting_as_json_says_which(desk: Desk) -> None:
    assert desk.json("runs", "delete", "2") == {"deleted": [{"run_id": f"{2:032x}", "number": 2, "name": "mlp 32"}]}
    assert desk.json("runs", "restore", "2") == {"restored": [{"run_id": f"{2:032x}", "number": 2, "name": "mlp 32"}]}


def test_deleting_twice_is_one_deletion(desk: Desk) -> None:
    for _ in range(2):
        assert desk.call("runs", "delete", "2").exit_code == 0
    changes = desk.json("sql", "select count(*) as n from events where kind = 'state'")
    assert changes == [{"n": 1}]


def test_nothing_is_deleted_when_one_of_the_runs_is_not_there(desk: Desk) -> None:
    assert desk.call("runs", "delete", "2", "nope").exit_code == 1
    assert numbers(desk) == [4, 3, 2, 1]


# ---------------------------------------------------------------- tag


def test_tags_are_set_and_removed(desk: Desk) -> None:
    done = desk.call("runs", "tag", "3", "2", "stage=candidate", "note=a=b", "owner-")
    assert done.stdout == "Set stage, note and removed owner on #3 mlp 64, #2 mlp 32.\n"
    for run in ("2", "3"):
        assert tags(desk, run)["stage"] == "candidate"
        assert tags(desk, run)["note"] == "a=b"
        assert "owner" not in tags(desk, run)


def test_tagging_as_json(desk: Desk) -> None:
    assert desk.json("runs", "tag", "3", "a=1", "owner-") == {
        "runs": [{"run_id": f"{3:032x}", "number": 3, "name": "mlp 64"}],
        "set": {"a": "1"},
        "removed": ["owner"],
    }


def test_a_run_is_renamed_by_its_tag(desk: Desk) -> None:
    desk.call("runs", "tag", "3", "mlflow.runName=best")
    assert desk.json("runs", "show", "best")["info"]["number"] == 3


def test_the_first_word_is_always_a_run(empty: Desk) -> None:
    empty.run(1, "lr=0.1")
    assert empty.call("runs", "tag", "lr=0.1", "a=1").exit_code == 0
    assert tags(empty, "1")["a"] == "1"


@pytest.mark.parametrize(
    ("words", "exit_code", "message"),
    [
        (["3"], 2, "Say what to change"),
        (["3", "a=1", "2"], 2, "'2' is neither KEY=VALUE nor KEY-"),
        (["3", "nope-"], 1, "Tag 'nope' is not in this run"),
        (["3", "=1"], 1, "Tag key '' has 0 characters"),
        (["3", "a\nb=1"], 1, "has a control character"),
        ([], 2, "Missing argument"),
    ],
)
def test_wrong_changes_are_refused(desk: Desk, words: list[str], exit_code: int, message: str) -> None:
    done = desk.call("runs", "tag", *words, width=200)
    assert done.exit_code == exit_code
    assert message in done.stderr
    assert "nope" not in tags(desk, "3")
    assert "a" not in tags(desk, "3")


# ---------------------------------------------------------------- stop


def test_only_a_running_run_can_be_stopped(desk: Desk) -> None:
    done = desk.call("runs", "stop", "3")
    assert done.exit_code == 1
    assert "is finished; only a running one" in " ".join(done.stderr.split())
