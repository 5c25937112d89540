"""Secrets that must be read again, since they sign what we send: kept sealed with a key outside the database."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken

from moderation.errors import UnavailableError


def seal(secret_key: str, secret: str) -> str:
    """Return what is stored of the secret."""
    return _box(secret_key).encrypt(secret.encode()).decode()


def unseal(secret_key: str, sealed: str) -> str:
    """Return the secret. Raises ``UnavailableError`` if it was sealed with another key."""
    try:
        return _box(secret_key).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        message = "The webhook's secret was sealed with another MODERATION_SECRET_KEY; make it a new one."
        raise UnavailableError(message, code="sealed_with_another_key") from error


def _box(secret_key: str) -> Fernet:
    key = hashlib.blake2b(secret_key.encode(), digest_size=32, person=b"webhook secrets").digest()
    return Fernet(base64.urlsafe_b64encode(key))
