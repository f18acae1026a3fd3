"""Variables kept with a run come back with the same content, also when the kernel was killed; others' only with leave."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from nbtrack.magics.variables import touched_names
from nbtrack.tracking import active, seals, variables

KILLED = """
import os, signal
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
shell.run_cell("%load_ext nbtrack")
shell.run_cell('''%%track train --vars
import numpy as np, pandas as pd, threading
data = pd.DataFrame({"x": np.arange(20.0), "y": [0, 1] * 10})
model = np.random.default_rng(3).normal(size=(3, 2))
text, nested = "é", {"a": [1, (2, None)]}
def double(value): return 2 * value
lock = threading.Lock()
api_key = "sk_live_aB3dE5gH7jK9mN1pQ3"
_private = 1
''')
import joblib, sys
names = ("data", "model", "text", "nested")
print(*[joblib.hash(shell.user_ns[name]) for name in names])
shell._nbtrack.filing.flush()
sys.stdout.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_after_a_kill_every_variable_is_as_it_was_and_what_was_skipped_is_said(notebook, capsys):
    joblib = importlib.import_module("joblib")

    done = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == -9, done.stderr
    *_, line, hashes = done.stdout.strip().splitlines()
    assert "kept 5 variables" in line
    assert "lock: it cannot be pickled" in line
    assert "api_key: it looks like a secret" in line
    assert notebook.run("%track restore 1").success
    said = capsys.readouterr().out
    assert "restored from run #1 train: data (DataFrame 20 by 2), model (ndarray 3 by 2)" in said
    space = notebook.shell.user_ns
    assert [joblib.hash(space[name]) for name in ("data", "model", "text", "nested")] == hashes.split()
    assert space["double"](4) == 8
    assert space["np"].__name__ == "numpy"
    assert "api_key" not in space
    assert b"sk_live_aB3" not in b"".join(path.read_bytes() for path in Path().rglob("*") if path.is_file())


def test_names_can_be_chosen_and_a_missing_one_is_named(notebook, capsys):
    notebook.run("%%track a\nx, y = [1, 2], 5")
    assert notebook.run("%track save x").success
    assert "kept 1 variable" in capsys.readouterr().out
    notebook.run("x.append(3)")
    assert notebook.run("%track save a y").success  # a run by its name; what was kept before stays
    assert "no variable 'z'" in str(notebook.run("%track save z").error_in_exec)
    assert notebook.run("%track restore 1 x").success
    assert notebook.shell.user_ns["x"] == [1, 2]
    assert notebook.run("%track restore 1 y").success
    assert "'z' is not in run #1" in str(notebook.run("%track restore 1 z").error_in_exec)
    assert "--trusted" in str(notebook.run("%track restore 1 --trusted").error_in_exec)
    notebook.run("%%track b\npass")
    assert "kept by %%track --vars" in str(notebook.run("%track restore 2").error_in_exec)


def test_what_somebody_else_kept_comes_only_with_leave(notebook, monkeypatch, tmp_path):
    notebook.run("%%track a --vars\nx = [1]")
    notebook.settle()
    monkeypatch.setattr(seals, "key_path", lambda: tmp_path / "another" / "key")
    refused = str(notebook.run("%track restore 1").error_in_exec)
    assert "was not logged by you" in refused
    assert "%track restore … --trust" in refused
    notebook.shell.user_ns.pop("x")
    assert notebook.run("%track restore 1 --trust").success
    assert notebook.shell.user_ns["x"] == [1]


def test_a_file_that_was_exchanged_is_not_loaded(notebook):
    import pickle

    notebook.run("%%track a --vars\nx = [1]")
    store, run = active.get_store(), notebook.last()
    store.add_artifact(run.info.run_id, "variables/x.pkl", pickle.dumps("another"))
    assert "is not what was kept" in str(notebook.run("%track restore 1 --trust").error_in_exec)
    store.add_artifact(run.info.run_id, "variables/index.json", json.dumps({"format": 1}).encode())
    assert "cannot be read" in str(notebook.run("%track restore 1").error_in_exec)


def test_too_large_is_skipped_without_being_built():
    kept = variables.pickled(["big", "none", "small"], {"big": b"x" * 5000, "small": 1}, most=1000)
    assert list(kept.files) == ["small"]
    assert kept.skipped == {"big": "it takes more than 0 MB", "none": "there is no such variable"}


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("x = 1\ny, (z, *w) = f()", ["x", "y", "z", "w"]),
        ("import a.b, c as d\nfrom e import f", ["a", "d", "f"]),
        ("model.fit(x)\ndf['a'] = 1\no.p.q = 2\nn += 1", ["model", "df", "o", "n"]),
        ("def f():\n    inner = 1\nclass C:\n    field = 1\n_p = 1", ["f", "C"]),
        ("for i in r:\n    with open(p) as h: pass\nt = [u for u in v]\nif (k := 1): pass", ["i", "h", "t", "k"]),
    ],
)
def test_what_a_cell_defines_and_may_change(cell, names):
    assert touched_names(ast.parse(cell)) == names
