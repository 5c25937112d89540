"""Makes the far network impossible: the tests must pass, and mean the same, on a machine that has none."""

from __future__ import annotations

import ipaddress
import sys
from typing import Any

import pytest


def forbid_far_network() -> None:
    """Fail, from now on, whatever connects, sends or resolves beyond this machine."""
    # An audit hook, since it sees every socket, whichever library opens it, and nothing can put it aside.
    sys.addaudithook(_refuse)


def _refuse(event: str, args: tuple[Any, ...]) -> None:
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        address = args[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event == "socket.getaddrinfo":
        host = args[0]
    else:
        return
    if not _is_near(host):
        # No Exception: code that copes with a network that fails must not get away with having tried.
        pytest.fail(f"A test reached for the network: {host!r}")


def _is_near(host: object) -> bool:
    if host in {None, "", b"", "localhost", b"localhost"}:
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return False
