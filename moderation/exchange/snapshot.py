"""Reading much, as of one moment."""

from __future__ import annotations

from sqlalchemy.orm import Session


def one_moment(session: Session) -> None:
    """Let all that this transaction reads be of one moment; it must not have read anything yet."""
    if session.get_bind().dialect.name == "postgresql":
        # On SQLite, any transaction is that already.
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
