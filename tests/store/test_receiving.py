"""Runs of other machines: what a laptop wrote into its own journal becomes runs of the team's store."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from nbtrack.errors import InvalidValueError
from nbtrack.journal.record import event_body, line
from nbtrack.journal.segments import lease_path, list_segments, whole_lines
from nbtrack.names import new_run_id
from nbtrack.store.protocol import RunQuery
from nbtrack.store.rebuild import rebuild
from nbtrack.store.receiving import Receiver
from tests.store.kit import end, fold_all, quiet_store, start

if TYPE_CHECKING:
    from pathlib import Path


RUN = "a" * 32


class Team:
    """A laptop without a connection and the store that its journal goes to."""

    def __init__(self, tmp_path: Path) -> None:
        self.laptop = quiet_store(tmp_path / "laptop.duckdb")
        self.store = quiet_store(tmp_path / "team.duckdb")
        self.receiver = Receiver(self.store)
        self.after = -1

    def begin(self, name: str, **more: Any) -> str:
        return start(self.laptop, name, number=None, experiment_id=None, experiment="vision", **more)

    @property
    def writer(self) -> str:
        return self.laptop.writer.id

    def lines(self) -> bytes:
        group = list_segments(self.laptop.folder / "w")[self.writer]
        return b"".join(text + b"\n" for segment in group for text in whole_lines(segment.path))

    def users(self) -> list[str]:
        query = "SELECT DISTINCT user_id FROM events WHERE writer = ?"
        return [str(name) for name in self.store.sql(query, [self.writer])["user_id"]]

    def deliver(self, lease_s: float = 60.0, **options: Any) -> int:
        return self.receiver.receive(self.writer, self.lines(), after=-1, lease_s=lease_s, **options)


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path)


def test_a_run_that_began_without_a_connection_gets_number_and_experiment_on_arrival(team: Team):
    here = start(team.store, "here")
    there = team.begin("there")
    team.laptop.append(("params", there, {"lr": "0.1"}, None))
    team.laptop.log_metrics(there, 3, {"loss": 0.5})
    team.deliver()
    run = team.store.get_run(there)
    assert (run.info.number, run.info.experiment_name, run.info.status) == (2, "vision", "RUNNING")
    assert (run.data.params, run.data.metrics) == ({"lr": "0.1"}, {"loss": 0.5})
    assert team.store.experiment_id("vision") == int(run.info.experiment_id)
    assert team.store.get_run(here).info.number == 1


def test_deliveries_again_folds_and_a_rebuild_change_nothing(team: Team):
    run_id = team.begin("fox")
    team.deliver()
    team.laptop.writer.rotate()
    team.laptop.log_metrics(run_id, 0, {"loss": 1.0})
    team.deliver()
    fold_all(team.store)
    team.laptop.log_metrics(run_id, 1, {"loss": 0.5})
    end(team.laptop, run_id)
    team.deliver(lease_s=0)
    team.deliver(lease_s=0)
    fold_all(team.store)
    assert team.writer not in list_segments(team.store.folder / "w")
    team.deliver(lease_s=0)
    rebuild(team.store.path, team.store.folder)
    run = team.store.get_run(run_id)
    assert (run.info.number, run.info.status, run.data.summaries["loss"].count) == (1, "FINISHED", 2)
    assert len(team.store.search_runs(RunQuery())) == 1


def test_a_run_is_killed_when_its_writer_is_heard_of_no_more(team: Team):
    run_id = team.begin("silent")
    team.deliver()
    lease_path(team.store.folder / "w", team.writer).write_text(str(time.time() - 1))
    assert team.store.get_run(run_id).info.status == "KILLED"
    fold_all(team.store)
    assert team.writer in list_segments(team.store.folder / "w"), "its journal may still be written to"
    lease_path(team.store.folder / "w", team.writer).write_text(str(time.time() - 1000))
    fold_all(team.store)
    assert team.writer not in list_segments(team.store.folder / "w")
    team.laptop.log_metrics(run_id, 9, {"loss": 0.1})
    team.deliver()
    assert team.store.get_run(run_id).info.status == "RUNNING", "it was only out of reach"
    assert team.store.get_run(run_id).data.metrics == {"loss": 0.1}


def test_who_sent_a_record_is_said_by_the_store_not_by_the_sender(team: Team):
    run_id = team.begin("mine", user="somebody else")
    team.deliver(user="ada")
    assert team.store.get_run(run_id).info.user_id == "ada"
    assert team.users() == ["ada"]


def test_a_writer_that_goes_on_after_its_journal_was_folded_is_still_known(team: Team):
    run_id = team.begin("mine")
    team.deliver(user="ada", lease_s=0)
    fold_all(team.store)
    team.laptop.append(("tags", run_id, {"late": "yes"}, None))
    team.deliver(user="ada")
    assert team.store.get_run(run_id).data.tags["late"] == "yes"
    assert team.users() == ["ada"]
    fold_all(team.store)
    assert team.users() == ["ada"]


@pytest.mark.parametrize(
    ("kind", "run_id", "body", "told"),
    [
        ("registry", None, {"op": "alias"}, "ask the store"),
        ("experiment", None, {"op": "create", "experiment_id": 7, "name": "x"}, "ask the store"),
        ("params", "../../etc", None, "names no run"),
        ("tags", None, None, "names no run"),
        ("setting", "7", {"name": "goal/x", "value": "min"}, "names no run"),
        ("start", RUN, {"experiment_id": 99, "number": 1, "name": "x"}, "99"),
        ("start", RUN, {"experiment": "bad\nname", "name": "x"}, "Experiment name"),
    ],
)
def test_records_that_do_not_come_in_this_way(team: Team, kind: str, run_id: str | None, body: Any, told: str):
    data = line(0, event_body("hdr", 1, None, o={})) + line(1, event_body(kind, 2, run_id, o=body))
    with pytest.raises(InvalidValueError, match=told):
        team.receiver.receive("c" * 32, data, after=-1, lease_s=60)
    assert team.receiver.last("c" * 32) == -1


def test_a_kind_of_a_newer_nbtrack_is_kept(team: Team):
    data = line(0, event_body("hdr", 1, None, o={})) + line(1, event_body("hologram", 2, new_run_id(), o={"a": 1}))
    assert team.receiver.receive("c" * 32, data, after=-1, lease_s=60) == 1
    assert team.store.sql("SELECT kind FROM events")["kind"].tolist() == ["hologram"]
