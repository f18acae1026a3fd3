"""Files of other versions: older ones are brought up to date, newer ones are left alone, those of this one load for ever."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from nbtrack.errors import StoreVersionError
from nbtrack.store import schema
from nbtrack.store.protocol import RunQuery
from nbtrack.store.rebuild import rebuild
from tests.store.disks import read_only
from tests.store.kit import assert_same, end, everything, everything_at, fold_all, quiet_store, start
from tests.store.test_full_disk import in_child

if TYPE_CHECKING:
    from nbtrack.store.local import LocalStore

GOLDEN = Path(__file__).parents[1] / "data" / "store-v1"


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    (tmp_path / "store").mkdir()
    made = quiet_store(tmp_path / "store" / "runs.duckdb")
    run_id = start(made, "old")
    made.log_metrics(run_id, 0, {"x": 1.0})
    end(made, run_id)
    fold_all(made)
    return made


@pytest.fixture
def next_version(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be an nbtrack of the next schema: it has one more column."""
    monkeypatch.setattr(schema, "SCHEMA_VERSION", schema.SCHEMA_VERSION + 1)
    monkeypatch.setitem(schema.TABLES, "settings", "name VARCHAR, value VARCHAR, colour VARCHAR")
    monkeypatch.setitem(schema.MIGRATIONS, schema.SCHEMA_VERSION - 1, paint)


def paint(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("ALTER TABLE settings ADD COLUMN colour VARCHAR")


def version_in(path: Path) -> str:
    with duckdb.connect(str(path), read_only=True) as con:
        return str(con.execute("SELECT value FROM _meta WHERE key = 'schema_version'").fetchall()[0][0])


@pytest.mark.usefixtures("next_version")
def test_an_older_file_is_brought_up_to_date_by_the_first_read(store: LocalStore) -> None:
    assert store.search_runs(RunQuery())[0].data.metrics == {"x": 1.0}
    assert version_in(store.path) == str(schema.SCHEMA_VERSION)
    old = schema.SCHEMA_VERSION - 1
    assert version_in(store.path.with_name(f"runs.duckdb.bak-v{old}")) == str(old), "a copy is kept"
    assert store.sql("SELECT colour FROM settings").empty


@pytest.mark.usefixtures("next_version")
def test_an_older_file_is_brought_up_to_date_by_the_first_fold(store: LocalStore) -> None:
    end(store, start(store, "new"))
    fold_all(store)
    assert version_in(store.path) == str(schema.SCHEMA_VERSION)
    assert len(store.search_runs(RunQuery())) == 2


@pytest.mark.usefixtures("next_version")
def test_a_step_that_fails_changes_nothing(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(con: duckdb.DuckDBPyConnection) -> None:
        con.execute("DROP TABLE runs")
        con.execute("SELECT error('no')")

    old = schema.SCHEMA_VERSION - 1
    monkeypatch.setitem(schema.MIGRATIONS, old, break_down)
    with pytest.raises(duckdb.Error):
        store.search_runs(RunQuery())
    assert version_in(store.path) == str(old)
    monkeypatch.setitem(schema.MIGRATIONS, old, paint)
    assert len(store.search_runs(RunQuery())) == 1


def read_where_nothing_can_be_written(path: Path) -> tuple[int, str]:
    """Read an older file in a read-only folder."""
    schema.SCHEMA_VERSION += 1
    schema.TABLES["settings"] = "name VARCHAR, value VARCHAR, colour VARCHAR"
    schema.MIGRATIONS[schema.SCHEMA_VERSION - 1] = paint
    read_only(path.parent)
    return len(quiet_store(path).search_runs(RunQuery())), version_in(path)


def test_an_older_file_that_cannot_be_written_is_read_all_the_same(store: LocalStore) -> None:
    start(store, "in the journal")
    assert in_child(read_where_nothing_can_be_written, store.path) == (2, str(schema.SCHEMA_VERSION))


def test_a_newer_file_is_not_read_and_logging_goes_on(store: LocalStore) -> None:
    with duckdb.connect(str(store.path)) as con:
        con.execute("UPDATE _meta SET value = '99' WHERE key = 'schema_version'")
    with pytest.raises(StoreVersionError, match=r"schema 99.*pip install -U nbtrack"):
        store.search_runs(RunQuery())
    run_id = start(store, "new")
    store.log_metrics(run_id, 0, {"x": 2.0})
    end(store, run_id)
    assert store.fold(timeout=10) is None, "the journals wait for an nbtrack that knows the file"
    store.close()
    assert [p.suffix for p in (store.folder / "w").iterdir()].count(".jnl") == 2
    with duckdb.connect(str(store.path)) as con:
        assert con.execute("SELECT count(*) FROM runs").fetchall() == [(1,)]
        con.execute("UPDATE _meta SET value = ? WHERE key = 'schema_version'", [str(schema.SCHEMA_VERSION)])
    assert len(quiet_store(store.path).search_runs(RunQuery())) == 2


def test_a_new_file_can_be_read_by_every_duckdb_that_is_supported(store: LocalStore) -> None:
    header = store.path.read_bytes()[8:24]
    assert header[:4] == b"DUCK"
    assert int.from_bytes(header[4:12], "little") == 68, "storage version of DuckDB 1.5"
    with duckdb.connect(str(store.path), read_only=True) as con:
        assert con.execute(
            "SELECT count(*) FROM duckdb_constraints() WHERE constraint_type <> 'NOT NULL'"
        ).fetchall() == [(0,)]
        assert con.execute("SELECT count(*) FROM duckdb_indexes()").fetchall() == [(0,)]


# -- the store that the first version made -------------------------------------------------------------------------------


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    shutil.copytree(GOLDEN, tmp_path / "golden")
    return tmp_path / "golden" / "runs.duckdb"


def check_golden(path: Path) -> None:
    runs = {run.info.run_name: run for run in quiet_store(path).search_runs(RunQuery(experiment_ids=("0", "1")))}
    assert {name: run.info.status for name, run in runs.items()} == {
        "finished": "FINISHED",
        "failed": "FAILED",
        "killed": "KILLED",
    }
    run = runs["finished"]
    assert (run.info.number, run.info.experiment_name, run.info.user_id, run.info.duration) == (1, "größe", "ada", 0.1)
    assert run.data.params == {"lr": "0.1", "a/b": "😀"}
    assert run.data.tags["mlflow.note.content"] == "**bold**"
    summary = run.data.summaries["loss"]
    assert (summary.last, summary.min, summary.max, summary.count, summary.nans) == (0.25, 0.25, float("inf"), 4, 1)
    assert run.inputs.dataset_inputs[0].dataset.digest == "abc123"
    assert runs["killed"].info.parent_run_id == run.info.run_id
    store = quiet_store(path)
    assert store.artifact_file(run.info.run_id, "notes/hello.txt").read_bytes() == b"hello"
    assert store.settings() == {"goal/loss": "min"}
    assert store.metric_history(run.info.run_id, "loss")[0].tolist() == [-1, 0, 1, 2]


def test_a_store_of_the_first_version_loads(golden: Path) -> None:
    check_golden(golden)


def test_a_store_of_the_first_version_folds_and_is_made_anew(golden: Path) -> None:
    before = everything_at(golden)
    store = quiet_store(golden)
    fold_all(store)
    assert_same(before, everything(store), "after a fold")
    rebuild(golden, store.folder)
    assert_same(before, everything(store), "after a rebuild")
    check_golden(golden)


def test_a_store_of_the_first_version_takes_new_runs(golden: Path) -> None:
    store = quiet_store(golden)
    assert store.next_run_number() == 4
    assert store.create_experiment("new") == "2"
    end(store, start(store, "new"))
    fold_all(store)
    assert len(store.search_runs(RunQuery())) == 4
