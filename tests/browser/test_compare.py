"""Runs beside one another in a real JupyterLab."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import Locator, expect

if TYPE_CHECKING:
    from tests.browser.conftest import Axe
    from tests.browser.jupyter import NotebookPage

STUDY = """
import nbtrack, numpy as np
for index in range(3):
    with nbtrack.start_run(f"run-{index}", params={"lr": 10.0 ** -index, "model": "mlp", **({"dropout": 0.1} if index else {})}) as run:
        for epoch in range(5):
            run.log_metrics({"acc": epoch / 10 + index / 100, "loss": 1 / (epoch + 1) + index}, step=epoch)
        run.log_text(f"# model\\nlr = {10.0 ** -index}\\nfit(lr)\\n", "source/cell.py")
        picture = np.zeros((40, 60, 3), dtype=np.uint8)
        picture[10:20, 10 + 10 * index : 25 + 10 * index] = 255
        run.log_image(picture, "shape.png")
        run.log_table({"id": [1, 2, 3], "guess": ["a", "b", "cd"[index % 2]]}, "guesses.json")
"""
LOOKS_MS = 60_000  # a view looks at the store for a tenth of the time at most: on a loaded machine seldom
SHOW = "view = nbtrack.compare(1, 2)\nview"


def grid(notebook: NotebookPage, i: int = 1) -> Locator:
    return notebook.output(i).get_by_role("grid", name="Comparison of runs")


def cell(notebook: NotebookPage, key: str, column: int, i: int = 1) -> Locator:
    """Return a cell by its key; column 0 is the base."""
    row = grid(notebook, i).get_by_role("row").filter(has=notebook.page.get_by_role("rowheader", name=key, exact=True))
    return row.get_by_role("gridcell").nth(column)


def show(notebook: NotebookPage, *cells: str) -> None:
    notebook.open(notebook.write(STUDY, *cells))
    for i in range(2):
        notebook.run_cell(i)
    expect(grid(notebook)).to_contain_text("run-1")


def test_what_changed_is_said_shown_and_given_back(lab: NotebookPage, axe: Axe) -> None:
    show(lab, SHOW)
    expect(lab.output(1)).to_contain_text(
        "#2 changed lr 1.0 → 0.1 and added dropout 0.1 against #1; acc rose by 0.01 to 0.41"
    )
    expect(cell(lab, "acc", 1)).to_contain_text("+0.01")
    expect(grid(lab)).not_to_contain_text("mlp")
    lab.output(1).get_by_role("button", name="identical row").click()
    expect(grid(lab)).to_contain_text("mlp")
    lab.becomes("view.hide_same", "False", tries=60)

    grid(lab).get_by_role("columnheader", name="#2").hover()
    grid(lab).get_by_role("button", name="set as base").click()
    expect(lab.output(1)).to_contain_text("#1 changed lr 0.1 → 1.0 and dropped dropout against #2")
    lab.becomes("nbtrack.get_run(view.base).info.run_name", "'run-1'", tries=60)
    lab.becomes("view.differences.loc[('params', 'lr')].tolist()", "['1.0', '0.1']", tries=60)

    assert axe(lab.page, ".nbt") == []
    assert lab.errors == []
    lab.screenshot("compare")
    lab.set_theme("dark")
    assert axe(lab.page, ".nbt") == []
    lab.screenshot("compare-dark")
    lab.set_theme("light")
    assert lab.outside_requests == []


def test_files_are_compared_below_the_table(lab: NotebookPage, axe: Axe) -> None:
    show(lab, SHOW)
    lab.output(1).get_by_role("searchbox", name="Filter keys").fill("source/")
    cell(lab, "source/cell.py", 1).click()
    pane = lab.output(1).get_by_role("region", name="Both runs in full")
    expect(pane.locator("del mark")).to_have_text("1.0", timeout=LOOKS_MS)
    expect(pane.locator("ins mark")).to_have_text("0.1")

    lab.output(1).get_by_role("searchbox", name="Filter keys").fill("shape")
    cell(lab, "shape.png", 1).click()
    expect(pane.get_by_role("img")).to_have_count(2, timeout=LOOKS_MS)
    pane.get_by_role("button", name="Difference").click()
    expect(pane).to_contain_text("% of the pixels differ, by up to 255 of 255")
    pane.get_by_role("button", name="Swipe").click()
    expect(pane.get_by_role("slider")).to_be_visible()
    lab.screenshot("compare-swipe")

    lab.output(1).get_by_role("searchbox", name="Filter keys").fill("guesses")
    cell(lab, "guesses.json", 1).click()
    expect(pane.get_by_role("row").filter(has_text="3").locator("ins")).to_have_text("d", timeout=LOOKS_MS)
    assert axe(lab.page, ".nbt") == []
    lab.page.keyboard.press("Escape")
    expect(pane).to_be_hidden()


def test_a_running_run_moves_in_the_comparison(lab: NotebookPage) -> None:
    live = """
import pathlib, time
with nbtrack.start_run("growing", params={"lr": 1.0}) as run:
    view = nbtrack.compare(1, run)
    display(view)
    step = 0
    while not pathlib.Path("enough").exists() and step < 2000:
        run.log_metric("acc", step / 10_000, step=step)
        step += 1
        time.sleep(0.1)
    run.log_metric("acc", 0.777, step=step)
"""
    lab.open(lab.write(STUDY, live))
    lab.run_cell(0)
    lab.run_cell(1, wait=False)
    expect(grid(lab)).to_contain_text("running")
    expect(cell(lab, "acc", 1)).to_contain_text("0.", timeout=LOOKS_MS)
    early = cell(lab, "acc", 1).inner_text()
    expect(cell(lab, "acc", 1)).not_to_have_text(early, timeout=LOOKS_MS)
    expect(grid(lab)).to_contain_text("running")
    (lab.folder / "enough").touch()
    expect(cell(lab, "acc", 1)).to_contain_text("0.777", timeout=LOOKS_MS)
    expect(grid(lab)).not_to_contain_text("running", timeout=LOOKS_MS)


def test_many_runs_scroll_and_reopened_without_a_kernel_the_summary_is_there(lab: NotebookPage) -> None:
    many = """
for index in range(60):
    with nbtrack.start_run(f"many-{index}", params={f"p{k}": index * k for k in range(40)}) as run:
        run.log_metric("acc", index / 60)
view = nbtrack.compare(filter="name LIKE 'many-%'")
view
"""
    show_many = f"{many}"
    lab.open(lab.write(STUDY, show_many))
    lab.run_cell(0)
    lab.run_cell(1)
    expect(grid(lab)).to_contain_text("many-59")
    assert grid(lab).get_by_role("columnheader").count() < 30
    grid(lab).evaluate("el => { el.scrollLeft = el.scrollWidth; el.scrollTop = el.scrollHeight; }")
    expect(grid(lab)).to_contain_text("many-0")
    expect(grid(lab).get_by_role("rowheader", name="acc", exact=True)).to_be_visible()
    lab.screenshot("compare-many")

    saved = lab.save()
    assert len(str(saved)) < 100_000
    assert lab.notebook is not None
    lab.server.end_kernels()
    lab.page.goto(lab.server.address_of(lab.notebook))
    lab.page.locator(".jp-Notebook").first.wait_for()
    expect(lab.output(1).get_by_role("table")).to_contain_text("many-59")
    expect(lab.output(1).get_by_role("img", name="Bars of acc")).to_be_visible()
    lab.screenshot("compare-reopened")
