"""The live panel in a real JupyterLab: buttons while a cell runs, a page that is loaded again, a kernel that is killed."""

from __future__ import annotations

import json
import os
import re
import signal
from typing import TYPE_CHECKING

from playwright.sync_api import Locator, expect

if TYPE_CHECKING:
    from tests.browser.conftest import Axe
    from tests.browser.jupyter import NotebookPage

TRAINING = """%%track training
import math, time, nbtrack
lr, total_steps = 1e-3, {steps}
run = nbtrack.active_run()
run.log_params({{"total_steps": total_steps}})

@run.on_checkpoint
def save():
    run.log_text("weights", "model.txt")

for step in range(total_steps):
    rate = run.knob("lr", 1e-3, min=1e-5, max=1e-1, log=True)
    run.log_metrics({{"loss": math.exp(-step / 60), "val_loss": math.exp(-step / 80), "acc": 1 - math.exp(-step / 50)}}, step=step)
    time.sleep(0.02)
"""
RUN = "nbtrack.last_active_run()"


def panel(notebook: NotebookPage, i: int) -> Locator:
    return notebook.output(i).locator(".nbt-live")


def points(where: Locator) -> int:
    return int(where.get_attribute("data-points") or 0)


def start(notebook: NotebookPage, steps: int, *cells: str) -> Locator:
    notebook.open(notebook.write("%load_ext nbtrack", TRAINING.format(steps=steps), *cells))
    notebook.run_cell(0)
    notebook.run_cell(1, wait=False)
    shown = panel(notebook, 1)
    expect(shown).to_be_visible()
    return shown


def test_curves_and_buttons_live_while_the_cell_runs(lab: NotebookPage, axe: Axe) -> None:
    shown = start(lab, 5000, "'the next cell'")
    expect(shown).to_contain_text("of 5,000")
    expect(shown.locator(".nbt-chart-title")).to_have_text(["acc", "loss", "knob/lr"])
    before = points(shown)
    lab.page.wait_for_function("([el, n]) => Number(el.dataset.points) > n", arg=[shown.element_handle(), before])

    slider = shown.get_by_role("slider", name="Knob lr")
    slider.focus()
    slider.press("Home")
    shown.get_by_role("button", name="Checkpoint").click()
    shown.get_by_role("button", name="Note").click()
    shown.get_by_role("textbox", name="Note").fill("a plateau")
    shown.get_by_role("textbox", name="Note").press("Enter")
    expect(shown).to_contain_text("Note kept")
    expect(shown.get_by_role("textbox", name="Note")).to_be_hidden()
    assert axe(lab.page, ".nbt-live") == []
    lab.screenshot("live")
    lab.set_theme("dark")
    lab.screenshot("live-dark")
    assert axe(lab.page, ".nbt-live") == []
    lab.set_theme("light")

    shown.get_by_role("button", name="Stop").click()
    expect(shown).to_contain_text("stopped at step")
    expect(lab.output(1)).to_contain_text("#1 ")
    lab.ready()
    lab.screenshot("live-stopped")
    tags = json.loads(lab.value(f"__import__('json').dumps({RUN}.data.tags)")[1:-1].encode().decode("unicode_escape"))
    kinds = sorted(json.loads(text)["kind"] for key, text in tags.items() if key.startswith("nbtrack.event."))
    assert kinds == ["checkpoint", "knob", "note", "stop"]
    assert lab.value(f"{RUN}.info.status") == "'FINISHED'"
    assert lab.value(f"{RUN}.data.metrics['knob/lr']") == "1e-05"
    lab.run_cell(2)
    expect(lab.output(2)).to_contain_text("the next cell")
    assert lab.errors == []
    assert lab.outside_requests == []

    saved = lab.save()
    size = len(json.dumps(saved.cells[1].outputs))
    assert size < 20_000, "the saved cell is heavy"
    assert "data:image/svg" in json.dumps(saved.cells[1].outputs)


def test_after_a_reload_the_run_is_picked_up_with_every_point(lab: NotebookPage) -> None:
    shown = start(lab, 300, "%track live")
    expect(shown).to_contain_text("points")
    lab.page.reload()
    lab.ready()
    lab.run_cell(2)
    again = panel(lab, 2)
    expect(again).to_contain_text("finished")
    stored = int(lab.value(f"sum(s.count for s in {RUN}.data.summaries.values())"))
    expect(again).to_have_attribute("data-points", str(stored))
    assert stored == 3 * 300 + 1


def test_a_killed_kernel_leaves_its_run_with_every_point(lab: NotebookPage) -> None:
    lab.open(
        lab.write(
            "%load_ext nbtrack",
            "import os; os.getpid()",
            TRAINING.format(steps=5000),
            "import nbtrack\nnbtrack.live(1)",
        )
    )
    lab.run_cell(0)
    lab.run_cell(1)
    pid = int(lab.output(1).inner_text().split()[-1])
    lab.run_cell(2, wait=False)
    shown = panel(lab, 2)
    expect(shown).to_be_visible()
    expect(shown).to_have_attribute("data-points", re.compile(r"^\d{3,}$"))
    os.kill(pid, signal.SIGKILL)
    lab.page.get_by_role("button", name="Ok", exact=True).click()
    lab.ready()
    lab.run_cell(3)
    again = panel(lab, 3)
    expect(again).to_contain_text("Kernel died")
    expect(again).to_contain_text("run marked killed")
    stored = int(lab.value("sum(s.count for s in nbtrack.get_run(1).data.summaries.values())"))
    expect(again).to_have_attribute("data-points", str(stored))
    lab.screenshot("live-killed")
