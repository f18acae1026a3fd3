"""Reads TensorFlow's TensorProto, as newer TensorBoard writers put scalars, texts and images into it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nbtrack.moving.protobuf import WireError, fields, grouped, raw, signed, varint

STRING = 7
_HALF, _BFLOAT16 = 19, 14
_TYPES: dict[int, str] = {
    1: "<f4",
    2: "<f8",
    3: "<i4",
    4: "<u1",
    5: "<i2",
    6: "<i1",
    9: "<i8",
    10: "|b1",
    17: "<u2",
    _HALF: "<f2",
    22: "<u4",
    23: "<u8",
}
"""Numbers of types in types.proto."""
_FIXED = {5: "<f4", 6: "<f8"}
_VARINTS = (7, 10, 11, 16, 17)


@dataclass(frozen=True, slots=True)
class Tensor:
    """Numbers of any shape, or texts."""

    shape: tuple[int, ...]
    numbers: np.ndarray[Any, Any] | None = None
    strings: tuple[bytes, ...] = ()

    def scalar(self) -> float:
        """Return the only number; raises ``WireError`` when there is none or another."""
        if self.numbers is None or self.numbers.size != 1:
            raise WireError("a scalar has not one number")
        return float(self.numbers.reshape(-1)[0])


def read_tensor(data: bytes) -> Tensor:
    """Return what a TensorProto holds; raises ``WireError``."""
    found = grouped(data)
    kind = signed(found.get(1, [0])[0])
    shape = _shape(raw(found.get(2, [b""])[0]))
    if kind == STRING:
        return Tensor(shape, strings=tuple(raw(value) for value in found.get(8, [])))
    return Tensor(shape, _numbers(kind, found))


def _shape(data: bytes) -> tuple[int, ...]:
    return tuple(signed(grouped(value).get(1, [0])[0]) for number, value in fields(data) if number == 2)  # noqa: PLR2004


def _numbers(kind: int, found: dict[int, list[int | bytes]]) -> np.ndarray[Any, Any] | None:
    content = found.get(4)
    if content and raw(content[0]):
        return _of_bytes(kind, raw(content[0]))
    for number, form in _FIXED.items():
        if number in found:  # packed, or each by itself
            return np.frombuffer(b"".join(raw(value) for value in found[number]), form)
    for number in _VARINTS:
        if number in found:
            return np.array([signed(one) for value in found[number] for one in _unpacked(value)], np.int64)
    if 13 in found:  # noqa: PLR2004 - half_val: 16 bits of each
        bits = np.array([signed(one) for value in found[13] for one in _unpacked(value)], np.uint16)
        return _of_bytes(kind, bits.tobytes())
    return np.zeros(1) if kind in _TYPES else None  # a zero may be left out


def _of_bytes(kind: int, data: bytes) -> np.ndarray[Any, Any] | None:
    if kind == _BFLOAT16:
        return (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4")
    if kind not in _TYPES or len(data) % np.dtype(_TYPES[kind]).itemsize:
        return None
    return np.frombuffer(data, _TYPES[kind])


def _unpacked(value: int | bytes) -> list[int]:
    if isinstance(value, int):
        return [value]
    found, at = [], 0
    while at < len(value):
        one, at = varint(value, at)
        found.append(one)
    return found
