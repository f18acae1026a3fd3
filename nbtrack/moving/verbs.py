"""Moving runs, as a notebook asks for it; the command line has the same verbs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError
from nbtrack.moving.backup import back_up
from nbtrack.moving.copy import copy_store
from nbtrack.moving.importing import take_in
from nbtrack.moving.merge import merge_stores as merge
from nbtrack.moving.stored import Chosen
from nbtrack.store.opening import open_store
from nbtrack.tracking import active

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from nbtrack.moving.backup import Backup
    from nbtrack.moving.importing import Source
    from nbtrack.moving.tables import Form
    from nbtrack.moving.tally import Tally
    from nbtrack.store.protocol import Store

    Place = str | os.PathLike[str]
    Progress = Callable[[str, int, int], None]

KINDS = ("mlflow", "tensorboard", "wandb-offline", "trackio", "csv", "parquet")
_PARTS = ("params", "metrics", "tags", "name")


def import_runs(
    kind: str,
    source: Place,
    *,
    store: Place | None = None,
    experiment: str | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
    **options: Any,
) -> Tally:
    """Take in what another tracker has kept; ids and times stay, and doing it again brings what is new.

    Parameters
    ----------
    kind : {"mlflow", "tensorboard", "wandb-offline", "trackio", "csv", "parquet"}
        What the source is of.
    source : path-like
        File or folder; of MLflow also ``sqlite:///…`` or ``http://…``.
    store : path-like, optional
        Into which store; the one in use when not given.
    experiment : str, optional
        Into which experiment all runs come; what the source says when not given. Of MLflow: only this one.
    dry_run : bool
        Only count what would come.
    progress : callable, optional
        Called with a few words, the number of runs done and of all (0 when that is not known).
    **options
        ``system=True`` (W&B, Trackio): system metrics too. ``follow_links=True`` (W&B): files that it only links to.
        ``params``, ``metrics``, ``tags`` (lists of columns) and ``name`` (a column) of CSV and Parquet. ``artifacts`` of MLflow.

    Returns
    -------
    Tally
        What was new, known and left out; ``as_dict()`` for JSON.

    Raises
    ------
    InvalidValueError
        There is no such kind or option, or the source is none of it.
    NotFoundError
        There is no such file or folder.
    """
    into = _store(store)
    if kind == "mlflow":
        from nbtrack.moving.mlflow.importing import import_mlflow  # noqa: PLC0415 - one kind of source at a time

        names = [experiment] if experiment else []
        _refuse(kind, options, ("artifacts",))
        return import_mlflow(source, into, experiments=names, is_dry=dry_run, progress=progress, **options)
    return take_in(_opened(kind, source, experiment, options), into, is_dry=dry_run, progress=progress)


def copy_runs(
    source: Place,
    destination: Place,
    *,
    runs: Sequence[str] = (),
    experiments: Sequence[str] = (),
    filter_string: str = "",
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Tally:
    """Copy runs with histories, files and models from one store into another; doing it again brings what is new.

    Parameters
    ----------
    source, destination : path-like
        A ``.duckdb`` file, ``http://…`` of a server or ``postgresql://…``.
    runs : sequence of str
        Numbers, names or ids; together with `experiments` and `filter_string` all runs when nothing is said.
    experiments : sequence of str
        Names.
    filter_string : str
        As ``search_runs`` takes it.
    dry_run : bool
        Only count what would come.
    progress : callable, optional
        Called with a few words, the number of runs done and of all.

    Returns
    -------
    Tally

    Raises
    ------
    NotFoundError
        There is no store at `source`, or no such run.
    InvalidValueError
        Both are the same store, or the filter cannot be understood.
    """
    chosen = Chosen(runs, experiments, filter_string)
    return copy_store(open_store(source), open_store(destination), chosen, is_dry=dry_run, progress=progress)


def merge_stores(
    into: Place, *sources: Place, dry_run: bool = False, progress: Progress | None = None
) -> dict[str, Tally]:
    """Bring the runs, files and models of several stores into one, also while somebody records there.

    Parameters
    ----------
    into : path-like
        The store that gets everything; made if need be.
    *sources : path-like
        The stores to take it from; they stay as they are.
    dry_run : bool
        Only count what would come.
    progress : callable, optional
        Called with a few words, the number of runs done and of all.

    Returns
    -------
    dict of Tally
        By source. Notes say which versions of registered models have another number, and which aliases stayed.

    Raises
    ------
    NotFoundError
        There is no store at one of `sources`; nothing was brought.
    """
    return merge(open_store(into), [open_store(each) for each in sources], is_dry=dry_run, progress=progress)


def backup(destination: str | Path, *, store: Place | None = None, zipped: bool = False) -> Backup:
    """Make a backup of a store, consistent although others go on recording; it is looked through when it is done.

    Parameters
    ----------
    destination : path-like
        A folder, or a ``.duckdb`` or ``.zip`` file that is not there yet.
    store : path-like, optional
        Of which store; the one in use when not given.
    zipped : bool
        One ``.zip`` instead of a file and a folder.

    Returns
    -------
    Backup
        With its path, counts by table, size in bytes, and problems: what was damaged in the store.

    Raises
    ------
    AlreadyExistsError
        There is something at `destination`.
    """
    return back_up(_store(store), destination, is_zipped=zipped)


def _store(uri: Place | None) -> Store:
    return active.get_store() if uri is None else open_store(uri)


def _opened(kind: str, source: Place, experiment: str | None, options: dict[str, Any]) -> Source:
    if kind == "tensorboard":
        from nbtrack.moving.tensorboard.folder import TensorBoard  # noqa: PLC0415

        _refuse(kind, options)
        return TensorBoard(os.fspath(source), experiment)
    if kind == "wandb-offline":
        from nbtrack.moving.wandb.offline import WandbOffline  # noqa: PLC0415

        _refuse(kind, options, ("system", "follow_links"))
        links = bool(options.get("follow_links"))
        return WandbOffline(os.fspath(source), experiment, has_stats=bool(options.get("system")), follows_links=links)
    if kind == "trackio":
        from nbtrack.moving.trackio import Trackio  # noqa: PLC0415

        _refuse(kind, options, ("system",))
        return Trackio(os.fspath(source), experiment, has_stats=bool(options.get("system")))
    if kind in ("csv", "parquet"):
        from nbtrack.moving.tables import Columns, Table  # noqa: PLC0415

        _refuse(kind, options, _PARTS)
        form: Form = "csv" if kind == "csv" else "parquet"
        return Table(os.fspath(source), form, experiment, Columns(**options))
    message = f"{kind!r} is no kind of source; use {', '.join(KINDS)}."
    raise InvalidValueError(message)


def _refuse(kind: str, options: dict[str, Any], known: Sequence[str] = ()) -> None:
    unknown = [name for name in options if name not in known]
    if unknown:
        takes = f"takes {', '.join(known)}" if known else "takes none"
        message = f"There is no option {', '.join(unknown)} for {kind}, which {takes}."
        raise InvalidValueError(message)
