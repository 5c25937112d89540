"""Keys from other systems, made to fit ours."""

from __future__ import annotations

import hashlib

from moderation.comments.submission import MAX_THREAD


def fit_key(key: str) -> str:
    """Return the key, or, if it is too long, its beginning with a digest of the whole: two long keys stay two."""
    key = key.strip()
    if len(key) <= MAX_THREAD:
        return key
    digest = digest_key(key)
    return f"{key[: MAX_THREAD - len(digest) - 1]}~{digest}"


def digest_key(key: str) -> str:
    """Return 32 digits that stand for a key of any length."""
    # What cannot be encoded is refused later, with its reason; here it must only not stop us.
    return hashlib.blake2b(key.encode(errors="surrogatepass"), digest_size=16).hexdigest()
