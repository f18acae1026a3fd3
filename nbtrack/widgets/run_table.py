"""``nbtrack.runs()``: the table of runs, live in the notebook."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from nbtrack.entities import LifecycleStage, ViewType
from nbtrack.errors import InvalidValueError, NotFoundError, SearchSyntaxError
from nbtrack.names import check_key, check_name
from nbtrack.search.parser import parse_filter, parse_order_by
from nbtrack.search.sql import show_sql
from nbtrack.store.protocol import RunColumns, RunQuery
from nbtrack.tracking import active
from nbtrack.tracking.frames import runs_frame
from nbtrack.tracking.run import NOTE, RUN_NAME
from nbtrack.views.run_rows import changed_rows, take_rows
from nbtrack.views.run_table import pack
from nbtrack.widgets.panel import Panel
from nbtrack.widgets.summary import summary_html, summary_text
from nbtrack.widgets.watcher import watch

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from nbtrack.store.local import LocalStore

MAX_RUNS = 100_000
EDITS = ("rename", "note", "tag", "untag", "delete", "restore")


class RunTable(Panel):
    """All runs of one or several experiments as a live table.

    Everything that is set in the page comes back as a value, and the other way round.

    Attributes
    ----------
    filter : str
        The search grammar of ``search_runs``.
    order_by : list of str
        Such as ``["metrics.acc.max DESC"]``.
    columns : list of str or None
        Ids of the columns on view, in order; None chooses by itself.
    pinned, pinned_runs : list of str
        Columns kept on the left, runs kept on top.
    group_by : str or None
        Column to group by.
    selected : list of str
        Ids of the selected runs.
    statistics : dict
        ``last``, ``min``, ``max`` or ``best`` by metric.
    show_deleted : bool
        Show the trash too.
    height : int
        Pixels; 0 fits the rows.
    density : {"compact", "normal", "relaxed"}
        Height of the rows.
    df : DataFrame
        The rows on view.
    sql : str
        The query on view, to run with ``nbtrack.sql``.
    """

    filter = traitlets.Unicode("").tag(sync=True)
    order_by = traitlets.List(traitlets.Unicode()).tag(sync=True)
    columns = traitlets.List(traitlets.Unicode(), allow_none=True, default_value=None).tag(sync=True)
    pinned = traitlets.List(traitlets.Unicode()).tag(sync=True)
    pinned_runs = traitlets.List(traitlets.Unicode()).tag(sync=True)
    group_by = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    selected = traitlets.List(traitlets.Unicode()).tag(sync=True)
    statistics = traitlets.Dict().tag(sync=True)
    show_deleted = traitlets.Bool(default_value=False).tag(sync=True)
    height = traitlets.Int(0).tag(sync=True)
    density = traitlets.Enum(["compact", "normal", "relaxed"], "normal").tag(sync=True)

    def __init__(self, store: LocalStore, experiment_ids: tuple[str, ...] | None, title: str, **traits: Any) -> None:
        super().__init__(_view="run-table", **traits)
        self._store = store
        self._query = RunQuery(
            experiment_ids=experiment_ids, view=ViewType.ALL, order_by=("start_time DESC",), max_results=MAX_RUNS
        )
        self._title = title
        self._version = 0
        self._found: RunColumns | None = None
        self._readable = self.filter

    @traitlets.observe("filter")
    def _remember_readable(self, change: Any) -> None:
        """Keep the last filter that can be read: the page goes on showing its rows while the next one is being typed."""
        with suppress(SearchSyntaxError):
            parse_filter(change["new"])
            self._readable = change["new"]

    # -- values back -------------------------------------------------------------------------------------------------

    @property
    def df(self) -> pd.DataFrame:
        """Return the rows on view, filtered and in order."""
        view = ViewType.ALL if self.show_deleted else ViewType.ACTIVE_ONLY
        order = tuple(self.order_by) or ("start_time DESC",)
        query = replace(self._query, filter_string=self._readable, order_by=order, view=view)
        return runs_frame(self._store.run_columns(query))

    @property
    def sql(self) -> str:
        """Return the query on view as SQL."""
        goals = self._found.goals if self._found else {}
        stage = None if self.show_deleted else "active"
        return show_sql(
            self._readable,
            list(self.order_by),
            goals,
            lifecycle_stage=stage,
            experiment_ids=self._query.experiment_ids or (),
        )

    def __repr__(self) -> str:
        """Say what is shown, the same in every session."""
        return f"RunTable({self._title!r})"

    # -- data to the page --------------------------------------------------------------------------------------------

    def table(self) -> bytes:
        """Return all runs as one blob."""
        with self._sending:
            self._found = self._store.run_columns(self._query)
            self._version += 1
            watch(self._store).add(self)
            return pack(self._found, version=self._version, store=self._store.path.name)

    def store_changed(self) -> None:
        """Send the rows that changed."""
        with self._sending:
            if self._found is None:
                return
            new = self._store.run_columns(self._query)
            changed, removed = changed_rows(self._found, new)
            has_news = bool(
                changed.any()
                or removed
                or new.goals != self._found.goals
                or bool(new.snapshot) != bool(self._found.snapshot)
            )
            self._found = new
            if not has_news:
                return
            self._version += 1
            is_full = changed.sum() > len(new) // 2
            rows = new if is_full else take_rows(new, changed)
            blob = pack(
                rows,
                version=self._version,
                store=self._store.path.name,
                mode="full" if is_full else "patch",
                removed=removed,
            )
            self.send({"kind": "data"}, [blob])
        self.refresh_summary()

    def close(self) -> None:
        """Take the widget away."""
        watch(self._store).remove(self)
        super().close()

    def summary(self) -> tuple[str, str]:
        """Return the first rows, as they would be on view."""
        found = self._found or self._store.run_columns(self._query)
        with suppress(SearchSyntaxError):
            query = replace(
                self._query, filter_string=self.filter, order_by=tuple(self.order_by) or self._query.order_by
            )
            if self.filter or self.order_by:
                found = self._store.run_columns(query)
        active_rows = np.asarray(found.attributes["lifecycle_stage"] == str(LifecycleStage.ACTIVE), dtype=bool)
        found = take_rows(found, active_rows)
        return summary_html(found, self._title), summary_text(found, self._title)

    # -- questions and edits -----------------------------------------------------------------------------------------

    def answer(self, message: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        """Answer the page: outlines of metrics, edits of runs."""
        if message.get("kind") == "ask" and message.get("what") == "sparks":
            points = max(2, min(int(message.get("points") or 32), 200))
            runs = [str(run) for run in message.get("runs", [])][:1000]
            matrix = self._store.sparks(runs, str(message["key"]), points)
            return {"runs": runs, "key": message["key"], "points": points}, [matrix.astype("<f4").tobytes()]
        if message.get("kind") == "edit":
            self._edit(str(message.get("op")), message)
            watch(self._store).look_now()
            return {}, []
        return super().answer(message)

    def _edit(self, op: str, message: dict[str, Any]) -> None:
        key, value = message.get("key"), message.get("value")
        if op == "goal":
            if value not in ("min", "max", None):
                problem = f"Goal {value!r} is not allowed; use 'min' or 'max'."
                raise InvalidValueError(problem)
            self._store.append(
                ("setting", None, None, {"name": f"goal/{check_key(str(key), 'Metric key')}", "value": value})
            )
            return
        if op not in EDITS:
            problem = f"Edit {op!r} is not known; use {', '.join(EDITS)} or goal."
            raise InvalidValueError(problem)
        known = set() if self._found is None else set(self._found.attributes["run_id"])
        for run_id in [str(run) for run in message.get("runs", [])]:
            if run_id not in known:
                raise NotFoundError("Run", run_id)
            self._store.append(_edit_record(op, run_id, key, value))


def _edit_record(op: str, run_id: str, key: Any, value: Any) -> tuple[str, str, dict[str, str] | None, Any]:
    if op == "rename":
        return "tags", run_id, {RUN_NAME: check_name(str(value), "Run name")}, None
    if op == "note":
        return ("tags", run_id, {NOTE: str(value)}, None) if value else ("untag", run_id, None, {"keys": [NOTE]})
    if op == "tag":
        return "tags", run_id, {check_key(str(key), "Tag key"): str(value if value is not None else "")}, None
    if op == "untag":
        return "untag", run_id, None, {"keys": [check_key(str(key), "Tag key")]}
    stage = LifecycleStage.DELETED if op == "delete" else LifecycleStage.ACTIVE
    return "state", run_id, None, {"lifecycle_stage": str(stage)}


def runs(
    filter: str = "",  # noqa: A002 - the name that search_runs and the page use
    *,
    experiment: str | Sequence[str] | None = None,
    order_by: str | Sequence[str] = (),
    columns: Sequence[str] | None = None,
    group_by: str | None = None,
    height: int = 0,
) -> RunTable:
    """Show the runs as a live table.

    Parameters
    ----------
    filter : str
        Such as ``"metrics.acc > 0.9 and params.lr < 0.01"``; can be changed in the page.
    experiment : str or sequence of str, optional
        Which experiments; by default the one chosen with ``set_experiment``, else all.
    order_by : str or sequence of str
        Such as ``"metrics.acc DESC"``.
    columns : sequence of str, optional
        Ids of the columns on view, such as ``["name", "params.lr", "metrics.acc"]``.
    group_by : str, optional
        Column to group by, such as ``"params.lr"``.
    height : int
        Pixels; 0 fits the rows.

    Returns
    -------
    RunTable
        Shown when it is the last line of a cell; its state is ``.selected``, ``.df``, ``.sql``.

    Raises
    ------
    SearchSyntaxError
        The filter or the order cannot be read.
    NotFoundError
        There is no such experiment.
    """
    parse_filter(filter)
    order = [order_by] if isinstance(order_by, str) and order_by else list(order_by)
    parse_order_by(order)
    store = active.get_store()
    ids, title = _experiments(store, experiment)
    if group_by or columns:
        _check_columns(store, ids, [*(columns or ()), *([group_by] if group_by else [])])
    return RunTable(
        store,
        ids,
        title,
        filter=filter,
        order_by=order,
        columns=None if columns is None else list(columns),
        group_by=group_by,
        height=height,
    )


def _check_columns(store: LocalStore, ids: tuple[str, ...] | None, wanted: Sequence[str]) -> None:
    """Raise for a column that no run has, naming the nearest; ``metrics.acc`` and ``metrics.acc.max`` both name a metric."""
    found = store.run_columns(RunQuery(experiment_ids=ids, view=ViewType.ALL, max_results=MAX_RUNS))
    known = {
        *found.attributes,
        "tags",
        "note",
        *(f"params.{key}" for key in found.params),
        *(f"tags.{key}" for key in found.tags),
    }
    known |= {f"metrics.{key}{stat}" for key in found.metrics for stat in ("", ".last", ".min", ".max", ".best")}
    for name in wanted:
        if len(found) and name not in known:
            near = [full for full in known if full.endswith(f".{name}")]
            raise NotFoundError("Column", name, near or known)


def _experiments(store: LocalStore, experiment: str | Sequence[str] | None) -> tuple[tuple[str, ...] | None, str]:
    if experiment is None:
        chosen = active.chosen_experiment()
        if chosen is None:
            return None, store.path.name
        experiment = chosen
    names = [experiment] if isinstance(experiment, str) else list(experiment)
    known = {e.name: e.experiment_id for e in store.search_experiments()}
    missing = [name for name in names if name not in known]
    if missing and names != [active.chosen_experiment()]:
        raise NotFoundError("Experiment", missing[0], known)
    return tuple(known[name] for name in names if name in known), ", ".join(names)
