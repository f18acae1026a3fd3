"""``%track expect acc >= best - 0.005`` and ``%track baseline RUN``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from nbtrack.errors import ExpectationError, NbtrackError
from nbtrack.expectations.checking import look
from nbtrack.expectations.others import pin
from nbtrack.expectations.reading import read
from nbtrack.tracking import active

if TYPE_CHECKING:
    from nbtrack.expectations.judging import Outcome
    from nbtrack.magics.track import CellTracker

MIME = "application/vnd.nbtrack.expectation+json"
"""What the cell also shows: the outcome for programs, such as the plugin of pytest."""
_OPTION = re.compile(r"(?:^|\s)--(baseline|run)(?:=|\s+)(\S+)|(?:^|\s)--(raise)(?=\s|$)")
_COMMENT = re.compile(r"\s#\s[^'`]*$")
USAGE = "%track expect EXPECTATION [--run RUN] [--baseline RUN|NAME@ALIAS] [--raise], as in %track expect acc >= best - 0.005"


def expect(tracker: CellTracker, text: str) -> None:
    """Judge an expectation of the run of this cell when the cell ends, else of the open run or the last one, and show how it came out."""
    text = _COMMENT.sub("", text)
    options = {found[1] or found[3]: found[2] or "yes" for found in _OPTION.finditer(text)}
    expression = _OPTION.sub(" ", text).strip()
    if not expression:
        raise UsageError(f"%track expect: say what is expected: {USAGE}")
    read(expression)
    current = active.current_run()
    if "run" not in options and current is not None and current.is_implicit:
        raises = "raise" in options
        current.on_end.append(lambda _: _look_at_end(tracker, expression, options.get("baseline"), raises=raises))
        return
    run = options.get("run") or (None if current is not None else tracker.last_run_id)
    outcome = look(expression, run, baseline=options.get("baseline"))
    _show(tracker.shell, outcome)
    if not outcome and "raise" in options:
        raise ExpectationError(expression, outcome.text())


def baseline(words: list[str]) -> str:
    """Pin a run as the baseline of its experiment, take the pin out with ``none``, or say which it is."""
    store = active.get_store()
    if words[:1] == ["none"]:
        pin(store, None, str(store.experiment_id(active.experiment_name())))
        return "no run is the baseline"
    if len(words) != 1:
        message = "%track baseline: name one run, as in %track baseline 43, or none"
        raise UsageError(message)
    run = store.get_run(store.resolve_run(words[0]))
    pin(store, run, run.info.experiment_id)
    return f"#{run.info.number} {run.info.run_name} is the baseline of {run.info.experiment_name}"


def _look_at_end(tracker: CellTracker, expression: str, named: str | None, *, raises: bool) -> None:
    """Judge when the cell's last value is recorded; the cell has ended, so nothing can be raised into it any more."""
    try:
        _show(tracker.shell, look(expression, baseline=named))
    except NbtrackError as error:
        print(f"%track expect {expression}: {error}")  # noqa: T201 - a magic answers on the page
    if raises:
        print("%track expect --raise: the cell has ended; put the line into a cell of its own to stop there")  # noqa: T201


def _show(shell: Any, outcome: Outcome) -> None:
    data = {"text/html": outcome.html(), "text/plain": outcome.text(), MIME: outcome.to_dict()}
    shell.display_pub.publish(data)
