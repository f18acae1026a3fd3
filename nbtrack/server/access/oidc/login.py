"""The way of a browser to a provider and back: code flow with PKCE, state and nonce, by Authlib."""

from __future__ import annotations

import hmac
import logging
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.client import OAuth2Client

from nbtrack.errors import InvalidValueError
from nbtrack.server.access.oidc.fetching import Answer, IssuerError, ask, ask_object
from nbtrack.server.access.oidc.issuer import BadTokenError, Issuer

if TYPE_CHECKING:
    from nbtrack.server.access.oidc.settings import Login
    from nbtrack.server.access.roles import User

logger = logging.getLogger("nbtrack.server")


class RefusedError(Exception):
    """Somebody does not come in; the message is for them."""


class _Session:
    """What Authlib's client sends its one question with."""

    def post(self, url: str, *, data: dict[str, str], headers: dict[str, str], auth: Any) -> Answer:
        """Send a form."""
        from urllib.parse import parse_qsl, urlencode  # noqa: PLC0415

        url, headers, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        return ask(url, form=dict(parse_qsl(body)), headers=headers)


class SignIn:
    """Signs people in with one provider.

    Parameters
    ----------
    login : Login
        As it is set.
    issuer : Issuer
        The provider.
    """

    def __init__(self, login: Login, issuer: Issuer) -> None:
        self.login = login
        self.issuer = issuer

    def begin(self) -> tuple[str, dict[str, str]]:
        """Return where to send a browser, and what it must know when it comes back; raises ``IssuerError``."""
        kept = {key: secrets.token_urlsafe(32) for key in ("state", "nonce", "verifier")}
        where, _ = self._client().create_authorization_url(
            self._endpoint("authorization_endpoint"),
            state=kept["state"],
            nonce=kept["nonce"],
            code_verifier=kept["verifier"],
        )
        return str(where), kept

    def finish(self, query: str, kept: dict[str, str]) -> User:
        """Return who came back.

        Raises
        ------
        RefusedError
            Somebody else, or somebody whom the provider or this server does not let in.
        """
        said = parse_qs(query, keep_blank_values=True)
        if any(len(values) > 1 for values in said.values()):
            raise RefusedError("The provider's answer says something twice. Begin again.")
        self._check_answer({key: values[0] for key, values in said.items()}, kept)
        try:
            claims = self._claims(said["code"][0], kept)
            return self.login.user_of(claims)
        except InvalidValueError as cause:
            raise RefusedError(str(cause)) from cause
        except (OAuth2Error, BadTokenError, IssuerError, ValueError, KeyError, TypeError) as cause:
            logger.warning("A sign-in with %s failed: %s: %s", self.login.host, type(cause).__name__, cause)
            raise RefusedError(f"What {self.login.host} answered cannot be trusted or used. Begin again.") from cause

    def _check_answer(self, said: dict[str, str], kept: dict[str, str]) -> None:
        if not hmac.compare_digest(said.get("state", "").encode(), kept["state"].encode()):
            raise RefusedError("This answer is to a sign-in that did not begin in this browser. Begin again.")
        needs_issuer = self.issuer.about().get("authorization_response_iss_parameter_supported") is True
        if said.get("iss", None if needs_issuer else self.issuer.url) != self.issuer.url:
            raise RefusedError("This answer is from another provider. Begin again.")  # RFC 9207
        if "error" in said:
            logger.warning("%s refuses a sign-in: %s", self.login.host, ascii(said["error"][:80]))
            is_denied = said["error"] == "access_denied"
            reason = "did not let you in, or you changed your mind" if is_denied else "could not sign you in"
            raise RefusedError(f"{self.login.host} {reason}.")
        if not said.get("code"):
            raise RefusedError("The provider's answer has no code. Begin again.")

    def _claims(self, code: str, kept: dict[str, str]) -> dict[str, Any]:
        found = self._client().fetch_token(
            self._endpoint("token_endpoint"),
            grant_type="authorization_code",
            code=code,
            code_verifier=kept["verifier"],
        )
        access = str(found.get("access_token", ""))
        claims = self.issuer.claims(
            str(found["id_token"]), [self.login.client_id], kind="login", nonce=kept["nonce"], access_token=access
        )
        more = self.issuer.about().get("userinfo_endpoint")
        needed = {self.login.name} | {name for grant in self.login.grants for name, _ in grant.wanted} - {
            "email domain"
        }
        if more and access and needed - claims.keys():
            about = ask_object(str(more), {"Authorization": f"Bearer {access}"})
            if about.get("sub") != claims["sub"]:
                raise BadTokenError("The provider tells of somebody else.")
            claims = about | claims
        return claims

    def _client(self) -> OAuth2Client:
        about, secret = self.issuer.about(), self.login.client_secret
        known = about.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        how = (
            "none" if not secret else "client_secret_basic" if "client_secret_basic" in known else "client_secret_post"
        )
        return OAuth2Client(
            _Session(),
            self.login.client_id,
            secret or None,
            token_endpoint_auth_method=how,
            scope=" ".join(self.login.scopes),
            redirect_uri=self.login.back_url,
            code_challenge_method="S256",
        )

    def _endpoint(self, name: str) -> str:
        found = self.issuer.about().get(name)
        if not isinstance(found, str) or urlsplit(found).scheme not in ("https", "http"):
            message = f"{self.login.host} names no {name}."
            raise IssuerError(message)
        return found
