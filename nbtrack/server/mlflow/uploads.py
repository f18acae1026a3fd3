"""``/mlflow-artifacts/mpu``: large files in parts. A part is sent to an address with a secret that only who began the upload knows."""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from nbtrack.server.files import received
from nbtrack.server.mlflow import model_messages as m
from nbtrack.server.mlflow.artifacts import keep, target
from nbtrack.server.mlflow.desk import AtDesk
from nbtrack.server.mlflow.errors import RestError, invalid, missing
from nbtrack.server.mlflow.replies import reply

if TYPE_CHECKING:
    from nbtrack.server.mlflow.places import Spot

router = APIRouter(prefix="/mpu", tags=["artifact proxy"])

PREFIX = "mpu-"
MAX_PARTS, MAX_OPEN, MAX_AGE_S = 10_000, 64, 24 * 3600.0
_lock = threading.Lock()


@dataclass
class Upload:
    """A file that comes in parts, which are kept in a folder of their own."""

    spot: Spot
    n_parts: int
    folder: Path
    began: float = field(default_factory=time.monotonic)
    etags: dict[int, str] = field(default_factory=dict)

    def drop(self) -> None:
        """Take the parts away."""
        shutil.rmtree(self.folder, ignore_errors=True)


_open: dict[str, Upload] = {}
_PART = re.compile(r"/(?:ajax-)?api/2\.0/mlflow-artifacts/mpu/part/([\w\-]+)/\d+")


def takes_part(path: str) -> bool:
    """Say whether a part of an open upload goes to this path, whose secret is leave enough: clients send no token to where parts go."""
    found = _PART.fullmatch(path)
    return found is not None and found[1] in _open


@router.post("/create/{address:path}")
def create(request: Request, desk: AtDesk, address: str, body: m.CreateUpload) -> Response:
    """Begin an upload; the answer names an address for each part."""
    n_parts = 1 if body.num_parts is None else body.num_parts
    if not 1 <= n_parts <= MAX_PARTS:
        raise invalid("num_parts", n_parts, f"It must be between 1 and {MAX_PARTS}.")
    spot = target(desk, "/".join(part for part in (address, _name(body.path)) if part))
    desk.store.make_folder()
    parent = desk.store.folder / "tmp"
    parent.mkdir(mode=0o700, exist_ok=True)
    name = secrets.token_urlsafe(32)
    with _lock:
        _sweep(parent)
        if len(_open) >= MAX_OPEN:
            raise RestError(f"{MAX_OPEN} uploads are open; try again later.", "REQUEST_LIMIT_EXCEEDED")
        _open[name] = Upload(spot, n_parts, Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent)))
    path = request.scope.get("root_path", "") + request.url.path.partition("/mpu/create/")[0]
    start = request.url.replace(path=path, query="")
    credentials = [{"url": f"{start}/mpu/part/{name}/{i}", "part_number": i} for i in range(1, n_parts + 1)]
    return reply({"upload_id": name, "credentials": credentials})


@router.put("/part/{upload_id}/{number}")
async def put_part(request: Request, upload_id: str, number: int) -> Response:
    """Take one part; the answer's ``ETag`` is its checksum."""
    upload = _find(upload_id)
    if not 1 <= number <= upload.n_parts:
        raise missing(f"This upload has parts 1 to {upload.n_parts}.")
    digest = hashlib.md5(usedforsecurity=False)
    coming = upload.folder / f"{number}-{secrets.token_hex(4)}.new"
    with coming.open("wb") as file:
        async for piece in received(request):
            digest.update(piece)
            await run_in_threadpool(file.write, piece)
    coming.replace(upload.folder / str(number))
    upload.etags[number] = etag = f'"{digest.hexdigest()}"'
    return Response(status_code=200, headers={"etag": etag})


@router.post("/complete/{address:path}")
def complete(desk: AtDesk, address: str, body: m.CompleteUpload) -> Response:
    """Put the parts together."""
    upload = _find(body.upload_id)
    _check_place(desk, upload, address, body.path)
    numbers = sorted(part.part_number for part in body.parts)
    if numbers != list(range(1, upload.n_parts + 1)) or any(
        upload.etags.get(p.part_number) is None
        or (p.etag and p.etag.strip('"') != upload.etags[p.part_number].strip('"'))
        for p in body.parts
    ):
        raise invalid(
            "parts",
            numbers,
            f"All of the {upload.n_parts} parts must have come, with the ETags they were answered with.",
        )
    whole = upload.folder / "whole"
    with whole.open("wb") as file:
        for number in numbers:
            with (upload.folder / str(number)).open("rb") as part:
                shutil.copyfileobj(part, file, 1 << 20)
    keep(desk, upload.spot, whole)
    _drop(body.upload_id)
    return reply()


@router.post("/abort/{address:path}")
def abort(desk: AtDesk, address: str, body: m.AbortUpload) -> Response:
    """Give an upload up."""
    _check_place(desk, _find(body.upload_id), address, body.path)
    _drop(body.upload_id)
    return reply()


def _name(path: str) -> str:
    """Return the name of the file: clients send its whole local path."""
    return re.split(r"[/\\]", path)[-1]


def _check_place(desk: AtDesk, upload: Upload, address: str, path: str) -> None:
    if target(desk, "/".join(part for part in (address, _name(path)) if part)) != upload.spot:
        raise RestError("This upload is of another file.")


def _find(upload_id: str) -> Upload:
    found = _open.get(upload_id)
    if found is None:
        raise missing("No such upload: it was completed, given up, or is too old.")
    return found


def _drop(upload_id: str) -> None:
    with _lock:
        found = _open.pop(upload_id, None)
    if found is not None:
        found.drop()


def _sweep(parent: Path) -> None:
    """Give up uploads that are too old, and take away what a server that was killed has left of its own."""
    now = time.monotonic()
    for name in [name for name, upload in _open.items() if now - upload.began > MAX_AGE_S]:
        _open.pop(name).drop()
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if folder.stat().st_mtime < time.time() - 2 * MAX_AGE_S:  # a part that comes makes it young
                shutil.rmtree(folder)
