"""Where a delivery may go: nowhere private, in whatever form the address comes."""

from __future__ import annotations

import pytest

from moderation.webhooks.addresses import RefusedAddressError, choose, is_public


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "8.8.8.8", "::ffff:8.8.8.8"]
)
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    """127.0.0.1 127.8.8.8 0.0.0.0 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 192.0.2.1 198.18.0.1
    224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255 ::1 :: fe80::1 fe80::1%eth0 fc00::1 fd12::1 ff02::1 2001:db8::1
    ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:7f00:1 ::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b::7f00:1 2002:7f00:1::
    2002:a00:1:: fec0::1 nowhere""".split(),
)
def test_private(address: str) -> None:
    assert not is_public(address)


def test_of_several_addresses_only_a_public_one_is_taken() -> None:
    assert choose("x.example", 443, allow_private=False, resolve=lambda *_: ["10.0.0.1", "8.8.8.8"]) == "8.8.8.8"
    assert choose("x.example", 443, allow_private=True, resolve=lambda *_: ["10.0.0.1", "8.8.8.8"]) == "10.0.0.1"
    with pytest.raises(RefusedAddressError, match="private"):
        choose("x.example", 443, allow_private=False, resolve=lambda *_: ["10.0.0.1", "::1"])
