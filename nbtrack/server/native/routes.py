"""Routes for another nbtrack: its journal in bulk, files by their digest, verbs by name."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from nbtrack.errors import InvalidValueError, NbtrackError, RemoteError
from nbtrack.journal.replica import MAX_DELIVERY, MissingRecordsError
from nbtrack.server import files
from nbtrack.server.native import verbs
from nbtrack.store.traffic import BINARY, CODEC, LINES, VERSION, error_text
from nbtrack.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbtrack.store.served import ServedStore

logger = logging.getLogger("nbtrack.server")

PREFIX = f"/api/nbtrack/v{VERSION}"
MAX_CALL = 8 << 20
"""Bytes of a question."""
MAX_LEASE_S = 600.0
SILENCE = "This server cannot reach the place of its files now; ask again in a while."
STATUSES = {
    "NotFoundError": 404,
    "AlreadyExistsError": 409,
    "GateRefusedError": 403,
    "UntrustedModelError": 403,
    "RemoteError": 503,
    "UnreachableError": 503,
}


class NativeRoutes:
    """The routes, over one store.

    Parameters
    ----------
    store : ServedStore
    """

    def __init__(self, store: ServedStore) -> None:
        self._store = store
        self.router = APIRouter(prefix=PREFIX, tags=["nbtrack"])
        add = self.router.add_api_route
        add("/about", self.about, methods=["GET"])
        add("/journals/{writer}", self.receive, methods=["POST"])
        add("/journals/{writer}", self.last, methods=["GET"])
        add("/blobs/{sha256}", self.put_blob, methods=["PUT"], status_code=204)
        add("/blobs/{sha256}", self.get_blob, methods=["GET"], response_class=Response)
        add("/blobs/{sha256}", self.get_blob, methods=["HEAD"], response_class=Response, include_in_schema=False)
        add("/call/{verb}", self.call, methods=["POST"], response_class=Response)

    async def about(self, request: Request) -> dict[str, Any]:
        """Say which nbtrack this is, and who asks as far as the server knows."""
        return {"version": __version__, "protocol": VERSION, "user": user_of(request)}

    # -- journals ----------------------------------------------------------------------------------------------------

    async def receive(
        self,
        writer: str,
        request: Request,
        after: Annotated[int, Query(ge=-1)] = -1,
        lease: Annotated[float, Query(ge=0, le=MAX_LEASE_S)] = 60.0,
        content_type: Annotated[str, Header()] = "",
    ) -> Response:
        """Take in whole lines of one writer's journal; safe against a power cut when this answers with the last record that is here.

        409 says that records before `after` never came, and which one is the last that did.
        """
        if not content_type.startswith(LINES):
            return _refusal(InvalidValueError(f"A journal comes as {LINES}; received {content_type[:80]!r}."), 415)
        data = await body_of(request, MAX_DELIVERY)
        if data is None:
            return _refusal(InvalidValueError(f"A delivery has at most {MAX_DELIVERY:,} bytes; send fewer lines."), 413)

        def take() -> int:
            return self._store.journals.receive(writer, data, after=after, lease_s=lease, user=user_of(request))

        try:
            last = await run_in_threadpool(take)
            request.scope["nbtrack.records"] = data.count(b"\n")  # for /metrics
            return _last(last)
        except MissingRecordsError as missing:
            return _last(missing.last, 409)
        except NbtrackError as error:
            return _refusal(error)

    async def last(self, writer: str) -> Response:
        """Say which record of a writer is the last one here; -1 when there is none."""
        try:
            return _last(await run_in_threadpool(self._store.journals.last, writer))
        except NbtrackError as error:
            return _refusal(error)

    # -- files -------------------------------------------------------------------------------------------------------

    async def put_blob(self, sha256: str, request: Request) -> Response:
        """Keep a file under its digest, which is checked."""
        await run_in_threadpool(self._store.make_folder)
        with _scratch(self._store.folder / "tmp") as path:
            with path.open("wb") as file:
                async for piece in files.received(request):
                    await run_in_threadpool(file.write, piece)
            try:
                await run_in_threadpool(self._keep, sha256, path)
            except NbtrackError as error:
                return _refusal(error)
        return Response(status_code=204)

    def _keep(self, sha256: str, path: Path) -> None:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256:
            message = f"What arrived has the digest {found}, not {sha256[:64]!r}; send it again."
            raise InvalidValueError(message)
        self._store.blobs.put_file(path)

    async def get_blob(self, sha256: str, request: Request) -> Response:
        """Return the file with a digest, or a part of it; or where it is kept, for a while."""
        try:
            return await run_in_threadpool(files.answer, request, self._store.blobs, sha256)
        except NbtrackError as error:
            return _refusal(error)

    # -- verbs -------------------------------------------------------------------------------------------------------

    async def call(self, verb: str, request: Request) -> Response:
        """Answer a verb of the store: ``[arguments, options]`` as a parcel in, the answer as a parcel out."""
        data = await body_of(request, MAX_CALL)
        if data is None:
            return _refusal(InvalidValueError(f"A question has at most {MAX_CALL:,} bytes."), 413)
        try:
            return Response(await run_in_threadpool(self._answer, verb, data), media_type=BINARY)
        except NbtrackError as error:
            return _refusal(error)

    def _answer(self, verb: str, data: bytes) -> bytes:
        answer = verbs.find(self._store, verb)
        try:
            arguments, options = CODEC.decode(data)
            return CODEC.encode(answer(*arguments, **options))
        except NbtrackError:
            raise
        except (TypeError, ValueError) as error:
            message = f"The question {verb!r} cannot be read: {error}."
            raise InvalidValueError(message) from error


def user_of(request: Request) -> str | None:
    """Return who asks; None where the server asks nobody who they are."""
    found = request.scope.get("state", {}).get("user")
    return None if found is None else str(found)


async def body_of(request: Request, limit: int) -> bytes | None:
    """Return what was sent; None as soon as it is more than `limit` bytes."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > limit:
            return None
    return bytes(body)


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fd, name = tempfile.mkstemp(prefix="upload-", dir=folder)
    os.close(fd)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _last(number: int, status: int = 200) -> Response:
    return Response(f'{{"last": {number}}}', status, media_type="application/json")


def _refusal(error: NbtrackError, status: int | None = None) -> Response:
    if type(error) is RemoteError:  # of the place of files: its host and bucket are nobody's business
        logger.warning("%s", error)
        error = RemoteError(SILENCE)
    code = status or STATUSES.get(type(error).__name__, 400)
    return Response(error_text(error), code, media_type="application/json")
