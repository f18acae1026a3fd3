"""Runs as a table that fits the terminal: what differs is shown, what is the same in all of them is said once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.table import Table

from nbtrack.cli.columns import MISSING, Column, attribute, metric_columns, named, param_columns
from nbtrack.cli.output import clean, text
from nbtrack.entities import RunStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from nbtrack.store.protocol import RunColumns

SYMBOLS = {
    RunStatus.FINISHED: ("✓", "green"),
    RunStatus.RUNNING: ("●", "cyan"),
    RunStatus.FAILED: ("✗", "red"),
    RunStatus.KILLED: ("■", "yellow"),
}
STYLES = {"metrics": "cyan", "params": "magenta", "tags": "blue"}
TITLES = {"start_time": "started", "number": "#"}
MAX_CELL = 24
MAX_TITLE = 16
MAX_NAME = 48
MIN_NAME = 12
GAP = 2


@dataclass(slots=True)
class Choice:
    """Which columns a table shows, which hold one value for all runs, and which had no room."""

    shown: list[Column]
    same: list[Column] = field(default_factory=list)
    no_room: list[Column] = field(default_factory=list)


def choose(found: RunColumns, width: int, now_ms: float, mentioned: str = "") -> Choice:
    """Choose the columns for `width` characters; those `mentioned` in a filter or an order come first.

    Metrics and params take turns for the room that is left; in the table each kind stands together.
    """
    front = [attribute(found, "number", now_ms), _names(found, now_ms)]
    middle = [attribute(found, name, now_ms) for name in ("start_time", "duration")]
    asked = [c for c in metric_columns(found) if not c.title.startswith("system/") or c.title in mentioned]
    keyed = sorted(distinct([*asked, *param_columns(found)]), key=lambda c: _urgency(c, found, mentioned))
    metrics, params = ([c for c in keyed if c.group == group] for group in ("metrics", "params"))
    where = [attribute(found, "experiment", now_ms)]
    only = len(found) == 1
    same = [c for c in (*metrics, *params, *where) if c.is_constant and not only]
    kinds = [[c for c in kind if c not in same] for kind in (metrics, params)]
    turns = [c for pair in zip_longest(*kinds) for c in pair if c is not None]
    wanted = [middle[0], *([] if where[0] in same or only else where), *turns[:4], middle[1], *turns[4:]]
    room = width - 1 - sum(GAP + _width(c, width) for c in front)
    taken: list[Column] = []
    for column in wanted:
        need = GAP + _width(column, width)
        is_crowded = len(taken) < wanted.index(column)
        if need <= room and not (is_crowded and _is_one_value(column)):
            room -= need
            taken.append(column)
    order = [*front, *middle, *where, *metrics, *params]
    shown = [c for c in order if c in front or c in taken]
    return Choice(shown, [c for c in same if c.group != "attributes"], [c for c in turns if c not in taken])


def build(found: RunColumns, columns: Sequence[Column], width: int) -> Table:
    """Return the table: a coloured status sign, then the columns."""
    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("", width=1)
    for column in columns:
        title = TITLES.get(column.id, column.title)
        table.add_column(
            text(_tail(title, MAX_TITLE), STYLES.get(column.group, "")),
            justify="right" if column.is_number else "left",
            width=_width(column, width),
            no_wrap=True,
            overflow="ellipsis",
        )
    for index, status in enumerate(found.attributes["status"]):
        table.add_row(text(*SYMBOLS.get(status, ("?", ""))), *(_cell(c, index) for c in columns))
    return table


def fit(widths: Sequence[int], room: int, least: int = 4) -> list[int]:
    """Return widths that fit into `room` with their gaps: the widest give way first, none below `least`."""
    fitted = list(widths)
    room -= GAP * len(fitted)
    while sum(fitted) > room and max(fitted, default=0) > least:
        widest = max(fitted)
        below = max((w for w in fitted if w < widest), default=least)
        many = fitted.count(widest)
        new = max(below, least, widest - -(-(sum(fitted) - room) // many))
        fitted = [new if w == widest else w for w in fitted]
    return fitted


def build_named(found: RunColumns, names: Sequence[str], width: int, now_ms: float) -> Table:
    """Return the table of the columns that were asked for."""
    columns = [_names(found, now_ms) if name == "name" else named(found, name, now_ms) for name in names]
    return build(found, distinct(columns), width)


def distinct(columns: Sequence[Column]) -> list[Column]:
    """Return the columns, those of the same title with the whole name as title."""
    titles = Counter(c.title for c in columns)
    return [replace(c, title=c.id) if titles[c.title] > 1 else c for c in columns]


def remarks(choice: Choice) -> list[str]:
    """Return what is to be said under the table: what is the same in all runs, and what had no room."""
    said = []
    if choice.same:
        facts = [f"{c.title}={_short(c.cells[0])}" for c in choice.same]
        said.append("the same in all: " + _listed(facts, 8))
    if choice.no_room:
        said.append("no room for " + _listed([c.id for c in choice.no_room], 6) + " (choose with --columns)")
    return [clean(line) for line in said]


def _urgency(column: Column, found: RunColumns, mentioned: str) -> tuple[bool, bool, bool, bool, int]:
    """Return what sorts columns: asked for, with a goal, not of the machine, with values that differ, in many runs."""
    has_it = sum(cell != MISSING for cell in column.cells)
    key = column.id.removeprefix(f"{column.group}.")
    is_mentioned = column.id in mentioned or f"{column.group}.`{key}`" in mentioned
    return not is_mentioned, key not in found.goals, key.startswith("system/"), _is_one_value(column), -has_it


def _is_one_value(column: Column) -> bool:
    """Say whether runs differ here only by having it or not."""
    return len({*column.cells} - {MISSING}) == 1


def _width(column: Column, total: int) -> int:
    cap = min(MAX_NAME, max(MIN_NAME, total // 4)) if column.id == "name" else MAX_CELL
    longest = max((cell_len(cell) for cell in column.cells), default=0)
    return max(min(longest, cap), min(cell_len(clean(TITLES.get(column.id, column.title))), MAX_TITLE))


def _names(found: RunColumns, now_ms: float) -> Column:
    """Return the names; those of nested runs with a sign."""
    column = attribute(found, "name", now_ms)
    parents = found.attributes["parent_run_id"]
    return replace(column, cells=tuple(f"↳ {c}" if p else c for c, p in zip(column.cells, parents, strict=True)))


def _cell(column: Column, index: int) -> Text:
    cell = column.cells[index]
    return text(cell, "dim" if cell == MISSING or column.id in ("number", "start_time", "duration") else "")


def _tail(title: str, width: int) -> str:
    """Return the end of a long name, where ``train/loss`` and ``val/loss`` differ least from what they are."""
    title = clean(title)
    return title if cell_len(title) <= width else "…" + title[-(width - 1) :]


def _short(cell: str) -> str:
    return cell if len(cell) <= MAX_CELL else cell[: MAX_CELL - 1] + "…"


def _listed(items: list[str], most: int) -> str:
    return ", ".join(items[:most]) + (f" and {len(items) - most} more" if len(items) > most else "")
