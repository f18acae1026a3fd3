"""What JupyterLab writes into a notebook when it is told to save the state of widgets: little, and no code but the loader."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from tests.hosts.kit import RECORD, VIEWS

if TYPE_CHECKING:
    from tests.browser.jupyter import NotebookPage

SWITCH = "@jupyter-widgets/jupyterlab-manager:saveWidgetState"
FIFTY_VIEWS = 95_000
LIVE = ".nbt-root"


def saved_state(lab: NotebookPage) -> dict[str, Any]:
    lab.execute(SWITCH)
    try:
        saved: dict[str, Any] = lab.save().metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    finally:
        lab.execute(SWITCH)
    return saved


def test_the_saved_state_of_views_is_small(lab: NotebookPage) -> None:
    lab.open(lab.write(RECORD, *VIEWS.values()))
    lab.run_all()
    for place in range(1, len(VIEWS) + 1):
        lab.output(place).scroll_into_view_if_needed()
        expect(lab.output(place).locator(LIVE)).to_be_attached()
    saved = saved_state(lab)
    names = [model["state"]["_view"] for model in saved.values() if "_view" in model["state"]]
    assert sorted(names) == sorted({"runs": "board"}.get(name, name) for name in VIEWS)
    size = len(json.dumps(saved)) * 50 // len(VIEWS)
    print(f"fifty views would leave {size:,} bytes of state")
    assert size < FIFTY_VIEWS


def test_views_of_an_earlier_day_keep_their_summaries_beside_one_that_is_run_again(lab: NotebookPage) -> None:
    notebook = lab.write(RECORD, "nbtrack.parallel('acc')", "nbtrack.parallel('loss')")
    lab.open(notebook)
    lab.run_all()
    for place in (1, 2):
        expect(lab.output(place).locator(LIVE)).to_be_attached()
    assert saved_state(lab)
    lab.server.end_kernels()

    lab.open(notebook)
    for place in (1, 2):
        expect(lab.output(place).get_by_role("img").first).to_be_visible()
    lab.run_cell(0)
    lab.run_cell(1)
    expect(lab.output(1).locator(LIVE)).to_be_attached()
    expect(lab.output(1).locator('[data-view="parallel"]')).to_contain_text("8 runs")
    assert lab.value("1") == "1"  # a page that heard this has drawn all that it wanted to draw
    expect(lab.output(2).locator(LIVE)).to_have_count(0)
    expect(lab.output(2).get_by_role("img").first).to_be_visible()
