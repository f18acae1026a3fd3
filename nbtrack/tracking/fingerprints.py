"""Data frames and arrays that cells use and make, as inputs of runs: name, shape, schema, and a digest that takes a millisecond."""

from __future__ import annotations

import ast
import hashlib
import json
import sys
import time
from typing import TYPE_CHECKING, Any

from nbtrack.cells.plain import plain
from nbtrack.entities import Dataset, DatasetInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from nbtrack.tracking.run import ActiveRun

MOST = 8
"""A cell's data beyond these are left out: what it makes comes first."""
LONGEST_S = 0.02
"""Nor is any looked at after this much work: for types that are slower than they should be."""
MOST_COLUMNS = 64
MOST_BYTES = 1 << 17
MOST_OBJECTS = 1000
USED, MADE = "used", "made"
_SOURCE = json.dumps({"tags": {"mlflow.source.type": "LOCAL"}})
_TYPES = {"int": "long", "uint": "long", "float": "double", "bool": "boolean", "datetime": "datetime", "str": "string"}


def note(
    run: ActiveRun, source: str, made: Iterable[str], space: Mapping[str, Any], ignored: Iterable[str] = ()
) -> int:
    """Record the data that a cell has used and made as inputs of a run; return how many.

    Parameters
    ----------
    run : ActiveRun
    source : str
        The cell as typed: names in it are those that it uses.
    made : iterable of str
        Names that are new or other objects after it.
    space : mapping
        The notebook's variables.
    ignored : iterable of str
        Names that are never recorded.
    """
    until = time.thread_time() + LONGEST_S
    new, left_out = set(made), set(ignored)
    n_noted = 0
    for name in dict.fromkeys([*sorted(new), *names_in(source)]):
        if name in left_out or name.startswith("_") or name not in space:
            continue
        if n_noted == MOST or time.thread_time() > until:
            break
        found = fingerprint(name, space[name], MADE if name in new else USED)
        if found is not None:
            run._log_input(found, {})  # noqa: SLF001 - asked on the same floor
            n_noted += 1
    return n_noted


def names_in(source: str) -> list[str]:
    """Return the names that stand in a cell, in order."""
    try:
        tree = ast.parse(plain(source))
    except (SyntaxError, ValueError, RecursionError):
        return []
    return list(dict.fromkeys(node.id for node in ast.walk(tree) if isinstance(node, ast.Name)))


def fingerprint(name: str, value: Any, context: str = "") -> DatasetInput | None:
    """Return what is said of a value; None when it is no data, or when looking at it fails."""
    describe = _KINDS.get((type(value).__module__.partition(".")[0], type(value).__name__))
    if describe is None:
        return None
    try:
        digest, schema, profile = describe(value)
    except Exception:  # noqa: BLE001 - whatever the user's object does
        return None
    dataset = Dataset(name, digest, "code", _SOURCE, json.dumps(schema), json.dumps(profile))
    return DatasetInput(dataset, context)


_Described = tuple[str, dict[str, Any], dict[str, Any]]


def _pandas(frame: Any) -> _Described:
    frame = frame.to_frame("0" if frame.name is None else frame.name) if frame.ndim == 1 else frame
    kinds = list(frame.dtypes)
    columns = [(str(label), kind) for label, kind in zip(frame.columns[:MOST_COLUMNS], kinds, strict=False)]
    is_plain = len(set(kinds)) == 1
    return _table(
        frame.shape,
        columns,
        lambda rows: frame.iloc[rows, :MOST_COLUMNS],
        lambda part: [part.to_numpy()] if is_plain else [part.iloc[:, i].to_numpy() for i in range(len(columns))],
    )


def _polars(frame: Any) -> _Described:
    frame = frame.to_frame() if len(frame.shape) == 1 else frame
    columns = list(zip(frame.columns[:MOST_COLUMNS], frame.dtypes, strict=False))
    return _table(
        frame.shape,
        columns,
        lambda rows: frame[rows, :MOST_COLUMNS],
        lambda part: [part.to_series(i).to_numpy() for i in range(len(columns))],
    )


def _table(
    shape: tuple[int, int],
    columns: list[tuple[str, Any]],
    take: Callable[[Any], Any],
    values: Callable[[Any], Iterable[Any]],
) -> _Described:
    """Describe a table; of a large one, rows at its head, its foot and at equal distances between count for the digest."""
    n_rows, n_columns = shape
    n_objects = sum(_column_type(kind) in ("string", "any") for _, kind in columns)
    n_numbers = len(columns) - n_objects
    most = min(
        MOST_OBJECTS // n_objects if n_objects else n_rows, MOST_BYTES // 8 // n_numbers if n_numbers else n_rows
    )
    rows = _spread(n_rows, max(2, most))
    digest = hashlib.sha256(repr((shape, [(label, str(kind)) for label, kind in columns])).encode("utf-8", "replace"))
    for each in values(take(rows)):
        _add(digest, each)
    specs = [{"type": _column_type(kind), "name": label, "required": False} for label, kind in columns]
    profile: dict[str, Any] = {"num_rows": n_rows, "num_elements": n_rows * n_columns, "num_columns": n_columns}
    profile |= {"digest_sampled": True} if most < n_rows or n_columns > len(columns) else {}
    return digest.hexdigest()[:16], {"mlflow_colspec": specs}, profile


def _numpy(array: Any) -> _Described:
    if array.ndim == 0:
        raise TypeError(array)
    most = MOST_OBJECTS if array.dtype.hasobject else MOST_BYTES
    step = 1 if array.dtype.hasobject else array.dtype.itemsize
    per_row = max(1, array.size // max(1, len(array)) * step)
    rows = _spread(len(array), max(2, most // per_row))
    digest = hashlib.sha256(f"{array.dtype.str} {array.shape}".encode())
    part = array[rows]
    if part.size * step > 4 * most:  # few rows, each of them large
        part = part.reshape(-1)[:: part.size * step // most]
    _add(digest, part)
    spec = {"type": "tensor", "tensor-spec": {"dtype": array.dtype.name, "shape": [-1, *array.shape[1:]]}}
    profile = {"features_shape": list(array.shape), "features_size": array.size, "features_nbytes": array.nbytes}
    profile |= {"digest_sampled": True} if part.size < array.size else {}
    return digest.hexdigest()[:16], {"mlflow_tensorspec": {"features": [spec], "targets": None}}, profile


def _torch(tensor: Any) -> _Described:
    tensor = tensor.detach()
    if tensor.device.type != "cpu" or str(tensor.layout) != "torch.strided":
        # to fetch it from a device would wait for what that computes: shape and type stand for it
        text = f"{tensor.dtype} {tuple(tensor.shape)} {tensor.device}"
        spec = {
            "type": "tensor",
            "tensor-spec": {"dtype": str(tensor.dtype).partition(".")[2], "shape": [*tensor.shape]},
        }
        schema = {"mlflow_tensorspec": {"features": [spec], "targets": None}}
        return hashlib.sha256(text.encode()).hexdigest()[:16], schema, {"features_shape": [*tensor.shape]}
    if str(tensor.dtype) == "torch.bfloat16":  # numpy has no such type
        tensor = tensor.float()
    return _numpy(tensor.numpy())


_KINDS: dict[tuple[str, str], Callable[[Any], _Described]] = {
    ("pandas", "DataFrame"): _pandas,
    ("pandas", "Series"): _pandas,
    ("polars", "DataFrame"): _polars,
    ("polars", "Series"): _polars,
    ("numpy", "ndarray"): _numpy,
    ("torch", "Tensor"): _torch,
}


def _spread(n: int, most: int) -> Any:
    """Return which of `n` rows count: all, or those of 32 blocks at equal distances, both ends among them."""
    if n <= most:
        return slice(None)
    n_blocks = min(32, most)
    size = most // n_blocks
    numpy = sys.modules["numpy"]
    starts = numpy.linspace(0, n - size, n_blocks).astype(int)
    return (starts[:, None] + numpy.arange(size)).ravel()


def _add(digest: Any, values: Any) -> None:
    if getattr(values.dtype, "hasobject", True):
        digest.update("\0".join(map(_text, values.ravel()[:MOST_OBJECTS])).encode("utf-8", "replace"))
    else:
        digest.update(values.tobytes())


def _text(value: Any) -> str:
    """Return a value that says the same in every process: not where in memory it is."""
    return repr(value)[:200] if isinstance(value, (str, int, float, bytes, bool, type(None))) else str(value)[:200]


def _column_type(kind: Any) -> str:
    name = str(kind).lower()
    return next((mlflow for start, mlflow in _TYPES.items() if name.startswith(start)), "any")
