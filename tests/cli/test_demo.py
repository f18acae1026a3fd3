from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from nbtrack.cli import demo
from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Desk


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A notebook of two quick cells in place of the packaged one."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_markdown_cell("## Two runs"),
        nbformat.v4.new_code_cell(
            "import nbtrack\nnbtrack.set_goal('loss', 'min')\nfor lr in (1, 2):\n"
            "    with nbtrack.start_run(f'lr {lr}', experiment='digits', params={'lr': lr}) as run:\n"
            "        run.log_metric('loss', 1 / lr)"
        ),
    ]
    path = tmp_path / "packaged" / "quickstart.ipynb"
    path.parent.mkdir()
    nbformat.write(notebook, path)
    monkeypatch.setattr(demo, "source_notebook", lambda: path)
    monkeypatch.setattr(demo, "_someone_is_there", lambda: False)
    return path


def edit(path: Path, source: str) -> None:
    notebook = json.loads(path.read_text())
    notebook["cells"][-1]["source"] = source
    path.write_text(json.dumps(notebook))


def test_the_packaged_notebook_is_there_and_light() -> None:
    notebook: Any = nbformat.read(demo.source_notebook(), as_version=4)
    nbformat.validate(notebook)
    assert len(notebook.cells) < 15
    assert "widgets" not in notebook.metadata
    assert demo.source_notebook().stat().st_size < 300_000


def test_the_demo_runs_the_notebook_and_shows_the_best_runs(desk: Desk, tmp_path: Path, small: Path) -> None:
    folder = tmp_path / "try"
    lines = desk.lines("demo", "--folder", str(folder), "--store", str(folder / "runs.duckdb"), width=300)
    assert lines[1] == "Best runs of digits"
    assert lines[2].split() == ["#", "name", "loss.min", "lr", "duration"]
    assert lines[3].split()[:6] == ["✓", "2", "lr", "2", "0.5", "2"]
    assert f"The runs are in {folder / 'runs.duckdb'}" in lines[-3]
    assert nbformat.read(folder / "quickstart.ipynb", as_version=4).cells[1].execution_count == 1
    assert small.read_text() != ""


def test_the_demo_as_json_runs_again_in_its_folder(desk: Desk, tmp_path: Path, small: Path) -> None:
    folder = tmp_path / "try"
    for n_runs in (2, 4):
        found = desk.json("demo", "--folder", str(folder), "--store", str(folder / "runs.duckdb"))
        assert found["runs"] == n_runs
        assert found["best"]["digits"][0]["data"]["params"] == {"lr": "2"}
        assert found["notebook"] == str(folder / "quickstart.ipynb")
    assert small.is_file()


def test_a_cell_that_fails_is_said(desk: Desk, tmp_path: Path, small: Path) -> None:
    edit(small, "1 / 0")
    words = ["demo", "--folder", str(tmp_path / "try"), "--store", str(tmp_path / "new.duckdb")]
    done = desk.call(*words, width=300)
    assert done.exit_code == 1
    assert done.stderr.endswith("quickstart.ipynb failed: ZeroDivisionError: division by zero\n")


def test_an_edited_notebook_is_not_overwritten(tmp_path: Path, small: Path) -> None:
    copied = demo.copy_notebook(tmp_path / "try")
    assert demo.copy_notebook(tmp_path / "try") == copied
    edit(copied, "mine = 1")
    with pytest.raises(InvalidValueError, match="has been edited"):
        demo.copy_notebook(tmp_path / "try")
    with pytest.raises(InvalidValueError, match="is the original"):
        demo.copy_notebook(small.parent)


def test_the_kernel_sees_none_of_the_users_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBTRACK_EXPERIMENT", "mine")
    monkeypatch.setenv("MPLBACKEND", "agg")
    found = demo._environment(tmp_path / "runs.duckdb")
    assert "NBTRACK_EXPERIMENT" not in found
    assert "MPLBACKEND" not in found
    assert found["NBTRACK_TRACKING_URI"] == str(tmp_path / "runs.duckdb")


def test_a_package_that_is_missing_is_named(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "NEEDED", {"no_such_module": "no-such-package"})
    error = desk.json("demo", "--folder", str(tmp_path / "try"), exit_code=1)["error"]
    assert error["kind"] == "MissingPackageError"
    assert 'pip install "nbtrack[demo]"' in error["message"]
    assert not (tmp_path / "try").exists()


@pytest.mark.parametrize(("words", "opened"), [(["--open"], True), (["--no-open"], False), ([], False)])
def test_jupyterlab_opens_when_asked(
    desk: Desk, tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], opened: bool
) -> None:
    calls: list[Path] = []
    monkeypatch.setattr(demo, "_open_lab", calls.append)
    monkeypatch.setattr(demo, "execute", lambda *_: 1)
    assert desk.call("demo", "--folder", str(tmp_path / "try"), *words).exit_code == 0
    assert calls == ([tmp_path / "try" / "quickstart.ipynb"] if opened else [])
    assert small.is_file()


@pytest.mark.notebook
@pytest.mark.slow
def test_the_quickstart_itself(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "try"
    found = desk.json("demo", "--folder", str(folder), "--store", str(folder / "runs.duckdb"))
    assert found["runs"] >= 30
    assert set(found["best"]) == {"diabetes", "wine", "digits"}
    notebook: Any = nbformat.read(folder / "quickstart.ipynb", as_version=4)
    assert "widgets" not in notebook.metadata
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 2
