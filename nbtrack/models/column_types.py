"""Types of columns and of what is nested in them, with MLflow's names; to and from its JSON."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from nbtrack.errors import InvalidValueError

MAX_DEPTH = 50


class DataType(Enum):
    """What one value of a column is."""

    boolean = "boolean"
    integer = "integer"
    """int32"""
    long = "long"
    """int64"""
    float = "float"
    """float32"""
    double = "double"
    """float64"""
    string = "string"
    binary = "binary"
    datetime = "datetime"
    """Without a time zone."""

    def to_numpy(self) -> np.dtype[Any]:
        """Return the numpy type."""
        return _NUMPY[self]

    def to_pandas(self) -> np.dtype[Any]:
        """Return the type of a pandas column: object for texts and bytes."""
        return np.dtype(object) if self in (DataType.string, DataType.binary) else _NUMPY[self]

    def to_python(self) -> type:
        """Return the type of Python."""
        return _PYTHON[self]

    def to_dict(self) -> dict[str, Any]:
        """Return MLflow's JSON form."""
        return {"type": self.name}

    def __repr__(self) -> str:
        """Show the name."""
        return self.name


_NUMPY: dict[DataType, np.dtype[Any]] = {
    DataType.boolean: np.dtype("bool"),
    DataType.integer: np.dtype("int32"),
    DataType.long: np.dtype("int64"),
    DataType.float: np.dtype("float32"),
    DataType.double: np.dtype("float64"),
    DataType.string: np.dtype("str"),
    DataType.binary: np.dtype("bytes"),
    DataType.datetime: np.dtype("datetime64[ns]"),
}
_PYTHON: dict[DataType, type] = {
    DataType.boolean: bool,
    DataType.integer: int,
    DataType.long: int,
    DataType.float: float,
    DataType.double: float,
    DataType.string: str,
    DataType.binary: bytes,
    DataType.datetime: dt.date,
}


@dataclass(frozen=True, slots=True, repr=False)
class AnyType:
    """Anything that JSON can hold, None included; nothing of it is checked."""

    def to_dict(self) -> dict[str, Any]:
        """Return MLflow's JSON form."""
        return {"type": "any"}

    def __repr__(self) -> str:
        """Show the name."""
        return "Any"


@dataclass(frozen=True, slots=True, repr=False)
class Array:
    """A list of values of one type."""

    dtype: ColumnType

    def __post_init__(self) -> None:
        """Take a name for a type."""
        object.__setattr__(self, "dtype", as_type(self.dtype))

    def to_dict(self) -> dict[str, Any]:
        """Return MLflow's JSON form."""
        return {"type": "array", "items": self.dtype.to_dict()}

    def __repr__(self) -> str:
        """Show what is in it."""
        return f"Array({self.dtype!r})"


@dataclass(frozen=True, slots=True, repr=False)
class SparkMLVector:
    """A vector of Spark ML: a list of doubles."""

    @property
    def dtype(self) -> DataType:
        """Return the type of its items."""
        return DataType.double

    def to_dict(self) -> dict[str, Any]:
        """Return MLflow's JSON form."""
        return {"type": "sparkml_vector"}

    def __repr__(self) -> str:
        """Show the name."""
        return "SparkML vector"


@dataclass(frozen=True, slots=True, repr=False)
class Map:
    """Values of one type by names that are not known beforehand."""

    value_type: ColumnType

    def __post_init__(self) -> None:
        """Take a name for a type."""
        object.__setattr__(self, "value_type", as_type(self.value_type))

    def to_dict(self) -> dict[str, Any]:
        """Return MLflow's JSON form."""
        return {"type": "map", "values": self.value_type.to_dict()}

    def __repr__(self) -> str:
        """Show what is in it."""
        return f"Map(str -> {self.value_type!r})"


@dataclass(frozen=True, slots=True, repr=False)
class Property:
    """A named value of an :class:`Object`."""

    name: str
    dtype: ColumnType
    required: bool = True

    def __post_init__(self) -> None:
        """Take a name for a type."""
        if not isinstance(self.name, str):
            raise InvalidValueError(f"The property {self.name!r} is a {type(self.name).__name__}; its name is a text.")
        object.__setattr__(self, "dtype", as_type(self.dtype))

    def to_dict(self) -> dict[str, Any]:
        """Return MLflow's JSON form."""
        return {self.name: {**self.dtype.to_dict(), "required": self.required}}

    def __repr__(self) -> str:
        """Show name, type and whether it must be there."""
        return f"{self.name}: {self.dtype!r} ({'required' if self.required else 'optional'})"


@dataclass(frozen=True, slots=True, repr=False)
class Object:
    """Values by known names, each of a type of its own; sorted by name."""

    properties: list[Property]

    def __post_init__(self) -> None:
        """Sort and check the properties."""
        names = [found.name for found in self.properties]
        if not names or len(set(names)) < len(names):
            raise InvalidValueError(f"An Object needs at least one property, each name once; received {names}.")
        object.__setattr__(self, "properties", sorted(self.properties, key=lambda found: found.name))

    def __hash__(self) -> int:
        """Let equal objects be found in sets."""
        return hash(tuple(self.properties))

    def to_dict(self) -> dict[str, Any]:
        """Return MLflow's JSON form."""
        return {"type": "object", "properties": {n: v for p in self.properties for n, v in p.to_dict().items()}}

    def __repr__(self) -> str:
        """Show the properties."""
        return "{" + ", ".join(map(repr, self.properties)) + "}"


ColumnType = DataType | Array | SparkMLVector | Map | Object | AnyType
_KINDS = (DataType, Array, SparkMLVector, Map, Object, AnyType)


def as_type(found: Any) -> ColumnType:
    """Return a type given as such or by the name of a :class:`DataType`."""
    if isinstance(found, str) and found in DataType.__members__:
        return DataType[found]
    if isinstance(found, _KINDS):
        return found
    raise InvalidValueError(
        f"Type {found!r} is not known; use one of {', '.join(DataType.__members__)}, or an Array, Object, Map or AnyType."
    )


def read_type(found: Any, depth: int = 0) -> ColumnType:
    """Return the type that MLflow's JSON form says; raises ``InvalidValueError``."""
    if depth > MAX_DEPTH:
        raise InvalidValueError(f"The type nests more than {MAX_DEPTH} levels; it is refused.")
    if not isinstance(found, dict) or not isinstance(found.get("type"), str):
        raise InvalidValueError(f"{str(found)[:80]} is no type; a mapping with `type` is expected.")
    kind = found["type"]
    if kind == "array":
        return Array(read_type(found.get("items"), depth + 1))
    if kind == "map":
        return Map(read_type(found.get("values"), depth + 1))
    if kind == "object":
        return _read_object(found.get("properties"), depth)
    if kind == "any":
        return AnyType()
    return SparkMLVector() if kind == "sparkml_vector" else as_type(kind)


def _read_object(properties: Any, depth: int) -> Object:
    if not isinstance(properties, dict) or not all(isinstance(each, dict) for each in properties.values()):
        raise InvalidValueError(
            f"An object of a signature has the properties {str(properties)[:80]}; a mapping is expected."
        )
    return Object(
        [
            Property(name, read_type(each, depth + 1), bool(each.get("required", True)))
            for name, each in properties.items()
        ]
    )


def merged(one: ColumnType, other: ColumnType) -> ColumnType:
    """Return the type that holds values of both: what only one has becomes optional, unknown gives way to known.

    Raises
    ------
    InvalidValueError
        No type holds both.
    """
    if one == other:
        return one
    if isinstance(one, AnyType):
        one, other = other, one
    if isinstance(other, AnyType):
        return _all_optional(one) if isinstance(one, Object) else one
    if isinstance(one, Object) and isinstance(other, Object):
        return _merged_objects(one, other)
    if isinstance(one, Array) and isinstance(other, Array):
        return Array(merged(one.dtype, other.dtype))
    if isinstance(one, Map) and isinstance(other, Map):
        return Map(merged(one.value_type, other.value_type))
    raise InvalidValueError(
        f"There are values of type {one!r} and of {other!r} in one place; use one type, or AnyType."
    )


def _all_optional(found: Object) -> Object:
    return Object([Property(each.name, each.dtype, required=False) for each in found.properties])


def _merged_objects(one: Object, other: Object) -> Object:
    mine, theirs = ({each.name: each for each in found.properties} for found in (one, other))
    both = [
        Property(name, merged(mine[name].dtype, theirs[name].dtype), mine[name].required and theirs[name].required)
        for name in mine.keys() & theirs.keys()
    ]
    alone = [Property(name, ({**mine, **theirs})[name].dtype, required=False) for name in mine.keys() ^ theirs.keys()]
    return Object(both + alone)
