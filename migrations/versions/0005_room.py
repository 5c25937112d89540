"""What the admin's room needs: invitations, second factors, what admins did, and the numbers of each day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TABLES = ("invitation", "authenticator", "recovery_code", "passkey", "deed", "day", "day_count")


def upgrade() -> None:
    op.add_column("policy", sa.Column("restores", sa.Integer(), nullable=True))
    op.create_index("ix__decision__time", "decision", ["created_at", "id"])
    _create_invitations()
    _create_factors()
    _create_deeds()
    _create_days()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_index("ix__decision__time", "decision")
    op.drop_column("policy", "restores")


def _person(table: str, *, column: str = "person_id", ondelete: str | None = "CASCADE") -> sa.ForeignKeyConstraint:
    name = f"fk__{table}__{column}__person"
    return sa.ForeignKeyConstraint([column], ["person.id"], name=name, ondelete=ondelete)


def _create_invitations() -> None:
    role = sa.Enum(
        "admin", "moderator", name=op.f("ck__invitation__role"), native_enum=False, create_constraint=True, length=16
    )
    op.create_table(
        "invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("role", role, nullable=False),
        sa.Column("sites", JSON, nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used_at", TIME, nullable=True),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk__invitation"),
        sa.UniqueConstraint("digest", name="uq__invitation__digest"),
        _person("invitation"),
        _person("invitation", column="created_by", ondelete=None),
    )
    op.create_index("ix__invitation__person_id", "invitation", ["person_id"])


def _create_factors() -> None:
    op.create_table(
        "authenticator",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("confirmed_at", TIME, nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name="pk__authenticator"),
        _person("authenticator"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("used_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("person_id", "digest", name="pk__recovery_code"),
        _person("recovery_code"),
    )
    op.create_table(
        "passkey",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("credential", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("used_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk__passkey"),
        sa.UniqueConstraint("credential", name="uq__passkey__credential"),
        _person("passkey"),
    )
    op.create_index("ix__passkey__person_id", "passkey", ["person_id"])


def _create_deeds() -> None:
    op.create_table(
        "deed",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("site_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk__deed"),
        _person("deed", ondelete=None),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk__deed__site_id__site", ondelete="CASCADE"),
    )
    op.create_index("ix__deed__site_id", "deed", ["site_id"])
    op.create_index("ix__deed__time", "deed", ["created_at", "id"])


def _create_days() -> None:
    op.create_table("day", sa.Column("day", sa.Date(), nullable=False), sa.PrimaryKeyConstraint("day", name="pk__day"))
    op.create_table(
        "day_count",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "day", "name", "person", name="pk__day_count"),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk__day_count__site_id__site", ondelete="CASCADE"),
    )
