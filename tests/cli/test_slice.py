from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.cells.log import FILE, CellLog
from nbtrack.cells.pages import Pages

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Desk


def give_cells(desk: Desk) -> tuple[str, str]:
    """Give the newest run that has metrics the cells that could have logged one of them; returns its id and the metric."""
    run = next(each for each in desk.json("runs", "list") if each["data"]["metrics"])
    run_id, metric = run["info"]["run_id"], next(iter(run["data"]["metrics"]))
    cells = CellLog()
    for source in ("import os", "v = 1", f"{{{metric!r}: v}}"):
        cells.end(cells.begin(source, count=len(cells.cells) + 1))
    for path, data in Pages(str).files(cells.moment(run_id)).items():
        assert path == FILE
        desk.store.add_artifact(run_id, path, data)
    return run_id, metric


def test_slices_go_to_stdout_or_to_a_file(desk: Desk, tmp_path: Path) -> None:
    run_id, metric = give_cells(desk)
    printed = desk.call("slice", run_id, metric)
    assert printed.exit_code == 0, printed.output
    assert "v = 1\n" in printed.stdout
    assert "import os" not in printed.stdout
    found = desk.json("slice", run_id, metric)
    assert [cell["n"] for cell in found["cells"]] == [2, 3]
    assert found["script"] == printed.stdout
    path = tmp_path / "slice.py"
    assert "2 cells of 3 produced" in desk.call("slice", run_id, metric, "--to", str(path), width=300).stdout
    assert path.read_text() == printed.stdout
    again = desk.call("slice", run_id, metric, "--to", str(path), width=300)
    assert again.exit_code == 1
    assert "is there already; name another file" in again.stderr


def test_runs_without_cells_or_metric_are_told(desk: Desk) -> None:
    run_id, metric = give_cells(desk)
    other = next(
        each["info"]["run_id"]
        for each in desk.json("runs", "list")
        if each["info"]["run_id"] != run_id and each["data"]["metrics"]
    )
    without = desk.call("slice", other, metric, width=400)
    assert without.exit_code == 1
    assert "%load_ext nbtrack" in without.stderr or "is not in run" in without.stderr
    assert desk.call("slice", run_id, "nope", width=300).stderr.startswith("Error: Metric 'nope' is not in run")
