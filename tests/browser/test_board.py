"""``nbtrack.runs()`` as a whole in a real JupyterLab: one filter, one brush and one selection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.test_run_table import STUDY, grid

if TYPE_CHECKING:
    from tests.browser.conftest import Axe
    from tests.browser.jupyter import NotebookPage


def test_a_brush_filters_the_table_and_a_selection_is_compared(lab: NotebookPage, axe: Axe) -> None:
    lab.open(lab.write(STUDY, "board = nbtrack.runs()\nboard"))
    lab.run_cell(0)
    lab.run_cell(1)
    output = lab.output(1)
    expect(grid(lab)).to_contain_text("run-11")
    for view in ("parallel", "curves"):
        expect(output.locator(f'[data-view="{view}"]')).to_be_attached()

    lab.value("setattr(board, 'extents', {'params.lr': (0.05, 0.5)})")
    expect(output.locator(".nbt-matches")).to_have_text("4 of 12 runs")
    lab.becomes("len(board.df)", "4")

    output.get_by_role("button", name="Saved").first.click()
    lab.page.get_by_label("Name of the view").fill("rates")
    lab.page.keyboard.press("Enter")
    expect(lab.page.get_by_role("button", name="rates", exact=True)).to_be_visible()
    lab.page.keyboard.press("Escape")
    lab.becomes("nbtrack.runs(view='rates').extents", "{'params.lr': [[0.05, 0.5]]}")

    for name in ("run-10", "run-07"):
        grid(lab).get_by_role("row", name=name).get_by_role("checkbox").click()
    output.get_by_role("button", name="Compare").first.click()
    comparison = output.locator('[data-view="compare"]')
    expect(comparison).to_contain_text("acc")
    expect(comparison).to_contain_text("run-07")
    lab.becomes("board.panes", "['parallel', 'curves', 'compare']")
    lab.screenshot("board")
    assert axe(lab.page, ".nbt-board", ignore=("region",)) == []
    assert lab.errors == []
    assert lab.outside_requests == []
