"""What the file of tokens says of sign-ins elsewhere: ``[oidc]`` for people, ``[workloads.NAME]`` for jobs that bring a token."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from nbtrack.errors import InvalidValueError
from nbtrack.server.access.roles import Role, User, role_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

SCOPES = ("openid", "email", "profile")
BACK = "/sign-in/back"
"""Where a provider sends a browser back to, after the public URL."""
MOST_NAME = 200
_GRANT = {"claims", "domains", "emails", "experiments", "groups", "models", "role"}
_LOGIN = {
    "audiences", "button", "client_id", "client_secret_env", "client_secret_file", "domains", "grants", "groups", "groups_claim", "issuer",
    "name", "public_url", "role", "scopes", "trust_email",
}  # fmt: skip
_WORKLOAD = {"audience", "grants", "issuer", "name"}
Wanted = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Grant:
    """A role for whoever's token says all of this.

    Attributes
    ----------
    wanted : tuple of (claim, patterns)
        One of the patterns must fit each; a claim that is a list fits when one of its values does.
    """

    wanted: Wanted
    role: Role = Role.NONE
    experiments: Mapping[str, Role] = field(default_factory=dict)
    models: Mapping[str, Role] = field(default_factory=dict)

    def fits(self, claims: Mapping[str, Any]) -> bool:
        """Say whether it is for somebody with these claims."""
        return all(_has(claims.get(name), patterns) for name, patterns in self.wanted)


@dataclass(frozen=True)
class Source:
    """An issuer of tokens, and what those may do who bring one.

    Attributes
    ----------
    label : str
        Of a workload; "" for the issuer with which people sign in.
    name : str
        The claim that says who it is.
    """

    label: str
    issuer: str
    audiences: tuple[str, ...]
    name: str
    grants: tuple[Grant, ...]
    trust_email: bool = False

    def user_of(self, claims: Mapping[str, Any]) -> User:
        """Return who somebody with these claims is.

        Raises
        ------
        InvalidValueError
            They have no name, or may do nothing.
        """
        known, email = {**claims}, claims.get("email")
        known.pop("email", None)
        if isinstance(email, str) and (self.trust_email or claims.get("email_verified") is True):
            known["email"] = email.lower()  # else anybody could claim any address
        known["email domain"] = known.get("email", "").rpartition("@")[2]
        name = known.get(self.name)
        if not isinstance(name, str) or not 0 < len(name) <= MOST_NAME or not name.isprintable():
            what = "e-mail address of yours that it verified" if self.name == "email" else f"{self.name!r} of yours"
            message = f"{self.host} tells of no {what}, and that is by what this server knows people."
            raise InvalidValueError(message)
        name = f"{self.label}:{name}" if self.label else name
        found = [grant for grant in self.grants if grant.fits(known)]
        role = max((grant.role for grant in found), default=Role.NONE)
        user = User(name, role, _most(found, "experiments"), _most(found, "models"))
        if not user.may_somewhere(Role.READ):
            message = f"{name} is known to {self.host}, and has no role here; whoever runs this server gives one."
            raise InvalidValueError(message)
        return user

    @property
    def host(self) -> str:
        """Return what people call the issuer."""
        return urlsplit(self.issuer).netloc


@dataclass(frozen=True)
class Login(Source):
    """How people sign in."""

    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    scopes: tuple[str, ...] = SCOPES
    public_url: str = ""
    button: str = ""

    @property
    def back_url(self) -> str:
        """Return the address to register with the provider."""
        return f"{self.public_url}{BACK}"

    @property
    def is_safe(self) -> bool:
        """Say whether browsers reach this server by TLS."""
        return self.public_url.startswith("https:")


@dataclass(frozen=True)
class Settings:
    """Both."""

    login: Login | None = None
    workloads: tuple[Source, ...] = ()

    def __bool__(self) -> bool:
        """Say whether anything is set."""
        return bool(self.login or self.workloads)


def read(found: dict[str, Any], path: Path) -> Settings:
    """Return what the tables of a file say; raises ``InvalidValueError`` with the place that is wrong."""
    login, workloads = found.get("oidc"), found.get("workloads", {})
    if not isinstance(workloads, dict):
        message = "[workloads] has a table for each issuer, such as [workloads.github]."
        raise InvalidValueError(message)
    made = tuple(_workload(label, about) for label, about in workloads.items())
    return Settings(None if login is None else _login(login, path), made)


def _login(about: dict[str, Any], path: Path) -> Login:
    where = "[oidc]"
    _check_keys(where, about, _LOGIN, needed={"issuer", "client_id", "public_url"})
    groups_claim = _text(where, about, "groups_claim", "groups")
    must = _wanted(where, about, groups_claim)
    role = role_of(about.get("role", "none"))
    if role > Role.NONE and not must:
        who = 'say to whom with `domains` or `groups`; domains = ["*"] is all.'
        message = f"{where} gives {str(role)!r} to everybody whom the issuer knows; {who}"
        raise InvalidValueError(message)
    grants = [_grant(f"{where} grants", each, groups_claim, must) for each in _tables(where, about)]
    if role > Role.NONE:
        grants.append(Grant(must, role))
    client_id = _text(where, about, "client_id")
    return Login(
        "",
        _url(where, about, "issuer"),
        tuple({client_id, *_texts(where, about, "audiences")}),
        _text(where, about, "name", "email"),
        tuple(grants),
        about.get("trust_email") is True,
        client_id,
        _secret(where, about, path),
        tuple(dict.fromkeys(["openid", *(_texts(where, about, "scopes") or SCOPES)])),
        _url(where, about, "public_url").rstrip("/"),
        _text(where, about, "button", ""),
    )


def _workload(label: str, about: dict[str, Any]) -> Source:
    where = f"[workloads.{label}]"
    if not (label.isascii() and label.isidentifier()):
        message = f"{label[:80]!r} is no name for a workload; use letters and digits."
        raise InvalidValueError(message)
    _check_keys(where, about, _WORKLOAD, needed=_WORKLOAD - {"name"})
    grants = tuple(_grant(f"{where} grants", each, "groups", ()) for each in _tables(where, about))
    audience = _text(where, about, "audience")
    return Source(label, _url(where, about, "issuer"), (audience,), _text(where, about, "name", "sub"), grants)


def _grant(where: str, about: dict[str, Any], groups_claim: str, must: Wanted) -> Grant:
    _check_keys(where, about, _GRANT)
    claims = about.get("claims", {})
    if not isinstance(claims, dict):
        message = f'{where}: claims is a table, such as {{ repository = "acme/train" }}.'
        raise InvalidValueError(message)
    wanted = tuple((name, _texts(where, claims, name)) for name in claims) + _wanted(where, about, groups_claim)
    if emails := _texts(where, about, "emails"):
        wanted += (("email", tuple(each.lower() for each in emails)),)
    if not wanted:
        message = f"{where}: say for whom, by `claims`, `groups`, `emails` or `domains`."
        raise InvalidValueError(message)
    by_name = [{p: role_of(r) for p, r in about.get(kind, {}).items()} for kind in ("experiments", "models")]
    return Grant(must + wanted, role_of(about.get("role", "none")), *by_name)


def _wanted(where: str, about: dict[str, Any], groups_claim: str) -> Wanted:
    domains, groups = _texts(where, about, "domains"), _texts(where, about, "groups")
    found: Wanted = (("email domain", tuple(each.lower() for each in domains)),) if domains else ()
    return found + (((groups_claim, groups),) if groups else ())


def _secret(where: str, about: dict[str, Any], path: Path) -> str:
    """Return the secret of this server at the provider; "" when it has none, and PKCE alone says that it is the same."""
    env, file = about.get("client_secret_env"), about.get("client_secret_file")
    if env is not None:
        found = os.environ.get(str(env), "").strip()
        if not found:
            message = f"{where}: the variable {env} is not set."
            raise InvalidValueError(message)
        return found
    if file is None:
        return ""
    try:
        found = (path.parent / str(file)).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as cause:
        message = f"{where}: {file} cannot be read: {type(cause).__name__}."
        raise InvalidValueError(message) from cause
    if not found:
        message = f"{where}: {file} is empty."
        raise InvalidValueError(message)
    return found


def _check_keys(where: str, about: Any, known: set[str], needed: Collection[str] = ()) -> None:
    if not isinstance(about, dict):
        message = f"{where} is a table; received {type(about).__name__}."
        raise InvalidValueError(message)
    if unknown := about.keys() - known:
        message = f"{where}: {sorted(unknown)} are not known; it has {', '.join(sorted(known))}."
        raise InvalidValueError(message)
    if missing := set(needed) - about.keys():
        message = f"{where}: {', '.join(sorted(missing))} must be set."
        raise InvalidValueError(message)


def _tables(where: str, about: dict[str, Any]) -> list[dict[str, Any]]:
    found = about.get("grants", [])
    if not isinstance(found, list):
        message = f"{where}: write each grant as a table [[{where.strip('[]')}.grants]]."
        raise InvalidValueError(message)
    return found


def _text(where: str, about: dict[str, Any], key: str, default: str | None = None) -> str:
    found = about.get(key, default)
    if not isinstance(found, str) or (default is None and not found):
        message = f"{where}: {key} is a text; received {found!r}."
        raise InvalidValueError(message)
    return found


def _texts(where: str, about: dict[str, Any], key: str) -> tuple[str, ...]:
    found = about.get(key, [])
    found = [found] if isinstance(found, (str, bool, int)) else found
    if not isinstance(found, list) or not all(isinstance(each, (str, bool, int)) for each in found):
        message = f"{where}: {key} is a list of texts; received {found!r}."
        raise InvalidValueError(message)
    return tuple(map(_said, found))


def _url(where: str, about: dict[str, Any], key: str) -> str:
    found = _text(where, about, key)
    parts = urlsplit(found)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_here(parts.hostname or ""))
    if not is_safe or not parts.hostname or parts.query or parts.fragment or parts.username:
        message = f"{where}: {key} is an address that begins with https://; received {found!r}."
        raise InvalidValueError(message)
    return found


def is_here(host: str) -> bool:
    """Say whether a name is of this machine, to which no TLS is needed."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _has(value: Any, patterns: tuple[str, ...]) -> bool:
    if value is None:
        return False
    values = [_said(each) for each in (value if isinstance(value, list) else [value])]
    return any(fnmatchcase(each, pattern) for each in values for pattern in patterns)


def _said(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _most(grants: list[Grant], kind: str) -> dict[str, Role]:
    found: dict[str, Role] = {}
    for grant in grants:
        for pattern, role in getattr(grant, kind).items():
            found[pattern] = max(role, found.get(pattern, Role.NONE))
    return found
