from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbtrack.cli import purge

if TYPE_CHECKING:
    from tests.cli.conftest import Desk


def numbers(desk: Desk) -> list[int]:
    return [row["number"] for row in desk.json("sql", "select number from runs order by number")]


def test_what_is_in_the_trash_goes_for_good(desk: Desk) -> None:
    desk.call("runs", "delete", "3")
    desk.call("experiments", "delete", "wine")
    done = desk.call("purge", "--yes")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("Deleted 2 runs and 1 experiment for good; ")
    assert numbers(desk) == [1, 2]
    assert desk.call("runs", "restore", "3").exit_code == 1


def test_purging_as_json(desk: Desk) -> None:
    desk.call("runs", "delete", "3")
    done = desk.json("purge", "--yes")
    assert (done["runs"], done["experiments"], done["artifact_bytes"]) == (1, 0, 1502)
    assert desk.json("purge", "-y")["runs"] == 0


def test_what_is_young_stays(desk: Desk) -> None:
    desk.call("runs", "delete", "3")
    assert desk.json("purge", "--older-than", "1d12h", "--yes")["runs"] == 0
    assert 3 in numbers(desk)


def test_nobody_to_ask_means_no(desk: Desk) -> None:
    desk.call("runs", "delete", "3")
    done = desk.call("purge")
    assert done.exit_code == 2
    assert "say --yes" in done.stderr
    assert desk.json("purge", exit_code=2)["error"]["kind"] == "UsageError"
    assert 3 in numbers(desk)


@pytest.mark.parametrize(("answer", "exit_code", "left"), [("y\n", 0, [1, 2, 4]), ("n\n", 1, [1, 2, 3, 4])])
def test_somebody_is_asked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, answer: str, exit_code: int, left: list[int]
) -> None:
    monkeypatch.setattr(purge, "_someone_is_there", lambda: True)
    desk.call("runs", "delete", "3")
    done = desk.call("purge", "--older-than", "0s", stdin=answer)
    assert done.exit_code == exit_code, done.output
    assert "for good? The trash has 1 run and 0 experiments. [y/N]" in done.output.replace("\n", " ")
    assert numbers(desk) == left


@pytest.mark.parametrize("span", ["soon", "30", "-1d", ""])
def test_a_time_span_that_cannot_be_read(desk: Desk, span: str) -> None:
    done = desk.call("purge", "--yes", "--older-than", span)
    assert done.exit_code == 2
    assert "is no time span" in done.stderr


def test_runs_that_registered_versions_need_stay_in_the_trash(empty: Desk) -> None:
    run_id = empty.run(1, "kept")
    empty.store.add_artifact(run_id, "model/MLmodel", b"flavors: {}")
    empty.lines("models", "register", "runs:/1/model", "fraud")
    empty.lines("runs", "delete", "1")
    lines = empty.lines("purge", "--yes", width=120)
    assert lines[-1] == "1 run stays in the trash: registered versions need it (`nbtrack models list`)."
    assert empty.json("purge", "--yes")["kept_runs"] == 1
