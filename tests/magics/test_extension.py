"""Loading, loading again, unloading, reloading."""

from __future__ import annotations

from pathlib import Path

import nbtrack
from nbtrack.magics import extension
from nbtrack.magics.track import take_magic_out


def counts(shell):
    return (
        shell.input_transformers_cleanup.count(take_magic_out),
        sum("nbtrack" in getattr(f, "__module__", "") for f in shell.events.callbacks["pre_run_cell"]),
        "track" in shell.magics_manager.magics["cell"],
        "runs" in shell.magics_manager.magics["line"],
    )


def test_one_line_says_where_what_and_how_to_stop(shell, capsys):
    shell.run_cell("%load_ext nbtrack")
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert "runs.duckdb" in out
    assert "params" in out
    assert "%track off" in out


def test_loading_does_not_make_a_store(shell, tmp_path):
    shell.run_cell("%load_ext nbtrack")
    shell._nbtrack.board().refresh_soon().result(20)
    assert not list(tmp_path.glob("runs*"))


def test_twice_is_fine(shell, capsys):
    for command in ("%load_ext nbtrack", "%load_ext nbtrack", "%reload_ext nbtrack", "%reload_ext nbtrack"):
        assert shell.run_cell(command).success
    assert counts(shell) == (1, 1, True, True)
    shell.run_cell("%%track\nlr = 1")
    assert shell._nbtrack.last_run_id


def test_unloading_takes_everything_out(shell, capsys):
    before = counts(shell)
    shell.run_cell("%load_ext nbtrack")
    shell.run_cell("%%track\nlr = 1")
    shell.run_cell("%unload_ext nbtrack")
    assert counts(shell) == before
    assert not shell.run_cell("%%track\nlr = 1").success


def test_autoreload_does_no_harm(shell, capsys):
    shell.run_cell("%load_ext autoreload\n%autoreload 2\n%load_ext nbtrack")
    assert shell.run_cell("%%track\nlr = 1").success
    assert shell.run_cell("%%track\nlr = 2").success
    assert shell._nbtrack.last_run_id


def test_the_greeting_names_the_store_as_seen_from_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    nbtrack.set_tracking_uri(tmp_path / "study" / "runs.duckdb")
    assert f"in {Path('study', 'runs.duckdb')}:" in extension.greeting()
    monkeypatch.chdir(tmp_path.root)
    nbtrack.set_tracking_uri(tmp_path / "study" / "runs.duckdb")
    assert str(Path("study", "runs.duckdb")) in extension.greeting()


def test_the_greeting_names_a_server_by_its_address(tmp_path, monkeypatch):
    monkeypatch.setenv("NBTRACK_OUTBOX", str(tmp_path))
    nbtrack.set_tracking_uri("http://127.0.0.1:9")
    assert "in http://127.0.0.1:9:" in extension.greeting()
