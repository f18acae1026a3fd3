"""MLflow's own client reads the folder that ``nbtrack export mlflow`` writes, and loads the models in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mlflow

from nbtrack.moving.mlflow.exporting import export_mlflow
from nbtrack.moving.mlflow.importing import import_mlflow
from tests.moving.make_mlflow_sources import told
from tests.moving.mlflow_sources import expected, unpack
from tests.store.kit import quiet_store

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_mlflow_reads_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    uri, said = unpack("v3/sqlite", tmp_path)
    store = quiet_store(tmp_path / "runs.duckdb")
    import_mlflow(uri, store)
    assert export_mlflow(store, str(tmp_path / "out")).skipped == []
    where = (tmp_path / "out").as_uri()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", where)
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", where)
    client = mlflow.MlflowClient(where, where)
    found, wanted = expected(told(client, "folder"), "v3/folder"), expected(said, "v3/sqlite")
    assert found["runs"] == wanted["runs"]
    assert found["models"] == wanted["models"]
    assert found["logged"] == wanted["logged"]
    assert found["experiments"] == wanted["experiments"]
    for number in (1, 2, 3):
        assert mlflow.pyfunc.load_model(f"models:/flowers/{number}").predict([1]) == [1]
