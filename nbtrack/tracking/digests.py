"""Digests of data: the same content gives the same 16 hex digits in every process."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd

MAX_CELLS = 20_000_000
MAX_BYTES = 256 << 20
DIGITS = 16


def frame_digest(df: pd.DataFrame) -> tuple[str, int]:
    """Return the digest of a DataFrame, and how many rows it covers.

    Column names, the index and the values count; of a frame with more than 20 million cells, rows at equal distances,
    the first and the last among them.
    """
    rows = _spread(len(df), MAX_CELLS // max(1, len(df.columns)))
    part = df if len(rows) == len(df) else df.iloc[rows]
    digest = hashlib.sha256(repr(df.shape).encode())
    for position, label in enumerate(df.columns):
        digest.update(f"{label!r}\0".encode("utf-8", "surrogatepass"))
        digest.update(_hashes(part.iloc[:, position]).tobytes())
    if not isinstance(df.index, pd.RangeIndex):
        digest.update(_hashes(part.index.to_frame(index=False, name=range(df.index.nlevels))).tobytes())
    return digest.hexdigest()[:DIGITS], len(rows)


def arrays_digest(features: Any, targets: Any = None) -> tuple[str, bool]:
    """Return the digest of arrays (or dicts of them), and whether it covers a sample only: beyond 256 MiB an array."""
    digest = hashlib.sha256()
    is_sampled = False
    for part, values in (("features", features), ("targets", targets)):
        named = values if isinstance(values, dict) else {"": values}
        for name in sorted(named, key=str) if values is not None else ():
            array = named[name]
            digest.update(f"{part}\0{name}\0{array.dtype.newbyteorder('=').str}\0{array.shape}\0".encode())
            is_sampled |= _add_array(digest, array)
    return digest.hexdigest()[:DIGITS], is_sampled


def _add_array(digest: Any, array: np.ndarray[Any, Any]) -> bool:
    array = np.atleast_1d(array)
    blocks = _blocks(len(array), MAX_BYTES * len(array) // max(1, array.nbytes))
    for block in blocks:
        part = array[block]
        if part.dtype.hasobject:
            texts = np.array([ascii(value) for value in part.ravel()], dtype=object)
            digest.update(pd.util.hash_array(texts, categorize=False).tobytes())
        else:
            # Little-endian, C order: the same on every machine, however the array was sliced.
            flat = np.ascontiguousarray(part, dtype=part.dtype.newbyteorder("<"))
            digest.update(flat.reshape(-1).view(np.uint8).data)
    return len(blocks) > 1


def _blocks(n: int, most: int) -> list[slice]:
    """Cut at most `most` rows out of `n`, in 64 blocks at equal distances, with both ends; reading blocks is fast."""
    if n <= most:
        return [slice(0, n)]
    n_blocks = max(2, min(64, most))
    size = max(1, most // n_blocks)
    return [slice(int(start), int(start) + size) for start in np.linspace(0, n - size, n_blocks)]


def _spread(n: int, most: int) -> np.ndarray[Any, Any]:
    """Return at most `most` row numbers out of `n`, at equal distances, with both ends."""
    most = max(2, most)
    return np.arange(n) if n <= most else np.linspace(0, n - 1, most).astype(np.int64)


def _hashes(values: pd.DataFrame | pd.Series[Any]) -> np.ndarray[Any, Any]:
    """Return a number per row; cells that cannot be hashed, such as lists, count as their text."""
    try:
        return pd.util.hash_pandas_object(values, index=False).to_numpy()
    except (TypeError, ValueError):
        return pd.util.hash_pandas_object(values.map(ascii), index=False).to_numpy()
