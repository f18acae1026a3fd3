"""Questions to an issuer: JSON over HTTPS, few bytes, not for long, and never to another address than was asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from nbtrack.errors import NbtrackError
from nbtrack.server.access.oidc.settings import is_here

MOST_BYTES = 1 << 20
WAIT_S = 10.0


class IssuerError(NbtrackError):
    """An issuer does not answer as it should."""


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow none."""


@dataclass(frozen=True)
class Answer:
    """What came, in the form that Authlib reads."""

    url: str
    status_code: int
    data: bytes

    def json(self) -> Any:
        """Return it as JSON; raises ``ValueError``."""
        return json.loads(self.data)

    def raise_for_status(self) -> None:
        """Raise :class:`IssuerError` for a failure."""
        if self.status_code >= 400:  # noqa: PLR2004
            message = f"{urlsplit(self.url).netloc} answers {self.status_code}."
            raise IssuerError(message)


def ask(url: str, *, form: dict[str, str] | None = None, headers: dict[str, str] | None = None) -> Answer:
    """Ask an address; raises :class:`IssuerError` when nobody answers."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_here(parts.hostname or "")):
        message = f"{parts.netloc or url!r} is not asked without TLS."
        raise IssuerError(message)
    body = None if form is None else urlencode(form).encode()
    request = Request(url, body, {"Accept": "application/json", **(headers or {})})  # noqa: S310 - see above
    try:
        with build_opener(_NoRedirect).open(request, timeout=WAIT_S) as answer:
            status, data = answer.status, answer.read(MOST_BYTES + 1)
    except HTTPError as refused:
        with refused:
            status, data = refused.code, refused.read(MOST_BYTES + 1)
    except (OSError, HTTPException, ValueError) as cause:
        message = f"{parts.netloc} does not answer ({type(cause).__name__})."
        raise IssuerError(message) from cause
    if len(data) > MOST_BYTES:
        message = f"{parts.netloc} answers with more than {MOST_BYTES:,} bytes."
        raise IssuerError(message)
    return Answer(url, status, data)


def ask_object(url: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """Return the JSON object that is there."""
    answer = ask(url, headers=headers)
    answer.raise_for_status()
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        message = f"{urlsplit(url).netloc} answers with something that is no JSON object."
        raise IssuerError(message)
    return found
