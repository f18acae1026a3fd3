from __future__ import annotations

import math

import pytest

from nbtrack.cli.units import ago, count, duration, moment, number, parse_span, size

NOW_MS = 1_790_000_000_000.0


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.123456, "0.1235"),
        (3.0, "3"),
        (-2.0, "-2"),
        (1e-7, "1e-07"),
        (1e12, "1e+12"),
        (math.nan, "NaN"),
        (math.inf, "Inf"),
        (-math.inf, "-Inf"),
    ],
)
def test_numbers_have_four_digits_and_whole_ones_stay_whole(value: float, shown: str) -> None:
    assert number(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, ""),
        (math.nan, ""),
        (0.042, "42 ms"),
        (12.34, "12.3 s"),
        (59.94, "59.9 s"),
        (59.96, "1 m 00 s"),
        (250, "4 m 10 s"),
        (7500, "2 h 05 m"),
        (90000, "1 d 01 h"),
    ],
)
def test_durations_have_two_units(seconds: float | None, shown: str) -> None:
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-60, "just now"),
        (4, "just now"),
        (42, "42 s ago"),
        (90, "1 min ago"),
        (7300, "2 h ago"),
        (2 * 86400, "2 d ago"),
    ],
)
def test_times_are_told_from_now(seconds: float, shown: str) -> None:
    assert ago(NOW_MS - seconds * 1000, NOW_MS) == shown


def test_after_a_month_the_date_is_told() -> None:
    assert ago(NOW_MS - 40 * 86400_000, NOW_MS).startswith("2026-08-")
    assert ago(None, NOW_MS) == ""


def test_a_moment_has_its_time_zone() -> None:
    assert moment(NOW_MS).startswith("2026-09-2")
    assert moment(None) == ""


@pytest.mark.parametrize(
    ("n_bytes", "shown"),
    [(None, ""), (0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2.5e9, "2.5 GB"), (5e15, "5000.0 TB")],
)
def test_sizes(n_bytes: float | None, shown: str) -> None:
    assert size(n_bytes) == shown


def test_counts_know_one_from_many() -> None:
    assert [count(n, "run") for n in (0, 1, 1200)] == ["0 runs", "1 run", "1,200 runs"]
    assert count(2, "process", "processes") == "2 processes"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30d", 30 * 86400),
        ("12h", 43200),
        ("1d12h", 129600),
        ("1d 12h", 129600),
        ("45min", 2700),
        ("45m", 2700),
        ("1.5h", 5400),
        ("2w", 14 * 86400),
        ("0s", 0),
        ("", None),
        ("30", None),
        ("soon", None),
        ("3x2d", None),
        ("-1d", None),
    ],
)
def test_time_spans_are_read(text: str, seconds: float | None) -> None:
    assert parse_span(text) == seconds
