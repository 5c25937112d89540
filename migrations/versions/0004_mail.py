"""Earlier texts of edited comments, and mail: wishes for notices, addresses asked and proved, moderators' digests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "earlier_text",
        sa.Column("comment_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("replaced_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("comment_id", "number", name="pk__earlier_text"),
        _of_comment("earlier_text", "CASCADE"),
    )
    op.create_table(
        "reply_notice",
        sa.Column("comment_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("comment_id", name="pk__reply_notice"),
        _of_comment("reply_notice", "CASCADE"),
    )
    op.create_table(
        "author_address",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("comment_id", sa.Uuid(), nullable=True),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("verified_at", TIME, nullable=True),
        sa.Column("refused_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("site_id", "digest", name="pk__author_address"),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk__author_address__site_id__site", ondelete="CASCADE"),
        _of_comment("author_address", "SET NULL"),
    )
    op.create_index("ix__author_address__comment_id", "author_address", ["comment_id"])
    op.create_table(
        "digest_plan",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("every_hours", sa.Integer(), nullable=False),
        sa.Column("next_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("person_id", name="pk__digest_plan"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk__digest_plan__person_id__person", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    for table in ("digest_plan", "author_address", "reply_notice", "earlier_text"):
        op.drop_table(table)


def _of_comment(table: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = f"fk__{table}__comment_id__comment"
    return sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=name, ondelete=ondelete)
