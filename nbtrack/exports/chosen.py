"""What goes into a page: which runs, which views, with which state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.entities import ViewType
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.exports.model_answers import chosen_models
from nbtrack.search.parser import parse_filter
from nbtrack.store.protocol import RunQuery
from nbtrack.tracking import active

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbtrack.exports.wanted import Wanted
    from nbtrack.store.protocol import RunColumns, Store, TrackingStore

MAX_RUNS = 100_000
NEWEST_FIRST = ("start_time DESC",)
VIEWS = {
    "board": ("board", ""),
    "runs": ("run-table", "Runs"),
    "parallel": ("parallel", "Parallel coordinates"),
    "curves": ("curves", "Curves"),
    "compare": ("compare", "Compare"),
    "artifacts": ("artifacts", "Artifacts"),
    "live": ("live", "The run"),
    "models": ("registry", "Models"),
}
"""Names that a caller gives, with the view of the front end and its heading."""
BOARD = ("runs", "parallel", "curves")
OWN_MODEL = ("compare", "artifacts", "live", "registry")
"""Views of a few runs or of models: they do not share filter and brush with the others."""
_PLAIN = (str, int, float, bool, list, dict, type(None))
CAPTURED_TAGS = ("mlflow.source.", "mlflow.user", "nbtrack.host", "nbtrack.notebook", "nbtrack.platform")
"""Beginnings of the tags in which runs keep where they ran."""
_NOT_STATE = {"layout", "tabbable", "tooltip", "comm", "keys"}


@dataclass(frozen=True)
class Placed:
    """A view on a page; views of one `group` share filter, brush and selection."""

    view: str
    title: str
    group: str
    state: dict[str, Any]

    def facts(self) -> dict[str, Any]:
        """Return what the page's script reads."""
        return {"view": self.view, "title": self.title, "group": self.group, "state": self.state}


def store_of(runs: Any, views: Any = ()) -> Store:
    """Return the store that the widgets among the arguments show, else the one in use."""
    for each in (runs, *listed(views)):
        store = getattr(each, "_store", None)
        if store is not None:
            return store  # type: ignore[no-any-return]
    return active.get_store()


def chosen_runs(store: TrackingStore, runs: Any, views: Any = ()) -> RunColumns:
    """Return the runs that were asked for, newest first.

    Parameters
    ----------
    store : TrackingStore
    runs : None, str, widget, DataFrame or list
        All of the chosen experiment; a filter; what a widget has on view; the ``run_id`` column of a frame; ids, numbers or names.
    views : list of str and widgets
        When no runs are named, a widget of many runs says which there are: its filter and brush come along as state.

    Raises
    ------
    SearchSyntaxError
        The filter cannot be read.
    NotFoundError
        One of the runs is not there.
    InvalidValueError
        `runs` is something else.
    """
    query = next((each.query for each in listed(views) if isinstance(getattr(each, "query", None), RunQuery)), None)
    if runs is None and query is not None:
        return store.run_columns(replace(query, view=ViewType.ACTIVE_ONLY, order_by=NEWEST_FIRST))
    if runs is None or isinstance(runs, str):
        parse_filter(runs or "")
        name = active.chosen_experiment()
        return store.run_columns(_query(filter_string=runs or "", experiment_names=None if name is None else (name,)))
    if hasattr(runs, "on_view"):
        return runs.on_view()  # type: ignore[no-any-return]
    if hasattr(runs, "columns") and "run_id" in runs.columns:
        return _by_id(store, runs["run_id"])
    try:
        return _by_id(store, [store.resolve_run(getattr(run, "id", run)) for run in runs])
    except TypeError:
        allowed = "a filter such as 'metrics.acc > 0.9', a list of runs, a frame of search_runs or a widget of runs"
        message = f"runs={runs!r} is not allowed; use {allowed}."
        raise InvalidValueError(message) from None


def without_captured(found: RunColumns) -> RunColumns:
    """Return runs without their users and the tags that tell of machine, paths and git: whoever gets a page need not know them."""
    nobody = np.full(len(found), None, dtype=object)
    return replace(
        found,
        attributes={**found.attributes, "user_id": nobody},
        tags={key: values for key, values in found.tags.items() if not key.startswith(CAPTURED_TAGS)},
    )


def placed(views: Iterable[Any]) -> list[Placed]:
    """Return the views to put on the page, by name or as the widgets that they are.

    Raises
    ------
    NotFoundError
        There is no view of that name.
    """
    wanted = listed(views)
    unknown = [each for each in wanted if isinstance(each, str) and each not in VIEWS]
    if unknown:
        raise NotFoundError("View", unknown[0], VIEWS, where="what nbtrack can export")
    wanted = _on_one_board(wanted)
    found = []
    for index, each in enumerate(wanted):
        view, title = VIEWS[each] if isinstance(each, str) else _view_of(each)
        state = {} if isinstance(each, str) else state_of(each)
        group = f"{view}-{index}" if view in OWN_MODEL else "runs"
        found.append(Placed(view, title if len(wanted) > 1 else "", group, state))
    return found


def parts(shown: Iterable[Placed]) -> tuple[str, ...]:
    """Return the parts of the front end that draw views: a board's open panes are parts of their own."""
    found: dict[str, None] = {}
    for each in shown:
        panes = each.state.get("panes")
        open_panes = (BOARD[1:] if panes is None else panes) if each.view == "board" else ()
        found |= dict.fromkeys((each.view, *open_panes))
    return tuple(found)


def _on_one_board(wanted: list[Any]) -> list[Any]:
    """Put table, parallel coordinates and curves, when all are asked for by name, on one board, as the notebook has them."""
    if not set(BOARD) <= {each for each in wanted if isinstance(each, str)}:
        return wanted
    first = min(wanted.index(name) for name in BOARD)
    rest = [each for each in wanted if not (isinstance(each, str) and each in BOARD)]
    return [*rest[:first], "board", *rest[first:]]


def _view_of(widget: Any) -> tuple[str, str]:
    """Return view and heading of a widget."""
    name = view_name(widget)
    return name, next((title for view, title in VIEWS.values() if view == name), "")


def completed(each: Placed, wanted: Wanted) -> Placed:
    """Return a view that was asked for by name with what it is about: the newest two runs, the newest one, that with files, a model."""
    found, ids = wanted.found, wanted.run_ids
    state = dict(each.state)
    if each.view == "compare" and not state.get("runs"):
        state |= {"runs": ids[:2][::-1], "base": ids[:2][-1] if ids else ""}
    if each.view == "live":
        state["run_id"] = state.get("run_id") or next(iter(ids), "")
    if each.view == "artifacts":
        run = state.get("run_id") or next(iter(wanted.files), "")
        names = dict(zip(ids, zip(found.attributes["number"], found.attributes["name"], strict=True), strict=True))
        number, name = names.get(run, (None, ""))
        state |= {"run_id": run, "_run_title": f"#{int(number)} {name}" if number else str(name)}
    if each.view == "registry":
        state["model"] = state.get("model") or next(iter(chosen_models(wanted)), "")
    return replace(each, state=state)


def condition_of(runs: Any, found: RunColumns) -> str:
    """Return the filter that chose the runs, for what is computed over them; "" when all of them were."""
    if runs is None or isinstance(runs, str):
        return runs or ""
    if isinstance(getattr(runs, "where", None), str):
        return str(runs.where)
    ids = ", ".join(f"'{run}'" for run in found.attributes["run_id"])
    return f"run_id IN ({ids})" if ids else ""


def view_name(widget: Any) -> str:
    """Return the front end's name of a widget's view."""
    name = getattr(widget, "_view", None)
    if not isinstance(name, str) or not name:
        message = (
            f"{type(widget).__name__} is no view of nbtrack; use {', '.join(VIEWS)} or a widget such as nbtrack.runs()."
        )
        raise InvalidValueError(message)
    return name


def state_of(widget: Any) -> dict[str, Any]:
    """Return the values of a widget that the page needs: all that it shares with its own page and that are JSON."""
    names = [name for name in widget.trait_names(sync=True) if not name.startswith("_") and name not in _NOT_STATE]
    state = {name: getattr(widget, name) for name in names}
    return {name: value for name, value in state.items() if isinstance(value, _PLAIN)}


def listed(views: Any) -> list[Any]:
    """Return views as a list; one alone stands for a list of one. Raises ``InvalidValueError`` for what is none."""
    if isinstance(views, str) or hasattr(views, "_view"):
        return [views]
    try:
        return list(views)
    except TypeError:
        message = f"views={views!r} is not allowed; use names ({', '.join(VIEWS)}) or widgets such as nbtrack.runs()."
        raise InvalidValueError(message) from None


def _by_id(store: TrackingStore, ids: Iterable[str]) -> RunColumns:
    return store.run_columns(_query(run_ids=tuple(ids)))


def _query(**options: Any) -> RunQuery:
    return RunQuery(order_by=NEWEST_FIRST, max_results=MAX_RUNS, **options)
