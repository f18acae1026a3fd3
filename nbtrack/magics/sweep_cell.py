"""``%%track sweep``: the cell is the trial, run once for each of the params that the line names."""

from __future__ import annotations

import re
import sys
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from nbtrack.errors import NbtrackError
from nbtrack.magics.cell_run import SOURCE, Cell, cell_tags
from nbtrack.magics.output import Figures
from nbtrack.magics.sweep_code import cell_code
from nbtrack.magics.sweep_names import check_portable, identity_of, reachable
from nbtrack.magics.sweep_options import parse_sweep_options
from nbtrack.magics.sweep_trial import CellTrial
from nbtrack.sweeps.sweep import sweep
from nbtrack.tracking import active
from nbtrack.tracking.redaction import redact
from nbtrack.tracking.surroundings import add_environment_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbtrack.magics.sweep_code import CellCode
    from nbtrack.magics.sweep_options import SweepOptions
    from nbtrack.magics.track import CellTracker
    from nbtrack.sweeps.result import SweepResult
    from nbtrack.sweeps.standing import News

_OF_SHELL = re.compile(r"get_ipython\(\)\.(?:run_line_magic|run_cell_magic|system|getoutput)\(\s*'?([\w ]*)")
MOST_NAMED = 6


class SweepPaused(KeyboardInterrupt):
    """Somebody interrupted a sweep; said in one line, and the cells below do not run."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def sweep_cell(tracker: CellTracker, line: str, cell: str) -> SweepResult:
    """Carry out the trials of a swept cell that are missing.

    Raises
    ------
    UsageError
        The line, or the cell with it, cannot be swept.
    SweepPaused
        Somebody interrupted.
    """
    options = parse_sweep_options(line)
    if not tracker.is_on:
        message = "%%track sweep: %track off is in force, and a sweep is its runs; %track on resumes"
        raise UsageError(message)
    try:
        return _Sweeping(tracker, options, line, cell).carry_out()
    except KeyboardInterrupt as interrupt:
        note = next(iter(getattr(interrupt, "__notes__", ())), "The sweep is paused.")
        raise SweepPaused(note.replace("Called again, it goes on.", "Run the cell again to go on.")) from None
    except NbtrackError as error:
        message = f"%%track sweep: {error}"
        raise UsageError(message) from None


class _Sweeping:
    """One run of a swept cell."""

    def __init__(self, tracker: CellTracker, options: SweepOptions, line: str, cell: str) -> None:
        self._tracker = tracker
        self._options = options
        self._typed = f"%%track sweep {line}\n{cell}"
        self._space: dict[str, Any] = tracker.shell.user_ns
        self._names = tuple(options.space.dimensions)
        self._kept: dict[str, Any] = {}
        self._had_begun = False
        source = tracker.shell.transform_cell(cell)
        self._check_magics(source)
        self._code: CellCode = cell_code(source, self._names)
        sent = tuple(name for name in self._code.reads if name in self._space)
        if options.jobs != 1:
            check_portable(sent, self._space)
        self._trial = CellTrial(
            self._code,
            self._space,
            metric=options.metric,
            names=sent,
            label=", ".join(self._names).replace(".", "_"),
            around=self._quiet if options.jobs == 1 else None,
            file=tracker.filing.add,
        )
        if options.keep is not None:
            self._trial.left = {}

    def carry_out(self) -> SweepResult:
        """Have the trials done, and say what is not on view."""
        self._warn_unused()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*retry_failed=True")  # it is said below, in the magic's words
            found = self._sweep()
        self._tracker.last_run_id = found.parent.info.run_id
        if not self._had_begun:
            _say(
                f"All {found.standing.total} trials are done already, in run #{found.parent.info.number}; "
                "none was run. --again begins anew."
            )
            self._tracker.live.show_sweep(found)
        elif not any(trial.metrics for trial in found.trials):
            _say('No trial has a metric: end the cell with a dict such as {"acc": acc}, or call nbtrack.log_metric.')
        if self._had_begun and not found.is_done:
            at = found.standing
            _say(f"The sweep is paused: {at.done} of {at.total} trials are done. Run the cell again to go on.")
        if found.failed and found.executed:
            first = found.failed[0]
            many = f"Trial {first.number}" if len(found.failed) == 1 else f"{len(found.failed)} trials, the first"
            _say(f"{many} failed with {first.error or 'no word'}; --retry-failed tries again")
        self._leave_behind(found)
        return found

    def _sweep(self) -> SweepResult:
        options = self._options
        return sweep(
            self._trial,
            options.space,  # type: ignore[arg-type]
            n_trials=options.trials,
            method=options.method,
            seed=options.seed,
            metric=options.metric,
            direction=options.direction,
            jobs=options.jobs,
            pruner=options.pruner,
            name=options.name,
            experiment=options.experiment,
            resume=not options.is_new,
            retry_failed=options.retries,
            listener=self._hear,
            source=identity_of(self._code.identity, self._code.reads, self._space),
        )

    def _hear(self, news: News) -> None:
        if news.kind == "begun":
            self._had_begun = True
            self._describe(news)
        left = self._trial.left
        if news.kind == "ended" and left is not None and (self._options.keep == "last" or news.is_best):
            self._kept = left

    def _describe(self, news: News) -> None:
        """Write into the sweep's own run which cell it is; its trials have none of that."""
        run = active.current_run()
        if run is None or run.id != news.parent:
            return
        at = news.standing
        if at.before:
            missing = at.total - at.done
            _say(
                f"{at.done} of {at.total} trials are done already: run #{run.number} goes on with the {missing} missing"
            )
        run.set_tags(cell_tags(Cell(self._typed, self._tracker.cell_id)))
        add_environment_files(run)
        self._tracker.filing.add(run, SOURCE, lambda: redact(self._typed).encode(), "text/x-python")

    def _leave_behind(self, found: SweepResult) -> None:
        """Give the notebook the variables of a trial, when that was asked for."""
        keep = self._options.keep
        if keep is None:
            return
        if not self._kept:
            _say(f"--keep {keep}: that trial was not run here now, so its variables are not here")
            return
        self._space.update({name: value for name, value in self._kept.items() if not name.startswith("__")})
        of = f" (trial {found.best.number})" if keep == "best" and found.best is not None else ""
        _say(
            f"kept of the {keep} trial{of}: {', '.join(sorted(name for name in self._kept if not name.startswith('_')))}"
        )

    def _check_magics(self, source: str) -> None:
        magic = _OF_SHELL.search(source)
        if magic is None:
            return
        if "run_cell_magic" in magic[0]:
            message = f"%%track sweep: %%{magic[1]} cannot stand below it; put it above, or leave it out"
            raise UsageError(message)
        if self._options.jobs != 1:
            message = (
                "%%track sweep: lines with % or ! need the notebook; put them into another cell, or leave --jobs out"
            )
            raise UsageError(message)

    def _warn_unused(self) -> None:
        used = reachable(self._code.reads, self._space)
        # what the cell itself binds is not among what it reads
        unused = [name for name in self._names if name not in used and not _mentions(self._code.identity, name)]
        if unused:
            shown = ", ".join(unused[:MOST_NAMED])
            _say(f"The cell does not use {shown}: every value of it gives the same trial.")

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """Keep what a trial displays from the page: fifty trials would bury the view."""
        publisher = self._tracker.shell.display_pub
        if not hasattr(publisher, "register_hook"):
            yield
            return
        figures = _Displays()
        publisher.register_hook(figures)
        try:
            yield
        finally:
            publisher.unregister_hook(figures)
            figures.keep()


class _Displays:
    """Takes what is displayed, and keeps the figures among it with the trial's run."""

    def __init__(self) -> None:
        self._figures = Figures()

    def __call__(self, message: Any) -> Any:
        """See a message on its way to the page; None stops it there."""
        if message.get("msg_type") not in ("display_data", "update_display_data", "clear_output"):
            return message
        data = message.get("content", {}).get("data")
        if isinstance(data, dict) and not self._figures.add(data) and "text/plain" in data:
            sys.stdout.write(f"{data['text/plain']}\n")  # which is the trial's own while it runs
        return None

    def keep(self) -> None:
        """Write the figures."""
        run = active.current_run()
        if run is not None:
            for path, data in self._figures.files().items():
                run.log_bytes(data, path.replace("fig-", "shown-"))


def _mentions(code: str, name: str) -> bool:
    return len(re.findall(rf"(?<![\w.]){re.escape(name)}(?!\w)", code)) > 2 * len(
        re.findall(rf"^{re.escape(name)} = {re.escape(name)}$", code, re.MULTILINE)
    )


def _say(text: str) -> None:
    print(text)  # noqa: T201 - a magic answers on the page
