"""Who asks, and what they may see."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, SQLColumnExpression, true

from moderation.errors import ForbiddenError, NotFoundError
from moderation.tables import Role


@dataclass(frozen=True, slots=True)
class Actor:
    """A person who has proved who they are. ``sites`` are those named for a moderator; an admin sees all."""

    person_id: uuid.UUID
    email: str
    role: Role
    sites: frozenset[uuid.UUID]

    @property
    def is_admin(self) -> bool:
        """Whether this person may do everything."""
        return self.role is Role.ADMIN

    def may_see(self, site_id: uuid.UUID) -> bool:
        """Tell whether this person looks after the site."""
        return self.is_admin or site_id in self.sites

    def only_theirs(self, column: SQLColumnExpression[uuid.UUID]) -> ColumnElement[bool]:
        """Return the condition that narrows a query to the sites this person looks after."""
        return true() if self.is_admin else column.in_(self.sites)


def require_admin(actor: Actor) -> None:
    """Raise ``ForbiddenError`` unless the person is an admin."""
    if not actor.is_admin:
        message = "Only an admin may do this."
        raise ForbiddenError(message)


def require_site(actor: Actor, site_id: uuid.UUID, what: str) -> None:
    """Raise ``NotFoundError`` unless the person looks after the site: what is not theirs does not exist for them."""
    if not actor.may_see(site_id):
        message = f"There is no such {what}."
        raise NotFoundError(message)
