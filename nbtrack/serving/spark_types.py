"""Predictions as columns of Spark: which type they have, and which of them has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.errors import InvalidValueError
from nbtrack.models.column_types import Array, DataType, Map, Object
from nbtrack.models.schema import ColSpec, TensorSpec

if TYPE_CHECKING:
    import pandas as pd

    from nbtrack.models.schema import Schema

ALLOWED = "int, long, float, double, string, boolean, arrays and maps of these, and structs such as 'label string, score double'"
MOST_DIMENSIONS = 2
_SPARK = {
    DataType.boolean: "BooleanType",
    DataType.integer: "IntegerType",
    DataType.long: "LongType",
    DataType.float: "FloatType",
    DataType.double: "DoubleType",
    DataType.string: "StringType",
    DataType.binary: "BinaryType",
    DataType.datetime: "TimestampType",
}
_TAKEN: dict[str, tuple[list[Any], Any]] = {
    "integer": (["int8", "uint8", "int16", "uint16", "int32"], np.int32),
    "long": (["int8", "uint8", "int16", "uint16", "int64", int], np.int64),
    "float": ([np.number], np.float32),
    "double": ([np.number], np.float64),
    "boolean": ([bool], np.bool_),
}
"""Which columns can be had as a type without loss, as MLflow sees it, and as what."""


def read_type(spark: Any, wanted: Any) -> Any:
    """Return the Spark type that a text or type names.

    Raises
    ------
    InvalidValueError
        It is none of those that predictions can have.
    """
    from pyspark.errors import PySparkException  # noqa: PLC0415 - an optional package
    from pyspark.sql.functions import lit  # noqa: PLC0415
    from pyspark.sql.types import StructType  # noqa: PLC0415

    if not isinstance(wanted, str):
        found = wanted
    else:
        text = "boolean" if wanted.strip() == "bool" else wanted
        try:
            found = spark.range(0).select(lit(None).cast(text)).schema[0].dataType
        except PySparkException:
            try:
                found = StructType.fromDDL(text)
            except PySparkException:
                raise InvalidValueError(f"result_type {wanted!r} cannot be read; use {ALLOWED}.") from None
    if not _is_allowed(found):
        raise InvalidValueError(f"result_type {wanted!r} cannot be predicted; use {ALLOWED}.")
    return found


def _is_allowed(found: Any) -> bool:
    from pyspark.sql import types  # noqa: PLC0415

    if isinstance(found, types.ArrayType):
        return _is_allowed(found.elementType)
    if isinstance(found, types.MapType):
        return isinstance(found.keyType, types.StringType) and _is_allowed(found.valueType)
    if isinstance(found, types.StructType):
        return all(_is_allowed(field.dataType) for field in found.fields)
    return isinstance(found, types.StringType) or getattr(found, "typeName", str)() in _TAKEN


def type_of(outputs: Schema) -> Any:
    """Return the Spark type of what a signature says comes out: one column's own, a struct of several.

    Raises
    ------
    InvalidValueError
    """
    from pyspark.sql.types import StructField, StructType  # noqa: PLC0415

    found = [(str(spec.name or place), _of_spec(spec)) for place, spec in enumerate(outputs)]
    return found[0][1] if len(found) == 1 else StructType([StructField(name, kind) for name, kind in found])


def _of_spec(spec: ColSpec | TensorSpec) -> Any:
    from pyspark.sql.types import ArrayType  # noqa: PLC0415

    if isinstance(spec, ColSpec):
        return _of_column(spec.type)
    kind = next((kind for kind in _SPARK if kind.to_numpy() == np.dtype(spec.type)), None)
    if kind is None or not 0 < len(spec.shape) <= MOST_DIMENSIONS:
        raise InvalidValueError(f"The model's output {spec!r} has no type in Spark; give result_type: {ALLOWED}.")
    found = ArrayType(_of_column(kind))
    return found if len(spec.shape) == 1 else ArrayType(found)


def _of_column(kind: Any) -> Any:
    from pyspark.sql import types  # noqa: PLC0415

    if isinstance(kind, DataType):
        return getattr(types, _SPARK[kind])()
    if isinstance(kind, Array):
        return types.ArrayType(_of_column(kind.dtype))
    if isinstance(kind, Map):
        return types.MapType(types.StringType(), _of_column(kind.value_type))
    if isinstance(kind, Object):
        return types.StructType([types.StructField(each.name, _of_column(each.dtype)) for each in kind.properties])
    raise InvalidValueError(f"The model's output {kind!r} has no type in Spark; give result_type: {ALLOWED}.")


def as_columns(found: Any, wanted: Any) -> pd.Series[Any] | pd.DataFrame:
    """Return predictions as the column or struct that Spark was promised.

    Parameters
    ----------
    found : what a model gives for n rows
    wanted : Spark type
        Of several predictions a row, a plain type takes the leftmost that fits, an array all that fit, a struct those of its names.

    Raises
    ------
    InvalidValueError
        None fits.
    """
    import pandas as pd  # noqa: PLC0415
    from pyspark.sql import types  # noqa: PLC0415

    if isinstance(wanted, types.StructType):
        return _struct(found, wanted)
    if isinstance(wanted, types.MapType):
        return pd.Series([_plain(value, wanted) for value in found], dtype=object)
    element = wanted.elementType if isinstance(wanted, types.ArrayType) else wanted
    if isinstance(element, (types.ArrayType, types.StructType, types.MapType)):
        return pd.Series([_plain(value, wanted) for value in _rows(found)], dtype=object)
    table = _fitting(_table(found), element)
    if isinstance(wanted, types.ArrayType):
        return pd.Series(table.to_numpy().tolist(), dtype=object)
    return table.iloc[:, 0]


def _table(found: Any) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415

    if isinstance(found, pd.DataFrame):
        return found
    if hasattr(found, "detach"):
        found = found.detach().cpu().numpy()
    if isinstance(found, dict):
        found = {name: list(values) for name, values in found.items()}
    return pd.DataFrame([found] if np.isscalar(found) else found)


def _rows(found: Any) -> Any:
    table = getattr(found, "columns", None)
    return found.iloc[:, 0] if table is not None else found


def _fitting(table: pd.DataFrame, wanted: Any) -> pd.DataFrame:
    name = wanted.typeName()
    if name == "string":
        return table.map(str).astype(object)
    if name not in _TAKEN:  # from a signature: binary, a time
        return table
    dtypes, target = _TAKEN[name]
    fitting = table.select_dtypes(dtypes)
    if fitting.shape[1] == 0:
        there = ", ".join(sorted({str(dtype) for dtype in table.dtypes}))
        raise InvalidValueError(
            f"The model gives no {name} (it gives {there}); ask for another result_type, such as 'string'."
        )
    return fitting.astype(target)


def _struct(found: Any, wanted: Any) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415

    table = _table(found)
    table.columns = [str(name) for name in table.columns]
    missing = [field.name for field in wanted.fields if field.name not in table.columns]
    if missing:
        raise InvalidValueError(
            f"The model gives no {', '.join(map(repr, missing))}; it gives {', '.join(table.columns)}."
        )
    columns = {}
    for field in wanted.fields:
        column, name = table[field.name], field.dataType.typeName()
        if name in _TAKEN and not column.isna().all():
            column = column.astype(_TAKEN[name][1])
        elif name not in _TAKEN:
            column = pd.Series([_plain(value, field.dataType) for value in column], dtype=object)
        columns[field.name] = column
    return pd.DataFrame(columns)


def _plain(value: Any, wanted: Any) -> Any:
    """Return one prediction as Spark's own Python types; nothing and NaN as nothing."""
    from pyspark.sql import types  # noqa: PLC0415

    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(wanted, types.ArrayType):
        return [_plain(each, wanted.elementType) for each in value]
    if isinstance(wanted, types.MapType):
        return {str(key): _plain(each, wanted.valueType) for key, each in value.items()}
    if isinstance(wanted, types.StructType):
        return {field.name: _plain(value[field.name], field.dataType) for field in wanted.fields}
    kinds = {"integer": int, "long": int, "float": float, "double": float, "boolean": bool, "string": str}
    return kinds.get(wanted.typeName(), lambda same: same)(value)
