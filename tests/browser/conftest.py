"""Fixtures for tests that drive JupyterLab, Notebook 7 or a plain page in the system's Chromium.

``lab``, ``notebook7``   a page with a real notebook, see tests/browser/jupyter.py
``jupyter``              both, one after the other
``page``                 pytest-playwright's page, for what needs no Jupyter
``axe``                  what is wrong with a page for someone who cannot see it or point at it
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import VIEWPORT, NotebookPage, Server, running_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
AXE = ROOT / "js" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_FLAGS = [
    "--no-sandbox",  # root in a container has none
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=30_000)  # two cores, three kernels and as many browsers


class Axe(Protocol):
    """Finds what breaks the rules of accessibility."""

    def __call__(self, page: Page, selector: str = "body", *, ignore: tuple[str, ...] = ()) -> list[str]:
        """Return one line per broken rule inside `selector`; `ignore` names rules to leave out."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder, and put them last: Playwright keeps an event loop running."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)
    items.sort(key=lambda item: item.path.is_relative_to(here))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    names = (os.environ.get("CHROMIUM"), *CHROMIUM_NAMES)
    chromium = next((path for name in names if name and (path := shutil.which(name))), None)
    if chromium is None:
        say = pytest.fail if os.environ.get("CI") else pytest.skip
        say("Chromium is missing: `make chromium` installs it, CHROMIUM=/path/to/chrome names yours")
    return {**browser_type_launch_args, "executable_path": chromium, "args": CHROMIUM_FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": VIEWPORT, "bypass_csp": True}


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the screenshots."""
    if kept := os.environ.get("NBTRACK_SHOTS"):
        folder = Path(kept)
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    return tmp_path_factory.mktemp("shots")


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server("lab", tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="session")
def notebook7_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server("notebook", tmp_path_factory.mktemp("notebook7")) as server:
        yield server


class Window:
    """A page of JupyterLab that one test after the other takes over, until one of them leaves it in disorder."""

    def __init__(self, browser: Browser, options: dict[str, Any]) -> None:
        self._browser = browser
        self._options = options
        self._page: Page | None = None

    def page(self) -> Page:
        if self._page is None:
            self._page = self._browser.new_context(**self._options).new_page()
        return self._page

    def close(self) -> None:
        if self._page is not None:
            self._page.context.close()
            self._page = None


@pytest.fixture(scope="session")
def lab_window(browser: Browser, browser_context_args: dict[str, Any]) -> Iterator[Window]:
    window = Window(browser, browser_context_args)
    yield window
    window.close()


@pytest.fixture
def lab(lab_server: Server, lab_window: Window, shots: Path, tmp_path: Path) -> Iterator[NotebookPage]:
    place = lab_server.root / tmp_path.name
    place.mkdir()
    found = NotebookPage(lab_window.page(), lab_server, place, shots)
    yield found
    try:
        found.leave()
    except Exception:
        lab_window.close()
    lab_server.end_kernels()


@pytest.fixture
def notebook7(notebook7_server: Server, page: Page, shots: Path, tmp_path: Path) -> Iterator[NotebookPage]:
    yield from _notebook_page(notebook7_server, page, shots, tmp_path.name)


@pytest.fixture(params=["lab", "notebook7"])
def jupyter(request: pytest.FixtureRequest) -> NotebookPage:
    notebook_page: NotebookPage = request.getfixturevalue(request.param)
    return notebook_page


def _notebook_page(server: Server, page: Page, shots: Path, folder: str) -> Iterator[NotebookPage]:
    place = server.root / folder
    place.mkdir()
    yield NotebookPage(page, server, place, shots)
    page.close()
    server.end_kernels()


@pytest.fixture(scope="session")
def axe() -> Axe:
    if not AXE.is_file():
        pytest.fail("axe-core is missing: run `npm ci` in js/")
    script = AXE.read_text()

    def broken_rules(page: Page, selector: str = "body", *, ignore: tuple[str, ...] = ()) -> list[str]:
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate(script)
        found = page.evaluate("(selector) => axe.run(selector)", selector)["violations"]
        return [
            f"{rule['id']}: {rule['help']} at {', '.join(str(node['target']) for node in rule['nodes'])}"
            for rule in found
            if rule["id"] not in ignore
        ]

    return broken_rules
