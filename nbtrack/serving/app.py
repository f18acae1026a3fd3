"""The routes of a served model: MLflow's scoring protocol, a page to try it, figures for Prometheus."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from nbtrack.errors import InvalidValueError
from nbtrack.models.scoring_input import CSV, JSON, PARQUET, UnsupportedMediaError, media_type, read
from nbtrack.serving.description import openapi
from nbtrack.serving.page import page
from nbtrack.serving.predictions import as_json, n_rows
from nbtrack.version import __version__

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from nbtrack.serving.held import Held
    from nbtrack.serving.meter import Meter
    from nbtrack.serving.recorder import Recorder

log = logging.getLogger("nbtrack.serving")

MEDIA = 415
HEADERS = {"x-content-type-options": "nosniff", "cache-control": "no-store"}
POLICY = (
    "default-src 'none'; script-src 'sha256-{script}'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Refused(Exception):  # noqa: N818 - an answer, not a fault
    """A request that is answered with an error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status = status
        self.code = code
        self.message = message
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a request may take.

    Attributes
    ----------
    timeout_s : float
        From the whole request to the answer; 504 after it.
    max_bytes : int
        Of a body; 413 beyond.
    n_threads : int
        Predictions at the same time.
    """

    timeout_s: float = 60.0
    max_bytes: int = 64 << 20
    n_threads: int = 4


class ModelApp:
    """One model behind HTTP.

    Parameters
    ----------
    held : Held
        The model.
    meter : Meter
        Counts.
    limits : Limits
    recorder : Recorder, optional
        Told of each request and its predictions.
    """

    def __init__(self, held: Held, meter: Meter, limits: Limits, recorder: Recorder | None = None) -> None:
        self.held = held
        self.meter = meter
        self.limits = limits
        self.recorder = recorder
        self._pool = ThreadPoolExecutor(limits.n_threads, thread_name_prefix="nbtrack-predict")

    def app(self) -> Starlette:
        """Return the application."""
        routes = [
            Route("/invocations", self.invocations, methods=["POST"]),
            Route("/ping", self.ping, methods=["GET"]),
            Route("/health", self.ping, methods=["GET"]),
            Route("/version", self.version, methods=["GET"]),
            Route("/metrics", self.metrics, methods=["GET"]),
            Route("/openapi.json", self.openapi, methods=["GET"]),
            Route("/docs", self.page, methods=["GET"]),
            Route("/", self.page, methods=["GET"]),
        ]
        return Starlette(routes=routes, lifespan=self._life, exception_handlers={HTTPException: _detail})

    @asynccontextmanager
    async def _life(self, _: Starlette) -> AsyncIterator[None]:
        self.meter.holds(self.held)
        yield
        self._pool.shutdown(wait=False, cancel_futures=True)
        self.held.close()
        if self.recorder is not None:
            self.recorder.close()

    # -- predictions -------------------------------------------------------------------------------------------------

    async def invocations(self, request: Request) -> Response:
        """Answer with predictions, or say what is wrong with the request."""
        began = time.perf_counter()
        status, rows = 200, 0
        try:
            body = await self._whole_body(request)
            content_type = request.headers.get("content-type", "")
            answer, rows, key = await self._in_time(self._predict, content_type, body)
            response = Response(answer, media_type="application/json", headers={**HEADERS, **_named(key)})
        except Refused as refused:
            status = refused.status
            response = _refusal(refused)
            if self.recorder is not None:
                self.recorder.refuse(status, refused.message)
        self.meter.answered(status, time.perf_counter() - began, rows)
        return response

    async def _whole_body(self, request: Request) -> bytes:
        """Return the body; who sends it a byte at a time is not waited for longer than a prediction may take."""
        try:
            async with asyncio.timeout(self.limits.timeout_s):
                return await self._body(request)
        except TimeoutError:
            message = f"The body did not arrive within {self.limits.timeout_s:g} seconds (--timeout)."
            raise Refused(408, "DEADLINE_EXCEEDED", message) from None
        except ClientDisconnect:
            raise Refused(400, "BAD_REQUEST", "The connection ended before the body did.") from None

    async def _body(self, request: Request) -> bytes:
        given = request.headers.get("content-type", "")
        if not given:
            raise Refused(
                MEDIA, "BAD_REQUEST", f"The request has no content type; it should be {JSON}, {CSV} or {PARQUET}."
            )
        try:
            media_type(given)
        except UnsupportedMediaError as error:
            raise Refused(MEDIA, "BAD_REQUEST", str(error)) from None
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            if size > self.limits.max_bytes:
                message = f"A body may have {self.limits.max_bytes:,} bytes (--max-bytes); larger tables: `nbtrack models predict`."
                raise Refused(413, "REQUEST_LIMIT_EXCEEDED", message)
            parts.append(part)
        return b"".join(parts)

    async def _in_time(self, function: Any, *args: Any) -> Any:
        """Run in a thread; what takes too long goes on there, but its caller is told."""
        work = asyncio.get_running_loop().run_in_executor(self._pool, function, *args)
        try:
            return await asyncio.wait_for(work, self.limits.timeout_s)
        except TimeoutError:
            message = f"The prediction took longer than {self.limits.timeout_s:g} seconds (--timeout)."
            raise Refused(504, "DEADLINE_EXCEEDED", message) from None

    def _predict(self, content_type: str, body: bytes) -> tuple[bytes, int, str]:
        served = self.held.served
        began = time.perf_counter()
        try:
            given = read(body, content_type, served.signature)
            data, params = served.model.enforce(given.data, given.params)
        except InvalidValueError as error:
            raise Refused(400, "BAD_REQUEST", str(error)) from None
        try:
            found = served.model.predict_enforced(data, params)
        except Exception as error:
            log.exception("The model could not score a request.")
            message = f"The model could not score this input: {type(error).__name__}: {error}"
            raise Refused(422, "BAD_REQUEST", message[:2000]) from None
        rows = n_rows(found)
        if self.recorder is not None:
            self.recorder.take(served, data, found, rows, time.perf_counter() - began)
        return as_json(found), rows, served.key

    # -- what else there is to know ----------------------------------------------------------------------------------

    async def ping(self, _: Request) -> Response:
        """Say that the model is there."""
        return PlainTextResponse("\n", headers=HEADERS)

    async def version(self, _: Request) -> Response:
        """Say which nbtrack this is."""
        return PlainTextResponse(__version__, headers=HEADERS)

    async def metrics(self, _: Request) -> Response:
        """Give Prometheus its figures."""
        return Response(self.meter.text(), media_type="text/plain; version=1.0.0; charset=utf-8", headers=HEADERS)

    async def openapi(self, _: Request) -> Response:
        """Describe the routes, with the model's own columns."""
        return JSONResponse(openapi(self.held.served), headers=HEADERS)

    async def page(self, _: Request) -> Response:
        """Show the model, with a form to try it."""
        text, script = page(self.held.served)
        return HTMLResponse(text, headers={**HEADERS, "content-security-policy": POLICY.format(script=script)})


@lru_cache(maxsize=16)
def _named(key: str) -> dict[str, str]:
    """Return the header that says which version answered; a model of a folder or of a run alone has none: paths stay here."""
    return {"x-nbtrack-model": quote(key, safe="/:@")} if key.startswith("models:/") else {}


def _refusal(refused: Refused) -> Response:
    """Return an error as MLflow's clients read it."""
    if refused.status == MEDIA:
        return PlainTextResponse(refused.message, MEDIA, headers=HEADERS)
    body = {"error_code": refused.code, "message": refused.message}
    return Response(json.dumps(body, ensure_ascii=False), refused.status, HEADERS, "application/json")


async def _detail(_: Request, error: Exception) -> Response:
    """Return FastAPI's form of a wrong path or method, which MLflow's server has."""
    found = error if isinstance(error, HTTPException) else HTTPException(500)
    return JSONResponse({"detail": found.detail}, found.status_code, headers={**HEADERS, **(found.headers or {})})
