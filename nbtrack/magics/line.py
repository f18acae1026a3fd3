"""``%track …`` and ``%runs``."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class
from IPython.display import display

from nbtrack.errors import ExpectationError, NbtrackError
from nbtrack.magics import choices, forking, report, slice_verb, variables, watch
from nbtrack.magics.cell_run import Cell, Ending
from nbtrack.magics.expect import baseline, expect
from nbtrack.magics.guard import GUARD
from nbtrack.magics.options import parse_cell_options, split_words
from nbtrack.magics.sweep_line import sweep_line
from nbtrack.tracking import active

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.magics.track import CellTracker

USAGE = """%track status                 the open run, the store, what is captured
  %track captured [RUN]         everything stored of the last run, with sizes
  %track forget [RUN] NAME …    remove captured params, tags or files of the last run
  %track watch acc, len(X)      record these after each cell, and each second while one is busy; alone it lists
  %track unwatch [EXPRESSION]   watch it no more, or nothing
  %track ignore [NAME …]        never record these names in this notebook; %track keep NAME … takes that back
  %track live [RUN]             the run that is running, or another: curves, progress, Stop, knobs, notes
  %track live on | off          show each run by itself while its cell goes on, or none
  %track expect acc >= best - 0.005   judge the run; also previous, baseline; [--baseline RUN|NAME@ALIAS] [--raise]
  %track fork RUN lr=3e-4 …     run its code again with another literal, in a process of its own
  %track save [RUN] [NAME …]    keep variables with a run; %%track --vars keeps what its cell defined and changed
  %track restore RUN [NAME …] [--trust]   bring kept variables back
  %track baseline RUN | none    the run that `baseline` means in this experiment
  %track slice METRIC [RUN]     the cells that produced a metric, as a script; > FILE.py writes it
  %track guard                  a cell with which the notebook also runs without nbtrack
  %track off | %track on        stop and resume recording %%track cells"""

_RUN = re.compile(r"#?\d+|[0-9a-f]{32}")
_ORDER_BY = re.compile(r"(?:^|\s)--order-by(?:\s+|=)")


@magics_class
class TrackMagics(Magics):
    """The magics that IPython lists; ``%%track`` itself comes here only as the body of another magic's call."""

    shell: Any

    def __init__(self, shell: Any, tracker: CellTracker) -> None:
        super().__init__(shell)
        self.tracker = tracker

    @line_cell_magic
    def track(self, line: str, cell: str | None = None) -> Any:
        """Record a cell with ``%%track``; ``%track status|captured|forget|live|guard|on|off`` shows and changes what is.

        ``%%track [NAME] [--experiment E] [--param a,b] [--tag k=v] [--nested] [--vars] [--no-capture]``, and
        ``%%track sweep lr=log(1e-5,1e-2,6) depth=[2,4,8] [--jobs N] [--seed S] …`` runs a cell once for each of many params.
        """
        return self._verb(line) if cell is None else self._cell(line, cell)

    def _verb(self, line: str) -> None:
        verbs: dict[str, Callable[[list[str]], None]] = {
            "status": self._status,
            "captured": self._captured,
            "forget": self._forget,
            "live": self._live,
            "guard": self._guard,
            "watch": lambda _: _say(watch.watch(self.tracker.notes.watch, line.strip().removeprefix("watch"))),
            "unwatch": lambda _: _say(watch.unwatch(self.tracker.notes.watch, line.strip().removeprefix("unwatch"))),
            "ignore": lambda words: _say(choices.ignore(words)),
            "keep": lambda words: _say(choices.keep(words)),
            "slice": lambda words: slice_verb.verb(self.tracker, words),
            "expect": lambda _: expect(self.tracker, line.strip().removeprefix("expect")),
            "baseline": lambda words: _say(baseline(words)),
            "fork": lambda words: forking.fork(self.tracker, words),
            "save": lambda words: _say(variables.save(self.tracker, words)),
            "restore": lambda words: _say(variables.restore(self.tracker, words)),
            "off": self._off,
            "on": self._on,
        }
        verb, *words = split_words(line) or ["status"]
        if verb not in verbs:
            message = f"%track: unknown {verb!r}. To record a cell, begin it with %%track. Use:\n  {USAGE}"
            raise UsageError(message)
        try:
            verbs[verb](words)
        except ExpectationError:
            raise
        except NbtrackError as error:
            raise UsageError(str(error)) from None

    @line_magic
    def runs(self, line: str) -> Any:
        """Show the runs that match: ``%runs [FILTER] [--order-by ..]``, such as ``%runs metrics.acc > 0.9``."""
        parts = _ORDER_BY.split(line.strip(), maxsplit=1)
        order_by = [part.strip() for part in parts[1].strip("\"'").split(",")] if len(parts) > 1 else None
        try:
            return self._table(parts[0].strip(), order_by)
        except NbtrackError as error:
            raise UsageError(str(error)) from None

    def _cell(self, line: str, cell: str) -> Any:
        """Run a cell in a run of its own: the body of another magic, or a call of ``run_cell_magic``."""
        swept = sweep_line(line)
        if swept is not None:
            from nbtrack.magics.sweep_cell import sweep_cell  # noqa: PLC0415 - few cells sweep

            return sweep_cell(self.tracker, swept, cell)
        options = parse_cell_options(line)
        if not self.tracker.is_on:
            return _run(self.shell, cell)
        transformed = self.shell.transform_cell(cell)
        opened = self.tracker.begin(Cell(f"%%track {line}\n{cell}"), options)
        value, error = None, None
        try:
            value = _run(self.shell, cell)
        except BaseException as raised:
            error = raised
            raise
        finally:
            self.tracker.finish(opened, Ending(value, error, transformed))
        return value

    # -- verbs ---------------------------------------------------------------------------------------------------------

    def _status(self, _: list[str]) -> None:
        _say(report.status(self.tracker))

    def _captured(self, words: list[str]) -> None:
        self.tracker.filing.flush()
        store = active.get_store()
        _say(report.captured(store, self._run_id(words[0] if words else None)))

    def _forget(self, words: list[str]) -> None:
        is_run = bool(words) and _RUN.fullmatch(words[0]) is not None
        run_id, names = self._run_id(words[0] if is_run else None), words[1:] if is_run else words
        if not names:
            message = "%track forget: say what: %track forget [RUN] NAME …; %track captured lists the names"
            raise UsageError(message)
        self.tracker.filing.flush()
        _say(report.forget(active.get_store(), run_id, names))

    def _live(self, words: list[str]) -> None:
        if words[:1] in (["on"], ["off"]):
            self.tracker.live.choice = words == ["on"]
            _say(
                "runs are shown while they go on" if self.tracker.live.choice else "no live panel until %track live on"
            )
        elif len(words) > 1:
            message = f"%track live: one run at a time; received {' '.join(words)}"
            raise UsageError(message)
        elif self._has_widgets():
            from nbtrack.widgets.live import live  # noqa: PLC0415

            display(live(words[0] if words else None))
        elif words:
            from nbtrack.views.live_summary import live_text  # noqa: PLC0415

            store = active.get_store()
            _say(live_text(store.get_run(store.resolve_run(words[0]))))
        else:
            _say("running now (live curves need Jupyter):")
            _say(report.running(active.get_store()))

    def _guard(self, _: list[str]) -> None:
        _say(GUARD)

    def _off(self, _: list[str]) -> None:
        self.tracker.is_on = False
        _say("%%track cells run unrecorded until %track on")

    def _on(self, _: list[str]) -> None:
        self.tracker.is_on = True
        _say("%%track cells are recorded")

    # -- inside --------------------------------------------------------------------------------------------------------

    def _run_id(self, name: str | None) -> str:
        if name is not None:
            return str(active.get_store().resolve_run(name))
        current = active.current_run()
        run_id = current.id if current else self.tracker.last_run_id or active.last_run_id()
        if run_id is None:
            message = "No run was recorded in this notebook yet; name one: %track captured 43"
            raise UsageError(message)
        return run_id

    def _has_widgets(self) -> bool:
        return getattr(self.shell, "kernel", None) is not None

    def _table(self, filter_string: str, order_by: list[str] | None) -> Any:
        """Return the runs table in Jupyter, and a DataFrame where no widget can be shown."""
        if self._has_widgets():
            from nbtrack.widgets.board import runs  # noqa: PLC0415

            return runs(filter_string, order_by=order_by or ())
        from nbtrack.tracking.searching import search_runs  # noqa: PLC0415

        return search_runs(filter_string, order_by=order_by)


def _run(shell: Any, cell: str) -> Any:
    """Run code in the user's namespace and return the value of its last expression, as ``%%time`` does."""
    source = shell.transform_cell(cell)
    name = shell.compile.cache(source, shell.execution_count, raw_code=cell)
    tree = ast.parse(source, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(shell.compile(tree, name, "exec"), shell.user_ns)  # noqa: S102 - the user's own cell
    if not isinstance(last, ast.Expr):
        return None
    value = eval(shell.compile(ast.Expression(last.value), name, "eval"), shell.user_ns)  # noqa: S307
    return None if source.rstrip().endswith(";") else value


def _say(text: str) -> None:
    print(text)  # noqa: T201 - a magic answers on the page
