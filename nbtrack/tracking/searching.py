"""The verbs of ``import nbtrack`` that read: search, SQL, histories."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, overload

from nbtrack.entities import ViewType
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.names import is_run_id
from nbtrack.store.protocol import RunQuery, Store
from nbtrack.tracking import active
from nbtrack.tracking.frames import runs_frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from nbtrack.entities import Run


@overload
def search_runs(
    what: str | Sequence[str] = "", /, *args: Any, output_format: Literal["pandas"] = "pandas", **options: Any
) -> pd.DataFrame: ...


@overload
def search_runs(
    what: str | Sequence[str] = "", /, *args: Any, output_format: Literal["list"], **options: Any
) -> list[Run]: ...


def search_runs(
    what: str | Sequence[str] = "",
    /,
    *args: Any,
    filter_string: str = "",
    experiment_names: Sequence[str] | None = None,
    experiment_ids: Sequence[str] | None = None,
    order_by: Sequence[str] | None = None,
    max_results: int = 1000,
    output_format: str = "pandas",
    run_view_type: ViewType = ViewType.ACTIVE_ONLY,
    search_all_experiments: bool = False,
    **unknown: Any,
) -> pd.DataFrame | list[Run]:
    """Return the runs that match, as a DataFrame or as a list.

    Parameters
    ----------
    filter_string : str
        Such as ``"metrics.loss < 0.4 and params.lr = '0.01'"``; the grammar is in :mod:`nbtrack.search.parser`.
        May come first, without its name. A list in the first place names experiment ids, and what follows is
        in MLflow's order: the filter, the view, the number of results, the order.
    experiment_names, experiment_ids : sequence of str, optional
        Where to look; the experiment in use by default.
    order_by : sequence of str, optional
        Such as ``["metrics.loss.min ASC", "start_time DESC"]``.
    max_results : int
        At most so many runs.
    output_format : {"pandas", "list"}
        A DataFrame with ``metrics.*``, ``params.*`` and ``tags.*`` columns, or :class:`~nbtrack.entities.Run` objects.
    run_view_type : ViewType
        Runs in use, in the trash, or both.
    search_all_experiments : bool
        Look in every experiment.

    Raises
    ------
    SearchSyntaxError
        The filter cannot be read; the message points at the place.
    NotFoundError
        There is no such experiment.
    """
    if unknown:
        raise TypeError(f"search_runs() got an unexpected keyword argument {next(iter(unknown))!r}")
    if not isinstance(what, str):
        experiment_ids = what
        named: tuple[Any, ...] = (filter_string, run_view_type, max_results, order_by, output_format)
        filter_string, run_view_type, max_results, order_by, output_format = (*args, *named[len(args) :])
    elif args:
        raise TypeError("search_runs() takes one positional argument; name the others, as in order_by=[…].")
    else:
        filter_string = what or filter_string
    if output_format not in ("pandas", "list"):
        raise InvalidValueError(f"output_format {output_format!r} is not allowed; use 'pandas' or 'list'.")
    if max_results < 0:
        raise InvalidValueError(f"max_results {max_results!r} is not allowed; use a whole number from 0.")
    store = active.get_store()
    may_be_new = False
    if search_all_experiments:
        experiment_ids = experiment_names = None
    elif experiment_ids is None and experiment_names is None:
        experiment_names = (active.experiment_name(),)
        may_be_new = True
    query = RunQuery(
        filter_string=filter_string,
        experiment_ids=None if experiment_ids is None else _all(experiment_ids),
        experiment_names=None if experiment_names is None else _all(experiment_names),
        order_by=_all(order_by),
        view=ViewType(run_view_type),
        max_results=max_results,
    )
    look = _frame if output_format == "pandas" else lambda store, query: store.search_runs(query)
    try:
        return look(store, query)
    except NotFoundError:
        if not may_be_new:
            raise
        return look(store, replace(query, experiment_names=None, experiment_ids=()))  # nothing was recorded there yet


def _frame(store: Store, query: RunQuery) -> pd.DataFrame:
    return runs_frame(store.run_columns(query))


def _all(texts: str | Sequence[Any] | None) -> tuple[str, ...]:
    return (texts,) if isinstance(texts, str) else tuple(str(text) for text in texts or ())


def sql(query: str, values: Sequence[Any] = ()) -> pd.DataFrame:
    """Run a query over the tables of the store (``runs``, ``params``, ``metrics``, ``latest``, ``tags``, …).

    It sees everything that was logged up to this moment, also by other processes, and changes nothing.

    Parameters
    ----------
    query : str
        One SQL statement that returns rows.
    values : sequence
        What stands for each ``?`` in it.
    """
    if not query.strip():
        raise InvalidValueError("The query is empty; write one such as 'SELECT name, status FROM runs'.")
    return active.get_store().sql(query, values)


def metric_history(run_id: str, key: str, n_buckets: int | None = None) -> pd.DataFrame:
    """Return the points of one metric of one run.

    Parameters
    ----------
    run_id : str
        Id, number or name.
    key : str
        Such as ``"val/loss"``.
    n_buckets : int, optional
        Thin to at most so many ranges of steps; spikes are kept in ``min`` and ``max``.

    Returns
    -------
    DataFrame
        ``step, timestamp, value``; with `n_buckets` ``step, timestamp, min, max, first, last, mean, count, nans``.

    Raises
    ------
    NotFoundError
        No such run or metric; the message names those there are.
    """
    import pandas as pd  # noqa: PLC0415 - `import nbtrack` stays light

    store = active.get_store()
    run_id = run_id if is_run_id(run_id) else store.resolve_run(run_id)
    if n_buckets is not None:
        return pd.DataFrame(store.metric_buckets(run_id, key, n_buckets), copy=False)
    step, timestamp, value = store.metric_history(run_id, key)
    return pd.DataFrame({"step": step, "timestamp": timestamp, "value": value}, copy=False)


def set_goal(metric: str, goal: str | None) -> None:
    """Say once for the store whether a metric should be small (``"min"``) or large (``"max"``); None takes it back."""
    if goal not in ("min", "max", None):
        raise InvalidValueError(f"Goal {goal!r} is not allowed; use 'min' or 'max'.")
    active.get_store().append(("setting", None, None, {"name": f"goal/{metric}", "value": goal}))
