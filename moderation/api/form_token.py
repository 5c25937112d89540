"""The signed token in a form of ours: it tells for which site the form is, and since when it has been shown."""

from __future__ import annotations

import uuid
from typing import Any

from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer

from moderation.clock import Clock
from moderation.services import Services

#: An article may stay open for long before somebody replies.
MAX_AGE = 2 * 24 * 3600


class _Signer(TimestampSigner):
    """Signs with the service's clock, so that tests may move it."""

    def __init__(self, *args: Any, clock: Clock, **options: Any) -> None:
        super().__init__(*args, **options)
        self._clock = clock

    def get_timestamp(self) -> int:
        return int(self._clock().timestamp())


def _serializer(parts: Services) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(parts.secret_key, salt="form", signer=_Signer, signer_kwargs={"clock": parts.clock})


def make_form_token(parts: Services, site_id: uuid.UUID) -> str:
    """Return the token of a form that is shown now."""
    return str(_serializer(parts).dumps(str(site_id)))


def seconds_shown(parts: Services, site_id: uuid.UUID, token: str) -> float | None:
    """Return for how long the form was shown; ``None`` where the token is none of ours, another site's, or too old."""
    try:
        payload, since = _serializer(parts).loads(token, max_age=MAX_AGE, return_timestamp=True)
    except (BadData, UnicodeError):
        return None
    if payload != str(site_id):
        return None
    return float((parts.clock() - since).total_seconds())
