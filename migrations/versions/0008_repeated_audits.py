"""Whose answer to an audit another person is asked to repeat, and how many comments came to stand where."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ASKED = sa.text("audit_share IS NOT NULL AND audited_at IS NULL OR audit_repeats IS NOT NULL")
#: What the service itself decided when they came, not what was brought in from elsewhere.
CAME = sa.text(
    "SELECT comment.site_id, decision.to_status, count(*) "
    "FROM decision JOIN comment ON comment.id = decision.comment_id "
    "WHERE decision.number = 1 AND decision.person_id IS NULL AND decision.origin NOT IN ('import', 'erasure') "
    "GROUP BY comment.site_id, decision.to_status"
)


def upgrade() -> None:
    op.add_column("comment", sa.Column("audit_repeats", sa.Uuid(), nullable=True))
    op.create_index(
        "ix__comment__audit_lane",
        "comment",
        ["id", "site_id", "audit_repeats"],
        sqlite_where=ASKED,
        postgresql_where=ASKED,
    )
    op.add_column("status_count", sa.Column("came", sa.Integer(), server_default="0", nullable=False))
    connection = op.get_bind()
    for site_id, status, count in connection.execute(CAME).all():
        here = {"site": site_id, "status": status, "count": count}
        connection.execute(
            sa.text("UPDATE status_count SET came = :count WHERE site_id = :site AND status = :status"), here
        )


def downgrade() -> None:
    op.drop_column("status_count", "came")
    op.drop_index("ix__comment__audit_lane", "comment")
    op.drop_column("comment", "audit_repeats")
