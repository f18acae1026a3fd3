"""A setting that can be changed while a run goes on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Sequence


class Knob:
    """One setting: its present value and what it may become.

    Parameters
    ----------
    name : str
    value : float, int, bool or str
        The first value; later ones have its type.
    low, high : float, optional
    is_log : bool
        A slider for it is logarithmic.
    choices : sequence, optional
        The values allowed; True and False for a bool.
    """

    def __init__(
        self,
        name: str,
        value: Any,
        low: float | None,
        high: float | None,
        *,
        is_log: bool,
        choices: Sequence[Any] | None,
    ) -> None:
        self.name = name
        self.low = low
        self.high = high
        self.is_log = is_log
        self.choices = [False, True] if isinstance(value, bool) else None if choices is None else list(choices)
        if low is not None and high is not None and not low < high:
            message = f"Knob {name!r} has min={low!r} and max={high!r}; min must be the smaller one."
            raise InvalidValueError(message)
        if is_log and (low is None or high is None or low <= 0):
            message = f"Knob {name!r} is logarithmic with min={low!r} and max={high!r}; give both, above 0."
            raise InvalidValueError(message)
        self._kind = type(value) if isinstance(value, (bool, int, float, str)) else float
        self.value = self.check(value)

    @property
    def number(self) -> float | None:
        """Return the present value as a metric has it; None for a text."""
        return None if isinstance(self.value, str) else float(self.value)

    def turn(self, value: Any) -> bool:
        """Take another value and say whether it differs; raises ``InvalidValueError`` for one that is not allowed."""
        new = self.check(value)
        is_other = new != self.value
        self.value = new
        return bool(is_other)

    def text(self) -> str:
        """Return the present value as a person writes it."""
        return f"{self.value:.4g}" if type(self.value) is float else str(self.value)

    def state(self) -> dict[str, Any]:
        """Return what a panel draws."""
        return {
            "name": self.name,
            "value": self.value,
            "min": self.low,
            "max": self.high,
            "log": self.is_log,
            "whole": self._kind is int,
            "choices": self.choices,
        }

    def check(self, value: Any) -> Any:
        """Return a value as the knob would have it; raises ``InvalidValueError`` for one that is not allowed."""
        if self.choices is not None:
            for choice in self.choices:
                if choice == value and isinstance(choice, bool) == isinstance(value, bool):
                    return choice
            raise self._refused(value, f"one of {', '.join(map(repr, self.choices))}")
        if self._kind is str:
            return str(value)
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise self._refused(value, "a number") from None
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        if not low <= number <= high or not math.isfinite(number):
            raise self._refused(value, f"a number from {low:g} to {high:g}")
        return round(number) if self._kind is int else number

    def _refused(self, value: Any, allowed: str) -> InvalidValueError:
        return InvalidValueError(f"Knob {self.name!r} cannot be {value!r}; use {allowed}.")
