"""``nbtrack.parallel()``: parallel coordinates of runs, live in the notebook."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import traitlets

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.search.parser import parse_filter
from nbtrack.tracking import active
from nbtrack.views.parallel_axes import automatic_axes, main_metric
from nbtrack.views.parallel_summary import parallel_picture
from nbtrack.views.saved import saved_view
from nbtrack.widgets.runs_panel import RunsPanel, check_columns, chosen_experiments, names_in, usable_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbtrack.store.protocol import Store

KINDS = ("linear", "log", "rank", "time", "category", "boolean")


class Parallel(RunsPanel):
    """Runs of one or several experiments as lines across parallel axes.

    It has what every :class:`~nbtrack.widgets.runs_panel.RunsPanel` has (``extents``, ``selected``, ``df``, ``sql``, ``where`` …), and:

    Attributes
    ----------
    axes : list of str or None
        Columns from left to right, such as ``["params.lr", "metrics.loss"]``; None chooses by itself.
    axis_kinds : dict
        ``linear``, ``log``, ``rank`` (percentiles), ``time``, ``category`` or ``boolean`` by column, where it is not guessed.
    inverted_axes : list of str
        Columns whose axis stands upside down.
    parallel_metric : str or None
        Metric that the picture is about: its axis stands last, and it colours the lines.
    parallel_height : int
        Pixels; 0 chooses.
    runs : list of str
        Ids of the runs on view; setting them shows just these.
    """

    axes = traitlets.List(traitlets.Unicode(), allow_none=True, default_value=None).tag(sync=True)
    axis_kinds = traitlets.Dict(value_trait=traitlets.Enum(KINDS), key_trait=traitlets.Unicode()).tag(sync=True)
    inverted_axes = traitlets.List(traitlets.Unicode()).tag(sync=True)
    parallel_metric = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    parallel_height = traitlets.Int(0).tag(sync=True)

    def __init__(self, store: Store, experiment_ids: tuple[str, ...] | None, title: str, **traits: Any) -> None:
        super().__init__(store, experiment_ids, title, **{"_view": "parallel", **traits})

    @traitlets.validate("axes")
    def _check_axes(self, proposal: Any) -> Any:
        if proposal["value"] is not None:
            self._check_seen(proposal["value"])
        return proposal["value"]

    # -- values back -------------------------------------------------------------------------------------------------

    @property
    def runs(self) -> list[str]:
        """Return the ids of the runs on view."""
        return [str(run) for run in self.on_view().attributes["run_id"]]

    @runs.setter
    def runs(self, ids: Sequence[str]) -> None:
        if isinstance(ids, str):
            message = f"runs is a list of run ids; received {ids!r}. Use [{ids!r}]."
            raise InvalidValueError(message)
        found = self._runs.found or self._store.run_columns(self._query)
        known = set(found.attributes["run_id"])
        chosen = [each if each in known else self._store.resolve_run(str(each)) for each in ids]
        if missing := [each for each in chosen if each not in known]:
            raise NotFoundError("Run", missing[0])
        self.extents = {}
        self.steps = [{"op": "keep", "runs": chosen}]

    def summary(self) -> tuple[str, str]:
        """Return a picture of the runs on view."""
        found = self.on_view()
        text = f"nbtrack parallel coordinates: {self._title}, {len(found)} run{'' if len(found) == 1 else 's'}"
        if len(found) == 0:
            return super().summary()[0], text
        main = main_metric(found, self.parallel_metric)
        colour = self.colour_by if self.colour_by is not None else f"metrics.{main}" if main else ""
        columns = automatic_axes(found, self.parallel_metric)
        if self.axes is not None:
            columns = list(self.axes)
        where = f" <small>where <code>{html.escape(self.where)}</code></small>" if self.where else ""
        by = f", coloured by {html.escape(colour.partition('.')[2] or colour)}" if colour else ""
        line = f"<b>{html.escape(self._title)}</b> <small>{len(found)} run{'' if len(found) == 1 else 's'}{by}</small>{where}"
        return f"{line}<br>{parallel_picture(found, columns, colour, dict(self.statistics))}", text


def parallel(
    metric: str | None = None,
    *,
    filter: str = "",  # noqa: A002 - the name that search_runs and the page use
    experiment: str | Sequence[str] | None = None,
    axes: str | Sequence[str] | None = None,
    colour_by: str | None = None,
    view: str | None = None,
    height: int = 0,
) -> Parallel:
    """Show the runs as lines across parallel axes, one axis a param or metric.

    Drag along an axis to brush; what is brushed is a filter, and comes back as ``.extents``, ``.where`` and ``.df``.

    Parameters
    ----------
    metric : str, optional
        What the picture is about, such as ``"loss"``; ``"loss.min"`` takes the smallest of each run.
    filter : str
        Such as ``"status = 'FINISHED'"``.
    experiment : str or sequence of str, optional
        Which experiments; by default the one chosen with ``set_experiment``, else all.
    axes : str or sequence of str, optional
        Columns from left to right, such as ``["params.lr", "params.model", "metrics.loss"]``; by default the params that differ between
        runs, and the metric last.
    colour_by : str, optional
        Column that colours the lines; by default the metric.
    view : str, optional
        Name of a saved view; the other arguments are what it does not say.
    height : int
        Pixels of the axes; 0 chooses.

    Returns
    -------
    Parallel
        Shown when it is the last line of a cell; its state is ``.extents``, ``.selected``, ``.runs``, ``.df``, ``.sql``, ``.axes``.

    Raises
    ------
    SearchSyntaxError
        The filter cannot be read.
    NotFoundError
        There is no such experiment, metric, column or view.

    Examples
    --------
    >>> shown = nbtrack.parallel("loss")  # doctest: +SKIP
    >>> shown.extents = {"params.lr": (0.001, 0.1)}  # doctest: +SKIP
    >>> shown.df  # doctest: +SKIP
    """
    parse_filter(filter)
    store = active.get_store()
    ids, title = chosen_experiments(store, experiment)
    key, statistics = _asked_metric(store, ids, metric)
    given = {
        "filter": filter,
        "parallel_metric": key,
        "statistics": statistics,
        "axes": None if axes is None else names_in("axes", axes),
        "colour_by": colour_by,
        "parallel_height": height,
    }
    if view is not None:
        given |= usable_state(Parallel, store, ids, saved_view(store, view))
    return Parallel(store, ids, title, **given)


def _asked_metric(store: Store, ids: tuple[str, ...] | None, metric: str | None) -> tuple[str | None, dict[str, str]]:
    """Return the key of a metric and the statistic asked for with it."""
    if metric is None:
        return None, {}
    if not isinstance(metric, str):
        message = f"A view is about one metric, such as 'loss'; received {metric!r}. More of them are axes: axes=[…]."
        raise InvalidValueError(message)
    name = metric.removeprefix("metrics.")
    try:
        check_columns(store, ids, [f"metrics.{name}.last"])  # the key itself, dots and all
    except NotFoundError:
        key, _, statistic = name.rpartition(".")
        check_columns(store, ids, [f"metrics.{name}"])
        return key, {} if statistic == "last" else {key: statistic}
    return name, {}
