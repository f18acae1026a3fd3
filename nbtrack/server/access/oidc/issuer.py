"""An issuer of tokens: what it says of itself, its keys, and whether a token is from it and for us."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry

from nbtrack.server.access.oidc.fetching import IssuerError, ask_object

if TYPE_CHECKING:
    from collections.abc import Sequence

logger = logging.getLogger("nbtrack.server")

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Signed with a key that the issuer alone has: neither `none` nor HS256, for which our own copy of a key would do."""
KINDS = {"login": ("", "jwt"), "bearer": ("", "jwt", "at+jwt", "application/at+jwt")}
"""Types of tokens, as their headers say; others, such as those that tell of a logout, are signed with the same keys."""
LEEWAY_S = 60
KEPT_S = 3600.0
AGAIN_S = 10.0
"""Keys are asked for again when a token names one that is not known, and no more often than this."""
PATIENCE_S = 2.0
"""How long a request waits for what another one is asking the issuer: its thread is one of few."""
MOST_KEYS = 100
MOST_CHARACTERS = 16_000


class BadTokenError(Exception):
    """A token that is not taken; the message is for the log of the server."""


class Issuer:
    """Asks an issuer as seldom as possible.

    Parameters
    ----------
    url : str
        As it stands in ``iss``; ``/.well-known/openid-configuration`` is below it.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._lock, self._asking = threading.Lock(), threading.Lock()
        self._has_keys = threading.Event()
        self._about: dict[str, Any] = {}
        self._about_at = self._failed_at = self._keys_at = float("-inf")
        self._problem = ""
        self._keys: list[Any] = []

    def about(self) -> dict[str, Any]:
        """Return what it says of itself; what it said before when it does not answer now. Raises ``IssuerError``."""
        if time.monotonic() - self._about_at < KEPT_S:
            return self._about
        if self._asking.acquire(timeout=0 if self._about else PATIENCE_S):
            try:
                self._ask()
            finally:
                self._asking.release()
        if not self._about:
            raise IssuerError(self._problem or f"{self.url} has not answered yet.")
        return self._about

    def claims(
        self,
        token: str,
        audiences: Sequence[str],
        *,
        kind: str = "bearer",
        nonce: str | None = None,
        access_token: str | None = None,
    ) -> dict[str, Any]:
        """Return what a token says, when it is from this issuer, for one of the audiences, and of now.

        Raises
        ------
        BadTokenError
            It is not.
        IssuerError
            The issuer cannot be asked for its keys.
        """
        try:
            header = _header(token)
            if header.get("alg") not in ALGORITHMS:
                raise BadTokenError(f"It is signed with {str(header.get('alg'))[:20]!r}.")
            if str(header.get("typ") or "").lower() not in KINDS[kind]:
                raise BadTokenError(f"It is a {str(header.get('typ'))[:40]!r}.")
            found = self._verified(token, header)
            self._check(found, audiences, nonce if kind == "login" else None, access_token)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as cause:
            raise BadTokenError(f"{type(cause).__name__}: {cause}") from cause
        return found.claims

    def _verified(self, token: str, header: dict[str, Any]) -> jwt.Token:
        registry = jws.JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
        problem: JoseError | None = None
        for key in self._fitting(header):
            try:
                return jwt.decode(token, key, algorithms=[header["alg"]], registry=registry)
            except JoseError as cause:
                problem = cause
        raise problem or BadTokenError("It names a key that the issuer does not have.")

    def _check(self, token: jwt.Token, audiences: Sequence[str], nonce: str | None, access_token: str | None) -> None:
        options: Any = {
            "iss": {"essential": True, "value": self.url},
            "aud": {"essential": True, "values": list(audiences)},
            "exp": {"essential": True},
        }
        params = {"nonce": nonce, "access_token": access_token, "client_id": audiences[0] if nonce else None}
        CodeIDToken(token.claims, token.header, options, params).validate(leeway=LEEWAY_S)

    # -- keys --------------------------------------------------------------------------------------------------------

    def _fitting(self, header: dict[str, Any]) -> list[Any]:
        """Return the keys that a token may be signed with. One thread asks for others; who has some does not wait for it."""
        with self._lock:
            age = time.monotonic() - self._keys_at
            is_mine = age > KEPT_S or (age > AGAIN_S and not self._named(header))
            if is_mine:
                self._keys_at = time.monotonic()
        if is_mine:
            self._fetch_keys()
        elif not self._keys:
            self._has_keys.wait(PATIENCE_S)
        if not self._keys:
            message = f"{self.url} does not give its keys."
            raise IssuerError(message)
        return self._named(header)

    def _named(self, header: dict[str, Any]) -> list[Any]:
        kid, alg = header.get("kid"), header["alg"]
        return [
            key
            for key in self._keys
            if (kid is None or key.kid == kid) and key.get("use", "sig") == "sig" and key.get("alg", alg) == alg
        ][:8]

    def _fetch_keys(self) -> None:
        """Take its keys; those from before stay when it does not give any."""
        try:
            found = ask_object(str(self.about()["jwks_uri"]))["keys"]
        except (IssuerError, LookupError) as cause:
            logger.warning("The keys of %s are as they were: %s", self.url, cause)
            return
        made = [_key(each) for each in found[:MOST_KEYS]] if isinstance(found, list) else []
        self._keys = [each for each in made if each is not None] or self._keys
        self._has_keys.set()

    def _ask(self) -> None:
        """Ask what it says of itself, unless it was asked just now."""
        now = time.monotonic()
        if now - self._about_at < KEPT_S or now - self._failed_at < AGAIN_S:
            return
        try:
            found = ask_object(f"{self.url.rstrip('/')}/.well-known/openid-configuration")
            if found.get("issuer") == self.url:
                self._about, self._about_at = found, now
                return
            self._problem = f"{self.url} says that it is {str(found.get('issuer'))[:200]!r}."
        except IssuerError as cause:
            self._problem = str(cause)
        self._failed_at = time.monotonic()
        logger.warning("%s", self._problem)


def _key(found: Any) -> Any:
    """Return a public key; None for what is none that we can use."""
    if not isinstance(found, dict) or found.get("kty") == "oct":
        return None
    try:
        return JWKRegistry.import_key(found)
    except (JoseError, ValueError, TypeError, LookupError):
        return None


def _header(token: str) -> dict[str, Any]:
    if len(token) > MOST_CHARACTERS:
        raise BadTokenError("It is too long.")
    return jws.extract_compact(token.encode()).headers()
