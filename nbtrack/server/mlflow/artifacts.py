"""``/mlflow-artifacts``: files go up and come down through the server; ``/artifacts/list`` says what a run has."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Self

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from nbtrack.artifacts.kinds import mime_of
from nbtrack.server import files
from nbtrack.server.mlflow import places
from nbtrack.server.mlflow.desk import AtDesk, Desk
from nbtrack.server.mlflow.errors import RestError, missing
from nbtrack.server.mlflow.replies import page, reply
from nbtrack.server.mlflow.runs import named

if TYPE_CHECKING:
    from nbtrack.server.mlflow.places import Spot

router = APIRouter(tags=["artifacts"])
proxy = APIRouter(prefix="/artifacts", tags=["artifact proxy"])
presigned = APIRouter(prefix="/presigned", tags=["artifact proxy"])

IN_MEMORY = files.IN_MEMORY
COMING = "blob-coming-"
"""Begins the name of a file that comes; what is left of one when a server is killed goes with the next purge."""
_NEWER_CLIENT = re.compile(r"mlflow-python-client/([3-9]|\d\d)")


def hides_models(request: Request) -> bool:
    """Say whether a client looks for models by their own addresses."""
    return _NEWER_CLIENT.match(request.headers.get("user-agent", "")) is not None


@router.get("/artifacts/list")
def list_artifacts(
    request: Request,
    desk: AtDesk,
    run_id: Annotated[str | None, Query()] = None,
    run_uuid: Annotated[str | None, Query()] = None,
    path: Annotated[str | None, Query()] = None,
) -> Response:
    """Return the files and folders of a run directly under `path`."""
    folder = places.check_relative(path)
    with desk.run(named(run_id, run_uuid)) as known:
        there = places.files_of(desk, known, hides_models=hides_models(request))
        told = _told(places.listed(there.items(), folder), f"{folder}/" if folder else "")
        root = f"{desk.root(known.experiment_id)}/{known.run_id}/artifacts"
    return reply({"root_uri": root, **({"files": told} if told else {})})


@proxy.get("")
def list_proxied(request: Request, desk: AtDesk, path: Annotated[str | None, Query()] = None) -> Response:
    """Return the files and folders under an address, by their names alone."""
    spot = places.find(desk, path or "")
    if spot is None:
        return reply()
    with desk.run(spot.run_id) as known:
        there = places.files_of(desk, known, hides_models=not spot.is_model and hides_models(request))
        return page("files", _told(places.listed(there.items(), spot.full), ""), None)


@proxy.get("/{address:path}")
def download(request: Request, desk: AtDesk, address: str) -> Response:
    """Return a file, or a part of it; or where it is kept, for a while."""
    spot, sha256 = _found(desk, address)
    return files.answer(request, desk.store.blobs, sha256, name=spot.full, mime=mime_of(spot.full))


@presigned.get("/{address:path}")
def where(request: Request, desk: AtDesk, address: str) -> Response:
    """Return a URL at which a file can be had in parts, for a while, from where it is kept."""
    if not files.redirects(request):
        raise RestError(
            "This server sends nobody to its object store; files come through it. (nbtrack server --redirect changes that.)",
            "NOT_IMPLEMENTED",
        )
    _, sha256 = _found(desk, address)
    return reply(files.presigned(request, desk.store.blobs, sha256))


def _found(desk: Desk, address: str) -> tuple[Spot, str]:
    spot = places.find(desk, address)
    found = None
    if spot is not None:
        with desk.run(spot.run_id) as known:
            found = desk.files(known).get(spot.full)
    if spot is None or found is None:
        raise missing(f"No such artifact: '{address}'")
    return spot, found.sha256


@proxy.put("/{address:path}")
async def upload(request: Request, desk: AtDesk, address: str) -> Response:
    """Keep a file; one that is there already is replaced."""
    spot = await run_in_threadpool(target, desk, address)
    with _Coming(desk) as coming:
        async for piece in files.received(request):
            if coming.takes_in_memory(piece):
                coming.write(piece)
            else:
                await run_in_threadpool(coming.write, piece)
        await run_in_threadpool(lambda: keep(desk, spot, coming.content()))
    return reply()


class _Coming:
    """A file as it comes: in memory while it is small, then on the disk where it is to stay."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._start = bytearray()
        self._path: Path | None = None
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None and self._path is not None:
            self._file.close()
            self._path.unlink(missing_ok=True)

    def takes_in_memory(self, piece: bytes) -> bool:
        """Say whether a piece goes to no disk."""
        return self._file is None and len(self._start) + len(piece) <= IN_MEMORY

    def write(self, piece: bytes) -> None:
        """Take a piece."""
        if self.takes_in_memory(piece):
            self._start += piece
            return
        if self._file is None:
            self._desk.store.make_folder()
            folder = self._desk.store.folder / "tmp"
            folder.mkdir(mode=0o700, exist_ok=True)
            fd, name = tempfile.mkstemp(prefix=COMING, dir=folder)
            self._path, self._file = Path(name), os.fdopen(fd, "wb")
            self._file.write(self._start)
        self._file.write(piece)

    def content(self) -> Path | bytes:
        """Return all that came."""
        if self._file is None or self._path is None:
            return bytes(self._start)
        self._file.flush()
        return self._path


@proxy.delete("/{address:path}")
def delete(desk: AtDesk, address: str) -> Response:
    """Take a file away, or all of a folder."""
    spot = places.find(desk, address)
    if spot is not None:
        with desk.run(spot.run_id) as known:
            inside = f"{spot.full}/" if spot.full else ""
            gone = [path for path in desk.files(known) if path == spot.full or path.startswith(inside)]
            if gone:
                none = {"sha256": None, "size": 0, "mime": None}
                desk.store.append(*(("artifact", spot.run_id, None, {"path": path, **none}) for path in gone))
    return reply()


def target(desk: Desk, address: str) -> Spot:
    """Return where a file is to be kept."""
    spot = places.find(desk, address)
    if spot is None or not spot.path:
        raise RestError(
            f"There is no place {address[:200]!r}: files are kept under <experiment id>/<run id>/artifacts/ and "
            "<experiment id>/models/<model id>/artifacts/ of runs and models that are there."
        )
    return spot


def keep(desk: Desk, spot: Spot, content: Path | bytes) -> None:
    """Keep a content as a file of a run."""
    desk.store.add_artifact(spot.run_id, spot.full, content)


def _told(found: list[tuple[str, int | None]], start: str) -> list[dict[str, Any]]:
    return [
        {"path": start + name, "is_dir": True}
        if size is None
        else {"path": start + name, "is_dir": False, "file_size": size}
        for name, size in found
    ]
