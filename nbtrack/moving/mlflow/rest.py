"""Requests to a tracking server of MLflow, with the standard library: paging, retries, tokens, and errors without secrets."""

from __future__ import annotations

import base64
import json
import os
import shutil
import time
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urlencode, urlsplit, urlunsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from nbtrack.errors import InvalidValueError, NotFoundError, RemoteError, UnreachableError
from nbtrack.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPResponse
    from pathlib import Path

API = "/api/2.0/mlflow"
PROXY = "/api/2.0/mlflow-artifacts/artifacts"
TOKEN, USER, PASSWORD = "MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"
TIMEOUT_S = 120.0
TRIES = 4
BUSY = (429, 502, 503, 504)
MISSING = 404
MAX_ANSWER = 1 << 30


class _NoRedirect(HTTPRedirectHandler):
    """A token goes to the server that was named, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Rest:
    """A tracking server.

    Parameters
    ----------
    url : str
        ``http://host:port`` or ``https://host/prefix``; a user and password in it are used and shown to nobody. Otherwise those of
        MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            message = "That is no address of a server; use one such as http://127.0.0.1:5000."
            raise InvalidValueError(message)
        host = parts.netloc.rpartition("@")[2]
        self.url = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
        self._headers = {"User-Agent": f"nbtrack/{__version__}", **_login(parts.username, parts.password)}
        self._opener = build_opener(_NoRedirect)

    # -- questions ---------------------------------------------------------------------------------------------------

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Ask ``/api/2.0/mlflow/<path>``."""
        return self._json(self._ask("GET", f"{API}/{path}?{_query(query)}"))

    def post(self, path: str, body: dict[str, Any], method: str = "POST") -> dict[str, Any]:
        """Send a JSON body to ``/api/2.0/mlflow/<path>``."""
        data = json.dumps(body).encode()
        return self._json(self._ask(method, f"{API}/{path}", data, {"Content-Type": "application/json"}))

    def pages(self, name: str, method: str, path: str, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield what stands under `name` in the answers, page after page."""
        token: str | None = None
        while True:
            more = {"page_token": token} if token else {}
            found = self.post(path, {**asked, **more}) if method == "POST" else self.get(path, **asked, **more)
            yield from found.get(name) or ()
            token = found.get("next_page_token") or None
            if token is None:
                return

    # -- files -------------------------------------------------------------------------------------------------------

    def listed(self, address: str) -> list[dict[str, Any]]:
        """Return the files and folders at an address of the artifact proxy."""
        found = self._json(self._ask("GET", f"{PROXY}?{_query({'path': address})}"))
        files: list[dict[str, Any]] = found.get("files") or []
        return files

    def download(self, path: str, into: Path) -> Path:
        """Write the answer to a path (with its query) of the server into a file."""
        with self._ask("GET", path) as answer, into.open("wb") as file:
            shutil.copyfileobj(answer, file, 1 << 20)
        return into

    def upload(self, address: str, path: Path) -> None:
        """Send a file to an address of the artifact proxy."""
        size = str(path.stat().st_size)
        headers = {"Content-Type": "application/octet-stream", "Content-Length": size}
        self._ask("PUT", f"{PROXY}/{quote(address)}", path, headers).close()

    # -- how it is asked ---------------------------------------------------------------------------------------------

    def _ask(
        self, method: str, path: str, data: bytes | Path | None = None, headers: dict[str, str] | None = None
    ) -> HTTPResponse:
        """Ask, and ask again what the server is too busy for."""
        for attempt in range(TRIES):
            try:
                return self._once(method, path, data, headers or {})
            except UnreachableError:
                if attempt == TRIES - 1:
                    raise
                time.sleep(0.2 * 4**attempt)
        raise AssertionError

    def _once(self, method: str, path: str, data: bytes | Path | None, headers: dict[str, str]) -> HTTPResponse:
        body: Any = data.open("rb") if data is not None and not isinstance(data, bytes) else data
        request = Request(self.url + path, body, {**self._headers, **headers}, method=method)  # noqa: S310 - http only, see __init__
        try:
            answer: HTTPResponse = self._opener.open(request, timeout=TIMEOUT_S)
        except HTTPError as error:
            with error:
                raise self._refusal(error.code, error.read(1 << 20), path) from None
        except (URLError, OSError) as error:
            why = getattr(error, "reason", None) or error
            message = f"{self.url} does not answer ({why}); what has come stays, run it again to go on."
            raise UnreachableError(message) from None
        finally:
            if body is not None and not isinstance(body, bytes):
                body.close()
        return answer

    def _refusal(self, status: int, content: bytes, path: str) -> Exception:
        try:
            said = str(json.loads(content)["message"])
        except (ValueError, KeyError, TypeError):
            said = content[:200].decode("utf-8", "replace")
        if status in BUSY:
            return UnreachableError(
                f"{self.url} cannot answer now ({status}); what has come stays, run it again to go on."
            )
        if status in (401, 403):
            return RemoteError(f"{self.url} does not let us in ({status}); set {TOKEN}, or {USER} and {PASSWORD}.")
        if status == MISSING:
            return NotFoundError("Address", path.partition("?")[0], where=self.url, hint=f" It says: {said}")
        return RemoteError(f"{self.url} refuses {path.partition('?')[0]} ({status}): {said}")

    def _json(self, answer: HTTPResponse) -> dict[str, Any]:
        with answer:
            content = answer.read(MAX_ANSWER)
        try:
            found = json.loads(content)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            message = f"{self.url} answers with something else than JSON; is it a tracking server of MLflow?"
            raise RemoteError(message)
        return found


def _query(said: dict[str, Any]) -> str:
    return urlencode({key: value for key, value in said.items() if value is not None})


def _login(user: str | None, password: str | None) -> dict[str, str]:
    if token := os.environ.get(TOKEN):
        return {"Authorization": f"Bearer {token}"}
    user = unquote(user) if user else os.environ.get(USER)
    password = unquote(password) if password else os.environ.get(PASSWORD, "")
    if not user:
        return {}
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}
