"""What git says, and that a missing, empty or hanging git harms nothing."""

from __future__ import annotations

import os
import stat
import subprocess

import pytest

from nbtrack.tracking import git_state as module
from nbtrack.tracking.git_state import GitState, git_state

TOKEN = "ghp_aB3dE5gH7jK9mN1pQ3sT5vW7xZ9bC1dF3hJ5"


def git(folder, *arguments):
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], cwd=folder, check=True, capture_output=True
    )


@pytest.fixture
def repository(tmp_path):
    git(tmp_path, "init", "-b", "trunk")
    (tmp_path / "train.py").write_text("lr = 0.1\n")
    (tmp_path / "nb.ipynb").write_text("{}\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    return tmp_path


def test_a_clean_repository(repository):
    git(repository, "remote", "add", "origin", f"https://ann:{TOKEN}@github.com/a/b.git")
    found = git_state(repository)
    assert len(found.commit) == 40
    assert found.branch == "trunk"
    assert not found.is_dirty
    assert found.diff == ""
    assert TOKEN not in found.remote
    assert found.remote.endswith("@github.com/a/b.git")


def test_a_changed_file_is_shown_without_secrets_and_a_notebook_is_named(repository):
    (repository / "train.py").write_text(f"lr = 0.2\npassword = 'hunter2'\ntoken = '{TOKEN}'\n")
    (repository / "nb.ipynb").write_text('{"cells": []}\n')
    (repository / "sub").mkdir()
    found = git_state(repository / "sub")
    assert found.is_dirty
    assert "+lr = 0.2" in found.diff
    assert "hunter2" not in found.diff
    assert TOKEN not in found.diff
    assert "# nbtrack: changed notebooks, not shown: nb.ipynb" in found.diff
    assert "cells" not in found.diff


def test_new_files_do_not_make_it_dirty(repository):
    (repository / "new.py").write_text("x = 1\n")
    assert not git_state(repository).is_dirty


def test_a_large_diff_is_cut_and_says_so(repository, monkeypatch):
    monkeypatch.setattr(module, "DIFF_LIMIT_BYTES", 10_000)
    (repository / "train.py").write_text("".join(f"x{i} = {i}\n" for i in range(5000)))
    diff = git_state(repository).diff
    assert diff.startswith("# nbtrack: cut at 10,000 bytes\n")
    assert len(diff) < 10_100
    assert diff.endswith("\n")


def test_a_detached_head_has_no_branch(repository):
    git(repository, "checkout", "--detach")
    assert git_state(repository).branch == ""
    assert git_state(repository).commit


def test_a_repository_without_commits(tmp_path):
    git(tmp_path, "init", "-b", "trunk")
    assert git_state(tmp_path) == GitState(branch="trunk", top=str(tmp_path))


def test_outside_a_repository_and_without_git_there_is_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_state(tmp_path) == GitState()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_state(tmp_path) == GitState()


@pytest.mark.timeout(30)
def test_a_git_that_hangs_is_stopped(tmp_path, monkeypatch):
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert git_state(tmp_path, timeout_s=0.3) == GitState()
