"""%%track in a shell: what a cell does is not changed, and what it did is recorded."""

from __future__ import annotations

import re
import subprocess
import threading

import pytest

import nbtrack
from nbtrack.magics.track import cell_magic_line, take_magic_out
from nbtrack.store.reader import read
from nbtrack.tracking import active

TOKEN = "ghp_aB3dE5gH7jK9mN1pQ3sT5vW7xZ9bC1dF3hJ5"


# ---------------------------------------------------------------- the transformer


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("%%track\nx = 1\n", "# %%track\nx = 1\n"),
        ("\n# note\n%%track a\nx = 1\n", "# \n# # note\n# %%track a\nx = 1\n"),
        ("%%track\n    x = 1\n", "    # %%track\n    x = 1\n"),
        ("%%track a\n%%time\nx = 1\n", "%%time\nx = 1\n"),
        ("%%track\n", "# %%track\n"),
        ("x = 1\n%%track\n", "x = 1\n%%track\n"),
        ("%%tracking\nx\n", "%%tracking\nx\n"),
        ("%track status\n", "%track status\n"),
        ("# c\n%%track --wrong\nx\n", "%%track --wrong\nx\n"),
        ("", ""),
    ],
)
def test_the_line_goes_and_every_other_keeps_its_number(cell, code):
    assert "".join(take_magic_out(cell.splitlines(keepends=True))) == code


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        ("%%track a --nested\nx", "a --nested"),
        ("# c\n\n%%track\nx", ""),
        ("%%time\n%%track b\nx", "b"),
        ("x = '''\n%%track\n'''", None),
        ("%%tracker\nx", None),
    ],
)
def test_where_the_magic_stands(cell, line):
    assert cell_magic_line(cell) == line


# ---------------------------------------------------------------- what is recorded


def test_params_metrics_source_output_and_number(notebook, capsys):
    done = notebook.run("%%track base --tag team=vision\nlr = 1e-3\nbs, name = 32, 'resnet'\nprint('hi')\n{'acc': 0.9}")
    assert done.success
    assert done.result == {"acc": 0.9}
    assert re.search(r"#1 acc 0.9 · [\d.]+ m?s", capsys.readouterr().out)
    run = notebook.last()
    assert run.info.run_name == "base"
    assert run.info.status == "FINISHED"
    assert run.info.duration >= 0
    assert run.data.params == {"lr": "0.001", "bs": "32", "name": "resnet"}
    assert run.data.metrics == {"acc": 0.9}
    assert run.data.tags["team"] == "vision"
    assert run.data.tags["nbtrack.cell.execution_count"] == "1"
    assert run.data.tags["nbtrack.python"]
    assert run.data.tags["mlflow.user"]
    files = notebook.files(run)
    assert files["source/cell.py"].startswith(b"%%track base")
    assert files["output/tail.txt"].startswith(b"hi\n")
    assert b"numpy==" in files["environment/packages.txt"]


def test_the_cells_id_is_kept(notebook):
    notebook.run("%%track\npass", cell_id="a1b2c3")
    assert notebook.last().data.tags["nbtrack.cell.id"] == "a1b2c3"


def test_final_values_count(notebook):
    notebook.run("%%track\nlr = 1\nfor lr in (0.5, 0.25):\n    pass\nmodel = 'a'\nmodel = ['b']")
    assert notebook.last().data.params == {"lr": "0.25", "model": "['b']"}


def test_named_params(notebook, capsys):
    notebook.run(
        "%%track --param xs,args.lr,gone\nfrom types import SimpleNamespace as N\nargs = N(lr=0.5)\nxs = [1, 2]"
    )
    assert notebook.last().data.params == {"xs": "[1, 2]", "args.lr": "0.5"}
    assert "no variable gone" in capsys.readouterr().out


def test_names_of_runs_may_use_variables(notebook):
    notebook.run("i = 7")
    notebook.run("%%track run-{i} --tag k=$i\npass")
    run = notebook.last()
    assert (run.info.run_name, run.data.tags["k"]) == ("run-7", "7")


def test_a_rerun_is_a_new_run_and_nothing_is_said_of_params(notebook, recwarn):
    for lr in ("0.1", "0.2", "0.1"):
        notebook.run(f"%%track\nlr = {lr}")
    assert [run.data.params["lr"] for run in notebook.runs()] == ["0.1", "0.2", "0.1"]
    assert [run.info.number for run in notebook.runs()] == [1, 2, 3]
    assert not recwarn.list


def test_what_the_cell_logs_goes_to_its_run(notebook):
    notebook.run(
        "%%track\nimport nbtrack\nlr = 5\nnbtrack.log_param('lr', 0.3)\n"
        "for i in range(3): nbtrack.log_metric('loss', 1 / (i + 1), step=i)\nnbtrack.set_tag('k', 'v')"
    )
    run = notebook.last()
    assert run.data.params == {"lr": "0.3"}
    assert run.data.metrics["loss"] == pytest.approx(1 / 3)
    assert run.data.tags["k"] == "v"
    assert active.current_run() is None


def test_the_cell_is_compared_with_the_best_run(notebook, capsys):
    notebook.run("%%track\nlr = 1e-3\n{'acc': 0.901}")
    notebook.run("%%track\nlr = 0.1\n{'acc': 0.5}")
    notebook.tracker.board().refresh_soon().result(20)
    capsys.readouterr()
    notebook.run("%%track\nlr = 3e-4\n{'acc': 0.913}")
    assert re.search(r"#3 acc 0.913 ▲ \+0.012 vs best #1 · lr 1e-3 → 3e-4 · \d+ ms\n", capsys.readouterr().out)


def test_an_experiment_of_its_own(notebook):
    notebook.run("%%track --experiment digits\npass")
    assert notebook.last().info.experiment_name == "digits"


def test_no_capture_records_the_run_only(notebook):
    notebook.run("%%track --no-capture\nlr = 1\nprint('x')\nimport nbtrack; nbtrack.log_metric('a', 1)\n{'b': 2}")
    run = notebook.last()
    assert run.data.params == {}
    assert run.data.metrics == {"a": 1}
    assert set(notebook.files(run)) <= {"environment/packages.txt", "environment/git.diff"}


def test_secrets_do_not_reach_the_store(notebook, tmp_path):
    notebook.run(
        f"%%track --tag t={TOKEN}\napi_key = 'swordfish1'\ntoken = '{TOKEN}'\nurl = 'postgresql://ann:s3cret@db/x'\n"
        f"print(token)\nraise ValueError(token)"
    )
    run = notebook.last()
    assert run.data.params["api_key"] == "…redacted"
    assert run.data.params["token"] == "ghp_…redacted"
    notebook.tracker.board().refresh_soon().result(20)
    active.get_store().fold(timeout=5)
    for name, data in notebook.files(run).items():
        assert not re.search(rb"aB3dE5gH7j|swordfish1|s3cret", data), name
    for path in (tmp_path / "runs.nbtrack" / "w").glob("*.jnl"):
        assert not re.search(rb"aB3dE5gH7j|swordfish1|s3cret", path.read_bytes())
    assert TOKEN not in str(run.data)


# ---------------------------------------------------------------- errors and interrupts


def test_an_error_fails_the_run_and_reaches_the_user(notebook, capsys):
    done = notebook.run("%%track\na = 1\ndef f():\n    raise ValueError('bad shape')\nf()\nb = 2")
    assert isinstance(done.error_in_exec, ValueError)
    out = capsys.readouterr().out
    assert "line 5" in out
    assert "#1 failed: ValueError: bad shape · " in out
    run = notebook.last()
    assert run.info.status == "FAILED"
    assert run.data.params == {"a": "1"}
    assert run.data.tags["nbtrack.error"] == "ValueError: bad shape"
    trace = notebook.files(run)["output/traceback.txt"].decode()
    assert trace.startswith("Traceback (most recent call last):")
    assert "interactiveshell.py" not in trace
    assert "in f" in trace


def test_values_of_an_earlier_cell_do_not_leak_into_a_failed_run(notebook):
    notebook.run("%%track\na = 1\nb = 2")
    notebook.run("%%track\na = 3\n1 / 0\nb = 4")
    assert notebook.last().data.params == {"a": "3"}


def test_a_syntax_error_is_a_failed_run_without_params(notebook, capsys):
    notebook.run("b = 1")
    done = notebook.run("%%track\nb = 2\nx = = 1")
    assert done.error_before_exec is not None
    assert notebook.last().info.status == "FAILED"
    assert notebook.last().data.params == {}


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        ("KeyboardInterrupt", "KILLED"),
        ("__import__('asyncio').CancelledError", "KILLED"),
        ("SystemExit(0)", "FINISHED"),
        ("SystemExit(1)", "KILLED"),
        ("MemoryError", "FAILED"),
    ],
)
@pytest.mark.filterwarnings("ignore:To exit")
def test_how_a_run_ends(notebook, raised, status):
    notebook.run(f"%%track\nraise {raised}")
    assert notebook.last().info.status == status
    notebook.run("%%track\npass")
    assert notebook.last().info.status == "FINISHED"


def test_wrong_options_are_said_and_the_cell_does_not_run(notebook, capsys):
    notebook.run("%%track --wrong\nran = True")
    assert "unknown option --wrong" in capsys.readouterr().err
    assert "ran" not in notebook.shell.user_ns
    assert notebook.runs() == []


def test_a_store_that_cannot_be_used_does_not_stop_the_cell(notebook, capsys, monkeypatch):
    monkeypatch.setattr(active, "writable_store", lambda: 1 / 0)
    done = notebook.run("%%track\nx = 5")
    assert done.success
    assert notebook.shell.user_ns["x"] == 5
    assert "not recorded: ZeroDivisionError" in capsys.readouterr().err
    assert notebook.run("y = 6").success


# ---------------------------------------------------------------- cells of all kinds


def test_await_works(notebook):
    done = notebook.run("%%track\nimport asyncio\nn = 3\nawait asyncio.sleep(0.01)\n{'acc': 0.5}")
    assert done.success
    run = notebook.last()
    assert run.data.params == {"n": "3"}
    assert run.data.metrics == {"acc": 0.5}


@pytest.mark.parametrize(
    "magics", ["%%track\n%%time", "%%time\n%%track", "%%track\n%%capture out", "%%capture out\n%%track"]
)
def test_other_cell_magics_below_and_above(notebook, magics, capsys):
    done = notebook.run(f"{magics}\nlr = 0.5\nprint('hi')")
    assert done.success
    assert len(notebook.runs()) == 1
    assert notebook.last().data.params == {"lr": "0.5"}


def test_the_value_of_a_timed_cell_is_metrics(notebook):
    notebook.run("%%track\n%%time\nlr = 0.5\n{'acc': lr}")
    assert notebook.last().data.metrics == {"acc": 0.5}


def test_a_cell_of_another_language(notebook):
    notebook.run("lr = 1")
    done = notebook.run("%%track\n%%bash\nlr=3\necho shell")
    assert done.success
    assert notebook.last().data.params == {}
    assert b"echo shell" in notebook.files()["source/cell.py"]


def test_line_magics_and_shell_lines(notebook):
    assert notebook.run("%%track\nlr = 0.1\n%precision 3\nfiles = !echo x\n!true").success
    assert notebook.last().data.params == {"lr": "0.1"}


def test_two_track_lines(notebook):
    notebook.run("%%track outer\n%%track inner\na = 1\n{'acc': 0.5}")
    outer, inner = notebook.runs()
    assert (outer.info.run_name, inner.info.run_name) == ("outer", "inner")
    assert inner.info.parent_run_id == outer.info.run_id


def test_the_real_magic_runs_a_cell(notebook):
    notebook.run("v = get_ipython().run_cell_magic('track', 'direct', 'lr = 0.5\\n{\"acc\": lr}')")
    assert notebook.shell.user_ns["v"] == {"acc": 0.5}
    run = notebook.last()
    assert (run.info.run_name, run.data.params, run.data.metrics) == ("direct", {"lr": "0.5"}, {"acc": 0.5})


def test_the_real_magic_passes_errors_on(notebook):
    done = notebook.run("get_ipython().run_cell_magic('track', '', 'a = 1\\n1 / 0\\nb = 2')")
    assert isinstance(done.error_in_exec, ZeroDivisionError)
    assert notebook.last().info.status == "FAILED"
    assert notebook.last().data.params == {"a": "1"}


def test_an_empty_cell(notebook):
    assert notebook.run("%%track").success
    assert notebook.run("%%track only-a-name\n").success
    assert [run.info.status for run in notebook.runs()] == ["FINISHED"] * 2


def test_cells_that_are_not_tracked_leave_no_trace(notebook):
    notebook.run("lr = 1\n{'acc': 1}")
    notebook.run("text = '''\n%%track\n'''")
    assert notebook.runs() == []
    assert notebook.tracker._open == []


def test_completeness_checks_start_nothing(notebook):
    assert notebook.shell.check_complete("%%track\nfor i in x:")[0] == "incomplete"
    assert notebook.runs() == []


def test_output_of_threads_is_seen(notebook):
    notebook.run(
        "%%track\nimport threading\nt = threading.Thread(target=print, args=('from a thread',))\nt.start(); t.join()"
    )
    assert b"from a thread" in notebook.files()["output/tail.txt"]


def test_threads_log_into_the_cells_run(notebook):
    notebook.run(
        "%%track\nimport threading, nbtrack\n"
        "ts = [threading.Thread(target=nbtrack.log_metric, args=(f'm{i}', i)) for i in range(4)]\n"
        "[t.start() for t in ts]; [t.join() for t in ts];"
    )
    assert notebook.last().data.metrics == {f"m{i}": i for i in range(4)}


def test_off_and_on(notebook, capsys):
    notebook.run("%track off")
    assert notebook.run("%%track\nx = 1").success
    assert "not recorded" in capsys.readouterr().out
    assert notebook.runs() == []
    notebook.run("%track on")
    notebook.run("%%track\nx = 1")
    assert len(notebook.runs()) == 1


def test_an_empty_cell_opens_no_database_and_starts_no_program(notebook, monkeypatch):
    notebook.run("%%track\npass")

    here = threading.get_ident()

    def never_here(action):
        def checked(*values, **named):
            assert threading.get_ident() != here, "this is not for the cell's own path"
            return action(*values, **named)

        return checked

    monkeypatch.setattr("nbtrack.store.reader.read", never_here(read))
    monkeypatch.setattr("subprocess.Popen.__init__", never_here(subprocess.Popen.__init__))
    assert notebook.run("%%track\npass").success


def test_nothing_is_left_open(notebook):
    notebook.run("%%track\npass")
    assert nbtrack.active_run() is None
    assert notebook.tracker._open == []
