"""The commands that move runs, and their twins in Python."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

import nbtrack
from nbtrack.cli.main import app
from nbtrack.errors import InvalidValueError
from nbtrack.moving import intake
from nbtrack.store.opening import open_store
from tests.moving.other_sources import unpack

if TYPE_CHECKING:
    from pathlib import Path


def call(*words: object, exit_code: int = 0) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == exit_code, done.output
    return done.output


def told(*words: object, exit_code: int = 0) -> Any:
    done = CliRunner().invoke(app, [*map(str, words), "--json"])
    assert done.exit_code == exit_code, done.output
    return json.loads(done.stdout)


def test_import_copy_merge_and_backup(tmp_path: Path) -> None:
    store = tmp_path / "runs.duckdb"
    logs = unpack("tensorboard", tmp_path)
    dry = told("import", "tensorboard", logs, "--store", store, "--dry-run")
    assert (dry["dry_run"], dry["runs"]["new"], dry["files"]) == (True, 4, 3)
    assert not store.exists()
    assert "Came: 4 new runs" in call("import", "tensorboard", logs, "--store", store, "--experiment", "boards")
    assert "Nothing new" in call("import", "tensorboard", logs, "--store", store, "--experiment", "boards")
    assert told("import", "wandb-offline", unpack("wandb", tmp_path), "--store", store)["runs"]["new"] == 2
    assert told("import", "trackio", unpack("trackio", tmp_path), "--store", store)["points"] == 17
    (tmp_path / "odd.csv").write_text("metrics.loss\nbad\n")
    odd = told("import", "csv", tmp_path / "odd.csv", "--store", store, exit_code=3)
    assert odd["skipped"] == [{"what": "row 1, column metrics.loss", "why": "'bad' is no number"}]
    copy = told("copy", store, tmp_path / "copy.duckdb", "--experiment", "boards", "--run", "second")
    assert copy["runs"]["new"] == 5
    first, second = told("merge", tmp_path / "all.duckdb", tmp_path / "copy.duckdb", store)
    assert (first["runs"]["new"], second["runs"]["new"], second["runs"]["known"]) == (5, 3, 5)
    made = told("backup", tmp_path / "b.zip", "--store", tmp_path / "all.duckdb")
    assert (made["counts"]["runs"], made["problems"]) == (8, [])
    assert "b.zip' already exists" in call("backup", tmp_path / "b.zip", "--store", store, exit_code=1)


def test_an_interruption_is_told_and_the_next_call_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logs = unpack("tensorboard", tmp_path)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(intake, "look", interrupt)
        patched.setattr(intake, "sound", interrupt)
        out = call("import", "tensorboard", logs, "--store", tmp_path / "runs.duckdb", exit_code=130)
    assert "the same command goes on from there" in out
    assert "Came: 4 new runs" in call("import", "tensorboard", logs, "--store", tmp_path / "runs.duckdb")


def test_python_has_the_same_verbs(tmp_path: Path) -> None:
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    (tmp_path / "a.csv").write_text("lr,loss\n1,2\n")
    tally = nbtrack.import_runs("csv", tmp_path / "a.csv", params=["lr"], metrics=["loss"])
    assert tally.runs.new == 1
    assert nbtrack.search_runs(experiment_names=["a"])["metrics.loss"].tolist() == [2.0]
    assert (
        nbtrack.copy_runs(tmp_path / "runs.duckdb", tmp_path / "b.duckdb", filter_string="metrics.loss > 9").runs.new
        == 0
    )
    assert [t.runs.new for t in nbtrack.merge_stores(tmp_path / "b.duckdb", tmp_path / "runs.duckdb").values()] == [1]
    assert nbtrack.backup(tmp_path / "backups").counts["runs"] == 1
    assert open_store(tmp_path / "b.duckdb").get_run(tally_id(tmp_path)).data.params == {"lr": "1"}
    with pytest.raises(InvalidValueError, match="'excel' is no kind of source; use mlflow, tensorboard"):
        nbtrack.import_runs("excel", tmp_path)
    with pytest.raises(InvalidValueError, match="no option sytem for trackio, which takes system"):
        nbtrack.import_runs("trackio", tmp_path, sytem=True)


def tally_id(tmp_path: Path) -> str:
    return open_store(tmp_path / "runs.duckdb").resolve_run("row 1")
