"""How often signing in may be tried: per account and per address, so that passwords cannot be guessed."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from hashlib import sha256
from typing import cast

import structlog
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError

from moderation.comments.caller import network_of
from moderation.errors import TooManyError

log = structlog.get_logger(__name__)

PER_ACCOUNT = parse("10 per 15 minutes")
#: Many people may share an address, and one address may try many accounts.
PER_ADDRESS = parse("50 per 15 minutes")


class Attempts:
    """The attempts of late. In Redis where the settings name one, else in this process."""

    def __init__(self, redis_url: str | None) -> None:
        self._own = FixedWindowRateLimiter(MemoryStorage())
        self._shared = FixedWindowRateLimiter(_open(redis_url)) if redis_url else None

    def count(self, email: str, ip: str) -> None:
        """Count one more attempt (an empty ``email``: nobody yet). Raises ``TooManyError`` if there were too many.

        Without Redis each process counts for itself: of N processes, N times as many attempts may pass.
        """
        if self._shared is not None:
            try:
                return self._count(self._shared, email, ip)
            except RedisError as error:
                # Nobody shall be locked out, and nothing let loose, because the counter is away.
                log.warning("attempts_counted_alone", error=type(error).__name__)
        return self._count(self._own, email, ip)

    def forget(self, email: str) -> None:
        """Forgive an account's attempts, now that its password was told."""
        for limiter in filter(None, (self._own, self._shared)):
            with suppress(RedisError):
                limiter.clear(PER_ACCOUNT, "account", _digest(email))

    def _count(self, limiter: FixedWindowRateLimiter, email: str, ip: str) -> None:
        keys = [(PER_ADDRESS, "address", network_of(ip))]
        if email:
            keys.append((PER_ACCOUNT, "account", _digest(email)))
        waits = [_wait(limiter, limit, kind, key) for limit, kind, key in keys if not limiter.hit(limit, kind, key)]
        if waits:
            minutes = math.ceil(max(waits) / 60)
            message = f"Too many attempts to sign in. Try again in {minutes} minute{'' if minutes == 1 else 's'}."
            raise TooManyError(message, retry_after=max(waits))


def _open(redis_url: str) -> Storage:
    return cast("Storage", storage_from_string(redis_url.replace("unix://", "redis+unix://", 1)))


def _wait(limiter: FixedWindowRateLimiter, limit: RateLimitItem, *key: str) -> int:
    return max(1, math.ceil(limiter.get_window_stats(limit, *key).reset_time - time.time()))


def _digest(email: str) -> str:
    # The counter may live on another machine, where nobody's address belongs.
    return sha256(email.strip().lower().encode("utf-8", "replace")).hexdigest()
