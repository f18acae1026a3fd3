"""Small numbers that people read, given out without a database: run numbers and experiment ids.

Both live in tiny files under one lock, so that a run can start while another program holds the DuckDB file. They are an index, not the
truth: when a file is lost, it is made anew from what the store says.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from filelock import FileLock

from nbtrack.errors import AlreadyExistsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Known = tuple[dict[str, int], int]
"""Experiment name -> id, and the largest id ever given."""


class Numbers:
    """Gives out run numbers and experiment ids of one store.

    Parameters
    ----------
    folder : Path
        The ``X.nbtrack`` folder.
    largest_run, experiments : callable
        Asked once when a file is lost: the largest run number, and names with ids, that the store knows.
    """

    def __init__(self, folder: Path, largest_run: Callable[[], int], experiments: Callable[[], Known]) -> None:
        self._counter = folder / "counter"
        self._names = folder / "names.json"
        self._folder = folder
        self._locks: dict[str, tuple[int, FileLock]] = {}
        self._largest_run = largest_run
        self._experiments = experiments

    @property
    def _lock(self) -> FileLock:
        return self._lock_of("names.lock")

    def _lock_of(self, name: str) -> FileLock:
        """Return a lock of this process: a forked child needs one of its own."""
        found = self._locks.get(name)
        if found is None or found[0] != os.getpid():
            found = self._locks[name] = os.getpid(), FileLock(self._folder / name, mode=0o600)
        return found[1]

    def next_run(self) -> int:
        """Return the next run number of the store: 1, 2, 3 and so on."""
        with self._lock:
            fd = os.open(self._counter, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                said = os.pread(fd, 32, 0)
                last = int(said) if said.strip().isdigit() else self._largest_run()
                os.pwrite(fd, b"%020d\n" % (last + 1), 0)
            finally:
                os.close(fd)
        return last + 1

    def experiment_ids(self) -> dict[str, int]:
        """Return the ids of the experiments in use, by name."""
        with self._lock:
            return self._read()[0]

    def experiment_id(self, name: str) -> tuple[int, bool]:
        """Return the id of an experiment, and whether it was given out just now."""
        # The file is replaced, never changed, so a known name needs no lock.
        with suppress(OSError, ValueError, KeyError, TypeError):
            return int(json.loads(self._names.read_bytes())["ids"][name]), False
        with self._lock:
            ids, largest = self._read()
            if name in ids:
                return ids[name], False
            ids[name] = largest + 1
            self._write(ids, largest + 1)
            return ids[name], True

    @contextmanager
    def changing_models(self) -> Iterator[None]:
        """Keep all others from changing registered models until the block ends.

        Such a change looks at the database, and a run that starts waits for nobody who does: so this lock is one of its own.
        """
        with self._lock_of("models.lock"):
            yield

    @contextmanager
    def changing(self) -> Iterator[Names]:
        """Change the names in use; written when the block ends without an error."""
        with self._lock:
            ids, largest = self._read()
            names = Names(ids, largest)
            yield names
            self._write(names.ids, names.largest)

    def _read(self) -> Known:
        try:
            said = json.loads(self._names.read_bytes())
            return dict(said["ids"]), int(said["largest"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            ids, largest = self._experiments()
            return {"Default": 0, **ids}, max(largest, 0)

    def _write(self, ids: dict[str, int], largest: int) -> None:
        new = self._names.with_suffix(".new")
        new.write_bytes(json.dumps({"ids": ids, "largest": largest}).encode())
        new.replace(self._names)


class Names:
    """The experiment names in use, while they are being changed."""

    def __init__(self, ids: dict[str, int], largest: int) -> None:
        self.ids = ids
        self.largest = largest

    def add(self, name: str, experiment_id: int | None = None) -> int:
        """Take a free name; without an id it gets the next one."""
        if name in self.ids:
            raise AlreadyExistsError("Experiment", name, "Use it with set_experiment, or choose another name.")
        if experiment_id is None:
            self.largest += 1
            experiment_id = self.largest
        self.ids[name] = experiment_id
        return experiment_id

    def free(self, name: str, experiment_id: int) -> None:
        """Free a name that an experiment has."""
        if self.ids.get(name) == experiment_id:
            del self.ids[name]
