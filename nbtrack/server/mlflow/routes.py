"""All routes of MLflow's REST, for an application that has a :class:`Desk` as ``app.state.desk``."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from nbtrack.server.files import redirects
from nbtrack.server.mlflow import (
    artifacts,
    experiments,
    log,
    logged_models,
    metrics,
    model_search,
    model_versions,
    registered_models,
    runs,
    uploads,
    webhooks,
)
from nbtrack.server.mlflow.replies import reply

PREFIXES = ("/api/2.0", "/ajax-api/2.0")
"""Where clients, and MLflow's own pages, look for the routes."""
NEWER = ("/api/3.0/mlflow/server-info", "/ajax-api/3.0/mlflow/server-info")

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]

# Asked for most often first: routes are tried in their order.
TRACKING = (log, runs, metrics, experiments, model_search, logged_models, registered_models, model_versions, webhooks)


def server_info(request: Request) -> Response:
    """Return what this server can do, as MLflow's clients ask before they send files."""
    return reply(
        {
            "store_type": "NbtrackStore",
            "workspaces_enabled": False,
            "multipart_uploads_enabled": False,
            "multipart_downloads_enabled": redirects(request),
            "artifact_serving_enabled": True,
            "artifacts_presigned_only": False,
            "tracking_auth": "",
        }
    )


def mlflow_router() -> APIRouter:
    """Return all routes; those under the second prefix are the same, and not in the OpenAPI again.

    They stand in one list: routers inside routers are looked through anew for each request.
    """
    whole = APIRouter()
    for prefix in PREFIXES:
        is_shown = prefix == PREFIXES[0]
        for part in (*(each.router for each in TRACKING), artifacts.router):
            _add(whole, f"{prefix}/mlflow", part, is_shown=is_shown)
        for part in (uploads.router, artifacts.presigned, artifacts.proxy):
            _add(whole, f"{prefix}/mlflow-artifacts", part, is_shown=is_shown)
    for path in NEWER:
        whole.add_api_route(path, server_info, methods=["GET"], include_in_schema=path == NEWER[0], tags=["server"])
    for prefix in ("/api", "/ajax-api"):  # what else begins so is no page of the web interface
        whole.add_api_route(f"{prefix}/{{version}}.0/{{rest:path}}", no_route, methods=METHODS, include_in_schema=False)
    return whole


def _add(whole: APIRouter, prefix: str, part: APIRouter, *, is_shown: bool) -> None:
    for route in part.routes:
        assert isinstance(route, APIRoute)
        methods, tags = sorted(route.methods or ()), route.tags
        whole.add_api_route(prefix + route.path, route.endpoint, methods=methods, tags=tags, include_in_schema=is_shown)


async def no_route() -> Response:
    """Say that there is no such route."""
    raise HTTPException(404)
