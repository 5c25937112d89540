"""Which comments of other systems have come in, so that they are found again whatever has become of their texts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imported",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("comment_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "digest", name="pk__imported"),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk__imported__site_id__site", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["comment_id"], ["comment.id"], name="fk__imported__comment_id__comment", ondelete="CASCADE"
        ),
    )
    op.create_index("ix__imported__comment_id", "imported", ["comment_id"])


def downgrade() -> None:
    op.drop_table("imported")
