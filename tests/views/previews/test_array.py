"""numpy arrays: header, figures and a picture, without unpickling and without reading what is not shown."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nbtrack.views.previews import array as room

if TYPE_CHECKING:
    from tests.views.previews.conftest import Look


def npy(array: Any, **options: Any) -> bytes:
    out = io.BytesIO()
    np.save(out, array, **options)
    return out.getvalue()


def header(text: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


def test_one_axis_is_an_outline_of_lowest_and_highest_values(look: Look) -> None:
    values = np.sin(np.arange(10_000) / 50)
    values[1234] = 99.0
    facts = look("a.npy", npy(values))
    lines = np.frombuffer(facts["buffers"][0], "<f4").reshape(2, -1)
    assert lines.shape == (2, room.LINE_POINTS)
    assert lines[1].max() == 99
    assert facts["array"]["stats"]["max"] == 99
    assert facts["array"]["shape"] == [10_000]


@pytest.mark.parametrize("order", ["C", "F"])
def test_two_axes_are_a_picture(look: Look, order: str) -> None:
    values = np.asarray(np.arange(12, dtype="i4").reshape(3, 4), order=order)  # type: ignore[call-overload]
    facts = look("a.npy", npy(values))
    assert (facts["array"]["rows"], facts["array"]["columns"]) == (3, 4)
    assert np.frombuffer(facts["buffers"][0], "<f4").tolist() == list(range(12))


def test_more_axes_show_the_first_plane_and_say_so(look: Look) -> None:
    facts = look("a.npy", npy(np.ones((5, 300, 10))))
    assert facts["notes"] == ["The picture is of [0, :, :]."]
    assert facts["array"]["rows"] <= room.THUMB


@pytest.mark.parametrize(
    "values",
    [
        np.float32(3),
        np.array([]),
        np.array(["a", "b"]),
        np.array([1 + 2j]),
        np.array([np.nan, np.inf]),
        np.zeros((0, 4)),
        np.array([True, False]),
        np.array(["2026-01-01"], dtype="M8[D]"),
        np.array([(1, 2.0)], dtype=[("x", "i4"), ("y", "f8")]),
        np.float64(1e308) * np.array([1.0, -1.0]),
        np.array([1, 2], dtype="f2"),
        np.array([2**63], dtype="u8"),
    ],
    ids=repr,
)
def test_any_type_of_values_can_be_looked_at(look: Look, values: Any) -> None:
    facts = look("a.npy", npy(values))
    assert facts["view"] == "array", facts["notes"]
    assert facts["array"]["count"] == values.size


def test_objects_are_never_unpickled(look: Look) -> None:
    facts = look("a.npy", npy(np.array([{}, None], dtype=object), allow_pickle=True))
    assert facts["array"]["dtype"] == "object"
    assert "unpickling" in facts["notes"][0]


@pytest.mark.parametrize(
    "data",
    [
        header("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}\n"),
        header("{'descr': '<f8', 'fortran_order': False, 'shape': (-5,)}\n"),
        header("__import__('os').system('echo broken')\n"),
        header("{'descr': '<f8', 'fortran_order': False, 'shape': (" + "1, " * 15_000 + ")}\n"),
        b"\x93NUMPY\x09\x00aaaa",
        b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**32 - 1) + b" " * 100,
        b"\x93NUMPY",
    ],
    ids=["longer than the file", "negative", "code", "long header", "version", "huge header", "cut"],
)
def test_headers_that_lie_are_refused(look: Look, data: bytes) -> None:
    facts = look("a.npy", data)
    assert facts["view"] in ("binary", "text")
    assert facts["notes"][0].startswith("This cannot be shown as an array")


def test_an_npz_lists_its_arrays_and_shows_the_one_asked_for(look: Look) -> None:
    out = io.BytesIO()
    np.savez_compressed(out, a=np.zeros((2, 3)), b=np.arange(5), o=np.array([{}], dtype=object))
    facts = look("a.npz", out.getvalue())
    assert [(each["name"], each["shape"]) for each in facts["members"]] == [("a", [2, 3]), ("b", [5]), ("o", [1])]
    assert look("a.npz", member="b")["array"]["shape"] == [5]
    assert look("a.npz", member="../b")["member"] == "a"


def test_a_packed_array_that_is_too_large_is_not_unpacked(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MAX_MEMBER", 1000)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.npy", npy(np.zeros(10_000)))
    facts = look("a.npz", out.getvalue())
    assert facts["array"]["shape"] == [10_000]
    assert "stats" not in facts["array"]
    assert "not read" in facts["notes"][-1]


@pytest.mark.parametrize(
    ("shape", "shown", "size"),
    [((20, 30, 3), ":, :, 0", (20, 30)), ((2, 20, 30, 1), "0, :, :, 0", (20, 30)), ((3, 20, 30), "0, :, :", (20, 30))],
)
def test_the_picture_of_a_picture_is_not_of_its_channels(
    look: Look, shape: tuple[int, ...], shown: str, size: tuple[int, int]
) -> None:
    facts = look("a.npy", npy(np.ones(shape)))
    assert facts["notes"] == [f"The picture is of [{shown}]."]
    assert (facts["array"]["rows"], facts["array"]["columns"]) == size
