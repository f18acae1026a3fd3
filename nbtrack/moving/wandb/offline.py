"""Runs that W&B recorded on disk (``wandb/offline-run-*``, also those that were sent later): read without wandb."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.errors import InvalidValueError
from nbtrack.moving.here import want_folder
from nbtrack.moving.ids import run_id_of
from nbtrack.moving.moved import MovedExperiment, MovedRun
from nbtrack.moving.wandb.run import WandbRun

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbtrack.moving.tally import Tally

FRESH_S = 300.0
"""A log without an end that was written to so lately is of a run that goes on: W&B notes system metrics every few seconds."""
_LOG = "run-*.wandb"
_RUN = re.compile(r"run-(.+)\.wandb")
DEFAULT = "uncategorized"
"""What W&B calls the project of a run that names none."""


class WandbOffline:
    """The runs in a folder of W&B.

    Parameters
    ----------
    folder : path-like
        The folder ``wandb``, the one above it, or that of one run.
    experiment : str, optional
        Into which experiment they come; named like their projects when not given.
    has_stats : bool
        Whether system metrics come too, as ``system/…``.
    follows_links : bool
        Whether links are followed that lead out of where W&B keeps its own and the folder above `wandb`.

    Raises
    ------
    NotFoundError
        There is no such folder.
    InvalidValueError
        There are no runs in it.
    """

    title = "W&B"

    def __init__(
        self,
        folder: str | Path,
        experiment: str | None = None,
        *,
        has_stats: bool = False,
        follows_links: bool = False,
    ) -> None:
        self.folder = Path(folder)
        want_folder(self.folder, "Name the folder `wandb` that W&B made beside the script.")
        self.experiment = experiment
        self._has_stats = has_stats
        self._follows_links = follows_links
        above = next(
            (each for each in (self.folder.resolve(), *self.folder.resolve().parents) if each.name == "wandb"), None
        )
        self._fine = [self.folder.resolve(), *([above.parent] if above else []), *_own_folders()]
        self._logs: dict[str, list[Path]] = {}
        for log in sorted(self.folder.rglob(_LOG), key=lambda log: (log.parent.name, log.name)):
            found = _RUN.fullmatch(log.name)
            if found and not log.parent.is_symlink():  # latest-run is another name of one of them
                self._logs.setdefault(found[1], []).append(log)
        if not self._logs:
            message = (
                f"There are no runs (offline-run-*/run-*.wandb) in {self.folder} or below; name the folder `wandb`."
            )
            raise InvalidValueError(message)

    def __len__(self) -> int:
        """Return the number of runs."""
        return len(self._logs)

    def experiments(self) -> Iterator[MovedExperiment]:
        """Yield nothing: experiments come with the runs, which name them."""
        yield from ()

    def runs(self, tally: Tally) -> Iterator[MovedRun]:
        """Yield the runs; what is left out is told to `tally`."""
        for name, logs in self._logs.items():
            run = WandbRun(self._may_read, has_stats=self._has_stats)
            if self._read(run, logs, tally):
                yield self._moved(run, name, logs, tally)

    def _may_read(self, path: Path) -> bool:
        real = path.resolve()
        return self._follows_links or any(real.is_relative_to(folder) for folder in self._fine)

    def _read(self, run: WandbRun, logs: list[Path], tally: Tally) -> bool:
        for log in logs:
            what = log.relative_to(self.folder).as_posix()
            try:
                found = run.read(log)
            except (InvalidValueError, OSError) as error:
                tally.skip(what, error)
                continue
            if found.damaged:
                tally.skip(what, f"{found.damaged} damaged records; the {found.records} whole ones were read")
        if not run.run_id and not any(what.startswith(str(logs[0].name)) for what, _ in tally.skipped):
            tally.skip(logs[0].relative_to(self.folder).as_posix(), "no run begins in it")
        return bool(run.run_id)

    def _moved(self, run: WandbRun, name: str, logs: list[Path], tally: Tally) -> MovedRun:
        run.close()
        for what, n in run.left_out.items():
            tally.note(f"{what} of the history are not moved ({n} in {name})")
        for path, why in run.missing:
            tally.skip(f"file {path} of {name}", why)
        is_fresh = any(time.time() - log.stat().st_mtime < FRESH_S for log in logs)
        status = run.status(is_fresh=is_fresh)
        project = run.project or DEFAULT
        return MovedRun(
            run_id_of("wandb", f"{run.entity}/{project}/{run.run_id}"),
            self.experiment or project,
            run.name or run.run_id,
            run.start_us,
            status,
            None if status == "RUNNING" else run.last_us,
            user=run.user,
            params=run.params(),
            tags=run.tags,
            metrics=run.book.points,
            counts=run.book.counts(),
            files=run.files.values,
        )


def _own_folders() -> list[Path]:
    """Return where W&B keeps the files of artifacts."""
    data = os.environ.get("WANDB_DATA_DIR")
    share = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "wandb"
    return [share.resolve(), *([Path(data).resolve()] if data else [])]
