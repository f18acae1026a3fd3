"""Views in marimo, which puts each widget into a shadow root of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.servers import free_port, serving
from tests.hosts.kit import RECORD

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

PATIENCE = 90_000
APP = """import marimo

app = marimo.App()


@app.cell
def _():
{record}
    return (nbtrack,)


@app.cell
def _(nbtrack):
    import marimo as mo
    table = mo.ui.anywidget(nbtrack.runs())
    table
    return (table,)


@app.cell
def _(table):
    f"filter: {{table.filter}}."
    return


@app.cell
def _(nbtrack):
    nbtrack.parallel("acc")
    return


@app.cell
def _(nbtrack):
    nbtrack.env()
    return


if __name__ == "__main__":
    app.run()
"""


def test_the_table_lives_in_marimo(tmp_path: Path, page: Page, shots: Path) -> None:
    record = "\n".join(f"    {line}" for line in RECORD.splitlines())
    (tmp_path / "app.py").write_text(APP.format(record=record), encoding="utf-8")
    port = free_port()
    words = ("marimo", "run", "app.py", "--headless", "--host=127.0.0.1", f"--port={port}", "--no-token")
    with serving(tmp_path, *words, port=port) as url:
        page.goto(url, timeout=PATIENCE)
        view = page.locator(".nbt-root").first
        expect(view.get_by_text("run 0.01", exact=True).first).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_text("tier 3 of 3")).to_be_visible()
        page.screenshot(path=shots / "marimo.png")
        expect(page.locator(".nbt-root")).to_have_count(2)  # one wrapped, one as it is
        filters = view.get_by_placeholder("Filter runs")
        filters.fill("metrics.acc > 0.9")
        filters.press("Enter")
        expect(view.get_by_text("run 0.3", exact=True).first).to_be_visible()
        expect(view.get_by_text("run 0.01", exact=True)).to_have_count(0)
        expect(page.get_by_text("filter: metrics.acc > 0.9.")).to_be_visible()
        page.close()


LIVE = """import marimo

app = marimo.App()


@app.cell
def _():
    import nbtrack
    nbtrack.live()
    return


if __name__ == "__main__":
    app.run()
"""
FAR = """
import nbtrack, time
with nbtrack.start_run("far"):
    for step in range(100_000):
        nbtrack.log_metric("loss", 1 / (step + 1), step=step)
        if step == 10:
            print("logged", flush=True)
        time.sleep(0.02)
"""


def test_a_run_goes_on_and_is_stopped_in_marimo(tmp_path: Path, page: Page, shots: Path) -> None:
    (tmp_path / "app.py").write_text(LIVE, encoding="utf-8")
    port = free_port()
    words = ("marimo", "run", "app.py", "--headless", "--host=127.0.0.1", f"--port={port}", "--no-token")
    training = subprocess.Popen([sys.executable, "-c", FAR], cwd=tmp_path, stdout=subprocess.PIPE)
    try:
        assert training.stdout is not None
        training.stdout.readline()
        with serving(tmp_path, *words, port=port) as url:
            page.goto(url, timeout=PATIENCE)
            panel = page.locator(".nbt-live")
            expect(panel).to_be_visible(timeout=PATIENCE)
            expect(panel).to_have_attribute("data-points", re.compile(r"\d"))
            before = int(panel.get_attribute("data-points") or 0)
            expect(panel).not_to_have_attribute("data-points", str(before))
            page.screenshot(path=shots / "marimo-live.png")
            panel.get_by_role("button", name="Stop").click()
            expect(panel).to_contain_text("stopped at step")
            page.close()
    finally:
        training.kill()
        training.wait()
        assert training.stdout is not None
        training.stdout.close()
