"""``%%track``: the cell runs as if the line were not there, and two of IPython's events open and end its run.

An input transformer takes the line out, so that ``await``, ``%%time``, the last value and tracebacks work as always; it
has no state, because IPython also calls it to see whether a cell is complete. ``pre_run_cell`` and ``post_run_cell``
read the cell as it was typed. They never raise into the user's cell.
"""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.utils.text import DollarFormatter

from nbtrack.magics.cell_notes import CellNotes
from nbtrack.magics.cell_run import Cell, CellRun, Ending
from nbtrack.magics.filing import Filing
from nbtrack.magics.live_cells import LiveCells
from nbtrack.magics.options import CellOptions, parse_cell_options
from nbtrack.magics.outcome import outcome
from nbtrack.magics.scoreboard import Scoreboard
from nbtrack.magics.sweep_line import sweep_line
from nbtrack.tracking import active

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MAGIC = re.compile(r"%%track(?=\s|$)(.*)")
FLUSH_S = 0.05


@dataclass
class _Entry:
    """A cell that runs, and its run if it is tracked."""

    info: Any
    opened: CellRun | None = None


def take_magic_out(lines: list[str]) -> list[str]:
    """Make the ``%%track`` line, below blank lines and comments, a comment; every line keeps its number.

    With options that cannot be read the line stays: then IPython calls the real magic, which says what is wrong. The line of a sweep
    stays, too: its cell is not run once.
    """
    at = _line_of_magic(lines)
    if at is None:
        return lines
    if sweep_line(_options_of(lines[at])) is not None:
        return [*lines[at:]]
    try:
        parse_cell_options(_options_of(lines[at]))
    except UsageError:
        return [*lines[at:]]
    body = lines[at + 1 :]
    first = next((line for line in body if line.strip()), "")
    if first.startswith("%%"):
        return body  # another cell magic must come first
    indent = first[: len(first) - len(first.lstrip())]
    return [*(f"{indent}# {line.strip()}\n" for line in lines[: at + 1]), *body]


def cell_magic_line(source: str) -> str | None:
    """Return the options after ``%%track`` when a cell begins with it, also below comments, ``%%time`` and its like."""
    lines = source.splitlines()
    at = _line_of_magic(lines, below_magics=True)
    return None if at is None else _options_of(lines[at])


class CellTracker:
    """Opens and ends the runs of tracked cells of one IPython shell.

    Attributes
    ----------
    is_on : bool
        ``%track off`` makes ``%%track`` cells run unrecorded.
    """

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.is_on = True
        self.filing = Filing()
        self.live = LiveCells(shell)
        self.notes = CellNotes(shell)
        self.last_run_id: str | None = None
        self.cell_id: str | None = None
        self._boards: dict[str, Scoreboard] = {}
        self._open: list[_Entry] = []

    # -- IPython's events --------------------------------------------------------------------------------------------

    def pre_run_cell(self, info: Any) -> None:
        """Open a run when the cell asks for one."""
        self._safely(lambda: self._before(info))

    def post_run_cell(self, result: Any) -> None:
        """End the run of the cell, and show its line."""
        self._safely(lambda: self._after(result))

    def _before(self, info: Any) -> None:
        source = info.raw_cell or ""
        line = cell_magic_line(source) if "%%track" in source else None
        entry = _Entry(info)
        self._open.append(entry)
        if len(self._open) == 1:
            self.cell_id = getattr(info, "cell_id", None)
            self.live.cell_begins(is_tracked=line is not None and self.is_on)
            self.notes.cell_begins(info, is_private=line is not None and self._is_private(line))
        if line is None:
            self.filing.flush(FLUSH_S)
        elif sweep_line(line) is not None:
            pass  # the real magic runs it
        elif not self.is_on:
            print("not recorded: %track off is in force; %track on resumes")  # noqa: T201
        elif not self._is_body_of_open_cell(source):
            options = self._options(line)
            if options is not None:
                entry.opened = self.begin(Cell(source, getattr(info, "cell_id", None)), options)

    def _after(self, result: Any) -> None:
        if self._open and self._open[0].info is result.info:
            self.live.cell_is_ending()
            self.notes.cell_ends(result)
        while self._open:
            entry = self._open.pop()
            is_this = entry.info is result.info
            if entry.opened is not None:
                self.finish(entry.opened, _ending(result) if is_this else Ending(error=KeyboardInterrupt()))
            if is_this:
                break
        if not self._open:
            self.notes.logged()
            self.live.cell_ends(result)

    def _is_body_of_open_cell(self, source: str) -> bool:
        """Say whether `source` is what ``%%capture`` runs of a cell whose run is open already."""
        around = next((entry.opened.cell.source.strip() for entry in reversed(self._open) if entry.opened), "")
        return around != source.strip() and around.endswith(source.strip())

    def _is_private(self, line: str) -> bool:
        """Say whether a tracked cell asks not to be recorded."""
        return not self.is_on or "--no-capture" in line.split()

    def _options(self, line: str) -> CellOptions | None:
        """Read the options, with ``{name}`` and ``$name`` filled in from the user's variables, as IPython does."""
        if re.search(r"[{$]", line):
            with suppress(Exception):
                line = DollarFormatter().vformat(line, (), self.shell.user_ns)
        try:
            return parse_cell_options(line)
        except UsageError:
            return None  # IPython runs the real magic, which raises it again

    # -- a run around a cell -----------------------------------------------------------------------------------------

    def begin(self, cell: Cell, options: CellOptions) -> CellRun:
        """Open a run around a cell."""
        opened = CellRun.open(self.shell, cell, options, self.filing)
        self.last_run_id = opened.run.id
        return opened

    def finish(self, opened: CellRun, ending: Ending) -> None:
        """End the run of a cell, show its line, and again when more is known for it."""
        score = opened.close(ending)
        experiment = opened.run.info.experiment_name
        board = self.board(opened.run.store)
        was_loaded = board.is_loaded
        board.add(experiment, *opened.children, score)
        others = board.of(experiment)
        line = outcome(score, others, board.goals, error=opened.error_text, notes=opened.notes)
        display_id = f"nbtrack-{score.run_id}"
        self._show(line, display_id)
        shown = line.text()

        def look_again() -> None:
            others = board.of(experiment)
            if was_loaded and not any(other.parent_run_id == score.run_id for other in others):
                return
            again = outcome(score, others, board.goals, error=opened.error_text, notes=opened.notes)
            if again.text() != shown:
                self._show(again, display_id, update=True)

        board.refresh_soon(look_again)

    def board(self, store: Any = None) -> Scoreboard:
        """Return what is known of the runs of a store; the one in use by default."""
        store = store or active.get_store()
        if store.uri not in self._boards:
            self._boards[store.uri] = Scoreboard(store)
        return self._boards[store.uri]

    def close(self) -> None:
        """Stop the threads; what is to be written is written."""
        self.notes.close()
        self.filing.flush()
        for board in self._boards.values():
            board.close()

    def _show(self, line: Any, display_id: str, *, update: bool = False) -> None:
        data = {"text/html": line.html(), "text/plain": line.text()}
        self.shell.display_pub.publish(data, transient={"display_id": display_id}, update=update)

    def _safely(self, action: Callable[[], None]) -> None:
        """Do something of ours inside the user's cell: an error becomes one line, and the cell goes on."""
        try:
            action()
        except Exception as error:  # noqa: BLE001
            text = str(error).strip().splitlines() or [""]
            print(f"nbtrack: this cell is not recorded: {type(error).__name__}: {text[0]}", file=sys.stderr)  # noqa: T201


def _ending(result: Any) -> Ending:
    info = result.info
    return Ending(
        value=result.result,
        error=result.error_before_exec or result.error_in_exec,
        transformed=getattr(info, "transformed_cell", None),
        execution_count=result.execution_count if info.store_history else None,
    )


def _line_of_magic(lines: Sequence[str], *, below_magics: bool = False) -> int | None:
    for i, line in enumerate(lines):
        if _MAGIC.match(line):
            return i
        is_passed = not line.strip() or line.lstrip().startswith("#") or (below_magics and line.startswith("%%"))
        if not is_passed:
            return None
    return None


def _options_of(line: str) -> str:
    found = _MAGIC.match(line)
    return found[1].strip() if found else ""
