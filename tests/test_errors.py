"""Errors say what was received, what is allowed, and what to do next."""

from __future__ import annotations

import inspect
import subprocess
import sys
import textwrap
import threading
import warnings
from typing import TYPE_CHECKING

import pytest

from nbtrack import errors

if TYPE_CHECKING:
    from pathlib import Path

EVERY = [found for _, found in inspect.getmembers(errors, inspect.isclass) if issubclass(found, Exception)]


@pytest.mark.parametrize("kind", [k for k in EVERY if not issubclass(k, Warning)])
def test_every_error_is_an_nbtrack_error(kind: type[Exception]):
    assert issubclass(kind, errors.NbtrackError)


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (errors.InvalidValueError, ValueError),
        (errors.SearchSyntaxError, errors.InvalidValueError),
        (errors.NotFoundError, LookupError),
        (errors.AlreadyExistsError, ValueError),
        (errors.NoActiveRunError, RuntimeError),
        (errors.RunAlreadyActiveError, RuntimeError),
        (errors.MissingPackageError, ImportError),
        (errors.JournalError, OSError),
        (errors.StoreBusyError, errors.StoreError),
        (errors.StoreVersionError, errors.StoreError),
    ],
)
def test_errors_are_caught_by_the_builtin_one_expects(kind: type[Exception], builtin: type[Exception]):
    assert issubclass(kind, builtin)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (
            errors.NotFoundError("Run", "digts", ["digits", "x"]),
            "Run 'digts' is not in this store. Did you mean 'digits'?",
        ),
        (errors.NotFoundError("Run", "q", ["b", "a"]), "Run 'q' is not in this store. There are: 'a', 'b'."),
        (errors.NotFoundError("Tag", "q", where="run 5"), "Tag 'q' is not in run 5."),
        (errors.NotFoundError("File", "q", where="/a", hint="Name one."), "File 'q' is not in /a. Name one."),
        (errors.AlreadyExistsError("Experiment", "a", "Take another."), "Experiment 'a' already exists. Take another."),
        (errors.AlreadyExistsError("Experiment", "a"), "Experiment 'a' already exists."),
        (errors.NoActiveRunError(), "No run is open here. Open one with `with nbtrack.start_run():`."),
        (
            errors.MissingPackageError("plotly", "to draw", "plots"),
            'plotly is needed to draw: pip install "nbtrack[plots]"',
        ),
        (errors.MissingPackageError("yaml", "to write"), "yaml is needed to write: pip install yaml"),
        (
            errors.StoreBusyError("/x.duckdb", "dbeaver", 7),
            "/x.duckdb is held open for writing by dbeaver (PID 7); close it there, or wait and try again.",
        ),
        (
            errors.StoreBusyError("/x.duckdb"),
            "/x.duckdb is held open for writing by another program; close it there, or wait and try again.",
        ),
        (
            errors.StoreVersionError("/x.duckdb", 9, 1),
            "/x.duckdb has schema 9; this nbtrack reads up to 1. Upgrade with `pip install -U nbtrack`.",
        ),
    ],
)
def test_messages_are_whole_sentences(error: Exception, says: str):
    assert str(error) == says


def test_a_long_list_of_names_is_cut():
    error = errors.NotFoundError("Run", "zzzz", [f"name {i}" for i in range(20)])
    assert str(error).endswith("'name 15', ….")


def test_an_open_run_is_named_with_both_ways_out():
    text = str(errors.RunAlreadyActiveError("ab12", "brave fox"))
    assert "'brave fox' (ab12) is still open" in text
    assert "end_run()" in text
    assert "nested=True" in text


@pytest.mark.parametrize(("start", "end", "marker"), [(8, 9, "        ^"), (0, 7, "~~~~~~^"), (9, None, "         ^")])
def test_a_syntax_error_points_at_the_place(start: int, end: int | None, marker: str):
    text = str(errors.SearchSyntaxError("Something is odd.", "metrics ? 3", start, end))
    assert text.splitlines() == ["Something is odd.", "    metrics ? 3", f"    {marker}"]


def test_a_warning_points_at_the_users_line(tmp_path: Path):
    script = tmp_path / "train.py"
    script.write_text(
        textwrap.dedent("""
        import nbtrack
        with nbtrack.start_run():
            nbtrack.log_metric("loss", "not a number")
        """)
    )
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert f"{script}:4: NbtrackWarning: Not recorded: Metric 'loss' received 'not a number'" in done.stderr


def test_a_warning_of_a_thread_shows_no_line_of_python():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        thread = threading.Thread(target=errors.warn, args=("look here",))
        thread.start()
        thread.join()
    assert [(each.filename, str(each.message)) for each in caught] == [("nbtrack", "look here")]


def test_a_warning_is_of_the_kind_that_can_be_filtered():
    with pytest.warns(errors.NbtrackWarning, match="look here"):
        errors.warn("look here")


def test_a_warning_without_a_user_points_at_the_caller():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        errors.warn("look here")
    assert [str(w.message) for w in caught] == ["look here"]
    assert caught[0].filename == __file__
