"""Folders and databases that are broken, moved, hostile or old: what can be read comes, the rest is named."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nbtrack.errors import InvalidValueError, NotFoundError, StoreError
from nbtrack.moving.mlflow import rows, words
from nbtrack.moving.mlflow.importing import import_mlflow, open_source
from nbtrack.moving.mlflow.rows import OtherRows
from nbtrack.moving.mlflow.tables import Tables
from nbtrack.store.registry_protocol import ModelQuery
from tests.moving.mlflow_sources import unpack
from tests.store.kit import quiet_store

if TYPE_CHECKING:
    from nbtrack.store.local import LocalStore

RUN = """artifact_uri: {uri}
end_time: 1700000009000
experiment_id: '1'
run_id: '{run}'
run_name: r
start_time: {t}
status: 3
user_id: ada
"""


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return quiet_store(tmp_path / "runs.duckdb")


def make(root: Path, n: int, *, uri: str = "", run_id: str = "") -> Path:
    folder = root / "1" / f"{n:032x}"
    for name in ("metrics", "params", "tags", "artifacts"):
        (folder / name).mkdir(parents=True)
    (folder / "meta.yaml").write_text(RUN.format(uri=uri, run=run_id or folder.name, t=1_700_000_000_000 + n))
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder as MLflow 1 wrote it, with one good run."""
    root = tmp_path / "mlruns"
    (root / "1").mkdir(parents=True)
    (root / "1" / "meta.yaml").write_text(
        "artifact_location: ./mlruns/1\nexperiment_id: 1\nlifecycle_stage: active\nname: old\n"
    )
    make(root, 1)
    return root


def test_broken_runs_are_named_and_stop_nothing(store: LocalStore, root: Path) -> None:
    (make(root, 2) / "meta.yaml").unlink()
    (make(root, 3) / "meta.yaml").write_text("status: [")
    make(root, 4, run_id=f"{5:032x}")
    (make(root, 6) / "meta.yaml").write_text("!!python/object/apply:os.system ['true']")
    make(root, 7)
    tally = import_mlflow(root, store)
    assert tally.runs.new == 2
    assert [what for what, _ in tally.skipped] == [f"run {n:032x}" for n in (2, 3, 6, 4)]
    assert all(why for _, why in tally.skipped)
    assert import_mlflow(root, store).is_nothing_new


def test_torn_and_odd_lines_of_metrics_keep_nothing_back(store: LocalStore, root: Path) -> None:
    folder = make(root, 2) / "metrics"
    lines = [
        "1700000000000 0.5 0",
        "1700000000001 nan 1",
        "1700000000002 -Infinity 2",
        "what is this",
        "1700000000003 1e-7",
        "17000",
    ]
    (folder / "loss").write_text("\n".join(lines))
    (folder / "val").mkdir()
    (folder / "val" / "loss").write_text("1700000000000 1 0\n")
    tally = import_mlflow(root, store)
    assert tally.skipped == [(f"2 lines of metric loss of run {2:032x}", "they are no points")]
    step, _, value = store.metric_history(f"{2:032x}", "loss")
    assert list(zip(step.tolist(), map(repr, value.tolist()), strict=True)) == [
        (0, "0.5"),
        (0, "1e-07"),
        (1, "nan"),
        (2, "-inf"),
    ]
    assert store.metric_history(f"{2:032x}", "val/loss")[2].tolist() == [1.0]


def test_files_outside_of_the_source_are_not_taken(store: LocalStore, root: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("do not tell")
    folder = make(root, 2, uri=secret.as_uri())
    (folder / "artifacts").rmdir()  # so that what the source says would count
    linked = make(root, 3)
    (linked / "artifacts" / "link").symlink_to(secret / "key")
    (linked / "artifacts" / "fine").write_text("1")
    tally = import_mlflow(root, store)
    assert tally.files == 1
    assert [why for _, why in tally.skipped] == ["it is a link to somewhere else"]
    assert "do not tell" not in "".join(p.read_text(errors="replace") for p in store.folder.rglob("*") if p.is_file())


def test_a_run_that_goes_on_brings_more_next_time(store: LocalStore, root: Path) -> None:
    folder = make(root, 2)
    meta = (folder / "meta.yaml").read_text()
    (folder / "meta.yaml").write_text(
        meta.replace("status: 3", "status: 1").replace("end_time: 1700000009000", "end_time: null")
    )
    (folder / "metrics" / "loss").write_text("1700000000000 0.5 0\n")
    import_mlflow(root, store)
    assert store.get_run(folder.name).info.status == "RUNNING"
    with (folder / "metrics" / "loss").open("a") as file:
        file.write("1700000000001 0.25 1\n")
    (folder / "meta.yaml").write_text(meta)
    tally = import_mlflow(root, store)
    assert (tally.runs.changed, tally.runs.known, tally.points) == (1, 1, 1)
    assert store.get_run(folder.name).info.status == "FINISHED"


def test_one_experiment_comes_with_the_models_of_its_runs(store: LocalStore, tmp_path: Path) -> None:
    uri, said = unpack("v3/folder", tmp_path)
    assert import_mlflow(uri, store, experiments=["old"]).runs.new == 1
    assert store.registry.search(ModelQuery()) == []
    rest = import_mlflow(uri, store, experiments=["iris"])
    assert rest.runs.new == len(said["runs"]) - 2
    assert rest.models.new == 1  # the other one has no version of any run
    with pytest.raises(NotFoundError, match="'Default'"):
        import_mlflow(uri, store, experiments=["defualt"])


def test_a_database_that_was_moved_finds_its_files_or_is_told_where(store: LocalStore, tmp_path: Path) -> None:
    uri, _ = unpack("v2/sqlite", tmp_path)
    home = Path(uri.removeprefix("sqlite:///")).parent
    (home / "mlruns").rename(tmp_path / "aside")
    lost = import_mlflow(uri, store)
    assert lost.files == 0
    assert lost.n_skipped == 1
    assert "--artifacts" in lost.skipped[0][1]
    found = import_mlflow(uri, store, artifacts=str(tmp_path / "aside"))
    assert (found.n_skipped, found.files, found.runs.new) == (0, 12, 0)


def test_other_databases_are_read_by_the_same_questions(tmp_path: Path) -> None:
    uri, _ = unpack("v3/sqlite", tmp_path)
    told: list[list[object]] = []
    rows = OtherRows(uri)
    try:
        for source in (open_source(uri, skip=print), Tables(rows, None, print)):
            names = [each.name for each in source.experiments()]
            runs = [
                (r.run_id, r.params, r.tags, r.counts, r.links, [m.model_id for m in r.models])
                for r in source.runs(names)
            ]
            told.append([names, runs, source.count(names), *source.registered()])
    finally:
        rows.close()
    assert told[0] == told[1]


def test_databases_without_a_driver_say_which_one_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "find_spec", lambda _: None)
    with pytest.raises(StoreError, match=r"OperationalError.*does it answer") as postgres:  # by psycopg, as our own
        OtherRows("postgresql://ada:s3cret@127.0.0.1:1/mlflow")
    with pytest.raises(StoreError, match=r"^mysql:// needs the module 'MySQLdb', which is not installed") as other:
        OtherRows("mysql://ada:s3cret@127.0.0.1:1/mlflow")
    assert "s3cret" not in f"{postgres.value}{other.value}"


def test_an_old_database_has_less_and_all_of_it_comes(store: LocalStore, tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as con:
        con.executescript("""
            CREATE TABLE experiments(experiment_id INTEGER, name TEXT, artifact_location TEXT, lifecycle_stage TEXT);
            CREATE TABLE runs(run_uuid TEXT, name TEXT, user_id TEXT, status TEXT, start_time BIGINT, end_time BIGINT,
                              lifecycle_stage TEXT, artifact_uri TEXT, experiment_id INTEGER);
            CREATE TABLE experiment_tags(key TEXT, value TEXT, experiment_id INTEGER);
            CREATE TABLE tags(key TEXT, value TEXT, run_uuid TEXT);
            CREATE TABLE params(key TEXT, value TEXT, run_uuid TEXT);
            CREATE TABLE metrics(key TEXT, value REAL, timestamp BIGINT, step BIGINT, is_nan BOOLEAN, run_uuid TEXT);
            INSERT INTO experiments VALUES (1, 'old', './mlruns/1', 'active');
            INSERT INTO runs VALUES ('0123456789abcdef0123456789abcdef', '', 'ada', 'FINISHED',
                1600000000000, 1600000001000, 'active', '', 1);
            INSERT INTO tags VALUES ('mlflow.runName', 'by tag', '0123456789abcdef0123456789abcdef');
            INSERT INTO metrics VALUES ('loss', 0, 1600000000500, 1, 1, '0123456789abcdef0123456789abcdef');
        """)
    con.close()
    tally = import_mlflow(f"sqlite:///{path}", store)
    assert (tally.runs.new, tally.points, tally.skipped) == (1, 1, [])
    run = store.get_run("0123456789abcdef0123456789abcdef")
    assert (run.info.run_name, run.info.experiment_name) == ("by tag", "old")
    assert store.metric_history(run.info.run_id, "loss")[2].tolist() != [0.0]  # it is NaN


def test_what_is_nothing_of_mlflow_is_refused(store: LocalStore, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.db").write_text("hello")
    for uri in (tmp_path / "nothing", tmp_path / "empty", "sqlite:///nowhere.db", "http://"):
        with pytest.raises(InvalidValueError):
            import_mlflow(os.fspath(uri), store)
    with pytest.raises(Exception, match="cannot be read"):
        import_mlflow(tmp_path / "text.db", store)


def test_places_of_versions_lose_the_machine_they_were_on() -> None:
    run, model = "0" * 32, "m-" + "1" * 32
    for source, place in {
        f"runs:/{run}/model": (f"runs:/{run}/model", run, "model", None),
        f"file:///home/ada/mlruns/1/{run}/artifacts/a/model/": (f"runs:/{run}/a/model", run, "a/model", None),
        f"mlflow-artifacts:/1/{run}/artifacts/model": (f"runs:/{run}/model", run, "model", None),
        f"s3://bucket/1/{run}/artifacts/model": (f"runs:/{run}/model", run, "model", None),
        f"models:/{model}": (f"models:/{model}", None, None, model),
        f"/data/mlruns/1/models/{model}/artifacts": (f"models:/{model}", None, None, model),
        "s3://bucket/model": ("s3://bucket/model", None, None, None),
        "": ("", None, None, None),
    }.items():
        assert words.place_of(source, None, None) == place, source
