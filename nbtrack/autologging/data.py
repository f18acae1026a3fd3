"""What a training was given, as a run keeps it: described, not copied."""

from __future__ import annotations

import hashlib
import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.entities import DatasetInput

EXAMPLE_ROWS = 5
MOST_LISTED = 200_000
MOST_RECENT = 16
MOST_BYTES_OF = 20_000_000
"""Numbers; of more the digest is of a sample of the rows."""

_recent: dict[tuple[Any, ...], DatasetInput] = {}


class Given:
    """The arguments of a call, by name.

    Parameters
    ----------
    function : callable
        Bound, when it is a method.
    """

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        try:
            self._parameters = [*inspect.signature(function).parameters.values()]
        except (TypeError, ValueError):
            self._parameters = []
        kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        names = [each.name for each in self._parameters if each.kind in kinds]
        self.values = {**dict(zip(names, args, strict=False)), **kwargs}
        self.names = names

    def nth(self, index: int) -> Any:
        """Return an argument by its place, such as the second: ``y`` for most, ``Y`` for some."""
        return self.values.get(self.names[index]) if index < len(self.names) else None

    def get(self, name: str, default: Any = None) -> Any:
        """Return an argument by name."""
        found = self.values.get(name)
        return default if found is None else found

    def defaults(self) -> dict[str, Any]:
        """Return all that have a default or were given."""
        empty = inspect.Parameter.empty
        return {**{each.name: each.default for each in self._parameters if each.default is not empty}, **self.values}


def describe(data: Any, context: str, targets: Any = None, name: str | None = None) -> DatasetInput | None:
    """Describe data of any kind that models are trained on; None for none.

    A table that was described lately is only looked at for changes.
    """
    from nbtrack.tracking.datasets import describe as described  # noqa: PLC0415 - needs pandas

    if data is None:
        return None
    kind = type(data).__module__.split(".")[0]
    if kind == "pandas":
        return _described_table(data, context, name)
    if kind == "polars":
        return described(_arrays_of(data), context=context, name=name)
    if hasattr(data, "indptr"):
        data = {part: getattr(data, part) for part in ("data", "indices", "indptr")}
    elif not isinstance(data, np.ndarray):
        if not hasattr(data, "__array__") and len(data) > MOST_LISTED:
            raise InvalidValueError(f"A list of {len(data):,} items is too long to be looked at; use an array.")
        data = np.asarray(data)
    beside = None if targets is None or hasattr(targets, "indptr") else np.asarray(targets)
    return described(data, context=context, targets=beside, name=name)


def _described_table(data: Any, context: str, name: str | None) -> DatasetInput:
    """Describe a DataFrame or Series; what was described lately is known by every byte of it, for it may be changed in place."""
    from nbtrack.tracking.datasets import describe as described  # noqa: PLC0415
    from nbtrack.tracking.digests import frame_digest  # noqa: PLC0415

    table = data if data.ndim > 1 else data.to_frame("0" if data.name is None else data.name)
    content, whole = _bytes_of(table), {}
    if content is None:
        digest, n_rows = frame_digest(table)
        content = (digest, *map(str, table.dtypes))
        whole = {"digest": digest} if n_rows == len(table) else {}
    key = (content, context, name)
    found = _recent.get(key)
    if found is None:
        found = _recent[key] = described(table, context=context, name=name, **whole)
        while len(_recent) > MOST_RECENT:
            _recent.pop(next(iter(_recent)), None)
    return found


def _bytes_of(table: Any) -> tuple[str, ...] | None:
    """Return what tells the content of a table of numbers of one kind in a tenth of the time that its digest takes; None for others.

    Everything in memory counts, so that two tables with the same bytes have the same digest; it says nothing to other processes.
    """
    kinds, index = table.dtypes.unique(), table.index
    if len(kinds) != 1 or getattr(kinds[0], "kind", "O") not in "iufb" or not isinstance(kinds[0], np.dtype):
        return None
    if type(index).__name__ != "RangeIndex" or table.size > MOST_BYTES_OF:
        return None
    values = table.to_numpy()
    is_turned = not values.flags.c_contiguous
    raw = np.ascontiguousarray(values.T if is_turned else values)
    found = hashlib.sha256(raw.view(np.uint8).data).hexdigest()
    return found, str(kinds[0]), str(table.shape), str(is_turned), repr([*table.columns]), repr(table.columns.names)


def _arrays_of(frame: Any) -> dict[str, Any]:
    return {name: frame[name].to_numpy() for name in frame.columns}


def head(data: Any) -> Any:
    """Return a copy of the first rows, taken before a training that may change them; None when there are none to be had."""
    if data is None or isinstance(data, (str, bytes)):
        return None
    try:
        rows = data[:EXAMPLE_ROWS]
    except Exception:  # noqa: BLE001 - a dataset of another library
        return None
    return rows.copy() if hasattr(rows, "copy") else rows
