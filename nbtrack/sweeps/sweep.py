"""``nbtrack.sweep``: a function tried with many params, one run a trial under a parent, to be interrupted and taken up at will."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from nbtrack import config
from nbtrack.errors import InvalidValueError, warn
from nbtrack.sweeps import calling, past, pipes
from nbtrack.sweeps import plan as plans
from nbtrack.sweeps.engine import Engine
from nbtrack.sweeps.jobs import Serial
from nbtrack.sweeps.listening import on_sweep
from nbtrack.sweeps.progress import Bar, shows_bar
from nbtrack.sweeps.proposals import Proposals
from nbtrack.sweeps.result import SweepResult
from nbtrack.sweeps.space import space_of
from nbtrack.sweeps.standing import Board
from nbtrack.tracking import active
from nbtrack.tracking.starting import start_run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbtrack.entities import Run
    from nbtrack.store.protocol import Store
    from nbtrack.sweeps.jobs import Jobs
    from nbtrack.sweeps.listening import Listener
    from nbtrack.sweeps.plan import Plan
    from nbtrack.tracking.run import ActiveRun

SEEDS = 2**31


def sweep(  # noqa: PLR0913 - all but two by keyword, each of them a plain word
    fn: Callable[..., Any],
    space: Mapping[str, Any] | str,
    *,
    n_trials: int | None = None,
    method: Any = "grid",
    seed: int | None = None,
    metric: str | None = None,
    direction: str | None = None,
    jobs: int = 1,
    pruner: Any = None,
    name: str | None = None,
    experiment: str | None = None,
    resume: bool = True,
    retry_failed: bool = False,
    cluster: Any = None,
    listener: Listener | None = None,
    source: str | None = None,
) -> SweepResult:
    """Try a function with many params: one run a trial, all under a parent run.

    A sweep that was interrupted, or killed, goes on where it stopped when it is called again with the same function source, space, method
    and seed: exactly the missing trials are carried out. With more `n_trials` it is continued. What the function calls or reads besides its
    own source is not looked at; ``resume=False`` begins anew.

    Parameters
    ----------
    fn : callable
        Takes the params as ``fn(lr, depth)``, ``fn(**params)`` or ``fn(params)``, each of them also after a ``run``, as in
        ``fn(run, lr, depth)``. A number that it returns, or a dict of numbers, is logged; what it logs is logged into its trial's run.
        A trial in which it raises ends FAILED, and the sweep goes on.
    space : mapping or str
        ``{"lr": nbtrack.sweeps.log(1e-5, 1e-2, 6), "depth": [2, 4, 8]}``, or as text ``"lr=log(1e-5,1e-2,6) depth=[2,4,8]"``.
    n_trials : int, optional
        How many trials; all of a grid by default.
    method : str or optuna sampler
        ``"grid"``, ``"random"``, or one of Optuna's: ``"tpe"``, ``"cmaes"``, ``"gp"``, ``"qmc"``, ``"nsgaii"``, which draw from the
        whole range.
    seed : int, optional
        Of everything random; one is chosen, and kept, by default.
    metric : str, optional
        What trials are compared by; a returned number is logged under this name (``"objective"`` by default).
    direction : {"max", "min"}, optional
        Which way it is better; by default as its name says (loss, accuracy, …).
    jobs : int
        Trials at a time, each in a process of its own; -1 for one a processor.
    pruner : str or optuna pruner, optional
        ``"median"``, ``"percentile"``, ``"hyperband"`` or ``"halving"``: asked each time `metric` is logged with a step.
    name, experiment : str, optional
        Of the parent run.
    resume, retry_failed : bool
        Go on with an earlier call; try its failed trials again.
    cluster : str or dask.distributed.Client, optional
        Carry trials out on a Dask cluster, such as ``"tcp://host:8786"``.
    listener : callable, optional
        Told the :class:`~nbtrack.sweeps.standing.News` of each trial, in this thread.
    source : str, optional
        Stands for the function's source when `fn` is made from a text, as a notebook cell.

    Returns
    -------
    SweepResult
        ``best``, ``params``, ``runs``, ``trials``, ``parent``, ``importance()``.

    Raises
    ------
    InvalidValueError
        The space, the function or an option is not allowed, or the sweep is going on in another process.
    KeyboardInterrupt
        Somebody interrupted: trials that went on end KILLED, and so does the parent, until the sweep is called again.

    Notes
    -----
    A resumed sweep has the result of an uninterrupted one for ``grid`` and ``random`` always, and for samplers and pruners of Optuna with a
    seed and one job. With several jobs a sampler hears of trials in the order in which they happen to end.

    Examples
    --------
    >>> found = nbtrack.sweep(train, "lr=log(1e-5,1e-2,6) depth=[2,4,8]", metric="acc", jobs=2)  # doctest: +SKIP
    >>> found.params  # doctest: +SKIP
    {'lr': 0.001, 'depth': 4}
    """
    found = space_of(space)
    call = calling.call_of(fn, found.dimensions)
    method = plans.check_method(method)
    plan = plans.Plan(
        space=found,
        method=method,
        n_trials=plans.check_trials(n_trials, method, found),
        seed=_check_seed(seed),
        metric=metric,
        direction=plans.check_goal(method, pruner, metric, direction),
        pruner=pruner,
        function=str(getattr(fn, "__qualname__", type(fn).__qualname__)),
        source=calling.source_of(fn) if source is None else source,
        fingerprint=calling.fingerprint(fn) if source is None else plans.digest_of(source),
    )
    begin = _Begin(plan, name, experiment, resume=resume, retry_failed=retry_failed)
    room = plans.check_jobs(jobs)
    return begin.carry_out(call, room, cluster, [*([listener] if listener else []), *_listeners()])


class _Begin:
    """Finds out what there is to do, and has it done."""

    def __init__(
        self, plan: Plan, name: str | None, experiment: str | None, *, resume: bool, retry_failed: bool
    ) -> None:
        self._digest = plan.digest  # with the seed as it was given
        self._name = name
        self._experiment = experiment
        self._retries = retry_failed
        self._store: Store = active.writable_store()
        self._earlier = self._find(plan) if resume else None
        kept = self._earlier.data.tags.get(plans.SEED) if self._earlier is not None else None
        self._plan = plan if plan.seed is not None else plan.with_seed(int(kept) if kept else secrets.randbelow(SEEDS))

    def carry_out(self, call: calling.Call, room: int, cluster: Any, listeners: list[Listener]) -> SweepResult:
        """Carry out the trials that are missing."""
        plan, earlier = self._plan, self._earlier
        proposals, board = Proposals(plan, self._digest), Board(plan, room)
        missing: list[tuple[int, dict[str, Any]]] = []
        if earlier is not None:
            attempts = past.attempts_of(self._store, earlier.info.run_id)
            missing = past.take_up(proposals, board, attempts, self._store, plan.n_trials, retry_failed=self._retries)
            if not missing and proposals.asked >= plan.n_trials:
                return self._result(earlier.info.run_id, board, 0)
        jobs = self._jobs(call, room, cluster, proposals)
        try:
            parent = self._open_parent()
        except BaseException:
            jobs.close()
            raise
        before = board.standing().done
        Engine(plan, parent, proposals, board, jobs, missing, listeners).run()
        result = self._result(parent.id, board, board.standing().done - before)
        _tell_failures(result)
        return result

    def _find(self, plan: Plan) -> Run | None:
        current = active.current_run()
        of_current = current.info.experiment_name if current is not None else ""
        experiment = self._experiment or of_current or active.experiment_name()
        found = past.find_parent(self._store, self._digest, experiment, self._name)
        is_over = found is not None and past.is_done(found)
        if is_over and plan.seed is None and plan.method != "grid":
            return None  # nobody asked for the same random trials again
        return found

    def _open_parent(self) -> ActiveRun:
        nested = active.current_run() is not None or config.inherited_run_id() is not None
        plan = self._plan
        if self._earlier is not None:
            parent = start_run(run_id=self._earlier.info.run_id, nested=nested)
            parent.set_tag(plans.STATE, "running")
        else:
            tags = {plans.SWEEP: self._digest, plans.SEED: str(plan.seed), plans.STATE: "running"}
            name = self._name or f"sweep of {plan.function.rpartition('.')[2]}"[:80]
            parent = start_run(name, experiment=self._experiment, tags=tags, nested=nested)
        parent.log_bytes(plan.as_json(self._digest), plans.FILE, "application/json")
        return parent

    def _jobs(self, call: calling.Call, room: int, cluster: Any, proposals: Proposals) -> Jobs:
        plan = self._plan
        asks = proposals.report if proposals.prunes else None
        if cluster is None and room == 1:
            return Serial(call, plan.metric, asks)
        from nbtrack.sweeps.processes import Processes  # noqa: PLC0415 - one process needs none of it
        from nbtrack.sweeps.worker import Setting  # noqa: PLC0415

        experiment = self._experiment or active.chosen_experiment()
        setting = pipes.packed(Setting(self._store.uri, call, plan.metric, proposals.prunes, experiment))
        if cluster is not None:
            from nbtrack.sweeps.cluster import Cluster  # noqa: PLC0415

            return Cluster(cluster, room, setting, asks, self._store)
        return Processes(min(room, plan.n_trials), setting, asks)

    def _result(self, parent_id: str, board: Board, executed: int) -> SweepResult:
        trials = [board.trials[number] for number in sorted(board.trials)]
        return SweepResult(self._store, self._plan, parent_id, trials, board.standing(), executed=executed)


def _listeners() -> list[Listener]:
    asked = [listener for ask in on_sweep if (listener := ask()) is not None]
    return asked or ([Bar()] if shows_bar() else [])


def _check_seed(seed: Any) -> int | None:
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32):
        raise InvalidValueError(f"Seed {seed!r} is not allowed; use a whole number from 0 to 2**32 - 1.")
    return seed


def _tell_failures(result: SweepResult) -> None:
    failed = result.failed
    if failed and result.executed:
        many = (
            f"{len(failed)} of {len(result.trials)} trials failed"
            if len(failed) > 1
            else f"Trial {failed[0].number} failed"
        )
        warn(f"{many}, the first with {failed[0].error or 'no word'}; sweep(…, retry_failed=True) tries them again.")
