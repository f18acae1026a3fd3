"""Runs across processes: children log into their parent's run and never end it; a run ends as its process does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

import nbtrack
from nbtrack.store.opening import open_local

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.entities import Run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes as POSIX has them")


INTERRUPTED = -signal.SIGINT
"""Or 1, where the interrupt of the keyboard is ignored, as below some test runners."""


def script(folder: Path, text: str) -> list[str]:
    file = folder / "train.py"
    file.write_text(textwrap.dedent(text))
    return [sys.executable, "-W", "error::UserWarning", str(file)]


def play(folder: Path, text: str, *, code: int = 0) -> list[Run]:
    """Run a script and return the runs it left, oldest first."""
    done = subprocess.run(script(folder, text), cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode in ({code, 1} if code == INTERRUPTED else {code}), done.stderr
    nbtrack.set_tracking_uri(folder / "runs.duckdb")
    return nbtrack.search_runs(output_format="list", order_by=["number"])


@pytest.mark.parametrize(
    ("end", "code", "status"),
    [
        ("", 0, "FINISHED"),
        ("raise ValueError('token=hunter2secret')", 1, "FAILED"),
        ("raise KeyboardInterrupt", INTERRUPTED, "KILLED"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL, "KILLED"),
    ],
)
def test_a_run_that_is_left_open_ends_as_its_process_does(tmp_path: Path, end: str, code: int, status: str):
    [run] = play(tmp_path, f"import nbtrack\nnbtrack.start_run()\nnbtrack.log_metric('x', 1)\n{end}\n", code=code)
    assert run.info.status == status
    assert run.data.metrics == {"x": 1.0}
    assert ("nbtrack.error" in run.data.tags) is (status == "FAILED")
    assert "hunter2secret" not in str(run.data.tags)


def test_a_stopped_process_still_runs_and_a_killed_one_does_not(tmp_path: Path):
    text = "import nbtrack, time\nnbtrack.start_run()\nnbtrack.log_metric('x', 1)\nprint('open', flush=True)\ntime.sleep(600)\n"
    process = subprocess.Popen(script(tmp_path, text), cwd=tmp_path, stdout=subprocess.PIPE)
    try:
        assert process.stdout
        assert process.stdout.readline() == b"open\n"
        store = open_local(tmp_path)
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        statuses = store.sql("SELECT status FROM runs")["status"].tolist()
        assert statuses == ["RUNNING"]
    finally:
        process.kill()
        process.communicate()
    assert store.sql("SELECT status FROM runs")["status"].tolist() == ["KILLED"]


@pytest.mark.parametrize("leave", ["os._exit(0)", "sys.exit(0)", "raise ValueError('of the child')"])
def test_a_forked_child_logs_into_its_parents_run_and_never_ends_it(tmp_path: Path, leave: str):
    [run] = play(
        tmp_path,
        f"""
        import os, sys
        import nbtrack

        run = nbtrack.start_run()
        run.log_metric("x", 0, step=0)
        pid = os.fork()
        if pid == 0:
            nbtrack.log_metric("x", 1, step=1)
            nbtrack.log_param("child", "yes")
            {leave}
        os.waitpid(pid, 0)
        assert nbtrack.get_run(run.id).info.status == "RUNNING"
        nbtrack.log_metric("x", 2, step=2)
        run.end()
        """,
    )
    assert run.info.status == "FINISHED"
    assert run.data.params == {"child": "yes"}
    assert run.data.summaries["x"].count == 3
    assert "nbtrack.error" not in run.data.tags


def test_a_block_left_in_a_forked_child_does_not_end_the_run(tmp_path: Path):
    [run] = play(
        tmp_path,
        """
        import os
        import nbtrack

        with nbtrack.start_run() as run:
            pid = os.fork()
            if pid:
                os.waitpid(pid, 0)
                assert nbtrack.get_run(run.id).info.status == "RUNNING"
        if not pid:
            os._exit(0)
        """,
    )
    assert run.info.status == "FINISHED"


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_pool_of_workers_logs_into_one_run(tmp_path: Path, method: str):
    [run] = play(
        tmp_path,
        f"""
        import multiprocessing, os
        import nbtrack

        def work(number):
            for step in range(50):
                nbtrack.log_metric(f"worker {{number}}", step, step=step)
            return number

        if __name__ == "__main__":
            with nbtrack.start_run() as run:
                os.environ.update(run.env)
                with multiprocessing.get_context("{method}").Pool(2) as pool:
                    pool.map(work, range(4), chunksize=1)
                    pool.close()
                    pool.join()
                assert nbtrack.get_run(run.id).info.status == "RUNNING"
        """,
    )
    assert run.info.status == "FINISHED"
    assert {key: s.count for key, s in run.data.summaries.items()} == {f"worker {i}": 50 for i in range(4)}


@pytest.mark.parametrize(
    "verb", ["nbtrack.log_metric('x', 1)", "with nbtrack.start_run() as run: run.log_metric('x', 1)"]
)
def test_a_child_program_joins_the_run_that_the_environment_names(tmp_path: Path, verb: str):
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    with nbtrack.start_run() as run:
        command = script(tmp_path, f"import nbtrack\n{verb}\n")
        subprocess.run(command, env={**os.environ, **run.env}, cwd=tmp_path, check=True, timeout=120)
        found = nbtrack.get_run(run.id)
        assert (found.info.status, found.data.metrics) == ("RUNNING", {"x": 1.0})
    assert nbtrack.search_runs()["status"].tolist() == ["FINISHED"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_starts_runs_of_its_own(tmp_path: Path):
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    nbtrack.set_experiment("before")
    with nbtrack.start_run("parent") as parent:
        child = os.fork()
        if child == 0:
            try:
                with nbtrack.start_run("child", nested=True) as run:
                    run.log_metric("a", 1)
                nbtrack.set_experiment("after")
                run.store.close()
            except BaseException:
                os._exit(1)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        nbtrack.log_metric("b", 2)
    found = {run.info.run_name: run for run in nbtrack.search_runs(output_format="list")}
    assert found["child"].info.parent_run_id == parent.id
    assert found["child"].data.metrics == {"a": 1}
    assert {run.info.number for run in found.values()} == {1, 2}
    assert nbtrack.get_experiment_by_name("after")
    nbtrack.tracking.active.set_experiment_name(None)
