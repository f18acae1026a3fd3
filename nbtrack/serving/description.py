"""The OpenAPI document of a served model, made from its signature."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nbtrack.version import __version__

if TYPE_CHECKING:
    from nbtrack.serving.held import Served

_TYPES: dict[str, dict[str, Any]] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer", "format": "int32"},
    "long": {"type": "integer", "format": "int64"},
    "float": {"type": "number", "format": "float"},
    "double": {"type": "number", "format": "double"},
    "string": {"type": "string"},
    "binary": {"type": "string", "contentEncoding": "base64"},
    "datetime": {"type": "string", "format": "date-time"},
}
_ERRORS = {
    "400": "The body cannot be read, or does not fit the signature.",
    "413": "The body is too large.",
    "422": "The model cannot score this input.",
    "504": "The prediction took too long.",
}
_PLAIN = {
    "/ping": "200 when the model is there",
    "/health": "200 when the model is there",
    "/version": "Version of nbtrack",
    "/metrics": "Figures for Prometheus",
}


def openapi(served: Served) -> dict[str, Any]:
    """Return the document (OpenAPI 3.1)."""
    text = {"content": {"text/plain": {"schema": {"type": "string"}}}}
    paths: dict[str, Any] = {
        path: {"get": {"summary": summary, "responses": {"200": {"description": "OK", **text}}}}
        for path, summary in _PLAIN.items()
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": served.uri, "version": served.key, "x-nbtrack": __version__},
        "paths": {"/invocations": {"post": _invocations(served)}, **paths},
        "components": {"schemas": _schemas(served)},
    }


def _invocations(served: Served) -> dict[str, Any]:
    body: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/Input"}}
    example = example_of(served)
    if example is not None:
        body["example"] = example
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    answer = {"application/json": {"schema": {"$ref": "#/components/schemas/Predictions"}}}
    table: dict[str, Any] = {"schema": {"type": "string", "contentMediaType": "text/csv"}}
    columns: dict[str, Any] = {"schema": {"type": "string", "contentMediaType": "application/vnd.apache.parquet"}}
    return {
        "summary": "Predict",
        "operationId": "predict",
        "requestBody": {
            "required": True,
            "content": {"application/json": body, "text/csv": table, "application/vnd.apache.parquet": columns},
        },
        "responses": {
            "200": {"description": "Predictions, one a row", "content": answer},
            **{status: {"description": text, "content": error} for status, text in _ERRORS.items()},
            "415": {"description": "Another content type", "content": {"text/plain": {"schema": {"type": "string"}}}},
        },
    }


def _schemas(served: Served) -> dict[str, Any]:
    columns, params = columns_of(served), params_of(served)
    record = _record(columns)
    names = [column["name"] for column in columns if "name" in column]
    split = {
        "type": "object",
        "properties": {
            "columns": {"type": "array", "items": {"enum": names} if names else {}},
            "index": {"type": "array"},
            "data": {"type": "array", "items": {"type": "array"}},
        },
        "required": ["data"],
    }
    forms = {
        "dataframe_split": split,
        "dataframe_records": {"type": "array", "items": record},
        "instances": {"type": "array"},
        "inputs": {},
    }
    more = {"params": _params(params)}
    wanted = [{"type": "object", "properties": {key: form, **more}, "required": [key]} for key, form in forms.items()]
    predictions = _output(served)
    return {
        "Input": {"oneOf": wanted},
        "Record": record,
        "Predictions": {"type": "object", "properties": {"predictions": predictions}, "required": ["predictions"]},
        "Error": {
            "type": "object",
            "properties": {"error_code": {"type": "string"}, "message": {"type": "string"}},
            "required": ["error_code", "message"],
        },
    }


def _record(columns: list[dict[str, Any]]) -> dict[str, Any]:
    named = [column for column in columns if column.get("name") and column.get("type") != "tensor"]
    found: dict[str, Any] = {"type": "object", "properties": {c["name"]: _column(c) for c in named}}
    required = [column["name"] for column in named if column.get("required", True)]
    return {**found, "required": required} if required else found


def _column(column: dict[str, Any]) -> dict[str, Any]:
    kind = column.get("type")
    if kind == "array":
        return {"type": "array", "items": _column(column.get("items", {}))}
    if kind == "object":
        properties = {name: _column(each) for name, each in column.get("properties", {}).items()}
        return {"type": "object", "properties": properties}
    if kind == "map":
        return {"type": "object", "additionalProperties": _column(column.get("values", {}))}
    return dict(_TYPES.get(str(kind), {}))


def _params(params: list[dict[str, Any]]) -> dict[str, Any]:
    def one(param: dict[str, Any]) -> dict[str, Any]:
        kind = _TYPES.get(str(param.get("type") or param.get("dtype")), {})
        found = {"type": "array", "items": kind} if param.get("shape") else dict(kind)
        return {**found, "default": param.get("default")}

    return {"type": "object", "properties": {param["name"]: one(param) for param in params}}


def _output(served: Served) -> dict[str, Any]:
    signature = served.signature
    outputs = listed(getattr(signature, "outputs", None))
    named = [column for column in outputs if column.get("name") and column.get("type") != "tensor"]
    if named:
        return {"type": "array", "items": _record(outputs)}
    return {"type": "array", "items": _column(outputs[0]) if outputs else {}}


def columns_of(served: Served) -> list[dict[str, Any]]:
    """Return the signature's inputs, as MLflow writes them; [] when the model says nothing."""
    return listed(getattr(served.signature, "inputs", None))


def params_of(served: Served) -> list[dict[str, Any]]:
    """Return the signature's params."""
    return listed(getattr(served.signature, "params", None))


def listed(schema: Any) -> list[dict[str, Any]]:
    """Return a schema as MLflow writes it."""
    return [] if schema is None else list(schema.to_dict())


def example_of(served: Served) -> dict[str, Any] | None:
    """Return a body that the model takes: its saved example, else one row of its columns; None when nobody knows."""
    saved = served.model.serving_example
    if saved is not None:
        return dict(json.loads(saved))
    columns = columns_of(served)
    if not columns or any(column.get("type") == "tensor" or not column.get("name") for column in columns):
        return None
    return {"dataframe_records": [{column["name"]: _sample(column) for column in columns}]}


def _sample(column: dict[str, Any]) -> Any:
    samples = {"boolean": True, "integer": 0, "long": 0, "string": "", "binary": "", "datetime": "2026-01-01T00:00:00"}
    if column.get("type") == "array":
        return [_sample(column.get("items", {}))]
    return samples.get(str(column.get("type")), 0.0)
