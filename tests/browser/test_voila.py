"""Views in Voila: a page of a notebook, without its code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
from playwright.sync_api import expect

from tests.browser.servers import free_port, serving
from tests.hosts.kit import RECORD, notebook

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

PATIENCE = 90_000


def test_the_table_lives_in_voila(tmp_path: Path, page: Page, shots: Path) -> None:
    nbformat.write(notebook(RECORD, "table = nbtrack.runs()\ntable", "nbtrack.env()"), tmp_path / "page.ipynb")
    port = free_port()
    words = ("voila", "page.ipynb", "--no-browser", f"--port={port}", "--Voila.ip=127.0.0.1")
    with serving(tmp_path, *words, port=port) as url:
        page.goto(url, timeout=PATIENCE)
        view = page.locator(".nbt-root")
        expect(view.get_by_text("run 0.01", exact=True).first).to_be_visible(timeout=PATIENCE)
        expect(page.locator(".nbt-fallback")).to_be_hidden()
        expect(page.get_by_text("tier 3 of 3")).to_be_visible()
        page.screenshot(path=shots / "voila.png")
        filters = view.get_by_placeholder("Filter runs")
        filters.fill("metrics.acc > 0.9")
        filters.press("Enter")
        expect(view.get_by_text("run 0.3", exact=True).first).to_be_visible()
        expect(view.get_by_text("run 0.01", exact=True)).to_have_count(0)
        page.close()
