"""Registered models follow from their events, whoever wrote them, in whatever order they are folded."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbtrack.entities import ViewType
from nbtrack.store import schema
from nbtrack.store.apply_registry import MODEL_TABLES
from nbtrack.store.protocol import RunQuery
from nbtrack.store.rebuild import rebuild
from nbtrack.store.registry_protocol import NewVersion
from tests.effort import tries
from tests.store.kit import assert_same, crash, end, everything, fold_all, quiet_store, start
from tests.store.processes import quick
from tests.store.test_many_processes import answers_of

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from nbtrack.store.local import LocalStore

ELSEWHERE = NewVersion("s3://bucket/model")


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return quiet_store(tmp_path / "runs.duckdb")


# -- the order of folds ----------------------------------------------------------------------------------------------------

IDS = st.sampled_from(["a" * 32, "b" * 32])
NUMBERS = st.integers(1, 3)
TEXTS = st.sampled_from(["x", "y"])


def body(op: str, **fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"op": st.just(op), "id": IDS, "name": TEXTS, **fields})


BODIES = st.one_of(
    body("create"),
    body("rename", to=TEXTS),
    body("delete"),
    body("version", version=NUMBERS),
    body("delete_version", version=NUMBERS),
    body("describe_version", version=NUMBERS, description=TEXTS),
    body("alias", version=NUMBERS, alias=TEXTS),
    body("unalias", alias=TEXTS),
    body("tag"),
    body("untag", key=TEXTS),
    body("tag_version", version=NUMBERS),
    body("stage", version=NUMBERS, stage=st.sampled_from(["Production", "Staging"]), archive=st.booleans()),
    body("expect", alias=TEXTS, expression=TEXTS),
    body("unexpect", alias=TEXTS, expression=TEXTS),
    body("of a newer nbtrack", something=TEXTS),
)


@settings(max_examples=tries(10), suppress_health_check=list(HealthCheck), deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, 2), BODIES, st.dictionaries(TEXTS, TEXTS)), min_size=10, max_size=60),
    order=st.permutations([0, 1, 2]),
)
def test_late_folds_in_any_order_give_the_same_models(changes: list[Any], order: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "runs.duckdb"
        writers = [quiet_store(path) for _ in range(3)]
        writers[0].append(*(("registry", None, None, {"op": "create", "id": i * 32, "name": i}) for i in "ab"))
        for which, change, tags in changes:
            has_tags = change["op"] in ("tag", "tag_version", "create", "version")
            writers[which].append(("registry", None, tags if has_tags else None, change))
        before = everything(writers[0])
        assert before["model_events"]
        for which in order:
            writers[which].writer.rotate()
            assert quiet_store(path).fold(timeout=10) is not None
            assert_same(before, everything(writers[0]), f"after folding {which} of {order}")
        rebuild(path, path.with_suffix(".nbtrack"))
        assert_same(before, everything(writers[0]), "made anew")
        for each in writers:
            each.writer.close()


def test_what_was_done_to_a_deleted_model_does_not_reach_the_next_of_its_name(store: LocalStore) -> None:
    first = store.registry
    other = quiet_store(store.path)
    first.create_version("fraud", ELSEWHERE, makes_model=True)
    with store.reading() as reader:
        registry_id = reader.con.execute("SELECT registry_id FROM registered_models").fetchall()[0][0]
    first.delete("fraud")
    first.create_version("fraud", ELSEWHERE, makes_model=True)
    late = {"op": "alias", "id": registry_id, "name": "fraud", "version": 1, "alias": "champion"}
    other.append(("registry", None, None, late))
    fold_all(store, other)
    assert first.get("fraud").aliases == {}
    assert [e.detail for e in first.history("fraud") if e.op == "alias"] == ["came too late to change anything"]
    other.writer.close()


def test_a_writer_whose_clock_is_behind_comes_after_what_it_has_seen(store: LocalStore, monkeypatch) -> None:
    ahead = quiet_store(store.path)
    ahead.writer.not_before(4_000_000_000_000_000)
    for _ in range(2):
        ahead.registry.create_version("fraud", ELSEWHERE, makes_model=True)
    ahead.registry.set_alias("fraud", "champion", 1)
    store.registry.set_alias("fraud", "champion", 2)
    assert store.registry.version_by_alias("fraud", "champion").version == 2
    ahead.writer.close()


def test_a_run_starts_while_a_model_is_changed(store: LocalStore) -> None:
    store.make_folder()
    with store.numbers.changing_models():
        assert quiet_store(store.path).next_run_number() == 1


def test_a_killed_process_has_registered_what_it_said(store: LocalStore) -> None:
    store.registry.create_version("fraud", ELSEWHERE, makes_model=True)
    after = crash(store)
    assert after.registry.create_version("fraud", ELSEWHERE).version == 2


def test_a_full_look_at_a_lost_file_has_the_models(store: LocalStore) -> None:
    store.registry.create_version("fraud", ELSEWHERE, makes_model=True)
    fold_all(store)
    store.path.unlink()
    with pytest.warns(UserWarning, match="made anew from its history"):
        assert store.registry.version("fraud", 1).version == 1


# -- the schema ------------------------------------------------------------------------------------------------------------


def test_a_file_without_tables_for_models_gets_them_with_what_was_folded(store: LocalStore) -> None:
    store.registry.create_version("fraud", ELSEWHERE, makes_model=True)
    store.registry.set_alias("fraud", "champion", 1)
    fold_all(store)
    before = everything(store)
    with duckdb.connect(str(store.path)) as con:  # as an nbtrack without a registry would have folded it
        for name in MODEL_TABLES:
            con.execute(f"DROP TABLE {name}")
        con.execute("UPDATE _meta SET value = '1' WHERE key = 'schema_version'")
    assert_same(before, everything(store), "brought up to date")
    with duckdb.connect(str(store.path), read_only=True) as con:
        assert con.execute("SELECT value FROM _meta WHERE key = 'schema_version'").fetchall() == [
            (str(schema.SCHEMA_VERSION),)
        ]
    assert store.registry.create_version("fraud", ELSEWHERE).version == 2


# -- purging ---------------------------------------------------------------------------------------------------------------


def test_a_purge_keeps_the_runs_of_living_versions(store: LocalStore) -> None:
    experiment = int(store.create_experiment("trash"))
    kept, gone = (start(store, name, experiment_id=experiment, experiment="trash") for name in ("kept", "gone"))
    for run_id in (kept, gone):
        store.add_artifact(run_id, "model/MLmodel", run_id.encode())
        end(store, run_id)
    store.registry.create_version("fraud", NewVersion(f"runs:/{kept}/model", kept, "model"), makes_model=True)
    store.delete_experiment(str(experiment))
    store.append(("state", kept, None, {"lifecycle_stage": "deleted"}))
    said: list[str] = []
    done = store.purge(progress=said.append)
    assert (done["runs"], done["experiments"], done["kept_runs"]) == (1, 0, 1)
    assert any("fraud 1" in line for line in said)
    assert [
        r.info.run_name for r in store.search_runs(RunQuery(view=ViewType.ALL, experiment_ids=(str(experiment),)))
    ] == ["kept"]
    assert store.artifact_file(kept, "model/MLmodel").read_bytes() == kept.encode()
    store.registry.delete("fraud", 1)
    done = store.purge()
    assert (done["runs"], done["experiments"], done["kept_runs"]) == (1, 1, 0)
    assert len(store.registry.history("fraud")) == 3, "what happened to a model stays"
    rebuild(store.path, store.folder)
    assert len(store.registry.history("fraud")) == 3


# -- several processes -----------------------------------------------------------------------------------------------------

EACH = 8


def register_here(path: Path, said: Connection) -> None:
    """Register versions of one model and move its alias, as fast as it goes."""
    from nbtrack.store.local import LocalStore

    store = LocalStore(path)
    mine = []
    for _ in range(EACH):
        version = store.registry.create_version("fraud", ELSEWHERE, makes_model=True).version
        store.registry.set_alias("fraud", "champion", version)
        mine.append(version)
    store.close()
    said.send(mine)


@pytest.mark.slow
def test_processes_that_register_at_once_get_different_numbers(tmp_path: Path) -> None:
    path = tmp_path / "new" / "runs.duckdb"
    found = answers_of(quick(), path, *[register_here] * 4)
    assert sorted(v for mine in found for v in mine) == list(range(1, 4 * EACH + 1))
    store = quiet_store(path)
    moves = [e for e in store.registry.history("fraud") if e.op == "alias"]
    assert len(moves) == 4 * EACH, "whoever moved it, all moves are kept"
    assert [e.before for e in moves[1:]] == [e.after for e in moves[:-1]], "each from where the last one put it"
    assert store.registry.get("fraud").aliases == {"champion": int(moves[-1].after or 0)}, "the later wins"
    assert (path.parent / "runs.nbtrack").stat().st_mode & 0o777 == 0o700
