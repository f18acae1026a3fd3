"""Scripts of slices, and what of a cell is no Python."""

from __future__ import annotations

import pytest

from nbtrack.cells.found import metric_slice
from nbtrack.cells.log import CellLog, ExecutedCell
from nbtrack.cells.plain import plain
from nbtrack.errors import NotFoundError


def executed(*sources: str) -> list[ExecutedCell]:
    cells = CellLog()
    for source in sources:
        cells.end(cells.begin(source, count=len(cells.cells) + 1))
    return cells.cells


def test_a_script_says_what_it_is_and_keeps_comments() -> None:
    found = metric_slice(
        executed("# the data\nx = [1, 2]", "y = 3", "# score\nacc = sum(x)  # easy\n{'acc': acc, 'y': y}"),
        "acc",
        title="acc of #1",
    )
    assert found.script == (
        "# acc of #1\n"
        "# 2 of 3 executed cells; statements without a part in it are left out.\n"
        "\n# %% [1]\n# the data\nx = [1, 2]\n"
        "\n# %% [3]\n# score\nacc = sum(x)  # easy\nimport nbtrack\n\nnbtrack.log_metrics({'acc': acc})\n"
    )
    assert [cell.n for cell in found.cells] == [1, 3]
    assert repr(found).startswith("<MetricSlice 'acc' · 2 of 3 executed cells>")


def test_names_of_nowhere_are_said() -> None:
    found = metric_slice(executed("log_metric('acc', len(mystery))"), "acc")
    assert found.unknown == ("log_metric", "mystery")
    assert "# No cell says where these come from: log_metric, mystery" in found.script


def test_a_metric_that_no_cell_logged_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="Metric 'acc' is not in what the run's cells logged"):
        metric_slice([], "acc")


def test_secrets_that_are_missing_are_said() -> None:
    found = metric_slice(executed("key = 'ghp_…redacted'", "{'n': len(key)}"), "n")
    assert found.script.startswith("# Secrets were taken out of what was recorded")


def test_autologged_metrics_come_from_the_training() -> None:
    cells = executed(
        "import nbtrack\nnbtrack.autolog()", "from lib import Model\nX = 1", "m = Model()\nhint = 3\nm.fit(X)"
    )
    found = metric_slice(cells, "training_score")
    assert [cell.n for cell in found.cells] == [1, 2, 3]
    assert "hint" not in found.script


def test_future_imports_come_first() -> None:
    found = metric_slice(executed("x = 1", "from __future__ import annotations\nfrom m import f", "{'n': f(x)}"), "n")
    compile(found.script, "s", "exec")


def test_three_hundred_cells_are_sliced_while_one_waits() -> None:
    cells = executed(
        "def f(v):\n    return g(v) + k\ndef g(v):\n    return v",
        *(f"k = {i}\nd{i} = [f({i})]" for i in range(300)),
        "{'n': d299[0]}",
    )
    assert [cell.n for cell in metric_slice(cells, "n").cells] == [1, 301, 302]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1\ny = 2", "x = 1\ny = 2"),
        ("%load_ext nbtrack\nx = 1", "# (left out) %load_ext nbtrack\nx = 1"),
        ("%%time\nx = 1", "# %%time\nx = 1"),
        ("# a\n%%track name\n%%capture\nx = 1", "# a\n# %%track name\n# %%capture\nx = 1"),
        ("%%bash\nls", "# (left out) %%bash\n# (left out) ls"),
        ("!pip install \\\n  thing\nx = 1", "# (left out) !pip install \\\n# (left out)   thing\nx = 1"),
        ("if a:\n    !ls", "if a:\n    pass  # (left out) !ls"),
        ("files = !ls", "# (left out) files = !ls"),
        ("%time fit(x)", "fit(x)"),
        ("df?\n%pinfo df", "# (left out) df?\n# (left out) %pinfo df"),
        ('t = """\n%not magic\n"""\n%magic', 't = """\n%not magic\n"""\n# (left out) %magic'),
        ("y = (a\n  % b)", "y = (a\n  % b)"),
        ("y = a \\\n  % b", "y = a \\\n  % b"),
        ("%cd data", "__import__('os').chdir('data')"),
        ("%env A=1", "__import__('os').environ['A'] = '1'"),
        ("%run prepare.py", "globals().update(__import__('runpy').run_path('prepare.py'))"),
        ("%%writefile a.py\nx = 1", "open('a.py', 'w').write('x = 1\\n')"),
    ],
)
def test_what_is_no_python_becomes_python_or_a_comment(source: str, expected: str) -> None:
    assert plain(source) == expected
