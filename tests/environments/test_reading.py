"""What files of environments want, and what they do not get."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbtrack.environments import reading
from nbtrack.errors import InvalidValueError, NbtrackError

if TYPE_CHECKING:
    from pathlib import Path

PYTHON_ENV = """
python: "3.11.7"
build_dependencies: [pip, wheel==0.45]
dependencies:
  - -r requirements.txt
  - numpy>=1.26  # why not
"""
CONDA = """
name: x
channels: [conda-forge]
dependencies:
  - python=3.11
  - pip<=24
  - conda-forge::scikit-learn=1.5
  - numpy=2.1=py311h_0
  - scipy>=1.14,<2
  - pytorch
  - r-base=4.3
  - libgcc
  - pip:
    - mlflow>=2
    - -r more.txt
"""


def test_a_python_env_is_read_with_the_files_that_it_names(tmp_path: Path) -> None:
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "python_env.yaml").write_text(PYTHON_ENV)
    (tmp_path / "env" / "requirements.txt").write_text("# all\nscipy\n-c ../limits.txt\n-r deep.txt\nscipy\n")
    (tmp_path / "env" / "deep.txt").write_text('pandas; python_version > "3"\n')
    (tmp_path / "limits.txt").write_text("scipy<2\n")
    found = reading.python_env(tmp_path, "env/python_env.yaml")
    assert found.python == "3.11.7"
    assert found.requirements == ("pip", "wheel==0.45", "scipy", 'pandas; python_version > "3"', "numpy>=1.26")
    assert found.constraints == ("scipy<2",)


def test_a_conda_env_is_read_as_far_as_a_python_index_has_it(tmp_path: Path) -> None:
    (tmp_path / "conda.yaml").write_text(CONDA)
    (tmp_path / "more.txt").write_text("iniconfig\n")
    found = reading.conda_env(tmp_path, "conda.yaml")
    assert found.python == "3.11"
    assert found.requirements == (
        "scikit-learn==1.5.*",
        "numpy==2.1",
        "scipy>=1.14,<2",
        "torch",
        "mlflow>=2",
        "iniconfig",
    )
    assert found.unmet == ("r-base=4.3", "libgcc")


@pytest.mark.parametrize(
    "line",
    [
        "-r ../secret.txt",
        "-r/etc/passwd",
        "--requirement=/etc/passwd",
        "-r ~/secret.txt",
        "-c ../secret.txt",
        "-r link.txt",
        "-r loop.txt",
        "-e .",
        "--editable=.",
        "--install-option=x",
        "--config-settings=x",
        ". ; touch pwned",
        "$(touch pwned)",
        "numpy\x01evil",
        "../package",
        "git+https://host/a",
    ],
)
def test_hostile_lines_are_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "secret.txt").write_text("hunter2 hunter2\n")
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "loop.txt").write_text("-r loop.txt\n")
    (folder / "requirements.txt").write_text(line)
    with pytest.raises(NbtrackError) as refused:
        reading.requirements_file(folder, "requirements.txt")
    assert "hunter2 hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "python: '3; rm'",
        "dependencies: numpy",
        "dependencies: [{a: b}]",
        "python: ../python",
        "dependencies: !!python/object:x {}",
    ],
)
def test_another_form_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "python_env.yaml").write_text(text)
    with pytest.raises(InvalidValueError):
        reading.python_env(tmp_path, "python_env.yaml")


@pytest.mark.parametrize(
    "text", ["dependencies: {a: b}", "dependencies: [[a]]", "dependencies: [{pip: a}]", "dependencies: ['-x']"]
)
def test_another_form_of_conda_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "conda.yaml").write_text(text)
    with pytest.raises(InvalidValueError, match=r"conda\.yaml"):
        reading.conda_env(tmp_path, "conda.yaml")
