"""The guard cell: a notebook with it runs where nbtrack is not installed."""

from __future__ import annotations

import sys

import pytest

from nbtrack.magics.guard import GUARD


@pytest.fixture
def without_nbtrack(shell, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "nbtrack"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "nbtrack", None)
    assert not shell.run_cell("import nbtrack").success
    return shell


def test_it_is_printed(notebook, capsys):
    notebook.run("%track guard")
    assert capsys.readouterr().out == GUARD + "\n"


def test_with_nbtrack_it_loads_the_extension(shell, capsys):
    assert shell.run_cell(GUARD).success
    assert shell.run_cell("%%track\nlr = 1").success
    assert shell._nbtrack.last_run_id


def test_without_nbtrack_the_notebook_runs(without_nbtrack, capsys):
    shell = without_nbtrack
    assert shell.run_cell(GUARD).success
    assert "not installed" in capsys.readouterr().out
    cells = [
        "%load_ext nbtrack",
        "import nbtrack\nfrom nbtrack import log_metric, start_run",
        "%%track base --tag a=b\nlr = 0.5\nlr",
        "%%track\n%%time\nn = 3",
        "%%track\nimport asyncio\nawait asyncio.sleep(0)",
        "with nbtrack.start_run('x', params={'a': 1}) as run:\n    run.log_metric('loss', 0.1, step=1)\n    run.log_params({})",
        "log_metric('a', 1)\nnbtrack.runs()",
        "%track status",
        "%runs metrics.acc > 0.9",
        "for run in nbtrack.search_runs(''):\n    print(run)",
        "df = nbtrack.search_runs()\nassert len(df) == 0\nbest = df[['a']].iloc[0]['metrics.a']\nassert not best > 0.5",
        "r = nbtrack.active_run()\nr.tags['a'] = 'b'\nf'{r.info.number:d} {best:.3f} {round(best * 2 - 1, 3)}'\nfloat(best), int(best)",
        "import nbtrack.data\nnbtrack.data.from_pandas(None)",
        "if True:\n    %track status\nelse:\n    %runs",
    ]
    for cell in cells:
        assert shell.run_cell(cell).success, cell
    assert shell.user_ns["lr"] == 0.5
    assert shell.user_ns["n"] == 3
