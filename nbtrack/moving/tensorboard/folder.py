"""TensorBoard's logs as runs: each folder with event files is one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.entities import RunStatus
from nbtrack.errors import InvalidValueError
from nbtrack.moving.here import want_folder
from nbtrack.moving.ids import run_id_of
from nbtrack.moving.moved import MovedExperiment, MovedRun
from nbtrack.moving.tensorboard.events import Found, read_events
from nbtrack.moving.tensorboard.run import EventRun

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbtrack.moving.tally import Tally

GROUP = "tensorboard.group"
FOLDER = "tensorboard.folder"
_EVENTS = "*tfevents*"
_HPARAMS = re.compile(r"\d{9,11}\.\d+")
"""How PyTorch names the folder in which `add_hparams` puts what belongs to the folder above."""


class TensorBoard:
    """The runs below a folder of event files; no TensorFlow is needed.

    Parameters
    ----------
    folder : path-like
        As ``tensorboard --logdir`` takes it.
    experiment : str, optional
        Into which experiment they come; named like the folder when not given.

    Raises
    ------
    NotFoundError
        There is no such folder.
    InvalidValueError
        There are no event files in it.
    """

    title = "TensorBoard"

    def __init__(self, folder: str | Path, experiment: str | None = None) -> None:
        self.folder = Path(folder)
        want_folder(self.folder, "Name what `tensorboard --logdir` is given.")
        found = sorted({path.parent for path in self.folder.rglob(_EVENTS) if path.is_file()})
        if not found:
            message = f"There are no event files (*tfevents*) in {self.folder} or below; name what `tensorboard --logdir` is given."
            raise InvalidValueError(message)
        self.experiment = experiment or self.folder.resolve().name or "tensorboard"
        self._extra = _extras(found)
        self._folders = [each for each in found if each not in {e for group in self._extra.values() for e in group}]
        self._ids: dict[Path, str] = {}

    def __len__(self) -> int:
        """Return the number of runs."""
        return len(self._folders)

    def experiments(self) -> Iterator[MovedExperiment]:
        """Yield the experiment into which the runs come."""
        yield MovedExperiment(self.experiment)

    def runs(self, tally: Tally) -> Iterator[MovedRun]:
        """Yield the runs, those above before those within; what is left out is told to `tally`."""
        for folder in self._folders:
            name = self._name(folder)
            run = EventRun()
            for path in _files(folder, *self._extra.get(folder, ())):
                run.read(path)
            for file, found in run.damage:
                tally.skip(f"{name}/{file}", f"{found.why} ({found.records} records before and after it were read)")
            for what, n in run.left_out.items():
                tally.note(f"{what} are not moved ({n} in {name})")
            if run.last == 0:
                tally.skip(name, "its event files have no events")
                continue
            yield self._moved(folder, name, run)

    def _moved(self, folder: Path, name: str, run: EventRun) -> MovedRun:
        tags = {FOLDER: name, **({GROUP: run.group} if run.group else {})}
        return MovedRun(
            self._id(folder),
            self.experiment,
            name,
            round(run.first * 1e6),
            RunStatus.FAILED if run.is_failed else RunStatus.FINISHED,
            round(run.last * 1e6),
            params=run.params,
            tags=tags,
            parent=self._parent(folder),
            metrics=run.book.points,
            counts=run.book.counts(),
            files=run.kept.values,
        )

    def _name(self, folder: Path) -> str:
        inner = folder.relative_to(self.folder).as_posix()
        return self.experiment if inner == "." else inner

    def _id(self, folder: Path) -> str:
        """Return the id of a run: the same wherever the folder is moved to, for it is known by its first event."""
        if folder not in self._ids:
            first = _files(folder)[0]
            with_time = next(read_events(first, Found()), None)
            moment = "" if with_time is None else repr(with_time.time)
            self._ids[folder] = run_id_of("tensorboard", f"{folder.resolve().name}\n{first.name}\n{moment}")
        return self._ids[folder]

    def _parent(self, folder: Path) -> str | None:
        above = [each for each in self._folders if each in folder.parents]
        return self._id(above[-1]) if above else None


def _extras(folders: list[Path]) -> dict[Path, list[Path]]:
    """Return which folders are a part of the run above them: the only one with its hyperparameters."""
    by_parent: dict[Path, list[Path]] = {}
    for folder in folders:
        if _HPARAMS.fullmatch(folder.name) and folder.parent in folders:
            by_parent.setdefault(folder.parent, []).append(folder)
    return {parent: inner for parent, inner in by_parent.items() if len(inner) == 1}


def _files(*folders: Path) -> list[Path]:
    """Return the event files of folders by their names, which begin with when they were made."""
    found = [path for folder in folders for path in folder.glob(_EVENTS) if path.is_file()]
    return sorted(found, key=lambda path: (path.name, str(path)))
