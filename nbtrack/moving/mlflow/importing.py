"""Moves what MLflow has kept into a store."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.moving.intake import Intake

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from nbtrack.moving.mlflow.files import Skip
    from nbtrack.moving.moved import MovedExperiment, MovedRegistered, MovedRun
    from nbtrack.moving.tally import Tally
    from nbtrack.store.protocol import Store

SERVERS = ("http://", "https://")
DATABASES = ("sqlite:", "postgresql", "mysql", "mssql")


class Source(Protocol):
    """Something that keeps runs; :meth:`experiments` is asked first."""

    title: str

    def experiments(self) -> Iterator[MovedExperiment]:
        """Yield the experiments."""

    def count(self, names: Collection[str]) -> int:
        """Return about how many runs there are in some experiments."""

    def runs(self, names: Collection[str]) -> Iterator[MovedRun]:
        """Yield the runs of some experiments."""

    def registered(self) -> Iterator[MovedRegistered]:
        """Yield the registered models."""


def open_source(uri: str | os.PathLike[str], *, artifacts: str | None = None, skip: Skip) -> Source:
    """Return what a URI of MLflow means.

    Parameters
    ----------
    uri : str or path
        A ``mlruns`` folder, ``sqlite:///mlflow.db`` (or the file itself), ``postgresql://…`` or ``mysql://…`` (needs SQLAlchemy and the
        database's driver), or ``http://…`` of a tracking server.
    artifacts : str, optional
        Where artifacts are, when that is neither what the source says nor beside it: a folder, or ``s3://…``, ``gs://…``, ``az://…``.
    skip : callable
        Told what is left out, and why.

    Raises
    ------
    InvalidValueError
        It is nothing of MLflow.
    """
    text = os.fspath(uri)
    if text.startswith(SERVERS):
        from nbtrack.moving.mlflow.server import Server  # noqa: PLC0415 - one kind of source at a time

        return Server(text, artifacts, skip)
    path = Path(text.removeprefix("file://"))
    if path.is_dir():
        from nbtrack.moving.mlflow.folder import Folder  # noqa: PLC0415

        inside = path / "mlruns"
        return Folder(inside if inside.is_dir() else path, artifacts, skip)
    if text.startswith(DATABASES) or path.is_file():
        from nbtrack.moving.mlflow.rows import open_rows  # noqa: PLC0415
        from nbtrack.moving.mlflow.tables import Tables  # noqa: PLC0415

        return Tables(open_rows(text), artifacts, skip)
    message = f"{text!r} is nothing of MLflow that is here; name a mlruns folder, sqlite:///mlflow.db or http://… of a server."
    raise InvalidValueError(message)


def import_mlflow(
    uri: str | os.PathLike[str],
    store: Store,
    *,
    experiments: Sequence[str] = (),
    artifacts: str | None = None,
    is_dry: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> Tally:
    """Take everything that MLflow has kept somewhere into a store; what is there already is not taken twice.

    Parameters
    ----------
    uri, artifacts
        As :func:`open_source` takes them.
    store : Store
    experiments : sequence of str
        Names of experiments; all when there are none. Registered models come along when one of their versions is of a run that came.
    is_dry : bool
        Only count what would come.
    progress : callable, optional
        Called with a few words, the number of runs done and of all.

    Raises
    ------
    InvalidValueError, NotFoundError
        There is nothing of MLflow there; there is no experiment of that name.
    """
    waiting: list[tuple[str, object]] = []
    source = open_source(uri, artifacts=artifacts, skip=lambda what, why: waiting.append((what, why)))
    tell = progress or (lambda *_: None)
    with Intake(store, source=source.title, is_dry=is_dry) as intake:
        everything = {each.name: each for each in source.experiments()}
        for missing in (name for name in experiments if name not in everything):
            raise NotFoundError("Experiment", missing, everything, where=source.title)
        names = [name for name in everything if not experiments or name in experiments]
        for name in names:
            intake.experiment(everything[name])
        total = source.count(names)
        came: set[str] = set()
        for done, run in enumerate(intake.runs(source.runs(names)), 1):
            came.add(run.run_id)
            tell(f"{intake.tally.points:,} points, {intake.tally.files:,} files", done, total)
        for model in source.registered():
            if not experiments or any(version.run_id in came for version in model.versions):
                intake.registered(model)
        for what, why in waiting:
            intake.skip(what, why)
    return intake.tally
