"""Runs of a notebook keep the cells before them, and ``%track slice`` cuts out those that made a metric."""

from __future__ import annotations

import time

import pytest

import nbtrack
from nbtrack.cells import log
from nbtrack.errors import NotFoundError
from nbtrack.tracking import cells
from nbtrack.tracking.cells import TRIAL, cells_of


def sources(run):
    return [cell.source for cell in cells_of(run)]


def test_tracked_cells_and_plain_runs_keep_what_ran_before(notebook):
    notebook.run("x = [1]")
    notebook.run("y = 2")
    notebook.run("%%track\nx.append(3)\n{'n': len(x)}")
    notebook.run("import nbtrack\nwith nbtrack.start_run():\n    nbtrack.log_metric('m', y)")
    tracked, plain = notebook.runs()
    assert sources(tracked)[-3:] == ["x = [1]", "y = 2", "%%track\nx.append(3)\n{'n': len(x)}"]
    last = cells_of(tracked)[-1]
    assert (last.ok, last.runs, last.count) == (True, (tracked.info.run_id,), 3)
    assert cells_of(tracked)[-3].wrote == {"x": "list"}
    assert [cell.n for cell in tracked.slice("n").cells] == [1, 3]
    assert [cell.n for cell in nbtrack.get_run(plain.info.run_id).slice("m").cells] == [2, 4]


def test_what_ran_before_nbtrack_was_loaded_is_known(shell, capsys):
    shell.run_cell("a = 4", store_history=True)
    shell.run_cell("%load_ext nbtrack", store_history=True)
    shell.run_cell("%%track\n{'a': a * 2}", store_history=True)
    run = nbtrack.search_runs(output_format="list")[0]
    found = run.slice("a")
    assert [cell.source for cell in found.cells] == ["a = 4", "%%track\n{'a': a * 2}"]
    assert found.unknown == ()


def test_a_run_that_is_still_open_has_its_cells_on_disk(notebook):
    """So a kernel that is killed leaves them."""
    notebook.run("a = 1")
    notebook.run("import nbtrack\nrun = nbtrack.start_run()")
    notebook.run("run.log_metric('a', a)")
    run = notebook.shell.user_ns["run"]
    assert sources(run)[-2:] == ["a = 1", "import nbtrack\nrun = nbtrack.start_run()"]
    assert cells_of(run)[-1].s is None
    notebook.run("run.end()")
    logged = [cell.source for cell in cells_of(run) if cell.logged]
    assert logged == ["run.log_metric('a', a)"]
    assert "run.end" not in run.slice("a").script


def test_another_session_that_resumes_a_run_leaves_its_cells(notebook):
    notebook.run("a = 1")
    notebook.run("%%track\n{'a': a}")
    run = notebook.last()
    before = sources(run)
    log.stop()
    notebook.tracker.notes.close()
    notebook.tracker.notes.keeper = cells.keeper()
    notebook.tracker.notes.open()
    notebook.run(f"import nbtrack\nwith nbtrack.start_run(run_id='{run.info.run_id}'):\n    nbtrack.log_metric('b', 2)")
    notebook.settle()
    assert sources(run) == before


def test_failed_cells_are_kept_with_their_line(notebook, capsys):
    notebook.run("%%track\n%%time\nok = 1\nbad = 1 / 0")
    notebook.run("%%track\n{'ok': ok}")
    failed, cell = notebook.runs()[0], cells_of(notebook.last())[-2]
    assert failed.info.status == "FAILED"
    assert (cell.ok, cell.line) == (False, 4)
    assert cell.error == "ZeroDivisionError: division by zero"
    assert "ok = 1" in notebook.last().slice("ok").script
    assert "bad" not in notebook.last().slice("ok").script


def test_cells_that_are_not_to_be_captured_leave_no_word(notebook):
    notebook.run("%%track --no-capture\nsecret_plan = 3\n{'a': 1}")
    with pytest.raises(NotFoundError, match=r"File 'source/cells.json' is not in run"):
        cells_of(notebook.last())
    notebook.run("%%track\n{'b': secret_plan}")
    assert not any("secret_plan = 3" in each for each in sources(notebook.last()))
    assert notebook.last().slice("b").unknown == ("secret_plan",)


def test_trials_of_a_sweep_use_the_cells_of_their_parent(notebook):
    source = (
        "import nbtrack\nwith nbtrack.start_run('parent'):\n"
        f"    with nbtrack.start_run('trial', nested=True, tags={{'{TRIAL}': '1'}}):\n        nbtrack.log_metric('t', 1)"
    )
    notebook.run(source)
    trial = next(run for run in notebook.runs() if run.info.run_name == "trial")
    assert "source/cells.json" not in notebook.files(trial)
    assert sources(trial)[-1] == source


def test_the_verb_prints_and_writes_scripts(notebook, capsys, tmp_path):
    notebook.run("x = 3")
    notebook.run("%%track\n{'x': x, 'y': 0}")
    capsys.readouterr()
    notebook.run("%track slice x")
    assert "x = 3\n" in capsys.readouterr().out
    notebook.run("%track slice x 1 > train.py")
    assert capsys.readouterr().out == "train.py: 2 of 2 executed cells produced x\n"
    assert (tmp_path / "train.py").read_text().startswith("# x = 3.0 of run #1 ")
    notebook.run("%track slice x > train.py")
    (tmp_path / "mine.py").write_text("precious")
    notebook.run("%track slice x > mine.py")
    assert (tmp_path / "mine.py").read_text() == "precious"
    assert "mine.py is there and is no slice" in capsys.readouterr().err


@pytest.mark.parametrize("line", ["%track slice", "%track slice a b c", "%track slice x >", "%track slice nope"])
def test_wrong_words_are_explained(notebook, capsys, line):
    notebook.run("%%track\n{'x': 1}")
    notebook.run(line)
    told = capsys.readouterr().err
    assert "UsageError" in told
    assert "%track slice METRIC [RUN] [> FILE.py]" in told or "Metric 'nope' is not in run" in told


def test_a_cell_costs_little(notebook):
    """No limit of time is asked here: it is printed with -s, and the work of a cell does not grow with the cells before it."""
    notes, info = notebook.tracker.notes, type("Info", (), {"raw_cell": "x = 1", "store_history": True})()
    result = type(
        "Result", (), {"info": info, "error_before_exec": None, "error_in_exec": None, "execution_count": 1}
    )()
    began = time.perf_counter()
    for _ in range(500):
        notes.cell_begins(info)
        notes.cell_ends(result)
        notes.logged()
    print(f"{(time.perf_counter() - began) / 500 * 1e6:.0f} µs a cell")
    assert len(log.start().cells) == 500


def test_another_notebook_of_the_process_has_cells_of_its_own(notebook):
    notebook.run("mine = 1")
    assert [cell.source for cell in log.start().cells] == ["mine = 1"]
    assert cells.keeper().cells is log.start()
