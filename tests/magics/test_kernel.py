"""%%track in a real kernel: await, interrupts, magics, errors, re-runs, figures, and a kernel that is killed."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

pytestmark = pytest.mark.notebook

ROOT = Path(__file__).parents[2]
SETTLE = """
import nbtrack.tracking.surroundings as _s
get_ipython()._nbtrack.filing.flush()
_s.settle()
get_ipython()._nbtrack.board().refresh_soon().result(20)
"""
REPORT = """
import json as _json
from nbtrack.tracking import active as _a
from nbtrack.tracking.searching import search_runs as _search
from nbtrack.magics.report import all_files as _files
_found = _search(output_format="list", order_by=["start_time ASC"], search_all_experiments=True)
print(_json.dumps([
    dict(number=r.info.number, name=r.info.run_name, status=r.info.status, params=r.data.params, metrics=r.data.metrics,
         tags=r.data.tags, parent=r.info.parent_run_id, id=r.info.run_id,
         files={f.path: f.file_size for f in _files(_a.get_store(), r.info.run_id)}) for r in _found]))
"""


class Executed:
    """An executed notebook: its runs as the store has them, and what each cell showed."""

    def __init__(self, cells: list[Any], runs: list[dict[str, Any]]) -> None:
        self.cells = cells
        self.runs = runs

    def text(self, i: int) -> str:
        """Return all that cell `i` shows, as text."""
        return "\n".join(map(shown_text, self.cells[i].outputs))


def shown_text(output: dict[str, Any]) -> str:
    """Return what one output shows, as text."""
    plain = output.get("data", {}).get("text/plain")
    return output.get("text") or plain or "\n".join(output.get("traceback", []))


def execute(folder: Path, *sources: str, **options: Any) -> Executed:
    """Run cells in a fresh kernel, after ``%load_ext nbtrack``."""
    cells = [new_code_cell(source) for source in ("%load_ext nbtrack", *sources, SETTLE, REPORT)]
    notebook = new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python"}})
    client = NotebookClient(
        notebook, timeout=120, allow_errors=True, resources={"metadata": {"path": str(folder)}}, **options
    )
    client.execute()
    report = notebook.cells[-1].outputs
    assert report[0].output_type == "stream", report
    return Executed(notebook.cells[1:-2], json.loads(report[0].text.strip().splitlines()[-1]))


@pytest.fixture(autouse=True)
def _import_from_here(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)


def test_cells_of_all_kinds(tmp_path):
    done = execute(
        tmp_path,
        "%%track base\nlr = 1e-3\nprint('hi')\n{'acc': 0.9}",
        "%%track\nimport asyncio\nn = 3\nawait asyncio.sleep(0.05)\n{'acc': 0.95}",
        "%%track timed\n%%time\nbs = 8\nsum(range(10))",
        "%%time\n%%track timed2\nbs = 9",
        "%%track bad\na = 1\nraise ValueError('bad shape')",
        "%%track sweep\nimport nbtrack\nfor x in (1, 2):\n"
        "    with nbtrack.start_run(params={'x': x}) as run:\n        run.log_metric('acc', x)",
        "print(nbtrack.active_run())",
        "%%track --wrong\nran = 1",
        "'ran' in globals()",
    )
    base, awaited, timed, timed2, bad, sweep, one, two = done.runs
    assert (base["name"], base["params"], base["metrics"]) == ("base", {"lr": "0.001"}, {"acc": 0.9})
    assert base["tags"]["nbtrack.cell.execution_count"] == "2"
    assert base["tags"]["mlflow.source.type"] == "NOTEBOOK"
    assert {"source/cell.py", "output/tail.txt", "environment/packages.txt"} <= set(base["files"])
    assert awaited["params"] == {"n": "3"}
    assert awaited["metrics"] == {"acc": 0.95}
    assert timed["params"] == {"bs": "8"}
    assert timed2["params"] == {"bs": "9"}
    assert "Wall time" in done.text(2)
    assert bad["status"] == "FAILED"
    assert bad["params"] == {"a": "1"}
    assert "output/traceback.txt" in bad["files"]
    assert "ValueError" in done.text(4)
    assert "failed: ValueError: bad shape" in done.text(4)
    assert [one["parent"], two["parent"]] == [sweep["id"]] * 2
    assert {r["status"] for r in (base, awaited, timed, timed2, sweep, one, two)} == {"FINISHED"}
    assert done.text(6).strip() == "None"
    assert "unknown option --wrong" in done.text(7)
    assert done.text(8) == "False"
    assert "2 runs inside" in done.text(5)
    html = done.cells[0].outputs[-1]["data"]["text/html"]
    assert html.startswith('<div class="nbtrack-outcome"')


def test_the_second_run_is_compared_with_the_first(tmp_path):
    done = execute(
        tmp_path,
        "%%track\nlr = 1e-3\n{'acc': 0.901}",
        "get_ipython()._nbtrack.board().refresh_soon().result(20)",
        "%%track\nlr = 3e-4\n{'acc': 0.913}",
    )
    assert "#2 acc 0.913 ▲ +0.012 vs best #1 · lr 1e-3 → 3e-4 · " in done.text(2)


def test_figures_are_kept(tmp_path):
    done = execute(
        tmp_path,
        "%matplotlib inline\nimport matplotlib.pyplot as plt",
        "%%track shown\nplt.plot([1, 2]); plt.show()\nplt.plot([2, 1]);",
        "%%track last value\nfig, ax = plt.subplots(); ax.plot([1, 3]); plt.close(fig)\nfig".replace(
            "last value", "last"
        ),
        "%%track plotly\nimport plotly.graph_objects as go\ngo.Figure(go.Scatter(y=[1, 2]))",
        "%%track redrawn\nfrom IPython.display import clear_output, display\nfor i in range(3):\n"
        "    clear_output(wait=True)\n    fig, ax = plt.subplots(); ax.plot([i, 3]); display(fig); plt.close(fig); print(i)",
        "%%track none\nimport pandas\npandas.DataFrame({'a': [1]})",
    )
    shown, last, plotly, redrawn, none = done.runs
    assert [f for f in shown["files"] if f.startswith("figures/")] == ["figures/fig-1.png", "figures/fig-2.png"]
    assert shown["files"]["figures/fig-1.png"] > 1000
    assert [f for f in last["files"] if f.startswith("figures/")] == ["figures/fig-1.png"]
    assert [f for f in plotly["files"] if f.startswith("figures/")] == ["figures/fig-1.plotly.json"]
    assert [f for f in redrawn["files"] if f.startswith("figures/")] == ["figures/fig-1.png"]
    assert not [f for f in none["files"] if f.startswith("figures/")]
    assert sum("image/png" in o.get("data", {}) for o in done.cells[1].outputs) == 2


def test_running_all_twice_makes_as_many_runs_again(tmp_path):
    cells = ["%%track a\nlr = 1", "lr = 2", "%%track b\nlr = 3"]
    assert len(execute(tmp_path, *cells).runs) == 2
    again = execute(tmp_path, *cells).runs
    assert [(r["number"], r["name"]) for r in again] == [(1, "a"), (2, "b"), (3, "a"), (4, "b")]


def test_jupyter_and_papermill_say_the_notebook(tmp_path, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "train.ipynb"))
    (run,) = execute(tmp_path, "%%track\npass").runs
    assert run["tags"]["mlflow.source.name"] == str(tmp_path / "train.ipynb")
    assert run["tags"]["nbtrack.notebook"] == "train.ipynb"
    assert run["tags"]["nbtrack.cell.execution_count"] == "2"
    monkeypatch.delenv("JPY_SESSION_NAME")
    *_, run = execute(tmp_path, "PAPERMILL_OUTPUT_PATH = 'out/night.ipynb'", "%%track\npass").runs
    assert run["tags"]["mlflow.source.name"] == "out/night.ipynb"


def test_git_is_recorded_when_the_cell_has_long_ended(tmp_path):
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    (tmp_path / "x.py").write_text("x = 1\n")
    for command in (["init", "-b", "trunk"], ["add", "x.py"], ["commit", "-m", "x"]):
        subprocess.run([*git, *command], cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "x.py").write_text("x = 2\npassword = 'hunter2'\n")
    (run,) = execute(tmp_path, "%%track\npass").runs
    assert run["tags"]["mlflow.source.git.branch"] == "trunk"
    assert len(run["tags"]["mlflow.source.git.commit"]) == 40
    assert run["tags"]["mlflow.source.git.dirty"] == "true"
    assert "environment/git.diff" in run["files"]


def test_output_of_loggers_and_programs_is_seen(tmp_path):
    done = execute(
        tmp_path,
        "import logging, sys\nlog = logging.getLogger('x'); log.addHandler(logging.StreamHandler())",
        "%%track\nlog.warning('from a logger')\n!echo from a program\nsys.stderr.write('from stderr')",
        "from nbtrack.tracking import active\nr = active.get_store()\nfrom nbtrack.tracking.searching import search_runs\n"
        "run = search_runs(output_format='list')[0]\nprint(r.artifact_file(run.info.run_id, 'output/tail.txt').read_text())",
    )
    for text in ("from a logger", "from a program", "from stderr"):
        assert text in done.text(1)
        assert text in done.text(2)


# ---------------------------------------------------------------- interrupts


class Kernel:
    """A kernel that is driven message by message, so that it can be interrupted and killed."""

    def __init__(self, folder: Path) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(cwd=str(folder))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def run(self, source: str, interrupt_after: float | None = None, timeout: float = 60) -> tuple[str, dict[str, Any]]:
        """Run a cell; returns what it shows and the reply."""
        message_id, shown = self.show(source, interrupt_after, timeout)
        return shown, self.reply_to(message_id)

    def show(self, source: str, interrupt_after: float | None = None, timeout: float = 60) -> tuple[str, str]:
        """Run a cell; returns the id of the message and what it shows.

        ipykernel sends no reply when the interrupt falls between the cell and its reply.
        """
        message_id = self.client.execute(source)
        if interrupt_after is not None:
            self.wait_for_busy(message_id)
            time.sleep(interrupt_after)
            self.manager.interrupt_kernel()
        shown = []
        while True:
            message = self.client.get_iopub_msg(timeout=timeout)
            if message["parent_header"].get("msg_id") != message_id:
                continue
            content = message["content"]
            if message["msg_type"] == "status" and content["execution_state"] == "idle":
                break
            shown.append(shown_text(content))
        return message_id, "\n".join(shown)

    def reply_to(self, message_id: str) -> dict[str, Any]:
        """Return the reply to one message; those to questions asked at the start may still come."""
        while True:
            reply = self.client.get_shell_msg(timeout=60)
            if reply["parent_header"].get("msg_id") == message_id:
                content: dict[str, Any] = reply["content"]
                return content

    def wait_for_busy(self, message_id: str) -> None:
        """Wait until the cell has begun."""
        while True:
            message = self.client.get_iopub_msg(timeout=60)
            if message["parent_header"].get("msg_id") == message_id and message["msg_type"] == "execute_input":
                return

    def runs(self) -> list[dict[str, Any]]:
        """Return the runs that the store has."""
        self.run(SETTLE)
        text, _ = self.run(REPORT)
        found: list[dict[str, Any]] = json.loads(text.strip().splitlines()[-1])
        return found

    def close(self) -> None:
        """Stop the kernel."""
        self.client.stop_channels()
        if self.manager.is_alive():
            self.manager.shutdown_kernel(now=True)


@pytest.fixture
def kernel(tmp_path):
    made = Kernel(tmp_path)
    made.run("%load_ext nbtrack")
    yield made
    made.close()


@pytest.mark.skipif(sys.platform == "win32", reason="interrupts are signals")
@pytest.mark.parametrize(
    "body",
    [
        "import time\ntime.sleep(30)",
        "import asyncio\nfor _ in range(300): await asyncio.sleep(0.1)",
        "while True: pass",
    ],
)
def test_an_interrupt_kills_the_run_and_the_next_cell_works(kernel, body):
    shown, reply = kernel.run(f"%%track\nlr = 0.5\n{body}\nlater = 1", interrupt_after=0.5)
    assert reply["status"] == "error"
    assert "#1 interrupted" in shown
    shown, reply = kernel.run("%%track\nlr = 0.25\n{'acc': 1}")
    assert reply["status"] == "ok"
    first, second = kernel.runs()
    assert (first["status"], first["params"]) == ("KILLED", {"lr": "0.5"})
    assert (second["status"], second["params"]) == ("FINISHED", {"lr": "0.25"})


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="interrupts are signals")
def test_an_interrupt_at_any_moment_leaves_no_open_run(kernel):
    cell = (
        "%%track\nimport time, nbtrack\nlr = 1\nfor i in range(400):\n    nbtrack.log_metric('i', i); time.sleep(0.001)"
    )
    for i in range(20):
        kernel.show(cell, interrupt_after=i * 0.01)
        _, reply = kernel.run("%%track fine\nx = 1")
        assert reply["status"] == "ok"
    runs = kernel.runs()
    assert [r["status"] for r in runs if r["name"] == "fine"] == ["FINISHED"] * 20
    assert "RUNNING" not in {r["status"] for r in runs}
    shown, _ = kernel.run("nbtrack.active_run(), get_ipython()._nbtrack._open[1:]")
    assert shown.strip() == "(None, [])"


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_what_was_logged_survives_a_killed_kernel(kernel, tmp_path):
    message_id = kernel.client.execute(
        "%%track doomed\nimport time, nbtrack\nlr = 1\nfor i in range(100):\n    nbtrack.log_metric('i', i)\n"
        "print('logged', flush=True)\ntime.sleep(60)"
    )
    while True:
        message = kernel.client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") == message_id and message["msg_type"] == "stream":
            break
    time.sleep(0.5)
    kernel.manager.signal_kernel(signal.SIGKILL)
    while asyncio.run(_is_alive(kernel)):
        time.sleep(0.05)
    (run,) = execute(tmp_path, "pass").runs
    assert run["name"] == "doomed"
    assert run["metrics"] == {"i": 99}
    assert "source/cell.py" in run["files"]
    assert run["status"] != "FINISHED"


async def _is_alive(kernel: Kernel) -> bool:
    return bool(kernel.manager.is_alive())


def test_two_kernels_share_a_store(kernel, tmp_path):
    other = Kernel(tmp_path)
    try:
        other.run("%load_ext nbtrack")
        for i in range(5):
            kernel.run(f"%%track mine\nx = {i}")
            other.run(f"%%track theirs\nx = {i}")
        other.run(SETTLE)
        runs = kernel.runs()
    finally:
        other.close()
    assert sorted(r["number"] for r in runs) == list(range(1, 11))
    for name in ("mine", "theirs"):
        assert [r["params"]["x"] for r in runs if r["name"] == name] == list("01234")


def test_messages_of_widgets_start_no_run(kernel):
    kernel.run("import ipywidgets\nb = ipywidgets.Button()\nb.on_click(lambda _: print('clicked'))\nb")
    kernel.run("%%track\nlr = 1")
    kernel.run("get_ipython().events.trigger('pre_execute'); get_ipython().events.trigger('post_execute')")
    assert len(kernel.runs()) == 1
