"""Secrets that are shown once: made here, and only their digests stored."""

from __future__ import annotations

import hashlib
import secrets

import argon2

_HASHER = argon2.PasswordHasher()
#: A hash of nobody's password: checking against it takes as long as checking a real one, so that the time of a
#: refused sign-in does not tell whether the address is known.
_NOBODY = _HASHER.hash(secrets.token_urlsafe(16))


def make_secret(prefix: str) -> str:
    """Return a new secret of 256 random bits, with a prefix that tells what it opens."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def digest_secret(secret: str) -> str:
    """Return what is stored of a random secret. A plain hash will do: 256 bits cannot be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password."""
    return _HASHER.hash(password)


def password_matches(password_hash: str | None, password: str) -> bool:
    """Tell whether the password is right; ``None`` (nobody) costs the same time and is always wrong."""
    try:
        _HASHER.verify(password_hash or _NOBODY, password)
    except argon2.exceptions.VerificationError:
        return False
    return password_hash is not None
