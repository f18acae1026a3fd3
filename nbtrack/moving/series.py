"""Points of the metrics of one run while its source is read: 24 bytes each, whatever the source."""

from __future__ import annotations

import json
import re
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.moving.moved import Points
from nbtrack.names import MAX_KEY

if TYPE_CHECKING:
    from collections.abc import Iterator

PART = 50_000
"""Points that are handed on at a time."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


@dataclass(slots=True)
class _Series:
    step: array[int] = field(default_factory=lambda: array("q"))
    t_us: array[int] = field(default_factory=lambda: array("q"))
    value: array[float] = field(default_factory=lambda: array("d"))


class Book:
    """Points by metric, in the order in which they came."""

    def __init__(self) -> None:
        self._series: dict[str, _Series] = {}

    def add(self, key: str, step: int, t_us: int, value: float) -> None:
        """Take in a point."""
        series = self._series.get(key)
        if series is None:
            series = self._series.setdefault(sound_key(key), _Series())
            self._series[key] = series
        series.step.append(step)
        series.t_us.append(t_us)
        series.value.append(value)

    def cut(self, step: int) -> None:
        """Forget what was said from a step on."""
        for series in self._own():
            if series.step and max(series.step) >= step:
                stays = np.array(series.step) < step
                series.step = array("q", np.array(series.step)[stays].tobytes())
                series.t_us = array("q", np.array(series.t_us)[stays].tobytes())
                series.value = array("d", np.array(series.value)[stays].tobytes())

    def counts(self) -> dict[str, int]:
        """Return the number of points by metric."""
        return {key: len(self._series[key].step) for key in self._keys()}

    def points(self) -> Iterator[Points]:
        """Yield the points, a part of a metric at a time."""
        for key in self._keys():
            series = self._series[key]
            step, t_us, value = (np.array(each) for each in (series.step, series.t_us, series.value))
            for i in range(0, len(step), PART):
                yield Points(key, step[i : i + PART], t_us[i : i + PART], value[i : i + PART])

    def last_step(self) -> int:
        """Return the largest step, 0 without any point."""
        return max((max(series.step) for series in self._own() if series.step), default=0)

    def __contains__(self, key: str) -> bool:
        """Say whether there are points of a metric."""
        return key in self._series

    def _keys(self) -> list[str]:
        return [key for key, series in self._series.items() if key == sound_key(key) and series.step]

    def _own(self) -> list[_Series]:
        return [self._series[key] for key in self._keys()]


def sound_key(key: str) -> str:
    """Return a name that a store takes for what another tracker allows: control characters become visible, long ones are cut."""
    shown = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", key)[:MAX_KEY]
    return shown if shown.strip() else "unnamed"


def flat(values: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield values by name, those within others with the names joined by dots."""
    for key, value in values.items():
        if isinstance(value, dict) and value and "_type" not in value:
            yield from flat(value, f"{before}{key}.")
        else:
            yield before + str(key), value


def number_of(value: Any) -> float | None:
    """Return a value that is a number, also one that JSON has no word for; None for any other."""
    if isinstance(value, bool | int | float):
        return float(value)
    return float(value) if value in ("NaN", "Infinity", "-Infinity") else None


def shown(value: Any) -> str:
    """Return a setting as the text of a param: lists and objects as JSON."""
    return value if isinstance(value, str) else json.dumps(value) if isinstance(value, list | dict) else str(value)
