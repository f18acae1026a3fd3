"""``%%track sweep`` in a shell: what a trial sees and leaves, what is recorded, and what runs a second time."""

from __future__ import annotations

import json

import pytest

from nbtrack.sweeps.plan import SWEEP, TRIAL

CELL = """%%track sweep lr=[0.1,0.2] depth=[2,4] --metric acc
lr = 1e-3
inside = len([name for name in globals() if name == "made"])
made = depth
print("depth", depth)
acc = height(depth) + lr + inside
"""


@pytest.fixture
def ready(notebook):
    notebook.run("base = 1\nacc = 'mine'\ncalls = __import__('types').SimpleNamespace(n=0)")
    notebook.run("def height(depth):\n    calls.n += 1\n    return base + depth * lr")
    return notebook


def trials(notebook):
    found = [run for run in notebook.runs() if TRIAL in run.data.tags and run.info.status != "KILLED"]
    return {(float(r.data.params["lr"]), int(r.data.params["depth"])): r for r in found}


def parent(notebook):
    return next(run for run in reversed(notebook.runs()) if SWEEP in run.data.tags)


def test_a_trial_has_the_params_and_the_notebooks_variables_and_leaves_nothing(ready):
    result = ready.run(CELL).result
    found = trials(ready)
    values = {params: run.data.metrics["acc"] for params, run in found.items()}
    assert values == pytest.approx({(lr, d): 1 + d * lr + lr for lr in (0.1, 0.2) for d in (2, 4)})
    assert result.params == {"lr": 0.2, "depth": 4}
    assert ready.shell.user_ns["acc"] == "mine"
    assert not {"lr", "depth", "made", "inside"} & set(ready.shell.user_ns)
    files = ready.files(found[0.2, 4])
    assert files["output/tail.txt"] == b"depth 4\n"
    assert "source/cell.py" not in files
    assert ready.files(parent(ready))["source/cell.py"].decode() == CELL


def test_the_same_cell_runs_only_what_is_missing_and_another_one_begins_anew(ready, capsys):
    cell = CELL.replace("print(", "if calls.n == 2: calls.n += 1; raise KeyboardInterrupt\nprint(")
    ready.run(cell)
    said = capsys.readouterr()
    assert "The sweep is paused: 2 of 4 trials are done. Run the cell again to go on." in said.out + said.err
    assert parent(ready).info.status == "KILLED"
    assert "lr" not in ready.shell.user_ns
    calls = ready.shell.user_ns["calls"]
    calls.n = 10
    ready.run(cell.replace("--metric acc", "--metric acc  # a remark"))
    assert "2 of 4 trials are done already: run #1 goes on with the 2 missing" in capsys.readouterr().out
    assert calls.n == 12
    assert len(trials(ready)) == 4

    ready.run(cell.replace("lr = 1e-3", "lr = 1e-3  # another remark"))
    assert "All 4 trials are done already, in run #1; none was run" in capsys.readouterr().out
    assert calls.n == 12
    ready.run("base = 2")
    result = ready.run(cell).result  # what the cell's function reads is another number
    assert calls.n == 16
    assert result.best.value == pytest.approx(2 + 0.8 + 0.2)


def test_trials_in_processes_see_the_notebooks_functions_with_their_params(ready):
    ready.run("import math\nclass Tree:\n    def __init__(self, depth): self.depth = math.sqrt(depth) * lr")
    result = ready.run(
        CELL.replace("--metric acc", "--jobs 2").replace("acc =", "acc = Tree(depth).depth * 0 +") + "\n{'acc': acc}"
    ).result
    assert [t.value for t in result.trials] == pytest.approx([1.3, 1.5, 1.6, 2.0])
    assert ready.shell.user_ns["calls"].n == 0  # each process has its own
    assert ready.files(trials(ready)[0.1, 2])["output/tail.txt"] == b"depth 2\n"


def test_what_is_printed_holds_no_secrets(ready):
    ready.run("db_password = 'quite-a-secret-9431'")
    ready.run(CELL.replace("print(", "print(db_password, "))
    assert ready.files(trials(ready)[0.1, 2])["output/tail.txt"] == "…redacted depth 2\n".encode()
    assert b"9431" not in b"".join(ready.files(parent(ready)).values())


def test_one_failure_does_not_stop_the_rest(ready, capsys):
    result = ready.run(CELL.replace("print(", "assert depth == 2, 'too deep'\nprint(")).result
    assert [trial.status for trial in result.trials] == ["FINISHED", "FAILED"] * 2
    assert (
        "2 trials, the first failed with AssertionError: too deep; --retry-failed tries again"
        in capsys.readouterr().out
    )
    trace = ready.files(trials(ready)[0.1, 4])["error.txt"].decode()
    assert "assert depth == 2, 'too deep'" in trace


def test_variables_stay_when_that_is_asked_for(ready, capsys):
    ready.run(CELL.replace("depth=[2,4]", "depth=[4,2] --keep best"))
    assert ready.shell.user_ns["made"] == 4
    assert ready.shell.user_ns["acc"] == pytest.approx(2.0)
    assert "kept of the best trial (trial 2): acc, depth, inside, lr, made" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "cell", "words"),
    [
        ("lr=[1,2]", "lr = base * 2", "The cell binds lr itself, in line 1: lr = base * 2"),
        ("lr=[1,2]", "", "is empty"),
        ("lr=[1,2]", "await lr", "await at its top level"),
        ("lr=[1,2]", "%%time\nlr", "%%time cannot stand below it; put it above"),
        ("lr=[1,2] --jobs 2", "!ls", "lines with % or ! need the notebook"),
        ("lr=[1,2] --jobs 2", "next(stream) + lr", "stream (generator): TypeError"),
    ],
)
def test_what_cannot_be_swept_is_said_before_anything_runs(notebook, capsys, line, cell, words):
    notebook.run("base = 1\nstream = (n for n in [1])")
    notebook.run(f"%%track sweep {line}\n{cell}")
    said = capsys.readouterr()
    assert words in said.out + said.err
    assert notebook.runs() == []


def test_a_param_that_the_cell_does_not_use_is_told(notebook, capsys):
    notebook.run("%%track sweep lr=[1,2] wd=[0]\n{'loss': lr}")
    assert "The cell does not use wd" in capsys.readouterr().out
    plan = json.loads(notebook.files(parent(notebook))["sweep/plan.json"])
    assert plan["source"].startswith("{'loss': lr}")


def test_tracking_off_is_said(notebook, capsys):
    notebook.run("%track off")
    notebook.run("%%track sweep lr=[1,2]\nlr")
    said = capsys.readouterr()
    assert "%track off is in force" in said.out + said.err
    notebook.run("%track on")
    notebook.run('%%track "sweep"\nlr = 1')
    assert [run.info.run_name for run in notebook.runs()] == ["sweep"]
