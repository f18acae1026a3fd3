"""A sweep in a real JupyterLab: its view grows while the cell runs, Pause and the missing trials, and what stays without a kernel."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import Locator, expect

if TYPE_CHECKING:
    from tests.browser.conftest import Axe
    from tests.browser.jupyter import NotebookPage

SWEEP = """%%track sweep lr=log(1e-5,1e-2,4) depth=[2,4,6,8,10,12,14,16] --metric acc --seed 3
import time, nbtrack
for step in range(3):
    acc = 0.9 - abs(lr - 1e-3) * 30 + depth / 400 + step / 100
    nbtrack.log_metric("acc", acc, step=step)
    time.sleep(0.1)
"""
DONE = "(done := nbtrack.search_runs(\"status = 'FINISHED' and params.lr != ''\")).shape[0]"


def root(notebook: NotebookPage, i: int = 1) -> Locator:
    return notebook.output(i).locator(".nbt-sweep").first


def test_lines_grow_while_the_cell_runs_and_pause_leaves_the_rest_for_later(lab: NotebookPage, axe: Axe) -> None:
    lab.open(lab.write("import nbtrack\n%load_ext nbtrack", SWEEP, "'the next cell'"))
    lab.run_cell(0)
    lab.run_cell(1, wait=False)
    shown = root(lab)
    expect(shown.locator(".nbt-par-count")).to_have_text(re.compile(r"^([2-9]|[12]\d) runs$"))
    expect(shown.locator(".nbt-sweep-star")).to_be_visible()
    expect(shown.locator(".nbt-sweep-left")).to_contain_text("left")
    expect(shown.locator(".nbt-par-strip")).to_be_visible()  # importance, asked for while the kernel is busy
    lab.screenshot("sweep-running")
    shown.get_by_role("button", name="Pause").click()
    expect(shown.locator(".nbt-sweep-title")).to_contain_text("paused")
    lab.ready()
    before = int(lab.value(DONE))
    assert 10 <= before < 32
    assert lab.value("'acc' in dir(), 'lr' in dir()") == "(False, False)"
    assert axe(lab.page, ".nbt-sweep") == []

    lab.run_cell(1)
    expect(lab.output(1)).to_contain_text(f"goes on with the {32 - before} missing")
    expect(root(lab).locator(".nbt-sweep-progress")).to_contain_text(f"32 of 32 trials · {before} from before")
    expect(root(lab).locator(".nbt-sweep-found")).to_contain_text("Best acc")
    assert lab.value(DONE) == "32"
    lab.screenshot("sweep-done")
    assert lab.errors == []


def test_trials_in_processes_and_the_summary_that_stays(lab: NotebookPage) -> None:
    cell = SWEEP.replace("--seed 3", "--jobs 2").replace("lr=log(1e-5,1e-2,4)", "lr=[1e-3,1e-2]")
    lab.open(lab.write("import nbtrack\n%load_ext nbtrack", cell, cell))
    lab.run_all()
    shown = root(lab)
    expect(shown.locator(".nbt-sweep-progress")).to_contain_text("16 of 16 trials")
    expect(shown.locator(".nbt-par-count")).to_have_text("16 runs")
    expect(lab.output(2)).to_contain_text("none was run")
    saved = lab.save().cells[1].outputs[0]
    html = "".join(saved["data"]["text/html"])
    assert "done · 16 of 16 trials · ★ best acc" in html
    assert html.count("<img") == 1
    assert "★</td>" in html
    assert "16 of 16 trials" in saved["data"]["text/plain"]
