"""Where a request may go: public addresses, and those hosts and networks that this machine's owner allows.

What counts is the address at the other end of the connection, not the name: a name may mean another address a moment later.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from typing import TYPE_CHECKING

from nbtrack.errors import InvalidValueError, NbtrackError

if TYPE_CHECKING:
    from collections.abc import Iterator

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address

ALLOWED_HOSTS = "NBTRACK_WEBHOOK_HOSTS"
"""Environment variable: host names, addresses and networks to which requests may go although they are not public, with commas between."""

_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_SHORT = 32


class RefusedAddressError(NbtrackError):
    """A request would go to an address that is not public."""


def is_public(text: str) -> bool:
    """Say whether an address is one of the public internet; an IPv4 address inside an IPv6 one is looked at, too."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return all(_is_public(each) for each in _all_meant(address))


def _all_meant(address: Address) -> Iterator[Address]:
    """Yield an address and the IPv4 address that it stands for: mapped, translated (NAT64), tunnelled (6to4, Teredo)."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and (address in _COMPATIBLE or any(address in net for net in _NAT64)):
            inner = ipaddress.IPv4Address(int(address) & (2**_SHORT - 1))
        if inner is not None:
            yield inner
            if address.ipv4_mapped is None and address not in _NAT64[0]:
                yield address
            return
        if address.teredo is not None:
            yield from address.teredo
    yield address


def _is_public(address: Address) -> bool:
    bad = (
        not address.is_global,
        address.is_private,
        address.is_loopback,
        address.is_link_local,
        address.is_multicast,
        address.is_reserved,
        address.is_unspecified,
        isinstance(address, ipaddress.IPv6Address) and address.is_site_local,
    )
    return not any(bad)


def allowed_hosts() -> list[str]:
    """Return what this machine's owner allows besides public addresses."""
    return [part.strip().lower() for part in os.environ.get(ALLOWED_HOSTS, "").split(",") if part.strip()]


def is_allowed(host: str, text: str = "") -> bool:
    """Say whether a host, or an address of it, is among those that are allowed by name or network."""
    for rule in allowed_hosts():
        if rule == host.lower().strip("[]"):
            return True
        try:
            network = ipaddress.ip_network(rule, strict=False)
            address = ipaddress.ip_address((text or host).partition("%")[0].strip("[]"))
        except ValueError:
            continue
        if address.version == network.version and address in network:
            return True
    return False


def check(host: str, text: str) -> None:
    """Raise :class:`RefusedAddressError` unless requests to `host` may go to this address."""
    if not is_public(text) and not is_allowed(host, text):
        raise RefusedAddressError(
            f"{host} is at {text}, which is not a public address. {ALLOWED_HOSTS}={host} in the environment allows it."
        )


def connect(host: str, port: int, timeout: float) -> socket.socket:
    """Return a connection to a host, every address of which may be reached; the peer of the very connection is checked.

    Raises
    ------
    RefusedAddressError
        The name means an address that is not public, or the connection went to one.
    OSError
        Nobody answers.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for *_, place in found:
        check(host, str(place[0]))
    failure: OSError | None = None
    for family, kind, protocol, _, place in found:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(timeout)
            sock.connect(place)
            check(host, str(sock.getpeername()[0]))
        except RefusedAddressError:
            sock.close()
            raise
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure or OSError(f"{host} has no address")


def check_port(port: int | None, scheme: str) -> int:
    """Return the port of a URL, the usual one of its scheme when it names none."""
    found = port or {"https": 443, "http": 80}[scheme]
    if not 0 < found < 65536:  # noqa: PLR2004 - 16 bits
        raise InvalidValueError(f"{found} is no port.")
    return found
