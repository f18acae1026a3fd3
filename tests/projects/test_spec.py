"""What a project says of itself, and what it is told when it says it wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from nbtrack.errors import InvalidValueError, NbtrackError, NotFoundError
from nbtrack.projects import docker_env, entry, spec
from nbtrack.projects.parameters import fill

if TYPE_CHECKING:
    from pathlib import Path

FULL = """
name: full
docker_env:
  image: team/train:3
  volumes: ["/data:/data:ro"]
  environment: [["LEVEL", "a b"], HOME]
entry_points:
  main:
    parameters:
      alpha: float
      name: {type: string, default: a b}
      flag: {type: bool, default: true}
      rate: {default: 0.10}
      place: {type: uri, default: "s3://bucket/a"}
    command: "python train.py {alpha} {name} {flag} {rate} {place}"
  other:
    command: python other.py
"""


def project(folder: Path, text: str, name: str = "MLproject") -> spec.Project:
    (folder / name).write_text(text)
    return spec.load(folder)


@pytest.mark.parametrize("name", ["MLproject", "mlproject", "MLPROJECT"])
def test_all_of_it_is_read(tmp_path: Path, name: str) -> None:
    found = project(tmp_path, FULL, name)
    assert (found.name, found.file, found.env_kind) == ("full", name, "docker_env")
    assert [*found.entry_points] == ["main", "other"]
    main = entry.find(found, "main")
    given = fill(main.parameters, {"alpha": 1, "more": "x y"}, "main")
    words = ("python", "train.py", "1", "a b", "True", "0.1", "s3://bucket/a", "--more", "x y")
    assert main.words(given, "python") == words
    assert given.typed["alpha"] == 1


def test_a_container_is_run_with_words(tmp_path: Path) -> None:
    docker = project(tmp_path, FULL).docker
    assert docker is not None
    words = docker_env.words(
        docker,
        ["python", "a b;c"],
        tmp_path,
        {"TOKEN": "s3cr3t"},
        mounts=["/s:/s"],
        options={"gpus": "all", "tty": True},
    )
    inside = "/mlflow/projects/code/"
    before = ("docker", "run", "--rm", "--init", "-v", f"{tmp_path}:{inside}", "-w", inside, "--gpus=all", "--tty")
    assert words[: len(before)] == before
    rest = ("-v", "/s:/s", "-v", "/data:/data:ro", "-e", "TOKEN", "-e", "LEVEL=a b", "-e", "HOME", "team/train:3")
    assert words[len(before) :] == (*rest, "python", "a b;c")
    with pytest.raises(InvalidValueError, match="docker_args"):
        docker_env.words(docker, [], tmp_path, {}, options={"-v /:/host": True})


def test_a_container_takes_only_what_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker = project(tmp_path, FULL).docker
    assert docker is not None
    docker_env.check_here(docker)
    monkeypatch.delenv("HOME")
    with pytest.raises(InvalidValueError, match="takes HOME from this machine"):
        docker_env.check_here(docker)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a", "a mapping of names"),
        ("name: [1]", r"name is \[1\]"),
        ("entrypoints: {}", "Key 'entrypoints'"),
        ("python_env: a\nconda_env: b", "one environment"),
        ("python_env: missing.yaml", "python_env file 'missing.yaml'"),
        ("python_env: ../other.yaml", "climb|outside|'\\.\\.'"),
        ("python_env: [a]", "name of a file"),
        ("docker_env: {}", ""),
        ("docker_env: {image: '--privileged'}", "image '--privileged'"),
        ("docker_env: {image: a, volumes: /x}", "volumes"),
        ("docker_env: {image: a, volumes: ['-v:/x']}", "volumes"),
        ("docker_env: {image: a, environment: [[a, b, c]]}", "variable"),
        ("docker_env: {image: a, environment: ['-x']}", "variable"),
        ("databricks_spark_job: {}", "Databricks"),
        ("entry_points: [main]", "mapping of names to commands"),
        ("entry_points: {main: python a.py}", "needs a command"),
        ("entry_points: {main: {parameters: {}}}", "has the command None"),
        ("entry_points: {main: {commands: a}}", "Key 'commands'"),
        ("entry_points: {main: {command: 'a {b}'}}", "Parameter 'b'"),
        ("entry_points: {main: {command: a, parameters: [b]}}", "names to types"),
        ("entry_points: {main: {command: a, parameters: {b: flaot}}}", "use one of string, float, path, uri"),
        ("entry_points: {main: {command: a, parameters: {b: [float]}}}", "write b: float"),
        ("entry_points: {main: {command: 'eval {b}', parameters: {b: float}}}", "eval"),
        ("a: &a [1]\nb: *c", "alias"),
    ],
)
def test_a_malformed_project_is_told_what_is_expected(tmp_path: Path, text: str, told: str) -> None:
    if not told:
        assert project(tmp_path, text).env_kind == ""  # nothing said is nothing wanted, as in MLflow
        return
    with pytest.raises(NbtrackError, match=told):
        project(tmp_path, text)


def test_two_files_are_one_too_many(tmp_path: Path) -> None:
    (tmp_path / "mlproject").write_text("name: a")
    with pytest.raises(InvalidValueError, match="one such file"):
        project(tmp_path, "name: b")


def test_a_file_that_leads_out_of_the_project_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("dependencies: [hunter2]")
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "env.yaml").symlink_to(tmp_path / "secret.yaml")
    with pytest.raises(InvalidValueError, match="through a link") as refused:
        project(folder, "python_env: env.yaml")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "needs a value for 'alpha'"),
        ({"alpha": "a lot"}, "a number is expected"),
        ({"alpha": None}, "None"),
        ({"alpha": 1, "place": "here"}, "a URI is expected"),
        ({"alpha": 1, "a b": 1}, "cannot become an option"),
        ({"alpha": 1, "x;y": 1}, "cannot become an option"),
        ({"alpha": 1, "-rf": 1}, "cannot become an option"),
    ],
)
def test_parameters_are_looked_at_before_anything_runs(tmp_path: Path, given: dict[str, Any], told: str) -> None:
    main = entry.find(project(tmp_path, FULL), "main")
    with pytest.raises(InvalidValueError, match=told):
        fill(main.parameters, given, "Entry point 'main'")


def test_scripts_run_without_a_project(tmp_path: Path) -> None:
    for name in ("a.py", "-c.py", 'b "x".R', "c.sh", "d.ipynb", "e.txt"):
        (tmp_path / name).write_text("")
    found = spec.load(tmp_path)
    given = fill({}, {"lr": 0.1, "name": "a b"}, "")
    rest = ("--lr", "0.1", "--name", "a b")
    assert entry.find(found, "a.py").words(given, "/bin/py") == ("/bin/py", "a.py", *rest)
    assert entry.find(found, "-c.py").words(given, "/bin/py") == ("/bin/py", "./-c.py", *rest)
    assert entry.find(found, "c.sh").words(given, "") == ("bash", "c.sh", *rest)
    in_r = entry.find(found, 'b "x".R').words(given, "")
    assert (in_r[0], in_r[3:]) == ("Rscript", ("--args", *rest))
    assert 'f <- "b \\"x\\".R";' in in_r[2]
    assert entry.find(found, "d.ipynb").is_notebook
    with pytest.raises(InvalidValueError, match=r"ends in \.py, \.sh, \.R or \.ipynb"):
        entry.find(found, "e.txt")
    with pytest.raises(NotFoundError, match=r"a\.py"):
        entry.find(found, "main")
    for outside in ("../a.py", "/etc/a.py", "missing.py"):
        with pytest.raises(NbtrackError):
            entry.find(found, outside)
