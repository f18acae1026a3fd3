"""Answers to who may not come in: MLflow's JSON, nbtrack's own on its routes, a page for a browser."""

from __future__ import annotations

import json

from starlette.responses import HTMLResponse, Response

from nbtrack.server.access import signin

CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "ENDPOINT_NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    408: "REQUEST_TIMEOUT",
    413: "REQUEST_TOO_LARGE",
    415: "BAD_REQUEST",
    421: "PERMISSION_DENIED",
    429: "REQUEST_LIMIT_EXCEEDED",
    503: "TEMPORARILY_UNAVAILABLE",
}
TEXTS = {
    408: "The body of the request came too slowly.",
    413: "The body of the request is larger than this route takes.",
    503: "The server has too much to do; try again.",
}
REALM = 'Bearer realm="nbtrack", Basic realm="nbtrack", charset="UTF-8"'
UNNAMED = (
    "This server knows its users by their tokens. Set MLFLOW_TRACKING_TOKEN (or MLFLOW_TRACKING_USERNAME and "
    "MLFLOW_TRACKING_PASSWORD) for MLflow's client, NBTRACK_TRACKING_TOKEN for nbtrack."
)
GONE = "The file of tokens is gone: nobody comes in until whoever runs this server brings it back."
BAD_TOKEN = "The token is not known here, or its time is over."  # noqa: S105


def refusal(status: int, text: str = "", *, retry_s: float = 0.0, is_last: bool = False) -> Response:
    """Return a refusal in MLflow's shape."""
    said = {"error_code": CODES[status], "message": text or TEXTS[status]}
    headers = {"www-authenticate": REALM} if status == 401 else {}  # noqa: PLR2004
    if retry_s:
        headers["retry-after"] = str(max(1, round(retry_s)))
    if is_last:
        headers["connection"] = "close"  # the rest of the body is not read
    return Response(json.dumps(said), status, headers, "application/json")


def sign_in_page(
    problem: str = "", status: int = 401, *, provider: str = "", after: str = "", is_out: bool = False, root: str = ""
) -> Response:
    """Return the page on which a browser signs in; it asks for no password in a box of the browser's own."""
    # With `no-referrer`, which all else has, a browser says of its own form that it comes from nowhere ("Origin: null").
    headers = {"content-security-policy": signin.POLICY, "referrer-policy": "same-origin"}
    if status == 401:  # noqa: PLR2004
        headers["www-authenticate"] = 'Bearer realm="nbtrack"'
    return HTMLResponse(signin.page(problem, provider=provider, after=after, is_out=is_out, root=root), status, headers)
