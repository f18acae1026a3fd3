"""Which runs a chart shows, and their values by the name of a column."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nbtrack.entities import ViewType
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.names import is_run_id
from nbtrack.plots.data.columns import Column, make_column
from nbtrack.search.fields import no_goal
from nbtrack.store.protocol import RunQuery
from nbtrack.tracking import active
from nbtrack.tracking.frames import runs_frame
from nbtrack.views.goals import goal_of
from nbtrack.views.run_rows import take_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbtrack.store.protocol import RunColumns, TrackingStore

STATISTICS = ("last", "min", "max", "best")
GROUPS = ("params", "metrics", "tags")
HIDDEN_TAGS = ("mlflow.", "nbtrack.")


@dataclass(frozen=True)
class Chosen:
    """Runs and everything known about them, as columns.

    Attributes
    ----------
    frame : DataFrame, one row a run
        As ``search_runs`` returns it, with what a given DataFrame had besides.
    found : RunColumns or None
        The same runs with all statistics of their metrics; None for a DataFrame without run ids.
    store : TrackingStore or None
        Where the histories are.
    """

    frame: pd.DataFrame
    found: RunColumns | None = None
    store: TrackingStore | None = field(default=None, repr=False)

    def __len__(self) -> int:
        """Return the number of runs."""
        return len(self.frame)

    @property
    def ids(self) -> list[str]:
        """Run ids."""
        return [str(run_id) for run_id in self.frame["run_id"]] if "run_id" in self.frame else []

    @property
    def labels(self) -> list[str]:
        """What names each run: ``"#43 brave fox"``; the row for a DataFrame without runs."""
        numbers = self.frame.get("number", pd.Series([pd.NA] * len(self)))
        names = self.frame.get("run_name", pd.Series(self.frame.index, dtype=object).map(lambda row: f"row {row}"))
        return [
            str(name) if pd.isna(number) else f"#{int(number)} {name}"
            for number, name in zip(numbers, names, strict=True)
        ]

    @property
    def goals(self) -> dict[str, str]:
        """``"min"`` or ``"max"`` by metric."""
        return {} if self.found is None else self.found.goals

    def keys(self, group: str) -> list[str]:
        """Return the full names of all params, metrics or tags (without those of nbtrack itself, and of the machine)."""
        full = [str(name) for name in self.frame.columns if str(name).startswith(f"{group}.")]
        hidden = {"tags": tuple(f"tags.{start}" for start in HIDDEN_TAGS), "metrics": ("metrics.system/",)}
        return [name for name in full if not name.startswith(hidden.get(group, ("\0",)))]

    def column(self, name: str) -> Column:
        """Return a column by its full name, or by a short one that means only one thing.

        Raises
        ------
        NotFoundError
            No run has it; the message names the nearest.
        InvalidValueError
            A short name means several, or ``.best`` a metric without a goal.
        """
        if not isinstance(name, str):
            given = type(name).__name__
            raise InvalidValueError(
                f"A column is named by a text such as 'params.lr', not by a {given}; runs are given as runs=…."
            )
        full = self._full_name(name)
        group, _, key = full.partition(".")
        if full in self.frame:
            label = key if group in GROUPS else full
            return make_column(
                full, self.frame[full], label=label, goal=goal_of(key, self.goals) if group == "metrics" else None
            )
        key, _, statistic = key.rpartition(".")
        values = self._statistic(key, statistic)
        return make_column(full, values, label=f"{key} ({statistic})", goal=goal_of(key, self.goals))

    def _full_name(self, name: str) -> str:
        if self._has(name):
            return name
        aliases = {"name": "run_name", "started": "start_time"}
        if name in aliases and self._has(aliases[name]):
            return aliases[name]
        meant = [full for group in GROUPS if self._has(full := f"{group}.{name}")]
        if len(meant) > 1:
            raise InvalidValueError(f"{name!r} may be {' or '.join(map(repr, meant))}; write the one that is meant.")
        if not meant:
            known = [str(column) for column in self.frame.columns]
            raise NotFoundError("Column", name, [full for full in known if full.endswith(f".{name}")] or known)
        return meant[0]

    def _has(self, full: str) -> bool:
        if full in self.frame:
            return True
        group, _, rest = full.partition(".")
        key, _, statistic = rest.rpartition(".")
        return group == "metrics" and statistic in STATISTICS and self.found is not None and key in self.found.metrics

    def _statistic(self, key: str, statistic: str) -> Any:
        assert self.found is not None  # _has looked
        if statistic == "best":
            if key not in self.goals:
                raise InvalidValueError(no_goal(key))
            statistic = self.goals[key]
        parts = self.found.metrics[key]
        return np.where(parts["count"] > 0, parts[statistic], np.nan)


def choose(runs: Any = None, experiment: str | Sequence[str] | None = None) -> Chosen:
    """Return the runs that a chart shows.

    Parameters
    ----------
    runs : str, DataFrame, sequence, view of runs or None
        A filter of the search grammar; a DataFrame, as ``search_runs`` returns it or of one's own; runs, or their ids, numbers or names;
        a widget such as ``nbtrack.runs()``, for the runs on view there; None for all.
    experiment : str or sequence of str, optional
        Where a filter or None looks; by default the experiment chosen with ``set_experiment``, else all.

    Raises
    ------
    SearchSyntaxError
        The filter cannot be read.
    NotFoundError
        There is no such run or experiment.
    InvalidValueError
        `runs` is something else.
    """
    if runs is None or isinstance(runs, str):
        return _searched(runs or "", experiment)
    if not isinstance(runs, pd.DataFrame) and isinstance(getattr(runs, "df", None), pd.DataFrame):
        runs = runs.df
    if isinstance(runs, pd.DataFrame):
        return _from_frame(runs)
    if hasattr(runs, "__iter__"):
        return _from_ids(list(runs))
    raise InvalidValueError(
        f"runs is a {type(runs).__name__}; use a filter, a DataFrame of search_runs, a list of run ids, or a view such as nbtrack.runs()."
    )


def _searched(filter_string: str, experiment: str | Sequence[str] | None) -> Chosen:
    store = active.get_store()
    may_be_new = experiment is None
    if experiment is None:
        experiment = active.chosen_experiment()
    names = (experiment,) if isinstance(experiment, str) else None if experiment is None else tuple(experiment)
    query = RunQuery(filter_string=filter_string, experiment_names=names, order_by=("start_time DESC",))
    try:
        found = store.run_columns(query)
    except NotFoundError:
        if not may_be_new:
            raise
        found = store.run_columns(RunQuery(experiment_ids=()))  # nothing was recorded there yet
    return Chosen(runs_frame(found), found, store)


def _from_ids(given: list[Any]) -> Chosen:
    store = active.get_store()
    ids = list(dict.fromkeys(_run_id(store, item) for item in given))
    found = store.run_columns(RunQuery(run_ids=tuple(ids), view=ViewType.ALL))
    known = set(found.attributes["run_id"])
    missing = next((run_id for run_id in ids if run_id not in known), None)
    if missing is not None:
        raise NotFoundError("Run", missing)
    return _from_frame(pd.DataFrame({"run_id": ids}), found)


def _run_id(store: TrackingStore, item: Any) -> str:
    info = getattr(item, "info", None)
    if info is not None:
        return str(info.run_id)
    if not isinstance(item, str | int | np.integer):
        raise InvalidValueError(f"A run is named by its id, number or name, not by a {type(item).__name__}.")
    if is_run_id(item):
        return str(item)
    return store.resolve_run(item if isinstance(item, str) else int(item))


def _from_frame(frame: pd.DataFrame, found: RunColumns | None = None) -> Chosen:
    """Return the rows of a frame; those that name runs get everything that is known of these."""
    if "run_id" not in frame:
        return Chosen(frame.reset_index(drop=True))
    store = active.get_store()
    ids = [str(run_id) for run_id in frame["run_id"]]
    if found is None:
        found = store.run_columns(RunQuery(run_ids=tuple(ids), view=ViewType.ALL))
    place = {run_id: row for row, run_id in enumerate(found.attributes["run_id"])}
    there = np.array([run_id in place for run_id in ids], dtype=bool)
    if not there.all():  # rows of another store, or made by hand: what they hold is all there is
        return Chosen(frame.reset_index(drop=True))
    order = np.array([place[run_id] for run_id in ids], dtype=np.int64)
    ordered = take_rows(found, order)
    known = runs_frame(ordered)
    own = frame.reset_index(drop=True)
    extra = {str(name): own[name] for name in own.columns if name != "run_id"}
    rest = known[[name for name in known.columns if name not in extra]]
    return Chosen(pd.concat([rest, pd.DataFrame(extra, index=known.index)], axis=1), ordered, store)
