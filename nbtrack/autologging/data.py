"""What a training was given, as a run keeps it: described, not copied."""

from __future__ import annotations

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
    """Describe a DataFrame or Series: its digest is asked for each time, the ranges of its columns once."""
    from nbtrack.tracking.datasets import describe as described  # noqa: PLC0415
    from nbtrack.tracking.digests import frame_digest  # noqa: PLC0415

    table = data if data.ndim > 1 else data.to_frame("0" if data.name is None else data.name)
    digest, n_rows = frame_digest(table)
    key = (digest, tuple(map(str, table.dtypes)), context, name)
    found = _recent.get(key)
    if found is None:
        whole = {"digest": digest} if n_rows == len(table) else {}
        found = _recent[key] = described(table, context=context, name=name, **whole)
        while len(_recent) > MOST_RECENT:
            _recent.pop(next(iter(_recent)), None)
    return found


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
