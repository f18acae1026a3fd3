"""Plans as tasks of a Dask cluster, one for all tests: what comes back, cancelling, and words that stay words."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

import distributed
import pytest

from nbtrack.entities import RunStatus
from nbtrack.environments.wanted import Wanted
from nbtrack.errors import InvalidValueError, NbtrackError
from nbtrack.projects.backends import dask
from nbtrack.projects.backends.dask import DaskBackend
from nbtrack.projects.plan import Plan

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def address():
    quiet = {"processes": False, "n_workers": 1, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"}
    with distributed.LocalCluster(protocol="tcp://", host="127.0.0.1", **quiet) as cluster:
        yield cluster.scheduler_address


def plan(folder: Path, address: str | None, code: str, *more: str, run_id: str = "0" * 32, echo: bool = False) -> Plan:
    argv = (sys.executable, "-S", "-u", "-c", code, *more)
    config = {"address": address} if address else {}
    return Plan(run_id, "s", folder, "main", Wanted(), argv=argv, config=config, echo=echo, variables={"V": "$HOME"})


def test_a_worker_runs_it_and_tells_how_it_ended(address: str, tmp_path: Path, capsys):
    code = "import json,os,sys; print(json.dumps([sys.argv[1:], os.environ['V'], os.getcwd()])); sys.exit(3)"
    job = DaskBackend().submit(plan(tmp_path, address, code, "; rm", "$(x)", echo=True))
    assert (job.wait(), job.exit_code) == (RunStatus.FAILED, 3)
    assert json.loads(job.output()) == [["; rm", "$(x)"], "$HOME", str(tmp_path)]
    assert capsys.readouterr().out == job.output()
    assert job.job_id.startswith("nbtrack-main-")


def test_cancelling_ends_the_process_at_the_worker(address: str, tmp_path: Path):
    code = "import pathlib,time\npathlib.Path('began').touch()\ntry: time.sleep(600)\nexcept KeyboardInterrupt: print('cleaned up')"
    job = DaskBackend().submit(plan(tmp_path, address, code, run_id="1" * 32))
    end = time.monotonic() + 60
    while not (tmp_path / "began").exists():
        assert time.monotonic() < end
        time.sleep(0.02)
    assert (job.wait(0.01), job.exit_code, job.output()) == (RunStatus.RUNNING, None, "")
    job.cancel()
    assert (job.status, job.output()) == (RunStatus.KILLED, "cleaned up\n")
    job.cancel()


def test_a_cluster_of_its_own_ends_with_the_job(tmp_path: Path, monkeypatch):
    def none_here():
        raise ValueError

    monkeypatch.setattr(distributed, "default_client", none_here)
    job = DaskBackend().submit(plan(tmp_path, None, "print('done')", run_id="2" * 32))
    assert (job.wait(60), job.output()) == (RunStatus.FINISHED, "done\n")
    assert job._owned.status == "closed"


def test_what_cannot_start_fails_and_is_not_tried_again(address: str, tmp_path: Path):
    asked = plan(tmp_path / "gone", address, "pass", run_id="3" * 32)
    first, again = (DaskBackend().submit(asked) for _ in range(2))
    assert first.wait() == RunStatus.FAILED
    assert "the folder" in first.output()
    assert again.wait() == RunStatus.FAILED


def test_a_configuration_that_is_none_is_refused(tmp_path: Path, monkeypatch):
    for config in ({"adress": "tcp://x:1"}, {"address": "here"}, {"resources": 1}, {"resources": {"GPU": "a"}}):
        with pytest.raises(InvalidValueError):
            DaskBackend().check(config)
    monkeypatch.setattr(dask, "CONNECT_S", 0.2)
    with pytest.raises(NbtrackError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        DaskBackend().submit(plan(tmp_path, "tcp://127.0.0.1:9", "pass"))
