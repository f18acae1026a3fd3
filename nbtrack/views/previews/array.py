"""numpy arrays: shape and type from the header, figures from a sample, and a small picture of the values."""

from __future__ import annotations

import math
import zipfile
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from nbtrack.views.previews.file import MB, Answer, File, Part, UnreadableError, clip

MAX_HEADER = 20_000
MAX_MEMBER = 64 * MB
MAX_MEMBERS = 500
SAMPLE = 1_000_000
LINE_POINTS = 600
THUMB = 128
FIRST_VALUES = 12
BINS = 40
CHANNELS = (1, 2, 3, 4)

Array = np.ndarray[Any, Any]


def preview(file: File, part: Part) -> Answer:
    """Return ``{members, array}`` and one buffer of float32: a line of (2, n) lowest and highest values, or a picture of (rows, columns).

    Members are those of an ``.npz``; ``part = {"member": name}`` shows another than the first. Nothing is unpickled.
    """
    if not zipfile.is_zipfile(file.local):
        with file.local.open("rb") as source:
            shape, is_fortran, dtype = _header(source)
            offset = source.tell()
        facts, buffers = _array_facts(_mapped(file, shape, dtype, offset, is_fortran=is_fortran))
        return {"members": [], "array": facts, "notes": facts.pop("notes")}, buffers
    return _archive(file, part)


def _archive(file: File, part: Part) -> Answer:
    with zipfile.ZipFile(file.local) as archive:
        infos = [info for info in archive.infolist() if info.filename.endswith(".npy")]
        if not infos:
            message = "no array is in it."
            raise UnreadableError(message)
        members = [_member(archive, info) for info in infos[:MAX_MEMBERS]]
        names = [member["name"] for member in members]
        wanted = part.get("member")
        index = names.index(wanted) if wanted in names else 0
        note = f"{len(infos) - MAX_MEMBERS:,} more arrays are not listed." if len(infos) > MAX_MEMBERS else ""
        if members[index].get("problem"):
            return {"members": members, "member": names[index], "array": None, "notes": [note]}, []
        facts, buffers = _array_facts(_loaded(archive, infos[index]))
        return {
            "members": members,
            "member": names[index],
            "array": facts,
            "notes": [note, *facts.pop("notes")],
        }, buffers


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> dict[str, Any]:
    name = clip(info.filename.removesuffix(".npy"), 200)
    try:
        with archive.open(info) as source:
            shape, _, dtype = _header(source)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as problem:
        return {"name": name, "problem": clip(problem, 200)}
    return {"name": name, "shape": list(shape), "dtype": clip(dtype, 200), "size": info.file_size}


def _header(source: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = npy.read_magic(source)
    if version == (1, 0):
        return npy.read_array_header_1_0(source, max_header_size=MAX_HEADER)
    if version == (2, 0):
        return npy.read_array_header_2_0(source, max_header_size=MAX_HEADER)
    message = f"version {version[0]}.{version[1]} of its format is not known."
    raise UnreadableError(message)


def _mapped(file: File, shape: tuple[int, ...], dtype: np.dtype[Any], offset: int, *, is_fortran: bool) -> Array:
    if dtype.hasobject:
        return _hidden(shape, dtype)
    count = math.prod(shape)
    if count * dtype.itemsize + offset > file.size:
        message = f"its header says {count:,} values of {dtype}, and the file ends before."
        raise UnreadableError(message)
    if not count or not dtype.itemsize:
        return np.empty(shape, dtype)
    return np.memmap(file.local, dtype=dtype, mode="r", offset=offset, shape=shape, order="F" if is_fortran else "C")


def _loaded(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Array:
    with archive.open(info) as source:
        shape, is_fortran, dtype = _header(source)
        count = math.prod(shape)
        n_bytes = count * dtype.itemsize
        if dtype.hasobject or n_bytes > MAX_MEMBER:
            return _hidden(shape, dtype)
        data = source.read(n_bytes)
    if len(data) < n_bytes:
        message = f"its header says {count:,} values of {dtype}, and the file ends before."
        raise UnreadableError(message)
    return np.frombuffer(data, dtype=dtype, count=count).reshape(shape, order="F" if is_fortran else "C")


class _Hidden(np.ndarray):
    """Stands for an array whose values are not read."""


def _hidden(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    return np.broadcast_to(np.zeros((), dtype="V1" if dtype.hasobject else dtype), shape).view(_Hidden)


def _array_facts(array: Array) -> Answer:
    """Return shape, type and figures of an array, and its picture."""
    is_hidden = isinstance(array, _Hidden)
    is_object = is_hidden and array.dtype.kind == "V"
    facts: dict[str, Any] = {
        "shape": list(array.shape),
        "dtype": "object" if is_object else clip(array.dtype, 300),
        "count": array.size,
        "notes": [],
    }
    if is_object:
        facts["notes"] = ["It holds Python objects, which only unpickling could read; that is not done here."]
    elif is_hidden:
        facts["notes"] = ["Its values are not read: the array is packed and larger than 64 MB."]
    if is_hidden or not array.size:
        return facts, []
    facts["first"] = [_value(value) for value in array.reshape(-1)[:FIRST_VALUES].tolist()] if array.ndim < 2 else []  # noqa: PLR2004
    if array.dtype.kind not in "biuf":
        return facts, []
    sample = _sample(array)
    facts["sampled"] = sample.size if sample.size < array.size else None
    with np.errstate(over="ignore", invalid="ignore"):  # the largest numbers of float64 have no square, and no float32
        facts["stats"] = _stats(sample)
        return _with_picture(facts, array)


def _value(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else clip(value, 60)


def _sample(array: Array) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return up to a million values, evenly spread, without reading the rest."""
    step = max(1, -(-array.size // SAMPLE))
    is_fortran = array.flags.f_contiguous and not array.flags.c_contiguous
    flat = (array.T if is_fortran else array).reshape(-1)  # a view, as the order of memory
    return np.asarray(flat[::step], dtype=np.float64)


def _stats(sample: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, Any]:
    finite = sample[np.isfinite(sample)]
    found: dict[str, Any] = {"nans": int(np.isnan(sample).sum()), "infinities": int(np.isinf(sample).sum())}
    if finite.size:
        mean, std = float(finite.mean()), float(finite.std())
        found |= {
            "min": float(finite.min()),
            "max": float(finite.max()),
            "mean": mean if math.isfinite(mean) else None,
            "std": std if math.isfinite(std) else None,
            "zeros": int((finite == 0).sum()),
            "bins": _bins(finite),
        }
    return found


def _bins(finite: np.ndarray[Any, np.dtype[np.float64]]) -> list[int]:
    """Return how many values are in each part of their range; halves keep the largest numbers from overflowing."""
    low, high = finite.min() / 2, finite.max() / 2
    if high <= low:
        return [finite.size]
    share = (finite / 2 - low) / (high - low)
    counts: list[int] = np.bincount(np.minimum(share * BINS, BINS - 1).astype(int), minlength=BINS).tolist()
    return counts


def _with_picture(facts: dict[str, Any], array: Array) -> Answer:
    """Add a line for one axis, a picture for two; of more axes the first of each other one is shown."""
    if array.ndim == 0:
        return facts, []
    if array.ndim == 1:
        facts["picture"] = "line"
        return facts, [_outline(array).astype("<f4").tobytes()]
    at = _plane_of(array)
    plane = array[at]
    rows, columns = (max(1, -(-n // THUMB)) for n in plane.shape)
    thumb = np.asarray(plane[::rows, ::columns], dtype=np.float64)
    facts |= {"picture": "heatmap", "rows": thumb.shape[0], "columns": thumb.shape[1], "every": [rows, columns]}
    if array.ndim > 2:  # noqa: PLR2004
        shown = ", ".join(":" if isinstance(each, slice) else str(each) for each in at)
        facts["notes"].append(f"The picture is of [{shown}].")
    return facts, [thumb.astype("<f4").tobytes()]


def _plane_of(array: Array) -> tuple[int | slice, ...]:
    """Return the index of the two axes to show: the last ones, or those before the channels of a picture."""
    every = slice(None)
    has_channels = array.ndim > 2 and array.shape[-1] in CHANNELS and min(array.shape[-3:-1]) > max(CHANNELS)  # noqa: PLR2004
    return (*(0,) * (array.ndim - 3), every, every, 0) if has_channels else (*(0,) * (array.ndim - 2), every, every)


def _outline(array: Array) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the lowest and highest value of each of up to 600 stretches of a million values, shape (2, n)."""
    values = _sample(array)
    n = min(LINE_POINTS, values.size)
    edges = np.linspace(0, values.size, n, endpoint=False).astype(int)
    return np.stack([np.minimum.reduceat(values, edges), np.maximum.reduceat(values, edges)])
