"""A recorded run is made again, from a script in git and from cells, and comes out the same."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import nbtrack
from nbtrack.errors import InvalidValueError
from nbtrack.reruns.reproduce import reproduce
from nbtrack.tracking import active

if TYPE_CHECKING:
    from pathlib import Path

TRAIN = """
import sys
import nbtrack
from helper import SCALE
from sklearn.datasets import make_classification
from sklearn.linear_model import SGDClassifier

nbtrack.set_tracking_uri("elsewhere.duckdb" if "--else" in sys.argv else "runs.duckdb")
C = float(sys.argv[1])
with nbtrack.start_run("other"):
    nbtrack.log_metric("acc", -1.0)
with nbtrack.start_run("train", params={"alpha": C}):
    X, y = make_classification(200, random_state=3)
    model = SGDClassifier(alpha=C, random_state=7).fit(X * SCALE, y)
    nbtrack.log_metric("acc", model.score(X, y))
    nbtrack.log_metric("norm", float((model.coef_ ** 2).sum()))
"""


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A repository with a script, changed since its commit, that has run once; it moved on afterwards."""
    folder = tmp_path_factory.mktemp("project")
    source = folder / "src"
    source.mkdir()
    (source / "train.py").write_text(TRAIN)
    (source / "helper.py").write_text("SCALE = 1.0\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "one")
    (source / "helper.py").write_text("SCALE = 2.5\n")
    (source / "new.py").write_text("")
    done = subprocess.run([sys.executable, "train.py", "0.01"], cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (source / "helper.py").write_text("SCALE = -100\n")
    (source / "train.py").write_text("raise SystemExit('the script of now')")
    return source


@pytest.fixture
def chosen(project, monkeypatch):
    monkeypatch.chdir(project)
    nbtrack.set_tracking_uri("runs.duckdb")
    yield active.get_store()
    nbtrack.set_tracking_uri(None)


def test_a_script_comes_out_the_same_from_its_commit_and_changes(chosen, tmp_path):
    found = reproduce("train", tmp_path / "again", env="local")
    assert found.matches, found
    assert {match.key: match.result for match in found.metrics} == {"acc": "equal", "norm": "equal"}
    assert found.run is not None
    assert found.run.data.tags["nbtrack.reproduces"] == found.original.info.run_id
    assert found.run.info.experiment_name == found.original.info.experiment_name
    assert found.run.data.params == {"alpha": "0.01"}
    assert (tmp_path / "again/src/helper.py").read_text() == "SCALE = 2.5\n"
    assert any("src/new.py" in note for note in found.notes)
    assert "reproduced as run #" in repr(found)
    assert len(found.frame) == 2
    assert [run.info.run_name for run in chosen.search_runs(_all())].count("other") == 1


def _all():
    from nbtrack.store.protocol import RunQuery

    return RunQuery()


def test_a_folder_in_use_is_refused_and_code_that_was_not_recorded_is_said(chosen, tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(InvalidValueError, match="was not made for this run"):
        reproduce("train", tmp_path, env="local")
    with nbtrack.start_run("bare"):
        nbtrack.log_metric("a", 1)
    with pytest.raises(InvalidValueError, match=r"No code of run #\d+ 'bare' was recorded"):
        reproduce("bare")
    with pytest.raises(InvalidValueError, match="env is 'conda'"):
        reproduce("train", env="conda")
