"""SLURM, by stand-ins that really run the script: what it says of jobs, words that stay words, and what is refused."""

from __future__ import annotations

import json
import stat
import sys
import time
from pathlib import Path

import pytest

from nbtrack.entities import RunStatus
from nbtrack.environments.wanted import Wanted
from nbtrack.errors import InvalidValueError, NbtrackError
from nbtrack.projects.backends import slurm
from nbtrack.projects.plan import Plan

STAND_IN = Path(__file__).parent / "stand_ins" / "slurm.py"
TRICKY = ["$(touch x)", "`id`", "; rm -rf /", "a b", "'", '"', "\\", "&&", "\n#SBATCH --uid=0\n", "", "ü"]
SAYS = "import json,os,sys; print(json.dumps([sys.argv[1:], os.environ['V'], os.environ['COPY'], os.getcwd(), os.environ['SET']]))"


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch) -> Path:
    place, programs = tmp_path / "cluster", tmp_path / "bin"
    place.mkdir()
    programs.mkdir()
    for name in ("sbatch", "squeue", "sacct", "scancel"):
        program = programs / name
        program.write_text(f"#!{sys.executable} -S\n{STAND_IN.read_text()}")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("SLURM_STAND_IN", str(place))
    monkeypatch.setenv("TOKEN", "a token")
    monkeypatch.setattr("nbtrack.projects.backends.polled.FIRST_POLL_S", 0.05)
    return place


def submit(folder: Path, *argv: str, config=None, **more) -> slurm.SlurmJob:
    config = {"folder": str(folder / "jobs"), "poll_s": 0.2, **(config or {})}
    plan = Plan("0" * 32, "s", folder, "main", Wanted(), argv=argv, config=config, echo=False, **more)
    slurm.SlurmBackend().check(config)
    return slurm.SlurmBackend().submit(plan)


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-S", "-u", "-c", code)


def test_words_and_variables_arrive_as_they_are(cluster: Path, tmp_path: Path):
    config = {"partition": "gpu", "exclusive": True, "nodes": 1, "setup": ["export SET='by hand'"]}
    job = submit(
        tmp_path, *python(SAYS), *TRICKY, config=config, variables={"V": "$HOME '\"\n"}, copies={"COPY": "TOKEN"}
    )
    script = tmp_path / "jobs" / ("0" * 32) / "job.sh"
    assert stat.S_IMODE(script.parent.stat().st_mode) == 0o700
    assert "a token" not in script.read_text()
    assert (job.wait(60), job.exit_code, job.job_id) == (RunStatus.FINISHED, 0, "1000")
    assert json.loads(job.output()) == [TRICKY, "$HOME '\"\n", "a token", str(tmp_path), "by hand"]
    [sent] = [call for call in map(json.loads, (cluster / "calls").read_text().splitlines()) if call[0] == "sbatch"]
    assert sent[1:5] == ["--job-name=nbtrack-main", "--partition=gpu", "--exclusive", "--nodes=1"]
    assert not script.exists()


@pytest.mark.parametrize("marks", [(), ("no-accounts",), ("no-accounts", "forgets")])
def test_a_failure_is_told_with_and_without_accounting(cluster: Path, tmp_path: Path, marks):
    for mark in marks:
        (cluster / mark).touch()
    job = submit(tmp_path, *python("raise SystemExit(3)"))
    assert (job.wait(60), job.exit_code) == (RunStatus.FAILED, 3)


def test_cancelling_lets_the_program_end_itself(cluster: Path, tmp_path: Path, capsys):
    code = "import signal,sys,time\nsignal.signal(15, lambda *_: (print('saved'), sys.exit(0)))\nprint('runs')\ntime.sleep(600)"
    job = submit(tmp_path, *python(code))
    end = time.monotonic() + 60
    while "runs" not in job.output():
        assert time.monotonic() < end
        time.sleep(0.02)
    assert job.wait(0.01) == RunStatus.RUNNING
    job.cancel()
    assert job.status == RunStatus.KILLED
    assert job.output() == "runs\nsaved\n"
    job.cancel()


def test_a_scheduler_that_is_away_does_not_end_a_job(cluster: Path, tmp_path: Path):
    (cluster / "away").touch()
    job = submit(tmp_path, *python("pass"))
    assert job.wait(0.3) == RunStatus.RUNNING
    (cluster / "away").unlink()
    assert job.wait(60) == RunStatus.FINISHED


def test_a_job_that_left_no_trace_has_failed(cluster: Path, tmp_path: Path, monkeypatch):
    for mark in ("no-accounts", "forgets"):
        (cluster / mark).touch()
    monkeypatch.setattr(slurm, "GONE_S", 0.1)
    job = submit(tmp_path, *python("pass"))
    job._folder = tmp_path  # where nothing is
    assert (job.wait(60), job.exit_code) == (RunStatus.FAILED, None)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"wrap": "rm -rf /"}, "Option 'wrap' of sbatch is set by nbtrack itself"),
        ({"export": "NONE"}, "set by nbtrack itself"),
        ({"a b": 1}, "has 'a b'; use long options of sbatch"),
        ({"-p": "gpu"}, "has '-p'"),
        ({"comment": "a\nb"}, "Option 'comment' of sbatch is"),
        ({"setup": "module load x"}, "use a list of lines"),
        ({"poll_s": 0}, "use a number of seconds above 0"),
    ],
)
def test_a_configuration_that_is_none_is_refused(config, says: str):
    with pytest.raises(InvalidValueError, match=says):
        slurm.SlurmBackend().check(config)


def test_without_slurm_and_when_it_refuses_the_error_says_so(cluster: Path, tmp_path: Path, monkeypatch):
    (tmp_path / "bin" / "sbatch").write_text(
        "#!/bin/sh\necho 'sbatch: error: invalid partition specified: gpu' >&2\nexit 1\n"
    )
    with pytest.raises(NbtrackError, match="sbatch failed with exit code 1: sbatch: error: invalid partition"):
        submit(tmp_path, "true")
    monkeypatch.setenv("PATH", str(cluster))
    with pytest.raises(NbtrackError, match="sbatch is needed to submit jobs to SLURM, and is not on the PATH"):
        submit(tmp_path, "true")
