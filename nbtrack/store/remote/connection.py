"""The way to a server: questions, journals and files over HTTP, with errors that say what to do."""

from __future__ import annotations

import json
import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from nbtrack.deps import require
from nbtrack.errors import InvalidValueError, NbtrackError, RemoteError, UnreachableError
from nbtrack.journal.replica import MissingRecordsError
from nbtrack.store.remote.way import TooLargeError
from nbtrack.store.traffic import BINARY, CODEC, LINES, VERSION, error_of
from nbtrack.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKENS = ("NBTRACK_TRACKING_TOKEN", "MLFLOW_TRACKING_TOKEN")
CONNECT_S = 3.0
ANSWER_S = 120.0
SENT_S = 30.0
"""For what goes in the background to be answered: another try may find a way where this one found none."""
AT_ONCE_S = 5.0
"""For what a run waits for when it begins; it begins without, too."""
PATIENCE = dict.fromkeys(("next_run_number", "experiment_id"), AT_ONCE_S) | dict.fromkeys(
    ("orders", "put_state"), SENT_S
)
REST_S, SHORT_REST_S, TIMES = 10.0, 0.5, 10.0
"""After a server has not answered, nobody waits for it again for so many times what that took, within these bounds: one that is being
started anew refuses at once and is found again at once, one behind a broken wire is waited for now and then."""
CHUNK = 1 << 20
ELSEWHERE = 307
OK, NO_CONTENT, REFUSED, MISSING, CONFLICT, TOO_LARGE, TOO_MANY, BROKEN = 200, 204, 400, 404, 409, 413, 429, 500


class Connection:
    """A server of nbtrack.

    Parameters
    ----------
    url : str
        ``http://host:port`` or ``https://host/prefix``; a user and password in it are used and shown to nobody.
    token : str, optional
        By default NBTRACK_TRACKING_TOKEN, or MLFLOW_TRACKING_TOKEN, of the environment.

    Raises
    ------
    InvalidValueError
        The URL is none that can be used.
    MissingPackageError
        ``pip install "nbtrack[remote]"`` brings what is missing.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url, login = _parts(url)
        self._httpx = require("httpx", "to work with a server", extra="remote")
        self._token = token
        self._login = login
        self._lock = threading.Lock()
        self._client: Any = None
        self._pid = 0
        self._rests_until = 0.0
        self._most_s = float("inf")

    # -- what is asked -----------------------------------------------------------------------------------------------

    def about(self) -> dict[str, Any]:
        """Return what the server says of itself: ``version``, ``protocol``, ``user``."""
        found: dict[str, Any] = json.loads(self._ask("GET", "about").content)
        return found

    def call(self, verb: str, *arguments: Any, **options: Any) -> Any:
        """Ask for a verb of the store; raises what the store on the other side raised."""
        body = CODEC.encode([list(arguments), options])
        wait_s = PATIENCE.get(verb, ANSWER_S)
        answer = self._ask("POST", f"call/{verb}", content=body, headers={"Content-Type": BINARY}, timeout=wait_s)
        try:
            return CODEC.decode(answer.content)
        except ValueError as cause:
            raise self._odd(repr(verb)) from cause

    def deliver(self, writer: str, data: bytes, *, after: int, lease_s: float) -> int:
        """Send lines of a journal and return the last record that is there; raises :class:`MissingRecordsError`."""
        query = {"after": after, "lease": lease_s}
        answer = self._ask(
            "POST",
            f"journals/{writer}",
            content=data,
            params=query,
            headers={"Content-Type": LINES},
            fine=(OK, CONFLICT),
            timeout=SENT_S,
        )
        try:
            last = int(json.loads(answer.content)["last"])
        except (ValueError, KeyError, TypeError) as cause:
            raise self._odd("records") from cause
        if answer.status_code != OK:
            raise MissingRecordsError(last)
        return last

    def has_blob(self, sha256: str) -> bool:
        """Say whether the server has a file."""
        answer = self._ask("HEAD", f"blobs/{sha256}", fine=(OK, MISSING), timeout=SENT_S)
        if answer.status_code == OK and answer.headers.get("content-type") != BINARY:
            raise self._odd("a question for a file")
        return bool(answer.status_code == OK)

    def put_blob(self, sha256: str, path: Path) -> None:
        """Send a file."""
        with path.open("rb") as file:
            pieces = iter(lambda: file.read(CHUNK), b"")
            self._ask("PUT", f"blobs/{sha256}", content=pieces, timeout=3600.0, fine=(NO_CONTENT,))

    def get_blob(self, sha256: str, path: Path) -> None:
        """Fetch a file, from the object store when the server names it; raises ``NotFoundError``. Whoever asks compares the digest."""
        url = self._path(f"blobs/{sha256}")
        with self._answering():
            elsewhere = self._received(url, path)
            if elsewhere and not self._received_from(elsewhere, path):
                self._received(f"{url}?proxied=1", path)  # it cannot be reached from here

    def _received(self, url: str, path: Path) -> str:
        """Write an answer of the server to a file, or return where it says that the file is."""
        with self._open().stream("GET", url) as answer:
            if answer.status_code == ELSEWHERE:
                return str(answer.headers["location"])
            if answer.status_code != OK:
                answer.read()
                raise self._refusal(answer)
            _write(answer, path)
        return ""

    def _received_from(self, url: str, path: Path) -> bool:
        """Write what is at a signed URL to a file, and say whether that worked; it is told no token, and nobody is told the URL."""
        waits = {"connect": CONNECT_S, "read": ANSWER_S, "write": ANSWER_S, "pool": ANSWER_S}
        try:
            request = self._httpx.Request("GET", url, extensions={"timeout": waits})
            with self._httpx.HTTPTransport() as plain:  # a client would write the URL to its log
                answer = plain.handle_request(request)
                if answer.status_code == OK:
                    _write(answer, path)
                answer.close()
                return bool(answer.status_code == OK)
        except (self._httpx.TransportError, self._httpx.InvalidURL):
            return False

    @property
    def is_resting(self) -> bool:
        """Say whether the server has not answered just now."""
        return time.monotonic() < self._rests_until

    def wake(self) -> None:
        """Ask the server again, whether or not it has answered just now."""
        self._rests_until = 0.0

    def hurry(self, seconds: float) -> None:
        """Ask again, and wait for no answer longer than this."""
        self._most_s = seconds
        self.wake()

    def close(self) -> None:
        """Let go of what is open."""
        with self._lock:
            if self._client is not None and self._pid == os.getpid():
                self._client.close()
            self._client = None
        self._most_s = float("inf")

    # -- how it is asked ---------------------------------------------------------------------------------------------

    def _ask(self, method: str, path: str, *, fine: tuple[int, ...] = (OK, NO_CONTENT), **options: Any) -> Any:
        if self.is_resting:
            raise UnreachableError(self._silence("has not answered just now"))
        wait_s = min(options.get("timeout", ANSWER_S), self._most_s)
        options["timeout"] = self._httpx.Timeout(wait_s, connect=CONNECT_S)
        with self._answering():
            answer = self._request(method, self._path(path), options)
        if answer.status_code not in fine:
            raise self._refusal(answer)
        return answer

    def _request(self, method: str, url: str, options: dict[str, Any]) -> Any:
        """Ask once more when a connection that had been open for a while turns out to be closed; all that is asked may come twice."""
        stale = (self._httpx.RemoteProtocolError, self._httpx.ReadError, self._httpx.WriteError)
        try:
            return self._open().request(method, url, **options)
        except stale:
            if not isinstance(options.get("content", b""), bytes):
                raise
        return self._open().request(method, url, **options)

    @contextmanager
    def _answering(self) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        except self._httpx.RequestError as cause:
            now = time.monotonic()
            self._rests_until = now + min(REST_S, max(SHORT_REST_S, TIMES * (now - began)))
            raise UnreachableError(
                self._silence(f"does not answer ({type(cause).__name__}: {cause}{_advice(cause)})")
            ) from cause
        self._rests_until = 0.0

    def _silence(self, what: str) -> str:
        return f"{self.url} {what}. Runs recorded meanwhile are kept here and go there later, by themselves or by `nbtrack sync`."

    def _refusal(self, answer: Any) -> NbtrackError:
        status = int(answer.status_code)
        if status in (401, 403) and b'"error": "' not in answer.content:
            why = f" None was given: set {TOKENS[0]}." if not self._has_token() else _said(answer)
            return RemoteError(f"{self.url} does not take the token for this ({status}).{why}")
        if status == TOO_MANY or status >= BROKEN:
            return UnreachableError(self._silence(f"cannot answer now ({status})"))
        if status < REFUSED:
            return self._odd(f"what is asked ({status})")
        if status == TOO_LARGE:
            size = int(answer.request.headers.get("content-length", 0))
            what = f"{size:,} bytes" if size else "a file"
            return TooLargeError(
                f"{self.url} does not take {what} at once (413). A proxy before it has a limit that can be raised, "
                "with nginx: client_max_body_size 0."
            )
        return error_of(answer.content, otherwise=f"{self.url} refuses: {status} {answer.text[:300]}")

    def _odd(self, what: str) -> UnreachableError:
        """Return the error for an answer that is none of a server of nbtrack: of a page to sign in, for example."""
        asked = f"is it an nbtrack server of this version ({__version__})?"
        return UnreachableError(self._silence(f"answers {what} with something else; {asked}").replace("?.", "?"))

    def _path(self, path: str) -> str:
        return f"{self.url}/api/nbtrack/v{VERSION}/{path}"

    def _open(self) -> Any:
        """Return the client of this process: a forked child needs one of its own."""
        with self._lock:
            if self._client is None or self._pid != os.getpid():
                timeout = self._httpx.Timeout(ANSWER_S, connect=CONNECT_S)  # of what is streamed
                self._client = self._httpx.Client(headers=self._headers(), timeout=timeout, auth=self._login)
                self._pid = os.getpid()
            return self._client

    def _has_token(self) -> bool:
        return self._login is not None or "Authorization" in self._headers()

    def _headers(self) -> dict[str, str]:
        token = self._token or next((os.environ[name] for name in TOKENS if os.environ.get(name)), None)
        found = {"User-Agent": f"nbtrack/{__version__}"}
        return found | ({"Authorization": f"Bearer {token}"} if token else {})


def _advice(cause: Exception) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(cause):
        return "; SSL_CERT_FILE names the file with the certificates to trust"
    return ""


def _said(answer: Any) -> str:
    """Return what a server says of its refusal, after a space; "" when it is a page, of a proxy for example."""
    try:
        return f" {str(json.loads(answer.content)['message'])[:300]}"
    except (ValueError, KeyError, TypeError):
        return ""


def _write(answer: Any, path: Path) -> None:
    with path.open("wb") as file:
        for piece in answer.iter_bytes(CHUNK):
            file.write(piece)


def address(url: str) -> str:
    """Return the URL of a server without its login; raises ``InvalidValueError`` for one that cannot be used."""
    return _parts(url)[0]


def _parts(url: str) -> tuple[str, tuple[str, str] | None]:
    """Return the URL without its login, and the login."""
    found = urlsplit(url.strip())
    if found.scheme not in ("http", "https") or not found.hostname or found.query or found.fragment:
        shown = urlunsplit(found._replace(netloc=found.netloc.rpartition("@")[2]))
        message = (
            f"{shown!r} is no address of a server; use one such as 'http://127.0.0.1:5000' or 'https://host/prefix'."
        )
        raise InvalidValueError(message)
    host = found.netloc.rpartition("@")[2]
    login = None if found.username is None else (found.username, found.password or "")
    return urlunsplit((found.scheme, host, found.path.rstrip("/"), "", "")), login
