"""Settings from the environment, read when they are needed.

==============================  ==========================================================================
NBTRACK_TRACKING_URI            which store: a ``.duckdb`` file or a folder (default ``runs.duckdb``)
NBTRACK_EXPERIMENT              experiment of new runs (default ``Default``); MLFLOW_EXPERIMENT_NAME works too
NBTRACK_RUN_ID                  run that a child process logs into
NBTRACK_STRICT                  ``1``: an error inside ``log_*`` raises instead of warning
NBTRACK_SYSTEM_METRICS          ``1``: sample CPU, memory, disk, network and GPU during each run
NBTRACK_LIVE                    ``0``: no live panel by itself above a cell that goes on
NBTRACK_SYSTEM_METRICS_INTERVAL seconds between two samples (default 10)
==============================  ==========================================================================
"""

from __future__ import annotations

import os
from pathlib import Path

from nbtrack.errors import InvalidValueError

DEFAULT_STORE = "runs.duckdb"
DEFAULT_EXPERIMENT = "Default"

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}


def tracking_uri() -> str:
    """Return the store named by NBTRACK_TRACKING_URI, or the default."""
    return os.environ.get("NBTRACK_TRACKING_URI") or DEFAULT_STORE


def experiment_name() -> str:
    """Return the experiment named by the environment, or the default."""
    return os.environ.get("NBTRACK_EXPERIMENT") or os.environ.get("MLFLOW_EXPERIMENT_NAME") or DEFAULT_EXPERIMENT


def inherited_run_id() -> str | None:
    """Return the run that this process was asked to log into."""
    return os.environ.get("NBTRACK_RUN_ID") or None


def is_strict() -> bool:
    """Say whether an error inside ``log_*`` should raise."""
    return os.environ.get("NBTRACK_STRICT", "").lower() in TRUE


def shows_live() -> bool:
    """Say whether a run that goes on for a while is shown by itself."""
    return os.environ.get("NBTRACK_LIVE", "").lower() not in FALSE


def samples_system_metrics() -> bool:
    """Say whether each run samples the machine."""
    return os.environ.get("NBTRACK_SYSTEM_METRICS", "").lower() in TRUE


def system_metrics_interval() -> float:
    """Return the seconds between two samples of the machine."""
    text = os.environ.get("NBTRACK_SYSTEM_METRICS_INTERVAL", "10")
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not seconds > 0:
        message = f"NBTRACK_SYSTEM_METRICS_INTERVAL is {text!r}; use a number of seconds above 0, such as 10."
        raise InvalidValueError(message)
    return seconds


def is_server(uri: str | os.PathLike[str]) -> bool:
    """Say whether a tracking URI names a server."""
    return os.fspath(uri).lower().startswith(("http://", "https://"))


def is_database(uri: str | os.PathLike[str]) -> bool:
    """Say whether a tracking URI names a database in PostgreSQL."""
    return os.fspath(uri).lower().startswith(("postgresql://", "postgres://"))


def is_remote(uri: str | os.PathLike[str]) -> bool:
    """Say whether a tracking URI names something that is not a file of this machine."""
    return is_server(uri) or is_database(uri)


def store_path(uri: str | os.PathLike[str]) -> Path:
    """Return the DuckDB file that a local `uri` names, as an absolute path.

    ``runs.duckdb``, ``duckdb:///abs/runs.duckdb``, ``file:///abs/runs.duckdb`` and a folder (its ``runs.duckdb``) are local.

    Raises
    ------
    InvalidValueError
        The URI has another scheme, or a file name that does not end in ``.duckdb``.
    """
    text = os.fspath(uri)
    for scheme in ("duckdb://", "file://"):
        text = text.removeprefix(scheme)
    if "://" in text:
        scheme = text.split("://", maxsplit=1)[0]
        message = f"Store {scheme}://… is not a local store; use a path such as 'runs.duckdb'."
        raise InvalidValueError(message)
    path = Path(text).expanduser()
    if path.suffix == "" or path.is_dir():
        path = path / DEFAULT_STORE
    if path.suffix not in (".duckdb", ".db", ".ddb"):
        message = f"Store {os.fspath(uri)!r} does not name a DuckDB file; use a path such as 'runs.duckdb' or a folder."
        raise InvalidValueError(message)
    return path.absolute()
