"""Webhooks and their deliveries, jobs with a subject, and what is counted of Akismet's protocol."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("site", sa.Column("has_webhooks", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("job", sa.Column("subject_id", sa.Uuid(), nullable=True))
    op.add_column("job", sa.Column("deferrals", sa.Integer(), server_default="0", nullable=False))
    op.create_index("ix__job__subject", "job", ["subject_id", "state"])
    _create_webhooks()
    op.create_table(
        "akismet_usage",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("spam", sa.Integer(), nullable=False),
        sa.Column("ham", sa.Integer(), nullable=False),
        sa.Column("missed_spam", sa.Integer(), nullable=False),
        sa.Column("false_positives", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "month", name="pk__akismet_usage"),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk__akismet_usage__site_id__site", ondelete="CASCADE"),
    )


def downgrade() -> None:
    for table in ("akismet_usage", "webhook_delivery", "webhook"):
        op.drop_table(table)
    op.drop_index("ix__job__subject", "job")
    op.drop_column("job", "deferrals")
    op.drop_column("job", "subject_id")
    op.drop_column("site", "has_webhooks")


def _one_of(name: str, *values: str) -> sa.Enum:
    """Return the type of a text column that a named CHECK keeps to these values."""
    return sa.Enum(*values, name=op.f(name), native_enum=False, create_constraint=True, length=16)


def _create_webhooks() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("kind", _one_of("ck__webhook__webhookkind", "standard", "akismet"), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("events", JSON, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("retry_at", TIME, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk__webhook"),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk__webhook__site_id__site", ondelete="CASCADE"),
    )
    op.create_index("ix__webhook__site_id", "webhook", ["site_id"])
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("comment_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            _one_of("ck__webhook_delivery__status", "published", "pending", "spam", "rejected"),
            nullable=False,
        ),
        sa.Column(
            "state",
            _one_of("ck__webhook_delivery__deliverystate", "waiting", "delivered", "failed"),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", TIME, nullable=False),
        sa.Column("answer_status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("settled_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk__webhook_delivery"),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhook.id"], name="fk__webhook_delivery__webhook_id__webhook", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["comment_id"], ["comment.id"], name="fk__webhook_delivery__comment_id__comment", ondelete="CASCADE"
        ),
    )
    op.create_index("ix__webhook_delivery__due", "webhook_delivery", ["webhook_id", "state", "next_at", "id"])
    op.create_index("ix__webhook_delivery__order", "webhook_delivery", ["comment_id", "webhook_id", "number"])
    op.create_index("ix__webhook_delivery__newest", "webhook_delivery", ["webhook_id", "id"])
    op.create_index("ix__webhook_delivery__settled_at", "webhook_delivery", ["settled_at"])
