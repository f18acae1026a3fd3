from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.cli.conftest import Desk


def test_files_are_listed_with_those_in_folders(desk: Desk) -> None:
    assert desk.lines("artifacts", "list", "3") == [
        "path              size  type",
        "plots/loss.png  1.5 kB  image/png",
        "model.txt          2 B  text/plain",
        "2 files, 1.5 kB",
    ]


def test_a_folder_or_a_file_is_listed_alone(desk: Desk) -> None:
    assert [file["path"] for file in desk.json("artifacts", "list", "3", "plots/")] == ["plots/loss.png"]
    assert [file["path"] for file in desk.json("artifacts", "list", "3", "model.txt")] == ["model.txt"]


def test_a_run_without_files(desk: Desk) -> None:
    assert desk.lines("artifacts", "list", "2") == ["0 files, 0 B"]
    assert desk.lines("artifacts", "download", "2") == ["Run #2 mlp 32 has no files."]


def test_files_are_downloaded_into_a_folder_of_the_run(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert desk.call("artifacts", "download", "3").stdout == "Copied 2 files, 1.5 kB, to run-3.\n"
    assert (tmp_path / "run-3/plots/loss.png").read_bytes() == b"x" * 1500
    assert (tmp_path / "run-3/model.txt").read_bytes() == b"hi"


def test_one_file_is_downloaded_where_one_says(desk: Desk, tmp_path: Path) -> None:
    done = desk.json("artifacts", "download", "mlp 64", "plots", "--to", str(tmp_path / "out"))
    assert done["folder"] == str(tmp_path / "out")
    assert [file["path"] for file in done["files"]] == ["plots/loss.png"]
    assert done["bytes"] == 1500
    assert [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()] == ["loss.png"]


def test_a_file_that_is_not_there(desk: Desk, tmp_path: Path) -> None:
    for words in (["list", "3", "plots/los.png"], ["download", "3", "plots/los.png", "--to", str(tmp_path / "out")]):
        done = desk.call("artifacts", *words)
        assert done.exit_code == 1
        assert "Error: Artifact 'los.png' is not in run" in done.stderr
    assert not (tmp_path / "out").exists()


def test_no_path_leads_out_of_a_run(desk: Desk, tmp_path: Path) -> None:
    for path in ("../x", "/etc/../x", "a\\b"):
        for words in (["list"], ["download", "--to", str(tmp_path / "out")]):
            error = desk.json("artifacts", words[0], "3", path, *words[1:], exit_code=1)["error"]
            assert error["kind"] in ("InvalidValueError", "NotFoundError")


def test_a_folder_that_cannot_be_made_is_said(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    done = desk.call("artifacts", "download", "3", "--to", str(tmp_path / "taken"))
    assert done.exit_code == 1
    assert done.stderr.startswith(f"Error: {tmp_path / 'taken'}: ")
