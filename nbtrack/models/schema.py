"""Schemas: what a model takes and gives, column by column or as tensors, and its params; to and from MLflow's JSON texts."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.errors import InvalidValueError
from nbtrack.models.column_types import AnyType, Array, ColumnType, DataType, Map, Object, Property, as_type, read_type

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "AnyType",
    "Array",
    "ColSpec",
    "DataType",
    "Map",
    "Object",
    "ParamSchema",
    "ParamSpec",
    "Property",
    "Schema",
    "TensorSpec",
]
MAX_JSON = 16 << 20


@dataclass(slots=True, repr=False)
class ColSpec:
    """A column: its type, its name (None in a schema without names), and whether it must be there.

    Parameters
    ----------
    type : DataType, Array, Object, Map, AnyType or name of a DataType
    name : str, optional
    required : bool
    """

    type: ColumnType
    name: str | None = None
    required: bool = True

    def __post_init__(self) -> None:
        """Take a name for a type."""
        self.type = as_type(self.type)

    def to_dict(self) -> dict[str, Any]:
        """Return MLflow's JSON form."""
        named = {} if self.name is None else {"name": self.name}
        return {**self.type.to_dict(), **named, "required": self.required}

    def __repr__(self) -> str:
        """Show name, type and whether it must be there."""
        named = "" if self.name is None else f"{self.name!r}: "
        return f"{named}{self.type!r} ({'required' if self.required else 'optional'})"


@dataclass(slots=True, repr=False)
class TensorSpec:
    """A tensor: numpy type, shape (-1 where any length will do), and its name, if it is one of several.

    Parameters
    ----------
    type : numpy.dtype
    shape : tuple of int
    name : str, optional
    """

    type: np.dtype[Any]
    shape: tuple[int, ...]
    name: str | None = None
    required: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        """Check type and shape."""
        given: Any = self.type
        if not isinstance(given, np.dtype):
            raise InvalidValueError(f"The type of a tensor is a numpy.dtype; received {given!r}.")
        if self.type.char in "US" and self.type.itemsize:
            raise InvalidValueError(
                f"{self.type.name} says how long texts are; use numpy.dtype({self.type.type.__name__.strip('_')!r})."
            )
        shape: Any = self.shape
        if not isinstance(shape, (tuple, list)) or not all(isinstance(n, (int, np.integer)) for n in shape):
            raise InvalidValueError(
                f"The shape of a tensor is a tuple of ints such as (-1, 28, 28); received {self.shape!r}."
            )
        self.shape = tuple(int(n) for n in self.shape)

    def to_dict(self) -> dict[str, Any]:
        """Return MLflow's JSON form."""
        named = {} if self.name is None else {"name": self.name}
        return {**named, "type": "tensor", "tensor-spec": {"dtype": self.type.name, "shape": list(self.shape)}}

    def __repr__(self) -> str:
        """Show name, type and shape."""
        return f"{'' if self.name is None else f'{self.name!r}: '}Tensor({self.type.name!r}, {self.shape!r})"


class Schema:
    """Columns, or tensors.

    Parameters
    ----------
    inputs : list of ColSpec, or list of TensorSpec
        All with names, or all without; tensors without a name come alone.
    """

    def __init__(self, inputs: list[ColSpec] | list[TensorSpec]) -> None:
        given: Any = inputs
        found: list[ColSpec | TensorSpec] = list(given) if isinstance(given, (list, tuple)) else []
        _check_specs(found)
        self.inputs = found

    def is_tensor_spec(self) -> bool:
        """Say whether these are tensors."""
        return isinstance(self.inputs[0], TensorSpec)

    def has_input_names(self) -> bool:
        """Say whether columns or tensors have names."""
        return self.inputs[0].name is not None

    def input_names(self) -> list[Any]:
        """Return the names; positions where there are none."""
        return [i if spec.name is None else spec.name for i, spec in enumerate(self.inputs)]

    def required_input_names(self) -> list[Any]:
        """Return the names of what must be there."""
        return [name for name, spec in zip(self.input_names(), self.inputs, strict=True) if spec.required]

    def optional_input_names(self) -> list[Any]:
        """Return the names of what may be missing."""
        return [name for name, spec in zip(self.input_names(), self.inputs, strict=True) if not spec.required]

    def input_types(self) -> list[Any]:
        """Return the types, in order."""
        return [spec.type for spec in self.inputs]

    def input_dict(self) -> dict[Any, ColSpec | TensorSpec]:
        """Return the specifications by name."""
        return dict(zip(self.input_names(), self.inputs, strict=True))

    def to_dict(self) -> list[dict[str, Any]]:
        """Return MLflow's JSON form."""
        return [spec.to_dict() for spec in self.inputs]

    def to_json(self) -> str:
        """Return MLflow's JSON text."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> Schema:
        """Return what a JSON text says; raises ``InvalidValueError``."""
        specs: Any = [_read_spec(found) for found in read_json(text, "A schema")]
        return cls(specs)

    def __len__(self) -> int:
        """Return the number of columns or tensors."""
        return len(self.inputs)

    def __iter__(self) -> Iterator[ColSpec | TensorSpec]:
        """Go through the columns or tensors."""
        return iter(self.inputs)

    def __eq__(self, other: object) -> bool:
        """Say whether both describe the same."""
        return isinstance(other, Schema) and self.inputs == other.inputs

    def __hash__(self) -> int:
        """Let equal schemas be found in sets."""
        return hash(self.to_json())

    def __repr__(self) -> str:
        """Show the columns or tensors."""
        return repr(self.inputs)


def _check_specs(found: list[ColSpec | TensorSpec]) -> None:
    kinds = {type(spec) for spec in found}
    names = [spec.name for spec in found]
    if kinds not in ({ColSpec}, {TensorSpec}):
        raise InvalidValueError("A schema is a list of ColSpec or a list of TensorSpec, with at least one.")
    if None in names and any(name is not None for name in names):
        raise InvalidValueError(f"Some of the inputs have names, others not: {names}. Name all or none.")
    if kinds == {TensorSpec} and len(found) > 1 and None in names:
        raise InvalidValueError("Several tensors need names.")
    if None in names and not all(spec.required for spec in found):
        raise InvalidValueError("Inputs that may be missing need names.")


def _read_spec(found: Any) -> ColSpec | TensorSpec:
    if not isinstance(found, dict):
        raise InvalidValueError(f"A schema holds {str(found)[:80]}; a mapping with `type` is expected.")
    name = found.get("name")
    if found.get("type") != "tensor":
        return ColSpec(read_type(found), name, required=bool(found.get("required", True)))
    spec = found.get("tensor-spec")
    if not isinstance(spec, dict) or not isinstance(spec.get("dtype"), str) or not isinstance(spec.get("shape"), list):
        raise InvalidValueError(f"A tensor of a schema has {str(spec)[:80]}; `dtype` and `shape` are expected.")
    try:
        dtype = np.dtype(spec["dtype"])
    except TypeError as cause:
        raise InvalidValueError(f"{spec['dtype'][:80]!r} is no type of numpy.") from cause
    return TensorSpec(dtype, tuple(spec["shape"]), name)


def read_json(text: Any, what: str) -> list[Any]:
    """Return the list that a JSON text holds; raises ``InvalidValueError``."""
    if not isinstance(text, str) or len(text) > MAX_JSON:
        raise InvalidValueError(f"{what} is no JSON text of at most {MAX_JSON >> 20} MiB.")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as cause:
        raise InvalidValueError(f"{what} is no JSON text: {cause}") from cause
    if not isinstance(found, list):
        raise InvalidValueError(f"{what} holds a {type(found).__name__}; a list is expected.")
    return found


class ParamSpec:
    """A param of predict: name, type, the value when it is not given, and whether it is a list.

    Parameters
    ----------
    name : str
    dtype : DataType, Object or name of a DataType
    default : object
        Checked against type and shape.
    shape : (-1,), optional
        For a list; None for one value.
    """

    def __init__(
        self, name: str, dtype: DataType | Object | str, default: Any, shape: tuple[int, ...] | None = None
    ) -> None:
        from nbtrack.models.params import fitting  # noqa: PLC0415 - which knows of types only, and is asked by this class

        self.name = str(name)
        self.shape = None if shape is None else tuple(shape)
        kind = as_type(dtype)
        if not isinstance(kind, (DataType, Object)) or kind is DataType.binary:
            raise InvalidValueError(
                f"Param {self.name!r} has the type {kind!r}; use a DataType but binary, or an Object."
            )
        self.dtype: DataType | Object = kind
        self.default = fitting(default, self.dtype, self.shape, self.name)

    def to_dict(self) -> dict[str, Any]:
        """Return MLflow's JSON form."""
        default = self.default
        if self.dtype is DataType.datetime and default is not None:
            default = default.isoformat() if self.shape is None else [value.isoformat() for value in default]
        shape = None if self.shape is None else list(self.shape)
        return {"name": self.name, "default": default, "shape": shape, **self.dtype.to_dict()}

    @classmethod
    def from_dict(cls, found: Any) -> ParamSpec:
        """Return what MLflow's JSON form says; `dtype` is an older name of `type`."""
        if (
            not isinstance(found, dict)
            or not {"name", "default"} <= found.keys()
            or not {"type", "dtype"} & found.keys()
        ):
            raise InvalidValueError(
                f"A param of a signature is {str(found)[:80]}; `name`, `type` and `default` are expected."
            )
        kind: Any = read_type({**found, "type": found.get("type") or found.get("dtype")})
        return cls(found["name"], kind, found["default"], found.get("shape"))

    def __eq__(self, other: object) -> bool:
        """Say whether both describe the same."""
        return isinstance(other, ParamSpec) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        """Let equal params be found in sets."""
        return hash(self.name)

    def __repr__(self) -> str:
        """Show name, type and default."""
        shape = "" if self.shape is None else f" (shape: {self.shape})"
        return f"{self.name!r}: {self.dtype!r} (default: {self.default}){shape}"


class ParamSchema:
    """The params of predict, each name once."""

    def __init__(self, params: list[ParamSpec]) -> None:
        names = [spec.name for spec in params]
        if len(set(names)) < len(names):
            raise InvalidValueError(f"A param is named twice: {names}.")
        self.params = list(params)

    def to_dict(self) -> list[dict[str, Any]]:
        """Return MLflow's JSON form."""
        return [spec.to_dict() for spec in self.params]

    def to_json(self) -> str:
        """Return MLflow's JSON text."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> ParamSchema:
        """Return what a JSON text says; raises ``InvalidValueError``."""
        return cls([ParamSpec.from_dict(found) for found in read_json(text, "A schema of params")])

    def __len__(self) -> int:
        """Return the number of params."""
        return len(self.params)

    def __iter__(self) -> Iterator[ParamSpec]:
        """Go through the params."""
        return iter(self.params)

    def __eq__(self, other: object) -> bool:
        """Say whether both describe the same."""
        return isinstance(other, ParamSchema) and self.params == other.params

    def __hash__(self) -> int:
        """Let equal schemas be found in sets."""
        return hash(self.to_json())

    def __repr__(self) -> str:
        """Show the params."""
        return repr(self.params)
