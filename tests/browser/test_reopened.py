"""A notebook that a program executed, opened in JupyterLab by somebody who has not run it: summaries, and no errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
from playwright.sync_api import expect

from tests.hosts.kit import RECORD, VIEWS, executed

if TYPE_CHECKING:
    from tests.browser.jupyter import NotebookPage


def test_saved_views_are_seen_without_running_a_cell(lab: NotebookPage) -> None:
    made = executed(lab.folder, RECORD, *VIEWS.values(), store_widget_state=True)
    path = lab.folder / "executed.ipynb"
    nbformat.write(made, path)
    lab.open(path)
    for place, view in enumerate(VIEWS, start=1):
        output = lab.output(place)
        output.scroll_into_view_if_needed()
        expect(output.locator("table, img").first, view).to_be_visible()
    expect(lab.page.get_by_text("Error displaying widget")).to_have_count(0)
    expect(lab.page.get_by_text("could not draw this")).to_have_count(0)
    expect(lab.page.locator(".nbt-root")).to_have_count(0)
    lab.screenshot("reopened")
