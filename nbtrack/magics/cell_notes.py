"""Fills the log of cells: what was executed, how it ended, and which variables are new after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.cells import log
from nbtrack.magics import capture
from nbtrack.magics.choices import choices
from nbtrack.magics.watch import Watch
from nbtrack.tracking import active, cells, fingerprints
from nbtrack.tracking.origins import FILE, OriginKeeper
from nbtrack.tracking.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_ERROR = 300
MARK = "_nbtrack_notes_cells"
MOST_NAMES = 20_000
"""A namespace with more is not looked through."""


class CellNotes:
    """Notes each cell of a shell, whether it is tracked or not; a cell costs some tens of microseconds."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        if getattr(shell, MARK, None) is None:  # another shell than before in this process
            log.stop()
            setattr(shell, MARK, True)
        self.keeper = cells.keeper()
        self.origins = OriginKeeper(lambda: self.shell.user_ns)
        self.watch = Watch(shell.user_ns)
        self._n: int | None = None
        self._ids: dict[str, int] = {}
        self._count = 0
        self._count_is_off_by = 0

    def open(self) -> None:
        """Hear of runs from now on; cells that the session's history has are noted as they are."""
        history = getattr(getattr(self.shell, "history_manager", None), "input_hist_raw", None) or []
        if len(history) > 1:  # some versions of IPython count the cell that runs, some the next one
            self._count_is_off_by = min(0, len(history) - 1 - self.shell.execution_count)
        if not self.keeper.cells.cells:
            for count, source in enumerate(history):
                if source.strip():
                    self.keeper.cells.add_earlier(source, count)
        self._ids = _ids(self.shell.user_ns)
        self.keeper.beside[FILE] = self.origins.snapshot
        active.on_open.append(self.keeper.attach)

    def close(self) -> None:
        """Hear no more; what is to be written is written."""
        self.watch.stop()
        if self.keeper.attach in active.on_open:
            active.on_open.remove(self.keeper.attach)
        self.keeper.beside.pop(FILE, None)
        self.keeper.settle()

    def cell_begins(self, info: Any, *, is_private: bool = False) -> None:
        """Note a cell; of a private one, that there was one."""
        count = self.shell.execution_count + self._count_is_off_by if info.store_history else None
        code = getattr(info, "transformed_cell", None) or ""
        cell_id = getattr(info, "cell_id", None) or ""
        self._count = self.shell.execution_count
        self._n = self.keeper.cells.begin(
            info.raw_cell or "", count=count, cell_id=cell_id, code=code, is_private=is_private
        )
        if not is_private:
            self.watch.cell_begins()
        self.origins.cell_begins(self._n, "" if is_private else info.raw_cell or "")

    def cell_ends(self, result: Any) -> None:
        """Note how the cell ended, before its run does."""
        if self._n is None:
            return
        error = result.error_before_exec or result.error_in_exec
        if result.info.store_history and result.execution_count is not None:
            self._count_is_off_by = result.execution_count - self._count
        line = None
        if error is not None and not isinstance(error, SyntaxError):
            line = capture.failed_line(error, self.shell.user_global_ns)
            line = None if line is None else line + lines_of_magics(result.info.raw_cell or "")
        elif error is not None:
            line = 0
        self.keeper.cells.end(
            self._n,
            error="" if error is None else redact(f"{type(error).__name__}: {error}")[:LONGEST_ERROR],
            line=line,
            wrote=self._news(),
            count=result.execution_count if result.info.store_history else None,
            code=getattr(result.info, "transformed_cell", None) or "",
        )
        self.origins.look()
        self._look_at_values(result.info.raw_cell or "", self.keeper.cells.cells[self._n - 1].wrote)
        self._n = None

    def _look_at_values(self, source: str, made: Mapping[str, str]) -> None:
        """Record what is watched, and the data that the cell used and made, into the run that is open."""
        is_private = self.keeper.cells.is_private
        self.watch.cell_ends(is_private=is_private)
        run = active.current_run()
        if run is not None and not is_private and not run.is_joined:
            fingerprints.note(run, source, made, self.shell.user_ns, choices().ignored)

    def logged(self) -> None:
        """Note what the cell logged, after its run has its last value."""
        self.keeper.cell_ends()

    def _news(self) -> dict[str, str]:
        """Return the variables that are new or other objects than after the last cell, with their types."""
        space = self.shell.user_ns
        before, self._ids = self._ids, _ids(space)
        news = sorted(name for name, _ in self._ids.items() - before.items() if not name.startswith("_"))
        return {name: type_name(space.get(name)) for name in news if name not in _SHELLS}


def lines_of_magics(source: str) -> int:
    """Return how many lines of a cell stand above what ``%%time`` and its like run: IPython counts without them."""
    n_lines, at = 0, 0
    for i, line in enumerate(source.splitlines(), 1):
        if line.startswith("%%"):
            at = i
            n_lines = n_lines if line.startswith("%%track") else i
        elif line.strip() and not (line.lstrip().startswith("#") and not at):
            break
    return n_lines


def type_name(value: Any) -> str:
    """Return the type of a value as ``pandas.DataFrame``: the package, not the module within it."""
    kind = type(value)
    package = str(getattr(kind, "__module__", "")).partition(".")[0]
    return kind.__qualname__ if package == "builtins" else f"{package}.{kind.__qualname__}"


def _ids(space: Mapping[str, Any]) -> dict[str, int]:
    """Return where the objects of all names are: 50 µs for a thousand names."""
    if len(space) > MOST_NAMES:
        return {}
    now = dict(space)
    return dict(zip(now, map(id, now.values()), strict=True))


_SHELLS = {"In", "Out", "get_ipython", "exit", "quit", "open"}
