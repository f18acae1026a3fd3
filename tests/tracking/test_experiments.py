"""Experiments are made, found, renamed, put in the trash and brought back; every refusal says what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import nbtrack
from nbtrack import ViewType
from nbtrack.errors import AlreadyExistsError, InvalidValueError, NotFoundError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _store(tmp_path: Path):
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    yield
    nbtrack.tracking.active.set_experiment_name(None)


def names(view: ViewType = ViewType.ACTIVE_ONLY, filter_string: str = "") -> list[str]:
    return sorted(e.name for e in nbtrack.search_experiments(view, filter_string=filter_string))


def test_an_experiment_is_made_and_found():
    experiment_id = nbtrack.create_experiment("digits", tags={"team": "x"})
    found = nbtrack.get_experiment(experiment_id)
    assert (found.name, found.tags, found.lifecycle_stage) == ("digits", {"team": "x"}, "active")
    assert found.creation_time > 0
    assert nbtrack.get_experiment_by_name("digits") == found
    assert nbtrack.get_experiment_by_name("nothing") is None
    assert "digits" in names()


def test_choosing_an_experiment_makes_it_once():
    first, second = nbtrack.set_experiment("digits"), nbtrack.set_experiment("digits")
    assert first.experiment_id == second.experiment_id
    with nbtrack.start_run() as run:
        pass
    assert run.info.experiment_name == "digits"
    assert nbtrack.set_experiment(experiment_id=first.experiment_id).name == "digits"
    assert nbtrack.set_experiment().name == "Default"


def test_the_environment_chooses_an_experiment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NBTRACK_EXPERIMENT", "from outside")
    with nbtrack.start_run() as run:
        pass
    assert nbtrack.get_run(run.id).info.experiment_name == "from outside"


def test_a_run_chooses_its_own_experiment():
    experiment_id = nbtrack.create_experiment("by id")
    with nbtrack.start_run(experiment="by name") as one:
        pass
    with nbtrack.start_run(experiment_id=experiment_id) as two, nbtrack.start_run(nested=True) as child:
        pass
    assert [r.info.experiment_name for r in (one, two, child)] == ["by name", "by id", "by id"]


@pytest.mark.parametrize("name", ["größe 🎉", "a/b c", "'; DROP TABLE experiments; --", "x" * 500])
def test_any_printable_name_is_an_experiment(name: str):
    experiment_id = nbtrack.create_experiment(name)
    assert nbtrack.get_experiment(experiment_id).name == name


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 501, None, 5])
def test_a_name_that_is_not_allowed_says_what_is(name: str):
    says = "Experiment name .* is not allowed; use a text of 1 to 500 printable characters"
    with pytest.raises(InvalidValueError, match=says):
        nbtrack.create_experiment(name)
    if name:
        with pytest.raises(InvalidValueError, match=says):
            nbtrack.set_experiment(name)


def test_a_name_is_taken_only_once():
    nbtrack.create_experiment("digits")
    with pytest.raises(AlreadyExistsError, match="Experiment 'digits' already exists"):
        nbtrack.create_experiment("digits")
    with pytest.raises(AlreadyExistsError, match="Experiment 'Default' already exists"):
        nbtrack.create_experiment("Default")
    other = nbtrack.create_experiment("other")
    with pytest.raises(AlreadyExistsError, match="Experiment 'digits' already exists"):
        nbtrack.rename_experiment(other, "digits")
    assert nbtrack.get_experiment(other).name == "other"


def test_an_artifact_location_cannot_be_chosen():
    for create in (nbtrack.create_experiment, nbtrack.Client().create_experiment):
        with pytest.raises(InvalidValueError, match=r"artifact_location .*artifacts are kept beside the DuckDB file"):
            create("digits", artifact_location="s3://bucket")
    assert "digits" not in names(ViewType.ALL)


@pytest.mark.parametrize("experiment_id", ["77", "abc", "-1", "", "1" * 30])
def test_an_experiment_that_is_not_there_is_said_so(experiment_id: str):
    for ask in (nbtrack.get_experiment, nbtrack.delete_experiment, nbtrack.restore_experiment):
        with pytest.raises(NotFoundError, match=rf"Experiment (id )?'{experiment_id}' is not in this store"):
            ask(experiment_id)


def test_a_deleted_experiment_frees_its_name_and_restoring_it_asks_for_another():
    old = nbtrack.create_experiment("digits")
    with nbtrack.start_run(experiment_id=old) as run:
        pass
    nbtrack.delete_experiment(old)
    nbtrack.delete_experiment(old)
    assert names(ViewType.DELETED_ONLY) == ["digits"]
    assert nbtrack.search_runs(search_all_experiments=True).empty
    with pytest.raises(
        InvalidValueError, match="Experiment 'digits' is in the trash; bring it back with restore_experiment"
    ):
        nbtrack.start_run(experiment_id=old)

    new = nbtrack.create_experiment("digits")
    assert new != old
    found = nbtrack.get_experiment_by_name("digits")
    assert found
    assert found.experiment_id == new
    with pytest.raises(AlreadyExistsError, match=r"'digits' already exists\. Rename that one .*, then restore"):
        nbtrack.restore_experiment(old)
    nbtrack.rename_experiment(old, "old digits")
    nbtrack.restore_experiment(old)
    nbtrack.restore_experiment(old)
    assert {"digits", "old digits"} <= set(names())
    assert nbtrack.search_runs(experiment_names=["old digits"])["run_id"].tolist() == [run.id]


def test_a_renamed_experiment_keeps_its_runs_and_frees_its_name():
    experiment_id = nbtrack.create_experiment("a")
    with nbtrack.start_run(experiment_id=experiment_id) as run:
        pass
    nbtrack.rename_experiment(experiment_id, "b")
    nbtrack.rename_experiment(experiment_id, "b")
    assert nbtrack.get_run(run.id).info.experiment_name == "b"
    assert nbtrack.create_experiment("a") != experiment_id


def test_the_default_experiment_is_protected():
    with nbtrack.start_run():
        pass
    for change in (nbtrack.delete_experiment, lambda i: nbtrack.rename_experiment(i, "mine")):
        with pytest.raises(InvalidValueError, match="The Default experiment cannot be renamed or deleted"):
            change("0")
    assert nbtrack.get_experiment("0").name == "Default"


def test_tags_of_the_experiment_in_use_and_by_id():
    experiment = nbtrack.set_experiment("digits")
    nbtrack.set_experiment_tags({"a": 1, "b": 2})  # type: ignore[dict-item]
    nbtrack.set_experiment_tag("a", "new")
    client = nbtrack.Client()
    client.set_experiment_tag(experiment.experiment_id, "c", 3)
    client.delete_experiment_tag(experiment.experiment_id, "b")
    assert nbtrack.get_experiment(experiment.experiment_id).tags == {"a": "new", "c": "3"}
    with pytest.raises(NotFoundError):
        client.set_experiment_tag("99", "a", 1)


def test_experiments_are_searched_ordered_and_cut():
    for name in ("digits b", "digits a", "words"):
        nbtrack.create_experiment(name)
    assert names(filter_string="name LIKE 'digits%'") == ["digits a", "digits b"]
    found = nbtrack.search_experiments("name LIKE 'digits%'", order_by=["name DESC"], max_results=1)
    assert [e.name for e in found] == ["digits b"]


def test_purge_deletes_an_experiment_with_its_runs_for_good():
    experiment_id = nbtrack.create_experiment("gone")
    with nbtrack.start_run(experiment_id=experiment_id) as run:
        pass
    nbtrack.delete_experiment(experiment_id)
    assert nbtrack.purge()["experiments"] == 1
    assert "gone" not in names(ViewType.ALL)
    with pytest.raises(NotFoundError):
        nbtrack.get_run(run.id)
