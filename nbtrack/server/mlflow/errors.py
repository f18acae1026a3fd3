"""Errors as MLflow tells them: ``{"error_code", "message"}`` with the status of the code; no stack trace, SQL or path of the server."""

from __future__ import annotations

import errno
import json
import logging
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from nbtrack.errors import (
    AlreadyExistsError,
    GateRefusedError,
    InvalidValueError,
    JournalError,
    NbtrackError,
    NotFoundError,
    StoreError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI
    from starlette.requests import Request

logger = logging.getLogger("nbtrack.server")

INVALID, MISSING, TAKEN = "INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST", "RESOURCE_ALREADY_EXISTS"
BUSY = "TEMPORARILY_UNAVAILABLE"
FULL = (errno.ENOSPC, errno.EDQUOT)
NO_ROUTE = 404
STATUSES = {
    INVALID: 400,
    TAKEN: 400,
    "BAD_REQUEST": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    MISSING: 404,
    "ENDPOINT_NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "RESOURCE_CONFLICT": 409,
    "REQUEST_LIMIT_EXCEEDED": 429,
    "INTERNAL_ERROR": 500,
    "NOT_IMPLEMENTED": 501,
    BUSY: 503,
}
MORE = " See the API docs for more information about request parameters."
MAX_SHOWN = 200


class RestError(Exception):
    """What went wrong, in MLflow's words."""

    def __init__(self, message: str, code: str = INVALID) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


def invalid(path: str, value: Any, why: str = "") -> RestError:
    """Return MLflow's error for a value that is not allowed."""
    return RestError(f"Invalid value {shown(value)} for parameter '{path}' supplied{': ' + why if why else '.'}")


def required(path: str) -> RestError:
    """Return MLflow's error for a value that is not there."""
    return RestError(f"Missing value for required parameter '{path}'.{MORE}")


def missing(message: str) -> RestError:
    """Return MLflow's error for something that is not there."""
    return RestError(message, MISSING)


def shown(value: Any) -> str:
    """Return a received value as JSON, cut where it is long."""
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def answer(code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return an error as a response."""
    text = json.dumps({"error_code": code, "message": message}).encode("utf-8", "replace")
    return Response(text, STATUSES.get(code, 500), dict(headers or {}), "application/json")


def told(error: Exception) -> tuple[str, str]:
    """Return code and message of an error; of one that nobody meant, nothing but that it happened."""
    match error:
        case RestError():
            found = error.code, error.message
        case NotFoundError():
            found = MISSING, _of_not_found(error)
        case AlreadyExistsError():
            found = TAKEN, f"{error.what} (name={error.name}) already exists."
        case GateRefusedError():
            found = "PERMISSION_DENIED", str(error)
        case InvalidValueError():
            found = INVALID, str(error)
        case JournalError() | StoreError():
            logger.error("%s", error)
            found = BUSY, "The store of this server cannot be used now; try again later."
        case OSError() if error.errno in FULL:
            logger.error("%s", error)
            found = BUSY, "The server has no room to write now; try again later."
        case NbtrackError():
            found = INVALID, str(error)
        case _:
            logger.error("A request failed", exc_info=error)
            found = "INTERNAL_ERROR", "Something went wrong on the server; its log says what."
    return found


def _of_not_found(error: NotFoundError) -> str:
    match error.what:
        case "Run":
            return f"Run with id={error.name} not found"
        case "Experiment" | "Experiment id":
            return f"No Experiment with id={error.name} exists"
        case "Registered model":
            return f"Registered Model with name={error.name} not found"
        case "Webhook":
            return f"Webhook with ID {error.name} not found."
    return str(error)


def add_handlers(app: FastAPI) -> None:
    """Tell every error of an application in this way."""

    async def of_nbtrack(_: Request, error: Exception) -> Response:
        return answer(*(await run_in_threadpool(told, error)))

    async def of_validation(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return answer(INVALID, _of_validation(error))

    async def of_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        codes = {404: "ENDPOINT_NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 400: "BAD_REQUEST"}
        text = (
            f"No such endpoint: {request.method} {request.url.path}"
            if error.status_code == NO_ROUTE
            else str(error.detail)
        )
        reply = answer(codes.get(error.status_code, "BAD_REQUEST"), text, error.headers)
        reply.status_code = error.status_code
        return reply

    app.add_exception_handler(RestError, of_nbtrack)
    app.add_exception_handler(NbtrackError, of_nbtrack)
    app.add_exception_handler(RequestValidationError, of_validation)
    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(OSError, of_nbtrack)
    app.add_exception_handler(Exception, of_nbtrack)


def _of_validation(error: RequestValidationError) -> str:
    """Return what is wrong with the first field that is wrong."""
    first = error.errors()[0]
    where, *rest = first["loc"]
    if first["type"] == "json_invalid" or (where == "body" and not rest):
        return "The request has no body that is a JSON object, sent as application/json."
    path = ""
    for part in rest:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    value = first.get("input")
    if first["type"] == "missing" or value is None:
        return required(path).message
    why = f" Hint: Value was of type '{type(value).__name__}'."
    if first["type"] == "value_error":
        why = str(first["msg"]).removeprefix("Value error, ")
    return invalid(path, value, why).message + MORE
