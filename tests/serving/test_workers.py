"""``nbtrack models serve`` as processes: workers, signals, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

import nbtrack
from tests.serving.conftest import rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd

RECORDS = {"dataframe_records": rows().to_dict("records")}


@contextmanager
def serving(*words: str, cwd: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Serve until the block ends; gives the process and its address."""
    command = [sys.executable, "-m", "nbtrack", "models", "serve", "--port", "0", "--json", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=cwd)
    try:
        assert process.stdout is not None
        text = ""
        while not text.rstrip().endswith("}"):
            line = process.stdout.readline()
            assert line, "the server ended"
            text += line
        yield process, json.loads(text)["url"]
    finally:
        for each in family(process.pid):
            each.kill()
        process.wait(60)
        if process.stdout is not None:
            process.stdout.close()


def family(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [*parent.children(recursive=True), parent]
    except psutil.NoSuchProcess:
        return []


def answers(url: str) -> httpx.Response:
    """Ask until somebody listens."""
    ends = time.monotonic() + 90
    while True:
        try:
            return httpx.post(f"{url}/invocations", json=RECORDS, timeout=60)
        except httpx.TransportError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)


def gone(processes: list[psutil.Process]) -> bool:
    return not psutil.wait_procs(processes, timeout=60)[1]


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_one_process_ends_when_it_is_told(folder: Path, tmp_path: Path, stop: signal.Signals) -> None:
    with serving("-m", str(folder), "--trust", cwd=tmp_path) as (process, url):
        assert answers(url).json() == {"predictions": [0.0, 2.0]}
        all_of_it = family(process.pid)
        process.send_signal(stop)
        assert gone(all_of_it)


def test_workers_share_an_address_and_their_figures_and_end_together(folder: Path, tmp_path: Path) -> None:
    with serving("-m", str(folder), "--trust", "--workers", "2", cwd=tmp_path) as (process, url):
        for _ in range(20):
            assert answers(url).status_code == 200
        assert 'nbtrack_requests_total{status="200"} 20.0' in httpx.get(f"{url}/metrics").text
        all_of_it = family(process.pid)
        assert len(all_of_it) >= 3
        process.terminate()
        assert gone(all_of_it)


def test_workers_do_not_outlive_a_parent_that_was_killed(folder: Path, tmp_path: Path) -> None:
    with serving("-m", str(folder), "--trust", "--workers", "2", cwd=tmp_path) as (process, url):
        assert answers(url).status_code == 200
        all_of_it = family(process.pid)
        os.kill(process.pid, signal.SIGKILL)
        assert gone(all_of_it)


def test_a_server_follows_its_alias(tmp_path: Path) -> None:
    store = tmp_path / "runs.duckdb"
    nbtrack.set_tracking_uri(store)

    def doubling(model_input: pd.DataFrame) -> list[float]:
        return list(model_input["x"] * 2)

    def tripling(model_input: pd.DataFrame) -> list[float]:
        return list(model_input["x"] * 3)

    nbtrack.pyfunc.log_model(python_model=doubling, name="m", registered_model_name="f", pip_requirements=[])
    nbtrack.set_registered_model_alias("f", "champion", 1)
    words = ["-m", "models:/f@champion", "--follow", "--store", str(store)]
    with serving(*words, cwd=tmp_path) as (_, url):
        assert answers(url).json() == {"predictions": [0.0, 2.0]}
        nbtrack.pyfunc.log_model(python_model=tripling, name="m", registered_model_name="f", pip_requirements=[])
        nbtrack.set_registered_model_alias("f", "champion", 2)
        ends = time.monotonic() + 60
        while answers(url).json() != {"predictions": [0.0, 3.0]} and time.monotonic() < ends:
            time.sleep(0.2)
        answer = answers(url)
        assert answer.json() == {"predictions": [0.0, 3.0]}
        assert answer.headers["x-nbtrack-model"] == "models:/f/2"
        figures = httpx.get(f"{url}/metrics").text
        assert "nbtrack_model_swaps_total 1.0" in figures
        assert 'version="models:/f/2"' in figures
        assert 'version="models:/f/1"' not in figures


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["-m", "models:/nothing@champion"], "nothing"),
        (["-m", "runs:/../../etc/passwd"], "runs:/"),
        (["-m", "no-such-folder"], "no-such-folder"),
    ],
)
def test_a_model_that_is_not_there_is_said_at_once(tmp_path: Path, words: list[str], problem: str) -> None:
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    with nbtrack.start_run():
        pass
    command = [sys.executable, "-m", "nbtrack", "models", "serve", "--port", "0", *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert problem in done.stderr
    assert "Traceback" not in done.stderr


def test_foreign_code_does_not_run_without_leave(folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "nbtrack", "models", "serve", "--port", "0", "-m", str(folder)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "trust" in done.stderr
