"""The file of tokens: who there is, a hash of each secret, and what each may do.

Secrets are hashed with scrypt of the standard library. A secret that we made has 256 random bits and would do with less, but a user may
have a password that people made up. The price, some 40 ms and 16 MB, is paid once for each secret and process (see ``keys.py``), so that a
library of native code for argon2 would bring nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import secrets
import tempfile
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from nbtrack.errors import AlreadyExistsError, InvalidValueError, NotFoundError
from nbtrack.server.access.roles import Role, User, role_of

if TYPE_CHECKING:
    from collections.abc import Callable

PREFIX = "nbt"
COST, BLOCK, LANES = 1 << 14, 8, 1
MIN_PASSWORD = 12
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.@\-]{0,63}")
_HASH = re.compile(r"scrypt:(16384):(8):(1):([A-Za-z0-9+/=]{24}):([A-Za-z0-9+/=]{44})")
_TABLE = re.compile(r"^(?:[ \t]*#[^\n]*\n|[ \t]*\n)*(?=[ \t]*\[)", re.MULTILINE)
_OURS = re.compile(r"^[ \t]*\[+[ \t]*[\"']?tokens\b", re.MULTILINE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
TABLES = {"oidc", "tokens", "workloads"}
HEAD = "# Who may use this nbtrack server. Made by `nbtrack server token`; secrets are kept as hashes only.\n"


@dataclass(frozen=True)
class Token:
    """A named token, or a user with a password."""

    user: User
    hash: str
    expires: datetime | None = None
    created: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    @property
    def is_expired(self) -> bool:
        """Say whether its time is over."""
        return self.expires is not None and datetime.now(UTC) >= self.expires

    def fits(self, secret: str) -> bool:
        """Say whether a secret is the one, in the same time whichever it is."""
        found = _HASH.fullmatch(self.hash)
        if found is None:
            return False
        made = _scrypt(secret, base64.b64decode(found[4]))
        return hmac.compare_digest(made, base64.b64decode(found[5]))


def hashed(secret: str) -> str:
    """Return the hash of a secret, with a salt of its own."""
    salt = secrets.token_bytes(16)
    parts = (base64.b64encode(each).decode() for each in (salt, _scrypt(secret, salt)))
    return f"scrypt:{COST}:{BLOCK}:{LANES}:{':'.join(parts)}"


def _scrypt(secret: str, salt: bytes) -> bytes:
    data = secret.encode("utf-8", "replace")
    return hashlib.scrypt(data, salt=salt, n=COST, r=BLOCK, p=LANES, maxmem=64 << 20, dklen=32)


def tables(path: Path) -> dict[str, Any]:
    """Return what stands in a file of tokens; raises ``InvalidValueError``."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InvalidValueError(
            f"There is no {path}. `nbtrack server token add NAME --role write --auth {path}` makes it with a first token."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidValueError(f"{path} cannot be read: {type(error).__name__}: {error}.") from error
    if unknown := found.keys() - TABLES:
        raise InvalidValueError(f"{path}: {sorted(unknown)} are not known; it has {', '.join(sorted(TABLES))}.")
    return found


def read(path: Path, found: dict[str, Any] | None = None) -> dict[str, Token]:
    """Return the tokens of a file by name; raises ``InvalidValueError`` with the place that is wrong."""
    found = tables(path) if found is None else found
    try:
        return {name: _token(name, about) for name, about in found.get("tokens", {}).items()}
    except (AttributeError, KeyError, TypeError) as error:
        raise InvalidValueError(f"{path} cannot be read: {type(error).__name__}: {error}.") from error


def _token(name: str, about: dict[str, Any]) -> Token:
    check_name(name)
    known = {"hash", "role", "created", "expires", "experiments", "models"}
    if unknown := about.keys() - known:
        raise InvalidValueError(
            f"Token {name}: {sorted(unknown)} are not known; a token has {', '.join(sorted(known))}."
        )
    if not _HASH.fullmatch(about["hash"]):
        raise InvalidValueError(f"Token {name}: the hash is none of ours; make the token anew.")
    grants = [{p: role_of(r) for p, r in about.get(kind, {}).items()} for kind in ("experiments", "models")]
    user = User(name, role_of(about.get("role", "none")), *grants)
    return Token(user, about["hash"], _time(about.get("expires")), _time(about.get("created")) or datetime.now(UTC))


def _time(found: object) -> datetime | None:
    if found is None:
        return None
    if not isinstance(found, datetime):
        raise InvalidValueError(f"{found!r} is no time; write it as 2027-01-31T12:00:00Z.")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def check_name(name: str) -> str:
    """Return a name that a token may have."""
    if not _NAME.fullmatch(name):
        raise InvalidValueError(
            f"{name[:80]!r} is no name for a token; use letters, digits, '.', '-' and '@', 64 at most."
        )
    return name


def add(path: Path, user: User, *, expires: datetime | None = None, password: str | None = None) -> str:
    """Add a token and return its secret, which is kept nowhere; raises ``AlreadyExistsError``."""
    check_name(user.name)
    if password is not None and len(password) < MIN_PASSWORD:
        raise InvalidValueError(f"A password has at least {MIN_PASSWORD} characters.")
    for pattern in (*user.experiments, *user.models):
        if not pattern or _CONTROL.search(pattern):
            raise InvalidValueError(f"{pattern!r} is no pattern of names.")
    if not (user.may_somewhere(Role.READ) or user.may_watch):
        raise InvalidValueError(
            "A token that may do nothing is of no use; give a role, or one for an experiment or model."
        )
    secret = password or secrets.token_urlsafe(32)

    def change(found: dict[str, Token]) -> None:
        if user.name in found:
            raise AlreadyExistsError("Token", user.name)
        found[user.name] = Token(user, hashed(secret), expires)

    _change(path, change)
    return secret if password else f"{PREFIX}_{user.name}_{secret}"


def remove(path: Path, name: str) -> None:
    """Take a token away; raises ``NotFoundError``."""

    def change(found: dict[str, Token]) -> None:
        if found.pop(name, None) is None:
            raise NotFoundError("Token", name, found, where=str(path))

    _change(path, change)


def _change(path: Path, change: Callable[[dict[str, Token]], None]) -> None:
    path = path.resolve()  # of a link, the file that it leads to
    with FileLock(f"{path}.lock", mode=0o600):
        found = read(path) if path.exists() else {}
        rest = _others(path) if path.exists() else ""
        change(found)
        fd, name = tempfile.mkstemp(prefix=".tokens-", dir=path.parent)  # 0600
        try:
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                file.write(HEAD + "".join(map(_written, found.values())) + rest)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)


def _others(path: Path) -> str:
    """Return what else stands in the file, as somebody wrote it by hand: each table that is none of a token, with the comments above it."""
    text = path.read_text(encoding="utf-8").replace(HEAD, "")
    starts = [0, *(found.start() for found in _TABLE.finditer(text)), len(text)]
    pieces = [text[begin:end] for begin, end in pairwise(starts)]
    rest = "".join(piece for piece in pieces[1:] if not _OURS.search(piece))
    whole = tables(path)
    whole.pop("tokens", None)
    if tomllib.loads(rest) != whole:
        raise InvalidValueError(
            f"{path} is written in a way that cannot be kept when tokens change; "
            "give [oidc], [workloads.…] and [tokens.…] tables of their own."
        )
    return f"\n{rest.strip()}\n" if rest.strip() else ""


def _written(token: Token) -> str:
    user = token.user
    lines = [f"\n[tokens.{json.dumps(user.name)}]", f'role = "{user.role}"', f'hash = "{token.hash}"']
    lines += [
        f"{key} = {when:%Y-%m-%dT%H:%M:%SZ}"
        for key, when in (("created", token.created), ("expires", token.expires))
        if when
    ]
    for kind, grants in (("experiments", user.experiments), ("models", user.models)):
        if grants:
            lines.append(f"[tokens.{json.dumps(user.name)}.{kind}]")
            lines += [f'{json.dumps(pattern, ensure_ascii=False)} = "{role}"' for pattern, role in grants.items()]
    return "\n".join(lines) + "\n"
