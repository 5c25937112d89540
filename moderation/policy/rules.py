"""A site's rules: one frozen, versioned object."""

from __future__ import annotations

import uuid
from datetime import datetime
from functools import lru_cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from model.promise import Terms
from moderation.errors import NotFoundError
from moderation.tables import Policy, Site

Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Words = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=200)], ...], Field(max_length=10_000)]


class Rules(BaseModel):
    """What a site wants done with a comment. The defaults suit a blog that nobody watches all day.

    ``publish_below`` and ``spam_above`` are cuts on the calibrated spam probability; unset, the model's own cuts hold,
    which it solved from its held-out labels for the promise that the site makes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    publish_below: Probability | None = None
    spam_above: Probability | None = None
    hold_everything: bool = False
    #: Publish whatever comes, and only record what would have been done.
    log_only: bool = False
    hold_first_comment: bool = False
    #: Authors with this many published comments and no spam are published unseen, if their address is proved.
    trust_after: Annotated[int, Field(ge=1, le=1000)] | None = None
    #: More links than this in one comment hold it.
    max_links: Annotated[int, Field(ge=0, le=1000)] | None = 3
    hold_words: Words = ()
    spam_words: Words = ()
    #: A form sent back faster than this many seconds was hardly filled in by a person.
    min_form_seconds: Annotated[float, Field(ge=0, le=3600)] = 3.0
    #: For so long a writer may change or take back a comment, with the token that only their browser holds; 0: never.
    edit_minutes: Annotated[int, Field(ge=0, le=10_080)] = 15
    #: Threads take no comments once they are older than this many days.
    close_after_days: Annotated[int, Field(ge=1)] | None = None
    #: A visitor's address may send this many comments a minute.
    comments_per_minute: Annotated[int, Field(ge=1)] = 30
    #: The promise: of the genuine comments at most this share is kept as spam, of the published ones at most this share
    #: is spam, this surely. Audits hold the service to it.
    max_ham_as_spam: Annotated[float, Field(gt=0, lt=1)] = 0.005
    max_spam_in_published: Annotated[float, Field(gt=0, lt=1)] = 0.02
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    #: Shares of the automatic decisions that a person looks at without seeing the verdict.
    audit_spam: Annotated[float, Field(ge=0, le=1)] = 0.02
    audit_published: Annotated[float, Field(ge=0, le=1)] = 0.005
    #: The share of the answered audits that another person is asked, too, so that one sees how far people agree.
    audit_repeated: Annotated[float, Field(ge=0, le=1)] = 0.1
    #: Roles that the site's own server vouches for; their comments are published.
    trusted_roles: tuple[str, ...] = ("administrator", "editor", "author", "moderator")

    @property
    def terms(self) -> Terms:
        """The promise as the judge solves it."""
        return Terms(self.max_ham_as_spam, self.max_spam_in_published, self.confidence)

    @model_validator(mode="after")
    def _cuts_in_order(self) -> Rules:
        if self.publish_below is not None and self.spam_above is not None and self.publish_below > self.spam_above:
            message = "publish_below must not be above spam_above"
            raise ValueError(message)
        return self


@lru_cache(maxsize=256)
def read_rules(text: str) -> Rules:
    """Return the rules that a policy's JSON states; the same text twice is read once."""
    return Rules.model_validate_json(text)


def current_rules(session: Session, site: Site) -> Rules:
    """Return the rules in force at the site."""
    policy = session.get(Policy, (site.id, site.policy_number))
    if policy is None:
        message = f"Site {site.id} has no policy {site.policy_number}."
        raise NotFoundError(message)
    return Rules.model_validate(policy.rules)


def change_rules(
    session: Session,
    site: Site,
    rules: Rules,
    person_id: uuid.UUID | None,
    now: datetime,
    *,
    restores: int | None = None,
) -> int:
    """Put new rules in force, as the next version. Returns its number."""
    newest = session.scalar(select(func.max(Policy.number)).where(Policy.site_id == site.id)) or 0
    number = newest + 1
    session.add(
        Policy(
            site_id=site.id,
            number=number,
            rules=rules.model_dump(mode="json"),
            restores=restores,
            created_by=person_id,
            created_at=now,
        )
    )
    site.policy_number = number
    session.flush()
    return number
