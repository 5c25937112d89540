"""A moderator's verdict on a campaign, as it meets a newcomer: one look into a table that is nearly always empty."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from model.neighbours import similarity
from model.sample import Label
from moderation.comments.judge import COPY_SIMILARITY, Text
from moderation.database import run
from moderation.policy.first_status import Reason
from moderation.policy.moves import TEACHES, TO_STATUS
from moderation.tables import Action, CampaignBand, CampaignVerdict, Status

_STANDING = (
    select(
        CampaignVerdict.action,
        CampaignVerdict.reason,
        CampaignVerdict.person_id,
        CampaignVerdict.batch_id,
        CampaignVerdict.sites,
        CampaignVerdict.signature,
    )
    .join(CampaignBand, CampaignBand.verdict_id == CampaignVerdict.id)
    .where(CampaignBand.value.in_(bindparam("bands", expanding=True)), CampaignVerdict.until > bindparam("now"))
    .order_by(CampaignVerdict.id.desc())
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a moderator said of a campaign."""

    action: Action
    reason: str
    person_id: uuid.UUID
    batch_id: uuid.UUID

    @property
    def status(self) -> Status:
        """Where it puts a comment."""
        return TO_STATUS[self.action]

    @property
    def label(self) -> Label | None:
        """What it teaches."""
        return TEACHES[self.action]

    @property
    def why(self) -> Reason:
        """The reason that the comment shows."""
        return Reason("campaign", "A moderator decided on nearly the same comments a short while ago.", self.status)


def standing_verdict(session: Session, site_id: uuid.UUID, text: Text, now: datetime) -> Verdict | None:
    """Return the latest verdict that stands on what the text is a near copy of, by a moderator of the site."""
    if not text.bands:
        return None
    for found in run(session, _STANDING, {"bands": list(text.bands), "now": now}):
        theirs = not found.sites or str(site_id) in found.sites
        if theirs and similarity(found.signature, text.signature) >= COPY_SIMILARITY:
            return Verdict(found.action, found.reason, found.person_id, found.batch_id)
    return None
