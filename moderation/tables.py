"""What is stored. One class a table; the words are those of the contract."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from model.sample import Label
from moderation.database import Base, Id, one_of


class Status(StrEnum):
    """Where a comment stands."""

    PUBLISHED = "published"
    PENDING = "pending"
    SPAM = "spam"
    REJECTED = "rejected"


class Action(StrEnum):
    """What can be done to a comment. ``judge`` is the service's own, ``undo`` takes another decision back."""

    JUDGE = "judge"
    PUBLISH = "publish"
    SPAM = "spam"
    REJECT = "reject"
    HOLD = "hold"
    UNDO = "undo"


class Role(StrEnum):
    """What a person may do: an admin everything, a moderator the sites named for them."""

    ADMIN = "admin"
    MODERATOR = "moderator"


class KeyPurpose(StrEnum):
    """What a site's key opens: all of intake, a labelled history sent again, or Akismet's verdicts only."""

    SERVER = "server"
    REPLAY = "replay"
    AKISMET = "akismet"


class JobState(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class WebhookKind(StrEnum):
    """Whom a webhook speaks to: a server of the site's own, or WordPress as its Akismet plugin understands it."""

    STANDARD = "standard"
    AKISMET = "akismet"


class DeliveryState(StrEnum):
    """How far a delivery is. ``failed``: given up; only a person has it tried again."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class Identity(StrEnum):
    """By what a site recognises an author."""

    EMAIL = "email"
    IP = "ip"
    DOMAIN = "domain"


class Site(Base):
    """A website that sends us its comments."""

    __tablename__ = "site"

    id: Mapped[Id]
    name: Mapped[str]
    origins: Mapped[list[Any]]
    name_required: Mapped[bool] = mapped_column(default=True)
    email_required: Mapped[bool] = mapped_column(default=True)
    #: The policy in force.
    policy_number: Mapped[int] = mapped_column(default=1)
    #: Since when nothing is kept as spam unseen, because audits show that the promise is broken.
    held_since: Mapped[datetime | None]
    #: Whether any webhook of the site is enabled, so that a comment of a site without costs nothing more.
    has_webhooks: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime]


class SiteKey(Base):
    """A secret of a site's server; only its digest is stored."""

    __tablename__ = "site_key"

    id: Mapped[Id]
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[KeyPurpose]
    digest: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Policy(Base):
    """One version of a site's rules. Never changed: a new one gets the next number."""

    __tablename__ = "policy"

    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    rules: Mapped[dict[str, Any]]
    #: The older version whose rules this one has put back in force.
    restores: Mapped[int | None]
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]


class Thread(Base):
    """The comments of one page of a site."""

    __tablename__ = "thread"
    __table_args__ = (UniqueConstraint("site_id", "key"),)

    id: Mapped[Id]
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"))
    key: Mapped[str]
    url: Mapped[str | None]
    title: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    published: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]


class Comment(Base):
    """A comment as it came, what the judge thought of it, and where it stands.

    ``status``, ``version`` and ``label`` can be rebuilt from its decisions (``moderation.review.history``).
    """

    __tablename__ = "comment"
    __table_args__ = (
        UniqueConstraint("thread_id", "digest"),
        Index("ix__comment__public", "thread_id", "status", "created_at", "id"),
        Index("ix__comment__queue", "status", "created_at", "id"),
        Index("ix__comment__site_queue", "site_id", "status", "created_at", "id"),
        Index("ix__comment__uncertain", "status", "uncertainty", "id"),
        Index("ix__comment__email", "author_email"),
        Index("ix__comment__flow", "site_id", "ip_network", "received_at"),
        Index("ix__comment__label", "label", "labelled_at"),
        Index("ix__comment__audit", "audited_at", "audit_share"),
        # Those that somebody is asked to audit, in the order of the lane.
        Index(
            "ix__comment__audit_lane",
            "id",
            "site_id",
            "audit_repeats",
            sqlite_where=text("audit_share IS NOT NULL AND audited_at IS NULL OR audit_repeats IS NOT NULL"),
            postgresql_where=text("audit_share IS NOT NULL AND audited_at IS NULL OR audit_repeats IS NOT NULL"),
        ),
        # Most comments belong to no campaign and pay nothing for this.
        Index(
            "ix__comment__campaign",
            "campaign_id",
            "status",
            "id",
            sqlite_where=text("campaign_id IS NOT NULL"),
            postgresql_where=text("campaign_id IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"))
    thread_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("thread.id", ondelete="CASCADE"))
    parent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("comment.id", ondelete="SET NULL"), index=True)
    author_name: Mapped[str]
    author_email: Mapped[str]
    author_url: Mapped[str]
    author_role: Mapped[str]
    body: Mapped[str]
    ip: Mapped[str]
    #: The address for limits and history: IPv4 whole, IPv6 by its /64, which is one household.
    ip_network: Mapped[str]
    user_agent: Mapped[str]
    referrer: Mapped[str]
    created_at: Mapped[datetime]
    received_at: Mapped[datetime]
    #: Of thread, parent, author and body: the same comment twice is refused.
    digest: Mapped[str]
    #: MinHash of the text, for near-duplicates.
    signature: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: The first of the near-identical comments that this one is one of; empty for that first one itself.
    campaign_id: Mapped[uuid.UUID | None]

    status: Mapped[Status]
    version: Mapped[int] = mapped_column(default=1)
    #: The number of a policy of the site that made the first decision.
    policy_number: Mapped[int]
    reasons: Mapped[list[Any]]
    #: What the site knew of the author when the comment was judged, so that training sees what judging saw.
    knowledge: Mapped[dict[str, Any]]
    #: What else the rules looked at (honeypot, seconds at the form), for judging the comment again; and, of a comment
    #: that came in Akismet's protocol, what no other column holds.
    facts: Mapped[dict[str, Any]]
    #: Empty until a model has judged it.
    model_version: Mapped[str | None]
    spam_probability: Mapped[float | None]
    #: |log-odds|: how far the judge is from doubt. Comments never judged stand first, at 0.
    uncertainty: Mapped[float]

    #: The chance with which this automatic decision was drawn for a blind audit; empty: it was not.
    audit_share: Mapped[float | None]
    audited_at: Mapped[datetime | None]
    #: Who answered the audit, where another person is to be asked the same; empty: nobody is.
    audit_repeats: Mapped[uuid.UUID | None]

    label: Mapped[Label | None]
    labelled_at: Mapped[datetime | None]
    labelled_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    erased_at: Mapped[datetime | None]

    site: Mapped[Site] = relationship(viewonly=True)
    thread: Mapped[Thread] = relationship(viewonly=True)


class Band(Base):
    """A locality-sensitive hash of a comment's text: near-identical comments share one or more."""

    __tablename__ = "band"
    __table_args__ = (Index("ix__band__lookup", "value", "site_id", "comment_id"),)

    comment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("comment.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[uuid.UUID]
    value: Mapped[int] = mapped_column(BigInteger)


#: The origin of a decision that answered an audit blind.
AUDIT = "audit"
#: ... and of one by which a verdict on a campaign reached a comment that came later.
CAMPAIGN = "campaign"
#: ... and of first ones of comments that did not come then: they were brought in from elsewhere, or are what is left.
NOT_RECEIVED = ("import", "erasure")


class Decision(Base):
    """One change of a comment's standing. Only ever added: a trigger refuses changes."""

    __tablename__ = "decision"
    __table_args__ = (
        UniqueConstraint("comment_id", "number"),
        Index("ix__decision__person", "person_id", "created_at"),
        Index("ix__decision__time", "created_at", "id"),
    )

    id: Mapped[Id]
    comment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("comment.id", ondelete="CASCADE"))
    #: The comment's version after this decision; the first is 1.
    number: Mapped[int]
    action: Mapped[Action]
    # Two columns of one enum: their checks need names of their own.
    from_status: Mapped[Status | None] = mapped_column(one_of(Status, "from_status"))
    to_status: Mapped[Status] = mapped_column(one_of(Status, "to_status"))
    #: The comment's label after this decision.
    label: Mapped[Label | None]
    #: Nobody: the service itself.
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    #: Where it was made: intake, review, rejudge, import, akismet, …
    origin: Mapped[str]
    reason: Mapped[str]
    reasons: Mapped[list[Any]]
    undoes_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("decision.id"), unique=True)
    #: Decisions made in one go share a batch.
    batch_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    model_version: Mapped[str | None]
    spam_probability: Mapped[float | None]
    policy_number: Mapped[int | None]
    created_at: Mapped[datetime]


class IdempotencyKey(Base):
    """A request that was answered; the same again gets the same answer."""

    __tablename__ = "idempotency_key"

    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"), primary_key=True)
    #: Digest of who asked (server or visitor) and the key they sent.
    key: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[str]
    comment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("comment.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(index=True)


class Reputation(Base):
    """What a site knows of an author: kept counts of their comments by status, by a digest of who they are."""

    __tablename__ = "reputation"

    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[Identity] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    published: Mapped[int] = mapped_column(default=0)
    pending: Mapped[int] = mapped_column(default=0)
    spam: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)


class StatusCount(Base):
    """How many comments of a site stand where, and how many the service itself put there when they ``came``.

    Kept, since counting millions takes too long.
    """

    __tablename__ = "status_count"

    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"), primary_key=True)
    status: Mapped[Status] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
    came: Mapped[int] = mapped_column(default=0, server_default="0")


class Person(Base):
    """Someone who moderates or administers."""

    __tablename__ = "person"

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(unique=True)
    role: Mapped[Role]
    password_hash: Mapped[str]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class PersonSite(Base):
    """A site that a moderator may see."""

    __tablename__ = "person_site"

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"), primary_key=True, index=True)


class Token(Base):
    """A personal API token; only its digest is stored."""

    __tablename__ = "token"

    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class Login(Base):
    """A signed-in browser: the cookie names it, and ending it here ends it there."""

    __tablename__ = "login"

    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    user_agent: Mapped[str]


class Job(Base):
    """Work to be done outside a request. The row is the truth; the task queue only wakes a worker for it."""

    __tablename__ = "job"
    __table_args__ = (
        Index("ix__job__due", "state", "run_after"),
        Index("ix__job__subject", "subject_id", "state"),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    state: Mapped[JobState] = mapped_column(default=JobState.QUEUED)
    progress: Mapped[float] = mapped_column(default=0.0)
    message: Mapped[str] = mapped_column(default="")
    result: Mapped[dict[str, Any] | None]
    attempts: Mapped[int] = mapped_column(default=0)
    run_after: Mapped[datetime]
    #: A running job whose lease has passed lost its worker and is taken up again.
    lease_until: Mapped[datetime | None]
    #: Only the worker that holds this token may write to the job.
    lease_token: Mapped[uuid.UUID | None]
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    #: What the job is about, where two must not work on the same at once.
    subject_id: Mapped[uuid.UUID | None]
    #: How often it was put off through no fault of its own: each time for longer.
    deferrals: Mapped[int] = mapped_column(default=0, server_default="0")


class ModelVersion(Base):
    """A trained model. Its files are in ``model_file``, so that every machine can have them."""

    __tablename__ = "model_version"

    version: Mapped[str] = mapped_column(primary_key=True)
    parent: Mapped[str | None]
    metrics: Mapped[dict[str, Any]]
    #: Why it should not go live, told at promotion.
    objections: Mapped[list[Any]]
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]


class ModelFile(Base):
    """One file of a model's artifact."""

    __tablename__ = "model_file"

    version: Mapped[str] = mapped_column(ForeignKey("model_version.version", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class Promotion(Base):
    """A model going live. The latest is the one in force; a rollback is one more."""

    __tablename__ = "promotion"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[str] = mapped_column(ForeignKey("model_version.version"))
    #: The promotion that a rollback takes back.
    undoes: Mapped[int | None]
    forced: Mapped[bool]
    objections: Mapped[list[Any]]
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]


class EarlierText(Base):
    """What a comment said before its writer changed it. Nothing that was written is lost."""

    __tablename__ = "earlier_text"

    comment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("comment.id", ondelete="CASCADE"), primary_key=True)
    #: The last version of the comment that read so.
    number: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str]
    replaced_at: Mapped[datetime]
    #: What the judge was told beside it (as of the comment itself); empty where that was not kept yet.
    knowledge: Mapped[dict[str, Any] | None]
    copied: Mapped[list[Any] | None]


class ReplyNotice(Base):
    """A writer's wish to be told by mail of replies to a comment. Its address is the comment's own."""

    __tablename__ = "reply_notice"

    comment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("comment.id", ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[datetime]


class AuthorAddress(Base):
    """What became of an author's e-mail address at a site, by a digest of it: asked, proved or refused."""

    __tablename__ = "author_address"

    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    #: The comment with which it was asked: it alone holds the address itself.
    comment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("comment.id", ondelete="SET NULL"), index=True)
    asked_at: Mapped[datetime]
    verified_at: Mapped[datetime | None]
    #: Its owner wants no more mail from this site.
    refused_at: Mapped[datetime | None]


class DigestPlan(Base):
    """How often a person wants to be told by mail what waits for them, and when they are told next."""

    __tablename__ = "digest_plan"

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    #: 0: never.
    every_hours: Mapped[int]
    next_at: Mapped[datetime]


class Claim(Base):
    """Somebody is looking at a comment. It hinders nobody; it tells others to look at another one."""

    __tablename__ = "claim"

    comment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("comment.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    until: Mapped[datetime]


class Skip(Base):
    """A moderator wants to leave a comment, as it stands at this version, to others."""

    __tablename__ = "skip"

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    comment_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("comment.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    version: Mapped[int]
    created_at: Mapped[datetime]


class Note(Base):
    """What moderators tell each other about a comment; never published."""

    __tablename__ = "note"

    id: Mapped[Id]
    comment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("comment.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    text: Mapped[str]
    created_at: Mapped[datetime]


class CampaignVerdict(Base):
    """A verdict on a campaign that also covers what comes in until ``until``."""

    __tablename__ = "campaign_verdict"

    id: Mapped[Id]
    campaign_id: Mapped[uuid.UUID]
    #: The decisions that it made and makes.
    batch_id: Mapped[uuid.UUID] = mapped_column(unique=True)
    action: Mapped[Action]
    reason: Mapped[str]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    #: The sites that the person looked after; empty: all.
    sites: Mapped[list[Any]]
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    until: Mapped[datetime]


class CampaignBand(Base):
    """A band of a campaign on which a verdict stands, for newcomers to be found by."""

    __tablename__ = "campaign_band"

    value: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    verdict_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("campaign_verdict.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Webhook(Base):
    """An address that is told of every change of a comment's status."""

    __tablename__ = "webhook"

    id: Mapped[Id]
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"), index=True)
    kind: Mapped[WebhookKind]
    url: Mapped[str]
    #: What its deliveries prove themselves by, sealed with the service's key.
    secret: Mapped[str]
    #: The statuses that are told of.
    events: Mapped[list[Any]]
    enabled: Mapped[bool]
    #: Failed deliveries since the last one that was taken, and until when that makes the others wait.
    failures: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class WebhookDelivery(Base):
    """One change of a comment's status that one webhook is told of. The text sent is made when it is sent."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        Index("ix__webhook_delivery__due", "webhook_id", "state", "next_at", "id"),
        Index("ix__webhook_delivery__order", "comment_id", "webhook_id", "number"),
        Index("ix__webhook_delivery__newest", "webhook_id", "id"),
    )

    id: Mapped[Id]
    webhook_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("webhook.id", ondelete="CASCADE"))
    comment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("comment.id", ondelete="CASCADE"))
    #: The comment's version after the change: the order in which they are told.
    number: Mapped[int]
    status: Mapped[Status]
    state: Mapped[DeliveryState] = mapped_column(default=DeliveryState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    #: What the last attempt was answered with: a status of HTTP, if any, and the answer's beginning or what went wrong.
    answer_status: Mapped[int | None]
    answer: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None] = mapped_column(index=True)


class AkismetUsage(Base):
    """What was asked and reported in Akismet's protocol in a month (``2026-11``), as its clients want it counted."""

    __tablename__ = "akismet_usage"

    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"), primary_key=True)
    month: Mapped[str] = mapped_column(primary_key=True)
    calls: Mapped[int]
    spam: Mapped[int]
    ham: Mapped[int]
    missed_spam: Mapped[int]
    false_positives: Mapped[int]


class Invitation(Base):
    """A link that lets its bearer set a password once: somebody new, or (``person_id``) somebody who forgot theirs."""

    __tablename__ = "invitation"

    id: Mapped[Id]
    digest: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str]
    role: Mapped[Role]
    #: Ids of the sites that a moderator is to look after.
    sites: Mapped[list[Any]]
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Authenticator(Base):
    """An app that shows one-time codes. The secret is encrypted with a key that is not in the database."""

    __tablename__ = "authenticator"

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    #: Empty until a first code has shown that the app knows the secret.
    confirmed_at: Mapped[datetime | None]
    #: The time step of the last code taken; a code opens once.
    last_step: Mapped[int] = mapped_column(default=0)


class RecoveryCode(Base):
    """A code that stands in for the authenticator once; only its digest is stored."""

    __tablename__ = "recovery_code"

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    used_at: Mapped[datetime | None]


class Passkey(Base):
    """A key pair that a person's device or key ring holds; we know the public half."""

    __tablename__ = "passkey"

    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    credential: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Deed(Base):
    """What an admin, or a person for their own account, changed. Comments have decisions, policies their versions."""

    __tablename__ = "deed"
    __table_args__ = (Index("ix__deed__time", "created_at", "id"),)

    id: Mapped[Id]
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    site_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"), index=True)
    action: Mapped[str]
    #: What it was done to, in words.
    subject: Mapped[str]
    created_at: Mapped[datetime]


class Day(Base):
    """A day (UTC) whose decisions have been counted into ``day_count``."""

    __tablename__ = "day"

    day: Mapped[date] = mapped_column(primary_key=True)


class DayCount(Base):
    """A figure of one site and day; ``person`` is nobody's id (all zeros) where the figure is no person's."""

    __tablename__ = "day_count"

    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    count: Mapped[int]


class Imported(Base):
    """A comment that came in from another system, by a digest of what it is called there."""

    __tablename__ = "imported"

    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    comment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("comment.id", ondelete="CASCADE"), index=True)
