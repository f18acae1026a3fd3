"""``autolog``: what it turns on and off, and what it loads: nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sklearn.linear_model import Ridge

import nbtrack
import nbtrack.sklearn
import nbtrack.xgboost
from nbtrack.autologging import switch
from nbtrack.autologging.settings import settings_of
from nbtrack.errors import InvalidValueError
from tests.autologging.looks import NUMBER, X, only, runs

LATER = """
import sys, nbtrack
nbtrack.autolog(log_models=False)
heavy = {"numpy", "pandas", "sklearn", "duckdb", "matplotlib", "IPython", "optuna"} & set(sys.modules)
assert not heavy, heavy
import sklearn.base
assert type(sklearn.base.__spec__.loader).__name__ == "SourceFileLoader", sklearn.base.__spec__.loader
class Mine(sklearn.base.BaseEstimator):
    def fit(self): ...
print(type(vars(Mine)["fit"]).__name__)
"""


def test_a_library_may_be_imported_later_and_nothing_is_loaded_for_it(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", LATER], check=False, capture_output=True, text=True, cwd=tmp_path, env=ENV
    )
    assert done.stdout.split() == ["Hook"], done.stderr


ENV = {"PATH": "", "PYTHONPATH": str(Path(nbtrack.__file__).parents[1])}


def test_what_is_turned_off_is_as_it_was():
    before = dict(vars(Ridge))
    nbtrack.autolog(log_models=False)
    assert vars(Ridge)["fit"] is not before["fit"]
    nbtrack.autolog(disable=True)
    assert dict(vars(Ridge)) == before
    Ridge().fit(X, NUMBER)
    assert runs() == []


def test_settings_of_a_library_go_before_those_for_all():
    nbtrack.sklearn.autolog(log_models=False, max_tuning_runs=None, extra_tags={"team": "x"})
    nbtrack.autolog(log_models=True)
    chosen = {name: settings_of(name) for name in ("sklearn", "xgboost")}
    assert {name: each and each.log_models for name, each in chosen.items()} == {"sklearn": False, "xgboost": True}
    nbtrack.xgboost.autolog(disable=True)
    nbtrack.autolog(exclude_flavors=["lightgbm", "pyspark.ml"])
    assert [settings_of(name) is None for name in ("sklearn", "xgboost", "lightgbm")] == [False, True, True]
    Ridge().fit(X, NUMBER)
    assert only().data.tags["team"] == "x"


def test_runs_of_the_user_may_be_left_alone():
    nbtrack.autolog(log_models=False, exclusive=True)
    with nbtrack.start_run():
        Ridge().fit(X, NUMBER)
    assert only().data.params == {}


def test_versions_that_were_not_tested_may_be_left_alone(monkeypatch):
    from nbtrack.autologging import sklearn

    monkeypatch.setattr(sklearn, "TESTED", ((99, 0), (99, 1)))
    nbtrack.autolog(disable_for_unsupported_versions=True)
    Ridge().fit(X, NUMBER)
    assert runs() == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_tuning_runs": -1}, "whole number from 0"),
        ({"extra_tags": "x"}, "use a dict"),
        ({"importance_types": "gain"}, "use a list"),
        ({"log_model": True}, "no option 'log_model'"),
        ({"log_models": "yes"}, "use True or False"),
    ],
)
def test_what_cannot_be_meant_is_refused(options, words):
    with pytest.raises(InvalidValueError, match=words):
        switch.autolog_of("sklearn", **options)
