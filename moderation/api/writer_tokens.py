"""What a writer's browser holds: a token for each comment it sent, and the proof that an e-mail address is its owner's.

Both are signed and not stored, so there is nothing here that could be stolen, must be erased or grows old.
"""

from __future__ import annotations

import uuid

from itsdangerous import BadData, URLSafeSerializer

from moderation.errors import ForbiddenError
from moderation.services import Services


def edit_token(parts: Services, comment_id: uuid.UUID) -> str:
    """Return the token with which a comment may be changed; the same each time, so that a repeated answer is equal."""
    return str(_serializer(parts, "edit").dumps(comment_id.hex))


def check_edit_token(parts: Services, comment_id: uuid.UUID, token: str) -> None:
    """Raise ``ForbiddenError`` unless the token is the comment's."""
    if _read(parts, "edit", token) != comment_id.hex:
        message = "Only the browser that sent the comment may change it."
        raise ForbiddenError(message, code="bad_edit_token")


def address_token(parts: Services, site_id: uuid.UUID, digest: str) -> str:
    """Return what a browser shows to prove that an address, named by its digest, is its owner's."""
    return str(_serializer(parts, "address").dumps([site_id.hex, digest]))


def proved_address(parts: Services, site_id: uuid.UUID, token: str) -> str | None:
    """Return the digest of the address that the token proves at this site; ``None`` where it proves none."""
    payload = _read(parts, "address", token)
    if isinstance(payload, list) and len(payload) == 2 and payload[0] == site_id.hex:  # noqa: PLR2004 -- as made above
        return str(payload[1])
    return None


def _serializer(parts: Services, purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(parts.secret_key, salt=f"writer-{purpose}")


def _read(parts: Services, purpose: str, token: str) -> object:
    try:
        return _serializer(parts, purpose).loads(token)  # type: ignore[no-any-return,unused-ignore]
    except (BadData, UnicodeError):
        return None
