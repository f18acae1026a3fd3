"""Addresses outside that are told of changes, as MLflow's webhooks: kept in the store, without any secret.

A secret is named, never written down: ``secret="$FRAUD_HOOK_SECRET"`` is read from the environment of the process that makes a change, at
that moment. A URL that is itself a secret can be given in the same way.
"""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.names import check_name, new_run_id
from nbtrack.registry import addresses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from nbtrack.store.protocol import TrackingStore

EVENTS = {
    "create": "registered_model.created",
    "version": "model_version.created",
    "tag_version": "model_version_tag.set",
    "untag_version": "model_version_tag.deleted",
    "alias": "model_version_alias.created",
    "unalias": "model_version_alias.deleted",
}
"""Changes of the registry that are told outside, in MLflow's words."""
_VERSION = {"name": "example_model", "version": "1"}
EXAMPLES: dict[str, dict[str, Any]] = {
    "registered_model.created": {"name": "example_model", "tags": {"key": "value"}, "description": "An example."},
    "model_version.created": {
        **_VERSION,
        "source": "models:/m-00000000000000000000000000000000",
        "run_id": "0" * 32,
        "tags": {"key": "value"},
        "description": "An example.",
    },
    "model_version_tag.set": {**_VERSION, "key": "key", "value": "value"},
    "model_version_tag.deleted": {**_VERSION, "key": "key"},
    "model_version_alias.created": {**_VERSION, "alias": "champion"},
    "model_version_alias.deleted": {"name": "example_model", "alias": "champion"},
}
"""What ``test_webhook`` sends."""
STATUSES = ("ACTIVE", "DISABLED")
MAX_URL = 2000
SETTING = "webhook/"

_NAMED = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]{0,200})")
_CONTROL = re.compile(r"[\x00-\x20\x7f\\]")


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is told of changes; `url` and `secret` may be names of environment variables, as ``$NAME``."""

    webhook_id: str
    name: str
    url: str
    events: list[str] = field(default_factory=list)
    description: str = ""
    status: str = "ACTIVE"
    secret: str | None = None
    creation_timestamp: int = 0
    last_updated_timestamp: int = 0

    @property
    def place(self) -> str:
        """The host, or the name of the variable that has the URL: what may be shown."""
        return self.url if self.url.startswith("$") else urlsplit(self.url).hostname or "?"


class Webhooks:
    """The webhooks of one store."""

    def __init__(self, store: TrackingStore) -> None:
        self._store = store

    def all(self) -> list[Webhook]:
        """Return the webhooks, oldest first."""
        return read(self._store.settings())

    def get(self, webhook_id: str) -> Webhook:
        """Return a webhook; raises ``NotFoundError``."""
        known = {hook.webhook_id: hook for hook in self.all()}
        if webhook_id not in known:
            raise NotFoundError("Webhook", str(webhook_id), known)
        return known[webhook_id]

    def create(
        self,
        name: str,
        url: str,
        events: Iterable[Any],
        description: str | None = None,
        secret: str | None = None,
        status: Any = None,
    ) -> Webhook:
        """Have an address told of changes.

        Parameters
        ----------
        url : str
            ``https://…``, or ``$NAME`` for the value of an environment variable.
        events : list of str
            Such as ``"model_version_alias.created"``.
        secret : str, optional
            ``$NAME`` of the environment variable that has it; deliveries are signed then.

        Raises
        ------
        InvalidValueError
            The URL is not https, has a user or password, or means an address that is not public; a secret was given in the clear.
        """
        now = time.time_ns() // 1_000_000
        made = Webhook(
            new_run_id(),
            check_name(name, "Webhook name"),
            check_url(url),
            _events(events),
            description or "",
            _status(status),
            _secret(secret),
            now,
            now,
        )
        self._keep(made)
        return made

    def update(self, webhook_id: str, **changes: Any) -> Webhook:
        """Change what is given and not None: `name`, `url`, `events`, `description`, `secret`, `status`."""
        rules: dict[str, Callable[[Any], Any]] = {
            "name": lambda v: check_name(v, "Webhook name"),
            "url": check_url,
            "events": _events,
            "description": str,
            "secret": _secret,
            "status": _status,
        }
        found = {key: rules[key](value) for key, value in changes.items() if value is not None}
        made = replace(self.get(webhook_id), **found, last_updated_timestamp=time.time_ns() // 1_000_000)
        self._keep(made)
        return made

    def delete(self, webhook_id: str) -> None:
        """Tell an address no more."""
        self.get(webhook_id)
        self._store.append(("setting", None, None, {"name": SETTING + webhook_id, "value": None}))

    def _keep(self, hook: Webhook) -> None:
        body = {key: value for key, value in asdict(hook).items() if key != "webhook_id"}
        self._store.append(("setting", None, None, {"name": SETTING + hook.webhook_id, "value": json.dumps(body)}))


def read(settings: Mapping[str, str]) -> list[Webhook]:
    """Return the webhooks among the settings of a store, oldest first; what cannot be read is left out."""
    found = []
    for key, text in settings.items():
        if key.startswith(SETTING):
            try:
                found.append(Webhook(webhook_id=key.removeprefix(SETTING), **json.loads(text)))
            except (ValueError, TypeError):
                continue
    return sorted(found, key=lambda hook: (hook.creation_timestamp, hook.webhook_id))


def resolved(text: str) -> str:
    """Return a text, or the value of the environment variable that it names; raises ``InvalidValueError`` when that is not set."""
    named = _NAMED.fullmatch(text)
    if named is None:
        return text
    value = os.environ.get(named[1])
    if not value:
        raise InvalidValueError(f"The environment variable {named[1]} is not set in this process.")
    return value


def check_url(url: Any) -> str:
    """Return a URL to which requests may go, or the name of the environment variable that has one; looks no name up.

    Raises
    ------
    InvalidValueError
        Says what is not allowed, without repeating a password.
    """
    text = str(url)
    if _NAMED.fullmatch(text):
        return text
    wanted = "use https://host/path, or $NAME for the value of an environment variable"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise InvalidValueError(f"The URL cannot be read; {wanted}.") from None
    if not host or parts.scheme not in ("https", "http") or len(text) > MAX_URL or _CONTROL.search(text):
        raise InvalidValueError(f"The URL is not allowed; {wanted}.")
    if parts.username is not None or parts.password is not None:
        raise InvalidValueError("The URL has a user or password, which would be kept in the clear; use $NAME.")
    addresses.check_port(port, parts.scheme)
    if parts.scheme == "http" and not addresses.is_allowed(host):
        raise InvalidValueError(f"http:// goes only to hosts named in {addresses.ALLOWED_HOSTS}; {wanted}.")
    if _is_literal(host) and not addresses.is_public(host) and not addresses.is_allowed(host):
        raise InvalidValueError(
            f"{host} is not a public address; {addresses.ALLOWED_HOSTS} in the environment names those that are allowed besides."
        )
    return text


def _is_literal(host: str) -> bool:
    """Say whether a host is an address, in any spelling that a resolver reads: 127.1, 0x7f.1, 2130706433."""
    is_number = re.fullmatch(r"[0-9a-fx.]+", host) is not None and host.rpartition(".")[2][:1].isdigit()
    return ":" in host or is_number or host == "localhost"


def _events(events: Iterable[Any]) -> list[str]:
    given = [events] if isinstance(events, str) else list(events)
    names = [event_name(event) for event in given]
    unknown = [name for name in names if name not in EVENTS.values()]
    if unknown or not names:
        what = f"{unknown[0]!r} is not known" if unknown else "No event is named"
        raise InvalidValueError(f"{what}; use {', '.join(EVENTS.values())}.")
    return [*dict.fromkeys(names)]


def event_name(event: Any) -> str:
    """Return ``entity.action`` of a text, or of an object with both, as MLflow's WebhookEvent is."""
    if isinstance(event, str):
        return event
    entity, action = getattr(event, "entity", event), getattr(event, "action", "")
    return f"{getattr(entity, 'value', entity)}.{getattr(action, 'value', action)}"


def _status(status: Any) -> str:
    text = str(getattr(status, "value", status) or "ACTIVE").upper()
    if text not in STATUSES:
        raise InvalidValueError(f"Status {text!r} is not known; use {' or '.join(STATUSES)}.")
    return text


def _secret(secret: Any) -> str | None:
    if secret is None:
        return None
    if not isinstance(secret, str) or not _NAMED.fullmatch(secret):
        raise InvalidValueError(
            "A secret is not kept in the store: put it into an environment variable of those who change models, "
            "and give its name, as in secret='$FRAUD_HOOK_SECRET'."
        )
    return secret
