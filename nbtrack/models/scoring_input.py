"""What a scoring request holds: MLflow's four JSON forms, CSV and Parquet, read into data and params as the signature wants them."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nbtrack.deps import require
from nbtrack.errors import InvalidValueError
from nbtrack.models import nested, request_limits
from nbtrack.models.column_types import AnyType, Array, DataType, Object
from nbtrack.models.json_columns import cast_frame, tensor
from nbtrack.models.json_numbers import plain_numbers
from nbtrack.models.schema import ColSpec

if TYPE_CHECKING:
    from nbtrack.models.schema import ParamSchema, Schema
    from nbtrack.models.signature import ModelSignature

JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"
FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")
_EXACT: dict[str, Any] = {} if pd.__version__ >= "3.1" else {"float_precision": "round_trip"}
"""From 3.1 on, pandas reads the number that was written without being asked."""
CHAT = ("messages", "prompt", "input")
"""Keys of requests to language models, which go to the model as they are."""


class UnsupportedMediaError(InvalidValueError):
    """A content type that no request may have; an HTTP server answers 415."""


@dataclass(frozen=True, slots=True)
class ScoringInput:
    """What goes into ``predict``: `data`, and `params` or None."""

    data: Any
    params: dict[str, Any] | None = None


def media_type(content_type: str | None) -> str:
    """Return the kind of a request's body from its Content-Type header; JSON when there is none.

    Raises
    ------
    UnsupportedMediaError
        It is neither JSON, CSV nor Parquet, or of another charset than UTF-8.
    """
    if not content_type or not content_type.strip():
        return JSON
    kind, *options = (part.strip().lower() for part in content_type.split(";"))
    if kind not in (JSON, CSV, PARQUET):
        raise UnsupportedMediaError(
            f"Content type {content_type[:80]!r} is not supported; use {JSON}, {CSV} or {PARQUET}."
        )
    for option in filter(None, options):
        name, _, value = option.partition("=")
        if name.strip() != "charset" or value.strip().strip('"') not in ("utf-8", "utf8"):
            raise UnsupportedMediaError(
                f"Content type {content_type[:80]!r} is not supported; the only option is charset=utf-8."
            )
    return kind


def read(body: bytes, content_type: str | None = JSON, signature: ModelSignature | None = None) -> ScoringInput:
    """Read the body of a scoring request.

    Parameters
    ----------
    body : bytes
    content_type : str, optional
    signature : ModelSignature, optional
        Of the model: values are read in its types. Nothing is enforced yet; ``PyFuncModel.predict`` does it.

    Raises
    ------
    UnsupportedMediaError
    InvalidValueError
        The body cannot be read, or has values that the signature's types cannot hold.
    """
    kind = media_type(content_type)
    schema = None if signature is None else signature.inputs
    if kind == CSV:
        return ScoringInput(read_csv(body, schema))
    if kind == PARQUET:
        return ScoringInput(read_parquet(body))
    return read_json(body, signature)


def read_json(body: bytes | str | dict[str, Any], signature: ModelSignature | None = None) -> ScoringInput:
    """Read a JSON request: exactly one of ``dataframe_split``, ``dataframe_records``, ``instances``, ``inputs``, and maybe ``params``."""
    request = body if isinstance(body, dict) else _decoded(body)
    if not isinstance(request, dict):
        raise InvalidValueError(
            f"The request is a JSON {_json_kind(request)}; an object with one of {', '.join(FORMS)} is expected."
        )
    if any(key in request for key in CHAT) and not any(form in request for form in FORMS):
        return _chat(request, None if signature is None else signature.params)
    forms = [form for form in FORMS if form in request]
    if len(forms) != 1:
        given = ", ".join(map(repr, list(request)[:20])) or "nothing"
        raise InvalidValueError(
            f"The request has {given}; exactly one of {', '.join(FORMS)} is expected, and maybe params."
        )
    params = request.get("params")
    if params is not None and not isinstance(params, dict):
        raise InvalidValueError(f"params is a JSON {_json_kind(params)}; an object of names and values is expected.")
    form, payload = forms[0], request[forms[0]]
    if signature is not None and signature.is_from_type_hint:
        if form != "inputs":
            raise InvalidValueError(
                f"The model is called with what `inputs` holds, as its type hint says; received {form}."
            )
        return ScoringInput(payload, params)
    schema = None if signature is None else signature.inputs
    plain = None if schema is None else plain_numbers(form, payload, schema)
    if plain is not None:
        return ScoringInput(plain, params)
    try:
        data = frame_of(form, payload, schema) if form.startswith("dataframe") else tensors_of(form, payload, schema)
    except (ValueError, TypeError, OverflowError, KeyError) as problem:
        if isinstance(problem, InvalidValueError):
            raise
        raise InvalidValueError(f"{form} cannot be read: {problem}") from problem
    return ScoringInput(data, params)


def read_csv(body: bytes, schema: Schema | None = None) -> pd.DataFrame:
    """Read a CSV table with a header; texts stay as they are written where the schema says so."""
    texts: dict[Any, Any] = {}
    if schema is not None and schema.has_input_names():
        texts = {
            name: str for name, spec in schema.input_dict().items() if spec.type in (DataType.string, DataType.binary)
        }
    request_limits.check_csv(body)
    try:
        frame: pd.DataFrame = pd.read_csv(io.BytesIO(body), dtype=texts, **_EXACT)
    except (ValueError, OverflowError) as cause:
        raise InvalidValueError(f"The body cannot be read as CSV: {' '.join(str(cause).split())}") from cause
    if schema is None:
        return frame
    return cast_frame(_with_json_cells(frame, schema), schema)


def read_parquet(body: bytes) -> pd.DataFrame:
    """Read a Parquet table; it brings its types along."""
    require("pyarrow", "to read Parquet requests", extra="models")
    try:
        return request_limits.parquet(body)
    except InvalidValueError:
        raise
    except Exception as cause:
        raise InvalidValueError(f"The body cannot be read as Parquet: {' '.join(str(cause).split())[:200]}") from cause


def _decoded(body: bytes | str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as cause:
        what = "nests too deep" if isinstance(cause, RecursionError) else f"is not JSON: {cause}"
        raise InvalidValueError(f"The request {what}") from cause


def _json_kind(value: Any) -> str:
    kinds = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return kinds.get(type(value), "number")


def _chat(request: dict[str, Any], known: ParamSchema | None) -> ScoringInput:
    names = {spec.name for spec in known} if known else set()
    params = {name: value for name, value in request.items() if name in names}
    return ScoringInput({name: value for name, value in request.items() if name not in names}, params or None)


# -- tables --------------------------------------------------------------------------------------------------------------


def frame_of(form: str, payload: Any, schema: Schema | None) -> pd.DataFrame:
    """Return what ``dataframe_split`` or ``dataframe_records`` holds."""
    if form == "dataframe_records":
        if not isinstance(payload, list) or not all(isinstance(row, dict) for row in payload):
            raise InvalidValueError("dataframe_records is an array of objects, one a row.")
        request_limits.check_records(payload, form)
        frame = pd.DataFrame(payload)
    else:
        if not isinstance(payload, dict) or "data" not in payload or payload.keys() - {"columns", "data", "index"}:
            raise InvalidValueError(
                'dataframe_split is an object {"columns": […], "data": [[…], …]}, maybe with "index".'
            )
        nested.check_lengths(payload["data"], form)
        data = payload["data"]
        request_limits.check_columns(
            len(data[0]) if isinstance(data, list) and data and isinstance(data[0], list) else 0, form
        )
        frame = pd.DataFrame(payload["data"], columns=payload.get("columns"), index=payload.get("index"))
    return frame if schema is None else cast_frame(frame, schema)


def _with_json_cells(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Read lists and objects in cells of a CSV table, which are written as JSON."""
    if not schema.has_input_names():
        return frame
    for name, spec in schema.input_dict().items():
        if name in frame and isinstance(spec, ColSpec) and not isinstance(spec.type, (DataType, AnyType)):
            frame[name] = [_decoded(cell) if isinstance(cell, str) else None for cell in frame[name]]
    return frame


# -- instances and inputs ------------------------------------------------------------------------------------------------


def tensors_of(form: str, payload: Any, schema: Schema | None) -> Any:
    """Return what ``instances`` or ``inputs`` holds: arrays, or a table when the signature has columns."""
    if form == "instances" and not isinstance(payload, (list, dict)):
        raise InvalidValueError(f"instances is a JSON {_json_kind(payload)}; an array is expected.")
    rows = isinstance(payload, list) and len(payload) > 0 and all(isinstance(row, dict) for row in payload)
    if schema is None:
        return _untyped(form, payload, rows=rows)
    if schema.is_tensor_spec():
        return _typed_tensors(form, payload, schema, rows=rows)
    if rows:
        _check_rows(payload, schema, form)
        request_limits.check_records(payload, form)
        return cast_frame(pd.DataFrame(payload), schema)
    return _typed_columns(payload, schema)


def _untyped(form: str, payload: Any, *, rows: bool) -> Any:
    if rows and form == "instances":
        return {name: np.array([row[name] for row in payload if name in row]) for name in payload[0]}
    if isinstance(payload, dict):
        return {name: np.array(value) for name, value in payload.items()}
    if rows:
        return [{name: np.array(value) for name, value in row.items()} for row in payload]
    return np.array(payload)


def _typed_tensors(form: str, payload: Any, schema: Schema, *, rows: bool) -> Any:
    specs: list[Any] = schema.inputs
    if not schema.has_input_names():
        if isinstance(payload, dict) or rows:
            raise InvalidValueError(f"{form} has names; the model's signature wants one array: {specs[0]!r}.")
        return tensor(payload, specs[0], form)
    if rows:
        _check_rows(payload, schema, form)
        payload = {spec.name: [row[spec.name] for row in payload] for spec in specs}
    elif isinstance(payload, list) and len(specs) == 1:
        payload = {specs[0].name: payload}
    if not isinstance(payload, dict):
        raise InvalidValueError(
            f"{form} is a JSON {_json_kind(payload)}; an object with the arrays of the signature is expected."
        )
    known = {spec.name: spec for spec in specs}
    return {name: tensor(value, known[name], f"Input {name!r}") for name, value in payload.items() if name in known}


def _check_rows(rows: list[dict[str, Any]], schema: Schema, form: str) -> None:
    if not schema.has_input_names():
        raise InvalidValueError(f"{form} has names; the inputs of the model's signature have none.")
    required = schema.required_input_names()
    for i, row in enumerate(rows):
        missing = [name for name in required if name not in row]
        if missing:
            raise InvalidValueError(
                f"Row {i} of {form} lacks {', '.join(map(repr, missing))}, which the model's signature requires."
            )


def _typed_columns(payload: Any, schema: Schema) -> Any:
    """Return values without a table's form as a table: columns by name, one row, or one column."""
    specs: list[Any] = schema.inputs
    if not isinstance(payload, dict):
        return cast_frame(_table_of(payload if isinstance(payload, list) else [payload], specs), schema)
    if not schema.has_input_names():
        raise InvalidValueError("inputs has names; the inputs of the model's signature have none.")
    is_row = any(isinstance(spec.type, (Array, Object)) for spec in specs)
    is_row = is_row or not any(isinstance(value, list) for value in payload.values())
    return cast_frame(pd.DataFrame([payload] if is_row else payload), schema)


def _table_of(values: list[Any], specs: list[Any]) -> pd.DataFrame:
    """Return a list as a table: of rows, or as the only column."""
    holds_lists = any(isinstance(value, list) for value in values)
    if (
        len(specs) > 1
        or any(isinstance(value, dict) for value in values)
        or (holds_lists and isinstance(specs[0].type, DataType))
    ):
        nested.check_lengths(values, "The list")
        return pd.DataFrame(values)
    cells = [values] if isinstance(specs[0].type, Array) and not holds_lists else values
    return pd.DataFrame({0 if specs[0].name is None else specs[0].name: pd.Series(cells)})
