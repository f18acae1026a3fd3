"""Views without a page: IPython in a terminal, plain Python, and scripts."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.hosts.kit import RECORD, VIEWS

if TYPE_CHECKING:
    from pathlib import Path


def ran(folder: Path, *words: str) -> str:
    """Return what a program prints; its errors are errors here."""
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "Warning" not in done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("terminal")
    ran(made, "-c", RECORD)
    return made


START = "import nbtrack; nbtrack.set_tracking_uri('runs.duckdb')\n"


@pytest.mark.parametrize("view", list(VIEWS))
def test_plain_python_prints_a_line(folder: Path, view: str) -> None:
    out = ran(folder, "-c", f"{START}print({VIEWS[view]})")
    assert re.fullmatch(r"\w+\(.+\)\n", out), "its repr, in one line"
    assert len(out.splitlines()) <= 5


@pytest.mark.parametrize("view", list(VIEWS))
def test_ipython_in_a_terminal_prints_words_and_no_markup(folder: Path, view: str) -> None:
    out = ran(folder, "-m", "IPython", "--no-banner", "--colors=NoColor", "-c", f"{START}{VIEWS[view]}")
    assert "<" not in out.replace("<none>", "")
    assert "nbtrack" in out or "run" in out.lower()


def test_the_values_of_a_view_work_without_a_page(folder: Path) -> None:
    out = ran(
        folder, "-c", f"{START}v = nbtrack.runs('metrics.acc > 0.9'); print(len(v.df), v.sql.split()[0], v.selected)"
    )
    assert out.split() == ["1", "SELECT", "[]"]


def test_env_says_where_it_is(folder: Path) -> None:
    assert ran(folder, "-c", f"{START}print(nbtrack.env())").startswith("plain Python: tier 0 of 3, text")
    out = ran(folder, "-m", "IPython", "--no-banner", "--colors=NoColor", "-c", f"{START}nbtrack.env()")
    assert "IPython in a terminal: tier 0 of 3, text" in out
