"""Requests go to public addresses, and to those that are allowed by name or network; what counts is the peer."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from nbtrack.errors import InvalidValueError
from nbtrack.registry import addresses

if TYPE_CHECKING:
    from collections.abc import Iterator

PRIVATE = [
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.2.1",
    "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254",
    "fec0::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:100.64.0.1", "::127.0.0.1",
    "64:ff9b::169.254.169.254", "64:ff9b::10.0.0.1", "64:ff9b:1::1.2.3.4", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:7f00:1::",
    "2002:6440:1::1", "", "example.com",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"]
SPELLINGS = ["2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "127.1", "[::1]", "localhost", "[::]", "0"]


@pytest.mark.parametrize("text", PRIVATE)
def test_what_is_not_public(text):
    assert not addresses.is_public(text)


@pytest.mark.parametrize("text", PUBLIC)
def test_what_is_public(text):
    assert addresses.is_public(text)


@pytest.mark.parametrize("host", SPELLINGS)
def test_no_spelling_of_loopback_is_connected_to(host):
    with pytest.raises(addresses.RefusedAddressError, match="is not a public address"):
        addresses.connect(host.strip("[]"), 80, 1.0)


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_name_that_means_one_private_address_among_others_is_refused(monkeypatch):
    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ("8.8.8.8", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("nothing is sent anywhere"))
    with pytest.raises(addresses.RefusedAddressError, match=r"at 10\.0\.0\.1"):
        addresses.connect("hooks.example.com", 443, 1.0)


def test_the_peer_counts_and_not_what_the_name_meant_before(monkeypatch, port):
    """The resolver says a public address, the connection ends on loopback: as when a name is bound anew in between."""
    real = socket.socket.connect
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", port))]
    )
    monkeypatch.setattr(socket.socket, "connect", lambda sock, _: real(sock, ("127.0.0.1", port)))
    with pytest.raises(addresses.RefusedAddressError, match=r"at 127\.0\.0\.1"):
        addresses.connect("rebound.example.com", port, 1.0)


@pytest.mark.parametrize("allowed", ["127.0.0.1", "other, localhost ", "127.0.0.0/8", "::1,127.0.0.0/30"])
def test_what_is_allowed_is_reached(monkeypatch, port, allowed):
    monkeypatch.setenv(addresses.ALLOWED_HOSTS, allowed)
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
    )
    host = "localhost" if "localhost" in allowed else "127.0.0.1"
    addresses.connect(host, port, 1.0).close()
    with pytest.raises(addresses.RefusedAddressError):
        addresses.check("10.0.0.1", "10.0.0.1")


def test_somebody_who_does_not_answer_is_told_as_that(monkeypatch, port):
    monkeypatch.setenv(addresses.ALLOWED_HOSTS, "127.0.0.1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = free.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        addresses.connect("127.0.0.1", closed, 1.0)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])
    with pytest.raises(OSError, match="has no address"):
        addresses.connect("127.0.0.1", port, 1.0)


def test_ports_are_those_of_the_scheme():
    assert (addresses.check_port(None, "https"), addresses.check_port(None, "http"), addresses.check_port(8443, "https")) == (
        443, 80, 8443,
    )  # fmt: skip
    with pytest.raises(InvalidValueError, match="no port"):
        addresses.check_port(70000, "https")
