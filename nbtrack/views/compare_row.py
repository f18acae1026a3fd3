"""One row of a comparison."""

from __future__ import annotations

from dataclasses import dataclass


class NotRecorded:
    """Stands where nobody looked: a run without a list of packages neither has numpy nor lacks it."""

    def __repr__(self) -> str:
        """Say what it means in a table."""
        return "not recorded"


NOT_RECORDED = NotRecorded()
Value = str | float | NotRecorded | None


@dataclass(frozen=True, slots=True)
class CompareRow:
    """One key of one section, with one value a run.

    Attributes
    ----------
    section, key : str
        What it is.
    kind : {"text", "status", "number", "time", "duration", "package", "file", "series"}
        ``time`` is in milliseconds UTC, ``duration`` in seconds; a ``file`` has digests, a ``series`` of images one digest for all.
    values : tuple
        None where a run has none, :data:`NOT_RECORDED` where nobody knows.
    stat : str
        ``last``, ``min``, ``max`` or ``count`` of a metric.
    goal : {"min", "max"} or None
        Which end is better.
    mime : str
        Of a file.
    sizes : tuple of float
        Bytes of a file or series by run.
    steps : tuple of lists
        Of a series by run: ``[step, path, bytes]``.
    """

    section: str
    key: str
    kind: str
    values: tuple[Value, ...]
    stat: str = ""
    goal: str | None = None
    mime: str = ""
    sizes: tuple[float | None, ...] = ()
    steps: tuple[list[list[object]], ...] = ()

    @property
    def is_same(self) -> bool:
        """Say whether all runs agree, as far as anybody knows."""
        known = [value for value in self.values if not isinstance(value, NotRecorded)]
        return all(same_value(value, known[0]) for value in known)

    @property
    def name(self) -> str:
        """Return the key, with the statistic where it is not the last value."""
        return self.key if self.stat in ("", "last") else f"{self.key}.{self.stat}"


def same_value(a: Value, b: Value) -> bool:
    """Say whether two values are equal; NaN is equal to NaN."""
    is_both_nan = isinstance(a, float) and isinstance(b, float) and a != a and b != b  # noqa: PLR0124
    return is_both_nan or a == b
