"""Collects where the runs of a notebook come from: its own modules and the data files that its cells read, as they were."""

from __future__ import annotations

import platform
import sys
import sysconfig
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.cells.files import Stamp, stamp
from nbtrack.cells.reads import files_read
from nbtrack.cells.staleness import FILE, Origins
from nbtrack.tracking.environment import notebook_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["FILE", "OriginKeeper"]

MOST_MODULES = 300
MOST_FILES = 200


_Seen = tuple[str, int, int]
"""A file by its path, size and time."""


class OriginKeeper:
    """What this process has imported and read.

    Parameters
    ----------
    space : mapping
        The notebook's variables.
    """

    def __init__(self, space: Callable[[], Mapping[str, Any]]) -> None:
        self._space = space
        self._seen: set[str] = set()
        self._own: dict[str, tuple[str, int, Any]] = {}
        self._modules: dict[str, tuple[Any, Stamp]] = {}
        self._files: dict[_Seen, set[int]] = {}
        self._stamps: dict[_Seen, Stamp] = {}
        self._n = 0
        self._source, self._began_ns = "", 0

    def cell_begins(self, n: int, source: str) -> None:
        """Take the cell that runs: its number in the log, and its source, "" for one that is private."""
        self._n, self._source, self._began_ns = n, source, time.time_ns()

    def look(self) -> None:
        """Note what the cell has imported and read so far: 0.1 ms, and 0.1 ms a file that is new."""
        self._look_at_modules()
        with suppress(RecursionError):
            for path in files_read(self._source, self._space()) if self._source else ():
                self._note_file(path)

    def snapshot(self) -> Callable[[], bytes]:
        """Return what makes the file of a run, of what is known now; it reads files, so call it in the background."""
        self.look()
        notebook = notebook_path()
        full = str(Path(notebook).absolute()) if notebook else ""
        own, files = dict(self._own), {seen: sorted(cells) for seen, cells in self._files.items()}
        return lambda: self._origins(full, own, files).to_bytes()

    # -- inside --------------------------------------------------------------------------------------------------------

    def _look_at_modules(self) -> None:
        new = [name for name in list(sys.modules) if name not in self._seen]
        self._seen.update(new)
        for name in new:
            path = own_file(sys.modules.get(name))
            if path and len(self._own) < MOST_MODULES:
                self._note_module(name, path)
        for name in self._own:
            module = sys.modules.get(name)
            path = own_file(module)
            if path and getattr(module, "__spec__", None) is not self._own[name][2]:  # it was loaded again
                self._note_module(name, path)

    def _note_module(self, name: str, path: str) -> None:
        """Note the file as it was imported: one that is changed afterwards is not what the notebook runs."""
        with suppress(OSError):
            self._own[name] = (path, Path(path).stat().st_mtime_ns, getattr(sys.modules[name], "__spec__", None))

    def _note_file(self, path: str) -> None:
        full = Path(path).expanduser().absolute()
        with suppress(OSError):
            found = full.stat()
            if full.is_file() and len(self._files) < MOST_FILES:
                if found.st_mtime_ns < self._began_ns:
                    self._files.setdefault((str(full), found.st_size, found.st_mtime_ns), set()).add(self._n)
                else:  # the cell itself writes it
                    for seen in [each for each in self._files if each[0] == str(full)]:
                        self._files[seen].discard(self._n)

    def _origins(
        self, notebook: str, own: Mapping[str, tuple[str, int, Any]], files: Mapping[_Seen, list[int]]
    ) -> Origins:
        modules: dict[str, Stamp] = {}
        for name, (path, _, spec) in own.items():
            if name not in self._modules or self._modules[name][0] is not spec:
                found = stamp(path)
                if found is None:
                    continue
                self._modules[name] = (spec, found)
            modules[name] = self._modules[name][1]
        data = tuple((self._stamp(seen), tuple(cells)) for seen, cells in files.items() if cells)
        return Origins(platform.node(), notebook, modules, data)

    def _stamp(self, seen: _Seen) -> Stamp:
        """Return a file as it was when the cell read it; without a digest when it has been written since."""
        if seen not in self._stamps:
            found = stamp(seen[0])
            is_as_it_was = found is not None and (found.size, found.mtime) == seen[1:]
            self._stamps[seen] = found if found is not None and is_as_it_was else Stamp(*seen, "")
        return self._stamps[seen]


def own_file(module: Any) -> str:
    """Return the source file of a module that the user wrote: outside Python's own and installed packages; else ""."""
    name = getattr(module, "__name__", "")
    path = getattr(module, "__file__", None)
    if not isinstance(name, str) or name == "__main__" or name.partition(".")[0] == "nbtrack":
        return ""
    return path if isinstance(path, str) and path.endswith(".py") and _is_own(path) else ""


@lru_cache(10_000)
def _is_own(path: str) -> bool:
    found = Path(path)
    if not found.is_absolute() or any(part.endswith("-packages") for part in found.parts):
        return False
    paths = sysconfig.get_paths()
    return not any(found.is_relative_to(paths[key]) for key in ("stdlib", "platstdlib"))
