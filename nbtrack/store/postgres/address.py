"""``postgresql://…``: how to get there, and what of it may be shown."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from nbtrack.deps import require
from nbtrack.errors import InvalidValueError

SECRETS = ("password", "sslpassword")
_EXAMPLE = "postgresql://user@host:5432/database"


class Address:
    """Where a database is.

    Parameters
    ----------
    url : str
        As libpq takes it: ``postgresql://user@host:5432/database?sslmode=require``, several hosts, ``?service=team``. What it does not say
        comes from PGHOST, PGPASSWORD and so on, from ``~/.pgpass`` and from the service file.

    Attributes
    ----------
    shown : str
        The URL without a password.
    title : str
        Host and database.
    parameters : dict
        What libpq is given; the password is in it.

    Raises
    ------
    InvalidValueError
        libpq cannot read the URL.
    MissingPackageError
        ``pip install "nbtrack[postgres]"`` brings what is missing.
    """

    def __init__(self, url: str) -> None:
        self.shown = shown(url)
        self.title = _title(self.shown)
        psycopg = require("psycopg", "to keep runs in PostgreSQL", extra="postgres")
        require("psycopg_pool", "to keep runs in PostgreSQL", package="psycopg-pool", extra="postgres")
        try:
            self.parameters: dict[str, Any] = psycopg.conninfo.conninfo_to_dict(url.strip())
        except psycopg.Error:  # its text may have the password
            raise InvalidValueError(_refusal(self.shown)) from None

    def without_secrets(self, text: str) -> str:
        """Return a text of libpq on one line, and without a password, should one be in it."""
        for name in SECRETS:
            if secret := str(self.parameters.get(name) or ""):
                text = text.replace(secret, "…")
        return " ".join(text.split())


def shown(url: str) -> str:
    """Return a URL without password; raises ``InvalidValueError`` where it is none of a database."""
    try:
        found = urlsplit(url.strip())
    except ValueError:
        raise InvalidValueError(_refusal("postgresql://…")) from None
    user, at, host = found.netloc.rpartition("@")
    user = user.partition(":")[0]
    query = [(key, value) for key, value in parse_qsl(found.query) if key.lower() not in SECRETS]
    is_fine = found.scheme in ("postgresql", "postgres") and not found.fragment
    rest = urlunsplit(("", "", found.path, urlencode(query), ""))
    clean = (
        f"{'postgresql' if is_fine else found.scheme}://{user}{at}{host}{rest}"  # urlunsplit leaves out an empty host
    )
    if not is_fine:
        raise InvalidValueError(_refusal(clean))
    return clean


def _title(url: str) -> str:
    found = urlsplit(url)
    service = dict(parse_qsl(found.query)).get("service", "")
    return (found.netloc.rpartition("@")[2] + found.path).strip("/") or service or "PostgreSQL"


def _refusal(clean: str) -> str:
    return (
        f"{clean!r} is no address of a database; use one such as {_EXAMPLE!r} (%-encode odd characters in it; the "
        "password is best kept in ~/.pgpass or PGPASSWORD)."
    )
