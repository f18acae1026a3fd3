"""Looking back: moments, holders of an alias, tables and pages."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pandas as pd
import pytest

from nbtrack.entities import ModelEvent
from nbtrack.errors import InvalidValueError
from nbtrack.registry import history
from nbtrack.registry.pages import Page, offset_of


def moves(*steps: tuple[int, int | None] | tuple[int, int | None, str]) -> list[ModelEvent]:
    """Return events of one alias: (time, version or None[, detail])."""
    found, before = [], None
    for t, to, *detail in steps:
        op = "unalias" if to is None else "alias"
        after = None if to is None else str(to)
        found.append(
            ModelEvent(
                "m", t, "ada", op, to, "champion", before=before, after=after, detail=detail[0] if detail else ""
            )
        )
        before = after
    return found


def test_who_had_an_alias_when():
    found = history.holders(
        [*moves((10, 1), (20, 2), (30, None), (40, 1)), ModelEvent("m", 5, "", "create")], "champion"
    )
    assert [(h.version, h.since, h.until) for h in found] == [(1, 10, 20), (2, 20, 30), (1, 40, None)]
    at = {t: next((h.version for h in found if h.is_at(t)), None) for t in (9, 10, 19, 20, 30, 39, 40, 99)}
    assert at == {9: None, 10: 1, 19: 1, 20: 2, 30: None, 39: None, 40: 1, 99: 1}
    assert history.holders(moves((1, 1)), "other") == []


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([(1, 1)], []),
        ([(1, 1), (2, 2)], [1]),
        ([(1, 1), (2, 2), (3, 3)], [2, 1]),
        ([(1, 1), (2, 2), (3, 3), (4, 2, "rollback from version 3")], [1]),
        ([(1, 1), (2, 2), (3, 3), (4, 2, "rollback"), (5, 1, "rollback")], []),
        ([(1, 1), (2, 2), (3, 1, "rollback"), (4, 3)], [1]),
        ([(1, 1), (2, None)], [1]),
        ([(1, 1), (2, 2), (3, None)], [2, 1]),
        ([(1, 1), (2, 1)], []),
        ([], []),
    ],
)
def test_a_rollback_goes_to_who_had_it_before_and_not_back_again(steps, expected):
    assert list(history.holders_before(moves(*steps), "champion")) == expected


def test_moments_are_read_as_people_write_them():
    noon = datetime(2026, 11, 17, 12, tzinfo=UTC).timestamp() * 1000
    for text in ("2026-11-17 12:00", "2026-11-17T12:00:00Z", " 2026-11-17 13:00+01:00 "):
        assert history.moment_ms(text) == noon
    assert history.moment_ms(datetime(2026, 11, 17, 13, tzinfo=timezone(timedelta(hours=1)))) == noon
    assert history.moment_ms(datetime(2026, 11, 17, 12)) == datetime(2026, 11, 17, 12).timestamp() * 1000  # noqa: DTZ001
    assert history.moment_ms(pd.Timestamp("2026-11-17 12:00", tz="UTC")) == noon
    assert history.moment_ms(date(2026, 11, 17)) == history.moment_ms("2026-11-17") == noon - 12 * 3600_000
    assert history.moment_ms(noon) == history.moment_ms(int(noon)) == noon
    assert 3590_000 < history.moment_ms("now") - history.moment_ms("now - 1h") < 3610_000


@pytest.mark.parametrize("when", ["yesterday", "", "2026-13-01", "now - 2d or name = 'x'", "1' or '1", None, True, [1]])
def test_what_is_no_moment_is_refused(when):
    with pytest.raises(InvalidValueError, match="is not a moment"):
        history.moment_ms(when)


def test_a_table_of_events_has_the_newest_first():
    found = history.table(moves((10, 1), (20, 2)))
    assert found["time"].tolist() == [pd.Timestamp(20, unit="ms", tz="UTC"), pd.Timestamp(10, unit="ms", tz="UTC")]
    assert found["version"].tolist() == [2, 1]
    assert found["before"].tolist() == ["1", None]
    empty = history.table([])
    assert list(empty.columns) == list(found.columns)
    assert empty.dtypes.to_dict() == found.dtypes.to_dict()


def test_pages_follow_each_other():
    first = Page.of([1, 2, 3], 2, 0)
    assert (first, offset_of(first.token)) == ([1, 2], 2)
    assert Page.of([3], 2, 2).token is None
    assert offset_of(None) == offset_of("") == 0
    for token in ("x", "eyJvZmZzZXQiOiAtMX0=", "e30=", "W10=", "eyJvZmZzZXQiOiB0cnVlfQ=="):
        with pytest.raises(InvalidValueError, match="page_token"):
            offset_of(token)
