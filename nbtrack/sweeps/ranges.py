"""What a param of a sweep may be: a range of numbers, or some choices."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from nbtrack.errors import InvalidValueError

DIGITS = 12
"""Of the values of a grid, so that 1e-4 is 0.0001 and not 0.00009999999999999999."""
MOST_TRIALS = 1_000_000


@dataclass(frozen=True, slots=True)
class Numbers:
    """A range of numbers, both ends included.

    Attributes
    ----------
    low, high : float or int
    n : int or None
        Values in a grid; samplers draw from the whole range.
    is_log : bool
        Evenly spaced, and drawn, on a logarithmic scale.
    step : int or None
        Of whole numbers; None for real ones.
    """

    low: float
    high: float
    n: int | None = None
    is_log: bool = False
    step: int | None = None

    def grid(self) -> list[Any]:
        """Return the values that a grid tries."""
        if self.step is not None and not self.is_log:
            return list(range(int(self.low), int(self.high) + 1, self.step))
        if self.step is not None:
            return list(dict.fromkeys(2**i for i in range(self.low_power(), int(self.high).bit_length())))
        if self.n is None:
            kind = "log" if self.is_log else "linear"
            message = (
                f"A grid needs to know how many values: {kind}({self.low:g}, {self.high:g}, 5). "
                "Or draw from the range: method='random', or another sampler."
            )
            raise InvalidValueError(message)
        spaced = np.geomspace if self.is_log else np.linspace
        return [float(f"{value:.{DIGITS}g}") for value in spaced(self.low, self.high, self.n)]

    def low_power(self) -> int:
        """Return the exponent of the first power of two in the range."""
        return max(0, (int(self.low) - 1).bit_length())

    def at(self, share: float) -> Any:
        """Return the value at `share` of the range, 0 to 1 without 1."""
        if self.step is not None:
            if self.is_log:
                low, high = math.log(self.low), math.log(self.high + 1)
                return min(int(self.high), int(math.exp(low + share * (high - low))))
            return int(self.low) + self.step * int(share * ((int(self.high) - int(self.low)) // self.step + 1))
        if self.is_log:
            low, high = math.log(self.low), math.log(self.high)
            return min(self.high, max(self.low, math.exp(low + share * (high - low))))
        return self.low + share * (self.high - self.low)

    def read(self, text: str | None) -> Any:
        """Return the value that a text stands for; the lowest one when it stands for none."""
        try:
            return int(text or "") if self.step is not None else float(text or "")
        except ValueError:
            return self.low

    def described(self) -> list[Any]:
        """Return what makes it this range, for a digest."""
        return ["range", self.low, self.high, self.n, self.is_log, self.step]


@dataclass(frozen=True, slots=True)
class Choices:
    """Some values, of any kind, in the order given; one alone is a constant."""

    values: tuple[Any, ...]

    def grid(self) -> list[Any]:
        """Return the values that a grid tries."""
        return list(self.values)

    def at(self, share: float) -> Any:
        """Return the value at `share` of the choices, 0 to 1 without 1."""
        return self.values[int(share * len(self.values))]

    def read(self, text: str | None) -> Any:
        """Return the value that a text stands for; the first one when it stands for none."""
        return next((value for value in self.values if label(value) == text), self.values[0])

    def described(self) -> list[Any]:
        """Return what makes them these choices, for a digest."""
        return ["choices", *map(label, self.values)]


Dimension = Numbers | Choices


def log(low: float, high: float, n: int | None = None) -> Numbers:
    """Return a range of positive numbers on a logarithmic scale; `n` is how many values of it a grid tries."""
    _check(low, high, n, "log")
    if low <= 0:
        raise InvalidValueError(f"log({low!r}, {high!r}) begins at {low!r}; a logarithmic range begins above 0.")
    return Numbers(float(low), float(high), n, is_log=True)


def linear(low: float, high: float, n: int | None = None) -> Numbers:
    """Return a range of numbers; `n` is how many values of it a grid tries."""
    _check(low, high, n, "linear")
    return Numbers(float(low), float(high), n)


def ints(low: int, high: int, step: int = 1, *, log: bool = False) -> Numbers:
    """Return whole numbers from `low` to `high`, both included; with `log` a grid tries the powers of two among them."""
    _check(low, high, None, "ints")
    if int(low) != low or int(high) != high or int(step) != step or step < 1 or (log and low < 1):
        message = f"ints({low!r}, {high!r}, {step!r}) is not allowed; use whole numbers, a step of 1 or more, and with log=True from 1."
        raise InvalidValueError(message)
    return Numbers(int(low), int(high), None, is_log=log, step=int(step))


def choices(*values: Any) -> Choices:
    """Return some values to choose from, of any kind; a list in a space means the same."""
    if not values:
        raise InvalidValueError("choices() has nothing to choose from; name at least one value.")
    return Choices(values)


def label(value: Any) -> str:
    """Return the text that stands for a value: of a param, and in digests, so the same in every process."""
    if hasattr(value, "__qualname__"):
        return str(value.__qualname__)
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(label, value))}]"
    return str(value)


def _check(low: Any, high: Any, n: Any, kind: str) -> None:
    is_number = all(isinstance(x, (int, float, np.number)) and math.isfinite(x) for x in (low, high))
    if not is_number or not low <= high or (low == high and n != 1):
        message = (
            f"{kind}({low!r}, {high!r}) is not a range; use two numbers, the smaller one first, as in {kind}(1, 10)."
        )
        raise InvalidValueError(message)
    if n is not None and (isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= MOST_TRIALS):
        raise InvalidValueError(
            f"{kind}(…, {n!r}) wants {n!r} values; use a whole number from 1, as in {kind}(1, 10, 5)."
        )
