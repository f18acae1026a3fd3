"""One front end, three hosts: the same gestures give the same runs in the notebook, in ``nbtrack ui`` and in an exported file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

import nbtrack
from nbtrack.store.opening import open_local
from nbtrack.views.watcher import watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Locator, Page

    from tests.browser.jupyter import NotebookPage

WHERE = "params.lr < 0.5 and metrics.acc > 0.2"
FIRST = 8
"""Rows that every host draws, however high its table is."""
SHOW = "import nbtrack\ntable = nbtrack.runs()\ntable"


@pytest.fixture
def study(lab: NotebookPage) -> Iterator[NotebookPage]:
    """A store beside the notebook, so that all three hosts read the very same runs."""
    uri = lab.folder / "runs.duckdb"
    nbtrack.set_tracking_uri(uri)
    for index in range(24):
        params = {"lr": 10.0 ** -(index % 4), "model": ["mlp", "cnn", "tree"][index % 3]}
        with nbtrack.start_run(f"run-{index:02d}", params=params) as run:
            for step in range(5):
                run.log_metrics({"acc": (index * 7 % 24) / 24 + step / 100, "loss": 1 / (step + 1)}, step=step)
    yield lab
    watch(open_local(uri)).close()


@pytest.fixture
def plain(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, bypass_csp=False)
    yield context.new_page()
    context.close()


def play(page: Page, place: Locator) -> dict[str, list[str]]:
    """Sort, filter, select and brush as a reader would; return the runs on view after each."""
    grid = place.get_by_role("grid", name="Runs", exact=True)
    heads = grid.get_by_role("rowheader")

    def seen() -> list[str]:
        return heads.locator(".nbt-label").all_inner_texts()[:FIRST]

    expect(grid).to_contain_text("run-23")
    grid.get_by_role("columnheader", name="acc").click()
    expect(heads.first).to_contain_text("run-17")
    steps = {"sorted": seen()}
    place.get_by_role("combobox", name="Filter runs").first.fill(WHERE)
    expect(place.locator(".nbt-par-count")).to_have_text("15 of 24 runs")
    steps["filtered"] = seen()
    grid.get_by_role("row").filter(has_text=steps["filtered"][1]).get_by_role("checkbox").click()
    marked = grid.locator('[role="row"][aria-selected="true"]').get_by_role("rowheader").locator(".nbt-label")
    expect(marked).to_have_count(1)
    steps["selected"] = marked.all_inner_texts()
    brush(page, place)
    expect(place.locator(".nbt-par-count")).to_have_text(re.compile("^5 of "))
    steps["brushed"] = seen()
    return steps


def brush(page: Page, place: Locator) -> None:
    """Drag over the middle of the learning rates: of 0.1, 0.01 and 0.001 the second one stays."""
    plot = place.locator(".nbt-par-plot")
    plot.scroll_into_view_if_needed()
    box, head = plot.bounding_box(), place.locator('[data-axis="params.lr"]').bounding_box()
    assert box is not None
    assert head is not None
    x = head["x"] + head["width"] / 2
    page.mouse.move(x, box["y"] + 0.3 * box["height"])
    page.mouse.down()
    page.mouse.move(x, box["y"] + 0.7 * box["height"], steps=6)
    page.mouse.up()


def test_the_same_gestures_show_the_same_runs_in_every_host(study: NotebookPage, plain: Page) -> None:
    study.open(study.write(SHOW))
    study.run_cell(0)
    in_notebook = play(study.page, study.output(0))

    done = nbtrack.export(study.folder / "demo.html")
    plain.goto(done.path.as_uri())
    in_file = play(plain, plain.locator("body"))

    interface = nbtrack.ui()
    try:
        plain.goto(interface.url)
        in_ui = play(plain, plain.locator("body"))
    finally:
        interface.close()

    assert in_file == in_notebook
    assert in_ui == in_notebook
    assert len(in_notebook["brushed"]) == 5
    assert study.value("table.df['run_name'].tolist()") == repr(in_notebook["brushed"])
    assert study.value("[nbtrack.get_run(i).info.run_name for i in table.selected]") == repr(in_notebook["selected"])
