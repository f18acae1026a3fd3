"""What every widget over many runs has: filter, brush, selection and the runs themselves, kept up to date."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets

from nbtrack.entities import LifecycleStage, ViewType
from nbtrack.errors import InvalidValueError, NotFoundError, SearchSyntaxError
from nbtrack.search.parser import parse_filter
from nbtrack.search.sql import show_sql
from nbtrack.store.protocol import RunQuery
from nbtrack.tracking import active
from nbtrack.tracking.frames import runs_frame
from nbtrack.views.edits import edit
from nbtrack.views.live_runs import LiveRuns
from nbtrack.views.run_rows import take_rows
from nbtrack.views.run_summary import summary_html, summary_text
from nbtrack.views.saved import drop_view, save_view, saved_view
from nbtrack.views.watcher import watch
from nbtrack.views.where import Extents, brush, check_extents, check_step, where
from nbtrack.widgets.panel import Panel, shell
from nbtrack.widgets.view_memory import memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from nbtrack.store.protocol import RunColumns, Store
    from nbtrack.views.questions import Answer

MAX_RUNS = 100_000
NEWEST_FIRST = ("start_time DESC",)
STATISTICS = ("last", "min", "max", "best")
EXAMPLES = {"experiment": "baseline", "axes": "params.lr", "columns": "params.lr", "panes": "curves"}
_OF_COLUMNS = {"axes", "colour_by", "columns", "extents", "group_by"}
_NO_VIEW = {*anywidget.AnyWidget.class_trait_names(), "selected"}
"""Traits that are no part of a view: what every widget has, and what a reader marks in passing."""


class RunsPanel(Panel):
    """Runs of one or several experiments.

    Everything that is set in the page comes back as a value, and the other way round.

    Attributes
    ----------
    filter : str
        The search grammar of ``search_runs``.
    extents : dict
        The brush, by column: ``{"params.lr": [[0.001, 0.1]], "params.model": ["cnn", None]}``; None as an end is open, None as a piece
        means runs without a value. ``(0.001, 0.1)`` may be set for ``[[0.001, 0.1]]``.
    steps : list of dict
        What was kept and excluded, in order: ``{"op": "keep" | "exclude", "extents": …}`` or ``{"op": …, "runs": [run id, …]}``.
    selected : list of str
        Ids of the selected runs.
    pinned_runs : list of str
        Ids of runs that stay in sight.
    statistics : dict
        ``last``, ``min``, ``max`` or ``best`` by metric.
    colour_by : str or None
        Column that colours lines, such as ``params.model``; None chooses by itself.
    show_deleted : bool
        Show the trash too.
    df : DataFrame
        The runs on view.
    where : str
        Filter, steps and brush as one filter of the search grammar.
    sql : str
        The query on view, to run with ``nbtrack.sql``.
    """

    filter = traitlets.Unicode("").tag(sync=True)
    extents = traitlets.Dict().tag(sync=True)
    steps = traitlets.List(traitlets.Dict()).tag(sync=True)
    selected = traitlets.List(traitlets.Unicode()).tag(sync=True)
    pinned_runs = traitlets.List(traitlets.Unicode()).tag(sync=True)
    statistics = traitlets.Dict().tag(sync=True)
    colour_by = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    show_deleted = traitlets.Bool(default_value=False).tag(sync=True)
    _view_traits = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(self, store: Store, experiment_ids: tuple[str, ...] | None, title: str, **traits: Any) -> None:
        self._asked_of: tuple[Store, tuple[str, ...] | None] = (store, experiment_ids)
        self._seen_columns: set[str] = set()
        self._is_page_speaking = False
        super().__init__(store, **traits)
        self._query = RunQuery(
            experiment_ids=experiment_ids, view=ViewType.ALL, order_by=NEWEST_FIRST, max_results=MAX_RUNS
        )
        self._runs = LiveRuns(store, self._query, store.title)
        self._title = title
        self._readable = self.filter
        self._view_traits = self.view_traits
        memory.recall(self, store, shell())

    @traitlets.observe("filter")
    def _remember_readable(self, change: Any) -> None:
        """Keep the last filter that can be read: the page goes on showing its rows while the next one is being typed."""
        with suppress(SearchSyntaxError):
            parse_filter(change["new"])
            self._readable = change["new"]

    # -- values set from Python are checked; a column that was there once is not looked up again ----------------------

    @traitlets.validate("extents")
    def _check_extents(self, proposal: Any) -> Any:
        extents = check_extents(proposal["value"])
        self._check_brushed(extents)
        return extents

    @traitlets.validate("steps")
    def _check_steps(self, proposal: Any) -> Any:
        steps = [check_step(step) for step in proposal["value"]]
        for step in steps:
            self._check_brushed(step.get("extents") or {})
        return steps

    @traitlets.validate("statistics")
    def _check_statistics(self, proposal: Any) -> Any:
        for key, statistic in proposal["value"].items():
            if statistic not in STATISTICS:
                message = f"The statistic of {key!r} is {statistic!r}; use {', '.join(map(repr, STATISTICS))}."
                raise InvalidValueError(message)
        return proposal["value"]

    @traitlets.validate("colour_by")
    def _check_colour(self, proposal: Any) -> Any:
        self._check_seen([proposal["value"]] if proposal["value"] else [])  # "" is one colour for all
        return proposal["value"]

    def _check_brushed(self, extents: Extents) -> None:
        fresh = [column for column in extents if column not in self._seen_columns]
        if fresh:
            parse_filter(brush({column: extents[column] for column in fresh}))  # columns that no filter can name
            self._check_seen(fresh)

    def _check_seen(self, columns: Iterable[str]) -> None:
        fresh = [column for column in columns if column not in self._seen_columns]
        if fresh and not self._is_page_speaking:  # it names what it was sent
            check_columns(*self._asked_of, fresh)
            self._seen_columns.update(fresh)

    def set_state(self, sync_data: Any) -> None:
        """Take over what was set in the page."""
        self._is_page_speaking = True
        try:
            super().set_state(sync_data)
        finally:
            self._is_page_speaking = False

    @property
    def query(self) -> RunQuery:
        """Return which runs there are before filter, steps and brush."""
        return self._query

    # -- values back -------------------------------------------------------------------------------------------------

    @property
    def where(self) -> str:
        """Return filter, steps and brush as one filter."""
        return where(self._readable, self.steps, self.extents)

    @property
    def df(self) -> pd.DataFrame:
        """Return the runs on view, one row a run."""
        view = ViewType.ALL if self.show_deleted else ViewType.ACTIVE_ONLY
        query = replace(self._query, filter_string=self.where, order_by=self._order() or NEWEST_FIRST, view=view)
        return runs_frame(self._store.run_columns(query))

    @property
    def sql(self) -> str:
        """Return the query on view as SQL."""
        return show_sql(
            self.where,
            list(self._order()),
            self._runs.found.goals if self._runs.found else {},
            lifecycle_stage=None if self.show_deleted else "active",
            experiment_ids=self._query.experiment_ids or (),
        )

    def _order(self) -> tuple[str, ...]:
        """Return the order of the rows; () is the usual one."""
        return ()

    def __repr__(self) -> str:
        """Say what is shown, the same in every session."""
        return f"{type(self).__name__}({self._title!r})"

    # -- saved views -------------------------------------------------------------------------------------------------

    @property
    def view_traits(self) -> list[str]:
        """Return the names of the values that make up the view."""
        return sorted(name for name in self.trait_names(sync=True) if name not in _NO_VIEW and not name.startswith("_"))

    @property
    def view_state(self) -> dict[str, Any]:
        """Return filter, brush, columns, axes… as one JSON object."""
        return {name: getattr(self, name) for name in self.view_traits}

    def apply_view(self, state: dict[str, Any]) -> None:
        """Take over a state; what this view does not have, and columns that are gone from the store, are left alone."""
        with self.hold_sync():
            for name in self.view_traits:
                if name in state:
                    with suppress(NotFoundError):
                        setattr(self, name, state[name])

    def save_view(self, name: str) -> None:
        """Keep the view in the store under a name, for ``nbtrack.runs(view=name)`` and the page's menu."""
        save_view(self._store, name, self.view_state)

    def load_view(self, name: str) -> None:
        """Bring back a saved view.

        Raises
        ------
        NotFoundError
            There is no such view; the message names those there are.
        """
        self.apply_view(saved_view(self._store, name))

    def drop_view(self, name: str) -> None:
        """Forget a saved view."""
        drop_view(self._store, name)

    # -- data to the page --------------------------------------------------------------------------------------------

    def table(self) -> bytes:
        """Return all runs as one blob."""
        watch(self._store).add(self)
        return self._runs.whole()

    def store_changed(self) -> None:
        """Send the rows that changed."""
        with self._sending:
            blob = self._runs.changes()
            if blob is None:
                return
            self.send({"kind": "data"}, [blob])
        self.refresh_summary()

    def close(self) -> None:
        """Take the widget away."""
        watch(self._store).remove(self)
        super().close()

    def on_view(self) -> RunColumns:
        """Return the runs on view as columns, without the trash: what a summary shows."""
        found = self._runs.found
        if found is None or self.where or self._order():
            query = replace(self._query, filter_string=self.where, order_by=self._order() or NEWEST_FIRST)
            found = self._store.run_columns(query)
        active_rows = np.asarray(found.attributes["lifecycle_stage"] == str(LifecycleStage.ACTIVE), dtype=bool)
        return take_rows(found, active_rows)

    def summary(self) -> tuple[str, str]:
        """Return the first rows, as they would be on view."""
        found = self.on_view()
        return summary_html(found, self._title), summary_text(found, self._title)

    def edit(self, message: dict[str, Any]) -> Answer:
        """Change names, notes, tags, trash, directions."""
        found = self._runs.found
        edit(self._store, message, known=set() if found is None else set(found.attributes["run_id"]))
        watch(self._store).look_now()
        return {}, []


def chosen_experiments(store: Store, experiment: str | Sequence[str] | None) -> tuple[tuple[str, ...] | None, str]:
    """Return ids and title of the experiments that a view shows; None means all.

    Raises
    ------
    NotFoundError
        There is no such experiment.
    """
    if experiment is None:
        chosen = active.chosen_experiment()
        if chosen is None:
            return None, store.title
        experiment = chosen
    names = names_in("experiment", experiment)
    known = {e.name: e.experiment_id for e in store.search_experiments()}
    missing = [name for name in names if name not in known]
    if missing and names != [active.chosen_experiment()]:
        raise NotFoundError("Experiment", missing[0], known)
    return tuple(known[name] for name in names if name in known), ", ".join(names)


def names_in(what: str, given: Any) -> list[str]:
    """Return one name, or several, as a list without repetitions; raises :class:`InvalidValueError` for what is none."""
    names = [given] if isinstance(given, str) else list(given) if isinstance(given, Iterable) else [given]
    if all(isinstance(name, str) for name in names):
        return list(dict.fromkeys(names))
    message = f"{what} is {given!r}; use a name such as {EXAMPLES.get(what, 'loss')!r}, or a list of names."
    raise InvalidValueError(message)


def check_columns(store: Store, ids: tuple[str, ...] | None, wanted: Sequence[str]) -> None:
    """Raise for a column that no run has, naming the nearest; ``metrics.acc`` and ``metrics.acc.max`` both name a metric.

    Raises
    ------
    NotFoundError
    """
    known = known_columns(store, ids)
    for name in wanted:
        if known and name not in known:
            near = [full for full in known if full.endswith(f".{name}")]
            raise NotFoundError("Column", name, near or known)


def known_columns(store: Store, ids: tuple[str, ...] | None) -> set[str]:
    """Return the columns that the runs have; none when there are no runs."""
    found = store.run_columns(RunQuery(experiment_ids=ids, view=ViewType.ALL, max_results=MAX_RUNS))
    if not len(found):
        return set()
    metrics = (f"metrics.{key}{stat}" for key in found.metrics for stat in ("", ".last", ".min", ".max", ".best"))
    params, tags = (f"params.{key}" for key in found.params), (f"tags.{key}" for key in found.tags)
    return {*found.attributes, "tags", "note", *params, *tags, *metrics}


def usable_state(
    panel: type[RunsPanel], store: Store, ids: tuple[str, ...] | None, state: dict[str, Any]
) -> dict[str, Any]:
    """Return what a view has of a saved state, without columns that these runs do not have."""
    known = known_columns(store, ids)
    usable = {name: value for name, value in state.items() if name in panel.class_traits()}
    for name in _OF_COLUMNS & usable.keys() if known else ():
        value = usable[name]
        if isinstance(value, dict):
            usable[name] = {column: pieces for column, pieces in value.items() if column in known}
        elif isinstance(value, list):
            usable[name] = [column for column in value if column in known] or None
        elif value and value not in known:
            usable[name] = None
    return usable
