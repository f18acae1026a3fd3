"""Files that are kept elsewhere, as the command line tells of them."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from nbtrack.cli.main import app
from nbtrack.store.local import LocalStore
from nbtrack.store.protocol import RunQuery
from tests.store.kit import end, quiet_store, start

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    """A store with a file of a run, which waits for its place."""
    found = quiet_store(tmp_path / "runs.duckdb")
    found.blobs.keep_at(str(tmp_path / "files"))
    found.blobs.mover.wake = lambda: None  # type: ignore[attr-defined]
    run_id = start(found)
    found.add_artifact(run_id, "f.txt", b"hello")
    end(found, run_id)
    found.fold()
    found.close()
    return found


def ask(*words: str, code: int = 0) -> Any:
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def test_what_waits_is_told_and_brought(store: LocalStore, tmp_path: Path):
    at = ("--store", str(store.path))
    (place,) = (str(path) for path in (tmp_path / "files").iterdir())
    assert ask("doctor", *at)["files"] == {"places": [place], "here": 1, "there": 0, "waiting": 1}
    assert f"0 in {place}, 1 wait here (nbtrack sync)" in CliRunner().invoke(app, ["doctor", *at]).stdout
    assert ask("sync", *at) == {"store": str(store.path), "places": [place], "files": 1}
    done = CliRunner().invoke(app, ["sync", *at])
    assert done.stdout.replace("\n", " ").strip() == f"{place}: 0 files brought there, nothing waits."
    assert ask("doctor", *at)["files"] == {"places": [place], "here": 1, "there": 1, "waiting": 0}


def test_what_is_lost_is_told(store: LocalStore, tmp_path: Path):
    at = ("--store", str(store.path))
    for path in store.folder.glob("blobs/sha256/*/*"):
        path.unlink()
    (problem,) = ask("doctor", *at, code=1)["problems"]
    assert problem.startswith("1 files that runs name are nowhere, or have another size: 2cf24dba")
    (tmp_path / "files").rename(tmp_path / "away")
    (problem,) = ask("doctor", *at, code=1)["problems"]
    assert problem.endswith("is its disk mounted?")


def test_a_backup_has_the_files_that_are_kept_elsewhere(store: LocalStore, tmp_path: Path):
    ask("sync", "--store", str(store.path))
    for path in store.folder.glob("blobs/sha256/*/*"):
        path.unlink()
    assert ask("backup", str(tmp_path / "copy.duckdb"), "--store", str(store.path))["problems"] == []
    (tmp_path / "files").rename(tmp_path / "away")
    copy = LocalStore(tmp_path / "copy.duckdb")
    (run,) = copy.search_runs(RunQuery())
    assert copy.artifact_file(run.info.run_id, "f.txt").read_bytes() == b"hello"
    copy.close()


def test_a_store_without_a_place_has_nothing_to_bring(tmp_path: Path):
    found = quiet_store(tmp_path / "runs.duckdb")
    start(found)
    found.close()
    told = CliRunner().invoke(app, ["sync", "--store", str(found.path)])
    assert told.stdout.replace("\n", " ").endswith("keeps its files beside it; nothing waits. ")
    assert "files" not in CliRunner().invoke(app, ["doctor", "--store", str(found.path)]).stdout


def test_a_server_says_where_files_are_kept_and_refuses_what_is_no_place(tmp_path: Path):
    words = [
        sys.executable,
        "-m",
        "nbtrack",
        "server",
        "--store",
        str(tmp_path / "a.duckdb"),
        "--port",
        "0",
        "--json",
    ]
    with subprocess.Popen(
        [*words, "--artifacts", str(tmp_path / "files")], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = [*takewhile(lambda line: line != "}\n", process.stdout), "}"]
        process.terminate()
    told = json.loads("".join(lines))
    assert [told["artifacts"]] == [[str(path) for path in (tmp_path / "files").iterdir()]]
    for odd in ("s3://key:s3cr3t@bucket/x", "ftp://host/x"):
        words = ["server", "--store", str(tmp_path / "b.duckdb"), "--port", "0", "--artifacts", odd]
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 1
        assert "s3://bucket/path" in done.output
        assert "s3cr3t" not in done.output


def test_a_server_does_not_begin_on_a_file_that_is_damaged(tmp_path: Path):
    (tmp_path / "half.duckdb").write_bytes(b"half a download")
    done = CliRunner().invoke(app, ["server", "--store", str(tmp_path / "half.duckdb"), "--port", "0"])
    assert done.exit_code == 1
    assert "nbtrack doctor --rebuild" in done.output
