"""What is written as MLflow keeps it comes back as it was; a server gives what a folder gives."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from nbtrack.moving.mlflow.exporting import export_mlflow
from nbtrack.moving.mlflow.importing import import_mlflow
from nbtrack.server.serve import TeamServer
from tests.moving.mlflow_sources import told, unpack
from tests.store.kit import quiet_store

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.store.local import LocalStore


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> LocalStore:
    """A store that has all that MLflow 2 and 3 have written."""
    home = tmp_path_factory.mktemp("full")
    store = quiet_store(home / "runs.duckdb")
    for kind in ("v3/sqlite", "v2/folder"):
        import_mlflow(unpack(kind, home)[0], store)
    store.fold()
    return store


def test_a_folder_holds_everything(full: LocalStore, tmp_path: Path) -> None:
    dest = tmp_path / "mlruns"
    said = told(full)
    wrote = export_mlflow(full, str(dest))
    assert wrote.skipped == []
    assert wrote.runs.new == len(said["runs"])
    assert export_mlflow(full, str(dest)).is_nothing_new
    moved = tmp_path / "elsewhere"
    shutil.move(dest, moved)  # absolute paths in it lead nowhere now
    back = quiet_store(tmp_path / "back.duckdb")
    assert import_mlflow(moved, back).skipped == []
    found = told(back)
    assert found["runs"] == said["runs"]
    assert found["logged"] == said["logged"]
    assert found["models"] == said["models"]
    assert found["experiments"] == said["experiments"]


def test_a_server_takes_what_a_store_has_once_and_gives_it_back(tmp_path: Path) -> None:
    full = quiet_store(tmp_path / "runs.duckdb")
    import_mlflow(unpack("v3/sqlite", tmp_path)[0], full)
    there = quiet_store(tmp_path / "there.duckdb")
    back = quiet_store(tmp_path / "back.duckdb")
    server = TeamServer(there, has_pages=False)
    server.start()
    try:
        wrote = export_mlflow(full, server.url)
        again = export_mlflow(full, server.url)
        tally = import_mlflow(server.url, back)
    finally:
        server.close()
    assert wrote.skipped == tally.skipped == []
    assert again.is_nothing_new
    said, found, given = told(full), told(there), told(back)
    for each in (given, found):
        for model in each["models"].values():
            for version in model["versions"].values():
                version.pop("source")  # addresses of the server's files become runs:/ and models:/
    assert given["runs"] == found["runs"]
    assert given["logged"] == found["logged"]
    assert given["models"] == found["models"]
    stages = {name: each["stage"] for name, each in said["experiments"].items()}
    assert {name: each["stage"] for name, each in found["experiments"].items()} == stages
    runs = {run["tags"]["nbtrack.run_id"]: run for run in found["runs"].values()}
    for run_id, run in said["runs"].items():
        here = runs[run_id]
        same = ("experiment", "name", "status", "start", "end", "stage", "params", "histories", "inputs")
        assert {name: here[name] for name in same} == {name: run[name] for name in same}
        assert sorted(size for _, size in here["files"]) == sorted(size for _, size in run["files"])
    assert found["models"]["flowers"]["aliases"].keys() == said["models"]["flowers"]["aliases"].keys()
