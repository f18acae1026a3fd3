"""The application of ``nbtrack server``: nbtrack's own routes, MLflow's, their OpenAPI, how the server does, the web interface at ``/``.

One middleware stands in front of all routes: :func:`gates`. Another one, around it, only counts.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, PlainTextResponse, Response

from nbtrack.server.access.gate import Gate
from nbtrack.server.docs import docs
from nbtrack.server.metrics import Meter, Metering
from nbtrack.server.mlflow.desk import Desk
from nbtrack.server.mlflow.errors import add_handlers
from nbtrack.server.mlflow.routes import mlflow_router
from nbtrack.server.mlflow.uploads import takes_part
from nbtrack.server.moments import OneMoment
from nbtrack.server.native.routes import NativeRoutes
from nbtrack.server.ready import Readiness, parts_of
from nbtrack.server.sizes import Sizes
from nbtrack.version import __version__

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from starlette.types import ASGIApp

    from nbtrack.server.access.audit import Audit
    from nbtrack.server.access.keys import Keys
    from nbtrack.store.served import ServedStore

ABOUT = "An nbtrack store: MLflow's REST, whose errors are `{error_code, message}`, and nbtrack's own routes."


def application(
    store: ServedStore, *, guards: Sequence[Middleware] = (), pages: ASGIApp | None = None, redirects: bool = False
) -> FastAPI:
    """Return the application.

    Parameters
    ----------
    store : ServedStore
        What it serves; closing it is the caller's.
    guards : sequence of Middleware
        What every request passes first, outermost first: who may come in, and how much may come.
    pages : ASGI application, optional
        The web interface, for every path that is no route.
    redirects : bool
        Send programs that ask for a file to the object store that has it.
    """
    meter, readiness = Meter(Sizes(store.local)), Readiness(parts_of(store))

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        yield
        app.state.desk.close()
        store.followers.remove(meter)

    async def ready() -> Response:
        """Say whether the server can do its work now, and which part of it cannot."""
        return await readiness.answer()

    async def metrics(request: Request) -> Response:
        """Say to Prometheus how the server does."""
        text, content_type = await run_in_threadpool(meter.text, request.headers.get("accept", ""))
        return Response(text, headers={"content-type": content_type})

    app = FastAPI(
        title="nbtrack server",
        description=ABOUT,
        version=__version__,
        docs_url=None,  # a page of our own, below
        redoc_url=None,
        lifespan=life,
        middleware=[Middleware(Metering, meter=meter), Middleware(OneMoment), *guards],
    )
    store.followers.append(meter)
    app.state.desk = Desk(store)
    app.state.redirects = redirects
    add_handlers(app)
    for router in (NativeRoutes(store).router, mlflow_router()):
        app.router.routes += (
            router.routes
        )  # as they are: routers that are included are worked out once more, by the first request
    app.add_route("/docs", docs, methods=["GET"], include_in_schema=False)
    app.add_api_route("/health", health, methods=["GET"], tags=["server"])
    app.add_api_route("/ready", ready, methods=["GET"], tags=["server"], response_class=JSONResponse)
    app.add_api_route("/metrics", metrics, methods=["GET"], tags=["server"], response_class=PlainTextResponse)
    app.add_api_route("/version", version, methods=["GET"], tags=["server"])
    if pages is not None:
        app.mount("/", pages)
    return app


def gates(keys: Keys | None, audit: Audit | None, allowed_hosts: Sequence[str] = ()) -> list[Middleware]:
    """Return the one middleware before all routes: without keys, for a server that only this machine can reach."""
    return [Middleware(Gate, keys=keys, audit=audit, allowed_hosts=tuple(allowed_hosts), takes_part=takes_part)]


async def health() -> PlainTextResponse:
    """Say that the server is there."""
    return PlainTextResponse("OK")


async def version() -> PlainTextResponse:
    """Say which version it is."""
    return PlainTextResponse(__version__)
