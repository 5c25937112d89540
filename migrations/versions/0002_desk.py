"""The desk: search, campaigns and their verdicts, claims, skips, notes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
IN_CAMPAIGN = sa.text("campaign_id IS NOT NULL")

#: What of a comment is searched. Further in, a text says little new and costs much.
_FIELDS = "{0}author_name || ' ' || {0}author_email || ' ' || {0}author_url || ' ' || substr({0}body, 1, 8000)"
#: PostgreSQL would keep addresses and links in one piece; SQLite takes them apart.
_MARKS = "!\"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~"


def upgrade() -> None:
    op.add_column("comment", sa.Column("campaign_id", sa.Uuid(), nullable=True))
    op.create_index(
        "ix__comment__campaign",
        "comment",
        ["campaign_id", "status", "id"],
        sqlite_where=IN_CAMPAIGN,
        postgresql_where=IN_CAMPAIGN,
    )
    op.drop_index("ix__band__lookup", "band")
    op.create_index("ix__band__lookup", "band", ["value", "site_id", "comment_id"])
    _create_tables()
    _create_campaign_verdicts()
    if op.get_context().dialect.name == "postgresql":
        fields, blanks = _FIELDS.format(""), " " * (len(_MARKS) - 1)
        op.execute(
            f"CREATE INDEX ix__comment__search ON comment USING gin "
            f"(to_tsvector('simple', translate({fields}, '{_MARKS}', '{blanks}')))"
        )
    else:
        _create_search_of_sqlite()


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.drop_index("ix__comment__search", "comment")
    else:
        for name in ("insert", "delete", "update"):
            op.execute(f"DROP TRIGGER search_{name}")
        op.execute("DROP TABLE search_text")
        op.drop_table("search_document")
    for table in ("campaign_band", "campaign_verdict", "note", "skip", "claim"):
        op.drop_table(table)
    op.drop_index("ix__band__lookup", "band")
    op.create_index("ix__band__lookup", "band", ["site_id", "value", "comment_id"])
    op.drop_index("ix__comment__campaign", "comment")
    op.drop_column("comment", "campaign_id")


def _refers(table: str, column: str, to: str, ondelete: str | None = "CASCADE") -> sa.ForeignKeyConstraint:
    name = f"fk__{table}__{column}__{to}"
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=name, ondelete=ondelete)


def _create_tables() -> None:
    op.create_table(
        "claim",
        sa.Column("comment_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.PrimaryKeyConstraint("comment_id", name="pk__claim"),
        _refers("claim", "comment_id", "comment"),
        _refers("claim", "person_id", "person"),
    )
    op.create_index("ix__claim__person_id", "claim", ["person_id"])
    op.create_table(
        "skip",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("comment_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("person_id", "comment_id", name="pk__skip"),
        _refers("skip", "person_id", "person"),
        _refers("skip", "comment_id", "comment"),
    )
    op.create_index("ix__skip__comment_id", "skip", ["comment_id"])
    op.create_table(
        "note",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("comment_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk__note"),
        _refers("note", "comment_id", "comment"),
        _refers("note", "person_id", "person", "SET NULL"),
    )
    op.create_index("ix__note__comment_id", "note", ["comment_id"])
    op.create_index("ix__note__person_id", "note", ["person_id"])


def _create_campaign_verdicts() -> None:
    actions = sa.Enum(
        "judge",
        "publish",
        "spam",
        "reject",
        "hold",
        "undo",
        name=op.f("ck__campaign_verdict__action"),
        native_enum=False,
        create_constraint=True,
        length=16,
    )
    op.create_table(
        "campaign_verdict",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("action", actions, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("sites", JSON, nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk__campaign_verdict"),
        sa.UniqueConstraint("batch_id", name="uq__campaign_verdict__batch_id"),
        _refers("campaign_verdict", "person_id", "person", None),
    )
    op.create_table(
        "campaign_band",
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("verdict_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("value", "verdict_id", name="pk__campaign_band"),
        _refers("campaign_band", "verdict_id", "campaign_verdict"),
    )
    op.create_index("ix__campaign_band__verdict_id", "campaign_band", ["verdict_id"])


def _create_search_of_sqlite() -> None:
    """Make a full-text index without a copy of the texts, kept by triggers.

    It needs a number for each comment, and SQLite's own row numbers may change with VACUUM.
    """
    op.create_table(
        "search_document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("comment_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk__search_document"),
        sa.UniqueConstraint("comment_id", name="uq__search_document__comment_id"),
    )
    op.execute(
        "CREATE VIRTUAL TABLE search_text USING fts5"
        "(words, content='', columnsize=0, tokenize='unicode61 remove_diacritics 0')"
    )
    op.execute("INSERT INTO search_document (comment_id) SELECT id FROM comment ORDER BY id")
    op.execute(
        f"INSERT INTO search_text (rowid, words) SELECT d.id, {_FIELDS.format('c.')} "  # noqa: S608 -- constants
        "FROM search_document d JOIN comment c ON c.id = d.comment_id ORDER BY d.id"
    )
    # A text is taken out of the index by its words, which must be told again.
    add = _words("rowid, words", "id", "NEW")
    remove = _words("search_text, rowid, words", "'delete', id", "OLD")
    _create_trigger("insert", "AFTER INSERT", "INSERT INTO search_document (comment_id) VALUES (NEW.id)", add)
    _create_trigger("delete", "BEFORE DELETE", remove, "DELETE FROM search_document WHERE comment_id = OLD.id")
    _create_trigger("update", "AFTER UPDATE OF author_name, author_email, author_url, body", remove, add)


def _words(columns: str, values: str, row: str) -> str:
    fields = _FIELDS.format(f"{row}.")
    return (
        f"INSERT INTO search_text ({columns}) SELECT {values}, {fields} "  # noqa: S608 -- constants
        f"FROM search_document WHERE comment_id = {row}.id"
    )


def _create_trigger(name: str, when: str, *steps: str) -> None:
    op.execute(f"CREATE TRIGGER search_{name} {when} ON comment BEGIN {'; '.join(steps)}; END")
