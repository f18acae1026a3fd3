"""The live panel in a real kernel: it appears by itself, and its buttons work while the cell runs."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from nbtrack.journal.control import new_order
from nbtrack.store.local import LocalStore
from tests.magics.test_kernel import Kernel, shown_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.notebook

LOOP = """
import time, nbtrack
for step in range(6000):
    nbtrack.log_metric("loss", 1 / (step + 1), step=step)
    time.sleep(0.01)
after = 1
"""


class LiveKernel(Kernel):
    """A kernel whose panels are operated as a page does it, while a cell runs."""

    subshell: str | None = None

    def begin(self, source: str) -> str:
        """Begin a cell."""
        return str(self.client.execute(source))

    def panel(self) -> str:
        """Wait for a live panel; returns the id of its comm."""
        while True:
            message = self.client.get_iopub_msg(timeout=60)
            if message["msg_type"] == "comm_open":
                state = message["content"]["data"].get("state", {})
                if state.get("_view") == "live":
                    return str(message["content"]["comm_id"])

    def order(self, comm_id: str, do: str, **more: Any) -> None:
        """Press a button."""
        content = {"kind": "order", "id": 1, "order": f"order-{do}-{time.monotonic()}", "do": do, **more}
        data = {"method": "custom", "content": content}
        message = self.client.session.msg("comm_msg", {"comm_id": comm_id, "data": data})
        if self.subshell is not None:
            message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)

    def open_subshell(self) -> None:
        """Send what the page says to a subshell from now on, as JupyterLab from 4.4 does."""
        request = self.client.session.msg("create_subshell_request")
        self.client.control_channel.send(request)
        while True:
            reply = self.client.get_control_msg(timeout=60)
            if reply["msg_type"] == "create_subshell_reply":
                self.subshell = reply["content"]["subshell_id"]
                return

    def finish(self, message_id: str) -> tuple[str, dict[str, Any]]:
        """Wait for the end of a cell; returns what it showed since, and the reply."""
        shown: list[str] = []
        while True:
            message = self.client.get_iopub_msg(timeout=60)
            if message["parent_header"].get("msg_id") != message_id:
                continue
            content = message["content"]
            if message["msg_type"] == "status" and content["execution_state"] == "idle":
                return "\n".join(shown), self.reply_to(message_id)
            shown.append(shown_text(content))

    def until(self, text: str) -> None:
        """Wait until the cell prints a text."""
        while True:
            message = self.client.get_iopub_msg(timeout=60)
            if message["msg_type"] == "stream" and text in message["content"]["text"]:
                return


@pytest.fixture(autouse=True)
def _import_from_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[LiveKernel]:
    made = LiveKernel(tmp_path)
    made.run("%load_ext nbtrack")
    yield made
    made.close()


def events(run: dict[str, Any]) -> list[dict[str, Any]]:
    found = [json.loads(text) for key, text in run["tags"].items() if key.startswith("nbtrack.event.")]
    return sorted(found, key=lambda event: event["t"])


def test_stop_ends_a_tracked_cell_quietly_and_the_next_cells_go_on(kernel: LiveKernel) -> None:
    running = kernel.begin(f"%%track stopped{LOOP}")
    following = kernel.begin("'next ' + 'cell'")
    panel = kernel.panel()
    kernel.order(panel, "stop")
    shown, reply = kernel.finish(running)
    assert reply["status"] == "ok"
    assert "stopped at step" in shown
    assert "finished, stopped" in shown, "the panel that came in the last moment is saved as the run ended"
    assert "Traceback" not in shown
    assert "next cell" in kernel.finish(following)[0]
    (run,) = kernel.runs()
    assert run["status"] == "FINISHED"
    (event,) = events(run)
    assert (event["kind"], event["step"]) == ("stop", int(run["tags"]["nbtrack.stopped_at"]))
    assert kernel.run("'after' in globals()")[0].strip() == "False"


SLOW_AFTER_OPEN = """
import time, ipykernel.comm.comm as module
at_once = module.BaseComm.publish_msg
def slow(self, msg_type, *args, **more):
    at_once(self, msg_type, *args, **more)
    if msg_type == "comm_open":
        time.sleep(0.3)
module.BaseComm.publish_msg = slow
"""


def test_a_page_that_is_quicker_than_the_kernel_is_heard(kernel: LiveKernel) -> None:
    kernel.run(SLOW_AFTER_OPEN)
    running = kernel.begin(f"%%track stopped{LOOP}")
    kernel.order(kernel.panel(), "stop")
    assert "stopped at step" in kernel.finish(running)[0]


def test_stop_works_through_a_subshell(kernel: LiveKernel) -> None:
    kernel.open_subshell()
    running = kernel.begin(f"%%track stopped{LOOP}")
    kernel.order(kernel.panel(), "stop")
    shown, reply = kernel.finish(running)
    assert reply["status"] == "ok"
    assert "stopped at step" in shown


def test_stop_ends_the_block_of_a_run_and_what_follows_it_goes_on(kernel: LiveKernel) -> None:
    cell = """
import time, nbtrack
with nbtrack.start_run("inner") as run:
    for step in range(6000):
        run.log_metric("loss", 1.0, step=step); time.sleep(0.01)
print("evaluated", run.stopped_at)
"""
    running = kernel.begin(cell)
    kernel.order(kernel.panel(), "stop")
    shown, reply = kernel.finish(running)
    assert reply["status"] == "ok"
    assert "evaluated stopped at step" in shown
    assert kernel.runs()[0]["status"] == "FINISHED"


def test_knobs_checkpoints_and_notes_work_while_the_cell_runs(kernel: LiveKernel) -> None:
    cell = """%%track turned
import time, nbtrack
run = nbtrack.active_run()
run.on_checkpoint(lambda: print("saved", flush=True))
for step in range(6000):
    lr = run.knob("lr", 1e-3, min=1e-5, max=1.0, log=True)
    run.log_metric("lr_seen", lr, step=step)
    run.progress(step, 6000)
    if lr == 0.5 and not run.should_stop:
        print("turned", flush=True)
        lr = 0.0
    if run.should_stop:
        break
    time.sleep(0.01)
by_itself = True
"""
    running = kernel.begin(cell)
    panel = kernel.panel()
    kernel.order(panel, "note", value="looks good")
    kernel.order(panel, "checkpoint")
    kernel.until("saved")
    kernel.order(panel, "knob", key="lr", value=0.5)
    kernel.until("turned")
    kernel.order(panel, "stop")
    _, reply = kernel.finish(running)
    assert reply["status"] == "ok"
    assert kernel.run("by_itself")[0].strip() == "True"
    (run,) = kernel.runs()
    assert run["metrics"]["lr_seen"] == 0.5
    assert run["metrics"]["knob/lr"] == 0.5
    assert run["tags"]["mlflow.note.content"] == "looks good"
    assert sorted(event["kind"] for event in events(run)) == ["checkpoint", "knob", "note", "stop"]
    assert "lr 0.001 → 0.5" in {event["text"] for event in events(run)}


@pytest.mark.skipif(sys.platform == "win32", reason="interrupts are signals")
def test_interrupt_now_breaks_a_cell_that_logs_nothing_more(kernel: LiveKernel) -> None:
    cell = """%%track stuck
import time, nbtrack
for step in range(150):
    nbtrack.log_metric("loss", 1.0, step=step); time.sleep(0.01)
while True: time.sleep(1)
"""
    running = kernel.begin(cell)
    panel = kernel.panel()
    kernel.order(panel, "interrupt")
    shown, reply = kernel.finish(running)
    assert reply["status"] == "error"
    assert "interrupted" in shown
    assert kernel.runs()[0]["status"] == "KILLED"


def test_anybody_who_has_the_store_can_stop_a_run(kernel: LiveKernel, tmp_path: Path) -> None:
    kernel.run("%track live off")
    running = kernel.begin(f"%%track afar\nimport nbtrack\nprint(nbtrack.active_run().id, flush=True)\n{LOOP}")
    run_id = ""
    while not run_id:
        message = kernel.client.get_iopub_msg(timeout=60)
        assert message["msg_type"] != "comm_open"
        if message["msg_type"] == "stream":
            run_id = message["content"]["text"].strip()
    store = LocalStore(tmp_path / "runs.duckdb")
    store.post_order(run_id, new_order("stop"))
    shown, reply = kernel.finish(running)
    assert reply["status"] == "ok"
    assert "stopped at step" in shown
    assert store.get_run(run_id).info.status == "FINISHED"
    assert list((tmp_path / "runs.nbtrack" / "control").iterdir()) == []


BESIDE = """
def train():
    for step in range(6000):
        run.log_metric("loss", 1 / (step + 1), step=step)
        time.sleep(0.01)
thread = threading.Thread(target=train)
thread.start()
thread.join()
"""
TURNED = """
for step in range(6000):
    run.knob("lr", 0.1)
    time.sleep(0.01)
"""


@pytest.mark.parametrize("loop", [BESIDE, TURNED])
def test_a_loop_in_a_thread_or_one_that_logs_no_metric_has_a_panel_and_stops(kernel: LiveKernel, loop: str) -> None:
    running = kernel.begin(f"%%track beside\nimport threading, time, nbtrack\nrun = nbtrack.active_run()\n{loop}")
    kernel.order(kernel.panel(), "stop")
    shown, reply = kernel.finish(running)
    assert reply["status"] == "ok"
    assert "stopped" in shown
    assert "Traceback" not in shown


def test_a_notebook_without_the_extension_has_a_panel_too(tmp_path: Path) -> None:
    kernel = LiveKernel(tmp_path)
    try:
        running = kernel.begin(
            f"import nbtrack\nwith nbtrack.start_run('alone'):{LOOP.replace(chr(10), chr(10) + '    ')}"
        )
        kernel.order(kernel.panel(), "stop")
        shown, reply = kernel.finish(running)
        assert reply["status"] == "ok"
        assert "Traceback" not in shown
        assert kernel.runs()[0]["tags"]["nbtrack.stopped_at"]
    finally:
        kernel.close()


def test_a_panel_that_the_cell_shows_is_the_only_one(kernel: LiveKernel) -> None:
    cell = """%%track once
import time, nbtrack
display(nbtrack.live())
for step in range(150):
    nbtrack.log_metric("loss", 1.0, step=step); time.sleep(0.015)
"""
    kernel.run(cell)
    text, _ = kernel.run("import nbtrack.widgets.live as room; len(list(room._panels))")
    assert text.strip() == "1"


def test_a_short_cell_and_a_cell_that_logs_nothing_show_no_panel(kernel: LiveKernel) -> None:
    kernel.run("%%track short\nimport nbtrack\nnbtrack.log_metric('a', 1)")
    kernel.run("%%track silent\nimport time\ntime.sleep(1.5)")
    text, _ = kernel.run("import sys; 'nbtrack.widgets.live' in sys.modules")
    assert text.strip() == "False"
