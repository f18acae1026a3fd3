"""Start a real JupyterLab or Notebook 7 on this machine, and use it as a person would."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import nbformat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import ConsoleMessage, Locator, Page, Request, ViewportSize

App = Literal["lab", "notebook"]

SERVER_START_S = 90
VIEWPORT: ViewportSize = {"width": 1400, "height": 1000}
READY_MS = 90_000
ACTION_MS = 30_000
EXPOSE_APP = {
    "lab": "--LabApp.expose_app_in_browser=True",
    "notebook": "--JupyterNotebookApp.expose_app_in_browser=True",
}
SETTINGS: dict[str, dict[str, Any]] = {
    # no pop-up asks about news, nothing looks for updates
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
    # only save() saves
    "docmanager-extension/plugin": {"autosave": False},
    # cells out of sight stay in the page, so that tests can find them
    "notebook-extension/tracker": {"windowingMode": "none"},
}

# The notebook's session; Lab and Notebook 7 keep it in the same place. The status bar can look idle too early.
_SESSION = "window.jupyterapp?.shell?.currentWidget?.sessionContext"
_IS_READY = f"""() => {{
    const kernel = {_SESSION}?.session?.kernel;
    return kernel?.status === 'idle' && kernel?.connectionStatus === 'connected';
}}"""
_EXECUTE = "([name, options]) => window.jupyterapp.commands.execute(name, options).then(() => null)"
_EXECUTE_WITHOUT_WAITING = "([name, options]) => { window.jupyterapp.commands.execute(name, options); }"
# As if nothing had been changed: a question whether to save would stay open.
_CLOSE_ALL = """async () => {
    for (const widget of [...window.jupyterapp.shell.widgets('main')]) {
        if (widget.context?.model) widget.context.model.dirty = false;
        widget.close();
    }
}"""
_IS_LAB = "() => window.jupyterapp?.name === 'JupyterLab'"
_ACTIVATE_CELL = "(i) => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = i; }"
_KERNEL_VALUE = f"""async (expression) => {{
    const kernel = {_SESSION}.session.kernel;
    const reply = await kernel.requestExecute(
        {{ code: '', silent: true, store_history: false, user_expressions: {{ value: expression }} }}).done;
    return reply.content.user_expressions.value;
}}"""


@dataclass(frozen=True)
class Server:
    """A running Jupyter server that listens on the loopback address only."""

    app: App
    url: str
    token: str
    root: Path

    def address_of(self, notebook: Path) -> str:
        path = notebook.relative_to(self.root).as_posix()
        page = f"lab/tree/{path}?reset&" if self.app == "lab" else f"notebooks/{path}?"
        return f"{self.url}/{page}token={self.token}"

    def ask(self, path: str, method: str = "GET") -> Any:
        request = urllib.request.Request(
            f"{self.url}/api/{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=20) as response:
            return json.loads(response.read() or "null")

    def end_kernels(self) -> None:
        for session in self.ask("sessions"):
            self.ask(f"sessions/{session['id']}", "DELETE")


@contextmanager
def running_server(app: App, home: Path) -> Iterator[Server]:
    """Start a server with an empty home of its own; it has ended when the block is left."""
    server = Server(app, f"http://127.0.0.1:{_free_port()}", secrets.token_hex(16), home / "notebooks")
    server.root.mkdir(parents=True)
    for name, values in SETTINGS.items():
        file = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    log = home / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            _command(server), cwd=server.root, env=_environment(home), stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _wait_until_up(server, process, log)
        yield server
    finally:
        _end(process)


def _command(server: Server) -> list[str]:
    return [
        *(sys.executable, "-m", "jupyter", server.app, "--no-browser", "--allow-root"),
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={urlsplit(server.url).port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={server.root}",
        "--ServerApp.shutdown_no_activity_timeout=900",  # ends by itself should the tests be killed
        f"--IdentityProvider.token={server.token}",
        EXPOSE_APP[server.app],
    ]


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NBTRACK_", "JUPYTER", "JPY_"))}
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    return kept | {name: str(home / folder) for name, folder in folders.items()}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_up(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + SERVER_START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            server.ask("status")
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
        else:
            return
    message = f"jupyter {server.app} did not start:\n{log.read_text()[-4000:]}"
    raise RuntimeError(message)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)  # the server ends its kernels
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(15)


@dataclass
class NotebookPage:
    """One browser page with one notebook in it."""

    page: Page
    server: Server
    folder: Path
    """Where this test's notebooks are; a folder of its own under the server's root."""
    shots: Path
    notebook: Path | None = None
    errors: list[str] = field(default_factory=list)
    """Errors that no script caught, and those on the browser's console."""
    outside_requests: list[str] = field(default_factory=list)
    """Addresses asked for that are not on this machine."""

    def __post_init__(self) -> None:
        self.page.set_default_timeout(ACTION_MS)
        self.page.on("pageerror", self._note_error)
        self.page.on("console", self._note_line)
        self.page.on("request", self._note_address)

    def write(self, *cells: str, name: str = "test.ipynb") -> Path:
        """Write a notebook of code cells, one per text."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        path = self.folder / name
        nbformat.write(notebook, path)
        return path

    def open(self, notebook: Path) -> None:
        """Open a notebook, copied into this test's folder if it is elsewhere, and wait for its kernel."""
        if not notebook.is_relative_to(self.server.root):
            notebook = Path(shutil.copy(notebook, self.folder))
        self.notebook = notebook
        if self.page.url.startswith(self.server.url) and self.page.evaluate(_IS_LAB):
            self._close_all()
            self.execute("docmanager:open", path=notebook.relative_to(self.server.root).as_posix())
        else:
            self.page.goto(self.server.address_of(notebook))
        self.ready()

    def leave(self) -> None:
        """Let go of the page, as empty and bright as it was: loading JupyterLab is half of a test, so the next one takes it over."""
        for event, heard in (
            ("pageerror", self._note_error),
            ("console", self._note_line),
            ("request", self._note_address),
        ):
            self.page.remove_listener(event, heard)
        self._close_all()
        self.set_theme("light")
        self.page.set_viewport_size(VIEWPORT)

    def _close_all(self) -> None:
        self.page.evaluate(_CLOSE_ALL)
        self.page.locator(".jp-Notebook").first.wait_for(state="detached")

    def ready(self) -> None:
        """Wait until the notebook is shown and its kernel is connected and idle."""
        self.page.locator(".jp-Notebook").first.wait_for(timeout=READY_MS)
        self.page.wait_for_function(_IS_READY, timeout=READY_MS)

    def run_all(self, *, wait: bool = True) -> None:
        """Run all cells; return when the last one has ended, or at once."""
        self.execute("notebook:run-all-cells", wait=wait)

    def run_cell(self, i: int, *, wait: bool = True) -> None:
        """Run one cell, counted from 0."""
        self.page.evaluate(_ACTIVATE_CELL, i)
        self.execute("notebook:run-cell", wait=wait)

    def execute(self, command: str, *, wait: bool = True, **options: object) -> None:
        """Execute a command of the application, such as ``"kernelmenu:restart"``."""
        self.page.evaluate(_EXECUTE if wait else _EXECUTE_WITHOUT_WAITING, [command, options])

    def value(self, expression: str) -> str:
        """Return the ``repr`` of a Python expression in the notebook's kernel."""
        answer = self.page.evaluate(_KERNEL_VALUE, expression)
        if answer["status"] != "ok":
            message = f"{expression}: {answer['ename']}: {answer['evalue']}"
            raise AssertionError(message)
        text: str = answer["data"]["text/plain"]
        return text

    def becomes(self, expression: str, expected: str, tries: int = 40) -> None:
        """Wait until the kernel says so: the page tells it of changes a moment later."""
        said = ""
        for _ in range(tries):
            said = self.value(expression)
            if said == expected:
                return
            self.page.wait_for_timeout(100)
        assert said == expected

    def cell(self, i: int) -> Locator:
        return self.page.locator(".jp-Notebook .jp-Cell").nth(i)

    def output(self, i: int) -> Locator:
        return self.cell(i).locator(".jp-Cell-outputArea")

    def save(self) -> nbformat.NotebookNode:
        """Save the notebook and return what is on disk."""
        assert self.notebook is not None, "open a notebook first"
        self.execute("docmanager:save")
        return nbformat.read(self.notebook, as_version=4)

    def set_theme(self, theme: Literal["light", "dark"]) -> None:
        self.execute("apputils:change-theme", theme=f"JupyterLab {theme.title()}")
        body = self.page.locator(f"body[data-jp-theme-light={'true' if theme == 'light' else 'false'}]")
        body.wait_for(state="attached")

    def screenshot(self, name: str) -> Path:
        """Take a picture of the page; $NBTRACK_SHOTS names the folder that keeps it."""
        path = self.shots / f"{name}.png"
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")
        self.page.screenshot(path=path)
        return path

    def _note_error(self, error: object) -> None:
        if (
            str(error) != "Disposed"
        ):  # what JupyterLab still asked a notebook that was closed: the one of the test before
            self.errors.append(str(error))

    def _note_line(self, line: ConsoleMessage) -> None:
        if line.type == "error":
            self.errors.append(line.text)

    def _note_address(self, request: Request) -> None:
        url = request.url
        address = urlsplit(url)
        if address.scheme in {"http", "https", "ws", "wss"} and address.hostname not in {"127.0.0.1", "localhost"}:
            self.outside_requests.append(url)
