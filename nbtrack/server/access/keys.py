"""The tokens of a running server: read anew when the file changes, checked once each by hash and from then on from memory."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import logging
import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbtrack.errors import InvalidValueError
from nbtrack.server.access import tokens
from nbtrack.server.access.brake import Brake
from nbtrack.server.access.roles import User

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.server.access.tokens import Token

logger = logging.getLogger("nbtrack.server")

MAX_KNOWN, MAX_SIGNED_IN = 10_000, 10_000
SIGNED_IN_S = 12 * 3600.0
MAX_CREDENTIALS = 1024
LOOK_S = 1.0
AT_ONCE = 2
"""Hashes that are worked out at the same time: each takes 16 MB and a processor."""


class WaitError(Exception):
    """Too many wrong guesses."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Too many wrong secrets; try again in {seconds:.0f} s.")
        self.seconds = seconds


@dataclass(frozen=True)
class _SignedIn:
    name: str
    hash: str
    until: float


class Keys:
    """Tells who somebody is by what they show.

    Parameters
    ----------
    path : Path
        The file of tokens.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.brake = Brake()
        self._mark: object = None
        self._looked = 0.0
        self._tokens: dict[str, Token] = {}
        self._lock = threading.Lock()
        self._secret = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, tuple[str, str]] = OrderedDict()
        self._signed_in: OrderedDict[str, _SignedIn] = OrderedDict()
        self._hashing = threading.BoundedSemaphore(AT_ONCE)
        self._none = tokens.hashed(secrets.token_urlsafe(8))
        self._look()

    def known(self, header: str) -> User | None:
        """Return who shows this, when it was checked before: no hash is worked out."""
        self._look_now_and_then()
        with self._lock:
            found = self._known.get(self._digest(header))
        return None if found is None else self._valid(*found)

    def check(self, header: str, address: str) -> User | None:
        """Return who an ``Authorization`` header is from; slow the first time.

        Raises
        ------
        WaitError
            The address, or the name, was tried with too many wrong secrets.
        """
        found = self.known(header)
        if found is not None:
            return found
        said = credentials(header)
        if said is None:
            return None
        name, secret = said
        tried = f"address {address}", f"name {name}"
        wait = self.brake.wait_s(*tried)
        if wait > 0:
            raise WaitError(wait)
        token = self._tokens.get(name)
        # A name that is not there takes as long as one that is.
        with self._hashing:
            fits = (token or tokens.Token(_NONE, self._none)).fits(secret)
        if token is None or not fits or token.is_expired:
            self.brake.failed(*tried)
            return None
        self.brake.succeeded(*tried)
        with self._lock:
            self._known[self._digest(header)] = name, token.hash
            if len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        return token.user

    # -- browsers ----------------------------------------------------------------------------------------------------

    def sign_in(self, user: User) -> str:
        """Return what a browser shows from now on."""
        key = secrets.token_urlsafe(32)
        with self._lock:
            token = self._tokens[user.name]
            self._signed_in[key] = _SignedIn(user.name, token.hash, time.monotonic() + SIGNED_IN_S)
            if len(self._signed_in) > MAX_SIGNED_IN:
                self._signed_in.popitem(last=False)
        return key

    def of_browser(self, key: str) -> User | None:
        """Return who signed in."""
        self._look_now_and_then()
        with self._lock:
            found = self._signed_in.get(key)
        if found is None or time.monotonic() > found.until:
            return None
        return self._valid(found.name, found.hash)

    def sign_out(self, key: str) -> None:
        """Let a browser be nobody again."""
        with self._lock:
            self._signed_in.pop(key, None)

    # -- the file ----------------------------------------------------------------------------------------------------

    def _valid(self, name: str, hashed: str) -> User | None:
        token = self._tokens.get(name)
        is_same = token is not None and hmac.compare_digest(token.hash, hashed)
        return token.user if token is not None and is_same and not token.is_expired else None

    def _digest(self, header: str) -> bytes:
        return hmac.digest(self._secret, header.encode("utf-8", "replace"), hashlib.sha256)

    def _look_now_and_then(self) -> None:
        if time.monotonic() - self._looked < LOOK_S:
            return
        try:
            self._look()
        except (InvalidValueError, OSError) as error:  # half written by hand: those from before stay
            logger.error("The tokens are as they were: %s", error)  # noqa: TRY400

    def _look(self) -> None:
        self._looked = time.monotonic()
        about = self.path.stat() if self.path.exists() else None
        mark = about and (about.st_mtime_ns, about.st_ino, about.st_size)
        if mark != self._mark or mark is None:
            if about is not None and about.st_mode & 0o077:
                raise InvalidValueError(f"{self.path} can be read by others; `chmod 600 {self.path}` mends it.")
            self._tokens = tokens.read(self.path)
            self._mark = mark


def credentials(header: str) -> tuple[str, str] | None:
    """Return name and secret of ``Bearer nbt_<name>_<secret>`` or ``Basic <name:secret>``; a password may be a whole token, too."""
    kind, _, rest = header.strip().partition(" ")
    rest = rest.strip()
    if not rest or len(rest) > MAX_CREDENTIALS:
        return None
    if kind.lower() == "bearer":
        return _of_token(rest)
    if kind.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(rest, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    if not (name and colon and password):
        return None
    whole = _of_token(password)
    return whole if whole is not None and whole[0] == name else (name, password)


def _of_token(text: str) -> tuple[str, str] | None:
    parts = text.split("_", 2)
    return (parts[1], parts[2]) if len(parts) == 3 and parts[0] == tokens.PREFIX and parts[1] and parts[2] else None  # noqa: PLR2004


_NONE = User("")
