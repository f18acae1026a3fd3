"""Files of runs are copied out, whole folders too, and listed without being opened."""

from __future__ import annotations

from pathlib import Path

import pytest

import nbtrack
from nbtrack.errors import NbtrackError, NbtrackWarning
from nbtrack.tracking.downloads import download, walk


@pytest.fixture
def run(tmp_path: Path) -> nbtrack.ActiveRun:
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    with nbtrack.start_run("files") as run:
        run.log_text("top", "top.txt")
        run.log_text("one", "deep/a/one.txt")
        run.log_text("zwei", "deep/zwei ü.txt")
    return run


def test_all_files_are_listed_with_their_paths(run: nbtrack.ActiveRun):
    assert sorted(file.path for file in walk(run.store, run.id)) == ["deep/a/one.txt", "deep/zwei ü.txt", "top.txt"]


def test_a_file_a_folder_and_everything_are_copied(run: nbtrack.ActiveRun, tmp_path: Path):
    file = download(run.store, run.id, "deep/a/one.txt", tmp_path / "file")
    assert Path(file).read_text() == "one"
    folder = Path(download(run.store, run.id, "deep", tmp_path / "folder"))
    assert {p.name for p in folder.rglob("*.txt")} == {"one.txt", "zwei ü.txt"}
    everything = Path(download(run.store, run.id, "", None))
    assert {p.relative_to(everything).as_posix() for p in everything.rglob("*.txt")} == {
        *("top.txt", "deep/a/one.txt", "deep/zwei ü.txt")
    }


def test_a_copy_can_be_changed_without_changing_the_run(run: nbtrack.ActiveRun, tmp_path: Path):
    copy = Path(download(run.store, run.id, "top.txt", tmp_path / "out"))
    copy.write_text("changed")
    assert run.store.artifact_file(run.id, "top.txt").read_text() == "top"


@pytest.mark.parametrize("path", ["nothing.txt", "dee", "../top.txt", "/etc/passwd", "deep/../top.txt"])
def test_what_is_not_there_is_refused(run: nbtrack.ActiveRun, tmp_path: Path, path: str):
    with pytest.raises(NbtrackError):
        download(run.store, run.id, path, tmp_path / "out")


def test_a_folder_outside_the_run_is_refused(run: nbtrack.ActiveRun, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("a")
    other = nbtrack.start_run()
    with pytest.warns(NbtrackWarning, match="'/etc/a.txt' is not allowed; use a relative path"):
        other.log_artifact(file, "/etc")
    other.log_artifact(file, "plots/")
    with pytest.warns(NbtrackWarning, match="1 calls could not be recorded"):
        nbtrack.end_run()
    assert [path.name for path in download(run.store, other.id).rglob("*.txt")] == ["a.txt"]
