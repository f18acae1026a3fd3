"""What a sweep tries: names with ranges or choices, as Python objects or as text.

::

    nbtrack.sweep(train, {"lr": log(1e-5, 1e-2, 6), "depth": [2, 4, 8], "seed": 3})
    nbtrack.sweep(train, "lr=log(1e-5,1e-2,6) depth=[2,4,8] seed=3")
"""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.errors import InvalidValueError
from nbtrack.names import check_key
from nbtrack.sweeps.ranges import Choices, Dimension, Numbers
from nbtrack.sweeps.space_text import read_space

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Space:
    """Dimensions by name."""

    dimensions: dict[str, Dimension]

    def grid(self) -> Iterator[dict[str, Any]]:
        """Yield every combination; the last name changes fastest."""
        values = [dimension.grid() for dimension in self.dimensions.values()]
        for found in itertools.product(*values):
            yield dict(zip(self.dimensions, found, strict=True))

    def grid_size(self) -> int:
        """Return the number of combinations."""
        return math.prod(len(dimension.grid()) for dimension in self.dimensions.values())

    def draw(self, seed: int, number: int) -> dict[str, Any]:
        """Return the params of trial `number`: they depend on the seed, the number and the names alone, not on any order."""
        found = {}
        for name, dimension in self.dimensions.items():
            rng = np.random.default_rng([seed, number, zlib.crc32(name.encode())])
            found[name] = dimension.at(float(rng.random()))
        return found

    def described(self) -> dict[str, list[Any]]:
        """Return what makes it this space, for a digest."""
        return {name: dimension.described() for name, dimension in self.dimensions.items()}


def space_of(given: Any) -> Space:
    """Return a space from a mapping of names to ranges, choices or constants, or from a text.

    Raises
    ------
    InvalidValueError
        It is empty, or a name or value is not allowed; for a text the message points at the place.
    """
    if isinstance(given, Space):
        return given
    if isinstance(given, str):
        return Space(read_space(given))
    if not isinstance(given, Mapping) or not given:
        message = f"The space is {given!r}; name at least one param, as in {{'lr': log(1e-5, 1e-2, 6), 'depth': [2, 4]}} or 'depth=[2,4]'."
        raise InvalidValueError(message)
    return Space({check_key(str(name), "Param key"): _dimension(str(name), value) for name, value in given.items()})


def _dimension(name: str, value: Any) -> Dimension:
    if isinstance(value, (Numbers, Choices)):
        return value
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        return Choices((_own(value),))
    found = value if isinstance(value, Sequence) else list(value)
    if not len(found):
        raise InvalidValueError(f"{name!r} has nothing to choose from; give it at least one value.")
    return Choices(tuple(map(_own, found)))


def _own(value: Any) -> Any:
    """Return numpy's numbers as Python's."""
    return value.item() if isinstance(value, np.generic) else value
