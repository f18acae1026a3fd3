"""The environment arrives by itself, once, without anybody waiting for it."""

from __future__ import annotations

import os
import time
from types import SimpleNamespace

import pytest

from nbtrack.tracking import surroundings
from nbtrack.tracking.environment import Environment
from nbtrack.tracking.git_state import GitState
from nbtrack.tracking.surroundings import add_environment, add_environment_files, collect_soon

FOUND = Environment("3.12.1", "Linux", "box", "ann", {"a": "1"}, GitState(commit="a" * 40))


class FakeStore:
    def __init__(self):
        self.records, self.files = [], {}

    def append(self, *records):
        self.records += records

    def add_artifact(self, run_id, path, source, *, mime=None):
        self.files[path] = source


@pytest.fixture(autouse=True)
def calls(monkeypatch):
    made = []

    def collect(folder):
        made.append(folder)
        time.sleep(0.1)
        return FOUND

    monkeypatch.setattr(surroundings, "_latest", None)
    monkeypatch.setattr(surroundings, "Environment", SimpleNamespace(collect=collect))
    return made


def test_nobody_waits_and_it_arrives():
    run = SimpleNamespace(id="r", store=FakeStore())
    add_environment(run)
    done = add_environment_files(run)
    assert not done.done()
    done.result(5)
    assert run.store.records == [("tags", "r", FOUND.tags(), None)]
    assert run.store.files == {"environment/packages.txt": b"python==3.12.1\na==1\n"}


def test_runs_close_together_share_one_look(calls):
    runs = [SimpleNamespace(id=str(i), store=FakeStore()) for i in range(20)]
    for done in [add_environment(run) for run in runs]:
        done.result(5)
    assert len(calls) == 1
    assert all(run.store.records for run in runs)


def test_another_folder_is_another_look(calls, tmp_path, monkeypatch):
    collect_soon().result(5)
    monkeypatch.chdir(tmp_path)
    collect_soon().result(5)
    assert calls[1:] == [str(tmp_path)]


def test_a_store_that_fails_harms_nobody():
    class Broken(FakeStore):
        def append(self, *records):
            raise OSError(28, "No space left on device")

    add_environment(SimpleNamespace(id="r", store=Broken())).result(5)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_collects_for_itself():
    collect_soon().result(5)
    pid = os.fork()
    if pid == 0:
        done = add_environment(SimpleNamespace(id="r", store=FakeStore()))
        os._exit(0 if done.result(5) is None else 1)
    assert os.waitpid(pid, 0)[1] == 0
