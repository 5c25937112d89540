"""Who sends a comment: a site's server with its key, or a visitor's browser from one of the site's pages."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from moderation.errors import ForbiddenError
from moderation.people.sites import SiteSettings, check_key, origin_of
from moderation.tables import KeyPurpose


@dataclass(frozen=True, slots=True)
class Caller:
    """What the connection says of who sends a comment."""

    #: The bearer key, where one was sent.
    key: str | None = None
    #: The page's address as the browser tells it: ``Origin``, or ``Referer`` where that is missing.
    page: str | None = None
    ip: str = ""
    user_agent: str = ""
    referrer: str = ""
    idempotency_key: str | None = None
    #: What was filled in where people see no field.
    honeypot: str = ""
    #: Seconds since our form was shown; ``None`` where no form of ours was used.
    form_seconds: float | None = None
    #: The digest of the e-mail address that the browser has proved to be its owner's (see ``moderation.mail``).
    proved_address: str | None = None
    #: A form of ours, with a valid token for this site, was sent from our own pages.
    from_our_page: bool = False


def identify(session: Session, site: SiteSettings, caller: Caller, now: datetime) -> KeyPurpose | None:
    """Return what the caller's key opens, ``None`` for a visitor.

    Raises ``UnauthenticatedError`` for a bad key and ``ForbiddenError`` for a page that is not the site's.
    """
    if caller.key is not None:
        return check_key(session, site.id, caller.key, now)
    if not caller.from_our_page and (caller.page is None or origin_of(caller.page) not in site.origins):
        message = "Comments for this site are taken only from its own pages."
        raise ForbiddenError(message, code="wrong_origin")
    return None


def network_of(ip: str) -> str:
    """Return the address by which limits and history know a visitor: IPv4 whole, IPv6 by its /64."""
    if not ip:
        return ""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        # A proxy may say "unknown", or name a socket; whoever comes that way shares one limit.
        return ip[:60]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.IPv6Network((address, 64), strict=False))
    return str(address)
