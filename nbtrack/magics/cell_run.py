"""One tracked cell: opens its run, watches it, and records what it was when it has ended."""

from __future__ import annotations

import asyncio
import re
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbtrack import config
from nbtrack.entities import RunStatus
from nbtrack.errors import NbtrackError
from nbtrack.magics import capture, variables
from nbtrack.magics.choices import choices
from nbtrack.magics.outcome import Score
from nbtrack.magics.output import OutputWatch
from nbtrack.tracking import active
from nbtrack.tracking.environment import notebook_path
from nbtrack.tracking.named_secrets import is_secret_value
from nbtrack.tracking.redaction import redact, redact_params
from nbtrack.tracking.starting import start_run
from nbtrack.tracking.stop import StopRun
from nbtrack.tracking.surroundings import add_environment_files

if TYPE_CHECKING:
    from nbtrack.magics.filing import Filing
    from nbtrack.magics.options import CellOptions
    from nbtrack.tracking.run import ActiveRun

SOURCE, OUTPUT, TRACEBACK = "source/cell.py", "output/tail.txt", "output/traceback.txt"
LONGEST_ERROR = 500


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as IPython hands it over: the text as typed, and its id in the notebook."""

    source: str
    cell_id: str | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a cell ended.

    Attributes
    ----------
    value : object
        The value of the last expression.
    error : BaseException or None
        What stopped the cell.
    transformed : str or None
        The cell's source as IPython ran it.
    execution_count : int or None
        The number beside the cell; None when it is not part of the history.
    """

    value: Any = None
    error: BaseException | None = None
    transformed: str | None = None
    execution_count: int | None = None


@dataclass
class CellRun:
    """The run around one cell."""

    shell: Any
    cell: Cell
    options: CellOptions
    filing: Filing
    run: ActiveRun
    watch: OutputWatch | None = None
    notes: list[str] = field(default_factory=list)
    error_text: str = ""
    children: list[Score] = field(default_factory=list)

    @classmethod
    def open(cls, shell: Any, cell: Cell, options: CellOptions, filing: Filing) -> CellRun:
        """Start the run; from here on ``log_*`` in the cell goes there, and ``start_run`` makes a child of it."""
        run = start_run(
            options.name,
            experiment=options.experiment,
            tags={**cell_tags(cell), **redact_params(options.tags)},
            nested=options.is_nested
            or config.inherited_run_id() is not None,  # a cell never is the run of its whole notebook
        )
        try:
            run.is_implicit = True
            opened = cls(shell, cell, options, filing, run)
            run.on_child_end.append(lambda child, status: opened.children.append(score_of(child, status)))
            if options.captures:
                add_environment_files(run)
                filing.add(run, SOURCE, lambda: redact(cell.source).encode(), "text/x-python")
                opened.watch = OutputWatch(shell)
                opened.watch.open()
        except BaseException:  # an interrupt in here
            run.end(RunStatus.KILLED)
            raise
        return opened

    def close(self, ending: Ending) -> Score:
        """End the run with what the cell left: its last value, or its error."""
        status = status_of(ending.error)
        if self.run.stopped_at:
            self.notes.append(self.run.stopped_at)
        try:
            if self.watch is not None:
                self.watch.close()
            self.run.set_tags(self._last_tags(ending, status))
            if self.options.captures:
                self._record(ending)
        finally:
            if self.watch is not None:
                self.watch.close()
            self._end_left_open(status)
            self.run.end(status)
        return score_of(self.run, status)

    def _end_left_open(self, status: RunStatus) -> None:
        """End what was started in the cell and not ended: else the next cell would log there."""
        inside = {self.run.id}
        inner: list[ActiveRun] = []
        for run in active.open_runs():  # oldest first
            if run.parent_run_id in inside and run.is_opened_beside(self.run):
                inside.add(run.id)
                inner.append(run)
        for run in reversed(inner):
            run.end(status)
        if inner:
            self.notes.append(f"{len(inner)} run{'s' if len(inner) > 1 else ''} left open ended with the cell")

    def _last_tags(self, ending: Ending, status: RunStatus) -> dict[str, str]:
        tags = {}
        if ending.execution_count is not None:
            tags["nbtrack.cell.execution_count"] = str(ending.execution_count)
        if ending.error is not None and status == RunStatus.FAILED:
            self.error_text = self._clean(f"{type(ending.error).__name__}: {ending.error}")[:LONGEST_ERROR]
            tags["nbtrack.error"] = self.error_text
        return tags

    def _record(self, ending: Ending) -> None:
        error = ending.error
        params = self._params(ending)
        if params:
            self.run.record_params(params)
        metrics = capture.metrics_of(ending.value) if error is None else {}
        if metrics:
            self.run.record(metrics)
        elif error is None and capture.is_mixed(ending.value):
            self.notes.append("the last dict has values that are no numbers: no metrics taken from it")
        if error is not None and not isinstance(error, StopRun):
            text = self._clean(error_report(error))
            self.filing.add(self.run, TRACEBACK, text.encode, "text/plain")
        if self.watch is not None:
            self._record_output(self.watch)
        if self.options.keeps_variables:
            self._keep_variables(ending)

    def _keep_variables(self, ending: Ending) -> None:
        """Keep what the cell defined and changed; what cannot be kept is told, and nothing is raised."""
        source = ending.transformed or self.shell.transform_cell(self.cell.source)
        tree = capture.cell_body(source, self.shell.transform_cell)
        space = self.shell.user_ns
        names = (
            [name for name in variables.touched_names(tree) if name in space and name not in choices().ignored]
            if tree
            else []
        )
        try:
            self.notes.append(variables.keep(self.run, self.filing, names, space))
        except NbtrackError as error:
            self.notes.append(f"no variables kept: {error}")

    def _params(self, ending: Ending) -> dict[str, Any]:
        error, source = ending.error, ending.transformed
        if source is None:
            source = self.shell.transform_cell(self.cell.source)
        tree = capture.cell_body(source, self.shell.transform_cell)
        names: list[str] = []
        space = self.shell.user_ns
        if tree is not None and not isinstance(error, SyntaxError):
            line = None if error is None else capture.failed_line(error, self.shell.user_global_ns)
            names = [each for each in capture.literal_names(tree, line) if each not in choices().ignored]
        found = capture.captured_params(names, self.options.params, space)
        missing = [name for name in self.options.params if name not in found]
        if missing:
            self.notes.append(f"no variable {', '.join(missing)}")
        asked = choices().question([name for name in names if name in found], ending.execution_count)
        self.notes += [asked] if asked else []
        # What the cell logged itself stays; the run keeps the first value of a key.
        return {key: item for key, item in redact_params(found).items() if key not in self.run.params}

    def _clean(self, text: str) -> str:
        return _without(self._secrets(), redact(text))

    def _secrets(self) -> set[str]:
        """Return the values of variables whose names say that they are secret: printed, they look like any text."""
        space = dict(self.shell.user_ns)
        return {v for k, v in space.items() if isinstance(v, str) and is_secret_value(k, v)}

    def _record_output(self, watch: OutputWatch) -> None:
        tail = watch.tail.text()
        if tail.strip():
            secrets = self._secrets()
            self.filing.add(self.run, OUTPUT, lambda: _without(secrets, redact(tail)).encode(), "text/plain")
        self.filing.add_all(self.run, watch.figures.files)
        if watch.figures.n_left_out:
            self.notes.append(f"{watch.figures.n_left_out} figures more than are kept")


def _without(secrets: set[str], text: str) -> str:
    for secret in secrets:
        text = text.replace(secret, "…redacted")
    return text


def score_of(run: ActiveRun, status: RunStatus) -> Score:
    """Return a run that has just ended as the line under the cell needs it."""
    return Score(
        run_id=run.id,
        number=run.number,
        name=run.name,
        status=status,
        metrics=dict(run.metrics),
        params=dict(run.params),
        duration=run.elapsed_s(),
        parent_run_id=run.parent_run_id,
        start_time=run.info.start_time,
    )


def status_of(error: BaseException | None) -> RunStatus:
    """Return how a run ends that `error` stopped: an interrupt kills it, Stop and ``exit()`` finish it."""
    if error is None or isinstance(error, StopRun) or (isinstance(error, SystemExit) and not error.code):
        return RunStatus.FINISHED
    if isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError)):
        return RunStatus.KILLED
    return RunStatus.FAILED


def error_report(error: BaseException) -> str:
    """Return the traceback as text, from the user's cell on: IPython's own frames above it say nothing."""
    report = traceback.TracebackException.from_exception(error, limit=-60)
    frames = list(report.stack)
    while len(frames) > 1 and _is_ipython(frames[0].filename):
        frames.pop(0)
    report.stack = traceback.StackSummary.from_list(frames)
    return "".join(report.format())


def _is_ipython(filename: str) -> bool:
    return re.search(r"[/\\](?:IPython|ipykernel|asyncio|nbtrack[/\\]magics)[/\\]", filename) is not None


def cell_tags(cell: Cell) -> dict[str, str]:
    """Return the tags that say which cell of which notebook a run is of."""
    path = notebook_path()
    tags = {
        "nbtrack.cell.id": cell.cell_id or "",
        "nbtrack.notebook": re.split(r"[/\\]", path)[-1],
    }
    return {key: value for key, value in tags.items() if value}
