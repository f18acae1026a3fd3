"""A run whose cell was edited is marked in the table, in a real JupyterLab that saved the notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.browser.jupyter import NotebookPage

LOAD = "%load_ext nbtrack"
SCALE = "scale = 2"
TRACKED = "%%track\n{'total': scale * 21}"
SHOW = "import nbtrack\nnbtrack.runs(panes=())"


def test_an_edited_cell_marks_its_run(lab: NotebookPage) -> None:
    path = lab.write(LOAD, SCALE, TRACKED, SHOW)
    lab.open(path)
    for i in range(4):
        lab.run_cell(i)
    grid = lab.output(3).get_by_role("grid", name="Runs")
    expect(grid.get_by_role("rowheader").first).to_be_visible()
    expect(grid.locator(".nbt-stale:visible")).to_have_count(0)

    lab.save()
    book = nbformat.read(path, 4)
    book.cells[1].source = "scale = 3"
    nbformat.write(book, path)
    lab.run_cell(3)
    mark = lab.output(3).get_by_role("img", name="Stale: cell 2 edited after this run")
    expect(mark).to_be_visible()
    lab.screenshot("stale-lab")
