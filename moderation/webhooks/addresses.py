"""Where a delivery may go: a name is resolved once, and only an address that was looked at is connected to."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]

#: Networks whose addresses hold an IPv4 address in their last bits: translation, and the old ways of embedding.
_CARRIERS = (
    ipaddress.IPv6Network("64:ff9b::/96"),
    ipaddress.IPv6Network("64:ff9b:1::/48"),
    ipaddress.IPv6Network("::/96"),
)


class RefusedAddressError(Exception):
    """The name leads nowhere that a delivery may go."""


def resolve(host: str, port: int) -> list[str]:
    """Return the host's addresses as the system knows them. Raises ``OSError``."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def choose(host: str, port: int, *, allow_private: bool, resolve: Resolve = resolve) -> str:
    """Return the address to connect to. Raises ``RefusedAddressError``, and ``OSError`` where there is none."""
    addresses = resolve(host, port)
    for text in addresses:
        if allow_private or is_public(text):
            return text
    message = f"{host} leads to a private or reserved address. Allow that with MODERATION_PRIVATE_WEBHOOKS=true."
    raise RefusedAddressError(message)


def is_public(text: str) -> bool:
    """Tell whether an address belongs to the public internet, whatever form it is wrapped in."""
    try:
        address: IPAddress = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    inner = _carried(address)
    if inner is not None:
        return is_public(str(inner))
    site_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    return address.is_global and not (address.is_multicast or address.is_reserved or site_local)


def _carried(address: IPAddress) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if any(address in carrier for carrier in _CARRIERS):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
