"""``nbtrack.check``: an expectation of a run, in Python; raises when it fails."""

from __future__ import annotations

from nbtrack import config
from nbtrack.errors import ExpectationError, NoActiveRunError
from nbtrack.expectations.judging import FAILED, NEW, Outcome, judge_run, record
from nbtrack.expectations.reading import read
from nbtrack.tracking import active


def check(expression: str, run: str | int | None = None, *, baseline: str | None = None) -> Outcome:
    """Raise unless a run is as good as expected, such as ``check("acc >= best - 0.005")``.

    ``best`` is the best earlier run of the experiment by the first metric named (which way is best, ``set_goal`` says), ``previous`` the
    one before, ``baseline`` the pinned one (``%track baseline RUN``). Alone they stand for the metric on the other side of the comparison;
    ``best.latency`` is another metric of that run. Any other name before the dot is an alias of a registered model. What fails by no more
    than equal runs with other seeds differ (two standard deviations of at least three) is noise, and does not raise.

    Parameters
    ----------
    expression : str
        The grammar is that of :func:`nbtrack.expect`.
    run : str or int, optional
        Number, name or id; the open run, else the last one of this process.
    baseline : str, optional
        A run, or ``NAME@ALIAS`` of a registered model, for ``baseline``.

    Returns
    -------
    Outcome
        Its `status` is ``held``, ``noise`` or ``new`` (nothing to measure against yet). It stands as tag ``nbtrack.expect`` on the run.

    Raises
    ------
    ExpectationError
        It failed; an ``AssertionError``, so that test runners know it.
    NoActiveRunError
        No run is meant.
    InvalidValueError, SearchSyntaxError, NotFoundError
        The expectation cannot be read, or there is no such run or baseline.
    """
    outcome = look(expression, run, baseline=baseline)
    if outcome.status == FAILED:
        raise ExpectationError(expression, outcome.text())
    return outcome


def look(expression: str, run: str | int | None = None, *, baseline: str | None = None) -> Outcome:
    """Judge as :func:`check` does and keep the outcome on the run, without raising for one that failed."""
    if config.is_rerun():  # in a store of its own, where there is no best and no baseline
        return Outcome(read(expression).text, NEW, ("not judged where a run is made again",))
    current = active.current_run()
    if run is None and current is not None:
        store, found = current.store, current.store.get_run(current.id)
        found.data.metrics.update(current.metrics)  # on a server, what was logged last may still be on its way
        found.data.params.update(current.params)
    else:
        store, name = active.get_store(), run if run is not None else active.last_run_id()
        if name is None:
            raise NoActiveRunError
        found = store.get_run(store.resolve_run(name))
    outcome = judge_run(store, found, expression, baseline=baseline)
    record(store, found, outcome)
    if current is not None and current.id == found.info.run_id:
        current.tags.update(found.data.tags)
    return outcome
