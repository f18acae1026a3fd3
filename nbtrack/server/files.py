"""A file as an answer: from this machine's disk, streamed from where it is kept, or as a look-up there for clients that can reach it."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import FileResponse, RedirectResponse, Response, StreamingResponse

from nbtrack.errors import NotFoundError, RemoteError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from starlette.requests import Request

    from nbtrack.artifacts.blobs import Blobs
    from nbtrack.artifacts.sources import Source

IN_MEMORY = 1 << 20
"""Bytes of a file that are read at once; larger ones go piece by piece."""
LINK_S = 300
"""How long a signed URL lets in."""
PROXIED = "proxied"
"""In the query of a client that could not reach the object store: it gets the file from here."""
BINARY = "application/octet-stream"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def answer(request: Request, blobs: Blobs, sha256: str, *, name: str = "", mime: str = BINARY) -> Response:
    """Return a file as something to keep, not to show: what somebody logged must not run as a page of this server.

    Called in a thread, after it has been decided that who asks may have it.

    Parameters
    ----------
    request : Request
        A ``Range`` is answered; ``app.state.redirects`` says whether clients may be sent to the object store.
    blobs : Blobs
    sha256 : str
    name : str
        What the file is called.
    mime : str

    Raises
    ------
    NotFoundError
        There is no such file.
    RemoteError
        The place that has it does not answer.
    """
    url = link(request, blobs, sha256)
    if url is not None:
        return redirect(url)
    headers = {
        "content-disposition": _disposition(name),
        "x-content-type-options": "nosniff",
        "etag": f'"{sha256}"',
        "accept-ranges": "bytes",
    }
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    try:
        source = blobs.source(sha256)
    except NotFoundError:  # where it was looked for is nobody's business
        raise NotFoundError("Content", sha256, where="this server") from None
    if source.path is None:
        return _streamed(request, source, headers, mime)
    if source.size <= IN_MEMORY and "range" not in request.headers and request.method != "HEAD":
        return Response(source.path.read_bytes(), headers=headers, media_type=mime)
    return FileResponse(source.path, headers=headers, media_type=mime)


def link(request: Request, blobs: Blobs, sha256: str) -> str | None:
    """Return a signed URL for who asks; None when the file is to come from here.

    A page in a browser gets it from here: it may not ask elsewhere, and a signed URL does not know what the file is called.
    """
    is_program = "sec-fetch-mode" not in request.headers
    if not redirects(request) or request.method != "GET" or not is_program or PROXIED in request.query_params:
        return None
    return blobs.link(sha256, LINK_S)


async def received(request: Request) -> AsyncIterator[bytes]:
    """Yield what is sent in larger pieces than it comes in: each one is worth the way to a thread that writes it."""
    held = bytearray()
    async for piece in request.stream():
        held += piece
        if len(held) >= IN_MEMORY:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)


def redirects(request: Request) -> bool:
    """Say whether this server sends clients to the object store."""
    return bool(getattr(request.app.state, "redirects", False))


def redirect(url: str) -> Response:
    """Send a client elsewhere, with a URL that nobody should keep or tell."""
    return RedirectResponse(url, 307, {"cache-control": "no-store", "referrer-policy": "no-referrer"})


def _disposition(name: str) -> str:
    base = name.rpartition("/")[2]
    if not base:
        return "attachment"
    if re.fullmatch(r"[\w.\-+]+", base, re.ASCII):
        return f"attachment; filename={base}"
    return f"attachment; filename*=UTF-8''{quote(base, safe='')}"


def _streamed(request: Request, source: Source, headers: dict[str, str], mime: str) -> Response:
    start, end, status = _wanted(request, source.size, headers["etag"])
    if status == 416:  # noqa: PLR2004
        return Response(status_code=416, headers=headers | {"content-range": f"bytes */{source.size}"})
    if status == 206:  # noqa: PLR2004
        headers["content-range"] = f"bytes {start}-{end - 1}/{source.size}"
    headers["content-length"] = str(end - start)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=mime)
    is_whole = end - start == source.size
    pieces = source.stream() if is_whole else source.stream(start, end)
    first = next(pieces, b"")  # what is wrong with the place is said before the answer has begun
    checked = _checked(source, first, pieces) if is_whole else _after(first, pieces)
    return StreamingResponse(checked, status, headers, mime)


def _wanted(request: Request, size: int, etag: str) -> tuple[int, int, int]:
    """Return the first byte, the one after the last, and the status: several ranges at once are answered with the whole."""
    found = _RANGE.fullmatch(request.headers.get("range", "").strip())
    if found is None or found[0] == "bytes=-" or request.headers.get("if-range", etag) != etag:
        return 0, size, 200
    first, last = found.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1 if last else size)
    return (start, end, 206) if start < end else (0, 0, 416)


def _after(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from pieces


def _checked(source: Source, first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield a whole content, its last piece when all of it has turned out to be what was asked for: else the answer breaks off."""
    digest, held = hashlib.sha256(first), first
    for piece in pieces:
        yield held
        digest.update(piece)
        held = piece
    if digest.hexdigest() != source.sha256:
        raise RemoteError(f"Content {source.sha256} is damaged where it is kept; the answer was cut short.")
    yield held


def presigned(request: Request, blobs: Blobs, sha256: str) -> dict[str, object]:
    """Return where MLflow's client finds a file in parts; an empty answer sends it back to this server."""
    url = link(request, blobs, sha256)
    if url is None:
        return {"url": "", "headers": {}}
    try:
        return {"url": url, "headers": {}, "file_size": blobs.source(sha256).size}
    except NotFoundError:
        return {"url": "", "headers": {}}
