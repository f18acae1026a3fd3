"""A page in Chromium, and what its main thread does."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from benchmarks.contenders.pages import CONTENDERS, runs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"]
NAMES = ("chromium", "chromium-browser", "google-chrome")
TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"
QUIET_S = 0.3
QUIET_SHARE = 0.05
STEPS = 60


@contextmanager
def page_of(name: str, n: int, folder: Path, packages: Path) -> Iterator[Page]:
    """Open the page of a contender with `n` runs; nothing is drawn yet."""
    contender = CONTENDERS[name]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    contender.write(runs(n), folder)
    for file, content in contender.files(packages).items():
        (folder / file).write_bytes(content)
    script = f"const el = document.getElementById('el');{contender.script}\nglobalThis.isReady = true;"
    page_html = f"<!doctype html><meta charset=utf-8><div id=el style='width:1200px'></div><script type=module>{script}</script>"
    (folder / "index.html").write_text(page_html)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Silent, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    chromium = next(path for each in NAMES if (path := shutil.which(each)))
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            page = browser.new_page(viewport={"width": 1300, "height": 800})
            page.goto(f"http://127.0.0.1:{server.server_port}/")
            page.wait_for_function("globalThis.isReady", timeout=60_000)
            yield page
            browser.close()
    finally:
        server.shutdown()
        server.server_close()


def measure(page: Page) -> dict[str, Any]:
    """Draw, then brush the axis ``lr`` with the mouse.

    Returns
    -------
    dict
        ``script`` and ``work``: seconds of script, and of all work of the main thread (style, layout, paint too), until the page is quiet;
        ``steps`` and ``step_scripts``: seconds of all work and of script for each move of the mouse, with the two frames that follow.
    """
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def spent() -> dict[str, float]:
        return {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}

    before = spent()
    page.evaluate("async () => { await go(); }")
    page.evaluate(TWO_FRAMES)
    after = _when_quiet(spent)
    label = page.get_by_text("lr", exact=True).first.bounding_box()
    assert label, "the axis lr is not shown"
    x, y = label["x"] + label["width"] / 2, label["y"] + 100
    page.mouse.move(x, y)
    page.mouse.down()
    steps, scripts = [], []
    for step in range(STEPS):
        begin = spent()
        page.mouse.move(x, y + 2.5 * (step + 1))
        page.evaluate(TWO_FRAMES)
        end = spent()
        steps.append(end["TaskDuration"] - begin["TaskDuration"])
        scripts.append(end["ScriptDuration"] - begin["ScriptDuration"])
    page.mouse.up()
    return {
        "script": after["ScriptDuration"] - before["ScriptDuration"],
        "work": after["TaskDuration"] - before["TaskDuration"],
        "steps": sorted(steps),
        "step_scripts": sorted(scripts),
    }


def _when_quiet(spent: Any) -> dict[str, float]:
    """Wait until the main thread rests; return what was spent until then."""
    last: dict[str, float] = spent()
    for _ in range(200):
        time.sleep(QUIET_S)
        now: dict[str, float] = spent()
        if now["TaskDuration"] - last["TaskDuration"] < QUIET_SHARE * QUIET_S:
            return last
        last = now
    return last


class _Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""
