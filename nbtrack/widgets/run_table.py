"""The table of runs, live in the notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from nbtrack.search.parser import parse_order_by
from nbtrack.widgets.runs_panel import RunsPanel

if TYPE_CHECKING:
    from nbtrack.store.protocol import Store


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

    def __init__(self, store: Store, experiment_ids: tuple[str, ...] | None, title: str, **traits: Any) -> None:
        super().__init__(store, experiment_ids, title, **{"_view": "run-table", **traits})

    @traitlets.validate("columns")
    def _check_columns(self, proposal: Any) -> Any:
        self._check_seen(proposal["value"] or ())
        return proposal["value"]

    @traitlets.validate("group_by")
    def _check_group(self, proposal: Any) -> Any:
        self._check_seen([proposal["value"]] if proposal["value"] else [])
        return proposal["value"]

    @traitlets.validate("order_by")
    def _check_order(self, proposal: Any) -> Any:
        parse_order_by(proposal["value"])
        return proposal["value"]

    def _order(self) -> tuple[str, ...]:
        return tuple(self.order_by)
