"""The line after ``%%track sweep``."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError

from nbtrack.magics.sweep_line import sweep_line
from nbtrack.magics.sweep_options import parse_sweep_options as parse


def test_ranges_and_options_stand_in_any_order():
    found = parse(
        "--jobs 2 lr=log(1e-5, 1e-2, 6) --seed=3 depth=[2, 4, 8] opt=['a b',sgd] --name 'a sweep' --again # c"
    )
    assert found.space.grid_size() == 36
    assert [*found.space.dimensions] == ["lr", "depth", "opt"]
    assert (found.jobs, found.seed, found.name, found.is_new, found.retries) == (2, 3, "a sweep", True, False)


def test_a_sampler_with_its_trials():
    found = parse("lr=log(1e-5,1e-2) --optimizer TPE --trials 50 --metric acc --direction max --pruner median")
    assert (found.method, found.trials, found.metric, found.direction, found.pruner) == (
        "tpe",
        50,
        "acc",
        "max",
        "median",
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "no range is given"),
        ("--jobs 2", "no range is given"),
        ("lr=[1,2] --job 2", "unknown option --job; did you mean --jobs?"),
        ("lr=[1,2] --jobs", "--jobs needs a value"),
        ("lr=[1,2] --jobs two", "--jobs 'two' is not allowed; use a whole number"),
        ("lr=[1,2] --jobs 0", "jobs is 0; use a whole number from 1"),
        ("lr=[1,2", "A comma or ] was expected"),
        ("lr=gauss(1,2)", "gauss(…) is not known; use log, linear, ints, choices"),
        ("lr=log(1e-5,1e-2)", "A grid needs to know how many values"),
        ("lr=[1] --optimizer bayes", "use grid, random, tpe"),
        ("lr=[1] --optimizer tpe --direction max", "say how many trials: --trials 50"),
        ("lr=[1] --optimizer tpe --trials 5", "--direction 'max' or 'min'"),
        ("lr=[1] --direction up", "'up' is not allowed; use 'max' or 'min'"),
        ("lr=[1] --keep all", "use --keep best or --keep last"),
        ("lr=[1] --keep best --jobs 2", "--keep needs --jobs 1"),
        ("model.lr=[1]", "'model.lr' is no name of a variable"),
        ("lr=[1] lr=[2]", "'lr' is there twice"),
    ],
)
def test_what_is_wrong_is_said_with_the_allowed_forms(line, words):
    with pytest.raises(UsageError) as error:
        parse(line)
    assert words in str(error.value)
    assert "--optimizer grid|random|tpe" in str(error.value)


def test_the_place_of_an_error_is_as_it_was_typed():
    with pytest.raises(UsageError, match=r"\n    lr=\[1, 2\] wd=\[3\n"):
        parse("lr=[1, 2] wd=[3")


@pytest.mark.parametrize(
    ("line", "rest"),
    [
        ("sweep lr=[1]", "lr=[1]"),
        ("sweep", None),
        ("sweep # a", None),
        ("sweep --jobs 2", "--jobs 2"),
        ("sweep --tag a=b", None),
        ("sweep --experiment e", None),
        ("sweep --experiment e lr=[1]", "--experiment e lr=[1]"),
        ("sweeping lr=[1]", None),
        ('"sweep"', None),
        ("", None),
    ],
)
def test_which_lines_are_sweeps(line, rest):
    assert sweep_line(line) == rest
