"""Where a run happened: what is known at once, what comes later, and the notebook's name."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from nbtrack.tracking import environment
from nbtrack.tracking.environment import Environment, notebook_path, packages
from nbtrack.tracking.git_state import GitState


@pytest.fixture
def shell(monkeypatch):
    fake = SimpleNamespace(user_ns={}, kernel=object())
    monkeypatch.setattr(environment, "_shell", lambda: fake)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    return fake


def test_user_host_and_python_are_known_at_once():
    tags = Environment.quick()
    assert tags["nbtrack.host"]
    assert tags["nbtrack.python"] == platform.python_version()
    assert tags["mlflow.source.type"] == "LOCAL"


def test_a_script_is_its_source(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        "from nbtrack.tracking.environment import Environment; print(Environment.quick()['mlflow.source.name'])"
    )
    root = str(Path(environment.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": root}
    )
    assert done.stdout.strip() == str(script)


def test_jupyter_says_the_notebook(shell, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/ann/first.ipynb")
    assert notebook_path() == "/home/ann/first.ipynb"
    assert Environment.quick()["mlflow.source.name"] == "/home/ann/first.ipynb"
    assert Environment.quick()["mlflow.source.type"] == "NOTEBOOK"


def test_vs_code_says_the_notebook(shell):
    shell.user_ns["__vsc_ipynb_file__"] = "/home/ann/second.ipynb"
    assert notebook_path() == "/home/ann/second.ipynb"


def test_papermill_says_the_notebook(shell):
    shell.user_ns["PAPERMILL_OUTPUT_PATH"] = "out/third.ipynb"
    assert notebook_path() == "out/third.ipynb"


def test_a_console_session_is_no_notebook(shell, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/ann/console-1-5f6a")
    assert notebook_path() == ""


def test_a_kernel_without_a_known_notebook_has_no_source(shell):
    tags = Environment.quick()
    assert "mlflow.source.name" not in tags
    assert tags["mlflow.source.type"] == "NOTEBOOK"


def test_package_names_and_versions_are_those_of_importlib():
    found = packages()
    for name in ("numpy", "duckdb", "pytest-timeout", "ipython"):
        assert found[name] == importlib.metadata.version(name)


def test_packages_are_read_again_only_after_a_change(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "spam-eggs" not in packages()
    (tmp_path / "Spam_Eggs-1.2.dist-info").mkdir()
    os.utime(tmp_path, ns=(1, 1))
    assert packages()["spam-eggs"] == "1.2"
    assert packages() == packages()


def test_everything_is_collected(tmp_path):
    found = Environment.collect(tmp_path)
    assert found.python == platform.python_version()
    assert found.packages["numpy"]
    assert found.platform


def test_tags_and_files_use_mlflows_names():
    git = GitState(commit="a" * 40, branch="main", remote="https://github.com/a/b", is_dirty=True, diff="+x\n")
    found = Environment("3.12.1", "Linux", "box", "ann", {"b": "2", "a": "1"}, git, "/x/nb.ipynb")
    assert found.tags() == {
        "mlflow.source.git.commit": "a" * 40,
        "mlflow.source.git.branch": "main",
        "mlflow.source.git.repoURL": "https://github.com/a/b",
        "mlflow.source.git.dirty": "true",
        "nbtrack.platform": "Linux",
    }
    assert found.artifacts() == {
        "environment/packages.txt": "python==3.12.1\na==1\nb==2\n",
        "environment/git.diff": "+x\n",
    }
    assert found.notebook_name == "nb.ipynb"
