"""How a server is reached from outside: with TLS of its own, through proxies, below a path."""

from __future__ import annotations

import ipaddress
import re
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PATH = re.compile(r"(?:/[A-Za-z0-9._~\-]+)+")


@dataclass(frozen=True)
class Front:
    """What stands between a server and its clients.

    Attributes
    ----------
    certfile, keyfile : Path, optional
        PEM files of a certificate, with those that vouch for it, and of its key: the server speaks TLS itself.
    proxies : tuple of str
        Addresses and networks (``10.0.0.0/8``) of reverse proxies, whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` are believed;
        ``*`` where nobody else can reach the server. Without any these headers count for nothing: whoever sends them could be anybody.
    root_path : str
        Where the proxy shows the server, such as ``/nbtrack``; it may pass the path on whole or without this beginning.

    Raises
    ------
    InvalidValueError
        A file is no certificate, the key is not its key, something is no address or no path.
    """

    certfile: Path | None = None
    keyfile: Path | None = None
    proxies: tuple[str, ...] = ()
    root_path: str = ""

    def __post_init__(self) -> None:
        for each in self.proxies:
            _check_address(each)
        path = self.root_path.rstrip("/")
        if path and not _PATH.fullmatch(path):
            message = f"{self.root_path[:80]!r} is no path to be reached at; write one such as '/nbtrack'."
            raise InvalidValueError(message)
        object.__setattr__(self, "root_path", path)
        if self.certfile is None and self.keyfile is not None:
            raise InvalidValueError("--ssl-keyfile says the key of a certificate; give --ssl-certfile, too.")
        if self.certfile is not None:
            self._check_certificate(self.certfile)

    @property
    def scheme(self) -> str:
        """Return ``https`` for a server that speaks TLS itself."""
        return "http" if self.certfile is None else "https"

    def options(self) -> dict[str, Any]:
        """Return what uvicorn's configuration is given."""
        found: dict[str, Any] = {"proxy_headers": bool(self.proxies), "forwarded_allow_ips": list(self.proxies)}
        if self.certfile is not None:
            found |= {"ssl_certfile": str(self.certfile), "ssl_keyfile": self.keyfile and str(self.keyfile)}
        return found

    def around(self, app: ASGIApp) -> ASGIApp:
        """Return an application that may be asked by its whole path, and leads nobody out of it."""
        return Below(app, self.root_path) if self.root_path else app

    def _check_certificate(self, certfile: Path) -> None:
        named = " and ".join(str(each) for each in (certfile, self.keyfile) if each is not None)
        for each in (certfile, self.keyfile):
            if each is not None and not each.is_file():
                message = f"There is no file {each}; --ssl-certfile and --ssl-keyfile name PEM files."
                raise InvalidValueError(message)
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certfile, self.keyfile, password=_no_password)
        except (ssl.SSLError, OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or str(error)
            raise InvalidValueError(f"{named} cannot be used for TLS: {reason}.") from None


class Below:
    """Takes the beginning off paths, and puts it before the addresses that answers lead to."""

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self.app = app
        self._root = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on by its inner path."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def led(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [(name, self._outer(name, value)) for name, value in message["headers"]]
                message = {**message, "headers": headers}
            await send(message)

        path: str = scope["path"]
        if path == self._root or path.startswith(f"{self._root}/"):
            raw: bytes | None = scope.get("raw_path")
            root = self._root.encode()
            inner_raw = raw.removeprefix(root) or b"/" if raw is not None else None
            scope = {**scope, "path": path.removeprefix(self._root) or "/", "raw_path": inner_raw}
        await self.app({**scope, "root_path": self._root}, receive, led)

    def _outer(self, name: bytes, value: bytes) -> bytes:
        root = self._root.encode()
        is_below = value.partition(b"?")[0] == root or value.startswith(root + b"/")
        is_inner = value.startswith(b"/") and not value.startswith(b"//") and not is_below
        return root + value if name.lower() == b"location" and is_inner else value


def _check_address(text: str) -> None:
    if text == "*":
        return
    try:
        ipaddress.ip_network(text)
    except ValueError:
        raise InvalidValueError(
            f"{text[:80]!r} is no address of a proxy; --behind-proxy takes addresses and networks, such as '127.0.0.1,10.0.0.0/8', or '*'."
        ) from None


def _no_password() -> str:
    """Refuse keys with a password, which would be asked for on a terminal that a server may not have."""
    raise InvalidValueError(
        "The key has a password, which a server cannot type; `openssl rsa -in KEY -out PLAIN` takes it off (chmod 600 it)."
    )
