"""What is moved is kept as it was, taken once, and never undoes what somebody has done here."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nbtrack.entities import Dataset, DatasetInput, ViewType
from nbtrack.errors import AlreadyExistsError, InvalidValueError
from nbtrack.moving.intake import Intake
from nbtrack.moving.moved import (
    MovedExperiment,
    MovedFile,
    MovedModel,
    MovedRegistered,
    MovedRun,
    MovedVersion,
    Points,
)
from nbtrack.moving.shipment import MOVER
from nbtrack.store.registry_protocol import ModelQuery
from nbtrack.tracking import logged_models
from tests.moving.mlflow_sources import run_told, told
from tests.store.kit import quiet_store
from tests.store.remote.served import Served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbtrack.moving.tally import Tally
    from nbtrack.store.protocol import Store

T0 = 1_700_000_000_000_000
ODD = [0.5, math.nan, math.inf, -math.inf, -0.0, 0.1 + 0.2, 0.5, 0.5]


def points(values: list[float], key: str = "loss") -> Iterator[Points]:
    n = len(values)
    step = np.array([max(0, i - 1) for i in range(n)], dtype=np.int64)  # the first two are of one step and moment
    yield Points(key, step, T0 + step * 1000, np.array(values, dtype=np.float64))


def a_run(n: int = 1, values: list[float] | None = None, **more: Any) -> MovedRun:
    run = MovedRun(
        f"{n:032x}", "flowers", f"run {n}", T0 + n, end_us=T0 + 5_000_000, params={"lr": "0.1"}, tags={"note": "a"}
    )
    return replace(run, metrics=partial(points, ODD if values is None else values), **more)


def a_file(path: Path, name: str = "notes.txt", text: str = "hello") -> MovedFile:
    path.write_text(text)
    return MovedFile(name, lambda _: path, len(text), 0)


def take(store: Store, *runs: MovedRun, models: tuple[MovedRegistered, ...] = (), source: str = "a test") -> Tally:
    with Intake(store, source=source) as intake:
        intake.experiment(MovedExperiment("flowers", {"team": "a"}, 1_600_000_000_000))
        for _ in intake.runs(runs):
            pass
        for model in models:
            intake.registered(model)
    return intake.tally


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return quiet_store(tmp_path / "runs.duckdb")


def test_a_run_is_as_it_was(store: Store, tmp_path: Path) -> None:
    data = DatasetInput(Dataset("d", "1", "local", "{}", '{"a":1}', '{"n":2}'), "training", {"k": "v"})
    model = MovedModel("m-" + "7" * 32, "net", "net", "READY", "t", T0, T0 + 2000, params={"a": "1"}, tags={"b": "2"},
                       metrics=(("acc", 0.5, 1_700_000_000_100, 3, "d", "1", None),),
                       files=lambda: [a_file(tmp_path / "m", "weights.bin", "w")])  # fmt: skip
    run = a_run(status="FAILED", user="eve", parent=f"{9:032x}", stage="deleted", deleted_us=T0 + 9_000_000, inputs=(data,),
                models=(model,), links=(("output", model.model_id, 2),), files=lambda: [a_file(tmp_path / "f")],
                tags={"mlflow.parentRunId": f"{9:032x}"})  # fmt: skip
    tally = take(store, run)
    assert (tally.runs.new, tally.points, tally.files, tally.skipped) == (1, len(ODD), 2, [])
    found = store.get_run(run.run_id)
    info = found.info
    assert (info.start_time, info.end_time, info.user_id, info.status) == (
        T0 // 1000,
        T0 // 1000 + 5000,
        "eve",
        "FAILED",
    )
    assert (info.lifecycle_stage, info.parent_run_id, info.duration) == ("deleted", f"{9:032x}", 4.999999)
    step, t, value = store.metric_history(run.run_id, "loss")
    assert sorted(map(repr, value.tolist())) == sorted(map(repr, ODD))
    assert step.tolist() == [0, 0, 1, 2, 3, 4, 5, 6]
    assert t.astype(np.int64).tolist() == [T0 // 1000 + int(s) for s in step]
    said = run_told(store, found, logged_models.links_of(store, [run.run_id])[run.run_id])
    assert said["inputs"] == [
        ["d", "1", "local", "{}", '{"a":1}', '{"n":2}', {"k": "v", "mlflow.data.context": "training"}]
    ]
    assert said["files"] == [["net/weights.bin", 1], ["notes.txt", 5]]
    (kept,) = logged_models.models_of(store, run.run_id)
    assert (kept.created_ms, kept.updated_ms, kept.status, kept.params) == (
        T0 // 1000,
        T0 // 1000 + 2,
        "READY",
        {"a": "1"},
    )
    assert kept.metrics == (("acc", 0.5, 1_700_000_000_100, 3, "d", "1", run.run_id),)
    (experiment,) = store.search_experiments("name = 'flowers'")
    assert (experiment.creation_time, experiment.tags) == (1_600_000_000_000, {"team": "a"})
    assert take(store, run).is_nothing_new


def test_a_source_that_has_grown_brings_what_is_new(store: Store, tmp_path: Path) -> None:
    early = a_run(values=ODD[:3], status="RUNNING", end_us=None, files=lambda: [a_file(tmp_path / "f")])
    assert take(store, early).runs.new == 1
    assert store.get_run(early.run_id).info.status == "RUNNING"
    late = a_run(
        params={"lr": "0.2", "depth": "3"},
        tags={"note": "b", "new": "c"},
        files=lambda: [a_file(tmp_path / "f", text="another text")],
    )
    tally = take(store, late)
    assert (tally.runs.changed, tally.points, tally.files) == (1, len(ODD) - 3, 1)
    found = store.get_run(late.run_id)
    assert found.info.status == "FINISHED"
    assert found.data.params == {"lr": "0.1", "depth": "3"}  # the first value of a param stays
    assert {key: found.data.tags[key] for key in ("note", "new")} == {"note": "b", "new": "c"}
    assert store.artifact_file(late.run_id, "notes.txt").read_text() == "another text"
    assert sorted(map(repr, store.metric_history(late.run_id, "loss")[2].tolist())) == sorted(map(repr, ODD))
    assert take(store, late).is_nothing_new


def test_what_was_changed_here_stays(store: Store) -> None:
    run = a_run(tags={"note": "a", "gone": "x"})
    take(store, run)
    store.append(
        ("tags", run.run_id, {"note": "mine"}, None),
        ("untag", run.run_id, None, {"keys": ["gone"]}),
        ("state", run.run_id, None, {"lifecycle_stage": "deleted"}),
    )
    tally = take(store, replace(run, tags={"note": "theirs", "gone": "x"}))
    assert tally.is_nothing_new
    found = store.get_run(run.run_id)
    assert found.data.tags["note"] == "mine"
    assert "gone" not in found.data.tags
    assert found.info.lifecycle_stage == "deleted"


def test_a_run_that_came_by_half_is_finished_by_the_next_move(store: Store) -> None:
    def torn() -> Iterator[Points]:
        yield from points([1.0, 2.0])
        raise OSError(5, "the disk is gone")

    runs = [a_run(i) for i in range(1, 4)]
    tally = take(store, runs[0], replace(runs[1], metrics=torn), runs[2])
    assert [what for what, _ in tally.skipped] == [f"run {runs[1].run_id}"]
    assert store.get_run(runs[1].run_id).info.status == "RUNNING"
    assert take(store, *runs).runs.changed == 1
    assert store.get_run(runs[1].run_id).info.status == "FINISHED"
    assert len(store.metric_history(runs[1].run_id, "loss")[2]) == len(ODD)


def test_an_interrupted_move_goes_on(store: Store, tmp_path: Path) -> None:
    def until(n: int) -> Iterator[MovedRun]:
        for i in range(1, 6):
            if i == n:
                raise KeyboardInterrupt
            yield a_run(i)

    with pytest.raises(KeyboardInterrupt), Intake(store, source="a test") as intake:
        for _ in intake.runs(until(4)):
            pass
    assert take(store, *until(9)).runs.new == 5 - len(intake._known - {run.run_id for run in until(0)})
    whole = quiet_store(tmp_path / "whole.duckdb")
    take(whole, *until(9))
    assert told(store)["runs"] == told(whole)["runs"]


def test_what_no_store_takes_is_left_out_and_named(store: Store, tmp_path: Path) -> None:
    bad = a_run(1, params={"": "x", "ok": "1"}, files=lambda: [a_file(tmp_path / "f", "../../etc/passwd")])
    tally = take(store, bad, replace(a_run(2), run_id="NOT-AN-ID"), a_run(3, status="ODD"), a_run(4), a_run(4))
    assert tally.runs.new == 2
    assert {what.split(" ")[0] for what, _ in tally.skipped} == {"param", "file", "run"}
    assert tally.n_skipped == 5
    assert store.get_run(bad.run_id).data.params == {"ok": "1"}


def test_a_dry_run_makes_nothing(tmp_path: Path) -> None:
    store = quiet_store(tmp_path / "none.duckdb")
    with Intake(store, source="a test", is_dry=True) as intake:
        intake.experiment(MovedExperiment("flowers"))
        assert [*intake.runs([a_run()])]
        intake.registered(MovedRegistered("m", versions=(MovedVersion(1, "runs:/x"),)))
    assert (intake.tally.runs.new, intake.tally.points, intake.tally.versions.new) == (1, len(ODD), 1)
    assert [*tmp_path.iterdir()] == []


def test_registered_models_keep_numbers_times_and_authors(store: Store) -> None:
    versions = (
        MovedVersion(1, "s3://b/1", stage="Production", user="eve", created=1000, updated=3000, tags={"a": "1"}),
        MovedVersion(3, "s3://b/3", description="third", user="ada", created=2000, updated=2000),
    )
    model = MovedRegistered(
        "net",
        "desc",
        "eve",
        500,
        3000,
        {"k": "v"},
        versions,
        {"champion": 3},
        (("champion", None, "metrics.acc > 0.5"),),
    )
    assert take(store, models=(model,)).versions.new == 2
    found = store.registry.get("net")
    assert (found.creation_timestamp, found.user_id, found.description, found.tags) == (500, "eve", "desc", {"k": "v"})
    first, third = store.registry.version("net", 1), store.registry.version("net", 3)
    assert (first.current_stage, first.user_id, first.creation_timestamp, first.last_updated_timestamp) == (
        "Production",
        "eve",
        1000,
        3000,
    )
    assert (third.aliases, third.user_id, third.creation_timestamp) == (["champion"], "ada", 2000)
    assert [gate.expression for gate in found.gates] == ["metrics.acc > 0.5"]
    assert take(store, models=(model,)).is_nothing_new
    # Somebody moves the alias, deletes a version; another source has a version 1 of its own.
    store.registry.set_alias("net", "champion", 1)
    store.registry.delete("net", 3)
    again = take(store, models=(model,))
    assert store.registry.get("net").aliases == {"champion": 1}
    assert [why for _, why in again.skipped] == ["it was deleted here"]
    other = replace(
        model, versions=(MovedVersion(1, "s3://other/1", created=700),), aliases={"champion": 1, "new": 1}, gates=()
    )
    told_of = take(store, models=(other,), source="another").notes
    assert store.registry.version("net", 4).source == "s3://other/1"
    assert store.registry.get("net").aliases == {"champion": 1, "new": 4}
    assert len(told_of) == 2


def test_a_server_takes_the_same(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbtrack.store.remote.store import ServerStore

    monkeypatch.setenv("NBTRACK_OUTBOX", str(tmp_path / "outbox"))
    runs = [a_run(i, files=lambda: [a_file(tmp_path / "f")]) for i in range(1, 3)]
    model = MovedRegistered(
        "net", created=500, versions=(MovedVersion(2, "s3://b/2", user="eve", created=1000),), aliases={"a": 2}
    )
    take(store, *runs, models=(model,))
    served = Served(tmp_path / "there.duckdb")
    try:
        remote = ServerStore(served.url)
        assert take(remote, *runs, models=(model,)).runs.new == 2
        assert take(remote, *runs, models=(model,)).is_nothing_new
        there, here = told(served.store), told(store)
        assert there == here
        assert remote.artifact_file(runs[0].run_id, "notes.txt").read_text() == "hello"
        remote.close()
    finally:
        served.stop()


def test_who_moved_is_told_by_the_journal(store: Store) -> None:
    take(store, a_run())
    writers = store.sql("SELECT DISTINCT writer FROM events WHERE kind = 'start'")["writer"]
    assert all(writer.startswith(MOVER) for writer in writers)
    assert len(store.search_experiments(view=ViewType.ALL)) >= 1


def test_a_registry_takes_only_what_it_understands(store: Store) -> None:
    take_in = store.registry.take
    take_in("net", [{"op": "version", "version": 2, "source": "s3://b/2"}])  # a model that is not there is made
    for bad in (
        {"op": "explode"},
        {"op": "version"},
        {"op": "alias", "alias": "a", "version": 9},
        {"op": "version", "version": 3, "at": "yesterday"},
        {"op": "version", "version": 3, "at": 2**62},
        {"op": "version", "version": 3, "run_id": "../.."},
        {"op": "stage", "version": 2, "stage": "Somewhere"},
        {"op": "tag", "tags": {"": "x"}},
    ):
        with pytest.raises(InvalidValueError):
            take_in("net", [bad])
    with pytest.raises(AlreadyExistsError, match="'2'"):
        take_in("net", [{"op": "version", "version": 2}])
    with pytest.raises(InvalidValueError, match="too many"):
        take_in("net", [{"op": "tag", "tags": {}}] * 100_001)
    assert [version.version for version in store.registry.search_versions(ModelQuery())] == [2]
