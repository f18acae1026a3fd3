"""Somebody's own DuckDB session on the file: writers go on, readers show a copy and say who holds it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb
import pytest

import nbtrack
from nbtrack.errors import NbtrackWarning
from nbtrack.store.connect import READ_PATIENCE, writing
from nbtrack.store.fold_lock import fold_lock
from nbtrack.store.opening import open_local
from nbtrack.store.protocol import RunQuery

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLD = """
import sys, time, duckdb
for attempt in range(100):  # the recorder may be folding just now
    try:
        con = duckdb.connect(sys.argv[1])
        break
    except duckdb.IOException:
        time.sleep(0.1)
con.execute("CREATE TABLE IF NOT EXISTS mine(x INT)")
print("held", flush=True)
sys.stdin.readline()
con.close()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "runs.duckdb"
    nbtrack.set_tracking_uri(path)
    with nbtrack.start_run("before"):
        nbtrack.log_metric("acc", 0.5)
    assert open_local(path).fold(timeout=10) is not None
    return path


@contextmanager
def held(path: Path) -> Iterator[int]:
    """Hold the file read-write in another process; yields its PID."""
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == b"held\n"
        yield holder.pid
    finally:
        holder.communicate(b"\n", timeout=30)


def test_a_reader_shows_a_copy_and_says_once_who_holds_the_file(path: Path) -> None:
    with held(path) as pid:
        with nbtrack.start_run("during"):
            nbtrack.log_metric("acc", 0.7)
        with pytest.warns(NbtrackWarning, match=rf"PID {pid}.*copy of it as of \d\d:\d\d:\d\d") as said:
            names = nbtrack.search_runs(order_by="number")["run_name"].tolist()
        again = nbtrack.search_runs(order_by="number")["run_name"].tolist()
        assert names == again == ["before", "during"]
        assert len(said) == 1
        columns = open_local(path).run_columns(RunQuery())
        assert columns.snapshot is not None
        assert str(pid) in str(columns.holder)
        assert open_local(path).fold() is None
    assert nbtrack.search_runs(order_by="number")["run_name"].tolist() == ["before", "during"]
    assert open_local(path).fold(timeout=10) is not None


@pytest.mark.parametrize("read_only", [False, True])
def test_a_session_of_this_very_process_is_shared(path: Path, *, read_only: bool) -> None:
    mine = duckdb.connect(str(path), read_only=read_only)
    try:
        with nbtrack.start_run("during"):
            nbtrack.log_metric("acc", 0.7)
        assert nbtrack.search_runs(order_by="number")["run_name"].tolist() == ["before", "during"]
        assert mine.execute("SELECT count(*) FROM runs").fetchall() == [(1,)]
    finally:
        mine.close()
    assert open_local(path).fold(timeout=10) is not None
    assert duckdb.connect(str(path)).execute("SELECT count(*) FROM runs").fetchall() == [(2,)]


FOLDS = """
import sys, time, pathlib, duckdb
from nbtrack.store.fold_lock import fold_lock
path = pathlib.Path(sys.argv[1])
with fold_lock(path.with_suffix(".nbtrack"), timeout=30):
    con = duckdb.connect(str(path))
    print("folding", flush=True)
    sys.stdin.readline()
    con.close()
"""


def test_a_long_fold_of_another_process_is_waited_for(path: Path) -> None:
    folding = subprocess.Popen([sys.executable, "-c", FOLDS, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert folding.stdout is not None
    assert folding.stdin is not None
    try:
        assert folding.stdout.readline() == b"folding\n"
        done = threading.Timer(3.0, lambda: folding.stdin and folding.stdin.close())
        done.start()
        found = open_local(path).run_columns(RunQuery())
        done.join()
    finally:
        folding.kill()
        folding.wait()
        folding.stdout.close()
    assert found.snapshot is None
    assert found.attributes["name"].tolist() == ["before"]


def test_a_long_fold_of_this_process_is_waited_for(path: Path) -> None:
    entered = threading.Event()

    def fold_slowly() -> None:
        with fold_lock(path.with_suffix(".nbtrack"), timeout=30), writing(path, 30):
            entered.set()
            time.sleep(READ_PATIENCE + 1)

    folding = threading.Thread(target=fold_slowly)
    folding.start()
    assert entered.wait(60)
    found = open_local(path).run_columns(RunQuery())
    folding.join()
    assert found.snapshot is None
    assert found.attributes["name"].tolist() == ["before"]
