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
from typing import TYPE_CHECKING

from nbtrack.errors import InvalidValueError, NbtrackError
from nbtrack.server.access import tokens
from nbtrack.server.access.bearers import Bearers, is_foreign_token
from nbtrack.server.access.brake import Brake
from nbtrack.server.access.oidc import settings
from nbtrack.server.access.oidc.settings import Settings
from nbtrack.server.access.roles import User
from nbtrack.server.access.used import Used

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.server.access.tokens import Token

logger = logging.getLogger("nbtrack.server")

MAX_KNOWN = 10_000
MAX_CREDENTIALS, MAX_TOKEN = 1024, 16_000
LOOK_S = 1.0
AT_ONCE = 2
"""Hashes that are worked out at the same time: each takes 16 MB and a processor."""


class WaitError(Exception):
    """Too many wrong guesses."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Too many wrong secrets; try again in {seconds:.0f} s.")
        self.seconds = seconds


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
        self._is_gone = False
        self._tokens: dict[str, Token] = {}
        self._lock = threading.Lock()
        self._secret = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, tuple[str, str]] = OrderedDict()
        self._shown: OrderedDict[bytes, tuple[User, float]] = OrderedDict()
        self.bearers = Bearers(Settings())
        self.used = Used(path)
        self._hashing = threading.BoundedSemaphore(AT_ONCE)
        self._none = tokens.hashed(secrets.token_urlsafe(8))
        if not path.exists():
            tokens.tables(path)  # says how one is made
        self._look()

    def known(self, header: str) -> User | None:
        """Return who shows this, when it was checked before: no hash is worked out."""
        self._look_now_and_then()
        digest = self._digest(header)
        with self._lock:
            found, shown = self._known.get(digest), self._shown.get(digest)
        if shown is not None:
            return shown[0] if time.time() < shown[1] else None
        return None if found is None else self._valid(*found)

    def check(self, header: str, address: str) -> User | None:
        """Return who an ``Authorization`` header is from; slow the first time.

        Raises
        ------
        WaitError
            The address, or the name, was tried with too many wrong secrets.
        IssuerError
            The token is from an issuer that cannot be asked now.
        """
        found = self.known(header)
        if found is not None:
            return found
        foreign = foreign_token(header)
        if foreign:
            return self._check_foreign(header, foreign)
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
        self.used.note(name)
        with self._lock:
            self._known[self._digest(header)] = name, token.hash
            if len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        return token.user

    def _check_foreign(self, header: str, token: str) -> User | None:
        """Return who shows a token of another issuer; nobody guesses a signature, so that failures slow nobody down."""
        bearers = self.bearers
        found = bearers.check(token)
        if found is None:
            return None
        with self._lock:
            if bearers is self.bearers:  # else what it may do was read from settings of before
                self._shown[self._digest(header)] = found
            if len(self._shown) > MAX_KNOWN:
                self._shown.popitem(last=False)
        return found[0]

    # -- browsers ----------------------------------------------------------------------------------------------------

    def mark_of(self, name: str) -> str:
        """Return what a browser's cookie keeps of a token: with another secret under the same name it is worth nothing."""
        token = self._tokens.get(name)
        return hashlib.sha256(token.hash.encode()).hexdigest()[:16] if token is not None else ""

    def marked(self, name: str, mark: str) -> User | None:
        """Return who signed in with a token, as long as that is good."""
        self._look_now_and_then()
        token = self._tokens.get(name)
        is_same = token is not None and hmac.compare_digest(self.mark_of(name).encode(), mark.encode())
        return token.user if token is not None and is_same and not token.is_expired else None

    # -- the file ----------------------------------------------------------------------------------------------------

    @property
    def is_gone(self) -> bool:
        """Say whether the file is not there any more: then nobody comes in, until it is back."""
        self._look_now_and_then()
        return self._is_gone

    def close(self) -> None:
        """Keep what is to be kept."""
        self.used.close()

    def _valid(self, name: str, hashed: str) -> User | None:
        token = self._tokens.get(name)
        is_same = token is not None and hmac.compare_digest(token.hash, hashed)
        if token is None or not is_same or token.is_expired:
            return None
        self.used.note(name)
        return token.user

    def _digest(self, header: str) -> bytes:
        return hmac.digest(self._secret, header.encode("utf-8", "replace"), hashlib.sha256)

    def _look_now_and_then(self) -> None:
        if time.monotonic() - self._looked < LOOK_S and not self._is_gone:
            return
        try:
            self._look()
        except FileNotFoundError:
            if not self._is_gone:
                logger.error("There is no %s any more: nobody comes in until it is back.", self.path)  # noqa: TRY400
            self._is_gone, self._mark, self._tokens = True, None, {}
            self._take(Settings())
        except (NbtrackError, OSError) as error:  # half written by hand: those from before stay
            logger.error("The tokens are as they were: %s", error)  # noqa: TRY400

    def _look(self) -> None:
        self._looked = time.monotonic()
        about = self.path.stat()
        mark = about.st_mtime_ns, about.st_ino, about.st_size
        if mark == self._mark:
            return
        if about.st_mode & 0o077:
            raise InvalidValueError(f"{self.path} can be read by others; `chmod 600 {self.path}` mends it.")
        self._mark = mark  # also of a file that cannot be used: it is told of once
        found = tokens.tables(self.path)
        known, elsewhere = tokens.read(self.path, found), settings.read(found, self.path)
        if elsewhere != self.bearers.settings:
            self._take(elsewhere)
        self._tokens, self._is_gone = known, False

    def _take(self, elsewhere: Settings) -> None:
        self.bearers = Bearers(elsewhere)
        with self._lock:
            self._shown.clear()


def foreign_token(header: str) -> str:
    """Return the token of a ``Bearer`` that somebody else issued; "" when it is something else."""
    kind, _, rest = header.strip().partition(" ")
    rest = rest.strip()
    return rest if kind.lower() == "bearer" and len(rest) <= MAX_TOKEN and is_foreign_token(rest) else ""


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
