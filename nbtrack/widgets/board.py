"""``nbtrack.runs()``: table, parallel coordinates and curves over the same runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from nbtrack.errors import InvalidValueError
from nbtrack.search.parser import parse_filter, parse_order_by
from nbtrack.tracking import active
from nbtrack.views.saved import saved_view
from nbtrack.widgets.curves import Curves
from nbtrack.widgets.parallel import Parallel
from nbtrack.widgets.run_table import RunTable
from nbtrack.widgets.runs_panel import RunsPanel, chosen_experiments, names_in, usable_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbtrack.store.protocol import Store

OPEN_PANES = ("parallel", "curves")
PANES = (*OPEN_PANES, "compare")


class Board(RunTable, Parallel, Curves):
    """All runs of one or several experiments, with one filter, one brush and one selection over table, parallel coordinates and curves.

    It has the values of all three, see :class:`~nbtrack.widgets.run_table.RunTable`, :class:`~nbtrack.widgets.parallel.Parallel` and
    :class:`~nbtrack.widgets.curves.Curves`, and:

    Attributes
    ----------
    panes : list of {"parallel", "curves", "compare"} or None
        What stands open below the table; None: parallel coordinates and curves, when they have something to show.
    """

    panes = traitlets.List(traitlets.Enum(PANES), allow_none=True, default_value=None).tag(sync=True)

    def __init__(self, store: Store, experiment_ids: tuple[str, ...] | None, title: str, **traits: Any) -> None:
        super().__init__(store, experiment_ids, title, **{"_view": "board", **traits})

    def _shown_parts(self) -> tuple[str, ...]:
        """Return the parts of the front end for the table and for the panes that are open."""
        panes: Any = self.panes
        return *super()._shown_parts(), *(OPEN_PANES if panes is None else panes)

    def summary(self) -> tuple[str, str]:
        """Return the first rows, as they would be on view."""
        return RunsPanel.summary(self)


def runs(
    filter: str = "",  # noqa: A002 - the name that search_runs and the page use
    *,
    experiment: str | Sequence[str] | None = None,
    order_by: str | Sequence[str] = (),
    columns: str | Sequence[str] | None = None,
    group_by: str | None = None,
    panes: str | Sequence[str] | None = None,
    view: str | None = None,
    height: int = 0,
) -> Board:
    """Show the runs: a live table, parallel coordinates and curves with one filter, one brush and one selection.

    Parameters
    ----------
    filter : str
        Such as ``"metrics.acc > 0.9 and params.lr < 0.01"``; can be changed in the page.
    experiment : str or sequence of str, optional
        Which experiments; by default the one chosen with ``set_experiment``, else all.
    order_by : str or sequence of str
        Such as ``"metrics.acc DESC"``.
    columns : str or sequence of str, optional
        Ids of the columns on view, such as ``["name", "params.lr", "metrics.acc"]``.
    group_by : str, optional
        Column to group by, such as ``"params.lr"``.
    panes : {"parallel", "curves", "compare"} or sequence of them, optional
        What stands open below the table; ``()`` is the table alone, by default parallel coordinates and curves when they have something
        to show. ``"compare"`` is what differs between the selected runs.
    view : str, optional
        Name of a saved view; the other arguments are what it does not say.
    height : int
        Pixels of the table; 0 fits the rows.

    Returns
    -------
    Board
        Shown when it is the last line of a cell; its state is ``.selected``, ``.df``, ``.sql``.

    Raises
    ------
    SearchSyntaxError
        The filter or the order cannot be read.
    NotFoundError
        There is no such experiment or view.
    InvalidValueError
        There is no such pane.
    """
    parse_filter(filter)
    order = [order_by] if isinstance(order_by, str) and order_by else list(order_by)
    parse_order_by(order)
    panes = None if panes is None else names_in("panes", panes)
    for pane in panes or ():
        if pane not in PANES:
            message = f"Pane {pane!r} is not there; use {', '.join(map(repr, PANES))}, or () for the table alone."
            raise InvalidValueError(message)
    store = active.get_store()
    ids, title = chosen_experiments(store, experiment)
    given = {
        "filter": filter,
        "order_by": order,
        "columns": None if columns is None else names_in("columns", columns),
        "group_by": group_by,
        "panes": panes,
        "height": height,
    }
    if view is not None:
        given |= usable_state(Board, store, ids, saved_view(store, view))
    return Board(store, ids, title, **given)
