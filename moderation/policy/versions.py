"""The versions of a site's rules: who changed what and when, and the way back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.errors import ConflictError, FieldError, InvalidError, NotFoundError
from moderation.policy.rules import Rules, change_rules, current_rules
from moderation.tables import Person, Policy, Site


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one rule: its old and new value, or, of a list, what was added and taken out."""

    rule: str
    old: Any = None
    new: Any = None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a site's rules, and how it differs from the one before it."""

    number: int
    created_at: datetime
    #: The address of who made it; ``None``: the installation, or the command line.
    who: str | None
    restores: int | None
    in_force: bool
    changes: tuple[Change, ...]


def list_versions(session: Session, site: Site, limit: int = 20) -> list[Version]:
    """Return the site's latest policies, the newest first."""
    query = (
        select(Policy, Person.email)
        .outerjoin(Person, Person.id == Policy.created_by)
        .where(Policy.site_id == site.id)
        .order_by(Policy.number.desc())
        .limit(limit + 1)
    )
    rows = session.execute(query).all()
    before: list[Policy | None] = [policy for policy, _ in rows[1:]]
    return [
        Version(
            number=policy.number,
            created_at=policy.created_at,
            who=who,
            restores=policy.restores,
            in_force=policy.number == site.policy_number,
            changes=tuple(differences(_rules(older.rules), _rules(policy.rules))) if older else (),
        )
        for (policy, who), older in zip(rows[:limit], [*before, None][:limit], strict=False)
    ]


def differences(old: Rules, new: Rules) -> list[Change]:
    """Return what differs between two sets of rules."""
    found = []
    for rule in Rules.model_fields:
        one, other = getattr(old, rule), getattr(new, rule)
        if one == other:
            continue
        if isinstance(one, tuple) and isinstance(other, tuple):
            gone, come = set(one), set(other)
            found.append(Change(rule, added=_missing(other, gone), removed=_missing(one, come)))
        else:
            found.append(Change(rule, one, other))
    return found


def put_in_force(
    session: Session, site: Site, rules: Rules, seen_number: int, person_id: uuid.UUID, now: datetime
) -> int:
    """Make the rules the next version, unless they are those in force. Returns the number in force.

    Raises ``ConflictError`` if somebody changed the policy since ``seen_number``.
    """
    session.refresh(site, with_for_update=True)
    if site.policy_number != seen_number:
        message = f"Somebody has changed this policy meanwhile: version {site.policy_number} is in force."
        raise ConflictError(message, code="version_conflict", extra={"number": site.policy_number})
    if rules == current_rules(session, site):
        return site.policy_number
    return change_rules(session, site, rules, person_id, now)


def restore(session: Session, site: Site, number: int, person_id: uuid.UUID, now: datetime) -> int:
    """Put an older version's rules in force again, as the next version. Returns its number.

    Raises ``NotFoundError``, ``InvalidError`` where today's service does not understand the old rules any more.
    """
    session.refresh(site, with_for_update=True)
    policy = session.get(Policy, (site.id, number))
    if policy is None:
        message = f"This site has no policy {number}."
        raise NotFoundError(message)
    try:
        rules = Rules.model_validate(policy.rules)
    except ValidationError as error:
        message = f"Version {number} cannot be put back: its rules are not understood any more."
        raise InvalidError([FieldError("number", "outdated", message)], message) from error
    if number == site.policy_number or rules == current_rules(session, site):
        return site.policy_number
    return change_rules(session, site, rules, person_id, now, restores=number)


def _rules(stored: dict[str, Any]) -> Rules:
    # What a later version of the service dropped from the rules is not shown.
    return Rules.model_construct(
        **{**Rules().model_dump(), **{k: tuple(v) if isinstance(v, list) else v for k, v in stored.items()}}
    )


def _missing(words: Sequence[str], there: set[str]) -> tuple[str, ...]:
    return tuple(word for word in words if word not in there)
