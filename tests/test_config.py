"""Settings from the environment, and what a store may be called."""

from __future__ import annotations

from pathlib import Path

import pytest

from nbtrack import config
from nbtrack.errors import InvalidValueError


def test_without_settings_there_are_defaults():
    assert config.tracking_uri() == "runs.duckdb"
    assert config.experiment_name() == "Default"
    assert config.inherited_run_id() is None
    assert not config.is_strict()
    assert not config.samples_system_metrics()
    assert config.system_metrics_interval() == 10


def test_the_environment_is_read_when_it_is_needed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "theirs")
    assert config.experiment_name() == "theirs"
    monkeypatch.setenv("NBTRACK_EXPERIMENT", "ours")
    monkeypatch.setenv("NBTRACK_TRACKING_URI", "/data/x.duckdb")
    monkeypatch.setenv("NBTRACK_RUN_ID", "0" * 32)
    monkeypatch.setenv("NBTRACK_SYSTEM_METRICS_INTERVAL", "0.5")
    assert config.experiment_name() == "ours"
    assert config.tracking_uri() == "/data/x.duckdb"
    assert config.inherited_run_id() == "0" * 32
    assert config.system_metrics_interval() == 0.5


@pytest.mark.parametrize(
    ("text", "is_on"), [("1", True), ("TRUE", True), ("on", True), ("0", False), ("", False), ("no", False)]
)
def test_switches_know_yes_and_no(monkeypatch: pytest.MonkeyPatch, text: str, is_on: bool):
    monkeypatch.setenv("NBTRACK_STRICT", text)
    monkeypatch.setenv("NBTRACK_SYSTEM_METRICS", text)
    assert config.is_strict() is is_on
    assert config.samples_system_metrics() is is_on


@pytest.mark.parametrize("text", ["0", "-1", "soon", "nan"])
def test_an_interval_must_be_a_time(monkeypatch: pytest.MonkeyPatch, text: str):
    monkeypatch.setenv("NBTRACK_SYSTEM_METRICS_INTERVAL", text)
    with pytest.raises(InvalidValueError, match="use a number of seconds above 0, such as 10"):
        config.system_metrics_interval()


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("runs.duckdb", "runs.duckdb"),
        ("a.db", "a.db"),
        ("folder", "folder/runs.duckdb"),
        ("dots.in.folder", "dots.in.folder/runs.duckdb"),
        (Path("x") / "y.duckdb", "x/y.duckdb"),
    ],
)
def test_a_path_is_taken_from_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uri: str, path: str):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dots.in.folder").mkdir()
    assert config.store_path(uri) == tmp_path / path


@pytest.mark.parametrize("uri", ["duckdb:///abs/runs.duckdb", "file:///abs/runs.duckdb", "/abs/runs.duckdb", "/abs"])
def test_a_store_has_several_spellings(uri: str):
    assert config.store_path(uri) == Path("/abs/runs.duckdb")


def test_the_home_folder_has_a_short_name():
    assert config.store_path("~/runs.duckdb") == Path.home() / "runs.duckdb"


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        (
            "http://host:5000",
            r"Store http://… is none that can be opened here; use a path such as 'runs\.duckdb', postgresql:",
        ),
        ("sqlite:///mlflow.db", "Store sqlite://… is none that can be opened here"),
        ("notes.txt", r"Store 'notes\.txt' does not name a DuckDB file"),
    ],
)
def test_what_is_no_store_is_refused_with_the_next_step(uri: str, says: str):
    with pytest.raises(InvalidValueError, match=says):
        config.store_path(uri)


def test_a_password_in_a_uri_is_not_repeated():
    with pytest.raises(InvalidValueError) as caught:
        config.store_path("https://ada:secret@host")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("text", "shows"), [("0", False), ("off", False), ("1", True), ("Yes", True), ("", True)])
def test_live_panels_are_shown_unless_somebody_says_no(monkeypatch, text, shows):
    monkeypatch.setenv("NBTRACK_LIVE", text)
    assert config.shows_live() is shows
