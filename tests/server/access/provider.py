"""A provider of OpenID Connect on loopback, made of the server's half of Authlib: PKCE is demanded, codes are good once.

What it says can be spoilt, as an attacker would like it to be.
"""

from __future__ import annotations

import base64
import hmac
import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import AuthorizationCodeMixin
from authlib.oidc.core.grants import OpenIDCode
from authlib.oidc.core.util import create_half_hash
from flask import Flask, jsonify, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CLIENT, SECRET = "nbtrack", "a secret of the client"


@dataclass
class Client(ClientMixin):  # type: ignore[misc]
    """The one server that is registered."""

    back: str

    def get_client_id(self) -> str:
        return CLIENT

    def get_default_redirect_uri(self) -> str:
        return self.back

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.back

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Code(AuthorizationCodeMixin):  # type: ignore[misc]
    """What was given to a browser."""

    code: str
    asked: dict[str, str]

    def __getattr__(self, name: str) -> Any:
        return self.asked.get(name)

    def get_redirect_uri(self) -> str:
        return self.asked["redirect_uri"]

    def get_scope(self) -> str:
        return self.asked["scope"]

    def get_nonce(self) -> str | None:
        return self.asked.get("nonce")

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


@dataclass
class Provider:
    """The provider, and who sits before the browser."""

    url: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "first", "use": "sig"}))
    keys: list[RSAKey] = field(default_factory=list)
    spoil: Callable[[dict[str, Any]], Any] | None = None
    """Changes the claims of an ID token; what it returns, when anything, is sent in its place."""
    only_userinfo: tuple[str, ...] = ()
    codes: dict[str, Code] = field(default_factory=dict)
    asked_for_keys: int = 0
    about: dict[str, Any] = field(default_factory=dict)

    def claims(self, audience: Any = CLIENT, **more: Any) -> dict[str, Any]:
        now = int(time.time())
        return {"iss": self.url, "aud": audience, "iat": now, "exp": now + 300, "sub": "1", **self.person, **more}

    def signed(self, claims: dict[str, Any], *, key: Any = None, **header: Any) -> str:
        """Return a token."""
        key = key or self.key
        said = {"alg": "RS256", "kid": self.key.kid, **header}
        return jwt.encode({k: v for k, v in said.items() if v is not None}, claims, key, algorithms=[said["alg"]])

    def unsigned(self, claims: dict[str, Any]) -> str:
        """Return a token with `alg` none."""
        return _compact({"alg": "none"}, claims) + "."

    def forged(self, claims: dict[str, Any]) -> str:
        """Return a token signed by HS256 with the public key as its secret."""
        made = _compact({"alg": "HS256", "typ": "JWT", "kid": self.key.kid}, claims)
        return f"{made}.{_base64(hmac.digest(self.key.as_pem(private=False), made.encode(), 'sha256'))}"


def _compact(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return ".".join(_base64(json.dumps(each).encode()) for each in (header, claims))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _grants(provider: Provider) -> list[tuple[Any, list[Any]]]:
    class ByCode(grants.AuthorizationCodeGrant):  # type: ignore[misc]
        def save_authorization_code(self, code: str, asked: Any) -> None:
            provider.codes[code] = Code(code, dict(request.args))

        def query_authorization_code(self, code: str, _client: Client) -> Code | None:
            return provider.codes.get(code)

        def delete_authorization_code(self, code: Code) -> None:
            del provider.codes[code.code]

        def authenticate_user(self, _code: Code) -> dict[str, Any]:
            return provider.person

    class Identity(OpenIDCode):  # type: ignore[misc]
        def exists_nonce(self, _nonce: str, _asked: Any) -> bool:
            return False

        def encode_id_token(self, token: Any, asked: Any) -> str:
            half = create_half_hash(token["access_token"], "RS256").decode()
            claims = provider.claims(nonce=asked.authorization_code.get_nonce(), at_hash=half)
            claims = {key: value for key, value in claims.items() if key not in provider.only_userinfo}
            made = provider.spoil(claims) if provider.spoil else None
            return made or provider.signed(claims)

    return [(ByCode, [CodeChallenge(required=True), Identity(require_nonce=True)])]


def _application(provider: Provider, back: str) -> Flask:
    app = Flask("provider")
    server = AuthorizationServer(
        app, query_client=lambda name: Client(back) if name == CLIENT else None, save_token=lambda *_: None
    )
    for grant, extensions in _grants(provider):
        server.register_grant(grant, extensions)

    @app.get("/.well-known/openid-configuration")
    def about() -> Any:
        ends = {
            "authorization_endpoint": "authorize",
            "token_endpoint": "token",
            "jwks_uri": "keys",
            "userinfo_endpoint": "me",
        }
        said = {"issuer": provider.url} | {name: f"{provider.url}/{path}" for name, path in ends.items()}
        return jsonify(said | provider.about)

    @app.get("/keys")
    def keys() -> Any:
        provider.asked_for_keys += 1
        return jsonify(keys=[each.as_dict(private=False) for each in [provider.key, *provider.keys]])

    @app.get("/authorize")
    def authorize() -> Any:
        grant = server.get_consent_grant(end_user=provider.person)
        return server.create_authorization_response(grant=grant, grant_user=provider.person)

    @app.post("/token")
    def token() -> Any:
        return server.create_token_response()

    @app.get("/me")
    def me() -> Any:
        return jsonify(provider.claims())

    return app


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any, **__: Any) -> None: ...


@contextmanager
def running(back: str) -> Iterator[Provider]:
    """Run a provider that knows a server by the address where browsers come back to."""
    provider = Provider()
    server = make_server("127.0.0.1", 0, _application(provider, back), threaded=True, request_handler=_Quiet)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=lambda: server.serve_forever(0.02), name="provider")
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
