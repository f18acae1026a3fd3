"""Plans on this machine: words, exit codes, what is printed, and what is left when a plan is cancelled."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

import nbtrack
from nbtrack.entities import RunStatus
from nbtrack.environments.wanted import Wanted
from nbtrack.errors import InvalidValueError, NbtrackError, NotFoundError
from nbtrack.projects.backends import local
from nbtrack.projects.backends.family import _lives, _of_session
from nbtrack.projects.backends.known import NAMES, backend
from nbtrack.projects.backends.local import LocalBackend, LocalJob
from nbtrack.projects.backends.words import words
from nbtrack.projects.interrupts import interrupts_wait
from nbtrack.projects.notebook_job import main
from nbtrack.projects.plan import Backend, Plan, Submitted

ROOT = str(Path(__file__).parents[2])
SLOW = """
import subprocess, sys, time
ignores = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print(flush=True); time.sleep(600)"
for apart in (False, True):
    child = subprocess.Popen([sys.executable, "-S", "-c", ignores], start_new_session=apart, stdout=subprocess.PIPE)
    child.stdout.readline()
    ready = f"{ready}\\n{child.pid}" if apart else str(child.pid)
try:
    print(ready, flush=True)
    time.sleep(600)
except KeyboardInterrupt:
    print("cleaned up", flush=True)
    raise
"""
HYDRA = """
heads() { trap '' INT TERM; while :; do (trap '' INT TERM; sleep 600) & echo $!; sleep 0.01; done; }
heads & heads & sleep 600
"""


def plan(folder: Path, *argv: str, **more) -> Plan:
    return Plan("0" * 32, str(folder / "runs.duckdb"), folder, "main", Wanted(), argv=argv, echo=False, **more)


def until(condition, seconds: float = 60.0):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
    return found


def test_every_backend_is_one():
    for name in NAMES:
        found: Backend = backend(name)
        assert found.name == name
    with pytest.raises(NotFoundError, match="Did you mean 'slurm'"):
        backend("slrum")


def test_words_arrive_as_they_are_and_a_process_sees_what_the_plan_says(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("NBTRACK_SECRET", "from outside")
    monkeypatch.setenv("HIDDEN", "1")
    tricky = ["$(touch x)", "`id`", "; rm -rf /", "a b", "'", '"', "\\", "*", "&&", "\n", "", "ü", "--", "-P"]
    told = "import json,os,sys; print(json.dumps([sys.argv[1:], os.getcwd(), os.environ.get('COPY'), 'HIDDEN' in os.environ]))"
    job: Submitted = LocalBackend().submit(
        plan(
            tmp_path,
            sys.executable,
            "-c",
            told,
            *tricky,
            copies={"COPY": "NBTRACK_SECRET"},
            unset=frozenset({"HIDDEN"}),
        )
    )
    assert job.wait() == RunStatus.FINISHED
    assert json.loads(job.output()) == [tricky, str(tmp_path), "from outside", False]
    job.cancel()  # which is too late
    assert (job.exit_code, job.status) == (0, RunStatus.FINISHED)


@pytest.mark.parametrize(
    ("code", "status", "exit_code"),
    [
        ("raise SystemExit(3)", RunStatus.FAILED, 3),
        ("import os; os.kill(os.getpid(), 15)", RunStatus.KILLED, -15),
        ("import os; os.kill(os.getpid(), 11)", RunStatus.FAILED, -11),
        ("raise SystemExit(130)", RunStatus.KILLED, 130),
    ],
)
def test_an_exit_code_says_how_it_ended(tmp_path: Path, code: str, status: RunStatus, exit_code: int):
    job = LocalBackend().submit(plan(tmp_path, sys.executable, "-S", "-c", code))
    assert (job.wait(), job.exit_code) == (status, exit_code)


def test_cancelling_lets_it_clean_up_and_leaves_nothing(tmp_path: Path):
    """Also where interrupts are ignored, as in what a shell put into the background, and what went into a session of its own."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts_wait():
            job = LocalBackend().submit(plan(tmp_path, sys.executable, "-S", "-u", "-c", SLOW))
        children = [psutil.Process(pid) for pid in until(lambda: _pids(job.output()))]
        assert (job.wait(0.01), job.exit_code) == (RunStatus.RUNNING, None)
        job.cancel()
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert (job.status, job.exit_code) == (RunStatus.KILLED, -signal.SIGINT)
    assert "cleaned up" in job.output()
    assert not any(_lives(child) for child in children)


def test_what_begins_processes_while_it_is_killed_does_so_in_vain(tmp_path: Path, monkeypatch):
    """The leader ends at once; its children ignore all that can be ignored, and each begins the next."""
    monkeypatch.setattr(local, "PATIENCE_S", (0.1, 0.1))
    job = LocalBackend().submit(plan(tmp_path, "sh", "-c", HYDRA))
    until(lambda: len(_pids(job.output())) > 3)
    job.cancel()
    assert job.status == RunStatus.KILLED
    assert not any(_lives(each) for each in _of_session(int(job.job_id)))


def test_a_wait_looks_up_so_that_an_interrupt_just_before_it_is_not_lost(tmp_path: Path, monkeypatch):
    """A signal that comes between Python's last look and a wait in the system does not end that wait."""
    job = LocalBackend().submit(plan(tmp_path, "sleep", "600"))
    asked: list[float | None] = []

    def wait(timeout: float | None = None) -> bool:
        asked.append(timeout)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return False

    with monkeypatch.context() as patched:
        patched.setattr(job._has_ended, "wait", wait)
        with pytest.raises(KeyboardInterrupt):
            job.wait()
    assert asked == [local.LOOK_S] * 3
    job.cancel()
    assert job.status == RunStatus.KILLED


def _pids(printed: str) -> list[int]:
    return [int(line) for line in printed.splitlines() if line.isdecimal()]


def test_only_the_end_of_much_output_is_kept_and_it_can_be_seen_as_it_comes(tmp_path: Path, capsys):
    much = "import sys\nfor i in range(60000): print('line', i)\nsys.stdout.buffer.write(b'\\xff\\n')"
    asked = plan(tmp_path, sys.executable, "-S", "-c", much)
    job = LocalBackend().submit(Plan(**{name: getattr(asked, name) for name in asked.__slots__} | {"echo": True}))
    job.wait()
    assert len(job.output()) <= 256 * 1024
    assert job.output().endswith("line 59999\n\ufffd\n")
    assert capsys.readouterr().out.startswith("line 0\nline 1\n")


def test_what_cannot_start_says_why(tmp_path: Path):
    here = LocalBackend()
    with pytest.raises(NbtrackError, match="the program 'no-such-program' is not there"):
        here.submit(plan(tmp_path, "no-such-program"))
    with pytest.raises(NbtrackError, match=r"the folder .* is not there"):
        here.submit(plan(tmp_path / "gone", sys.executable))
    (tmp_path / "text").write_text("no program")
    with pytest.raises(NbtrackError, match=r"cannot start '\./text': Permission denied"):
        here.submit(plan(tmp_path, "./text"))
    with pytest.raises(InvalidValueError, match="has no command"):
        here.submit(plan(tmp_path))
    with pytest.raises(InvalidValueError, match="backend_config of local has 'gpu'; it takes none"):
        here.check({"gpu": 1})


def test_an_interrupted_notebook_keeps_what_it_has(tmp_path: Path):
    """The whole way: a process that runs a notebook in a kernel, interrupted within a cell."""
    import nbformat

    v4 = nbformat.v4
    book = v4.new_notebook(
        cells=[v4.new_code_cell("n = 1\nprint('one', n)"), v4.new_code_cell(f"import os, time\n{WAITS}")]
    )
    nbformat.write(book, tmp_path / "train.ipynb")
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    with nbtrack.start_run() as run:
        asked = plan(
            tmp_path,
            parameters={"n": "2"},
            notebook=tmp_path / "train.ipynb",
            variables={**run.env, "PYTHONPATH": ROOT},
        )
        job = LocalBackend().submit(asked)
        kernel = int(until(lambda: _after(job, "waits in ")))
        job.cancel()
    assert (job.status, job.exit_code) == (RunStatus.KILLED, 130)
    assert "[2/2] import os, time" in job.output()
    assert "cell 2 (In [2]): interrupted" in job.output()
    found = nbtrack.get_run(run.id)
    assert "interrupted" in found.data.tags["nbtrack.error"]
    kept = nbformat.read(run.store.artifact_file(run.id, "notebook/train.ipynb"), as_version=4)
    assert kept.cells[0].outputs[0].text == "one 2\n"
    assert "the cell cleans up" in kept.cells[1].outputs[0].text
    assert "KeyboardInterrupt" in kept.cells[1].outputs[-1].ename
    assert run.store.artifact_file(run.id, "notebook/train.html").stat().st_size > 1000
    assert not psutil.pid_exists(kernel)
    nbtrack.set_tracking_uri(None)


WAITS = """
print("waits in", os.getpid(), "now", flush=True)
try:
    time.sleep(600)
except KeyboardInterrupt:
    print("the cell cleans up")
    raise
"""


def _after(job: LocalJob, mark: str) -> str:
    return next((line.removeprefix(mark).split()[0] for line in job.output().splitlines() if line.startswith(mark)), "")


def test_a_job_without_an_order_or_a_run_says_so(tmp_path: Path, capsys):
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert main([]) == 2
        assert main([json.dumps({"notebook": "a.ipynb"})]) == 2
    finally:
        signal.signal(signal.SIGTERM, before)
    said = capsys.readouterr().err
    assert "is no order for a notebook" in said
    assert "NBTRACK_RUN_ID is not set" in said


def test_a_notebook_is_words_of_data(tmp_path: Path):
    asked = plan(tmp_path, notebook=tmp_path / "a.ipynb", parameters={"x": "'; import os"}, typed={"n": 3})
    program, option, module, order = words(asked, "python")
    assert (program, option, module) == ("python", "-m", "nbtrack.projects.notebook_job")
    assert json.loads(order)["parameters"] == {"x": "'; import os", "n": 3}
    assert os.fspath(tmp_path) in order
