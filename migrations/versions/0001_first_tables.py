"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TABLES = (
    "site",
    "person",
    "person_site",
    "token",
    "login",
    "site_key",
    "policy",
    "thread",
    "comment",
    "band",
    "decision",
    "idempotency_key",
    "reputation",
    "status_count",
    "model_version",
    "model_file",
    "promotion",
    "job",
)


def upgrade() -> None:
    _create_sites()
    _create_people()
    _create_keys_and_rules()
    _create_comments()
    _create_models_and_jobs()
    _forbid_changes_of_decisions()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION decision_refuse_change()")


def _one_of(name: str, *values: str) -> sa.Enum:
    """Return the type of a text column that a named CHECK keeps to these values."""
    return sa.Enum(*values, name=op.f(name), native_enum=False, create_constraint=True, length=16)


def _create_sites() -> None:
    op.create_table(
        "site",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("origins", JSON, nullable=False),
        sa.Column("name_required", sa.Boolean(), nullable=False),
        sa.Column("email_required", sa.Boolean(), nullable=False),
        sa.Column("policy_number", sa.Integer(), nullable=False),
        sa.Column("held_since", TIME, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk__site"),
    )


def _create_people() -> None:
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("role", _one_of("ck__person__role", "admin", "moderator"), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("disabled_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk__person"),
        sa.UniqueConstraint("email", name="uq__person__email"),
    )
    op.create_table(
        "person_site",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "site_id", name="pk__person_site"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk__person_site__person_id__person", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk__person_site__site_id__site", ondelete="CASCADE"),
    )
    op.create_index("ix__person_site__site_id", "person_site", ["site_id"])
    op.create_table(
        "token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk__token"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk__token__person_id__person", ondelete="CASCADE"),
        sa.UniqueConstraint("digest", name="uq__token__digest"),
    )
    op.create_index("ix__token__person_id", "token", ["person_id"])
    op.create_table(
        "login",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("user_agent", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk__login"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk__login__person_id__person", ondelete="CASCADE"),
    )
    op.create_index("ix__login__person_id", "login", ["person_id"])


def _create_keys_and_rules() -> None:
    op.create_table(
        "site_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", _one_of("ck__site_key__keypurpose", "server", "replay", "akismet"), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=True),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk__site_key"),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk__site_key__site_id__site", ondelete="CASCADE"),
        sa.UniqueConstraint("digest", name="uq__site_key__digest"),
    )
    op.create_index("ix__site_key__site_id", "site_key", ["site_id"])
    op.create_table(
        "policy",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rules", JSON, nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("site_id", "number", name="pk__policy"),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name="fk__policy__created_by__person"),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk__policy__site_id__site", ondelete="CASCADE"),
    )


def _create_comments() -> None:
    op.create_table(
        "thread",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("closed_at", TIME, nullable=True),
        sa.Column("published", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk__thread"),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk__thread__site_id__site", ondelete="CASCADE"),
        sa.UniqueConstraint("site_id", "key", name="uq__thread__site_id_key"),
    )
    op.create_table(
        "comment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("author_name", sa.String(), nullable=False),
        sa.Column("author_email", sa.String(), nullable=False),
        sa.Column("author_url", sa.String(), nullable=False),
        sa.Column("author_role", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("ip", sa.String(), nullable=False),
        sa.Column("ip_network", sa.String(), nullable=False),
        sa.Column("user_agent", sa.String(), nullable=False),
        sa.Column("referrer", sa.String(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=True),
        sa.Column("status", _one_of("ck__comment__status", "published", "pending", "spam", "rejected"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("policy_number", sa.Integer(), nullable=False),
        sa.Column("reasons", JSON, nullable=False),
        sa.Column("knowledge", JSON, nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("model_version", sa.String(), nullable=True),
        sa.Column("spam_probability", sa.Double(), nullable=True),
        sa.Column("uncertainty", sa.Double(), nullable=False),
        sa.Column("label", _one_of("ck__comment__label", "spam", "ham"), nullable=True),
        sa.Column("labelled_at", TIME, nullable=True),
        sa.Column("audit_share", sa.Double(), nullable=True),
        sa.Column("audited_at", TIME, nullable=True),
        sa.Column("labelled_by", sa.Uuid(), nullable=True),
        sa.Column("erased_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk__comment"),
        sa.ForeignKeyConstraint(["labelled_by"], ["person.id"], name="fk__comment__labelled_by__person"),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["comment.id"], name="fk__comment__parent_id__comment", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk__comment__site_id__site", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["thread.id"], name="fk__comment__thread_id__thread", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("thread_id", "digest", name="uq__comment__thread_id_digest"),
    )
    op.create_index("ix__comment__email", "comment", ["author_email"])
    op.create_index("ix__comment__flow", "comment", ["site_id", "ip_network", "received_at"])
    op.create_index("ix__comment__label", "comment", ["label", "labelled_at"])
    op.create_index("ix__comment__audit", "comment", ["audited_at", "audit_share"])
    op.create_index("ix__comment__parent_id", "comment", ["parent_id"])
    op.create_index("ix__comment__public", "comment", ["thread_id", "status", "created_at", "id"])
    op.create_index("ix__comment__queue", "comment", ["status", "created_at", "id"])
    op.create_index("ix__comment__site_queue", "comment", ["site_id", "status", "created_at", "id"])
    op.create_index("ix__comment__uncertain", "comment", ["status", "uncertainty", "id"])
    op.create_table(
        "band",
        sa.Column("comment_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("comment_id", "number", name="pk__band"),
        sa.ForeignKeyConstraint(
            ["comment_id"], ["comment.id"], name="fk__band__comment_id__comment", ondelete="CASCADE"
        ),
    )
    op.create_index("ix__band__lookup", "band", ["site_id", "value", "comment_id"])
    op.create_table(
        "decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("comment_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "action",
            _one_of("ck__decision__action", "judge", "publish", "spam", "reject", "hold", "undo"),
            nullable=False,
        ),
        sa.Column(
            "from_status",
            _one_of("ck__decision__from_status", "published", "pending", "spam", "rejected"),
            nullable=True,
        ),
        sa.Column(
            "to_status", _one_of("ck__decision__to_status", "published", "pending", "spam", "rejected"), nullable=False
        ),
        sa.Column("label", _one_of("ck__decision__label", "spam", "ham"), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("reasons", JSON, nullable=False),
        sa.Column("undoes_id", sa.Uuid(), nullable=True),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("model_version", sa.String(), nullable=True),
        sa.Column("spam_probability", sa.Double(), nullable=True),
        sa.Column("policy_number", sa.Integer(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk__decision"),
        sa.ForeignKeyConstraint(
            ["comment_id"], ["comment.id"], name="fk__decision__comment_id__comment", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk__decision__person_id__person"),
        sa.ForeignKeyConstraint(["undoes_id"], ["decision.id"], name="fk__decision__undoes_id__decision"),
        sa.UniqueConstraint("comment_id", "number", name="uq__decision__comment_id_number"),
        sa.UniqueConstraint("undoes_id", name="uq__decision__undoes_id"),
    )
    op.create_index("ix__decision__batch_id", "decision", ["batch_id"])
    op.create_index("ix__decision__person", "decision", ["person_id", "created_at"])
    op.create_table(
        "idempotency_key",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("comment_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("site_id", "key", name="pk__idempotency_key"),
        sa.ForeignKeyConstraint(
            ["comment_id"], ["comment.id"], name="fk__idempotency_key__comment_id__comment", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name="fk__idempotency_key__site_id__site", ondelete="CASCADE"
        ),
    )
    op.create_index("ix__idempotency_key__comment_id", "idempotency_key", ["comment_id"])
    op.create_index("ix__idempotency_key__created_at", "idempotency_key", ["created_at"])
    op.create_table(
        "reputation",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("kind", _one_of("ck__reputation__identity", "email", "ip", "domain"), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("published", sa.Integer(), nullable=False),
        sa.Column("pending", sa.Integer(), nullable=False),
        sa.Column("spam", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "kind", "digest", name="pk__reputation"),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk__reputation__site_id__site", ondelete="CASCADE"),
    )
    op.create_table(
        "status_count",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status", _one_of("ck__status_count__status", "published", "pending", "spam", "rejected"), nullable=False
        ),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "status", name="pk__status_count"),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk__status_count__site_id__site", ondelete="CASCADE"),
    )


def _create_models_and_jobs() -> None:
    op.create_table(
        "model_version",
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("parent", sa.String(), nullable=True),
        sa.Column("metrics", JSON, nullable=False),
        sa.Column("objections", JSON, nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk__model_version"),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name="fk__model_version__created_by__person"),
    )
    op.create_table(
        "model_file",
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("version", "name", name="pk__model_file"),
        sa.ForeignKeyConstraint(
            ["version"], ["model_version.version"], name="fk__model_file__version__model_version", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "promotion",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("undoes", sa.Integer(), nullable=True),
        sa.Column("forced", sa.Boolean(), nullable=False),
        sa.Column("objections", JSON, nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk__promotion"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk__promotion__person_id__person"),
        sa.ForeignKeyConstraint(["version"], ["model_version.version"], name="fk__promotion__version__model_version"),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("state", _one_of("ck__job__jobstate", "queued", "running", "succeeded", "failed"), nullable=False),
        sa.Column("progress", sa.Double(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("result", JSON, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("run_after", TIME, nullable=False),
        sa.Column("lease_until", TIME, nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("finished_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk__job"),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name="fk__job__created_by__person"),
    )
    op.create_index("ix__job__due", "job", ["state", "run_after"])


def _forbid_changes_of_decisions() -> None:
    """History is only added to. Rows may go with their comment, when it is erased or too old, but never change."""
    if op.get_context().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER decision_append_only BEFORE UPDATE ON decision "
            "BEGIN SELECT RAISE(ABORT, 'a decision is never changed'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION decision_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'a decision is never changed' USING ERRCODE = 'restrict_violation'; END $$"
    )
    op.execute(
        "CREATE TRIGGER decision_append_only BEFORE UPDATE ON decision "
        "FOR EACH ROW EXECUTE FUNCTION decision_refuse_change()"
    )
