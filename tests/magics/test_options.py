"""The line after %%track: every allowed form, and what is said of the others."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError

from nbtrack.magics.options import USAGE, CellOptions, parse_cell_options


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("", CellOptions()),
        ("baseline", CellOptions(name="baseline")),
        ("'my run'", CellOptions(name="my run")),
        ("baseline  # my first try, don't touch", CellOptions(name="baseline")),
        ("run#1", CellOptions(name="run#1")),
        ("'a # b'", CellOptions(name="a # b")),
        ("--experiment digits", CellOptions(experiment="digits")),
        ("--experiment=digits b", CellOptions(name="b", experiment="digits")),
        ("b --param lr,args.bs --param seed", CellOptions(name="b", params=("lr", "args.bs", "seed"))),
        ("--param=lr, --param=", CellOptions(params=("lr",))),
        ("--tag team=vision --tag 'note=two words'", CellOptions(tags={"team": "vision", "note": "two words"})),
        ("--tag url=a=b", CellOptions(tags={"url": "a=b"})),
        ("--nested --no-capture", CellOptions(is_nested=True, captures=False)),
    ],
)
def test_allowed_forms(line, options):
    assert parse_cell_options(line) == options


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("two names", "two names: 'two' and 'names'"),
        ("--expermient x", "did you mean --experiment?"),
        ("-x", "unknown option -x"),
        ("--experiment", "--experiment needs a value"),
        ("--experiment --nested", "--experiment needs a value"),
        ("--tag nothing", "has no '='"),
        ("'open", "a quote is not closed"),
        ("'" + "x" * 501 + "'", "Run name"),
        ("--tag =x", "Tag key"),
    ],
)
def test_what_is_wrong_is_said_with_the_allowed_forms(line, problem):
    with pytest.raises(UsageError) as caught:
        parse_cell_options(line)
    assert problem in str(caught.value)
    assert USAGE in str(caught.value)
