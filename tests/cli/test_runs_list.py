from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import EVIL

if TYPE_CHECKING:
    from tests.cli.conftest import Desk


def test_the_table_at_100_columns(desk: Desk) -> None:
    assert desk.lines("runs", "list", width=100) == [
        "   #  name                       started  duration  experiment  accuracy   loss    lr  epochs",
        r"✗  4  [bold red]evil[/] \x1b[3…  2 h ago    12.3 s  wine             NaN      -     -       -",
        "✓  3  mlp 64                     3 h ago  4 m 10 s  digits          0.97  0.125   0.1      10",
        "✓  2  ↳ mlp 32                   4 h ago    12.3 s  digits          0.95   0.25  0.01      10",
        "✓  1  study                      5 h ago    12.3 s  digits           0.9    0.5     -      10",
        "4 runs of 2 experiments in runs.duckdb",
        "no room for params.optimizer, params.C (choose with --columns)",
    ]


def test_what_is_the_same_in_all_runs_is_said_once(desk: Desk) -> None:
    assert desk.lines("runs", "list", "--experiment", "digits") == [
        "   #  name      started  duration  accuracy   loss    lr",
        "✓  3  mlp 64    3 h ago  4 m 10 s      0.97  0.125   0.1",
        "✓  2  ↳ mlp 32  4 h ago    12.3 s      0.95   0.25  0.01",
        "✓  1  study     5 h ago    12.3 s       0.9    0.5     -",
        "3 runs of digits in runs.duckdb",
        "the same in all: epochs=10, optimizer=adam",
    ]


@pytest.mark.parametrize("width", [30, 40, 60, 80, 120, 200])
def test_no_line_of_the_table_is_wider_than_the_terminal(desk: Desk, width: int) -> None:
    lines = desk.lines("runs", "list", width=width)
    assert max(map(len, lines[:5])) <= width
    assert lines[0].split()[:2] == ["#", "name"]


def test_a_single_run_shows_all_it_has(desk: Desk) -> None:
    head, _, *said = desk.lines("runs", "list", "--filter", "name = 'mlp 32'")
    assert head.split() == ["#", "name", "started", "duration", "accuracy", "loss", "epochs", "lr", "optimizer"]
    assert said == ["1 run of digits in runs.duckdb"]


def test_a_filter_and_an_order(desk: Desk) -> None:
    words = ["--filter", "metrics.accuracy > 0.8", "--order-by", "metrics.loss DESC", "--order-by", "name ASC"]
    assert [run["info"]["number"] for run in desk.json("runs", "list", *words)] == [1, 2, 3]


def test_a_column_that_is_ordered_by_comes_first(desk: Desk) -> None:
    assert "loss" in desk.lines("runs", "list", "--order-by", "metrics.loss ASC", width=48)[0]
    assert "loss" not in desk.lines("runs", "list", width=48)[0]


def test_json_says_all_of_a_run(desk: Desk) -> None:
    run = desk.json("runs", "list", "--filter", "name = 'mlp 32'")[0]
    assert run["info"]["run_id"].endswith("2")
    assert run["info"]["parent_run_id"].endswith("1")
    assert run["data"]["params"] == {"epochs": "10", "lr": "0.01", "optimizer": "adam"}
    assert run["data"]["summaries"]["accuracy"]["min"] == 0.8


def test_json_has_no_number_that_json_lacks(desk: Desk) -> None:
    assert desk.json("runs", "list", "--experiment", "wine")[0]["data"]["metrics"] == {"accuracy": "NaN"}


def test_named_columns(desk: Desk) -> None:
    words = ["--experiment", "digits", "--columns", "number,name,metrics.accuracy.min", "--columns", "params.lr,owner"]
    assert desk.lines("runs", "list", *words) == [
        "   #  name      accuracy.min    lr  owner",
        "✓  3  mlp 64            0.97   0.1  mia",
        "✓  2  ↳ mlp 32           0.8  0.01  -",
        "✓  1  study              0.9     -  -",
        "3 runs of digits in runs.duckdb",
    ]


def test_named_columns_as_json(desk: Desk) -> None:
    words = ["--columns", "number,accuracy,tags.owner,status", "--limit", "2"]
    assert desk.json("runs", "list", *words) == [
        {"number": 4, "accuracy": "NaN", "tags.owner": None, "status": "FAILED"},
        {"number": 3, "accuracy": 0.97, "tags.owner": "mia", "status": "FINISHED"},
    ]


def test_a_column_that_no_run_has_is_an_error_that_helps(desk: Desk) -> None:
    done = desk.call("runs", "list", "--columns", "metrics.acuracy")
    assert done.exit_code == 1
    assert done.stderr == "Error: Column 'metrics.acuracy' is not in these runs. Did you mean 'metrics.accuracy'?\n"


def test_a_limit_says_that_there_are_more(desk: Desk) -> None:
    assert desk.lines("runs", "list", "--limit", "2")[3].endswith(
        "in runs.duckdb, and there are more: --limit 0 shows all"
    )
    assert desk.lines("runs", "list", "--limit", "4")[5] == "4 runs of 2 experiments in runs.duckdb"
    assert len(desk.json("runs", "list", "--limit", "3")) == 3
    assert len(desk.json("runs", "list", "--limit", "0")) == 4


def test_experiments_are_chosen_by_name_id_and_environment(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def numbers(*words: str) -> list[int]:
        return [run["info"]["number"] for run in desk.json("runs", "list", *words)]

    wine = next(e["experiment_id"] for e in desk.json("experiments", "list") if e["name"] == "wine")
    assert numbers("--experiment", "wine") == [4]
    assert numbers("--experiment", wine) == [4]
    assert numbers("--experiment", "wine", "--experiment", "digits") == [4, 3, 2, 1]
    assert numbers() == [4, 3, 2, 1]
    monkeypatch.setenv("NBTRACK_EXPERIMENT", "wine")
    assert numbers() == [4]
    assert numbers("--all-experiments") == [4, 3, 2, 1]


def test_one_experiment_and_all_of_them_contradict_each_other(desk: Desk) -> None:
    assert desk.call("runs", "list", "--experiment", "wine", "--all-experiments").exit_code == 2


def test_the_trash_is_listed_apart(desk: Desk) -> None:
    desk.call("runs", "delete", "3")
    assert [run["info"]["number"] for run in desk.json("runs", "list", "--deleted")] == [3]
    assert desk.lines("runs", "list", "--deleted")[-1] == "1 run of digits in the trash in runs.duckdb"
    assert [run["info"]["number"] for run in desk.json("runs", "list")] == [4, 2, 1]


def test_nothing_found_is_no_error(desk: Desk) -> None:
    assert desk.json("runs", "list", "--filter", "metrics.accuracy > 2") == []
    assert desk.json("runs", "list", "--filter", "metrics.accuracy > 2", "--columns", "name") == []
    assert desk.lines("runs", "list", "--filter", "metrics.accuracy > 2")[0].startswith("No runs that match here (")


def test_a_filter_that_cannot_be_read_points_at_the_place(desk: Desk) -> None:
    done = desk.call("runs", "list", "--filter", "metrics.loss <")
    assert done.exit_code == 1
    assert done.stdout == ""
    message, source, caret = done.stderr.splitlines()
    assert message.startswith("Error: ")
    assert source == "    metrics.loss <"
    assert caret.rstrip().endswith("^")
    assert desk.json("runs", "list", "--filter", "metrics.loss <", exit_code=1)["error"]["kind"] == "SearchSyntaxError"


def test_names_of_others_stay_text(desk: Desk) -> None:
    for words in (["runs", "list"], ["runs", "list", "--columns", "name,C"], ["runs", "show", "4"]):
        done = desk.call(*words, width=220)
        assert r"[bold red]evil[/] \x1b[31mred\u202etxt" in done.stdout, words
        assert r"[/]\x07\n1" in done.stdout
        assert not {"\x1b", "\x07", "\u202e"} & set(done.output)
    assert desk.json("runs", "list", "--experiment", "wine")[0]["info"]["run_name"] == EVIL


def test_every_status_has_a_sign_of_its_own(empty: Desk) -> None:
    for number, status in enumerate(("FINISHED", "FAILED", "KILLED", None), start=1):
        empty.run(number, f"run {number}", status=status)
    lines = empty.lines("runs", "list", "--order-by", "number ASC")
    assert [line[0] for line in lines[1:5]] == ["✓", "✗", "■", "●"]


def test_metrics_and_params_of_the_same_name_are_told_apart(empty: Desk) -> None:
    for number in (1, 2):
        empty.run(number, f"run {number}", params={"depth": str(number)}, metrics=[{"depth": number / 4}])
    assert empty.lines("runs", "list")[0].split()[-2:] == ["metrics.depth", "params.depth"]


def test_long_names_keep_their_end(empty: Desk) -> None:
    for number in (1, 2):
        empty.run(number, f"run {number}", metrics=[{"validation/epoch/accuracy": number / 4}])
    assert empty.lines("runs", "list")[0].split()[-1] == "…/epoch/accuracy"
