"""Answers: JSON of plain values, and the dependency that reads a query string as a message."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from nbtrack.server.mlflow.desk import as_json

EMPTY = b"{}"
JSON = "application/json"


def reply(found: dict[str, Any] | None = None) -> Response:
    """Return an answer; ``{}`` when there is nothing to say."""
    return Response(EMPTY if found is None else as_json(found), media_type=JSON)


def page(name: str, found: list[Any], token: str | None) -> Response:
    """Return a page of results; what is empty is left out, as MLflow does."""
    told: dict[str, Any] = {name: found} if found else {}
    if token:
        told["next_page_token"] = token
    return reply(told)
