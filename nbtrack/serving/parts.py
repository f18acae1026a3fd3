"""Where the parts of a scoring job wait until all are there: beside the output, on a disk or in an object store."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from filelock import FileLock, Timeout

from nbtrack.artifacts.remote.store import RemoteStore
from nbtrack.artifacts.remote.uri import parse
from nbtrack.errors import NotFoundError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from nbtrack.store.tabular import Tables

PLAN = "plan.json"
LOCK = "lock"
META = ".meta.json"
"""Ends the name of the file that tells of a CSV or JSON lines file; Parquet carries it within."""


class Parts(Protocol):
    """The parts of one output, and the plan that they are of."""

    where: str

    def locked(self) -> Any:
        """Hold them alone in a block; raises ``StoreError`` when somebody else is at this output."""

    def plan(self) -> dict[str, Any] | None:
        """Return the plan of the job that left parts, None when there is none."""

    def keep_plan(self, plan: dict[str, Any]) -> None:
        """Write down which job this is."""

    def names(self) -> set[str]:
        """Return the names of the parts that are there."""

    def write(self, tables: Tables, frame: pd.DataFrame, name: str, kind: str) -> None:
        """Write one part, whole or not at all."""

    def join(self, tables: Tables, names: Sequence[str], kind: str, facts: dict[str, str]) -> None:
        """Make the output of its parts, whole or not at all."""

    def clear(self) -> None:
        """Throw away what an earlier job left, under the lock."""

    def remove(self) -> None:
        """Take everything away but the output."""


def parts_of(output: Path | str) -> Parts:
    """Return where the parts of an output are: a path is on a disk, a text is the URI of an object."""
    return DiskParts(output) if isinstance(output, Path) else RemoteParts(output)


@contextmanager
def _alone(lock: FileLock, output: object) -> Iterator[None]:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise StoreError(
            f"{output} is being written by another process; wait for it, or name another output."
        ) from None
    try:
        yield
    finally:
        lock.release()


class DiskParts:
    """Parts in the folder ``<output>.parts``."""

    def __init__(self, output: Path) -> None:
        self.output = output
        self.folder = output.with_name(output.name + ".parts")
        self.where = str(self.folder)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder alone."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with _alone(FileLock(self.folder / LOCK), self.output):
            yield

    def plan(self) -> dict[str, Any] | None:
        """Return the plan of the job that left parts."""
        path = self.folder / PLAN
        return json.loads(path.read_text()) if path.is_file() else None

    def keep_plan(self, plan: dict[str, Any]) -> None:
        """Write down which job this is."""
        (self.folder / PLAN).write_text(json.dumps(plan))

    def names(self) -> set[str]:
        """Return the names of the parts that are there."""
        return {path.name for path in self.folder.iterdir() if path.is_file()} if self.folder.is_dir() else set()

    def write(self, tables: Tables, frame: pd.DataFrame, name: str, kind: str) -> None:
        """Write one part."""
        tables.write(frame, self.folder / name, kind, is_passing=True)

    def join(self, tables: Tables, names: Sequence[str], kind: str, facts: dict[str, str]) -> None:
        """Make the output of its parts."""
        tables.join([self.folder / name for name in names], self.output, kind, facts)
        if kind != "parquet":
            self.output.with_name(self.output.name + META).write_text(told(facts))

    def clear(self) -> None:
        """Throw away what an earlier job left."""
        for old in self.folder.iterdir():
            if old.name != LOCK:
                old.unlink()

    def remove(self) -> None:
        """Take the folder away."""
        shutil.rmtree(self.folder, ignore_errors=True)


class RemoteParts:
    """Parts below ``<output>.parts/`` in an object store, where any machine can go on with them.

    The lock is one of this machine: two that write the same output elsewhere make the same parts, as the plan is compared.
    """

    def __init__(self, output: str) -> None:
        self.output = output
        place, self._name = parse(output).split()
        self._store = RemoteStore(place)
        self._folder = f"{self._name}.parts"
        self.where = f"{output}.parts"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the output alone on this machine."""
        digest = hashlib.sha256(self.output.encode()).hexdigest()[:32]
        with _alone(FileLock(Path(tempfile.gettempdir()) / f"nbtrack-{digest}.lock", mode=0o600), self.output):
            yield

    def plan(self) -> dict[str, Any] | None:
        """Return the plan of the job that left parts."""
        try:
            found = self._store.get(f"{self._folder}/{PLAN}")
        except NotFoundError:
            return None
        plan: dict[str, Any] = json.loads(found)
        return plan

    def keep_plan(self, plan: dict[str, Any]) -> None:
        """Write down which job this is."""
        self._store.put(f"{self._folder}/{PLAN}", json.dumps(plan).encode())

    def names(self) -> set[str]:
        """Return the names of the parts that are there."""
        return {entry.key.rpartition("/")[2] for entry in self._store.list(self._folder)}

    def write(self, tables: Tables, frame: pd.DataFrame, name: str, kind: str) -> None:
        """Write one part: to the disk, and from there to the store."""
        with tempfile.TemporaryDirectory(prefix="nbtrack-part-") as work:
            path = Path(work) / name
            tables.write(frame, path, kind, is_passing=True)
            self._store.put(f"{self._folder}/{name}", path)

    def join(self, tables: Tables, names: Sequence[str], kind: str, facts: dict[str, str]) -> None:
        """Make the output of its parts: text goes from part to output, Parquet by way of the disk."""
        if kind != "parquet":
            text = self._text(names, kind)
            self._store.put(self._name, zipped(text) if self._name.lower().endswith(".gz") else text)
            self._store.put(self._name + META, told(facts).encode())
            return
        with tempfile.TemporaryDirectory(prefix="nbtrack-join-") as work:
            paths = [Path(work) / name for name in names]
            for path in paths:
                self._store.download(f"{self._folder}/{path.name}", path)
            whole = Path(work) / "whole"
            tables.join(paths, whole, kind, facts)
            self._store.put(self._name, whole)

    def clear(self) -> None:
        """Throw away what an earlier job left."""
        for entry in list(self._store.list(self._folder)):
            self._store.delete(entry.key)

    remove = clear

    def _text(self, names: Sequence[str], kind: str) -> Iterator[bytes]:
        for place, name in enumerate(names):
            pieces = self._store.stream(f"{self._folder}/{name}")
            yield from _without_first_line(pieces) if place and kind == "csv" else pieces


def zipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield text through gzip."""
    made = zlib.compressobj(6, wbits=zlib.MAX_WBITS | 16)  # 16: with gzip's header
    for piece in pieces:
        yield made.compress(piece)
    yield made.flush()


def _without_first_line(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Leave out the header, which each part has."""
    for piece in pieces:
        _, newline, rest = piece.partition(b"\n")
        if newline:
            yield rest
            break
    yield from pieces


def told(facts: dict[str, str]) -> str:
    """Return facts as they stand beside an output."""
    return json.dumps(facts, indent=2) + "\n"
