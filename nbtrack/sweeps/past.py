"""What was done of a sweep already: its parent, its trials, and the sampler brought to where it was.

A sampler that draws from what it has seen goes on as if nothing had happened: it is asked again for every trial in the same order,
and told in the same order how they went, so that it has drawn as many random numbers and seen the same values. With one job that makes
a resumed sweep equal to an uninterrupted one; with several, trials end in an order that no seed fixes, so only what was already asked
for is the same. The same is true of pruners.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbtrack.entities import RunStatus
from nbtrack.errors import InvalidValueError, NotFoundError, UnreachableError, warn
from nbtrack.store.protocol import RunQuery
from nbtrack.sweeps.outcome import ERROR, PRUNED
from nbtrack.sweeps.plan import STATE, SWEEP, TOLD, TRIAL
from nbtrack.sweeps.ranges import label
from nbtrack.sweeps.standing import Trial

if TYPE_CHECKING:
    from typing import Any

    from nbtrack.entities import Run
    from nbtrack.store.protocol import Store
    from nbtrack.sweeps.proposals import Proposals
    from nbtrack.sweeps.standing import Board

ENDED = (RunStatus.FINISHED, RunStatus.FAILED)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A run of a trial that was begun before."""

    number: int
    run: Run

    @property
    def is_ended(self) -> bool:
        """Say whether it came to an end of its own: a killed one did not."""
        return self.run.info.status in ENDED

    @property
    def told(self) -> list[int]:
        """Return the trials that the sampler had been told of since it was last asked."""
        return [int(number) for number in self.run.data.tags.get(TOLD, "").split()]

    @property
    def pruned_at(self) -> int | None:
        """Return the step at which it was given up."""
        step = self.run.data.tags.get(PRUNED)
        return None if step is None else int(step)


def find_parent(store: Store, digest: str, experiment: str, name: str | None) -> Run | None:
    """Return the newest run of this sweep, or None.

    Raises
    ------
    InvalidValueError
        It is going on in another process.
    """
    query = RunQuery(f"tags.`{SWEEP}` = '{digest}'", experiment_names=(experiment,), order_by=("start_time DESC",))
    try:
        found = store.search_runs(query)
    except NotFoundError:
        return None  # nothing was recorded there yet
    except UnreachableError:
        warn("Nobody knows whether this sweep was begun before, as the server does not answer; it begins anew.")
        return None
    parents = [run for run in found if name is None or run.info.run_name == name]
    if parents and parents[0].info.status == RunStatus.RUNNING:
        number = parents[0].info.number
        message = (
            f"This sweep is going on in run #{number} {parents[0].info.run_name!r}; wait for it, "
            "or begin another one with resume=False."
        )
        raise InvalidValueError(message)
    return parents[0] if parents else None


def is_done(parent: Run) -> bool:
    """Say whether a sweep came to its end."""
    return parent.data.tags.get(STATE) == "done"


def attempts_of(store: Store, parent_id: str) -> list[Attempt]:
    """Return the runs of a sweep's trials, those begun first first."""
    found = store.search_runs(RunQuery(f"parent_run_id = '{parent_id}'", order_by=("number ASC",)))
    return [Attempt(int(run.data.tags[TRIAL]), run) for run in found if run.data.tags.get(TRIAL, "").isdecimal()]


def take_up(
    proposals: Proposals, board: Board, attempts: list[Attempt], store: Store, n_trials: int, *, retry_failed: bool
) -> list[tuple[int, dict[str, Any]]]:
    """Bring a sampler and the account of trials to where they were.

    Returns
    -------
    list of (int, dict)
        Trials that were asked for and have not ended: number and params.
    """
    firsts: dict[int, Attempt] = {}
    ended: dict[int, deque[Attempt]] = defaultdict(deque)
    for attempt in attempts:
        firsts.setdefault(attempt.number, attempt)
    for attempt in sorted((a for a in attempts if a.is_ended), key=lambda a: a.run.info.end_time or 0):
        ended[attempt.number].append(attempt)
    last = {number: found[-1] for number, found in ended.items()}
    params: dict[int, dict[str, Any]] = {}
    untold = {number: deque(found) for number, found in ended.items()}
    replay = _Replay(proposals, board, store, untold)
    while proposals.asked < min(n_trials, max(firsts, default=-1) + 1):
        first = firsts.get(proposals.asked)
        for number in first.told if first else ():
            replay.tell(number)
        number, asked, _ = proposals.ask()
        params[number] = asked if first is None else replay.agree(number, asked, first)
    replay.tell_rest(params)
    for number, attempt in last.items():
        if number in params:
            board.remember(_trial_of(attempt, params[number], board))
    missing = [number for number in params if number not in last]
    if retry_failed:
        failed = [number for number, attempt in last.items() if attempt.run.info.status == RunStatus.FAILED]
        for number in failed:
            board.forget(number)
        missing = sorted([*missing, *(number for number in failed if number in params)])
    return [(number, params[number]) for number in missing]


class _Replay:
    """Tells a sampler again what it was told."""

    def __init__(self, proposals: Proposals, board: Board, store: Store, untold: dict[int, deque[Attempt]]) -> None:
        self._proposals = proposals
        self._board = board
        self._store = store
        self._untold = untold
        self._has_warned = False

    def tell(self, number: int) -> None:
        """Tell how the next attempt of a trial went."""
        if not self._proposals.remembers or not self._untold.get(number):
            return
        attempt = self._untold[number].popleft()
        metric = self._board.metric
        if self._proposals.prunes and metric is not None and metric in attempt.run.data.metrics:
            steps, _, values = self._store.metric_history(attempt.run.info.run_id, metric)
            for step, value in zip(steps.tolist(), values.tolist(), strict=True):
                if attempt.pruned_at is None or step <= attempt.pruned_at:
                    self._proposals.report(number, step, value)
        value = self._board.value_of(attempt.run.data.metrics)
        is_pruned = attempt.pruned_at is not None
        self._proposals.tell(number, attempt.run.info.status, value, is_pruned=is_pruned)

    def tell_rest(self, asked: dict[int, Any]) -> None:
        """Tell what ended after the sampler was last asked."""
        rest = [attempt for found in self._untold.values() for attempt in found if attempt.number in asked]
        for attempt in sorted(rest, key=lambda a: a.run.info.end_time or 0):
            self.tell(attempt.number)

    def agree(self, number: int, asked: dict[str, Any], first: Attempt) -> dict[str, Any]:
        """Return the params that were tried: those asked for again, or, when a sampler does not repeat itself, those on record."""
        recorded = {name: first.run.data.params.get(name) for name in asked}
        if recorded == {name: label(value) for name, value in asked.items()}:
            return asked
        if not self._has_warned:
            self._has_warned = True
            warn(
                "The sampler does not ask for the same params again (other versions, or it has no seed): it goes on from what is on "
                "record, and what comes may differ from an uninterrupted sweep."
            )
        params = self._proposals.read(recorded)
        self._proposals.impose(number, params)
        return params


def _trial_of(attempt: Attempt, params: dict[str, Any], board: Board) -> Trial:
    run = attempt.run
    return Trial(
        number=attempt.number,
        params=params,
        run_id=run.info.run_id,
        status=run.info.status,
        metrics=dict(run.data.metrics),
        value=board.value_of(run.data.metrics),
        pruned_at=attempt.pruned_at,
        seconds=run.info.duration,
        error=run.data.tags.get(ERROR, ""),
    )
