"""Parallel coordinates in a real JupyterLab."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
from playwright.sync_api import Locator, expect

if TYPE_CHECKING:
    from tests.browser.conftest import Axe
    from tests.browser.jupyter import NotebookPage

STUDY = """
import nbtrack
for index in range(16):
    params = {"lr": 10.0 ** -(index % 4), "model": ("cnn", "mlp")[index % 2]}
    with nbtrack.start_run(f"run-{index:02d}", params=params) as run:
        run.log_metric("loss", (index % 4) / 4 + index / 100, step=0)
"""
SHOW = 'plot = nbtrack.parallel("loss")\nplot'


def root(notebook: NotebookPage) -> Locator:
    return notebook.output(1).locator(".nbt-par").first


def axis(notebook: NotebookPage, name: str) -> Locator:
    return root(notebook).locator(f'[data-axis="{name}"]')


def show(notebook: NotebookPage, *cells: str) -> None:
    notebook.open(notebook.write(STUDY, SHOW, *cells))
    notebook.run_cell(0)
    notebook.run_cell(1)
    expect(root(notebook).locator(".nbt-par-count")).to_have_text("16 runs")


def drag(notebook: NotebookPage, name: str, start: float, end: float) -> None:
    """Drag along an axis, from one share of the plot's height to another."""
    plot = root(notebook).locator(".nbt-par-plot")
    plot.scroll_into_view_if_needed()
    box, head = plot.bounding_box(), axis(notebook, name).bounding_box()
    assert box is not None
    assert head is not None
    x = head["x"] + head["width"] / 2
    notebook.page.mouse.move(x, box["y"] + start * box["height"])
    notebook.page.mouse.down()
    notebook.page.mouse.move(x, box["y"] + end * box["height"], steps=6)
    notebook.page.mouse.up()


def test_a_brush_drawn_in_the_page_is_a_filter_in_python(lab: NotebookPage, axe: Axe) -> None:
    show(lab)
    drag(lab, "metrics.loss", 0.99, 0.65)  # from the foot upwards: the small ones
    lab.becomes("plot.extents.get('metrics.loss', [[0]])[0][0] is None", "True")
    count = lab.value("len(plot.df)")
    expect(root(lab).locator(".nbt-par-count")).to_have_text(f"{count} of 16 runs")
    assert 0 < int(count) < 16
    assert lab.value("len(nbtrack.sql(plot.sql))") == count
    assert lab.value("bool(plot.df['metrics.loss'].max() <= plot.extents['metrics.loss'][0][1])") == "True"

    root(lab).get_by_role("button", name="Keep").click()
    lab.becomes("plot.extents, [step['op'] for step in plot.steps]", "({}, ['keep'])")
    assert lab.value("len(plot.runs)") == count
    root(lab).get_by_role("button", name="Restore").click()
    lab.becomes("plot.steps", "[]")

    expect(root(lab)).to_contain_text("What moves loss")
    assert axe(lab.page, ".nbt-par") == []
    assert lab.errors == []
    lab.screenshot("parallel")
    lab.set_theme("dark")
    expect(root(lab).locator(".nbt-par-plot")).to_be_visible()
    assert axe(lab.page, ".nbt-par") == []
    lab.screenshot("parallel-dark")
    lab.set_theme("light")
    assert lab.outside_requests == []


def test_keys_brush_move_invert_and_hide(lab: NotebookPage) -> None:
    show(lab)
    title = axis(lab, "params.lr").get_by_role("button").first
    title.focus()
    lab.page.keyboard.press("Enter")
    lab.page.keyboard.type("0.01..0.1")
    lab.page.keyboard.press("Enter")
    lab.becomes("plot.extents", "{'params.lr': [[0.01, 0.1]]}")
    expect(root(lab).locator(".nbt-par-count")).to_have_text("8 of 16 runs")
    assert lab.value("plot.inverted_axes") == "[]"  # Enter is for the range alone
    lab.page.keyboard.press("i")
    lab.becomes("plot.inverted_axes", "['params.lr']")
    lab.page.keyboard.press("Shift+ArrowRight")
    lab.becomes("plot.axes", "['params.model', 'params.lr', 'metrics.loss']")
    lab.page.keyboard.press("Escape")
    expect(root(lab).locator(".nbt-par-count")).to_have_text("16 runs")
    lab.becomes("plot.extents", "{}")
    lab.page.keyboard.press("Delete")
    lab.becomes("plot.axes", "['params.model', 'metrics.loss']")


def test_what_python_sets_and_logs_shows_in_the_page(lab: NotebookPage) -> None:
    show(
        lab,
        "plot.extents = {'params.model': 'mlp', 'params.lr': (0.001, 0.01)}; plot.axes = ['params.model', 'metrics.loss']",
        "with nbtrack.start_run('new', params={'lr': 0.01, 'model': 'mlp'}) as run: run.log_metric('loss', 0.5)",
    )
    lab.run_cell(2)
    expect(root(lab).locator(".nbt-par-where")).to_have_text(
        "params.model IN ('mlp') AND params.lr BETWEEN 0.001 AND 0.01"
    )
    expect(root(lab).locator(".nbt-par-head")).to_have_count(2)
    expect(root(lab)).to_contain_text("no axis:")
    before = lab.value("len(plot.df)")
    lab.run_cell(3)
    expect(root(lab).locator(".nbt-par-count")).to_have_text(f"{int(before) + 1} of 17 runs")

    root(lab).get_by_role("button", name="Insert cell").click()
    expect(lab.page.locator(".jp-Notebook .jp-Cell", has_text="nbtrack.search_runs")).to_have_count(1)


def test_without_a_kernel_a_picture_stands_for_it(lab: NotebookPage) -> None:
    show(lab)
    saved = lab.save()
    assert lab.notebook is not None
    texts = [output.get("data", {}).get("text/html", "") for output in saved.cells[1].outputs]
    assert any("Parallel coordinates of 16 runs: lr, model, loss" in text for text in texts)
    assert len(nbformat.writes(saved)) < 200_000
    lab.page.reload()
    lab.ready()
    lab.execute("kernelmenu:shutdown")
    expect(lab.output(1).locator("img[alt^='Parallel coordinates of 16 runs']")).to_be_attached()


def test_titles_are_dragged_without_their_text_and_the_lane_of_nan_is_brushed(lab: NotebookPage) -> None:
    show(lab)
    for dx, dy, axes in (
        (-250, 0, "model', 'params.lr', 'metrics.loss"),
        (0, 120, "lr', 'metrics.loss"),
    ):  # left, then off
        box = axis(lab, "params.model").get_by_role("button").first.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        lab.page.mouse.move(x, y)
        lab.page.mouse.down()
        lab.page.mouse.move(x + dx, y + dy, steps=6)
        lab.page.mouse.up()
        lab.becomes("plot.axes", f"['params.{axes}']")
    assert lab.value("plot.filter") == "''"
    assert lab.page.evaluate("String(getSelection())") == ""

    with_nan = (
        "with nbtrack.start_run('broken', params={'lr': 1.0}) as run: run.log_metric('loss', float('nan'), step=0)"
    )
    lab.value(f"exec({with_nan!r})")
    expect(root(lab).locator(".nbt-par-count")).to_have_text("17 runs")
    plot, head = root(lab).locator(".nbt-par-plot").bounding_box(), axis(lab, "metrics.loss").bounding_box()
    assert plot is not None
    assert head is not None
    lab.page.mouse.click(head["x"] + head["width"] / 2, plot["y"] + plot["height"] - 10)
    lab.becomes("plot.extents, plot.where", "({'metrics.loss': ['NaN']}, 'metrics.loss IN (nan)')")
    lab.becomes("plot.df['run_name'].tolist()", "['broken']")
    expect(root(lab).locator(".nbt-par-count")).to_have_text("1 of 17 runs")
    assert lab.errors == []
