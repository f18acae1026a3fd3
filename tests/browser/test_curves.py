"""Curves in a real JupyterLab."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import Locator, expect

if TYPE_CHECKING:
    from tests.browser.conftest import Axe
    from tests.browser.jupyter import NotebookPage

STUDY = """
import math, nbtrack
for index in range(6):
    with nbtrack.start_run(f"run-{index}", params={"seed": index % 3, "model": "cnn" if index < 3 else "mlp"}) as run:
        for step in range(3000):
            run.log_metric("train/loss", 9.0 if step == 1234 else math.exp(-step / 700) + index / 50, step=step)
        for epoch in range(10):
            run.log_metrics({"val/loss": math.exp(-epoch / 3), "val/acc": 1 - math.exp(-epoch / 3)}, step=epoch * 300)
"""
SHOW = "shown = nbtrack.curves()\nshown"
LIVE = """
with nbtrack.start_run("late") as run:
    for step in range(50):
        run.log_metric("train/loss", 2.0, step=step)
"""


def becomes(notebook: NotebookPage, expression: str, expected: str) -> None:
    """Wait until the kernel says so: the page tells it of changes a moment later."""
    said = ""
    for _ in range(60):
        said = notebook.value(expression)
        if re.fullmatch(expected, said):
            return
        notebook.page.wait_for_timeout(100)
    assert said == expected


def show(notebook: NotebookPage, *cells: str) -> Locator:
    notebook.open(notebook.write(STUDY, SHOW, *cells))
    notebook.run_cell(0)
    notebook.run_cell(1)
    view = notebook.output(1).locator(".nbt-curves")
    expect(chart(view, "train/loss")).to_have_attribute("aria-label", re.compile("6 lines"))
    return view


def chart(view: Locator, metric: str) -> Locator:
    return view.get_by_role("region", name=metric).get_by_role("group")


def test_zoom_metrics_and_legend_come_back_in_python(lab: NotebookPage, axe: Axe) -> None:
    view = show(lab)
    field = chart(view, "train/loss")
    plot = field.locator(".u-over")
    box = plot.bounding_box()
    assert box is not None
    lab.page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 40)
    expect(field.get_by_role("status")).to_contain_text("run-5")
    lab.page.mouse.down()
    lab.page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 40, steps=3)
    lab.page.mouse.up()
    becomes(lab, "shown.x_range and [round(x, -2) for x in shown.x_range]", r"\[1200\.0, 1500\.0\]")
    plot.dblclick()
    becomes(lab, "shown.x_range", "None")

    view.get_by_role("button", name="Metrics").click()
    view.get_by_role("searchbox", name="Find a metric").fill("acc")
    view.get_by_role("checkbox", name="val/acc").uncheck()
    becomes(lab, "shown.metrics", r"\['train/loss', 'val/loss'\]")
    lab.page.keyboard.press("Escape")
    assert lab.value("len(shown.data) == 6 * 3010") == "True"

    assert axe(lab.page, ".nbt-curves") == []
    lab.screenshot("curves")
    lab.set_theme("dark")
    assert axe(lab.page, ".nbt-curves") == []
    lab.screenshot("curves-dark")
    lab.set_theme("light")
    assert lab.errors == []
    assert lab.outside_requests == []


def test_python_and_new_points_show_in_the_page(lab: NotebookPage) -> None:
    view = show(lab, "shown.aggregate_by = ['params.model']; shown.log_y = True", "shown.aggregate_by = []", LIVE)
    lab.run_cell(2)
    expect(view.get_by_role("group", name="Lines").get_by_role("button")).to_have_text(
        ["model = mlp (3)", "model = cnn (3)"]
    )
    expect(chart(view, "train/loss")).to_have_attribute("aria-label", re.compile("2 lines"))
    lab.screenshot("curves-seeds")
    lab.run_cell(3)
    lab.run_cell(4)
    expect(view.get_by_role("button", name="late")).to_be_visible()
    expect(chart(view, "train/loss")).to_have_attribute("aria-label", re.compile("7 lines"))


def test_the_keyboard_reads_and_zooms(lab: NotebookPage) -> None:
    view = show(lab)
    field = chart(view, "train/loss")
    field.focus()
    for _ in range(3):
        lab.page.keyboard.press("ArrowRight")
    expect(field.get_by_role("status")).to_contain_text("run-5")
    lab.page.keyboard.press("+")
    becomes(lab, "shown.x_range is not None", "True")
    lab.page.keyboard.press("0")
    becomes(lab, "shown.x_range", "None")
