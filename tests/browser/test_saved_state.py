"""What JupyterLab writes into a notebook when it is told to save the state of widgets: little, and no code but the loader."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.hosts.kit import RECORD, VIEWS

if TYPE_CHECKING:
    from tests.browser.jupyter import NotebookPage

SWITCH = "@jupyter-widgets/jupyterlab-manager:saveWidgetState"
FIFTY_VIEWS = 95_000


def test_the_saved_state_of_views_is_small(lab: NotebookPage) -> None:
    lab.open(lab.write(RECORD, *VIEWS.values()))
    lab.run_all()
    for place in range(1, len(VIEWS) + 1):
        lab.output(place).scroll_into_view_if_needed()
        expect(lab.output(place).locator(".nbt-root")).to_be_attached()
    lab.execute(SWITCH)
    try:
        saved = lab.save().metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    finally:
        lab.execute(SWITCH)
    views = [model for model in saved.values() if "_view" in model["state"]]
    assert sorted(model["state"]["_view"] for model in views) == sorted(
        {"runs": "board"}.get(name, name) for name in VIEWS
    )
    size = len(json.dumps(saved)) * 50 // len(VIEWS)
    print(f"fifty views would leave {size:,} bytes of state", {m["state"]["_view"]: len(json.dumps(m)) for m in views})
    assert size < FIFTY_VIEWS
