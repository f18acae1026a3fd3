"""Watched values, choices of names, data as inputs; ``%track captured`` shows all that is stored, ``%track forget`` takes it back."""

from __future__ import annotations

import json
import threading

import numpy as np
import pandas as pd
import pytest
from IPython.core.error import UsageError

from nbtrack.magics import choices
from nbtrack.magics.report import captured, forget
from nbtrack.magics.watch import Watch, plain_value
from nbtrack.tracking import active, cells
from nbtrack.tracking.fingerprints import fingerprint
from nbtrack.tracking.searching import metric_history


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "x.ipynb"))
    choices.forget_session()
    yield tmp_path
    choices.forget_session()


def test_watched_values_are_series_of_the_run(notebook, capsys):
    notebook.run("%track watch acc, len(X), X[-1]['a'], name, 1 / 0")
    notebook.run("%%track\nX = [{'a': 2}]\nacc = 0.5\nname = 'adam'")
    run = notebook.last()
    assert run.data.metrics == {"acc": 0.5, "len(X)": 1.0, "X[-1]['a']": 2.0}
    assert run.data.params["name"] == "adam"
    notebook.run("import nbtrack\nrun = nbtrack.start_run()")
    notebook.run("acc = 0.6")
    notebook.run("pass")
    notebook.run("acc = 0.7")
    notebook.run("run.end()")
    assert metric_history(notebook.last().info.run_id, "acc")["value"].to_list() == [0.5, 0.6, 0.7]
    capsys.readouterr()
    notebook.run("%track unwatch len(X), acc")
    notebook.run("%track watch")
    assert capsys.readouterr().out.splitlines() == [
        "watched no more: len(X), acc",
        "watched after each cell: X[-1]['a'], name, 1 / 0",
    ]
    notebook.run("%%track --no-capture\nX.append({'a': 3})")
    assert notebook.last().data.metrics == {}


@pytest.mark.parametrize("line", ["x =", "*x", "import os", ","])
def test_what_is_no_expression_is_refused(line):
    with pytest.raises(UsageError, match="acc, len"):
        Watch({}).add(line)


def test_a_busy_cell_is_looked_at_without_running_its_code(notebook, monkeypatch):
    monkeypatch.setattr("nbtrack.magics.watch.EVERY_S", 0.01)
    looked = threading.Event()
    notebook.shell.user_ns["looked"] = looked
    notebook.run("%track watch done")
    record = Watch._record

    def recorded(self, run, found):
        record(self, run, found)
        if found.get("done") == 3:
            looked.set()

    monkeypatch.setattr(Watch, "_record", recorded)
    notebook.run("%%track\nfor done in (1, 2, 3): pass\nseen = looked.wait(20)\ndone = 4")
    run = notebook.last()
    assert metric_history(run.info.run_id, "done")["value"].to_list()[-2:] == [3.0, 4.0]
    assert [each.name for each in threading.enumerate() if each.name == "nbtrack-watch"] == []


class Loud:
    def __len__(self):
        raise AssertionError

    def __float__(self):
        raise AssertionError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("n", 3),
        ("len(xs)", 2),
        ("xs[-1] * 100 / n", 200.0),
        ("d['k']", 5),
        ("len(array)", 4),
        ("-n", -3),
        ("n / 0", None),
        ("len(loud)", None),
        ("loud", None),
        ("xs.pop()", None),
        ("loud.x", None),
        ("missing", None),
        ("xs[9]", None),
    ],
)
def test_only_plain_values_are_looked_at_from_outside(text, value):
    watch = Watch({})
    watch.add(text)
    space = {"n": 3, "xs": [1, 6], "d": {"k": 5}, "array": np.zeros((4, 2)), "loud": Loud()}
    assert plain_value(watch._trees[text], space) == value


def test_ignored_names_are_never_stored_and_the_question_is_put_once(home, notebook, capsys):
    notebook.run("%%track\nlr = 0.1\nbs = 32")
    assert "captured lr, bs from cell 1: keep, or %track ignore lr" in capsys.readouterr().out
    notebook.run("%track ignore lr table")
    notebook.run("%track watch lr + 1")
    choices.forget_session()  # as in the next session
    notebook.run("import pandas as pd\ntable = pd.DataFrame({'a': [1]})\nother = table + 1")
    capsys.readouterr()
    notebook.run("%%track --vars\nlr = 0.2\nbs = 64\nuse = table, other")
    assert "captured" not in capsys.readouterr().out
    run = notebook.last()
    assert run.data.params == {"bs": "64"}
    assert run.data.metrics == {}
    assert [each.dataset.name for each in run.inputs.dataset_inputs] == ["other"]
    assert not any("lr" in path for path in notebook.files(run))
    notebook.run("%track keep lr")
    notebook.run("%%track\nlr = 0.3")
    assert notebook.last().data.params == {"lr": "0.3"}


def test_data_are_inputs_by_name_shape_schema_and_digest(notebook):
    notebook.run("import numpy as np, pandas as pd\nframe = pd.DataFrame({'a': [1, 2], 'b': ['x', None]})")
    notebook.run("%%track\nX = np.ones((3, 2))\ny = frame['a']\nn = 1")
    found = {each.dataset.name: each for each in notebook.last().inputs.dataset_inputs}
    assert {name: each.context for name, each in found.items()} == {"X": "made", "frame": "used", "y": "made"}
    assert json.loads(found["X"].dataset.profile)["features_shape"] == [3, 2]
    assert [each["type"] for each in json.loads(found["frame"].dataset.schema)["mlflow_colspec"]] == ["long", "string"]


def test_digests_follow_the_content():
    def digest(value):
        found = fingerprint("x", value)
        assert found is not None
        return found.dataset.digest

    frame = pd.DataFrame({"a": range(1000), "s": [f"t{i}" for i in range(1000)]})
    assert digest(frame) == digest(frame.copy())
    different = [frame.assign(a=frame.a + 1), frame.rename(columns={"a": "b"}), frame.iloc[:-1], frame.assign(s="t")]
    assert len({digest(each) for each in (frame, *different)}) == 5
    array = np.arange(12.0).reshape(3, 4)
    assert digest(array) == digest(np.asfortranarray(array))
    assert len({digest(each) for each in (array, array.T, array.astype("f4"), array + 1)}) == 4
    large = fingerprint("x", np.zeros(1_000_000))
    assert large is not None
    assert "digest_sampled" in large.dataset.profile
    assert fingerprint("x", np.float64(3)) is None
    assert fingerprint("x", [1]) is None
    for odd in (pd.DataFrame(), np.zeros((0, 3)), pd.DataFrame({1: [[1], {2: 3}]}), np.zeros((1, 2_000_000))):
        assert fingerprint("x", odd) is not None


def test_all_that_is_stored_is_shown_with_bytes_and_taken_back(notebook):
    notebook.run("import pandas as pd\nframe = pd.DataFrame({'a': [1, 2]})")
    notebook.run("%%track --vars\nlr = 1\nout = frame * lr\n{'m': 1}")
    cells.settle()
    run_id, store = notebook.last().info.run_id, active.get_store()
    text = captured(store, run_id)
    for part in ("params (1, 3 B)", "data (2, ", "2 x 1, ", "cells (2, ", "variables (", "files ("):
        assert part in text
    forget(store, run_id, ["out"])
    assert [each.dataset.name for each in store.get_run(run_id).inputs.dataset_inputs] == ["frame"]
    forget(store, run_id, ["data", "cells", "variables", "lr"])
    text = captured(store, run_id)
    assert "data (0, 0 B)" in text
    for gone in ("cells.json", "origins.json", "variables", "frame"):
        assert gone not in text.replace(
            "%track forget NAME … removes params, tags, data and files; cells, variables,", ""
        )
