"""Signatures from the type hints of ``predict``, such as ``list[str]`` or ``list[Row]``, and input brought into their form."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import types
import typing
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from nbtrack.models.column_types import ColumnType
    from nbtrack.models.python_model import TypeHints
    from nbtrack.models.schema import Schema
    from nbtrack.models.signature import ModelSignature

MAX_NAMED = 5
_SCALARS = {
    int: "long",
    str: "string",
    bool: "boolean",
    float: "double",
    bytes: "binary",
    dt.datetime: "datetime",
}
_UNIONS = (typing.Union, types.UnionType)


class _UnknownHintError(InvalidValueError):
    """A hint that says nothing of the data's types."""


def signature_of(hints: TypeHints) -> ModelSignature | None:
    """Return the signature that type hints say; None when they say none: only ``list[…]`` does, for a list of rows."""
    inputs = _schema_of(hints.input)
    if inputs is None:
        return None
    from nbtrack.models.signature import ModelSignature  # noqa: PLC0415 - needs numpy

    return ModelSignature(inputs, _output_of(hints.output), is_from_type_hint=True)


def convert(data: Any, hint: Any) -> Any:
    """Return data in the form of a type hint: rows of a DataFrame as a list, dicts as the models of pydantic.

    Raises
    ------
    InvalidValueError
        It does not fit; the first rows that do not are named.
    """
    if _schema_of(hint) is None:
        return data
    return _fitting(_rows(data, typing.get_args(hint)[0]), hint, "the input")


def _output_of(hint: Any) -> Schema:
    """Return what comes out, which need not be a list; anything, where the hint does not say."""
    from nbtrack.models.schema import AnyType, ColSpec, Schema  # noqa: PLC0415

    found = _schema_of(hint if typing.get_origin(hint) is list else list[hint]) if hint else None
    return found or Schema([ColSpec(AnyType())])


def _schema_of(hint: Any) -> Schema | None:
    if typing.get_origin(hint) is not list or len(typing.get_args(hint)) != 1:
        return None
    from nbtrack.models.schema import ColSpec, Schema  # noqa: PLC0415

    try:
        kind, required = _type_of(typing.get_args(hint)[0])
    except _UnknownHintError:
        return None
    return Schema([ColSpec(kind)]) if required else None


def _type_of(hint: Any) -> tuple[ColumnType, bool]:
    """Return the type of a hint and whether a value must be there."""
    from nbtrack.models.column_types import AnyType, Array, DataType, Map, Object, Property  # noqa: PLC0415

    if hint is Any:
        return AnyType(), True
    if hint in _SCALARS:
        return DataType[_SCALARS[hint]], True
    if _is_pydantic(hint):
        fields = {name: _type_of(field.annotation) for name, field in hint.model_fields.items()}
        return Object([Property(name, kind, required) for name, (kind, required) in fields.items()]), True
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is list and len(args) == 1:
        return Array(_type_of(args[0])[0]), True
    if origin is dict and len(args) == 2 and args[0] is str:  # noqa: PLR2004
        return Map(_type_of(args[1])[0]), True
    if origin in _UNIONS:
        others = [arg for arg in args if arg is not type(None)]
        return (_type_of(others[0])[0] if len(others) == 1 else AnyType()), len(others) == len(args)
    raise _UnknownHintError(f"{hint!r} says nothing of the data's types.")


def _is_pydantic(hint: Any) -> bool:
    return isinstance(hint, type) and hasattr(hint, "model_fields") and hasattr(hint, "model_validate")


def _rows(data: Any, item: Any) -> Any:
    """Return the rows of a DataFrame or Series, or an array, as a list of plain values."""
    if not hasattr(data, "to_numpy"):
        return data.tolist() if hasattr(data, "tolist") and hasattr(data, "dtype") else data
    if not hasattr(data, "columns"):
        return _plain(data.tolist())
    wants_dicts = _is_pydantic(item) or item is dict or typing.get_origin(item) is dict
    if wants_dicts and list(data.columns) != [0]:
        return _plain(data.to_dict(orient="records"))
    if len(data.columns) != 1:
        raise InvalidValueError(
            f"The model takes a list, or a DataFrame with one column; received {len(data.columns)} columns."
        )
    return _plain(data.iloc[:, 0].tolist())


def _plain(value: Any) -> Any:
    """Return arrays in it as lists and NaN as None: pandas makes both of what were lists and None."""
    if hasattr(value, "tolist") and hasattr(value, "dtype"):
        value = value.tolist()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124 - NaN


def _fitting(value: Any, hint: Any, where: str) -> Any:
    """Return a value if it fits a hint; raises ``InvalidValueError``."""
    if hint is Any:
        return value
    if hint in _SCALARS:
        return _scalar(value, hint, where)
    if _is_pydantic(hint):
        return _model(value, hint, where)
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is list:
        _check(value, list, where)
        return _each(value, args[0], where)
    if origin is dict:
        _check(value, dict, where)
        return {name: _fitting(item, args[1], f"{where}[{name!r}]") for name, item in value.items()}
    others = [arg for arg in args if arg is not type(None)]
    if value is None and len(others) < len(args):
        return None
    return _fitting(value, others[0], where) if len(others) == 1 else value


def _each(values: list[Any], hint: Any, where: str) -> list[Any]:
    found, problems = [], []
    for i, value in enumerate(values):
        try:
            found.append(_fitting(value, hint, f"{where}[{i}]"))
        except InvalidValueError as problem:
            problems.append(str(problem))
    if problems:
        more = f" And {len(problems) - MAX_NAMED} more." if len(problems) > MAX_NAMED else ""
        raise InvalidValueError(" ".join(problems[:MAX_NAMED]) + more)
    return found


def _scalar(value: Any, hint: type, where: str) -> Any:
    try:
        if hint is dt.datetime and isinstance(value, str):
            return dt.datetime.fromisoformat(value)
        if hint is bytes and isinstance(value, str):
            return base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error) as cause:
        raise InvalidValueError(f"{where} is no {hint.__name__}: {value[:40]!r}.") from cause
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise InvalidValueError(
            f"{where} should be {hint.__name__}; received {str(value)[:40]!r} ({type(value).__name__})."
        )
    return value


def _model(value: Any, hint: Any, where: str) -> Any:
    if isinstance(value, hint):
        return value
    _check(value, dict, where)
    try:
        return hint.model_validate(value, strict=True)
    except ValueError as cause:
        raise InvalidValueError(f"{where} is no {hint.__name__}: {' '.join(str(cause).split())[:300]}") from cause


def _check(value: Any, kind: type, where: str) -> None:
    if not isinstance(value, kind):
        raise InvalidValueError(f"{where} should be a {kind.__name__}; received a {type(value).__name__}.")
