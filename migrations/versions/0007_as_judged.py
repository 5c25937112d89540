"""What the site knew when a comment was judged whose text was changed later, so that it can be judged again as then."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("earlier_text", sa.Column("knowledge", JSON, nullable=True))
    op.add_column("earlier_text", sa.Column("copied", JSON, nullable=True))


def downgrade() -> None:
    op.drop_column("earlier_text", "copied")
    op.drop_column("earlier_text", "knowledge")
