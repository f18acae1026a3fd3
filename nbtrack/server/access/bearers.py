"""Tokens that somebody else issued, shown as a bearer: who they are from, and what that one may do."""

from __future__ import annotations

import base64
import json
import logging
from typing import TYPE_CHECKING

from nbtrack.deps import require
from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from nbtrack.server.access.oidc.issuer import Issuer
    from nbtrack.server.access.oidc.login import SignIn
    from nbtrack.server.access.oidc.settings import Settings, Source
    from nbtrack.server.access.roles import User

logger = logging.getLogger("nbtrack.server")

WHY = "to sign in with OpenID Connect"
PARTS = 3


class Bearers:
    """What the settings of sign-ins elsewhere make possible.

    Parameters
    ----------
    settings : Settings
        Without any, no package is needed and nobody is asked.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.sign_in: SignIn | None = None
        self._issuers: dict[str, Issuer] = {}
        if not settings:
            return
        require("authlib.oidc.core", WHY, package="authlib", extra="oidc")
        require("joserfc", WHY, extra="oidc")
        from nbtrack.server.access.oidc.issuer import Issuer  # noqa: PLC0415 - the packages may be missing
        from nbtrack.server.access.oidc.login import SignIn  # noqa: PLC0415

        self._issuers = {source.issuer: Issuer(source.issuer) for source in self.sources()}
        if settings.login is not None:
            self.sign_in = SignIn(settings.login, self._issuers[settings.login.issuer])

    def check(self, token: str) -> tuple[User, float] | None:
        """Return who shows a token, and until when (seconds since the epoch); None when it is not taken.

        Raises
        ------
        IssuerError
            Its issuer cannot be asked for its keys.
        """
        sources = [source for source in self.sources() if source.issuer == issuer_of(token)]
        for source in sources:
            found = self._user(token, source)
            if found is not None:
                return found
        return None

    def _user(self, token: str, source: Source) -> tuple[User, float] | None:
        from nbtrack.server.access.oidc.issuer import LEEWAY_S, BadTokenError  # noqa: PLC0415 - as above

        try:
            claims = self._issuers[source.issuer].claims(token, source.audiences)
            return source.user_of(claims), claims["exp"] + LEEWAY_S
        except (BadTokenError, InvalidValueError) as problem:
            logger.info("A token of %s is not taken: %s", source.issuer, problem)
            return None

    def issuer(self, source: Source) -> Issuer:
        """Return who issues the tokens of a source."""
        return self._issuers[source.issuer]

    def sources(self) -> list[Source]:
        """Return where tokens may come from: the login of people first."""
        login = self.settings.login
        return [*([login] if login else []), *self.settings.workloads]


def is_foreign_token(text: str) -> bool:
    """Say whether this looks like a token that somebody else issued."""
    return text.startswith("ey") and len(text.split(".")) == PARTS


def issuer_of(token: str) -> str | None:
    """Return who a token says that it is from; nothing is checked."""
    try:
        body = token.split(".")[1]
        said = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return str(said["iss"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
