"""Brings changes to webhooks: in threads of their own, signed as MLflow signs, tried again when the other side is busy."""

from __future__ import annotations

import atexit
import base64
import hashlib
import hmac
import http.client
import json
import logging
import os
import random
import socket
import ssl
import threading
import time
import uuid
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from nbtrack.errors import NbtrackError
from nbtrack.registry import addresses, webhooks
from nbtrack.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbtrack.registry.webhooks import Webhook

TIMEOUT_S = 10.0
"""For each step of a request."""
LONGEST_S = 30.0
"""For all of them."""
TRIES = 4
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
LAST_WAIT_S = 15.0
MAX_AT_ONCE = 8
MAX_REPLY = 1 << 16
BUSY = (429, 500, 502, 503, 504)

log = logging.getLogger("nbtrack.registry")


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one request to a webhook went; `status` is that of the last reply, None without any."""

    webhook: str
    place: str
    event: str
    delivery_id: str
    status: int | None
    tries: int
    error: str = ""

    @property
    def success(self) -> bool:
        """Say whether the other side took it."""
        return not self.error


recent: deque[Delivery] = deque(maxlen=100)
"""The last deliveries of this process."""
_threads: set[threading.Thread] = set()
_room = threading.BoundedSemaphore(MAX_AT_ONCE)
_closing = threading.Event()


def send(hook: Webhook, event: str, data: Mapping[str, Any]) -> None:
    """Deliver an event in the background."""
    thread = threading.Thread(target=_work, args=(hook, event, dict(data)), name="nbtrack-webhook", daemon=True)
    _threads.add(thread)
    thread.start()


def wait(timeout: float | None = None) -> bool:
    """Wait until every delivery has ended; say whether that is so."""
    until = None if timeout is None else time.monotonic() + timeout
    for thread in list(_threads):
        thread.join(None if until is None else max(0.0, until - time.monotonic()))
    return not any(thread.is_alive() for thread in list(_threads))


def _work(hook: Webhook, event: str, data: dict[str, Any]) -> None:
    try:
        with _room:
            done = deliver(hook, event, data)
        recent.append(done)
        if not done.success:
            log.warning("Webhook %r (%s) was not told of %s: %s", done.webhook, done.place, event, done.error)
    finally:
        _threads.discard(threading.current_thread())


def deliver(hook: Webhook, event: str, data: Mapping[str, Any], tries: int = TRIES) -> Delivery:
    """Send an event and wait for the reply; nothing is raised, the outcome says how it went."""
    delivery_id = str(uuid.uuid4())
    status, error, n = None, "", 0
    for n in range(1, tries + 1):
        pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (n - 1)) * (0.75 + random.random() / 2)  # noqa: S311 - jitter
        try:
            status, wanted_pause = _post(hook, event, data, delivery_id)
        except (NbtrackError, ssl.SSLCertVerificationError) as refusal:
            error = str(refusal)
            break
        except (OSError, http.client.HTTPException) as failure:
            error = f"{type(failure).__name__}: {failure}"
        except (
            ValueError
        ) as problem:  # a host or path that cannot be written in a request; its text may have the URL in it
            error = f"the request cannot be written ({type(problem).__name__})"
            break
        else:
            error = "" if 200 <= status < 300 else f"the answer was {status}"  # noqa: PLR2004 - success in HTTP
            if status not in BUSY:
                break
            pause = min(LONGEST_PAUSE_S, wanted_pause) if wanted_pause is not None else pause
        if n < tries and _closing.wait(pause):
            break
    return Delivery(hook.name, hook.place, event, delivery_id, status, n, error)


def body_of(event: str, data: Mapping[str, Any]) -> str:
    """Return the text of a delivery, as MLflow has it."""
    entity, _, action = event.partition(".")
    said = {"entity": entity, "action": action, "timestamp": datetime.now(UTC).isoformat(), "data": dict(data)}
    return json.dumps(said)


def signature(secret: str, delivery_id: str, timestamp: str, body: str) -> str:
    """Return the header that proves who sent a delivery: HMAC-SHA256 of ``<delivery id>.<timestamp>.<body>``."""
    signed = f"{delivery_id}.{timestamp}.{body}".encode()
    return "v1," + base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


def _post(hook: Webhook, event: str, data: Mapping[str, Any], delivery_id: str) -> tuple[int, float | None]:
    """Send once; return the status, and the seconds that the other side asks to wait. No redirect is followed."""
    url = webhooks.resolved(hook.url)
    webhooks.check_url(url)
    parts = urlsplit(url)
    body, timestamp = body_of(event, data), str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"nbtrack/{__version__}",
        "X-MLflow-Delivery-Id": delivery_id,
        "X-MLflow-Timestamp": timestamp,
    }
    if hook.secret:
        headers["X-MLflow-Signature"] = signature(webhooks.resolved(hook.secret), delivery_id, timestamp, body)
    connection = _Connection(str(parts.hostname), addresses.check_port(parts.port, parts.scheme), parts.scheme)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    until = threading.Timer(LONGEST_S, connection.give_up)
    until.daemon = True
    until.start()
    try:
        connection.request("POST", target, body=body.encode(), headers=headers)
        reply = connection.getresponse()
        reply.read(MAX_REPLY)
        asked = reply.getheader("Retry-After", "")
        return reply.status, float(asked) if asked.isdigit() else None
    finally:
        until.cancel()
        connection.close()


class _Connection(http.client.HTTPConnection):
    """A connection whose peer is checked before the first byte is sent."""

    def __init__(self, host: str, port: int, scheme: str) -> None:
        super().__init__(host, port, timeout=TIMEOUT_S)
        self._is_secure = scheme == "https"
        self.default_port = 443 if self._is_secure else 80

    def connect(self) -> None:
        """Connect where requests may go, and nowhere else."""
        sock = addresses.connect(self.host, self.port, TIMEOUT_S)
        if self._is_secure:
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=self.host)
        self.sock = sock

    def give_up(self) -> None:
        """End the connection, from another thread: the other side may send a byte now and then for days."""
        if self.sock is not None:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


def _at_exit() -> None:
    """Give what is on its way a moment, and say what did not arrive."""
    if not wait(LAST_WAIT_S):
        _closing.set()
        wait(1.0)
        log.warning("%d webhook deliveries had not arrived when the process ended", len(_threads))


def _forget_in_child() -> None:
    _threads.clear()


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
