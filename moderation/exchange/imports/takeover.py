"""A new site takes over the settings and rules of the site whose export is brought in."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from moderation.exchange.imports.past import PastPolicy
from moderation.exchange.imports.vocabulary import ImportedSettings
from moderation.people.sites import get_site
from moderation.tables import Comment, Person, Policy, Site


def take_over(session: Session, site_id: uuid.UUID, settings: ImportedSettings, now: datetime) -> bool:
    """Give the site the rules and settings that the export tells, all but its name and its addresses.

    Only where nobody has set its rules and no comment stands there yet. Returns whether the rules' numbers are now
    those of the export, as they also are where it was brought in before.
    """
    site = get_site(session, site_id)
    numbers = {policy.number for policy in settings.policies}
    if settings.site.policy_number not in numbers or len(numbers) < len(settings.policies):
        return False
    stored = {policy.number: policy for policy in session.scalars(select(Policy).where(Policy.site_id == site_id))}
    if _same(stored, settings.policies):
        return True
    has_comments = session.scalar(select(Comment.id).where(Comment.site_id == site_id).limit(1)) is not None
    if len(stored) > 1 or has_comments:
        return False
    _write(session, site, settings, now)
    return True


def _same(stored: dict[int, Policy], told: Sequence[PastPolicy]) -> bool:
    return {number: policy.rules for number, policy in stored.items()} == {
        policy.number: policy.rules.model_dump(mode="json") for policy in told
    }


def _write(session: Session, site: Site, settings: ImportedSettings, now: datetime) -> None:
    wanted = {policy.created_by for policy in settings.policies}
    people = set(session.scalars(select(Person.id).where(Person.id.in_(wanted - {None}))))
    session.execute(delete(Policy).where(Policy.site_id == site.id))
    session.add_all(
        Policy(
            site_id=site.id,
            number=policy.number,
            rules=policy.rules.model_dump(mode="json"),
            created_by=policy.created_by if policy.created_by in people else None,
            created_at=min(policy.created_at, now),
        )
        for policy in settings.policies
    )
    site.name_required, site.email_required = settings.site.name_required, settings.site.email_required
    site.policy_number, site.held_since = settings.site.policy_number, settings.site.held_since
