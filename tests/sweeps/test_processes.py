"""Trials in processes: eight on one store, those that die, those that are pruned, and what a kill of everything leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

import nbtrack
from nbtrack.errors import InvalidValueError, NbtrackWarning
from nbtrack.sweeps import linear
from nbtrack.tracking import active

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")


@pytest.fixture(autouse=True)
def _store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until(is_so) -> None:
    until = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_eight_processes_log_into_one_store():
    def train(run, x):
        import os

        for step in range(20):
            nbtrack.log_metrics({"loss": x / (step + 1), "pid": os.getpid()}, step=step)
        nbtrack.log_text("kept", "notes.txt")
        assert run.is_joined
        return {"acc": x}

    found = nbtrack.sweep(train, {"x": list(range(24))}, metric="acc", jobs=8)
    assert (found.executed, found.failed, found.params) == (24, [], {"x": 23})
    pids = {int(trial.metrics["pid"]) for trial in found.trials}
    assert len(pids) == 8
    assert os.getpid() not in pids
    wait_until(lambda: not any(map(is_alive, pids)))
    runs = found.runs
    assert runs["metrics.acc"].tolist() == list(range(24))
    assert runs["params.x"].tolist() == [str(x) for x in range(24)]
    assert set(runs["status"]) == {"FINISHED"}
    store = active.get_store()
    summaries = [store.get_run(run_id).data.summaries["loss"].count for run_id in runs["run_id"]]
    assert summaries == [20] * 24
    assert all(store.list_artifacts(run_id)[0].path == "notes.txt" for run_id in runs["run_id"])
    assert active.open_runs() == []


def test_a_process_that_dies_is_one_failed_trial():
    def train(run, x):
        import ctypes
        import os

        run.log_metric("begun", 1)
        if x == 1:
            os._exit(3)
        if x == 2:
            ctypes.string_at(0)
        if x == 3:
            raise ValueError("wrong")
        return x

    with pytest.warns(NbtrackWarning, match="3 of 5 trials failed"):
        found = nbtrack.sweep(train, {"x": [0, 1, 2, 3, 4]}, direction="max", jobs=2)
    assert [trial.status for trial in found.trials] == ["FINISHED", "FAILED", "FAILED", "FAILED", "FINISHED"]
    assert [trial.error for trial in found.failed] == [
        "The process of the trial died: exit code 3.",
        "The process of the trial died: signal SIGSEGV.",
        "ValueError: wrong",
    ]
    runs = found.runs
    assert runs["status"].tolist() == ["FINISHED", "FAILED", "FAILED", "FAILED", "FINISHED"]
    assert runs["tags.nbtrack.error"][2] == "The process of the trial died: signal SIGSEGV."
    assert runs["metrics.begun"].tolist() == [1] * 5
    assert found.parent.info.status == "FINISHED"


def test_a_pruner_is_asked_from_processes_and_an_interrupt_ends_them():
    def train(run, x):
        import os

        for step in range(6):
            run.report(abs(x) + 1 / (step + 1), step)
        return {"pid": os.getpid()}

    options: dict[str, Any] = {
        "method": "tpe",
        "n_trials": 16,
        "seed": 2,
        "metric": "loss",
        "pruner": "median",
        "jobs": 2,
    }
    pids = []

    def interrupts(news):
        if news.kind == "ended":
            pids.append(news.trial.metrics.get("pid"))
        if news.kind == "ended" and news.standing.done == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nbtrack.sweep(train, {"x": linear(-3, 3)}, **options, listener=interrupts)
    wait_until(lambda: not any(is_alive(int(pid)) for pid in pids if pid))
    runs = nbtrack.search_runs("parent_run_id IS NOT NULL", order_by=["number"])
    before = dict(zip(runs["tags.nbtrack.sweep.trial"], runs["params.x"], strict=True))
    found = nbtrack.sweep(train, {"x": linear(-3, 3)}, **options)
    assert (found.executed, found.is_done) == (7, True)
    assert 0 < found.standing.pruned < 16
    assert {key: str(found.trials[int(key)].params["x"]) for key in before} == before


SCRIPT = """
    import os, signal, sys
    import nbtrack
    from nbtrack.sweeps import linear

    def train(x):
        with open("calls", "a") as calls:
            print(os.getpid(), x, file=calls, flush=True)
        if os.path.exists("killer") and len(open("calls").readlines()) == 6:
            os.remove("killer")
            os.kill(PARENT, signal.SIGKILL)
            import time
            time.sleep(60)
        return (x - 1) ** 2

    PARENT = int(sys.argv[2]) if sys.argv[2] != "0" else os.getpid()
    found = nbtrack.sweep(train, {"x": linear(-3, 3)}, n_trials=13, method=sys.argv[1], seed=5, direction="min", jobs=int(sys.argv[3]))
    print(found.executed, found.standing.done)
    print([(trial.params["x"], trial.value) for trial in found.trials])
"""


@pytest.mark.parametrize(("method", "jobs"), [("tpe", 1), ("random", 2)])
def test_a_sweep_that_was_killed_does_exactly_what_is_missing(tmp_path, method, jobs):
    (tmp_path / "train.py").write_text(textwrap.dedent(SCRIPT))

    def play(*words):
        return subprocess.run(
            [sys.executable, "train.py", method, "0", str(jobs), *words],
            cwd=tmp_path,
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )

    (tmp_path / "killer").touch()
    assert play().returncode == -signal.SIGKILL
    calls = [line.split() for line in (tmp_path / "calls").read_text().splitlines()]
    assert len(calls) >= 6
    wait_until(lambda: not any(is_alive(int(pid)) for pid, _ in calls))
    n_ended = len(nbtrack.search_runs("parent_run_id IS NOT NULL AND status = 'FINISHED'"))
    again = play()
    assert again.returncode == 0, again.stderr
    lines = again.stdout.splitlines()
    assert lines[0] == f"{13 - n_ended} 13"
    assert len((tmp_path / "calls").read_text().splitlines()) == len(calls) + 13 - n_ended
    whole = nbtrack.sweep(
        lambda x: (x - 1) ** 2, {"x": linear(-3, 3)}, n_trials=13, method=method, seed=5, direction="min"
    )
    assert lines[1] == str([(trial.params["x"], trial.value) for trial in whole.trials])


def test_a_function_that_cannot_go_to_another_process_is_refused_before_anything_is_recorded(tmp_path):
    with (tmp_path / "file").open("w") as file:

        def train(x):
            return len(file.name) + x

        with pytest.raises(InvalidValueError, match="inside the function, or use jobs=1"):
            nbtrack.sweep(train, {"x": [1, 2]}, direction="max", jobs=2)
    assert len(nbtrack.search_runs()) == 0
