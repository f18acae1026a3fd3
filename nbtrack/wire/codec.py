"""What stores ask and answer one another: entities, tables and arrays as a parcel, and back.

Plain JSON stands for itself; everything else is an object with one key that begins with ``$``: ``$f`` a number that JSON lacks, ``$t`` a
tuple, ``$a`` an array as ``[dtype, shape, number of its buffer]``, ``$o`` an array of objects, ``$d`` a dataclass by name, ``$m`` a mapping
whose keys are no texts, ``$b`` bytes, ``$p`` a table by columns. Only the classes that :class:`Codec` is given are ever made.
"""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from nbtrack.wire import NON_FINITE, number_to_json
from nbtrack.wire.parcel import open_parcel, parcel

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_DEPTH = 40
_KINDS = "biufM"
"""Kinds of arrays that travel as their bytes: booleans, whole numbers, floats, times."""


class Codec:
    """Turns values into bytes and back.

    Parameters
    ----------
    classes : iterable of type
        The dataclasses that may travel.
    """

    def __init__(self, classes: Iterable[type]) -> None:
        self._classes = {each.__name__: each for each in classes}

    def encode(self, value: Any) -> bytes:
        """Return a value as a parcel; raises ``TypeError`` for what cannot travel."""
        buffers: list[bytes] = []
        return parcel(self._flat(value, buffers), buffers)

    def decode(self, data: bytes) -> Any:
        """Return the value of a parcel; raises ``ValueError`` when it is none."""
        try:
            content, buffers = open_parcel(data)
            return self._whole(content, buffers, MAX_DEPTH)
        except (KeyError, IndexError, TypeError, AttributeError, OverflowError, RecursionError) as cause:
            message = f"a damaged parcel ({type(cause).__name__}: {cause})"
            raise ValueError(message) from cause

    # -- to bytes ----------------------------------------------------------------------------------------------------

    def _flat(self, value: Any, buffers: list[bytes]) -> Any:
        if isinstance(value, Enum):
            return self._flat(value.value, buffers)
        if value is None or isinstance(value, (bool, str, int)):
            return value
        if isinstance(value, float):
            return value if math.isfinite(value) else {"$f": number_to_json(value)}
        if isinstance(value, list):
            return [self._flat(each, buffers) for each in value]
        if isinstance(value, (tuple, set, frozenset)):
            return {"$t": [self._flat(each, buffers) for each in value]}
        if isinstance(value, dict):
            return self._mapping(value, buffers)
        return self._entity(value, buffers) if is_dataclass(value) else self._array(value, buffers)

    def _mapping(self, value: dict[Any, Any], buffers: list[bytes]) -> Any:
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {key: self._flat(each, buffers) for key, each in value.items()}
        return {"$m": [[self._flat(key, buffers), self._flat(each, buffers)] for key, each in value.items()]}

    def _entity(self, value: Any, buffers: list[bytes]) -> Any:
        kind: Any = type(value)
        name = kind.__name__
        if self._classes.get(name) != kind:
            message = f"a {name} does not travel"
            raise TypeError(message)
        return {"$d": [name, {each.name: self._flat(getattr(value, each.name), buffers) for each in fields(kind)}]}

    def _array(self, value: Any, buffers: list[bytes]) -> Any:
        import numpy as np  # noqa: PLC0415 - who asks for no arrays does not wait for it

        if isinstance(value, (bytes, bytearray, memoryview)):
            buffers.append(bytes(value))
            return {"$b": len(buffers) - 1}
        if hasattr(value, "columns") and hasattr(value, "to_numpy"):
            columns = [
                [self._flat(_plain(name), buffers), self._column(value[name], buffers)] for name in value.columns
            ]
            return {"$p": columns}
        if isinstance(value, np.generic):
            return self._flat(_plain(value), buffers)
        if not isinstance(value, np.ndarray):
            message = f"a {type(value).__name__} does not travel"
            raise TypeError(message)
        if value.dtype.kind not in _KINDS:
            return {"$o": [self._flat(_plain(each), buffers) for each in value.tolist()]}
        little = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<"))
        buffers.append(little.tobytes())
        return {"$a": [little.dtype.str, list(value.shape), len(buffers) - 1]}

    def _column(self, column: Any, buffers: list[bytes]) -> Any:
        """Return one column of a table; what is no plain array travels as objects, and whole numbers with gaps as such."""
        import numpy as np  # noqa: PLC0415

        if isinstance(column.dtype, np.dtype) and column.dtype.kind in _KINDS:
            return self._flat(column.to_numpy(), buffers)
        missing = column.isna().to_numpy()
        values = [None if gone else _plain(each) for each, gone in zip(column.tolist(), missing, strict=True)]
        return {"$o": [self._flat(each, buffers) for each in values]}

    # -- from bytes --------------------------------------------------------------------------------------------------

    def _whole(self, value: Any, buffers: list[memoryview], depth: int) -> Any:
        if depth < 0:
            message = f"more than {MAX_DEPTH} levels"
            raise ValueError(message)
        if isinstance(value, list):
            return [self._whole(each, buffers, depth - 1) for each in value]
        if not isinstance(value, dict):
            return value
        mark = next(iter(value), "")
        if len(value) == 1 and mark.startswith("$"):
            return self._marked(mark, value[mark], buffers, depth - 1)
        return {key: self._whole(each, buffers, depth - 1) for key, each in value.items()}

    def _marked(self, mark: str, value: Any, buffers: list[memoryview], depth: int) -> Any:
        if mark == "$f":
            return NON_FINITE[value]
        if mark == "$b":
            return bytes(buffers[value])
        if mark == "$t":
            return tuple(self._whole(each, buffers, depth) for each in value)
        if mark == "$m":
            return {self._whole(key, buffers, depth): self._whole(each, buffers, depth) for key, each in value}
        if mark == "$d":
            name, parts = value
            return self._classes[name](**{key: self._whole(each, buffers, depth) for key, each in parts.items()})
        return self._read_array(mark, value, buffers, depth)

    def _read_array(self, mark: str, value: Any, buffers: list[memoryview], depth: int) -> Any:
        import numpy as np  # noqa: PLC0415

        if mark == "$a":
            kind, shape, index = value
            if np.dtype(kind).kind not in _KINDS:
                message = f"arrays of {kind!r} do not travel"
                raise ValueError(message)
            return np.frombuffer(buffers[index], dtype=kind).reshape(shape).copy()
        if mark == "$o":
            found = np.empty(len(value), dtype=object)
            found[:] = [self._whole(each, buffers, depth) for each in value]
            return found
        if mark == "$p":
            import pandas as pd  # noqa: PLC0415

            columns = [(self._whole(name, buffers, depth), self._whole(each, buffers, depth)) for name, each in value]
            frame = pd.DataFrame({index: column for index, (_, column) in enumerate(columns)})
            frame.columns = pd.Index([name for name, _ in columns], dtype=object)
            return frame.infer_objects()
        message = f"{mark!r} is not known"
        raise ValueError(message)


def _plain(value: Any) -> Any:
    """Return what JSON can say of a value in a table: times and the like as text."""
    if value is None or isinstance(value, (bool, str, int, float, bytes, list, tuple, dict)):
        return value
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else str(value)
