from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sklearn.linear_model import LogisticRegression

import nbtrack
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.moving.copy import copy_store
from nbtrack.moving.merge import merge_stores
from nbtrack.moving.stored import Chosen
from nbtrack.store.opening import open_store
from nbtrack.store.registry_protocol import ModelQuery, NewVersion
from nbtrack.tracking import active
from tests.moving.contents import contents
from tests.store.kit import end, quiet_store, start

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.store.local import LocalStore
    from tests.stores import Recorded


def fill() -> None:
    """Record something of every kind."""
    nbtrack.set_experiment("one")
    with nbtrack.start_run(run_name="first", tags={"t": "v"}):
        nbtrack.log_params({"lr": 0.1, "long": "x" * 5000})
        for i in range(50):
            nbtrack.log_metrics({"loss": 1 / (i + 1), "acc": i}, step=i)
        nbtrack.log_metric("loss", float("nan"), step=7)
        nbtrack.log_metric("odd", float("-inf"))
        nbtrack.log_text("hi", "notes/a.txt")
        nbtrack.log_text("hi", "same.txt")
        with nbtrack.start_run(run_name="child", nested=True):
            nbtrack.log_metric("x", 1)
    with nbtrack.start_run(run_name="model"):
        model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
        nbtrack.sklearn.log_model(model, "clf", registered_model_name="clf")
        nbtrack.log_metric("acc", 0.9)
    nbtrack.expect("clf", "metrics.acc > 0.5", alias="champion")
    nbtrack.set_registered_model_alias("clf", "champion", 1)
    with nbtrack.start_run(run_name="gone") as gone:
        nbtrack.log_param("a", 1)
    nbtrack.delete_run(gone.info.run_id)
    nbtrack.set_goal("loss", "min")


@pytest.fixture
def full(recorded: Recorded) -> LocalStore:
    recorded(fill)
    store = active.get_store()
    store.fold(timeout=10)
    return store  # type: ignore[return-value]


def test_a_copy_has_all_that_the_store_has(full: LocalStore, tmp_path: Path) -> None:
    copy = quiet_store(tmp_path / "copy.duckdb")
    tally = copy_store(full, copy, is_dry=True)
    assert (tally.runs.new, tally.versions.new) == (4, 1)
    assert not copy.folder.exists()
    tally = copy_store(full, copy)
    assert tally.n_skipped == 0
    whole = contents(full)
    assert contents(copy) == whole
    again = copy_store(full, copy)
    assert again.is_nothing_new
    assert (again.points, again.files, again.runs.known) == (0, 0, 4)
    copy.fold(timeout=10)
    assert contents(copy) == whole
    digest = copy.sql("SELECT sha256 FROM artifacts WHERE path = 'same.txt'")["sha256"][0]
    assert copy.blobs.path_of(digest).samefile(full.blobs.path_of(digest))  # it takes no room twice


def test_a_copied_model_is_still_its_users_own(full: LocalStore, tmp_path: Path) -> None:
    copy = open_store(tmp_path / "copy.duckdb")
    copy_store(full, copy)
    nbtrack.set_tracking_uri(tmp_path / "copy.duckdb")
    assert nbtrack.sklearn.load_model("models:/clf@champion").predict([[1.0]]).tolist() == [1]


def test_runs_are_chosen_by_name_experiment_and_filter(full: LocalStore, tmp_path: Path) -> None:
    def names(chosen: Chosen, place: str) -> set[str]:
        copy = quiet_store(tmp_path / place)
        copy_store(full, copy, chosen)
        return set(copy.sql("SELECT name FROM runs")["name"])

    assert names(Chosen(runs=["child"]), "a.duckdb") == {"child"}
    assert names(Chosen(where="metrics.acc > 10"), "b.duckdb") == {"first"}
    copy = quiet_store(tmp_path / "c.duckdb")
    copy_store(full, copy, Chosen(runs=["model"], experiments=["one"]))
    assert set(copy.sql("SELECT name FROM runs")["name"]) == {"first", "child", "model"}
    assert copy.registry.version_by_alias("clf", "champion").version == 1
    copy_store(full, copy)
    assert contents(copy) == contents(full)


def test_what_has_grown_comes_with_the_next_copy_and_what_was_changed_here_stays(tmp_path: Path) -> None:
    source, copy = quiet_store(tmp_path / "a.duckdb"), quiet_store(tmp_path / "b.duckdb")
    run = start(source)
    source.log_metrics(run, 0, {"loss": 1.0})
    copy_store(source, copy)
    assert copy.get_run(run).info.status == "RUNNING"
    copy.append(("tags", run, {"seen": "here"}, None))
    source.log_metrics(run, 1, {"loss": 0.5, "acc": 1.0})
    source.append(("tags", run, {"seen": "there", "new": "tag"}, None))
    source.add_artifact(run, "late.txt", b"late")
    end(source, run)
    tally = copy_store(source, copy)
    assert (tally.runs.changed, tally.points, tally.files) == (1, 2, 1)
    there, here = source.get_run(run), copy.get_run(run)
    assert here.data.metrics == there.data.metrics
    assert (here.info.status, here.info.end_time) == ("FINISHED", there.info.end_time)
    assert here.data.tags == {**there.data.tags, "seen": "here"}


def test_a_copy_that_was_broken_off_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, copy = quiet_store(tmp_path / "a.duckdb"), quiet_store(tmp_path / "b.duckdb")
    for i in range(5):
        run = start(source, f"run {i}")
        for step in range(40):
            source.log_metrics(run, step, {"loss": float(step)})
        end(source, run)
    from nbtrack.moving import shipment

    monkeypatch.setattr(shipment, "DELIVERY_BYTES", 4000)
    calls = 0

    def break_off(_text: str, done: int, _of: int) -> None:
        nonlocal calls
        calls += 1
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_store(source, copy, progress=break_off)
    assert calls == 3
    tally = copy_store(source, copy)
    assert 2 <= tally.runs.new < 5
    assert contents(copy) == contents(source)


def test_a_damaged_file_is_left_out_and_told(tmp_path: Path) -> None:
    source, copy = quiet_store(tmp_path / "a.duckdb"), quiet_store(tmp_path / "b.duckdb")
    run = start(source)
    kept = source.blobs.path_of(str(source.add_artifact(run, "a.txt", b"good").sha256))
    kept.chmod(0o600)
    kept.write_bytes(b"evil")
    tally = copy_store(source, copy)
    assert [what for what, _ in tally.skipped] == [f"file a.txt of run {run}"]
    assert "damaged" in tally.skipped[0][1]


def test_merging_joins_models_of_one_name_and_says_what_came_differently(full: LocalStore, tmp_path: Path) -> None:
    other = quiet_store(tmp_path / "other.duckdb")
    theirs = start(other, "theirs")
    end(other, theirs)
    other.registry.create_version("clf", NewVersion("elsewhere", run_id=theirs), makes_model=True)
    other.registry.set_alias("clf", "champion", 1)
    other.registry.set_alias("clf", "newest", 1)
    into = quiet_store(tmp_path / "into.duckdb")
    busy = start(into, "busy")  # somebody records there meanwhile
    into.log_metrics(busy, 0, {"loss": 1.0})
    told = merge_stores(into, [full, other, full])  # one twice
    into.log_metrics(busy, 1, {"loss": 0.5})
    versions = {v.version: v.run_id for v in into.registry.search_versions(ModelQuery())}
    assert len(versions) == 2
    assert told[full.uri].runs.new > 0, "the second time is not what is told"
    assert versions[1] in set(full.sql("SELECT run_id FROM runs")["run_id"])
    aliases = into.registry.get("clf").aliases
    assert aliases["newest"] == 2
    assert any("version 1 is 2 here" in note for note in told[other.uri].notes)
    assert into.get_run(busy).data.summaries["loss"].count == 2
    assert into.sql("SELECT count(*) AS n FROM runs")["n"][0] == 6
    before = contents(into)
    again = merge_stores(into, [full, other])
    assert all(tally.points == tally.files == tally.runs.new == tally.versions.new == 0 for tally in again.values())
    assert contents(into) == before


def test_a_store_is_not_copied_into_itself_nor_from_nowhere(tmp_path: Path) -> None:
    store = quiet_store(tmp_path / "a.duckdb")
    start(store)
    with pytest.raises(InvalidValueError, match="both source and destination"):
        copy_store(store, quiet_store(tmp_path / "." / "a.duckdb"))
    with pytest.raises(NotFoundError, match=r"nowhere\.duckdb"):
        merge_stores(store, [quiet_store(tmp_path / "nowhere.duckdb")])
    assert not (tmp_path / "nowhere.nbtrack").exists()
