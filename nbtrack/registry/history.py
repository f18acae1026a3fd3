"""Looks back: the history as a table, and who had an alias when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError, SearchSyntaxError
from nbtrack.search.parser import parse_filter
from nbtrack.search.tree import Comparison, Now

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from nbtrack.entities import ModelEvent

ROLLBACK = "rollback"
"""Begins the detail of an alias event that went back to an earlier version."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A version to which an alias pointed from `since` until `until` (milliseconds UTC; None is still)."""

    name: str
    alias: str
    version: int
    since: int
    until: int | None
    user_id: str
    comment: str = ""
    detail: str = ""

    def is_at(self, moment_ms: float) -> bool:
        """Say whether it had the alias at a moment."""
        return self.since <= moment_ms and (self.until is None or moment_ms < self.until)


def holders(events: Sequence[ModelEvent], alias: str) -> list[Holder]:
    """Return the versions that an alias pointed at, oldest first."""
    moves = [event for event in events if event.op in ("alias", "unalias") and event.alias == alias]
    ends: list[int | None] = [event.timestamp for event in moves[1:]]
    return [
        Holder(e.name, alias, int(e.after), e.timestamp, end, e.user_id, e.comment, e.detail)
        for e, end in zip(moves, [*ends, None], strict=False)
        if e.after is not None
    ]


def holders_before(events: Sequence[ModelEvent], alias: str) -> Iterator[int]:
    """Yield the versions to which a rollback of an alias would go, the best first.

    What was undone by an earlier rollback is not gone back to.
    """
    stack: list[int | None] = []
    for event in events:
        if event.alias != alias or event.op not in ("alias", "unalias"):
            continue
        to = None if event.after is None else int(event.after)
        if event.detail.startswith(ROLLBACK) and to in stack:
            while stack[-1] != to:
                stack.pop()
        else:
            stack.append(to)
    now = stack[-1] if stack else None
    for number in reversed(stack[:-1]):
        if number is not None and number != now:
            yield number


def moment_ms(when: Any) -> float:
    """Return a moment in milliseconds UTC.

    Parameters
    ----------
    when : datetime, date, str or number
        A text is read as in a search, in UTC: ``"2026-11-01"``, ``"2026-11-01 12:00"``, ``"now - 2d"``. A datetime without a time
        zone is in local time, as Python has it. A number counts milliseconds since 1970.

    Raises
    ------
    InvalidValueError
        It is none of these.
    """
    if isinstance(when, str):
        return _read(when)
    if isinstance(when, datetime):
        return when.timestamp() * 1000
    if isinstance(when, date):
        return datetime(when.year, when.month, when.day, tzinfo=UTC).timestamp() * 1000
    if isinstance(when, bool) or not isinstance(when, (int, float)):
        raise InvalidValueError(_no_moment(when))
    return float(when)


def _read(text: str) -> float:
    shown = text.strip()
    is_now = shown.lower().startswith("now")
    try:
        tree = parse_filter(f"creation_time <= {shown if is_now else repr(shown)}", subject="model")
    except SearchSyntaxError:
        tree = None
    if not isinstance(tree, Comparison):
        raise InvalidValueError(_no_moment(text))
    value = tree.values[0]  # noqa: PD011 - a tree, not a table
    assert not isinstance(value, str)
    return datetime.now(UTC).timestamp() * 1000 + value.offset_ms if isinstance(value, Now) else value


def _no_moment(when: Any) -> str:
    return f"{when!r} is not a moment; use a datetime, a text such as '2026-11-01 12:00' (UTC) or 'now - 2d', or milliseconds."


def table(events: Sequence[ModelEvent]) -> pd.DataFrame:
    """Return events as a DataFrame, newest first.

    Returns
    -------
    DataFrame
        Columns ``time`` (datetime64[ms, UTC]), ``user``, ``name``, ``op``, ``version`` (Int64), ``alias``, ``stage``, ``key``,
        ``before``, ``after``, ``comment``, ``detail``.
    """
    import pandas as pd  # noqa: PLC0415

    newest = list(reversed(events))
    texts = {
        column: pd.Series([getattr(e, column) for e in newest], dtype="object")
        for column in ("alias", "stage", "key", "before", "after", "comment", "detail")
    }
    times = pd.Series([e.timestamp for e in newest], dtype="int64").to_numpy().astype("datetime64[ms]")
    return pd.DataFrame(
        {
            "time": pd.DatetimeIndex(times).tz_localize("UTC"),
            "user": pd.Series([e.user_id for e in newest], dtype="object"),
            "name": pd.Series([e.name for e in newest], dtype="object"),
            "op": pd.Series([e.op for e in newest], dtype="object"),
            "version": pd.array([e.version for e in newest], dtype="Int64"),
            **texts,
        }
    )
