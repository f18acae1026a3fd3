"""Writes what a store has as MLflow keeps it: into a ``mlruns`` folder, or onto a tracking server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from nbtrack.errors import InvalidValueError, NbtrackError, UnreachableError
from nbtrack.moving.mlflow.importing import DATABASES, SERVERS
from nbtrack.moving.moved import MovedExperiment
from nbtrack.moving.stored import Chosen, Stored
from nbtrack.moving.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbtrack.moving.moved import MovedRegistered, MovedRun
    from nbtrack.store.protocol import Store


class Out(Protocol):
    """A place that is written to."""

    def experiment(self, moved: MovedExperiment) -> None:
        """Write an experiment."""

    def run(self, run: MovedRun) -> None:
        """Write a run of an experiment that was written."""

    def registered(self, moved: MovedRegistered) -> None:
        """Write a registered model; the runs that it names came before."""

    def finish(self) -> None:
        """Do what comes last when all went well."""

    def close(self) -> None:
        """Tidy up."""


def export_mlflow(
    store: Store,
    dest: str,
    *,
    experiments: Sequence[str] = (),
    runs: Sequence[str] = (),
    is_dry: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> Tally:
    """Write runs, and registered models, as MLflow keeps them; what is there and has not changed is left alone.

    Parameters
    ----------
    store : Store
    dest : str
        A folder, or ``http://…`` of a tracking server, which gives runs ids of its own.
    experiments, runs : sequence of str
        Names; numbers, names or ids. Everything without either, the trash included.
    is_dry : bool
        Only count.
    progress : callable, optional
        Called with a few words, the number of runs done and of all.
    """
    tally = Tally()
    out = _open(dest, tally, is_dry=is_dry)
    stored = Stored(store, Chosen(runs=tuple(runs), experiments=tuple(experiments)))
    tell = progress or (lambda *_: None)
    seen: set[str] = set()
    try:
        for experiment in stored.experiments():
            seen.add(experiment.name)
            out.experiment(experiment)
        for done, run in enumerate(stored.runs(tally), 1):
            if run.experiment not in seen:
                seen.add(run.experiment)
                out.experiment(MovedExperiment(run.experiment))
            try:
                out.run(run)
            except UnreachableError:
                raise
            except (NbtrackError, OSError) as error:
                tally.skip(f"run {run.run_id}", error)
            tell(f"{tally.points:,} points, {tally.files:,} files", done, len(stored))
        for model in stored.registered():
            out.registered(model)
        out.finish()
    finally:
        out.close()
    return tally


def _open(dest: str, tally: Tally, *, is_dry: bool) -> Out:
    if dest.startswith(SERVERS):
        from nbtrack.moving.mlflow.server_out import ServerOut  # noqa: PLC0415 - one kind of place at a time

        return ServerOut(dest, tally, is_dry=is_dry)
    if dest.startswith(DATABASES):
        message = "MLflow's databases are not written to directly: start `mlflow server` on it, and name its http://… address."
        raise InvalidValueError(message)
    from nbtrack.moving.mlflow.folder_out import FolderOut  # noqa: PLC0415

    path = Path(dest.removeprefix("file://"))
    if path.exists() and not path.is_dir():
        message = f"{path} is a file; name a folder, or http://… of a tracking server."
        raise InvalidValueError(message)
    return FolderOut(path, tally, is_dry=is_dry)
