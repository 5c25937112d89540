"""Whose answer to an audit another person is asked to repeat."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ASKED = sa.text("audit_share IS NOT NULL AND audited_at IS NULL OR audit_repeats IS NOT NULL")


def upgrade() -> None:
    op.add_column("comment", sa.Column("audit_repeats", sa.Uuid(), nullable=True))
    op.create_index(
        "ix__comment__audit_lane",
        "comment",
        ["id", "site_id", "audit_repeats"],
        sqlite_where=ASKED,
        postgresql_where=ASKED,
    )


def downgrade() -> None:
    op.drop_index("ix__comment__audit_lane", "comment")
    op.drop_column("comment", "audit_repeats")
