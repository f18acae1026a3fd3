"""Which hosts a request may name, and from pages of which origin it may come."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.datastructures import Headers

LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
"""What a page of another site can send without asking first."""
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._\-]+)(?::(?P<port>\d{1,5}))?", re.IGNORECASE)


def is_allowed(host: str, names: Sequence[str]) -> bool:
    """Say whether a Host header names one of these; ``*.example.org`` stands for all below, ``*`` for any."""
    found = _HOST.fullmatch(host)
    if found is None:
        return False
    said = found["name"].lower()
    return any(said == name.lower() or ("*" in name and fnmatchcase(said, name.lower())) for name in names)


def is_foreign(headers: Headers) -> bool:
    """Say whether a page of another origin asks; behind a proxy the scheme is not known here, so that host and port count."""
    host, origin = headers.get("host", "").lower(), headers.get("origin")
    if origin is None:
        return (
            headers.get("sec-fetch-site") in ("cross-site", "same-site") and headers.get("sec-fetch-mode") != "navigate"
        )
    try:
        said = urlsplit(origin.lower())
    except ValueError:
        return True
    port = {"http": ":80", "https": ":443"}.get(said.scheme)
    return port is None or host not in (said.netloc, said.netloc.removesuffix(port))


def is_form(headers: Headers) -> bool:
    """Say whether what is sent could be from a form of another page."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in FORMS
