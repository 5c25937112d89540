"""Links in mail: signed, for one purpose each, and most of them for a while only. What they lead to only ever shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from itsdangerous import BadData, URLSafeSerializer

from moderation.clock import Clock
from moderation.errors import NotFoundError


class Purpose(StrEnum):
    """What a link is good for, which is also where it leads."""

    CONFIRM = "confirm"
    UNSUBSCRIBE = "unsubscribe"
    REVIEW = "review"
    DIGEST_OFF = "digest-off"


#: Ways out of mail never end: the mail may be old when somebody has had enough of it.
LIFETIME = {Purpose.CONFIRM: timedelta(days=14), Purpose.REVIEW: timedelta(days=3)}


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and reads links that lead to ``base_url``."""

    base_url: str
    secret_key: str
    clock: Clock

    def make(self, purpose: Purpose, *parts: object) -> str:
        """Return the address that carries the parts, as texts."""
        lifetime = LIFETIME.get(purpose)
        ends = int((self.clock() + lifetime).timestamp()) if lifetime else 0
        token = self._serializer(purpose).dumps([ends, *map(str, parts)])
        return f"{self.base_url}/mail/{purpose}/{token!s}"

    def read(self, purpose: Purpose, token: str) -> list[str]:
        """Return the parts. Raises ``NotFoundError``: not ours, for something else, or too old."""
        try:
            ends, *parts = self._serializer(purpose).loads(token)
        except (BadData, UnicodeError) as error:
            message = "This link is not whole. Copy it from the mail to its very end."
            raise NotFoundError(message, code="bad_link") from error
        if ends and self.clock().timestamp() >= ends:
            message = "This link was good for a while, which is over."
            raise NotFoundError(message, code="link_expired")
        return [str(part) for part in parts]

    def _serializer(self, purpose: Purpose) -> URLSafeSerializer:
        return URLSafeSerializer(self.secret_key, salt=f"mail-{purpose}")
