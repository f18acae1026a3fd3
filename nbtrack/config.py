"""Settings from the environment, read when they are needed.

==============================  ==========================================================================
NBTRACK_TRACKING_URI            which store: a ``.duckdb`` file or a folder (default ``runs.duckdb``)
NBTRACK_ARTIFACTS               where files are kept of stores that have no place yet: a folder, ``s3://…``, …
NBTRACK_CACHE                   where copies of what is kept elsewhere, and environments, are; can be deleted at any time
NBTRACK_CACHE_GB                what copies of files may take there (default 10)
NBTRACK_EXPERIMENT              experiment of new runs (default ``Default``); MLFLOW_EXPERIMENT_NAME works too
NBTRACK_RUN_ID                  run that a child process logs into
NBTRACK_RERUN                   ``1``: the store of the environment stays, whatever the code chooses; set where a run is made again
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


def is_rerun() -> bool:
    """Say whether this process makes a recorded run again, and so records where it was told to."""
    return os.environ.get("NBTRACK_RERUN", "").lower() in TRUE


def artifacts_place() -> str | None:
    """Return where the files of a store are to be kept that has no place for them yet; None for beside the store."""
    return os.environ.get("NBTRACK_ARTIFACTS") or None


def cache_folder() -> Path:
    """Return the folder for copies of what is kept elsewhere; it can be deleted at any time."""
    root = os.environ.get("NBTRACK_CACHE")
    return Path(root) if root else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nbtrack"


def cache_bytes() -> int:
    """Return how many bytes copies of files may take."""
    return int(_positive("NBTRACK_CACHE_GB", "10", "a number of gigabytes") * 1e9)


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
    return _positive("NBTRACK_SYSTEM_METRICS_INTERVAL", "10", "a number of seconds")


def _positive(name: str, default: str, meaning: str) -> float:
    text = os.environ.get(name) or default
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        message = f"{name} is {text!r}; use {meaning} above 0, such as {default}."
        raise InvalidValueError(message)
    return number


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
        message = f"Store {scheme}://… is none that can be opened here; use a path such as 'runs.duckdb', postgresql://… or http://…"
        raise InvalidValueError(message)
    path = Path(text).expanduser()
    if path.suffix == "" or path.is_dir():
        path = path / DEFAULT_STORE
    if path.suffix not in (".duckdb", ".db", ".ddb"):
        message = f"Store {os.fspath(uri)!r} does not name a DuckDB file; use a path such as 'runs.duckdb' or a folder."
        raise InvalidValueError(message)
    return path.absolute()
