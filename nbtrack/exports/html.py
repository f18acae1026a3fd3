"""``nbtrack.export()``: what a notebook shows as one HTML file that needs no kernel and no network."""

from __future__ import annotations

import html as escaping
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import AlreadyExistsError, InvalidValueError
from nbtrack.exports.answers import gather
from nbtrack.exports.chosen import (
    VIEWS,
    chosen_runs,
    completed,
    condition_of,
    parts,
    placed,
    store_of,
    without_captured,
)
from nbtrack.exports.exported import Exported
from nbtrack.exports.folder import links, split, write_tables
from nbtrack.exports.markdown import markdown
from nbtrack.exports.page import Page, check_place, write
from nbtrack.exports.telling import Telling
from nbtrack.exports.wanted import Wanted
from nbtrack.views.run_summary import summary_html
from nbtrack.views.run_table import pack
from nbtrack.views.saved import VIEW_TRAITS, saved_views

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.exports.chosen import Placed
    from nbtrack.store.protocol import RunColumns, TrackingStore

DEFAULT_VIEWS = ("runs", "parallel", "curves")
MAX_ARTIFACTS = 20_000_000
FOLDER_FROM = 50_000_000


def export(
    path: str | Path,
    runs: Any = None,
    *,
    views: Any = DEFAULT_VIEWS,
    title: str = "",
    notes: str = "",
    artifacts: bool | int | str = True,
    history_points: int | None = None,
    folder: bool = False,
    overwrite: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Exported:
    """Write runs and views into one HTML file: filter, sort, brush, select and zoom work in it, from any disk or mailbox.

    Parameters
    ----------
    path : str or Path
        The file, such as ``"demo.html"``; with ``folder=True`` the folder.
    runs : str, list, DataFrame or widget, optional
        A filter; runs by id, number or name; a frame of ``search_runs``; or the runs on view in a widget. All runs when not given.
    views : sequence of str or widgets
        ``"runs"``, ``"parallel"``, ``"curves"``, ``"compare"``, ``"artifacts"``, ``"live"``, ``"models"``; a widget brings its filter,
        brush, columns, … Of registered models, those go in that runs of the page made, each with all its versions.
    title : str
        Heading; the name of the store when not given.
    notes : str
        Shown on top; a small part of Markdown, in which HTML stays text.
    artifacts : bool, int or "all"
        Put files of runs into the page, for the views ``"artifacts"`` and ``"compare"``: True for up to 20 MB, a number for so many bytes.
        What runs captured of their environment and git may say more than you mean to share: only ``"all"`` puts it in.
    history_points : int, optional
        Points of a curve; longer histories keep their extremes. At most 4,000; when not given, from 1,000 on as many as there is
        room for.
    folder : bool
        Write ``index.html`` with the data in files beside it, for pages of more than 50 MB; and the runs as Parquet, every point of
        them, for other programs.
    overwrite : bool
        Replace a file that is no page of nbtrack.
    progress : callable, optional
        Told what is being done, a few words at a time; by default a line says it after two seconds.

    Returns
    -------
    Exported
        Path, size and what was left out; a link in a notebook.

    Raises
    ------
    AlreadyExistsError
        There is a file at `path` that nbtrack did not write.
    NotFoundError
        The folder of `path`, a run or a view is not there.
    InvalidValueError
        An argument that cannot be used; SearchSyntaxError for a filter that cannot be read.
    """
    own = Telling()
    say = progress or own
    target = Path(path).expanduser()
    target = target / "index.html" if folder else target
    if folder:
        _make_folder(target.parent)
    check_place(target, overwrite=overwrite)
    shown = placed(views)
    if not shown:
        message = f"No view is named; use some of {', '.join(VIEWS)}, or widgets such as nbtrack.runs()."
        raise InvalidValueError(message)
    store = store_of(runs, views)
    say("reading runs")
    found = chosen_runs(store, runs, views)
    wanted = Wanted(
        store, found, points_of(history_points), _bytes(artifacts), artifacts == "all", condition_of(runs, found), say
    )
    shown = [completed(each, wanted) for each in shown]
    asking = [(each.view, each.state) for each in shown]
    can_compare = any(view in ("board", "compare") for view, _ in asking)
    parcels = gather(wanted, [*asking, ("selection", {})] if can_compare else asking)
    say("writing")
    told = found if wanted.captured else without_captured(found)
    name = title or Path(store.uri).name
    page = Page(
        kind="export",
        title=name,
        facts={"views": [_with_menu(each, store).facts() for each in shown]},
        views=parts(shown),
        runs=pack(told, version=1, store=Path(store.uri).name),
        parcels=parcels,
        header=header(name, notes, found, Path(store.uri).name, beside=links() if folder else ""),
        body=without_scripts(told, name),
    )
    files = split(page, target.parent, say) | write_tables(wanted, target.parent) if folder else {}
    size = write(target, page.html(), overwrite=True) + sum(files.values())
    own.close()
    if size > FOLDER_FROM and not folder:
        wanted.leave_out("Browsers take seconds to open so large a file; folder=True writes one that opens faster.")
    return Exported(target, size, len(found), page.sizes | files, tuple(wanted.left_out))


def _with_menu(each: Placed, store: TrackingStore) -> Placed:
    """Return a view of runs with what makes up a saved view, when there is one to open."""
    has_menu = each.group == "runs" and saved_views(store)
    return replace(each, state={**each.state, "_view_traits": VIEW_TRAITS}) if has_menu else each


def header(title: str, notes: str, found: RunColumns, store: str, beside: str = "") -> str:
    """Return the top of a page: title, what it is about, what lies beside it, notes."""
    facts = f"{len(found):,} runs of {store}, exported {time.strftime('%Y-%m-%d %H:%M')}"
    text = f'<div class="nbt-page-notes">{markdown(notes)}</div>' if notes.strip() else ""
    return (
        f'<header class="nbt-page-head"><h1>{escaping.escape(title)}</h1>'
        f'<p class="nbt-page-facts">{escaping.escape(facts)}</p>{beside}{text}</header>'
    )


def without_scripts(found: RunColumns, title: str) -> str:
    """Return what is seen where scripts do not run."""
    return f"<noscript>{summary_html(found, title)}</noscript>"


def _make_folder(path: Path) -> None:
    if path.exists() and not path.is_dir():
        raise AlreadyExistsError("File", str(path), "folder=True writes a folder; give it another name.")
    path.mkdir(parents=True, exist_ok=True)


def points_of(points: Any) -> int:
    """Return how many points a curve shall have, 0 for as many as there is room for."""
    if points is None:
        return 0
    if isinstance(points, bool) or not isinstance(points, int) or points < 2:  # noqa: PLR2004 - a line needs two ends
        message = f"history_points={points!r} is not allowed; use a whole number from 2, such as 1000."
        raise InvalidValueError(message)
    return points


def _bytes(artifacts: Any) -> int:
    if isinstance(artifacts, bool) or artifacts == "all":
        return MAX_ARTIFACTS if artifacts else 0
    if not isinstance(artifacts, int) or artifacts < 0:
        message = (
            f"artifacts={artifacts!r} is not allowed; use True, False, 'all' or a number of bytes such as 5_000_000."
        )
        raise InvalidValueError(message)
    return artifacts
