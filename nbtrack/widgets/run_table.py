"""``nbtrack.runs()``: the table of runs, live in the notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from nbtrack.search.parser import parse_filter, parse_order_by
from nbtrack.tracking import active
from nbtrack.widgets.runs_panel import RunsPanel, check_columns, chosen_experiments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbtrack.store.local import LocalStore


class RunTable(RunsPanel):
    """All runs of one or several experiments as a live table.

    It has what every :class:`~nbtrack.widgets.runs_panel.RunsPanel` has, and:

    Attributes
    ----------
    order_by : list of str
        Such as ``["metrics.acc.max DESC"]``.
    columns : list of str or None
        Ids of the columns on view, in order; None chooses by itself.
    pinned : list of str
        Columns kept on the left.
    group_by : str or None
        Column to group by.
    height : int
        Pixels; 0 fits the rows.
    density : {"compact", "normal", "relaxed"}
        Height of the rows.
    """

    order_by = traitlets.List(traitlets.Unicode()).tag(sync=True)
    columns = traitlets.List(traitlets.Unicode(), allow_none=True, default_value=None).tag(sync=True)
    pinned = traitlets.List(traitlets.Unicode()).tag(sync=True)
    group_by = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    height = traitlets.Int(0).tag(sync=True)
    density = traitlets.Enum(["compact", "normal", "relaxed"], "normal").tag(sync=True)

    def __init__(self, store: LocalStore, experiment_ids: tuple[str, ...] | None, title: str, **traits: Any) -> None:
        super().__init__(store, experiment_ids, title, **{"_view": "run-table", **traits})

    def _order(self) -> tuple[str, ...]:
        return tuple(self.order_by)


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
    ids, title = chosen_experiments(store, experiment)
    if group_by or columns:
        check_columns(store, ids, [*(columns or ()), *([group_by] if group_by else [])])
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
